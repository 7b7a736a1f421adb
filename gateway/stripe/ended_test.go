package stripe_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

const day = 24 * time.Hour

// trial makes a recurring order begin with a week for nothing.
func trial(o *payments.Order) {
	monthly(o)
	o.Recurring.TrialDays = 7
}

// elsewhere changes an object at Stripe past the Service.
func (w *world) elsewhere(path string, form url.Values) {
	w.t.Helper()
	if _, err := elsewhere(w.t.Context(), w.base, path, form); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets so many days pass, each with a look.
func (w *world) pass(days int) {
	w.t.Helper()
	for range days {
		_, err := w.Reconcile(w.t.Context())
		must(w.t, err)
		w.clock.advance(day)
	}
	_, err := w.Reconcile(w.t.Context())
	must(w.t, err)
}

// owing leaves an order whose trial is over and whose first invoice that asks for money was declined.
func (w *world) owing() payments.Payment {
	w.t.Helper()
	id := w.order(trial)
	w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "pm_card_chargeCustomerFail")
	w.pass(9)
	p := w.payment(id)
	if p.Status != payments.StatusDeclined || p.SubscriptionStatus != payments.SubscriptionPastDue || !p.Live {
		w.t.Fatalf("the payment is %v and its subscription %q", p.Status, p.SubscriptionStatus)
	}
	return p
}

// begun leaves an order whose first invoice is open.
func (w *world) begun() payments.Payment {
	w.t.Helper()
	return w.mustPay(w.order(monthly), "", payments.StatusCreated).Payment
}

// TestInvoicesPastTheService settles the invoice of a subscription at Stripe and not by us, or ends the subscription and leaves it, as
// Stripe does. While the subscription runs it holds the order; once it has ended nobody pays its invoice, and the order begins anew.
func TestInvoicesPastTheService(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begin func(w *world) payments.Payment
		then  func(w *world, p payments.Payment)
		holds bool
	}{
		"paid elsewhere": {(*world).begun, func(w *world, p payments.Payment) {
			w.elsewhere("invoices/"+p.Invoice+"/pay", url.Values{"paid_out_of_band": {"true"}})
		}, true},
		"forgiven after a trial": {(*world).owing, func(w *world, p payments.Payment) {
			w.elsewhere("invoices/"+p.Invoice+"/void", nil)
		}, true},
		"void before it began": {(*world).begun, func(w *world, p payments.Payment) {
			w.elsewhere("invoices/"+p.Invoice+"/void", nil)
		}, false},
		"void before it began, and expired": {(*world).begun, func(w *world, p payments.Payment) {
			w.elsewhere("invoices/"+p.Invoice+"/void", nil)
			w.clock.advance(time.Minute)
			w.pass(2)
			if p = w.payment(p.OrderID); p.Status != payments.StatusCanceled || p.Live {
				w.t.Errorf("the payment is %v, and holds the order: %v", p.Status, p.Live)
			}
		}, false},
		"ended by Stripe": {(*world).owing, func(w *world, _ payments.Payment) { w.clock.advance(16 * day) }, false},
		"ended by Stripe, and seen": {(*world).owing, func(w *world, p payments.Payment) {
			w.pass(17)
			if p = w.payment(p.OrderID); p.Status != payments.StatusCanceled || p.Live {
				w.t.Errorf("the payment is %v, and holds the order: %v", p.Status, p.Live)
			}
		}, false},
		"ended by us": {(*world).owing, func(w *world, p payments.Payment) {
			done, err := w.CancelSubscription(w.t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: p.OrderID}})
			if err != nil || done.Status != payments.StatusCanceled || done.Live {
				w.t.Errorf("canceled, the payment is %+v, %v", done, err)
			}
		}, false},
	} {
		for _, events := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				p := tt.begin(w)
				w.direct = events
				tt.then(w, p)
				w.clock.advance(time.Second)
				began := w.clock.Now()
				res, err := w.pay(t.Context(), p.OrderID, "pm_card_visa")
				if err != nil || (res.Payment.UID == p.UID) != tt.holds || w.clock.Now().Sub(began) > time.Second {
					t.Fatalf("it answers %+v, %v after %v", res.Payment, err, w.clock.Now().Sub(began))
				}
				if charges := w.server.Ledger()[p.OrderID.String()].Charges; charges > 0 && tt.holds {
					t.Errorf("%d charges beside a subscription that runs", charges)
				}
				old, err := w.Find(t.Context(), payments.Target{PaymentUID: p.UID})
				if must(t, err); old.Payment.Live != tt.holds || old.Payment.Status != payments.StatusCanceled || old.Payment.SubscriptionStatus.Ended() == tt.holds {
					t.Errorf("the payment before is %v of a subscription that is %q", old.Payment.Status, old.Payment.SubscriptionStatus)
				}
				w.settle()
				w.agree()
			})
		}
	}
}

// TestEndWithLostAnswers puts every fault into the requests that end a subscription with an open invoice.
func TestEndWithLostAnswers(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"subscriptions.cancel", "invoices.void", "invoices.list"} {
		for _, f := range lostAnswers() {
			if f.Hangs {
				continue // each is waited for
			}
			t.Run(op+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				p := w.owing()
				must(t, w.server.Fault(op, stripetest.Fault(f.Name), 2))
				_, err := w.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: p.OrderID}})
				refused := op == "subscriptions.cancel" && f.NotApplied
				if !refused && err != nil && payments.OutcomeOf(err) == payments.OutcomeNotApplied {
					t.Errorf("the error says that the subscription was not canceled: %v", err)
				}
				w.settle()
				if p = w.payment(p.OrderID); !refused && (p.Status != payments.StatusCanceled || p.Live) {
					t.Errorf("the payment is %v of a subscription that is %q", p.Status, p.SubscriptionStatus)
				}
				w.mustPay(p.OrderID, "", payments.StatusCreated)
				w.agree()
			})
		}
	}
}
