package storage

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

// inbox inserts the gateway's events that are not known yet, and changes those that have an ID. What is known already is left
// as it is, with the id 0, and so is what is done. MySQL cannot skip a row and tell: there it is looked up before, and who loses a race for it is
// refused, rolled back, and finds it at the next try.
func (w *write) inbox(ctx context.Context, tx session) error {
	for i := range w.change.Inbox {
		e := &w.change.Inbox[i]
		if e.ID != 0 {
			if err := w.reckon(ctx, tx, e); err != nil {
				return err
			}
			continue
		}
		id, err := w.receive(ctx, tx, e)
		if err != nil {
			return err
		}
		w.ids = append(w.ids, id)
	}
	return nil
}

// reckon changes one event, unless it is done: who read it before it was must not open it again.
func (w *write) reckon(ctx context.Context, tx session, e *payments.InboxEvent) error {
	changed, err := tx.changed(ctx, w.core.sql.updateInbox, append(w.d.inboxMutableArgs(e), e.ID, e.Namespace)...)
	if changed || err != nil {
		return err
	}
	var id int64
	there, err := tx.one(ctx, []any{&id}, w.core.sql.thereInbox, e.ID, e.Namespace)
	if err == nil && !there {
		return errStale
	}
	return err
}

// receive inserts one event and returns its id, 0 when it is known already.
func (w *write) receive(ctx context.Context, tx session, e *payments.InboxEvent) (id int64, err error) {
	if w.d.returning {
		_, err = tx.one(ctx, []any{&id}, w.core.sql.insertInbox, w.d.inboxArgs(e)...)
		return id, err
	}
	var known int64
	found, err := tx.one(ctx, []any{&known}, w.core.sql.knownInbox, e.Namespace, e.Gateway, e.Event.Account, e.Event.ID)
	if found || err != nil {
		return 0, err
	}
	return tx.inserted(ctx, w.core.sql.insertInbox, w.d.inboxArgs(e)...)
}

// Inbox returns the gateway's events that are not done and due, the longest due first. One without DueAt is never due.
func (s *Store) Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) ([]payments.InboxEvent, error) {
	var list []payments.InboxEvent
	err := s.read(ctx, "store.inbox", func(s *Store) error {
		return s.query(ctx, collect(&list, scanInbox), s.core.sql.selectInbox, namespace, s.d.time(cut(dueBefore)), max(limit, 1))
	})
	return list, err
}
