package storage

import (
	"context"
	"database/sql"
	"time"

	"github.com/trendsic/payments"
)

// payment inserts or changes the payment, and reads what the database gave it.
func (w *write) payment(ctx context.Context, tx session) error {
	p := &w.change.Payment
	if p.UID == "" {
		return nil
	}
	p.LeaseOwner, p.LeaseUntil = "", time.Time{}
	if w.change.Lease > 0 {
		p.LeaseOwner = w.change.LeaseOwner
	}
	later := w.core.laterArg(w.d, w.change.Lease)
	var found bool
	var err error
	head := []any{&p.ID, instant{&p.LeaseUntil}}
	if p.Version == 0 {
		args := append(w.d.paymentArgs(p), liveOrder(*p), p.LeaseOwner, later)
		if w.d.returning {
			found, err = tx.one(ctx, head, w.core.sql.insertPayment, args...)
		} else {
			p.ID, err = tx.inserted(ctx, w.core.sql.insertPayment, args...)
			found = err == nil
		}
	} else {
		args := append(w.d.paymentMutableArgs(p), p.Live, p.LeaseOwner, later, p.UID, p.Namespace, p.Version)
		if w.d.returning {
			found, err = tx.one(ctx, head, w.core.sql.updatePayment, args...)
		} else {
			found, err = tx.changed(ctx, w.core.sql.updatePayment, args...)
		}
	}
	switch {
	case err != nil:
		return err
	case !found:
		return errStale
	}
	p.Version++
	if w.d.returning {
		return nil
	}
	return w.head(ctx, tx, p)
}

// head reads the end of the lease where it was not returned: the database's clock made it.
func (w *write) head(ctx context.Context, tx session, p *payments.Payment) error {
	if w.change.Lease <= 0 {
		return nil
	}
	_, err := tx.one(ctx, []any{&p.ID, instant{&p.LeaseUntil}}, w.core.sql.paymentHead, p.UID)
	return err
}

// insert inserts one row and keeps its id.
func (w *write) insert(ctx context.Context, tx session, query string, args []any) error {
	var id int64
	if !w.d.returning {
		id, err := tx.inserted(ctx, query, args...)
		w.ids = append(w.ids, id)
		return err
	}
	found, err := tx.one(ctx, []any{&id}, query, args...)
	if err == nil && !found {
		return errStale
	}
	w.ids = append(w.ids, id)
	return err
}

// update changes one row, which must be there.
func (w *write) update(ctx context.Context, tx session, query string, args []any) error {
	found, err := tx.changed(ctx, query, args...)
	if err == nil && !found {
		return errStale
	}
	return err
}

func (w *write) transactions(ctx context.Context, tx session) error {
	for i := range w.change.Transactions {
		t := &w.change.Transactions[i]
		var err error
		if t.ID == 0 {
			err = w.insert(ctx, tx, w.core.sql.insertTransaction, w.d.transactionArgs(t, &w.change.Payment))
		} else {
			err = w.update(ctx, tx, w.core.sql.updateTransaction, append(w.d.transactionMutableArgs(t), t.ID, t.UID, t.PaymentUID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *write) refunds(ctx context.Context, tx session) error {
	for i := range w.change.Refunds {
		r := &w.change.Refunds[i]
		var err error
		if r.ID == 0 {
			err = w.insert(ctx, tx, w.core.sql.insertRefund, w.d.refundArgs(r, &w.change.Payment))
		} else {
			err = w.update(ctx, tx, w.core.sql.updateRefund, append(w.d.refundMutableArgs(r), r.ID, r.UID, r.PaymentUID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// key inserts or changes the idempotency record. It has no id, so the insert is not counted among the ids.
func (w *write) key(ctx context.Context, tx session) error {
	k := w.change.Key
	if k == nil {
		return nil
	}
	if k.Version > 0 {
		return w.update(ctx, tx, w.core.sql.updateKey,
			append(w.d.keyMutableArgs(k), k.Namespace, k.Principal, k.Verb, k.Key, k.Version))
	}
	if !w.d.returning {
		_, err := tx.exec(ctx, w.core.sql.insertKey, w.d.keyArgs(k)...)
		return err
	}
	var version int64
	found, err := tx.one(ctx, []any{&version}, w.core.sql.insertKey, w.d.keyArgs(k)...)
	if err == nil && !found {
		return errStale
	}
	return err
}

func (w *write) breaks(ctx context.Context, tx session) error {
	for i := range w.change.Breaks {
		b := &w.change.Breaks[i]
		var err error
		if b.ID == 0 {
			err = w.insert(ctx, tx, w.core.sql.insertBreak, w.d.breakArgs(b, &w.change.Payment))
		} else {
			err = w.update(ctx, tx, w.core.sql.updateBreak, append(w.d.breakMutableArgs(b), b.ID, b.UID, b.Namespace))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *write) events(ctx context.Context, tx session) error {
	if len(w.change.Events) == 0 {
		return nil
	}
	if w.core.sql.enterGate != "" {
		if err := tx.query(ctx, skip, w.core.sql.enterGate); err != nil {
			return err
		}
	}
	for i := range w.change.Events {
		if err := w.insert(ctx, tx, w.core.sql.insertEvent, w.d.eventArgs(&w.change.Events[i], &w.change.Payment)); err != nil {
			return err
		}
	}
	return nil
}

// taken reports whether another row has one of the unique values of the change. It is asked after the database refused a
// row and the change was rolled back.
func (s *Store) taken(ctx context.Context, c *payments.Change) (bool, error) {
	type question struct {
		query string
		args  []any
	}
	q, p := &s.core.sql, &c.Payment
	var ask []question
	uid := func(table, uid string, id int64) {
		if id == 0 {
			ask = append(ask, question{q.uidIn(table), []any{uid}})
		}
	}
	if p.UID != "" {
		uid(q.tables.payments, p.UID, p.Version)
		ask = append(ask, question{q.takenLive, []any{p.Namespace, liveOrder(*p), p.UID}},
			question{q.takenInvoice, []any{p.Namespace, null(p.Subscription), null(p.Invoice), p.UID}})
	}
	for _, t := range c.Transactions {
		uid(q.tables.transactions, t.UID, t.ID)
	}
	for _, r := range c.Refunds {
		uid(q.tables.refunds, r.UID, r.ID)
		ask = append(ask, question{q.takenRefundKey, []any{p.Namespace, null(r.Key), r.UID}},
			question{q.takenRefundReference, []any{r.PaymentUID, null(r.Reference), r.UID}})
	}
	for _, e := range c.Events {
		uid(q.tables.events, e.UID, 0)
	}
	for _, b := range c.Breaks {
		uid(q.tables.breaks, b.UID, b.ID)
	}
	if k := c.Key; k != nil && k.Version == 0 {
		ask = append(ask, question{q.takenKey, []any{k.Namespace, k.Principal, k.Verb, k.Key}})
	}
	for _, a := range ask {
		var one int
		if found, err := s.one(ctx, []any{&one}, a.query, a.args...); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// skip reads nothing of a row.
func skip(*sql.Rows) error { return nil }
