package payments_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

const day = 24 * time.Hour

// subscriptions are the gateway's ids of the subscriptions that were made so far.
func (b *bundle) subscriptions() (made []string) {
	for _, e := range b.gw.Events() {
		if e.Type == "customer.subscription.created" {
			made = append(made, e.Object)
		}
	}
	return made
}

// waysToPay gives every subscription a way to pay, as a customer's default one is.
func (b *bundle) waysToPay(subscriptions []string) {
	b.t.Helper()
	for _, reference := range subscriptions {
		if err := b.gw.SetDefaultMethod(b.t.Context(), reference, "tok_visa"); err != nil && !errors.Is(err, payments.ErrConflict) {
			b.t.Fatal(err)
		}
	}
}

// TestTrialFaults puts every fault into the requests that begin a trial: whatever was made, only what the payment knows is charged.
func TestTrialFaults(t *testing.T) {
	t.Parallel()
	for _, op := range []fake.Operation{fake.OpSubscribe, fake.OpUncancelSubscription, fake.OpFetchSubscription} {
		for _, f := range fake.Faults() {
			for _, again := range []bool{true, false} {
				name := string(op) + "/" + string(f.Fault)
				if again {
					name += "/again"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					b := setup(t, impatient(f.Fault))
					id := b.order(monthly(7))
					b.fault(op, f.Fault, 3)
					res, err := b.pay(id, "")
					b.settle()
					if again {
						b.clock.Advance(time.Minute)
						res, err = b.pay(id, "")
					}
					p := b.record(id).Payment
					if err == nil && (p.SubscriptionStatus != payments.SubscriptionTrialing || p.CancelAtPeriodEnd) {
						t.Fatalf("answered %+v, and it is not in its trial", res.Payment)
					}
					b.waysToPay(b.subscriptions())
					for range 4 {
						b.clock.Advance(3 * day)
						b.reconcile()
					}
					p = b.record(id).Payment
					charged, running := b.ledger(id).Charges, p.SubscriptionStatus == payments.SubscriptionActive
					if charged > 1 || (charged == 1) != running || err == nil && !running {
						t.Errorf("%d charges; the payment is %v and its subscription %q", charged, p.Status, p.SubscriptionStatus)
					}
					b.agreeOnInvoices(id)
				})
			}
		}
	}
}

// unbegun leaves an order with a trial that was made and not let go on.
func unbegun(t *testing.T) (*bundle, payments.OrderID) {
	t.Helper()
	b := setup(t)
	id := b.order(monthly(7))
	b.fault(fake.OpUncancelSubscription, fake.FaultDropBefore, 3)
	_, err := b.pay(id, "")
	wantField(t, err, payments.ErrUnavailable, "")
	b.wantSubscription(b.record(id).Payment, payments.SubscriptionIncomplete)
	return b, id
}

// TestUnbegunTrial is what becomes of a trial that was made and not let go on.
func TestUnbegunTrial(t *testing.T) {
	t.Parallel()
	target := func(id payments.OrderID) payments.Target { return payments.Target{OrderID: id} }
	ways := map[string]func(b *bundle, id payments.OrderID){
		"nobody asks again": func(b *bundle, _ payments.OrderID) {
			b.clock.Advance(25 * time.Hour)
			b.reconcile()
		},
		"canceled": func(b *bundle, id payments.OrderID) {
			_, err := b.CancelSubscription(b.t.Context(), payments.CancelSubscriptionCommand{Target: target(id)})
			must(b.t, err)
		},
		"canceled at the end of a period that never began": func(b *bundle, id payments.OrderID) {
			_, err := b.CancelSubscription(b.t.Context(), payments.CancelSubscriptionCommand{Target: target(id), AtPeriodEnd: true})
			must(b.t, err)
		},
	}
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, id := unbegun(t)
			end(b, id)
			p := b.record(id).Payment
			b.wantSubscription(p, payments.SubscriptionCanceled)
			if b.want(p, payments.StatusCanceled); p.Live {
				t.Error("it holds the order")
			}
		})
	}
	t.Run("asked again", func(t *testing.T) {
		t.Parallel()
		b, id := unbegun(t)
		if p := b.complete(id, payments.StatusCreated).Payment; p.SubscriptionStatus.Running() {
			t.Errorf("its subscription is %q", p.SubscriptionStatus)
		}
		res := b.mustPay(id, "", payments.StatusCreated)
		b.wantSubscription(res.Payment, payments.SubscriptionTrialing)
		if made := b.subscriptions(); len(slices.Compact(made)) != 1 || res.Payment.Type != payments.TypeSubscription {
			t.Errorf("%v were made, and the payment is a %v", made, res.Payment.Type)
		}
		withToken, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: id, Source: token("tok_visa")})
		if err != nil || withToken.NextAction == nil {
			t.Errorf("a token in a trial answers %+v, %v", withToken, err)
		}
		b.authenticate(res, fake.AuthPass, "tok_visa")
		b.clock.Advance(8 * day)
		b.reconcile()
		b.want(b.record(id).Payment, payments.StatusPaid)
		b.agree()
	})
	t.Run("let go on late", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(7))
		b.fault(fake.OpUncancelSubscription, fake.FaultDropAfter, 3)
		_, err := b.pay(id, "")
		wantField(t, err, payments.ErrUnavailable, "")
		b.clock.Advance(25 * time.Hour)
		b.reconcile()
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionTrialing)
		if !slices.Contains(b.host.types(), "subscription.trialing") {
			t.Errorf("the host was told %v", b.host.types())
		}
	})
}
