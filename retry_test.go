package payments_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// TestOlderDeclineIsNotShared holds that a try which ended before a bank was asked is resumed: the decline that is stored is that of
// another card.
func TestOlderDeclineIsNotShared(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
	b.clock.Advance(time.Second)
	b.fault(fake.OpPrepare, fake.FaultDropBefore, 3)
	_, err := b.Pay(t.Context(), keyed(id, "tok_visa", "p", "k"))
	wantField(t, err, payments.ErrUnavailable, "")
	res, err := b.Pay(t.Context(), keyed(id, "tok_visa", "p", "k"))
	if err != nil || res.Payment.Status != payments.StatusPaid {
		t.Errorf("the key answers %v, %v", res.Payment.Status, err)
	}
	b.agree()
}

// TestRepricedBeforeTheRepeat holds that what was refused at the old price is not confirmed at it: the object is changed first. A
// token that is spent by then has to be another one.
func TestRepricedBeforeTheRepeat(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		total payments.Money
		spent bool
		err   error
	}{
		"the same": {usd(1250), false, nil}, "dearer": {usd(2000), false, nil}, "cheaper": {usd(500), false, nil},
		"the same, a spent token": {usd(1250), true, nil}, "dearer, a spent token": {usd(2000), true, payments.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			tok := "tok_visa"
			if tt.spent {
				tok += "__" + id.String()
			}
			b.fault(fake.OpConfirm, fake.Fault429, 3)
			if _, err := b.pay(id, tok); !errors.Is(err, payments.ErrRateLimited) {
				t.Fatalf("the error is %v", err)
			}
			b.reprice(id, tt.total)
			if _, err := b.pay(id, tok); !errors.Is(err, tt.err) {
				t.Fatalf("the error is %v, not %v", err, tt.err)
			}
			res := b.mustPay(id, "tok_visa", payments.StatusPaid)
			if got := b.ledger(id); got.Charges != 1 || got.Captured != tt.total.Amount || res.Payment.Amount != tt.total {
				t.Errorf("the ledger says %+v", got)
			}
			b.agree()
		})
	}
}

// TestCancellationInDoubtComesFirst holds that nothing is paid into a subscription that may be at its end.
func TestCancellationInDoubtComesFirst(t *testing.T) {
	t.Parallel()
	for _, fault := range []fake.Fault{fake.FaultDropBefore, fake.FaultDropAfter} {
		b := setup(t)
		id := b.order(monthly(0))
		b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
		b.clock.Advance(time.Second)
		b.fault(fake.OpCancelSubscription, fault, -1)
		b.fault(fake.OpFetchSubscription, fake.FaultDropBefore, -1)
		_, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
		if !errors.Is(err, payments.ErrUnknown) {
			t.Fatalf("the error is %v", err)
		}
		if res, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
			t.Errorf("%s: the payment is %v, %v, while it is not known whether its subscription ends", fault, res.Payment.Status, err)
		}
		b.gw.ClearFaults()
		if res, err := b.pay(id, "tok_visa"); err != nil {
			t.Fatalf("%s: %+v, %v", fault, res, err)
		}
		b.complete(id, payments.StatusPaid)
		b.settle()
		if p := b.record(id).Payment; p.SubscriptionStatus != payments.SubscriptionActive || b.ledger(id).Charges != 1 {
			t.Errorf("%s: the subscription is %s, the ledger says %+v", fault, p.SubscriptionStatus, b.ledger(id))
		}
		b.agree()
	}
}

