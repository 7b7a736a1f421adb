package storage

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// Lease hands payments to one owner for a while, as payments.Store says.
func (s *Store) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	const op = "store.lease"
	if !normal.Comparable(req.Owner, 255) || req.Owner == "" || req.For <= 0 {
		return nil, normal.Invalid("LeaseRequest", "a lease needs an owner and a duration")
	}
	s = s.in(ctx)
	if err := s.ready(ctx); err != nil {
		return nil, s.failure(op, err)
	}
	var list []payments.Payment
	err := s.retried(ctx, func() error {
		w := &write{Store: s}
		leave, err := w.enterUnbound(ctx)
		if err != nil {
			return err
		}
		defer leave()
		if s.d.returning {
			list, err = s.leaseAtOnce(ctx, req)
		} else {
			list, err = s.leaseStepwise(ctx, req)
		}
		return err
	})
	if err != nil {
		return nil, s.failure(op, err)
	}
	slices.SortFunc(list, func(a, b payments.Payment) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// enterUnbound is enter, but for a Store that is in a transaction already.
func (w *write) enterUnbound(ctx context.Context) (func(), error) {
	if w.bound {
		return func() {}, nil
	}
	return w.enter(ctx)
}

// hold are the arguments of who holds the lease until when.
func (s *Store) hold(req payments.LeaseRequest) []any {
	return []any{req.Owner, s.core.laterArg(s.d, req.For)}
}

// candidates are the arguments that select what can be leased.
func (s *Store) candidates(req payments.LeaseRequest) []any {
	now := s.core.nowArgs(s.d)
	if req.UID != "" {
		return slices.Concat([]any{req.Namespace, req.UID, req.Owner}, now)
	}
	return slices.Concat([]any{req.Namespace, s.d.time(cut(req.DueBefore))}, now, []any{max(req.Limit, 1)})
}

// leaseAtOnce selects, changes and reads in one statement.
func (s *Store) leaseAtOnce(ctx context.Context, req payments.LeaseRequest) (list []payments.Payment, err error) {
	query, args := s.core.sql.leaseDue, slices.Concat(s.hold(req), s.candidates(req))
	switch {
	case req.UID != "":
		query = s.core.sql.leaseOne
	case s.d.name == PostgreSQL:
		args = slices.Concat(s.candidates(req), s.hold(req))
	}
	err = s.query(ctx, collect(&list, scanPayment), query, args...)
	return list, err
}

// leaseStepwise locks, changes and reads in one transaction.
func (s *Store) leaseStepwise(ctx context.Context, req payments.LeaseRequest) (list []payments.Payment, err error) {
	tx := s.session
	if !s.bound {
		if tx, err = s.begin(ctx, nil); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				tx.rollback()
				return
			}
			err = tx.commit()
		}()
	}
	query := s.core.sql.selectDue
	if req.UID != "" {
		query = s.core.sql.selectOne
	}
	var ids []int64
	id := func(rows *sql.Rows) (id int64, err error) {
		err = rows.Scan(&id)
		return id, err
	}
	if err := tx.query(ctx, collect(&ids, id), query, s.candidates(req)...); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := tx.exec(ctx, s.core.sql.leaseID, append(s.hold(req), id)...); err != nil {
			return nil, err
		}
		var leased []payments.Payment
		if err := tx.query(ctx, collect(&leased, scanPayment), s.core.sql.leaseOne, id); err != nil {
			return nil, err
		}
		list = append(list, leased...)
	}
	return list, nil
}
