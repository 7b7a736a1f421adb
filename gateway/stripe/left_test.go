package stripe_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// left begins a subscription whose first intent is never given our order, for Stripe fails then, and returns the subscription.
func (w *world) left(id payments.OrderID) string {
	w.t.Helper()
	must(w.t, w.server.Fault("payment_intents.update", stripetest.Fault500Before, -1))
	if _, err := w.pay(w.t.Context(), id, ""); !errors.Is(err, payments.ErrUnavailable) {
		w.t.Fatalf("the answer is %v", err)
	}
	w.server.ClearFaults()
	i := slices.IndexFunc(w.events, func(d stripetest.Delivery) bool { return d.Type == "customer.subscription.created" })
	if i < 0 || w.payment(id).Subscription != "" {
		w.t.Fatalf("nothing is left: %v", w.payment(id).Subscription)
	}
	return w.events[i].Object
}

// hears delivers what Stripe has told so far.
func (w *world) hears() {
	w.t.Helper()
	for _, d := range w.events {
		must(w.t, w.Webhook(w.t.Context(), http.Header{"Stripe-Signature": {d.Header}}, d.Body))
	}
	w.events = nil
}

// status returns how the payment's subscription stands at Stripe.
func (w *world) status(p payments.Payment, subscription string) payments.SubscriptionSnapshot {
	w.t.Helper()
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: w.base})
	must(w.t, err)
	sub, err := g.FetchSubscription(w.t.Context(), payments.FetchSubscriptionRequest{Reference: subscription,
		PaymentRef: payments.PaymentRef{PaymentUID: p.UID, OrderID: p.OrderID}})
	must(w.t, err)
	return sub
}

// TestSubscriptionLeft is a subscription that an attempt left behind, and whose first intent carries no order: its events alone tell of it.
// The payment takes it on where it has none; else it is ended, and an operator is told of money that it took.
func TestSubscriptionLeft(t *testing.T) {
	t.Parallel()
	t.Run("it is taken on", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id := w.order(monthly)
		sub := w.left(id)
		w.clock.advance(time.Second)
		w.hears()
		if p := w.payment(id); p.Subscription != sub {
			t.Fatalf("the payment has the subscription %q", p.Subscription)
		}
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "pm_card_visa")
		w.clock.advance(time.Second)
		w.hears()
		if p := w.payment(id); p.Status != payments.StatusPaid || p.SubscriptionStatus != payments.SubscriptionActive {
			t.Fatalf("the payment is %v of a subscription that is %q", p.Status, p.SubscriptionStatus)
		}
		w.pass(33)
		page, err := w.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 10})
		if err != nil || len(page.Payments) != 2 {
			t.Errorf("%d payments, not that of each month: %v", len(page.Payments), err)
		}
	})
	t.Run("the payment has another", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id := w.order(monthly)
		sub := w.left(id)
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		p := w.payment(id)
		w.hears()
		if s := w.status(p, sub); !s.Status.Ended() {
			t.Errorf("the one before is %q", s.Status)
		}
		if after := w.payment(id); after.Subscription != p.Subscription || after.SubscriptionStatus != payments.SubscriptionActive {
			t.Errorf("the payment has %q, %q", after.Subscription, after.SubscriptionStatus)
		}
		w.settle()
		w.agree()
	})
	t.Run("it was paid past us", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id := w.order(monthly)
		sub := w.left(id)
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		p := w.payment(id)
		in := w.status(p, sub).Invoices[0]
		w.elsewhere("payment_intents/"+in.Payment+"/confirm", url.Values{"payment_method": {"pm_card_visa"}})
		for range 2 { // it is told once
			w.hears()
		}
		list, err := w.Breaks(t.Context(), 0, 10)
		if err != nil || len(list) != 1 || list[0].Kind != payments.BreakCharge || list[0].Reference != in.Payment || !w.status(p, sub).Status.Ended() {
			t.Errorf("the breaks are %+v, %v", list, err)
		}
	})
	t.Run("the payment was given up", func(t *testing.T) {
		t.Parallel()
		for _, paid := range []bool{false, true} {
			w := newWorld(t, nil)
			id := w.order(monthly)
			sub := w.left(id)
			p, err := w.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
			must(t, err)
			if paid {
				w.elsewhere("payment_intents/"+w.status(p, sub).Invoices[0].Payment+"/confirm", url.Values{"payment_method": {"pm_card_visa"}})
			}
			w.hears()
			list, err := w.Breaks(t.Context(), 0, 10)
			if err != nil || (len(list) == 1) != paid || !w.status(p, sub).Status.Ended() {
				t.Errorf("paid %v: the subscription is %q, the breaks %+v, %v", paid, w.status(p, sub).Status, list, err)
			}
		}
	})
	t.Run("it was paid at another price", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		id := w.order(monthly)
		sub := w.left(id)
		p := w.payment(id)
		w.elsewhere("payment_intents/"+w.status(p, sub).Invoices[0].Payment+"/confirm", url.Values{"payment_method": {"pm_card_visa"}})
		o := w.orders[id]
		o.Total.Amount += 100
		w.orders[id] = o
		must(t, w.server.Fault("subscriptions.create", stripetest.Fault500Before, -1))
		if _, err := w.pay(t.Context(), id, ""); !errors.Is(err, payments.ErrUnavailable) {
			t.Fatalf("the answer is %v", err)
		}
		w.server.ClearFaults()
		w.hears()
		if p := w.payment(id); p.Status != payments.StatusHeld || p.Subscription != sub || p.SubscriptionStatus != payments.SubscriptionActive {
			t.Errorf("the payment is %v of the subscription %q, %q: an operator decides", p.Status, p.Subscription, p.SubscriptionStatus)
		}
	})
}
