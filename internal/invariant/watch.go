package invariant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// log gathers violations from several goroutines.
type log struct {
	mu    sync.Mutex
	found []Violation
}

func (l *log) broken(rule string, p payments.Payment, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = append(l.found, Violation{rule, p.OrderID, p.UID, fmt.Sprintf(format, args...)})
}

// Violations returns what was found so far.
func (l *log) Violations() []Violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.found)
}

// Watcher is a [payments.Store] that looks at each change of the one beneath it. Make it with [Watch].
type Watcher struct {
	payments.Store
	log
	received sync.Map // the gateway's events that were stored, by their ids
}

// Watch returns a store that holds I5 for each change that is written: a status moves forward, and backward only by the ways
// that docs/reliability.md lists, and what is closed or proved never changes.
func Watch(store payments.Store) *Watcher { return &Watcher{Store: store} }

// Apply writes the change and compares what was with what is.
func (w *Watcher) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	if change.Payment.UID == "" {
		p, err := w.Store.Apply(ctx, change)
		for i := range change.Inbox {
			if err == nil {
				w.received.Store(change.Inbox[i].Event.ID, true)
			}
		}
		return p, err
	}
	q := payments.Query{Namespace: change.Payment.Namespace, UID: change.Payment.UID}
	before, findErr := w.Find(ctx, q)
	p, err := w.Store.Apply(ctx, change)
	if err != nil || findErr != nil {
		return p, err
	}
	if p.Version != before.Payment.Version+1 {
		return p, err // another change came between, or this one was not compared: the versions tell
	}
	w.compare(before, p, change)
	return p, err
}

// Received reports whether the event of the gateway's was ever stored: only then may it be answered as taken.
func (w *Watcher) Received(id string) bool {
	_, ok := w.received.Load(id)
	return ok
}

// compare holds what may change.
func (w *Watcher) compare(before payments.Record, p payments.Payment, change payments.Change) {
	old := before.Payment
	if !follows(old.Status, p.Status) {
		w.broken("I5", p, "it went from %v to %v", old.Status, p.Status)
	}
	if !old.Live && p.Live {
		w.broken("I5", p, "it took its order back")
	}
	if change.Payment.Version != old.Version {
		w.broken("I5", p, "a change on version %d was written over version %d", change.Payment.Version, old.Version)
	}
	for _, tx := range change.Transactions {
		i := slices.IndexFunc(before.Transactions, func(t payments.Transaction) bool { return t.UID == tx.UID })
		if i >= 0 && !before.Transactions[i].Open() {
			w.broken("I5", p, "a closed %s was changed", tx.Kind)
		}
	}
}

// rank orders the main line.
var rank = map[payments.Status]int{
	payments.StatusCreated: 1, payments.StatusDeclined: 1, payments.StatusRequiresAction: 2, payments.StatusProcessing: 3,
	payments.StatusAuthorized: 4, payments.StatusPaid: 5, payments.StatusPartiallyRefunded: 6, payments.StatusRefunded: 7,
}

// follows reports whether a status may follow another. It is written apart from the module's own table, from the promise.
func follows(from, to payments.Status) bool {
	given := to == payments.StatusCanceled || to == payments.StatusExpired
	switch from {
	case to:
		return true
	case payments.StatusCanceled, payments.StatusExpired:
		return false
	case payments.StatusUnknown:
		return true
	case payments.StatusHeld:
		return rank[to] >= 4 || to == payments.StatusDisputed || given || to == payments.StatusUnknown
	case payments.StatusPaid, payments.StatusPartiallyRefunded, payments.StatusRefunded, payments.StatusDisputed:
		return rank[to] >= 5 || to == payments.StatusDisputed || to == payments.StatusHeld && from != payments.StatusRefunded
	default: // the first row: forward, a decline, a doubt, a hold, a dispute, or given up
		return rank[to] >= rank[from] || to == payments.StatusDeclined && from != payments.StatusAuthorized || to == payments.StatusUnknown ||
			to == payments.StatusHeld || to == payments.StatusDisputed || given
	}
}

