package payments_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// owing leaves an order whose trial is over and whose first invoice that asks for money was declined.
func owing(t *testing.T, configure ...func(*bundle, *payments.Options, *payments.Gateway)) (*bundle, payments.Payment) {
	t.Helper()
	b := setup(t, configure...)
	id := b.order(monthly(7))
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "tok_chargeCustomerFail")
	b.clock.Advance(8 * day)
	b.reconcile()
	p := b.record(id).Payment
	b.want(p, payments.StatusDeclined)
	b.wantSubscription(p, payments.SubscriptionPastDue)
	b.gw.Events() // told already
	return b, p
}

// looks are the ways in which the Service gets to know of what happened at the gateway.
var looks = map[string]func(b *bundle){
	"an event":  func(b *bundle) { b.deliver(b.gw.Events()) },
	"Reconcile": func(b *bundle) { b.clock.Advance(25 * time.Hour); b.reconcile() },
	"the payer": func(*bundle) {},
}

// made counts the payments of an order.
func (b *bundle) made(id payments.OrderID) int {
	b.t.Helper()
	page, err := b.Payments(b.t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}})
	must(b.t, err)
	return len(page.Payments)
}

// keeper is a gateway that leaves open what it was asked to close, while it keeps, and that calls every subscription ended.
type keeper struct {
	*fake.Gateway
	keeps, ends atomic.Bool
	asked       atomic.Int64
}

func (k *keeper) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	sub, err := k.Gateway.FetchSubscription(ctx, req)
	if k.ends.Load() {
		sub.Status = payments.SubscriptionCanceled
	}
	return sub, err
}

func (k *keeper) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	sub, err := k.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if err == nil && sub.Status.Ended() && k.keeps.Load() {
		k.asked.Add(1)
		return sub, nil
	}
	return k.Gateway.CancelSubscription(ctx, req)
}

// lapsed leaves an order whose subscription the gateway has ended for want of payment, with its invoice open.
func lapsed(t *testing.T) (*bundle, *keeper, payments.Payment) {
	t.Helper()
	k := &keeper{}
	b, p := owing(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { k.Gateway, *g = b.gw, k })
	b.clock.Advance(16 * day)
	must(t, b.gw.Tick(t.Context()))
	sub, err := b.gw.FetchSubscription(t.Context(), payments.FetchSubscriptionRequest{Reference: p.Subscription})
	if must(t, err); sub.Status != payments.SubscriptionCanceled || sub.Invoices[1].Status != "open" {
		t.Fatalf("the subscription is %+v", sub)
	}
	return b, k, p
}

// asksAgain are the ways in which a payer asks for an order whose subscription has ended.
var asksAgain = map[string]func(b *bundle, id payments.OrderID) (payments.Result, error){
	"with a card": func(b *bundle, id payments.OrderID) (payments.Result, error) { return b.pay(id, "tok_visa") },
	"by the page": func(b *bundle, id payments.OrderID) (payments.Result, error) { return b.pay(id, "") },
	"at another price": func(b *bundle, id payments.OrderID) (payments.Result, error) {
		b.reprice(id, usd(2000))
		return b.pay(id, "tok_visa")
	},
	"of another kind": func(b *bundle, id payments.OrderID) (payments.Result, error) {
		o := b.host.orders[id]
		o.Recurring = nil
		b.setOrder(o, nil)
		return b.pay(id, "tok_visa")
	},
}

// TestLapsed holds that nobody pays the invoice of a subscription that has ended: it is closed, and the order begins anew.
func TestLapsed(t *testing.T) {
	t.Parallel()
	for how, look := range looks {
		for name, ask := range asksAgain {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				b, _, anchor := lapsed(t)
				look(b)
				o := b.host.orders[anchor.OrderID]
				monthly(0)(&o)
				b.setOrder(o, nil)
				began := b.clock.Now()
				res, err := ask(b, anchor.OrderID)
				if err != nil || res.Payment.UID == anchor.UID || b.clock.Now().Sub(began) > time.Second {
					t.Fatalf("it answers %+v, %v after %v", res.Payment, err, b.clock.Now().Sub(began))
				}
				old, err := b.Find(t.Context(), payments.Target{PaymentUID: anchor.UID})
				if must(t, err); old.Payment.Live || old.Payment.Status != payments.StatusCanceled {
					t.Errorf("what has ended is %v, and holds the order: %v", old.Payment.Status, old.Payment.Live)
				}
				if res.Payment.Status == payments.StatusPaid != (b.ledger(anchor.OrderID).Charges == 1) {
					t.Errorf("the ledger says %+v", b.ledger(anchor.OrderID))
				}
				b.settle()
				b.agree()
			})
		}
	}
}

