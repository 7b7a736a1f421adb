package payments_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// meddled does something around two calls of the fake, each once.
type meddled struct {
	*fake.Gateway
	fetched   func()                                                              // after a Fetch, before its answer is used
	confirmed func(context.Context, payments.Snapshot) (payments.Snapshot, error) // instead of a Confirm's answer
	hangUp    func()                                                              // before a Confirm
}

// Fetch reads, and lets others come first.
func (m *meddled) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	snap, err := m.Gateway.Fetch(ctx, req)
	if f := m.fetched; f != nil {
		m.fetched = nil
		f()
	}
	return snap, err
}

// Confirm asks for the money.
func (m *meddled) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	if m.hangUp != nil {
		m.hangUp()
	}
	snap, err := m.Gateway.Confirm(ctx, req)
	if f := m.confirmed; f != nil && err == nil {
		m.confirmed = nil
		return f(ctx, snap)
	}
	return snap, err
}

func meddling(m *meddled) func(*bundle, *payments.Options, *payments.Gateway) {
	return func(b *bundle, _ *payments.Options, g *payments.Gateway) {
		m.Gateway = b.gw
		*g = m
	}
}

// TestOlderTruth holds rule 4: what was read before another request wrote never comes over what that one wrote.
func TestOlderTruth(t *testing.T) {
	t.Parallel()
	m := &meddled{}
	b := setup(t, meddling(m))
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
	m.fetched = func() { // the answer that was read says "paid"; this one comes first, and gives a part back
		b.complete(id, payments.StatusPaid)
		refundAll(b, id, "meanwhile", 300)
	}
	b.complete(id, payments.StatusPartiallyRefunded)
	if p := b.record(id).Payment; p.Refunded != 300 {
		t.Errorf("%d is refunded, not 300", p.Refunded)
	}
	b.agree()
}

// TestCallerGoesAway holds rule 11: from the first byte to the gateway until the outcome is stored nobody listens to the caller.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := setup(t, meddling(&meddled{hangUp: cancel}))
	id := b.order()
	res, err := b.Pay(ctx, payments.PayRequest{OrderID: id, Source: token("tok_visa")})
	if err != nil {
		t.Fatal(err)
	}
	b.want(res.Payment, payments.StatusPaid)
	b.want(b.record(id).Payment, payments.StatusPaid)
	b.agree()
}

// TestErrorOfNoKind holds that an error which says nothing of what happened is a doubt: here the money was taken.
func TestErrorOfNoKind(t *testing.T) {
	t.Parallel()
	m := &meddled{confirmed: func(context.Context, payments.Snapshot) (payments.Snapshot, error) {
		return payments.Snapshot{}, errors.New("a plain error")
	}}
	b := setup(t, meddling(m))
	id := b.order()
	b.fault(fake.OpFetch, fake.FaultDropBefore, 2) // and nobody can be asked at once
	res, err := b.pay(id, "tok_visa")
	if payments.OutcomeOf(err) != payments.OutcomeUnknown && !res.Payment.Secured() {
		t.Errorf("money was taken, and the answer is %v, %v", res.Payment.Status, err)
	}
	b.settle()
	b.want(b.record(id).Payment, payments.StatusPaid)
	b.agree()
}

// TestAnswersOfAnother holds that nothing is approved by an answer about another order, payment, amount, currency or mode,
// however often it is repeated; and that it is, once the gateway tells the truth again.
func TestAnswersOfAnother(t *testing.T) {
	t.Parallel()
	for _, f := range fake.Faults() {
		if !strings.HasPrefix(string(f.Fault), "wrong_") {
			continue
		}
		t.Run(string(f.Fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			b.fault(fake.OpConfirm, f.Fault, -1)
			b.fault(fake.OpFetch, f.Fault, -1)
			for range 3 {
				res, _ := b.pay(id, "tok_visa")
				if res.Payment.Secured() || b.record(id).Payment.Secured() {
					t.Fatalf("approved: %v", res.Payment.Status)
				}
				b.clock.Advance(time.Minute)
				b.reconcile()
			}
			if n := len(b.gw.Charges()); n != 1 {
				t.Errorf("%d tries to take money", n)
			}
		})
	}
}

