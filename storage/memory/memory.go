// Package memory is a payments.Store without a database, for tests and for trying the module out: nothing survives the
// process. It has the semantics of package storage, which storage/storetest checks of both.
package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// Store keeps everything in memory. It is safe for concurrent use: one change at a time, as a whole or not at all.
type Store struct {
	clock func() time.Time
	// turn is held by who reads or writes; a channel, so that waiting ends with the context.
	turn  chan struct{}
	state *state
}

var _ payments.Store = (*Store)(nil)

// New returns an empty store that judges leases by the clock; nil is time.Now.
func New(clock func() time.Time) *Store {
	if clock == nil {
		clock = time.Now //nolint:forbidigo // this is the clock
	}
	return &Store{clock: clock, turn: make(chan struct{}, 1), state: newState()}
}

// hookKey marks the context of a hook of one store: what the hook reads and writes through the store is part of the change.
type hookKey struct{ store *Store }

// with runs work on the state, alone, or within the change whose hook ctx belongs to.
func (s *Store) with(ctx context.Context, work func(st *state) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	if ctx.Value(hookKey{s}) != nil {
		return work(s.state)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		return work(s.state)
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

// Apply writes one state change, as payments.Store says. The rows that are inserted get their IDs in the slices of the change
// that it was given.
func (s *Store) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	c, err := normal.Change(change)
	if err != nil {
		return payments.Payment{}, err
	}
	err = s.with(ctx, func(st *state) (err error) {
		mark, done := len(st.undo), false
		defer func() {
			if !done {
				st.rollback(mark)
			}
			if ctx.Value(hookKey{s}) == nil {
				st.undo = nil
			}
		}()
		if !st.apply(&c, normal.Time(s.clock())) {
			return stale()
		}
		if c.Hook != nil {
			if err := call(context.WithValue(ctx, hookKey{s}, true), c.Hook); err != nil {
				return payments.NewError(payments.Error{Op: "store.apply", Code: payments.ErrHook,
					Outcome: payments.OutcomeNotApplied}, err)
			}
		}
		if err := ctx.Err(); err != nil {
			return unavailable(err)
		}
		done = true
		return nil
	})
	if err != nil {
		return payments.Payment{}, err
	}
	fill(change, c)
	return c.Payment, nil
}

// fill gives the inserted rows their IDs, in the caller's slices.
func fill(given, stored payments.Change) {
	for i := range given.Transactions {
		given.Transactions[i].ID = stored.Transactions[i].ID
	}
	for i := range given.Refunds {
		given.Refunds[i].ID = stored.Refunds[i].ID
	}
	for i := range given.Events {
		given.Events[i].ID = stored.Events[i].ID
	}
	for i := range given.Inbox {
		given.Inbox[i].ID = stored.Inbox[i].ID
	}
	for i := range given.Breaks {
		given.Breaks[i].ID = stored.Breaks[i].ID
	}
}

// call runs the hook and makes an error of its panic.
func call(ctx context.Context, hook func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			cause, ok := v.(error)
			if !ok {
				cause = fmt.Errorf("panic: %v", v)
			}
			err = fmt.Errorf("memory: the hook panicked: %w", cause)
		}
	}()
	return hook(ctx)
}

// Find returns one payment with its transactions and refunds.
func (s *Store) Find(ctx context.Context, q payments.Query) (rec payments.Record, err error) {
	err = s.with(ctx, func(st *state) error {
		p := st.find(q)
		if p == nil {
			return notFound("store.find")
		}
		rec.Payment = *p
		for _, t := range st.transactions[p.UID] {
			rec.Transactions = append(rec.Transactions, *t)
		}
		for _, r := range st.refunds[p.UID] {
			rec.Refunds = append(rec.Refunds, r.Refund)
		}
		return nil
	})
	return rec, err
}

// List returns the payments that match, the newest first.
func (s *Store) List(ctx context.Context, f payments.Filter) (list []payments.Payment, err error) {
	err = s.with(ctx, func(st *state) error {
		for _, p := range slices.Backward(st.payments) {
			if matches(f, p) {
				if list = append(list, *p); len(list) == max(f.Limit, 1) {
					break
				}
			}
		}
		return nil
	})
	return list, err
}

