package stripe_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestSubscriptionYear is a subscription over twelve months of virtual time, with a failing card in the fourth, a dispute in the
// sixth, lost events in the eighth and a cancellation in the eleventh: rows and emulator agree to the cent all the way.
func TestSubscriptionYear(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "2025-03-31.basil"} {
		w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.WebhookVersion = version })
		w.direct = true
		id := w.order(monthly)
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		w.settle()
		anchor := w.payment(id)
		if anchor.SubscriptionStatus != payments.SubscriptionActive {
			t.Fatalf("the subscription is %q", anchor.SubscriptionStatus)
		}
		for month := 2; month <= 12; month++ {
			w.month(month, id, anchor)
			w.settle()
			w.agreeOnInvoices(id)
		}
		w.clock.advance(40 * 24 * time.Hour)
		must(t, w.server.Advance(t.Context(), 0))
		w.settle()
		w.agreeOnInvoices(id)
		if p := w.payment(id); p.SubscriptionStatus != payments.SubscriptionCanceled {
			t.Errorf("the subscription is %q in the end", p.SubscriptionStatus)
		}
		page, err := w.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 100})
		must(t, err)
		if n := len(page.Payments); n < 10 || n > 12 {
			t.Errorf("%d invoices in a year", n)
		}
	}
}

// month lets one month of the subscription's life pass.
func (w *world) month(month int, id payments.OrderID, anchor payments.Payment) {
	w.t.Helper()
	ctx := w.t.Context()
	switch month {
	case 4:
		must(w.t, w.setDefaultMethod(anchor, "pm_card_chargeCustomerFail"))
	case 8:
		must(w.t, w.server.ScriptWebhooks(stripetest.WebhookLost, -1))
	case 11:
		_, err := w.CancelSubscription(ctx, payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}, AtPeriodEnd: true})
		must(w.t, err)
	}
	w.clock.advance(31 * 24 * time.Hour)
	must(w.t, w.server.Advance(ctx, 0))
	w.server.ClearWebhooks()
	switch month {
	case 4:
		w.settle()
		if p := w.payment(id); p.SubscriptionStatus != payments.SubscriptionPastDue {
			w.t.Errorf("with a failing card the subscription is %q", p.SubscriptionStatus)
		}
		must(w.t, w.setDefaultMethod(anchor, "pm_card_visa"))
		w.clock.advance(8 * 24 * time.Hour)
		must(w.t, w.server.Advance(ctx, 0))
	case 6:
		latest, err := w.Payments(ctx, payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 1})
		must(w.t, err)
		dispute, err := w.server.OpenDispute(ctx, latest.Payments[0].Reference, "fraudulent")
		must(w.t, err)
		must(w.t, w.server.CloseDispute(ctx, dispute, false))
	}
}

// agreeOnInvoices compares the sums over all payments of a recurring order with the emulator's ledger.
func (w *world) agreeOnInvoices(id payments.OrderID) {
	w.t.Helper()
	page, err := w.Payments(w.t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 100})
	must(w.t, err)
	var captured, refunded int64
	for _, p := range page.Payments {
		captured, refunded = captured+p.Captured, refunded+p.Refunded
	}
	if e := w.server.Ledger()[id.String()]; e.Captured != captured || e.Refunded != refunded {
		w.t.Errorf("the rows have %d captured and %d refunded, the books %+v", captured, refunded, e)
	}
	if double := w.server.DoubleCharged(); len(double) > 0 {
		w.t.Errorf("charged twice: %v", double)
	}
}

// setDefaultMethod gives the subscription another way to pay, as a host's own page would do by Stripe's API.
func (w *world) setDefaultMethod(anchor payments.Payment, method string) error {
	attached, err := elsewhere(w.t.Context(), w.base, "payment_methods/"+method+"/attach", url.Values{"customer": {anchor.GatewayCustomer}})
	if err != nil {
		return err
	}
	_, err = elsewhere(w.t.Context(), w.base, "subscriptions/"+anchor.Subscription, url.Values{"default_payment_method": {attached}})
	return err
}

// TestReview holds a payment while Stripe reviews it, and follows what becomes of the review.
func TestReview(t *testing.T) {
	t.Parallel()
	for approve, want := range map[bool]payments.Status{true: payments.StatusPaid, false: payments.StatusRefunded} {
		w := newWorld(t, nil)
		w.direct = true
		id := w.order()
		w.mustPay(id, "pm_card_riskLevelElevated", payments.StatusHeld)
		must(t, w.server.CloseReview(t.Context(), w.payment(id).Reference, approve))
		w.settle()
		if p := w.payment(id); p.Status != want {
			t.Errorf("approved %v: the payment is %v", approve, p.Status)
		}
	}
}
