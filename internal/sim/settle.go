package sim

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
)

func violation(rule, detail string) invariant.Violation {
	return invariant.Violation{Rule: rule, Detail: detail}
}

// maxDrain bounds the steps that the calls under way need to end.
const maxDrain = 100_000

// settle ends the faults, lets what is under way end, and time pass: doubts must end within the horizon, and in the end rows
// and books agree.
func (w *world) settle() {
	w.calm = true
	w.note("the faults end")
	w.gw.ClearFaults()
	for _, n := range w.nodes {
		n.skew = 0
	}
	for i := 0; w.run(); i++ {
		if w.look(); i > maxDrain {
			w.err = errStuck
			return
		}
	}
	lateAt := w.rng.IntN(3)
	for i, d := range []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 5 * time.Minute, 65 * time.Minute,
		time.Minute, 5 * time.Minute, 24 * time.Hour, 25 * time.Hour, 25 * time.Hour, 25 * time.Hour} {
		w.arrive(d)
		w.now = w.now.Add(d)
		_ = w.gw.Tick(context.Background())
		if i == lateAt {
			_, _ = w.gw.DeliverLate(context.Background())
		}
		w.endReviews()
		w.rest()
		if !w.reconcile() {
			return
		}
		w.dirty = true
		w.look()
		// A clock that was ahead has made things due so much later: by five minutes, or by an hour.
		if i == 2 && w.ahead <= 0 || i == 3 && w.ahead <= 5*time.Minute || i == 7 {
			w.horizon()
		}
		if len(w.found) > 0 {
			return
		}
	}
	w.found = append(w.found, w.check(invariant.Settled)...)
	w.hooksTold()
	if len(w.found) == 0 && !w.cfg.Features.NoMonths {
		w.latePayers()
	}
}

// reconcile runs Reconcile in every process, as Run does: each knows by itself whether the gateway was away, and hears now that it
// answers.
func (w *world) reconcile() bool {
	first := w.rng.IntN(len(w.nodes))
	for i := range w.nodes {
		svc := w.nodes[(first+i)%len(w.nodes)].svc
		_, w.err = svc.Audit(context.Background(), w.now, w.now)
		if w.err == nil {
			_, w.err = svc.Reconcile(context.Background())
		}
		if w.err != nil {
			return false
		}
	}
	return true
}

// horizon holds I4: 16 minutes after the faults have ended nothing is in doubt, where no clock was ahead.
func (w *world) horizon() {
	for _, v := range w.check(invariant.Settled) {
		if v.Rule == "I4" {
			w.found = append(w.found, v)
		}
	}
}

// endReviews ends what waits for the bank or for the gateway's reviewers.
func (w *world) endReviews() {
	ctx := context.Background()
	for _, c := range w.gw.Charges() {
		good := w.rng.IntN(2) == 0
		_ = w.gw.Settle(ctx, c.Reference, good)
		_ = w.gw.CloseReview(ctx, c.Reference, good)
	}
}

// rest delivers some of the events that are left.
func (w *world) rest() {
	w.hear()
	for _, e := range w.events {
		if losable(e) && (w.cfg.Features.NoEvents || w.rng.IntN(2) == 0) {
			continue
		}
		w.figures.Events++
		header := http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.now)}}
		if err := w.nodes[0].svc.Webhook(context.Background(), header, e.Body); err != nil && !errors.Is(err, payments.ErrPaymentNotFound) {
			w.found = append(w.found, violation("I8", "an event was refused: "+err.Error()))
		}
	}
	w.events = nil
}

// hooksTold holds I8: the hook saw every event of the outbox.
func (w *world) hooksTold() {
	for after := int64(0); ; {
		list, err := w.reader.Events(context.Background(), after, 1000)
		if err != nil {
			w.err = err
			return
		}
		for _, e := range list {
			after = e.ID
			if o := w.byID[e.OrderID]; !o.told[e.UID] {
				w.broken("I8", e.OrderID, "the hook never saw event "+e.Type)
			}
		}
		if len(list) < 1000 {
			return
		}
	}
}