// matches reports whether a filter selects the payment.
func matches(f payments.Filter, p *payments.Payment) bool {
	return p.Namespace == f.Namespace &&
		(len(f.OrderIDs) == 0 || slices.Contains(f.OrderIDs, p.OrderID)) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, p.Status)) &&
		(f.AgentID == 0 || f.AgentID == p.AgentID) &&
		(f.CustomerID == 0 || f.CustomerID == p.CustomerID) &&
		(f.Gateway == "" || f.Gateway == p.Gateway) &&
		(f.CreatedFrom.IsZero() || !p.CreatedAt.Before(f.CreatedFrom)) &&
		(f.CreatedBefore.IsZero() || p.CreatedAt.Before(f.CreatedBefore)) &&
		(f.BeforeID == 0 || p.ID < f.BeforeID)
}

// Lease hands payments to one owner for a while, as payments.Store says.
func (s *Store) Lease(ctx context.Context, req payments.LeaseRequest) (list []payments.Payment, err error) {
	if !normal.Comparable(req.Owner, 255) || req.Owner == "" || req.For <= 0 {
		return nil, normal.Invalid("LeaseRequest", "a lease needs an owner and a duration")
	}
	err = s.with(ctx, func(st *state) error {
		now := normal.Time(s.clock())
		for _, p := range st.leasable(req, now) {
			old := *p
			st.undone(func() { *p = old })
			p.LeaseOwner, p.LeaseUntil = req.Owner, normal.Time(now.Add(req.For))
			p.Version++
			list = append(list, *p)
		}
		s.kept(ctx, st)
		return nil
	})
	return list, err
}

// FindKey returns an idempotency record.
func (s *Store) FindKey(ctx context.Context, id payments.KeyID) (k payments.KeyRecord, err error) {
	err = s.with(ctx, func(st *state) error {
		found, ok := st.keys[id]
		if !ok {
			return notFound("store.find_key")
		}
		k = normal.Key(*found)
		return nil
	})
	return k, err
}

// FindRefund returns the refund with the caller's key.
func (s *Store) FindRefund(ctx context.Context, namespace, key string) (r payments.Refund, err error) {
	err = s.with(ctx, func(st *state) error {
		found, ok := st.refundKeys[[2]string{namespace, key}]
		if !ok {
			return notFound("store.find_refund")
		}
		r = found.Refund
		return nil
	})
	return r, err
}

// Events returns the outbox after an ID, at most limit events.
func (s *Store) Events(ctx context.Context, namespace string, afterID int64, limit int) (list []payments.Event, err error) {
	err = s.with(ctx, func(st *state) error {
		list = after(st.events, limit, func(e *payments.Event) bool { return e.Namespace == namespace && e.ID > afterID })
		return nil
	})
	return list, err
}

// Breaks returns the breaks after an ID, at most limit breaks.
func (s *Store) Breaks(ctx context.Context, namespace string, afterID int64, limit int) (list []payments.Break, err error) {
	err = s.with(ctx, func(st *state) error {
		list = after(st.breaks, limit, func(b *payments.Break) bool { return b.Namespace == namespace && b.ID > afterID })
		return nil
	})
	return list, err
}

// Inbox returns the gateway's events that are not done and due, the longest due first. One without DueAt is never due.
func (s *Store) Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) (list []payments.InboxEvent, err error) {
	err = s.with(ctx, func(st *state) error {
		list = after(st.inbox, len(st.inbox), func(e *payments.InboxEvent) bool {
			return e.Namespace == namespace && e.DoneAt.IsZero() && !e.DueAt.IsZero() && !e.DueAt.After(dueBefore)
		})
		slices.SortStableFunc(list, func(a, b payments.InboxEvent) int { return a.DueAt.Compare(b.DueAt) })
		list = list[:min(len(list), max(limit, 1))]
		return nil
	})
	return list, err
}

// after returns copies of the first rows that match, in their order.
func after[T any](rows []*T, limit int, match func(*T) bool) (list []T) {
	for _, row := range rows {
		if match(row) {
			if list = append(list, *row); len(list) == max(limit, 1) {
				break
			}
		}
	}
	return list
}

func stale() error {
	return &payments.Error{Op: "store.apply", Code: payments.ErrStale, Outcome: payments.OutcomeNotApplied}
}

func notFound(op string) error {
	return &payments.Error{Op: op, Code: payments.ErrPaymentNotFound, Outcome: payments.OutcomeNotApplied}
}

func unavailable(cause error) error {
	return payments.NewError(payments.Error{Op: "store", Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}, cause)
}
