package stripe_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// badKeys are keys that no request may carry: too long, or a second header line, or another key once they are decoded.
var badKeys = map[string]string{
	"256 characters": strings.Repeat("k", 256), "a MiB": strings.Repeat("k", 1<<20), "a line feed": "k\nStripe-Account: acct_1", "a carriage return": "k\r",
	"a tab": "k\tk", "a NUL": "k\x00", "DEL": "k\x7f", "an umlaut": "schlüssel", "a face": "k😀", "no UTF-8": "k\xff", "a line separator": "k\u2028",
}

// TestBadKeys is row B7: a key that cannot be one is refused before Stripe hears of it, for each operation that takes one.
func TestBadKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil).near()
	paid := w.order()
	w.mustPay(paid, "pm_card_visa", payments.StatusPaid)
	seen := len(w.server.Requests())
	for name, key := range badKeys {
		idempotency := payments.Idempotency{Key: key}
		_, payErr := w.Pay(t.Context(), payments.PayRequest{OrderID: w.order(), Idempotency: idempotency, Source: payments.Source{Token: payments.NewToken("pm_card_visa")}})
		_, completeErr := w.Complete(t.Context(), payments.CompleteRequest{OrderID: paid, Idempotency: idempotency})
		_, refundErr := w.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: paid}, Key: key})
		for op, err := range map[string]error{"pay": payErr, "complete": completeErr, "refund": refundErr} {
			if !errors.Is(err, payments.ErrInvalid) || strings.Contains(err.Error(), key) {
				t.Errorf("%s with %s: %v", op, name, err)
			}
		}
	}
	if n := len(w.server.Requests()); n != seen {
		t.Errorf("Stripe got %d requests", n-seen)
	}
	w.agree()
	matrix.Count(t, "B7", 3*len(badKeys))
}

// TestLongestKeys holds that the longest keys of callers reach nobody: Stripe gets our own, short and printable.
func TestLongestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil).near()
	id, key := w.order(), strings.Repeat("~", 255)
	for range 2 {
		res, err := w.Pay(t.Context(), payments.PayRequest{OrderID: id, Idempotency: payments.Idempotency{Key: key}, Source: payments.Source{Token: payments.NewToken("tok_visa__1")}})
		if err != nil || res.Payment.Status != payments.StatusPaid {
			t.Fatalf("the payment is %v, %v", res.Payment.Status, err)
		}
		if _, err := w.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: key, Amount: payments.Money{Amount: 500, Currency: "USD"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range w.server.Requests() {
		if len(r.Key) > 64 || strings.Contains(r.Key, "~") || r.Method == http.MethodPost && r.Key == "" {
			t.Errorf("%s has the key %q", r.Op, r.Key)
		}
	}
	w.agree()
	matrix.Count(t, "B7", 2)
}

// TestReusedKeys is row B7: one key for two requests is refused and has no effect, and one key for one request answers the same.
func TestReusedKeys(t *testing.T) {
	t.Parallel()
	usd := func(n int64) payments.Money { return payments.Money{Amount: n, Currency: "USD"} }
	pay := func(w *world, id payments.OrderID, token string) (payments.Result, error) {
		return w.Pay(w.t.Context(), payments.PayRequest{OrderID: id, Idempotency: payments.Idempotency{Key: "k"}, Source: payments.Source{Token: payments.NewToken(token)}})
	}
	refund := func(w *world, id payments.OrderID, amount payments.Money) error {
		_, err := w.Refund(w.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "k", Amount: amount})
		return err
	}
	for _, tt := range []struct {
		name    string
		refused bool
		again   func(w *world, id payments.OrderID) error
	}{
		{"pay: the same", false, func(w *world, id payments.OrderID) error {
			if res, err := pay(w, id, "pm_card_visa"); err != nil || !res.Replayed || res.Payment.Amount != usd(1250) {
				w.t.Errorf("the answer is %+v, %v", res.Payment.Amount, err)
			}
			return nil
		}},
		{"pay: the order has another price by now", false, func(w *world, id payments.OrderID) error {
			w.change(id, func(o *payments.Order) { o.Total = usd(9900) })
			if res, err := pay(w, id, "pm_card_visa"); err != nil || !res.Replayed || res.Payment.Amount != usd(1250) {
				w.t.Errorf("the answer is %+v, %v", res.Payment.Amount, err)
			}
			return nil
		}},
		{"pay: another card", true, func(w *world, id payments.OrderID) error { _, err := pay(w, id, "pm_card_mastercard"); return err }},
		{"pay: another order", true, func(w *world, _ payments.OrderID) error { _, err := pay(w, w.order(), "pm_card_visa"); return err }},
		{"refund: the same", false, func(w *world, id payments.OrderID) error { must(w.t, refund(w, id, usd(500))); return nil }},
		{"refund: no amount, which is whatever it was", false, func(w *world, id payments.OrderID) error { must(w.t, refund(w, id, payments.Money{})); return nil }},
		{"refund: a cent more", true, func(w *world, id payments.OrderID) error { return refund(w, id, usd(501)) }},
		{"refund: a cent less", true, func(w *world, id payments.OrderID) error { return refund(w, id, usd(499)) }},
		{"refund: another currency", true, func(w *world, id payments.OrderID) error {
			return refund(w, id, payments.Money{Amount: 500, Currency: "EUR"})
		}},
		{"refund: another payment", true, func(w *world, _ payments.OrderID) error {
			other := w.order()
			w.mustPay(other, "pm_card_visa", payments.StatusPaid)
			return refund(w, other, usd(500))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil).near()
			id := w.order()
			_, err := pay(w, id, "pm_card_visa")
			must(t, err)
			must(t, refund(w, id, usd(500)))
			if err := tt.again(w, id); errors.Is(err, payments.ErrIdempotencyKeyReused) != tt.refused || err != nil && !tt.refused {
				t.Errorf("the error is %v", err)
			}
			w.settle()
			w.agree()
			if e := w.server.Ledger()[id.String()]; e.Charges != 1 || e.Captured != 1250 || e.Refunded != 500 {
				t.Errorf("the books say %+v", e)
			}
			matrix.Count(t, "B7", 1)
		})
	}
}

