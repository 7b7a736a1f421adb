package storage

import (
	"context"
	"errors"
	"strconv"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// maxDoubts is how often Apply tries again when the database refused a row and no other row is found that has its value:
// whoever had it let it go in between.
const maxDoubts = 3

// Apply writes one state change, as payments.Store says. It gives the rows that it inserted their IDs in the slices of the
// change that it was given, so that the caller can name them in its next change.
func (s *Store) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	const op = "store.apply"
	normalized, err := normal.Change(change)
	if err != nil {
		return payments.Payment{}, err
	}
	s = s.in(ctx)
	if err := s.ready(ctx); err != nil {
		return payments.Payment{}, s.failure(op, err)
	}
	var w *write
	doubts := 0
	err = retry(ctx, func() (bool, error) {
		w = &write{Store: s, change: normalized}
		err := w.run(ctx)
		switch {
		case err == nil, errors.Is(err, errStale), s.bound && !w.refused:
			return false, err
		case s.d.judge(err) == again:
			return !s.bound, err
		case w.refused && ctx.Err() == nil:
			// Whatever the error says: if another row has the value, the row is taken.
			if taken, found := s.taken(ctx, &normalized); found == nil && taken {
				return false, errStale
			}
			doubts++
			return !s.bound && doubts < maxDoubts && s.d.judge(err) == permanent, err
		default:
			return false, err
		}
	})
	if err != nil {
		var hook *hookError
		if errors.As(err, &hook) {
			return payments.Payment{}, payments.NewError(payments.Error{Op: op, Code: payments.ErrHook,
				Outcome: payments.OutcomeNotApplied}, hook.cause)
		}
		return payments.Payment{}, s.failure(op, err)
	}
	w.fill(change)
	return w.change.Payment, nil
}

// write is one try to apply a change.
type write struct {
	*Store
	change payments.Change
	// ids are the IDs of the inserted rows, in the order of writing.
	ids []int64
	// refused tells that the database refused one of our own statements, not the hook's or the commit.
	refused bool
}

// run opens a transaction, or a savepoint in the host's, writes, calls the hook and commits. Whatever happens, a panic or the
// end of the goroutine in the hook included, nothing stays open.
func (w *write) run(ctx context.Context) (err error) {
	if w.bound {
		return w.runBound(ctx)
	}
	leave, err := w.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	tx, err := w.begin(ctx, nil)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			tx.rollback()
		}
	}()
	if err := w.all(ctx, tx); err != nil {
		return err
	}
	committed = true
	return tx.commit()
}

// runBound is run inside the host's transaction.
func (w *write) runBound(ctx context.Context) error {
	name := "payments_apply_" + strconv.Itoa(int(w.core.savepoints.Add(1)%1000))
	if _, err := w.pool.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_, _ = w.pool.ExecContext(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT "+name)
		}
	}()
	if err := w.all(ctx, w.session); err != nil {
		return err
	}
	done = true
	return nil
}

// enter waits for one's turn to write.
func (w *write) enter(ctx context.Context) (leave func(), err error) {
	if w.core.writer == nil {
		return func() {}, nil
	}
	select {
	case w.core.writer <- struct{}{}:
		return func() { <-w.core.writer }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// all writes the rows and calls the hook.
func (w *write) all(ctx context.Context, tx session) error {
	w.refused = true
	for _, step := range []func(context.Context, session) error{w.payment, w.transactions, w.refunds, w.key, w.breaks, w.inbox, w.events} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	w.refused = false
	if w.change.Hook == nil {
		return nil
	}
	return w.hook(ctx, tx)
}

// fill gives the inserted rows their IDs, in the caller's slices.
func (w *write) fill(given payments.Change) {
	next := func(id *int64) {
		if *id == 0 {
			*id, w.ids = w.ids[0], w.ids[1:]
		}
	}
	for i := range given.Transactions {
		next(&given.Transactions[i].ID)
	}
	for i := range given.Refunds {
		next(&given.Refunds[i].ID)
	}
	for i := range given.Breaks {
		next(&given.Breaks[i].ID)
	}
	for i := range given.Inbox {
		next(&given.Inbox[i].ID)
	}
	for i := range given.Events {
		given.Events[i].ID, w.ids = w.ids[0], w.ids[1:]
	}
}
