package stripetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestWrongAnswers is an answer about something else, while the truth stays as it is.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault stripetest.Fault
		wrong func(true_, got *stripe.PaymentIntent) bool
	}{
		{stripetest.FaultWrongOrder, func(a, b *stripe.PaymentIntent) bool {
			return a.Metadata["order_id"] != b.Metadata["order_id"] && len(b.Metadata["order_id"]) == 32 && a.Metadata["payment_uid"] == b.Metadata["payment_uid"]
		}},
		{stripetest.FaultWrongPayment, func(a, b *stripe.PaymentIntent) bool {
			return a.Metadata["order_id"] == b.Metadata["order_id"] && a.Metadata["payment_uid"] != b.Metadata["payment_uid"]
		}},
		{stripetest.FaultWrongReference, func(a, b *stripe.PaymentIntent) bool {
			return a.ID != b.ID && strings.HasPrefix(b.ClientSecret, b.ID+"_secret_")
		}},
		{stripetest.FaultWrongAmount, func(a, b *stripe.PaymentIntent) bool { return b.Amount == a.Amount+1 && b.AmountReceived == a.Amount+1 }},
		{stripetest.FaultWrongCurrency, func(_, b *stripe.PaymentIntent) bool { return b.Currency == "eur" }},
		{stripetest.FaultWrongMode, func(_, b *stripe.PaymentIntent) bool { return b.Livemode }},
		{stripetest.FaultUnknownStatus, func(_, b *stripe.PaymentIntent) bool { return b.Status == "requires_patience" }},
		{stripetest.FaultNullFields, func(a, b *stripe.PaymentIntent) bool { return b.ID == a.ID && b.Status == "" && b.Amount == 0 }},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			p := b.params("pm_card_visa")
			p.AddMetadata("payment_uid", "0197")
			in := b.create(t, p)
			if err := b.Fault("confirm", test.fault, 1); err != nil {
				t.Fatal(err)
			}
			got, err := b.api.PaymentIntents.Confirm(in.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			if truth := b.get(t, in.ID); !test.wrong(truth, got) || truth.Status != stripe.PaymentIntentStatusSucceeded {
				t.Errorf("the answer is %+v", got)
			}
			// In a list, each element is wrong.
			if err := b.Fault("payment_intents.list", test.fault, 1); err != nil {
				t.Fatal(err)
			}
			if list := b.api.PaymentIntents.List(nil); !list.Next() || !test.wrong(b.get(t, in.ID), list.PaymentIntent()) {
				t.Errorf("the list says %+v", list.Current())
			}
		})
	}
}

// TestTransport shows that faults look in process as they do over a connection, and that time-outs need no real time.
func TestTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, stripetest.Options{Clock: time.Now})
		c := &http.Client{Transport: b.Transport(), Timeout: 30 * time.Second}
		post := func(f stripetest.Fault) (status int, body string, err error) {
			if err := b.Fault("payment_intents.create", f, 1); err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequest("POST", "https://api.stripe.com/v1/payment_intents", strings.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(stripetest.DefaultSecretKey, "")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a, err := c.Do(r)
			if err != nil {
				return 0, "", err
			}
			text, err := io.ReadAll(a.Body)
			return a.StatusCode, string(text), errors.Join(err, a.Body.Close())
		}
		for _, test := range []struct {
			fault  stripetest.Fault
			status int
			err    error
			takes  time.Duration
		}{
			{stripetest.FaultDropAfter, 0, io.EOF, 0}, {stripetest.FaultTruncated, 200, io.ErrUnexpectedEOF, 0},
			{stripetest.Fault502HTMLAfter, 502, nil, 0}, {stripetest.FaultSlow, 0, context.DeadlineExceeded, 30 * time.Second},
			{stripetest.FaultSlowBefore, 0, context.DeadlineExceeded, 30 * time.Second}, {stripetest.FaultWrongMode, 200, nil, 0},
		} {
			begun := time.Now()
			status, _, err := post(test.fault)
			if status != test.status || test.err == nil && err != nil || test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("%s: %d %v, want %d %v", test.fault, status, err, test.status, test.err)
			}
			if took := time.Since(begun); took != test.takes {
				t.Errorf("%s takes %s, want %s", test.fault, took, test.takes)
			}
		}
		// A byte every 10 ms: a small time-out is reached within the body.
		c.Timeout = 100 * time.Millisecond
		if _, body, err := post(stripetest.FaultSlowBody); err == nil || len(body) == 0 || len(body) > 20 {
			t.Errorf("slow_body: %q, %v", body, err)
		}
		c.Timeout = time.Hour
		begun := time.Now()
		if _, body, err := post(stripetest.FaultSlowBody); err != nil || time.Since(begun) != time.Duration(len(body))*10*time.Millisecond {
			t.Errorf("slow_body: %d bytes in %s, %v", len(body), time.Since(begun), err)
		}
	})
}