// TestClash is row B7 at Stripe itself: a key that was used with other parameters has no effect, whatever the operation, and the gateway
// says that it does not know what became of the first.
func TestClash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.clash = true
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, HTTPClient: &http.Client{Transport: w.server.Transport(), Timeout: 5 * time.Second}})
	must(t, err)
	ref := payments.PaymentRef{PaymentUID: "0190a1b2-0000-7000-8000-000000000001", OrderID: w.order()}
	usd := func(n int64) payments.Money { return payments.Money{Amount: n, Currency: "USD"} }
	prepare := payments.PrepareRequest{PaymentRef: ref, Key: "p", Amount: usd(1250), Source: payments.Source{Token: payments.NewToken("pm_card_visa")}, Capture: false}
	snap, err := g.Prepare(t.Context(), prepare)
	must(t, err)
	_, err = g.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: ref, Key: "c", Reference: snap.Reference})
	must(t, err)
	_, err = g.Capture(t.Context(), payments.CaptureRequest{PaymentRef: ref, Key: "x", Reference: snap.Reference, Amount: usd(1250)})
	must(t, err)
	refund := payments.RefundRequest{PaymentRef: ref, Key: "r", Reference: snap.Reference, RefundUID: "r1", Amount: usd(500)}
	_, err = g.Refund(t.Context(), refund)
	must(t, err)
	prepare.Amount, refund.Amount = usd(1251), usd(501)
	for i, call := range []func() (payments.Snapshot, error){
		func() (payments.Snapshot, error) { return g.Prepare(t.Context(), prepare) },
		func() (payments.Snapshot, error) { return g.Refund(t.Context(), refund) },
	} {
		if _, err := call(); !errors.Is(err, payments.ErrUnavailable) || payments.OutcomeOf(err) != payments.OutcomeUnknown {
			t.Errorf("call %d: %v", i, err)
		}
		if n := w.server.KeyClashes(); n != i+1 {
			t.Errorf("%d keys clash", n)
		}
	}
	if e := w.server.Ledger()[ref.OrderID.String()]; e.Charges != 1 || e.Captured != 1250 || e.Refunded != 500 || len(w.server.Charges()) != 1 {
		t.Errorf("the books say %+v", e)
	}
	matrix.Count(t, "B7", 2)
}

