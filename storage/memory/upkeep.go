package memory

import (
	"context"
	"slices"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// Hasten makes every payment in doubt due, as payments.Store says.
func (s *Store) Hasten(ctx context.Context, namespace string, due time.Time) (n int64, err error) {
	err = s.with(ctx, func(st *state) error {
		due, now := normal.Time(due), normal.Time(s.clock())
		for _, p := range st.payments {
			if p.Namespace != namespace || !p.DueAt.IsZero() && !p.DueAt.After(due) || p.LeaseUntil.After(now) || !st.doubted(p) {
				continue
			}
			old := p.DueAt
			st.undone(func() { p.DueAt = old })
			p.DueAt = due
			n++
		}
		s.kept(ctx, st)
		return nil
	})
	return n, err
}

// doubted reports whether the outcome of something on the payment is not known.
func (st *state) doubted(p *payments.Payment) bool {
	return p.Status == payments.StatusUnknown ||
		slices.ContainsFunc(st.transactions[p.UID], func(t *payments.Transaction) bool { return t.ClosedAt.IsZero() })
}

// kept forgets how to undo what belongs to no change.
func (s *Store) kept(ctx context.Context, st *state) {
	if ctx.Value(hookKey{s}) == nil {
		st.undo = nil
	}
}

// Prune deletes what is of no use any more, as payments.Store says.
func (s *Store) Prune(ctx context.Context, req payments.PruneRequest) (n int64, err error) {
	err = s.with(ctx, func(st *state) error {
		n = st.pruneKeys(req) + st.pruneInbox(req)
		s.kept(ctx, st)
		return nil
	})
	return n, err
}

func (st *state) pruneKeys(req payments.PruneRequest) (n int64) {
	for id, k := range st.keys {
		if id.Namespace != req.Namespace || k.ExpiresAt.IsZero() || !k.ExpiresAt.Before(req.KeysExpired) || n == int64(max(req.Limit, 1)) {
			continue
		}
		st.undone(func() { st.keys[id] = k })
		delete(st.keys, id)
		n++
	}
	return n
}

// pruneInbox leaves an empty row, for the place of a row is its ID.
func (st *state) pruneInbox(req payments.PruneRequest) (n int64) {
	for _, e := range st.inbox {
		if e.Namespace != req.Namespace || e.ID == 0 || e.DoneAt.IsZero() || !e.DoneAt.Before(req.InboxDone) || n == int64(max(req.Limit, 1)) {
			continue
		}
		old, name := *e, received{e.Namespace, e.Gateway, e.Event.Account, e.Event.ID}
		st.undone(func() { *e, st.known[name] = old, true })
		*e = payments.InboxEvent{}
		delete(st.known, name)
		n++
	}
	return n
}
