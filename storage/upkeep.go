package storage

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

// Hasten makes every payment in doubt due, as payments.Store says.
func (s *Store) Hasten(ctx context.Context, namespace string, due time.Time) (n int64, err error) {
	err = s.upkeep(ctx, "store.hasten", func(s *Store) error {
		at := s.d.time(cut(due))
		args := append([]any{at, namespace, at, payments.StatusUnknown}, s.core.nowArgs(s.d)...)
		n, err = s.affected(ctx, s.core.sql.hasten, args...)
		return err
	})
	return n, err
}

// Prune deletes what is of no use any more, as payments.Store says.
func (s *Store) Prune(ctx context.Context, req payments.PruneRequest) (n int64, err error) {
	err = s.upkeep(ctx, "store.prune", func(s *Store) error {
		keys, err := s.affected(ctx, s.core.sql.pruneKeys, req.Namespace, s.d.time(cut(req.KeysExpired)), max(req.Limit, 1))
		if err != nil {
			return err
		}
		events, err := s.affected(ctx, s.core.sql.pruneInbox, req.Namespace, s.d.time(cut(req.InboxDone)), max(req.Limit, 1))
		n = keys + events
		return err
	})
	return n, err
}

// upkeep runs statements that need no transaction, again while the database asks for it.
func (s *Store) upkeep(ctx context.Context, op string, work func(s *Store) error) error {
	return s.read(ctx, op, func(s *Store) error {
		leave, err := (&write{Store: s}).enterUnbound(ctx)
		if err != nil {
			return err
		}
		defer leave()
		return work(s)
	})
}

func (s *Store) affected(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := s.exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// upkeep builds the texts of Hasten and Prune.
func (s *statements) upkeep(d dialect, t tables, now string) {
	s.hasten = "UPDATE " + t.payments + " SET due_at = ? WHERE namespace = ? AND (due_at IS NULL OR due_at > ?) AND (status = ? OR EXISTS (SELECT 1 FROM " +
		t.transactions + " o WHERE o.payment_uid = " + t.payments + ".uid AND o.closed_at IS NULL)) AND (lease_until IS NULL OR lease_until <= " + now + ")"
	s.pruneKeys = d.deleteSome(t.keys, "namespace = ? AND expires_at < ?")
	s.pruneInbox = d.deleteSome(t.inbox, "namespace = ? AND done_at < ?")
}

// deleteSome returns a DELETE of a limited number of rows.
func (d dialect) deleteSome(table, where string) string {
	some := " FROM " + table + " WHERE " + where + " LIMIT ?"
	switch d.name {
	case PostgreSQL:
		return "DELETE FROM " + table + " WHERE ctid IN (SELECT ctid" + some + ")"
	case SQLite:
		return "DELETE FROM " + table + " WHERE rowid IN (SELECT rowid" + some + ")"
	default:
		return "DELETE" + some
	}
}
