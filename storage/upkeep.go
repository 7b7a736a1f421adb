package storage

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"github.com/trendsic/payments"
)

// hastenBatch is how many payments one statement of Hasten makes due: it holds their locks, and SQLite's one writer, no longer.
const hastenBatch = 50

// Hasten makes every payment in doubt due, as payments.Store says. What is in doubt is little and what is settled is a lot, so
// the doubts are looked up first, without a lock, and then made due some at a time; each of these statements judges again what
// it changes, for a doubt may have ended in between. How many were made due is counted over all tries.
func (s *Store) Hasten(ctx context.Context, namespace string, due time.Time) (n int64, err error) {
	const op = "store.hasten"
	var doubts []string
	err = s.read(ctx, op, func(s *Store) error {
		uid := func(rows *sql.Rows) (uid string, err error) {
			err = rows.Scan(&uid)
			return uid, err
		}
		return s.query(ctx, collect(&doubts, uid), s.core.sql.doubts, namespace, namespace)
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(doubts) // A payment may be in doubt for both reasons.
	for some := range slices.Chunk(slices.Compact(doubts), hastenBatch) {
		err = s.upkeep(ctx, op, func(s *Store) error {
			due, err := s.affected(ctx, s.core.sql.hasten, s.hastenArgs(namespace, due, some)...)
			n += due
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// hastenArgs are the arguments of one statement of Hasten. Where there are fewer payments than it has places, the last one is
// named again, so that its text is always the same.
func (s *Store) hastenArgs(namespace string, due time.Time, some []string) []any {
	at := s.d.time(cut(due))
	args := []any{at}
	for i := range hastenBatch {
		args = append(args, some[min(i, len(some)-1)])
	}
	return slices.Concat(args, []any{namespace, at}, s.core.nowArgs(s.d))
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
	// Not UNION: SQLite would read both tables in the order of the references to make each one.
	unknown := "status = " + strconv.Itoa(int(payments.StatusUnknown))
	s.doubts = "SELECT uid FROM " + d.by(t.payments, "status_idx") + " WHERE namespace = ? AND " + unknown +
		" UNION ALL SELECT payment_uid FROM " + t.transactions + " WHERE namespace = ? AND closed_at IS NULL"
	s.hasten = "UPDATE " + d.by(t.payments, "uid_idx") + " SET due_at = ? WHERE uid IN (" + marks(hastenBatch) + ") AND namespace = ?" +
		" AND (due_at IS NULL OR due_at > ?) AND (" + unknown + " OR EXISTS (SELECT 1 FROM " + t.transactions + " o WHERE o.payment_uid = " +
		t.payments + ".uid AND o.closed_at IS NULL)) AND (lease_until IS NULL OR lease_until <= " + now + ")"
	s.pruneKeys = d.deleteSome(t.keys, "namespace = ? AND expires_at < ?")
	s.pruneInbox = d.deleteSome(t.inbox, "namespace = ? AND done_at < ?")
}

// by names a table with the index by which a statement must find its rows. A planner that knows only how many rows an index has for
// a value on average, or nothing, may read the table instead, and MySQL locks all that it looks at.
func (d dialect) by(table, index string) string {
	switch d.name {
	case MySQL:
		return table + " FORCE INDEX (" + index + ")"
	case SQLite:
		return table + " INDEXED BY " + table + "_" + index
	default:
		return table
	}
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