// TestScripts is the order, the number and the names of faults.
func TestScripts(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	try := func() string {
		_, err := b.api.PaymentIntents.New(b.params(""))
		var e *stripe.Error
		if errors.As(err, &e) {
			return string(e.Code)
		}
		if err != nil {
			return "lost"
		}
		return "ok"
	}
	run := func(n int) string {
		var results []string
		for range n {
			results = append(results, try())
		}
		return strings.Join(results, " ")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.Fault("prepare", stripetest.Fault429, 2))
	must(b.Fault("payment_intents.*", stripetest.FaultDropBefore, 1))
	must(b.Fault("refund", stripetest.Fault429, 1))
	if got := run(4); got != "rate_limit rate_limit lost ok" || b.PendingFaults() != 1 {
		t.Errorf("in turns: %s; %d pending", got, b.PendingFaults())
	}
	b.ClearFaults()
	must(b.FaultEvery("authorize", stripetest.Fault429, 3))
	if got := run(6); got != "ok ok rate_limit ok ok rate_limit" {
		t.Errorf("every third: %s", got)
	}
	b.ClearFaults()
	must(b.Fault("*", stripetest.Fault429, -1))
	if got := run(3); got != "rate_limit rate_limit rate_limit" || b.PendingFaults() != 1 {
		t.Errorf("for ever: %s", got)
	}
	b.ClearFaults()
	must(b.RandomFaults("prepare", 100))
	if got := try(); got == "ok" {
		t.Error("of a hundred percent one went right")
	}
	must(b.RandomFaults("void", 100))
	if got := try(); got != "ok" {
		t.Errorf("faults of another operation: %s", got)
	}
	for _, err := range []error{b.Fault("payment_intents.pay", stripetest.Fault429, 1), b.Fault("*", "flood", 1), b.Fault("*", stripetest.Fault429, 0),
		b.FaultEvery("*", stripetest.Fault429, 0), b.RandomFaults("*", 101), b.RandomFaults("gold*", 5), b.RandomFaults("*", 5, "flood")} {
		if err == nil {
			t.Error("nonsense is taken")
		}
	}
	if len(stripetest.Faults()) < 24 {
		t.Error("faults are missing")
	}
}

// TestLate is a request that arrives after its caller has given up: by a step, or after some more requests.
func TestLate(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 2} {
		b := setup(t, stripetest.Options{LateAfter: after})
		in := b.create(t, b.params("pm_card_visa"))
		if err := b.Fault("confirm", stripetest.FaultLate, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := b.api.PaymentIntents.Confirm(in.ID, nil); err == nil {
			t.Fatal("a late request is answered")
		}
		if got := b.get(t, in.ID); got.Status != stripe.PaymentIntentStatusRequiresConfirmation || b.LateRequests() != 1 {
			t.Errorf("before it arrives the intent is %s", got.Status)
		}
		if after == 0 && b.DeliverLate(ctx) != 1 {
			t.Error("nothing was late")
		}
		if got := b.get(t, in.ID); got.Status != stripe.PaymentIntentStatusSucceeded || b.LateRequests() != 0 {
			t.Errorf("after it arrived the intent is %s", got.Status)
		}
	}
}