// TestLapsedAndOpen holds that while the gateway leaves the invoice open, every payer is refused at once and told no secret, and that
// Reconcile asks the gateway again, a little less often each time.
func TestLapsedAndOpen(t *testing.T) {
	t.Parallel()
	for name, ask := range asksAgain {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, k, anchor := lapsed(t)
			k.keeps.Store(true)
			for range 3 {
				began := b.clock.Now()
				if res, err := ask(b, anchor.OrderID); !errors.Is(err, payments.ErrConflict) || errors.Is(err, payments.ErrInProgress) || b.clock.Now().Sub(began) > time.Second {
					t.Fatalf("it answers %+v, %v after %v", res.Payment, err, b.clock.Now().Sub(began))
				}
				b.clock.Advance(time.Minute)
			}
			withCard, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: anchor.OrderID, Source: token("tok_visa")})
			if !errors.Is(err, payments.ErrConflict) {
				t.Errorf("completed, it answers %+v, %v", withCard.Payment, err)
			}
			k.asked.Store(0)
			for range 30 {
				b.clock.Advance(day)
				b.reconcile()
			}
			if n := k.asked.Load(); n < 20 || n > 60 {
				t.Errorf("in a month the gateway was asked %d times", n)
			}
			p := b.record(anchor.OrderID).Payment
			if b.want(p, payments.StatusDeclined); !p.Live || b.made(anchor.OrderID) != 1 || b.ledger(anchor.OrderID).Charges != 0 {
				t.Errorf("the payment is %+v, the ledger %+v", p, b.ledger(anchor.OrderID))
			}
			k.keeps.Store(false)
			b.clock.Advance(day)
			b.reconcile()
			if p = b.record(anchor.OrderID).Payment; p.Live || p.Status != payments.StatusCanceled {
				t.Errorf("closed, the payment is %v, and holds the order: %v", p.Status, p.Live)
			}
		})
	}
}

// TestLapsedSecret holds that the client secret of an invoice whose subscription has ended is told to nobody.
func TestLapsedSecret(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	b, anchor := owing(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { k.Gateway, *g = b.gw, k })
	if res := b.mustPay(anchor.OrderID, "", payments.StatusCreated); res.NextAction == nil {
		t.Fatal("the payer of an open invoice gets no secret")
	}
	k.keeps.Store(true)
	k.ends.Store(true)
	res, err := b.pay(anchor.OrderID, "")
	if !errors.Is(err, payments.ErrConflict) || res.NextAction != nil {
		t.Errorf("it answers %+v, %v", res, err)
	}
	if res, err = b.Complete(t.Context(), payments.CompleteRequest{OrderID: anchor.OrderID}); res.NextAction != nil {
		t.Errorf("completed, it answers %+v, %v", res, err)
	}
	b.reprice(anchor.OrderID, usd(2000))
	began := b.clock.Now()
	if res, err = b.pay(anchor.OrderID, ""); !errors.Is(err, payments.ErrConflict) || errors.Is(err, payments.ErrInProgress) {
		t.Errorf("at another price it answers %+v, %v after %v", res, err, b.clock.Now().Sub(began))
	}
}

// TestLapsedInDoubt holds that a request for the money whose answer was lost is not sent again once the subscription has ended: it is found
// out when the gateway has closed the invoice.
func TestLapsedInDoubt(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	b, anchor := owing(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { k.Gateway, *g = b.gw, k })
	b.fault(fake.OpConfirm, fake.FaultDropBefore, -1)
	if _, err := b.pay(anchor.OrderID, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("the error is %v", err)
	}
	b.gw.ClearFaults()
	k.keeps.Store(true)
	k.ends.Store(true)
	must(t, b.gw.SetDefaultMethod(t.Context(), anchor.Subscription, "tok_visa")) // of which there is an event
	b.deliver(b.gw.Events())
	for range 2 {
		b.reconcile()
		b.clock.Advance(time.Minute)
	}
	p := b.record(anchor.OrderID).Payment
	if b.wantSubscription(p, payments.SubscriptionCanceled); p.Status != payments.StatusUnknown || b.ledger(anchor.OrderID).Charges != 0 {
		t.Fatalf("the payment is %v, the ledger %+v", p.Status, b.ledger(anchor.OrderID))
	}
	k.keeps.Store(false)
	b.settle()
	if p = b.record(anchor.OrderID).Payment; p.Status != payments.StatusCanceled || p.Live {
		t.Errorf("the payment is %v, and holds the order: %v", p.Status, p.Live)
	}
	b.agree()
}

// TestLaterInvoiceLapses holds that the invoice of a later period is closed with its subscription too, and that what cannot be closed at
// first is closed soon.
func TestLaterInvoiceLapses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault fake.Fault
		times int
	}{
		"at once": {}, "lost": {fake.FaultDropBefore, 1}, "unanswered": {fake.FaultDropAfter, 1},
		"too many requests": {fake.Fault429, 3}, // which are tried again at once, twice
	} {
		for how, look := range looks {
			if how == "the payer" {
				continue // the payer of the first invoice has paid
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				id := b.order(monthly(0))
				anchor := b.mustPay(id, "tok_visa", payments.StatusPaid).Payment
				must(t, b.gw.SetDefaultMethod(t.Context(), anchor.Subscription, "tok_chargeCustomerFail"))
				b.clock.Advance(32 * day)
				b.reconcile()
				b.clock.Advance(16 * day)
				must(t, b.gw.Tick(t.Context()))
				if tt.times > 0 {
					b.fault(fake.OpCancelSubscription, tt.fault, tt.times)
				}
				look(b)
				b.clock.Advance(time.Minute)
				b.reconcile()
				b.wantSubscription(b.record(id).Payment, payments.SubscriptionCanceled)
				page, err := b.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}})
				if must(t, err); len(page.Payments) != 2 || page.Payments[0].Status != payments.StatusCanceled {
					t.Errorf("the payments are %+v", page.Payments)
				}
				b.agreeOnInvoices(id)
			})
		}
	}
}
