package stripe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/storage/memory"
)

func (w *world) payment(id payments.OrderID) payments.Payment {
	w.t.Helper()
	p, err := w.PaymentForOrder(w.t.Context(), payments.FindRequest{OrderID: id})
	must(w.t, err)
	return p
}

// TestEventBeforeTheAnswer is row D1: each event is handed over before the answer of the call that caused it.
func TestEventBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.direct = true
	for range 100 {
		id := w.order()
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		w.clock.advance(time.Minute)
	}
	w.settle()
	w.agree()
	for id := range w.orders {
		if n := w.paid[id]; n != 1 {
			t.Fatalf("the host was told %d times", n)
		}
	}
}

// TestEventOfUnknownPayment is row D2: an event for what is not ours, or not ours yet, is kept and tried again, and given up only
// after Stripe would have given up too.
func TestEventOfUnknownPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for i := range 100 {
		body := fmt.Sprintf(`{"id":"evt_foreign%d","type":"payment_intent.succeeded","data":{"object":{"id":"pi_foreign%d","object":"payment_intent"}}}`, i, i)
		header := stripetest.Sign([]byte(body), w.clock.Now(), webhookSecret)
		for range 2 { // the same event twice is one
			must(t, w.Webhook(t.Context(), http.Header{"Stripe-Signature": {header}}, []byte(body)))
		}
	}
	waiting, err := w.store.Inbox(t.Context(), "", w.clock.Now().Add(time.Hour), 1000)
	must(t, err)
	if len(waiting) != 100 {
		t.Errorf("%d of 100 events are kept", len(waiting))
	}
	for range 6 {
		w.clock.advance(25 * time.Hour)
		_, err := w.Reconcile(t.Context())
		must(t, err)
	}
	if waiting, err = w.store.Inbox(t.Context(), "", w.clock.Now().Add(1000*time.Hour), 1000); err != nil || len(waiting) != 0 {
		t.Errorf("%d events are kept for ever, %v", len(waiting), err)
	}
}

// TestEventsAtOnce is row D3: each event arrives 64 times at once.
func TestEventsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 10 {
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
	}
	w.clock.advance(time.Second)
	w.mu.Lock()
	events := w.events
	w.mu.Unlock()
	for _, d := range events {
		header := stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)
		var senders sync.WaitGroup
		for range 64 {
			senders.Go(func() {
				if err := w.Webhook(t.Context(), http.Header{"Stripe-Signature": {header}}, d.Body); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
	}
	w.settle()
	w.agree()
	for id := range w.orders {
		if n := w.paid[id]; n != 1 {
			t.Errorf("the host was told %d times", n)
		}
	}
}

// permutations calls f with each order of n things.
func permutations(n int, f func(order []int)) {
	var rec func(taken []int, used uint)
	rec = func(taken []int, used uint) {
		if len(taken) == n {
			f(taken)
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				rec(append(taken[:len(taken):len(taken)], i), used|1<<i)
			}
		}
	}
	rec(nil, 0)
}

// TestEventsInAnyOrder is row D4: the events of a payment in each of their orders, for five flows, end in the same state.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	refund := func(w *world, id payments.OrderID) {
		must(w.t, w.server.RefundElsewhere(w.t.Context(), w.payment(id).Reference, 500))
	}
	for _, flow := range []struct {
		name string
		want payments.Status
		run  func(w *world, id payments.OrderID)
	}{
		{"paid", payments.StatusPaid, func(*world, payments.OrderID) {}},
		{"refunded in part", payments.StatusPartiallyRefunded, refund},
		{"refunded twice", payments.StatusPartiallyRefunded, func(w *world, id payments.OrderID) { refund(w, id); refund(w, id) }},
		{"disputed", payments.StatusDisputed, func(w *world, id payments.OrderID) {
			_, err := w.server.OpenDispute(w.t.Context(), w.payment(id).Reference, "fraudulent")
			must(w.t, err)
		}},
		{"dispute won", payments.StatusPaid, func(w *world, id payments.OrderID) {
			dispute, err := w.server.OpenDispute(w.t.Context(), w.payment(id).Reference, "fraudulent")
			must(w.t, err)
			must(w.t, w.server.CloseDispute(w.t.Context(), dispute, true))
		}},
	} {
		t.Run(flow.name, func(t *testing.T) {
			t.Parallel()
			orders := 0
			w := newWorld(t, nil)
			id := w.order()
			w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
			flow.run(w, id)
			events := w.events[:min(len(w.events), 6)]
			created := w.payment(id)
			if created.Status != payments.StatusCreated {
				t.Fatalf("the payment is %v before any event", created.Status)
			}
			rec, err := w.Find(t.Context(), payments.Target{OrderID: id})
			must(t, err)
			permutations(len(events), func(order []int) {
				orders++
				w.rewind(rec)
				for _, i := range order {
					must(t, w.Webhook(t.Context(), http.Header{"Stripe-Signature": {stripetest.Sign(events[i].Body, w.clock.Now(), webhookSecret)}}, events[i].Body))
				}
				if got := w.payment(id); got.Status != flow.want {
					t.Fatalf("in the order %v the payment is %v, not %v", order, got.Status, flow.want)
				}
			})
			t.Logf("%d orders of %d events", orders, len(events))
		})
	}
}

