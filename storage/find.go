package storage

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// read runs work on the session of ctx, again while the database asks for it, and makes the module's errors.
func (s *Store) read(ctx context.Context, op string, work func(s *Store) error) error {
	s = s.in(ctx)
	err := s.ready(ctx)
	if err == nil {
		err = s.retried(ctx, func() error { return work(s) })
	}
	if errors.Is(err, payments.ErrPaymentNotFound) {
		return err
	}
	return s.failure(op, err)
}

// collect returns a function that appends what scan reads of each row.
func collect[T any](to *[]T, scan func(*sql.Rows) (T, error)) func(*sql.Rows) error {
	*to = nil
	return func(rows *sql.Rows) error {
		row, err := scan(rows)
		if err == nil {
			*to = append(*to, row)
		}
		return err
	}
}

// Find returns one payment with its transactions and refunds. They are read one after the other, so that a change that is
// written meanwhile may show in the later ones; a compare-and-swap on the payment's version tells.
func (s *Store) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	const op = "store.find"
	where, args, ok := match(q)
	if !ok {
		return payments.Record{}, notFound(op)
	}
	query := s.core.sql.selectPayment + where
	var rec payments.Record
	err := s.read(ctx, op, func(s *Store) error {
		var found []payments.Payment
		if err := s.query(ctx, collect(&found, scanPayment), query, args...); err != nil {
			return err
		}
		if len(found) == 0 {
			return notFound(op)
		}
		rec.Payment = found[0]
		if err := s.query(ctx, collect(&rec.Transactions, scanTransaction), s.core.sql.selectTransactions, rec.Payment.UID); err != nil {
			return err
		}
		return s.query(ctx, collect(&rec.Refunds, scanRefund), s.core.sql.selectRefunds, rec.Payment.UID)
	})
	if err != nil {
		return payments.Record{}, err
	}
	return rec, nil
}

// best prefers the live payment, and then the newest.
const best = " ORDER BY CASE WHEN live_order IS NULL THEN 1 ELSE 0 END, id DESC LIMIT 1"

// match returns the condition and the order of a query. A query that names nothing, or a text that no row can hold, finds nothing.
func match(q payments.Query) (where string, args []any, ok bool) {
	for _, text := range []string{q.Namespace, q.UID, q.Gateway, q.Reference, q.Subscription} {
		if !normal.Comparable(text, len(text)) {
			return "", nil, false
		}
	}
	switch {
	case q.UID != "":
		return " AND uid = ?" + best, []any{q.Namespace, q.UID}, true
	case !q.OrderID.IsZero():
		return " AND order_id = ?" + best, []any{q.Namespace, q.OrderID.String()}, true
	case q.Reference != "":
		return " AND gateway = ? AND reference = ?" + best, []any{q.Namespace, q.Gateway, q.Reference}, true
	case q.Subscription != "":
		return " AND gateway = ? AND subscription = ? ORDER BY id LIMIT 1", []any{q.Namespace, q.Gateway, q.Subscription}, true
	default:
		return "", nil, false
	}
}

// List returns the payments that match, the newest first.
func (s *Store) List(ctx context.Context, f payments.Filter) ([]payments.Payment, error) {
	if !normal.Comparable(f.Namespace, len(f.Namespace)) || !normal.Comparable(f.Gateway, len(f.Gateway)) {
		return nil, nil
	}
	query, args := s.filter(f)
	var list []payments.Payment
	err := s.read(ctx, "store.list", func(s *Store) error {
		return s.queryOnce(ctx, collect(&list, scanPayment), query, args...)
	})
	return list, err
}

// filter returns the query of a filter.
func (s *Store) filter(f payments.Filter) (string, []any) {
	var b strings.Builder
	b.WriteString(s.core.sql.selectPayment)
	args := []any{f.Namespace}
	and := func(condition string, arg ...any) {
		b.WriteString(" AND " + condition)
		args = append(args, arg...)
	}
	if len(f.OrderIDs) > 0 {
		ids := make([]any, len(f.OrderIDs))
		for i, id := range f.OrderIDs {
			ids[i] = id.String()
		}
		and("order_id IN ("+marks(len(ids))+")", ids...)
	}
	if len(f.Statuses) > 0 {
		statuses := make([]any, len(f.Statuses))
		for i, status := range f.Statuses {
			statuses[i] = int64(status)
		}
		and("status IN ("+marks(len(statuses))+")", statuses...)
	}
	if f.AgentID != 0 {
		and("agent_id = ?", f.AgentID)
	}
	if f.CustomerID != 0 {
		and("customer_id = ?", f.CustomerID)
	}
	if f.Gateway != "" {
		and("gateway = ?", f.Gateway)
	}
	if !f.CreatedFrom.IsZero() {
		and("created_at >= ?", s.d.time(ceil(f.CreatedFrom)))
	}
	if !f.CreatedBefore.IsZero() {
		and("created_at < ?", s.d.time(ceil(f.CreatedBefore)))
	}
	if f.BeforeID != 0 {
		and("id < ?", f.BeforeID)
	}
	b.WriteString(" ORDER BY id DESC LIMIT ?")
	return b.String(), append(args, max(f.Limit, 1))
}

// ceil returns the first microsecond that is not before t: compared with stored times it means the same as t.
func ceil(t time.Time) time.Time {
	if down := cut(t); down.Before(t) {
		return down.Add(time.Microsecond)
	}
	return cut(t)
}

// FindKey returns an idempotency record.
func (s *Store) FindKey(ctx context.Context, id payments.KeyID) (payments.KeyRecord, error) {
	return oneOf(ctx, s, "store.find_key", scanKey, s.core.sql.selectKey, id.Namespace, id.Principal, id.Verb, id.Key)
}

// FindRefund returns the refund with the caller's key.
func (s *Store) FindRefund(ctx context.Context, namespace, key string) (payments.Refund, error) {
	return oneOf(ctx, s, "store.find_refund", scanRefund, s.core.sql.selectRefundByKey, namespace, key)
}

// oneOf reads one row, or answers ErrPaymentNotFound. A text that no row can hold finds nothing: PostgreSQL would refuse it.
func oneOf[T any](ctx context.Context, s *Store, op string, scan func(*sql.Rows) (T, error), query string, texts ...string) (T, error) {
	var none T
	args := make([]any, len(texts))
	for i, text := range texts {
		if !normal.Comparable(text, len(text)) {
			return none, notFound(op)
		}
		args[i] = text
	}
	var found []T
	err := s.read(ctx, op, func(s *Store) error { return s.query(ctx, collect(&found, scan), query, args...) })
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, notFound(op)
	default:
		return found[0], nil
	}
}

// Breaks returns the breaks after an ID.
func (s *Store) Breaks(ctx context.Context, namespace string, afterID int64, limit int) ([]payments.Break, error) {
	var list []payments.Break
	err := s.read(ctx, "store.breaks", func(s *Store) error {
		return s.query(ctx, collect(&list, scanBreak), s.core.sql.selectBreaks, namespace, afterID, max(limit, 1))
	})
	return list, err
}
