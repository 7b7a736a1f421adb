package stripe_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/httpadapter"
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

// TestEventOfUnknownPayment is row D2: an event for what is not ours is kept and tried again, and given up only after Stripe would
// have given up too.
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
	if n := len(w.kept()); n != 100 {
		t.Errorf("%d of 100 events are kept", n)
	}
	for range 6 {
		w.clock.advance(25 * time.Hour)
		_, err := w.Reconcile(t.Context())
		must(t, err)
	}
	if n := len(w.kept()); n != 0 {
		t.Errorf("%d events are kept for ever", n)
	}
	matrix.Count(t, "D2", 100)
}

// kept lists the events that are not done.
func (w *world) kept() []payments.InboxEvent {
	w.t.Helper()
	list, err := w.store.Inbox(w.t.Context(), "", w.clock.Now().Add(1000*time.Hour), 1000)
	must(w.t, err)
	return list
}

// TestEventBeforeTheRow is the other half of row D2: the event of a payment comes before its row is committed, first while the store
// cannot be reached, which Stripe is told, and then as it can. It is kept, and found with the row.
func TestEventBeforeTheRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var recs []payments.Record
	for range 100 {
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
		rec, err := w.Find(t.Context(), payments.Target{OrderID: id})
		must(t, err)
		recs = append(recs, rec)
	}
	w.rewind()
	down := w.other(invariant.AroundStore{Store: w.store, Step: func(context.Context, string, bool, error) error { return payments.ErrUnavailable }}, webhookSecret)
	sent := 0
	for _, d := range w.events {
		if d.Type != "payment_intent.succeeded" {
			continue
		}
		sent++
		header := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)}}
		if status := deliver(t, down, header, d.Body); status != http.StatusServiceUnavailable {
			t.Fatalf("an event that could not be stored is answered %d", status)
		}
		if status := deliver(t, w, header, d.Body); status != http.StatusOK {
			t.Fatalf("an event before its row is answered %d", status)
		}
	}
	if n := len(w.kept()); n != 100 || sent != 100 {
		t.Errorf("%d of %d events are kept", n, sent)
	}
	w.commit(recs...)
	w.clock.advance(time.Minute)
	_, err := w.Reconcile(t.Context())
	must(t, err)
	for id := range w.orders {
		if p := w.payment(id); p.Status != payments.StatusPaid || w.paid[id] != 1 {
			t.Fatalf("the payment is %v, and the host was told %d times", p.Status, w.paid[id])
		}
	}
	if n := len(w.kept()); n != 0 {
		t.Errorf("%d events are not done", n)
	}
	w.agree()
	matrix.Count(t, "D2", sent)
}

// deliver posts an event as Stripe does, and returns the status of the answer.
func deliver(t *testing.T, service httpadapter.WebhookService, header http.Header, body []byte) int {
	t.Helper()
	h, err := httpadapter.NewWebhook(service, nil)
	must(t, err)
	r := httptest.NewRequest(http.MethodPost, "/webhooks/stripe", bytes.NewReader(body))
	r.Header = header
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Code
}