// TestHeldIsNoFinalAnswer holds that a key does not remember a payment that was held: an operator ends that.
func TestHeldIsNoFinalAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	res, err := b.Pay(t.Context(), keyed(id, "tok_riskLevelElevated", "p", "k"))
	if err != nil {
		t.Fatal(err)
	}
	b.want(res.Payment, payments.StatusHeld)
	if err := b.gw.CloseReview(t.Context(), res.Payment.Reference, true); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Hour)
	b.reconcile()
	res, err = b.Pay(t.Context(), keyed(id, "tok_riskLevelElevated", "p", "k"))
	if err != nil || res.Replayed {
		t.Fatalf("%+v, %v", res, err)
	}
	b.want(res.Payment, payments.StatusPaid)
}

// TestKeyOfAnotherRequest holds that a key is bound to every part of the request that it came with.
func TestKeyOfAnotherRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, other := b.order(), b.order()
	first := keyed(id, "tok_visa", "p", "k")
	first.Payer = payments.Payer{CustomerID: 7, Name: "ab", Email: "c"}
	if _, err := b.Pay(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*payments.PayRequest){
		"order":                      func(r *payments.PayRequest) { r.OrderID = other },
		"type":                       func(r *payments.PayRequest) { r.Type = payments.TypeToken },
		"token":                      func(r *payments.PayRequest) { r.Source = token("tok_amex") },
		"no token":                   func(r *payments.PayRequest) { r.Source = payments.Source{} },
		"customer":                   func(r *payments.PayRequest) { r.Payer.CustomerID = 8 },
		"name":                       func(r *payments.PayRequest) { r.Payer.Name = "abc" },
		"e-mail":                     func(r *payments.PayRequest) { r.Payer.Email = "d" },
		"a letter that moved":        func(r *payments.PayRequest) { r.Payer.Name, r.Payer.Email = "a", "bc" },
		"a digit that moved":         func(r *payments.PayRequest) { r.Payer.CustomerID, r.Payer.Name = 0, "7ab" },
		"the name moved to the mail": func(r *payments.PayRequest) { r.Payer.Name, r.Payer.Email = "", "abc" },
	} {
		req := first
		change(&req)
		if _, err := b.Pay(t.Context(), req); !errors.Is(err, payments.ErrIdempotencyKeyReused) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if res, err := b.Pay(t.Context(), first); err != nil || !res.Replayed {
		t.Errorf("the same request: %+v, %v", res, err)
	}
}

// TestRefundOfYesterday holds that a refund in doubt is not sent again once the gateway may have forgotten its key: the first
// request may have been done, or may still arrive. An operator is told, once.
func TestRefundOfYesterday(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	paid(b, id)
	b.fault(fake.OpRefund, fake.FaultDropBefore, -1)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	cmd := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r", Amount: usd(300)}
	if _, err := b.Refund(t.Context(), cmd); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("the error is %v", err)
	}
	b.clock.Advance(25 * time.Hour)
	b.gw.ClearFaults()
	for range 3 {
		b.reconcile()
		b.clock.Advance(25 * time.Hour)
	}
	if _, err := b.Refund(t.Context(), cmd); !errors.Is(err, payments.ErrUnknown) {
		t.Errorf("asked again, the error is %v", err)
	}
	breaks, err := b.Breaks(t.Context(), 0, 0)
	if err != nil || len(breaks) != 1 || breaks[0].Kind != payments.BreakRefund {
		t.Errorf("the breaks are %+v, %v", breaks, err)
	}
	if got := b.ledger(id).Refunded; got != 0 {
		t.Errorf("%d was refunded under a key that is forgotten", got)
	}
}
