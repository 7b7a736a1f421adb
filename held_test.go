package payments_test

import (
	"testing"
	"time"

	"github.com/trendsic/payments"
)

// TestHeldBySubscription holds that an order stays with the subscription that runs, also where its first invoice was settled past us: nobody
// is charged a second time, until the subscription has ended.
func TestHeldBySubscription(t *testing.T) {
	t.Parallel()
	ways := map[string]func(t *testing.T) (*bundle, payments.Payment){
		"the first invoice is paid elsewhere": func(t *testing.T) (*bundle, payments.Payment) {
			b := setup(t)
			p := b.mustPay(b.order(monthly(0)), "", payments.StatusCreated).Payment
			must(t, b.gw.PayElsewhere(t.Context(), p.Reference))
			return b, p
		},
		"the first real invoice is forgiven": func(t *testing.T) (*bundle, payments.Payment) {
			b, p := owing(t)
			must(t, b.gw.SetDefaultMethod(t.Context(), p.Subscription, "tok_visa"))
			_, err := b.gw.Void(t.Context(), payments.VoidRequest{Key: "elsewhere", Reference: p.Reference})
			must(t, err)
			return b, p
		},
	}
	for name, settle := range ways {
		for how, look := range looks {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				b, anchor := settle(t)
				look(b)
				b.stays(anchor)
				b.clock.Advance(time.Second)
				p, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: anchor.OrderID}})
				if err != nil || p.UID != anchor.UID || p.Live {
					t.Fatalf("canceled, the payment is %+v, %v", p, err)
				}
				b.reconcile()
				o := b.host.orders[anchor.OrderID]
				monthly(0)(&o)
				b.setOrder(o, nil)
				if res := b.mustPay(anchor.OrderID, "tok_visa", payments.StatusPaid); res.Payment.UID == anchor.UID {
					t.Error("what has ended was paid")
				}
				b.agree()
			})
		}
	}
}

// stays asks for the order's payment in every way: it is the canceled anchor, and nothing is charged.
func (b *bundle) stays(anchor payments.Payment) {
	b.t.Helper()
	for _, tok := range []string{"", "tok_visa", "tok_mastercard"} {
		b.clock.Advance(time.Second)
		res := b.mustPay(anchor.OrderID, tok, payments.StatusCanceled)
		if res.Payment.UID != anchor.UID || !res.Payment.Live || res.NextAction != nil || res.Payment.DueAt.IsZero() {
			b.t.Errorf("paid with %q, it answers %+v", tok, res.Payment)
		}
		done, err := b.Complete(b.t.Context(), payments.CompleteRequest{OrderID: anchor.OrderID, Source: payments.Source{Token: payments.NewToken(tok)}})
		if err != nil || done.Payment.UID != anchor.UID || done.Payment.Status != payments.StatusCanceled {
			b.t.Errorf("completed with %q, it answers %+v, %v", tok, done.Payment, err)
		}
	}
	begun, err := b.Begin(b.t.Context(), payments.BeginRequest{Order: b.host.orders[anchor.OrderID]})
	if err != nil || begun.UID != anchor.UID {
		b.t.Errorf("begun is %+v, %v", begun, err)
	}
	found, err := b.PaymentsForOrders(b.t.Context(), []payments.OrderID{anchor.OrderID})
	if err != nil || found[anchor.OrderID].UID != anchor.UID {
		b.t.Errorf("found is %+v, %v", found, err)
	}
	if p := b.record(anchor.OrderID).Payment; p.SubscriptionStatus.Ended() {
		b.t.Errorf("the subscription is %q", p.SubscriptionStatus)
	}
	if made := b.made(anchor.OrderID); made != 1 || b.ledger(anchor.OrderID).Charges != 0 {
		b.t.Errorf("%d payments, and the ledger says %+v", made, b.ledger(anchor.OrderID))
	}
}