// TestEventsAtOnce is row D3: each event arrives 64 times at once, at two instances on one store. Each payment is told once.
func TestEventsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 34 {
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
	}
	w.clock.advance(time.Second)
	instances := []*payments.Service{w.Service, w.other(w.watch, webhookSecret)}
	for _, d := range w.events {
		header := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)}}
		var senders sync.WaitGroup
		for i := range 64 {
			senders.Go(func() {
				if err := instances[i%2].Webhook(t.Context(), header, d.Body); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
	}
	w.settle()
	w.agree()
	told, err := w.Events(t.Context(), 0, 1000)
	must(t, err)
	if len(told) != len(w.orders) || len(w.kept()) != 0 {
		t.Errorf("%d changes of %d payments are told, %d events are not done", len(told), len(w.orders), len(w.kept()))
	}
	for id := range w.orders {
		if n := w.paid[id]; n != 1 {
			t.Errorf("the host was told %d times", n)
		}
	}
	matrix.Count(t, "D3", len(w.events))
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

// lives are what happens to a payment after the payer has paid it, and how it ends. Each makes six events, or seven with
// charge.succeeded, which is left out then.
var lives = []struct {
	name string
	want payments.Status
	run  func(w *world, reference string)
}{
	{"refunded", payments.StatusRefunded, func(w *world, reference string) { w.refund(reference, 500); w.refund(reference, 750) }},
	{"refunded in part", payments.StatusPartiallyRefunded, func(w *world, reference string) { w.refund(reference, 500); w.refund(reference, 1) }},
	{"refunded and disputed", payments.StatusDisputed, func(w *world, reference string) { w.refund(reference, 500); w.dispute(reference) }},
	{"dispute won", payments.StatusPaid, func(w *world, reference string) {
		must(w.t, w.server.CloseDispute(w.t.Context(), w.dispute(reference), true))
	}},
	{"dispute lost", payments.StatusRefunded, func(w *world, reference string) {
		must(w.t, w.server.CloseDispute(w.t.Context(), w.dispute(reference), false))
	}},
}

func (w *world) refund(reference string, amount int64) {
	w.t.Helper()
	must(w.t, w.server.RefundElsewhere(w.t.Context(), reference, amount))
}

func (w *world) dispute(reference string) string {
	w.t.Helper()
	id, err := w.server.OpenDispute(w.t.Context(), reference, "fraudulent")
	must(w.t, err)
	return id
}

// TestEventsInAnyOrder is row D4: six events of a payment in each of their 720 orders, for each of its lives: a refund before the
// success before the creation. All end in the same state, no status goes back on the way, and no change is told twice.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil).near()
			id := w.order()
			w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
			life.run(w, w.payment(id).Reference)
			events := w.events
			if len(events) > 6 {
				events = slices.DeleteFunc(events, func(d stripetest.Delivery) bool { return d.Type == "charge.succeeded" })
			}
			if len(events) != 6 {
				t.Fatalf("%d events", len(events))
			}
			if p := w.payment(id); p.Status != payments.StatusCreated {
				t.Fatalf("the payment is %v before any event", p.Status)
			}
			rec, err := w.Find(t.Context(), payments.Target{OrderID: id})
			must(t, err)
			orders, number := 0, 0
			permutations(len(events), func(order []int) {
				if number++; !matrix.Full() && number%24 != 1 {
					return
				}
				orders++
				w.rewind(rec)
				for _, i := range order {
					must(t, w.Webhook(t.Context(), http.Header{"Stripe-Signature": {stripetest.Sign(events[i].Body, w.clock.Now(), webhookSecret)}}, events[i].Body))
				}
				if got := w.payment(id); got.Status != life.want {
					t.Fatalf("in the order %v the payment is %v, not %v", order, got.Status, life.want)
				}
				if n := len(w.told); n != 1 || w.told[0] != life.want || len(w.watch.Violations()) > 0 {
					t.Fatalf("in the order %v the host was told %v; %v", order, w.told, w.watch.Violations())
				}
			})
			matrix.Count(t, "D4", orders)
		})
	}
}

// TestEventsLost is row D8: all events are lost for a day; Reconcile alone finds out, for 1,000 orders.
func TestEventsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil).near()
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
	matrix.Count(t, "D8", len(w.orders))
}

// rewind gives the Service a store that holds nothing but some payments as they were.
func (w *world) rewind(recs ...payments.Record) {
	w.t.Helper()
	w.store, w.told = memory.New(w.clock.Now), nil
	w.watch = invariant.Watch(w.store)
	w.Service = w.WithStore(w.watch)
	w.commit(recs...)
}

// commit writes payments as they were.
func (w *world) commit(recs ...payments.Record) {
	w.t.Helper()
	for _, rec := range recs {
		p, txs := rec.Payment, slices.Clone(rec.Transactions)
		p.ID, p.Version = 0, 0
		for i := range txs {
			txs[i].ID = 0
		}
		_, err := w.store.Apply(w.t.Context(), payments.Change{Payment: p, Transactions: txs})
		must(w.t, err)
	}
}