// TestKeysOfEachRequest holds that the key of a request does not change between versions of this package: another process of the
// host's, a version older, may send the same request again.
func TestKeysOfEachRequest(t *testing.T) {
	t.Parallel()
	var sent []string
	g := over(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			sent = append(sent, r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
		}
		body := `{"id":"id_1","object":"any","status":"requires_confirmation","amount":1250,"currency":"usd",
			"latest_invoice":{"id":"in_1","object":"invoice","payment_intent":{"id":"id_1","object":"payment_intent"}}}`
		switch r.URL.Path {
		case "/v1/invoices":
			body = `{"object":"list","data":[]}`
		case "/v1/payment_intents/pi_customers":
			body = `{"id":"pi_customers","object":"payment_intent","status":"requires_payment_method","customer":"cus_1"}`
		case "/v1/payment_intents/pi_saves":
			body = `{"id":"pi_saves","object":"payment_intent","status":"requires_payment_method","customer":"cus_1","setup_future_usage":"off_session"}`
		}
		_, _ = w.Write([]byte(body))
	}))
	amount, source, save := payments.Money{Amount: 1250, Currency: "USD"}, payments.Source{Token: payments.NewToken("tok_visa")}, payments.Saving{Save: true}
	for _, call := range []func() error{
		func() error {
			_, err := g.Prepare(t.Context(), payments.PrepareRequest{Key: "a", Amount: amount, Source: source, Saving: save})
			return err
		},
		func() error {
			_, err := g.Prepare(t.Context(), payments.PrepareRequest{Key: "b", Reference: "pi_1", Source: source})
			return err
		},
		func() error { // whose object has a customer, which it keeps
			_, err := g.Prepare(t.Context(), payments.PrepareRequest{Key: "b2", Reference: "pi_customers", Source: source, Saving: save})
			return err
		},
		func() error { // whose object has none yet
			_, err := g.Prepare(t.Context(), payments.PrepareRequest{Key: "b3", Reference: "pi_1", Source: source, Saving: save})
			return err
		},
		func() error { // whose object was to save what this one does not
			_, err := g.Prepare(t.Context(), payments.PrepareRequest{Key: "b4", Reference: "pi_saves", Source: source})
			return err
		},
		func() error {
			_, err := g.Confirm(t.Context(), payments.ConfirmRequest{Key: "c", Reference: "pi_1"})
			return err
		},
		func() error {
			_, err := g.Authorize(t.Context(), payments.AuthorizeRequest{Key: "d", Amount: amount, Source: source, Saving: save})
			return err
		},
		func() error {
			_, err := g.Capture(t.Context(), payments.CaptureRequest{Key: "e", Reference: "pi_1", Amount: amount})
			return err
		},
		func() error {
			_, err := g.Void(t.Context(), payments.VoidRequest{Key: "f", Reference: "pi_1"})
			return err
		},
		func() error {
			_, err := g.Refund(t.Context(), payments.RefundRequest{Key: "g", Reference: "pi_1", Amount: amount})
			return err
		},
		func() error {
			_, err := g.Subscribe(t.Context(), payments.SubscribeRequest{Key: "h", Amount: amount, Plan: payments.Plan{Interval: "month", Every: 1}})
			return err
		},
		func() error {
			_, err := g.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{Key: "i", Reference: "sub_1"})
			return err
		},
	} {
		must(t, call())
	}
	want := []string{
		"/v1/payment_methods a:pm", "/v1/customers a:customer", "/v1/payment_intents a:create",
		"/v1/payment_methods b:pm", "/v1/payment_intents/pi_1 b:update",
		"/v1/payment_methods b2:pm", "/v1/payment_intents/pi_customers b2:keep",
		"/v1/payment_methods b3:pm", "/v1/customers b3:customer", "/v1/payment_intents/pi_1 b3:update",
		"/v1/payment_methods b4:pm", "/v1/payment_intents/pi_saves b4:keep:forget",
		"/v1/payment_intents/pi_1/confirm c",
		"/v1/payment_methods d:pm", "/v1/customers d:customer", "/v1/payment_intents d:create",
		"/v1/payment_intents/pi_1/capture e", "/v1/payment_intents/pi_1/cancel f", "/v1/refunds g",
		"/v1/customers h:customer", "/v1/products h:product", "/v1/subscriptions h:subscription", "/v1/payment_intents/id_1 h:metadata",
		"/v1/subscriptions/sub_1 i",
	}
	if !slices.Equal(sent, want) {
		t.Errorf("the keys sent are\n%s\nnot\n%s", strings.Join(sent, "\n"), strings.Join(want, "\n"))
	}
}
