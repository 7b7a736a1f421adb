package fake_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestDeclineIsReplayed(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	req := payments.AuthorizeRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Source: token("tok_chargeDeclined"), Capture: true}
	first, err := b.Authorize(t.Context(), req)
	if e := problem(t, err); e.Replayed {
		t.Error("the first answer is called a replay")
	}
	second, err := b.Authorize(t.Context(), req)
	e := problem(t, err)
	if !e.Replayed || !errors.Is(err, payments.ErrDeclined) || e.DeclineCode == "" || second.Attempt != first.Attempt {
		t.Errorf("the repeat is %v with the attempt %q", err, second.Attempt)
	}
}

func TestReplayShowsTheClientSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	req := payments.PrepareRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Capture: true}
	first, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Prepare(t.Context(), req)
	if err != nil || secret(t, second) != secret(t, first) {
		t.Errorf("the repeat shows another secret (%v)", err)
	}
}

func TestKeyWithAnotherRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	base := payments.AuthorizeRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Source: token("tok_visa"), Capture: true}
	if _, err := b.Authorize(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(*payments.AuthorizeRequest){
		"amount":  func(r *payments.AuthorizeRequest) { r.Amount.Amount++ },
		"token":   func(r *payments.AuthorizeRequest) { r.Source = token("tok_amex") },
		"card":    func(r *payments.AuthorizeRequest) { r.Source = rawCard("4242424242424242") },
		"order":   func(r *payments.AuthorizeRequest) { r.PaymentRef = ref(2) },
		"capture": func(r *payments.AuthorizeRequest) { r.Capture = false },
	}
	for name, change := range changes {
		req := base
		change(&req)
		_, err := b.Authorize(t.Context(), req)
		if e := problem(t, err); e.Code != payments.ErrGatewayRejected || e.GatewayCode != "idempotency_error" || e.Outcome != payments.OutcomeUnknown {
			t.Errorf("%s: the error is %v with the outcome %v", name, err, e.Outcome)
		}
	}
	_, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: "k", Reference: "pi_any"})
	if e := problem(t, err); e.GatewayCode != "idempotency_error" {
		t.Errorf("another operation: %v", err)
	}
	if got := len(b.Charges()); got != 1 {
		t.Errorf("there are %d charges", got)
	}
	other := base
	other.Account = "acct_2" // keys belong to an account
	if _, err := b.Authorize(t.Context(), other); err != nil {
		t.Errorf("another account's key: %v", err)
	}
}

func TestKeysAreForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	req := payments.AuthorizeRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Source: token("tok_visa"), Capture: true}
	for i, step := range []struct {
		after   time.Duration
		charges int
	}{{0, 1}, {24*time.Hour - time.Microsecond, 1}, {time.Microsecond, 2}, {time.Hour, 2}} {
		b.clock.Advance(step.after)
		if _, err := b.Authorize(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if got := b.entry().Charges; got != step.charges {
			t.Errorf("step %d: there are %d charges, and must be %d", i+1, got, step.charges)
		}
	}
	if got := b.DoubleCharged(); len(got) != 1 || got[0] != b.order.OrderID.String() {
		t.Errorf("charged twice are %v", got)
	}
}

func TestNoIdempotency(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{NoIdempotency: true})
	req := payments.AuthorizeRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Source: token("tok_visa"), Capture: true}
	for range 2 {
		if _, err := b.Authorize(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.entry().Charges; got != 2 {
		t.Errorf("there are %d charges", got)
	}
}

func TestKeyForm(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	for name, test := range map[string]struct {
		key  string
		good bool
	}{
		"empty": {"", false}, "longest": {strings.Repeat("k", 255), true}, "too long": {strings.Repeat("k", 256), false},
		"newline": {"a\nb", false}, "not ASCII": {"schlüssel", false}, "spaces": {"a b", true},
	} {
		_, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: test.key, Amount: usd(1)})
		if (err == nil) != test.good || err != nil && !errors.Is(err, payments.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSaved500OutlivesTheFault(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(token("tok_visa"))
	if err := b.Fault(fake.OpConfirm, fake.Fault500Saved, 1); err != nil {
		t.Fatal(err)
	}
	req := payments.ConfirmRequest{PaymentRef: b.order, Key: "k", Reference: in.Reference}
	for i := range 3 {
		_, err := b.Confirm(t.Context(), req)
		if e := problem(t, err); e.Replayed != (i > 0) || e.Outcome != payments.OutcomeUnknown || e.GatewayCode != "api_error" {
			t.Errorf("answer %d: %v", i+1, err)
		}
	}
	if s := b.fetch(in.Reference); s.Status != payments.StatusPaid {
		t.Errorf("it is %v", s.Status)
	}
	req.Key = "k2"
	if s, err := b.Confirm(t.Context(), req); err != nil || s.Status != payments.StatusPaid || b.entry().Charges != 1 {
		t.Errorf("under a new key it is %v (%v), and the ledger says %+v", s.Status, err, b.entry())
	}
}