// TestOffSessionOfAnotherCustomer holds that what another of the gateway's customers has saved is charged on an object of its own:
// an object keeps its customer.
func TestOffSessionOfAnotherCustomer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	customer := func(o *payments.Order) { o.CustomerID = 7 }
	save := func(id payments.OrderID, tok string) error {
		_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: token(tok), Saving: payments.Saving{Save: true}})
		return err
	}
	declined, saved := b.order(customer), b.order(customer)
	if err := save(declined, "tok_chargeDeclined"); !errors.Is(err, payments.ErrDeclined) {
		t.Fatal(err)
	}
	if err := save(saved, "tok_visa"); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Second)
	methods, err := b.SavedMethods(t.Context(), 7)
	if err != nil || len(methods) != 1 || methods[0].GatewayCustomer == b.record(declined).Payment.GatewayCustomer {
		t.Fatalf("saved are %v, %v", methods, err)
	}
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: declined, Source: token(methods[0].ID), Saving: payments.Saving{OffSession: true}})
	if err != nil || res.Payment.Status != payments.StatusPaid || res.Payment.GatewayCustomer != methods[0].GatewayCustomer {
		t.Errorf("the payment is %+v, %v", res.Payment, err)
	}
	b.agree()
}

// refusesRefunds is a gateway that refuses every refund for as long as it is told to.
type refusesRefunds struct {
	*fake.Gateway
	refuse bool
}

// Refund is refused.
func (g *refusesRefunds) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	if g.refuse {
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrGatewayRejected, Outcome: payments.OutcomeNotApplied}
	}
	return g.Gateway.Refund(ctx, req)
}

// TestRefundAskedAgain holds that a refund which failed and is asked again, without its amount, is no more than what is left by then.
func TestRefundAskedAgain(t *testing.T) {
	t.Parallel()
	gw := &refusesRefunds{refuse: true}
	b := setup(t, func(_ *bundle, _ *payments.Options, g *payments.Gateway) {
		gw.Gateway = (*g).(*fake.Gateway)
		*g = gw
	})
	id := b.order()
	paid(b, id)
	all := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "all"}
	_, err := b.Refund(t.Context(), all)
	wantField(t, err, payments.ErrGatewayRejected, "")
	gw.refuse = false
	if _, err := b.Refund(t.Context(), payments.RefundCommand{Target: all.Target, Key: "part", Amount: usd(300)}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Refund(t.Context(), all)
	wantField(t, err, payments.ErrInvalid, "Amount")
	if n := b.ledger(id).Refunded; n != 300 {
		t.Errorf("%d are refunded", n)
	}
	b.agree()
}

// slowRefunds is a gateway at which refunds first never arrive, and then take longer than another request waits.
type slowRefunds struct {
	*fake.Gateway
	b     *bundle
	down  bool
	hurry func()
}

// Refund is lost, or slow.
func (g *slowRefunds) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	if g.down {
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeUnknown}
	}
	g.b.clock.Advance(14 * time.Second)
	g.hurry()
	return g.Gateway.Refund(ctx, req)
}

// TestWorkIsNotDenied holds that a request which repeats what was in doubt does not answer "not applied" because that took long, or
// because its caller has gone: it did work.
func TestWorkIsNotDenied(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		gw := &slowRefunds{down: true, hurry: func() {}}
		b := setup(t, func(_ *bundle, _ *payments.Options, g *payments.Gateway) {
			gw.Gateway = (*g).(*fake.Gateway)
			*g = gw
		})
		gw.b = b
		id := b.order()
		paid(b, id)
		cmd := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"}
		if _, err := b.Refund(ctx, cmd); !errors.Is(err, payments.ErrUnknown) {
			t.Fatalf("the error is %v", err)
		}
		gw.down = false
		if gone {
			gw.hurry = cancel
		}
		res, err := b.Refund(ctx, cmd)
		switch {
		case gone && (!errors.Is(err, payments.ErrUnknown) || payments.OutcomeOf(err) != payments.OutcomeUnknown || errors.Is(err, payments.ErrConflict)):
			t.Errorf("whose caller has gone: %v", err)
		case !gone && (err != nil || res.Refund.Status != payments.RefundSucceeded):
			t.Errorf("the refund is %+v, %v", res.Refund, err)
		}
		if n := b.ledger(id).Refunded; n != 1250 {
			t.Errorf("%d are refunded", n)
		}
		cancel()
		b.agree()
	}
}