// Guarded is a gateway that looks at each request before it is sent. Make it with [Guard].
type Guarded struct {
	*fake.Gateway
	store     payments.Store
	namespace string
	log
	prepared sync.Map // the keys under which an object was asked for
}

// Guard returns a gateway that holds I9 and I11: a request that can move money goes out only when the row that asks for it is
// stored and, for the money itself, marked as sent; and only the object that the row names is ever asked for money. (A process that
// was overtaken may make a second object, which moves no money; its reference is never stored and its secret never told.)
func Guard(gw *fake.Gateway, store payments.Store, namespace string) *Guarded {
	return &Guarded{Gateway: gw, store: store, namespace: namespace}
}

// Unwrap returns the gateway beneath.
func (g *Guarded) Unwrap() payments.Gateway { return g.Gateway }

// stored holds I9 for a request.
func (g *Guarded) stored(ctx context.Context, kind payments.Kind, uid, key, reference string) {
	rec, err := g.store.Find(ctx, payments.Query{Namespace: g.namespace, UID: uid})
	if err != nil {
		g.broken("I9", payments.Payment{UID: uid}, "a %s went out and no row is there", kind)
		return
	}
	// The id that fake.FaultWrongReference makes up is no object's: a request on it, while an event brings the true one to the row, does
	// nothing.
	if rec.Payment.Reference != reference && reference != "pi_fake_another" {
		g.broken("I11", rec.Payment, "a %s went out on object %s; the row names %s", kind, reference, rec.Payment.Reference)
	}
	for _, tx := range rec.Transactions {
		if !strings.HasPrefix(key, tx.UID+":") {
			continue
		}
		if tx.Kind == kind && (kind != payments.KindAuthorize || tx.Sent) {
			return
		}
	}
	g.broken("I9", rec.Payment, "a %s went out and its row is not stored as sent", kind)
}

// Prepare makes or changes an object: a new one only where the row names none, and under the key of a stored attempt. Of a
// process that was overtaken the attempt is closed by then.
func (g *Guarded) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	rec, err := g.store.Find(ctx, payments.Query{Namespace: g.namespace, UID: req.PaymentUID})
	i := slices.IndexFunc(rec.Transactions, func(t payments.Transaction) bool { return strings.HasPrefix(req.Key, t.UID+":") })
	switch {
	case err != nil:
		g.broken("I9", payments.Payment{UID: req.PaymentUID}, "an object was asked for and no row is there")
	case i < 0:
		g.broken("I9", rec.Payment, "an object was asked for under a key of no attempt")
	case req.Reference == "" && rec.Payment.Reference != "" && rec.Transactions[i].Open():
		if _, again := g.prepared.Load(req.Key); !again { // the same key makes the same object
			g.broken("I11", rec.Payment, "a new object was asked for; the row names %s", rec.Payment.Reference)
		}
	}
	g.prepared.Store(req.Key, true)
	return g.Gateway.Prepare(ctx, req)
}

// Confirm asks for the money.
func (g *Guarded) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	g.stored(ctx, payments.KindAuthorize, req.PaymentUID, req.Key, req.Reference)
	return g.Gateway.Confirm(ctx, req)
}

// Authorize makes an object and asks for the money.
func (g *Guarded) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	g.stored(ctx, payments.KindAuthorize, req.PaymentUID, req.Key, "")
	return g.Gateway.Authorize(ctx, req)
}

// Capture takes reserved money.
func (g *Guarded) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	g.stored(ctx, payments.KindCapture, req.PaymentUID, req.Key, req.Reference)
	return g.Gateway.Capture(ctx, req)
}

// Void cancels.
func (g *Guarded) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	g.stored(ctx, payments.KindVoid, req.PaymentUID, req.Key, req.Reference)
	return g.Gateway.Void(ctx, req)
}

// Refund gives money back.
func (g *Guarded) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	g.stored(ctx, payments.KindRefund, req.PaymentUID, req.Key, req.Reference)
	return g.Gateway.Refund(ctx, req)
}
