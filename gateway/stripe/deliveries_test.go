package stripe_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
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
	matrix.Count(t, "D1", len(w.orders))
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
	w.watch = invariant.Watch(w.store)
	w.Service = w.WithStore(w.watch)
}