// TestEventsLost is row D8: all events are lost for a day; Reconcile alone finds out, for 1,000 orders.
func TestEventsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	must(t, w.server.ScriptWebhooks(stripetest.WebhookLost, -1))
	for range 1000 {
		w.authenticate(w.mustPay(w.order(), "", payments.StatusCreated), stripetest.AuthPass, "")
	}
	w.clock.advance(24 * time.Hour)
	_, err := w.Reconcile(t.Context())
	must(t, err)
	w.agree()
	for id := range w.orders {
		if p := w.payment(id); p.Status != payments.StatusPaid {
			t.Fatalf("an order is %v", p.Status)
		}
	}
}

// TestForgedEvents are rows D5 to D7 through the Service: forged, stale and future events change nothing and are not kept; events
// in the newest shape are hints like any other.
func TestForgedEvents(t *testing.T) {
	t.Parallel()
	for _, mode := range []stripetest.WebhookMode{stripetest.WebhookForged, stripetest.WebhookStale, stripetest.WebhookFuture} {
		w := newWorld(t, nil)
		w.direct = true
		must(t, w.server.ScriptWebhooks(mode, -1))
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
		if p := w.payment(id); p.Status != payments.StatusCreated {
			t.Errorf("%s: the payment is %v", mode, p.Status)
		}
		if kept, err := w.store.Inbox(t.Context(), "", w.clock.Now().Add(time.Hour), 10); err != nil || len(kept) != 0 {
			t.Errorf("%s: %d events are kept, %v", mode, len(kept), err)
		}
	}
	for _, version := range []string{"2017-08-15", "2024-12-18.acacia", "2025-03-31.basil"} {
		w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.WebhookVersion = version })
		w.direct = true
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
		if p := w.payment(id); p.Status != payments.StatusPaid {
			t.Errorf("%s: the payment is %v", version, p.Status)
		}
	}
}

// TestSubscriptionYear is a subscription over twelve months of virtual time, with a failing card in the fourth, a dispute in the
// sixth, lost events in the eighth and a cancellation in the eleventh: rows and emulator agree to the cent all the way.
func TestSubscriptionYear(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "2025-03-31.basil"} {
		w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.WebhookVersion = version })
		w.direct = true
		id := w.order(func(o *payments.Order) { o.Recurring = &payments.Plan{Interval: "month", Every: 1} })
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
	attached, err := w.post("/v1/payment_methods/"+method+"/attach", url.Values{"customer": {anchor.GatewayCustomer}})
	if err != nil {
		return err
	}
	_, err = w.post("/v1/subscriptions/"+anchor.Subscription, url.Values{"default_payment_method": {attached}})
	return err
}

// post makes a request of the emulator's API and returns the id of its answer.
func (w *world) post(path string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(stripetest.DefaultSecretKey, "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	var answer struct {
		ID    string
		Error struct{ Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", errors.New(answer.Error.Message)
	}
	return answer.ID, nil
}

// rewind gives the Service a store that holds nothing but one payment as it was.
func (w *world) rewind(rec payments.Record) {
	w.t.Helper()
	w.store = memory.New(w.clock.Now)
	p, txs := rec.Payment, slices.Clone(rec.Transactions)
	p.ID, p.Version = 0, 0
	for i := range txs {
		txs[i].ID = 0
	}
	_, err := w.store.Apply(w.t.Context(), payments.Change{Payment: p, Transactions: txs})
	must(w.t, err)
	w.Service = w.WithStore(w.store)
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
