package payments_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func keyed(id payments.OrderID, tok, principal, key string) payments.PayRequest {
	req := payments.PayRequest{OrderID: id, Idempotency: payments.Idempotency{Key: key, Principal: principal}}
	if tok != "" {
		req.Source = token(tok)
	}
	return req
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, tok := range []string{"tok_visa", "tok_chargeDeclined", "tok_threeDSecure2Required", ""} {
		t.Run("with "+tok, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			first, firstErr := b.Pay(t.Context(), keyed(id, tok, "p", "k"))
			b.clock.Advance(time.Hour)
			again, againErr := b.Pay(t.Context(), keyed(id, tok, "p", "k"))
			if !again.Replayed || first.Replayed || again.Payment != first.Payment || (firstErr == nil) != (againErr == nil) {
				t.Fatalf("first %+v %v, again %+v %v", first, firstErr, again, againErr)
			}
			if first.NextAction != nil && again.NextAction.ClientSecret.Reveal() != first.NextAction.ClientSecret.Reveal() {
				t.Error("the client secret is not read again")
			}
			if n := len(b.gw.Charges()); n > 1 {
				t.Errorf("%d tries to take money", n)
			}
			_, err := b.Pay(t.Context(), keyed(id, "tok_amex", "p", "k"))
			wantField(t, err, payments.ErrIdempotencyKeyReused, "")
			other := b.order()
			if res, err := b.Pay(t.Context(), keyed(other, "tok_visa", "q", "k")); err != nil || res.Replayed {
				t.Errorf("another principal's key answers %+v, %v", res, err)
			}
		})
	}
}

// TestIdempotencyOfATrial holds that a key's repeat tells the secret with which the way to pay is set up.
func TestIdempotencyOfATrial(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(14))
	first, err := b.Pay(t.Context(), keyed(id, "", "p", "k"))
	if err != nil || first.NextAction == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := b.Pay(t.Context(), keyed(id, "", "p", "k"))
	if err != nil || !again.Replayed || again.NextAction == nil || again.NextAction.ClientSecret.Reveal() != first.NextAction.ClientSecret.Reveal() {
		t.Errorf("the repeat answers %+v, %v", again, err)
	}
	b.fault(fake.OpFetchSubscription, fake.FaultDropBefore, -1)
	_, err = b.Pay(t.Context(), keyed(id, "", "p", "k"))
	wantField(t, err, payments.ErrUnavailable, "")
}

// TestIdempotencyKeyIsOfTheWholeRequest holds that a key does not come again with another customer, agent, or purpose.
func TestIdempotencyKeyIsOfTheWholeRequest(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*payments.PayRequest){
		"type":        func(r *payments.PayRequest) { r.Type = payments.TypeToken },
		"source":      func(r *payments.PayRequest) { r.Source = token("tok_amex") },
		"customer":    func(r *payments.PayRequest) { r.Payer.CustomerID = 7 },
		"name":        func(r *payments.PayRequest) { r.Payer.Name = "Ann" },
		"email":       func(r *payments.PayRequest) { r.Payer.Email = "ann@example.com" },
		"agent":       func(r *payments.PayRequest) { r.AgentID = 3 },
		"save":        func(r *payments.PayRequest) { r.Save = true },
		"off session": func(r *payments.PayRequest) { r.OffSession = true },
	} {
		b := setup(t)
		req := keyed(b.order(), "tok_visa", "p", "k")
		if _, err := b.Pay(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		change(&req)
		_, err := b.Pay(t.Context(), req)
		if !errors.Is(err, payments.ErrIdempotencyKeyReused) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// TestIdempotencyResumes holds that a key whose request died, or ended in doubt, resumes the work and charges once.
func TestIdempotencyResumes(t *testing.T) {
	t.Parallel()
	for _, tok := range []string{"tok_visa", "tok_chargeDeclined"} {
		b := setup(t)
		id := b.order()
		b.fault(fake.OpConfirm, fake.FaultDropAfter, 1)
		b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
		if _, err := b.Pay(t.Context(), keyed(id, tok, "p", "k")); !errors.Is(err, payments.ErrUnknown) {
			t.Fatalf("the error is %v", err)
		}
		b.gw.ClearFaults()
		b.clock.Advance(time.Minute)
		b.reconcile()
		res, err := b.Pay(t.Context(), keyed(id, tok, "p", "k"))
		if res.Replayed || err != nil && !errors.Is(err, payments.ErrDeclined) {
			t.Fatalf("%+v, %v", res, err)
		}
		if n := len(b.gw.Charges()); n != 1 {
			t.Errorf("%s: %d tries to take money", tok, n)
		}
		if again, _ := b.Pay(t.Context(), keyed(id, tok, "p", "k")); !again.Replayed || again.Payment != res.Payment {
			t.Errorf("the resumed answer is not repeated: %+v", again)
		}
	}
}

func TestIdempotencyExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	if _, err := b.Pay(t.Context(), keyed(id, "tok_visa", "p", "k")); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(25 * time.Hour)
	other := b.order()
	res, err := b.Pay(t.Context(), keyed(other, "tok_visa", "p", "k"))
	if err != nil || res.Replayed || res.Payment.OrderID != other {
		t.Errorf("an expired key answers %+v, %v", res, err)
	}
	b.agree()
}

// TestIdempotencyAtOnce sends one key from many callers.
func TestIdempotencyAtOnce(t *testing.T) {
	t.Parallel()
	for _, tok := range []string{"tok_visa", "tok_chargeDeclined"} {
		b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) {
			o.Clock, o.GatewayTimeout, o.RequestTimeout = nil, 10*time.Second, 20*time.Second
		})
		id := b.order()
		const n = 32
		results := make([]payments.Result, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { results[i], _ = b.Pay(t.Context(), keyed(id, tok, "p", "k")) })
		}
		wg.Wait()
		for _, r := range results {
			if r.Payment != results[0].Payment {
				t.Fatalf("answers differ: %+v, %+v", results[0], r)
			}
		}
		if got := len(b.gw.Charges()); got != 1 {
			t.Errorf("%d tries to take money", got)
		}
	}
}
