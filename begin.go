package payments

import (
	"context"
	"errors"
)

// BeginRequest asks to record that an order is to be paid.
type BeginRequest struct {
	// Order is the order as the host has it, perhaps not yet committed.
	Order Order
}

// Begin records that an order is to be paid, and calls no gateway: a later Pay goes on with it. It is the one operation
// that writes over a Store bound to a transaction of the host's (WithStore), so that an order and its payment commit
// together. It answers the order's live payment when there is one, ErrConflict for an order whose total is not positive.
func (s *Service) Begin(ctx context.Context, req BeginRequest) (Payment, error) {
	p, err := s.beginOrder(ctx, req.Order)
	return p, s.fail("begin", err)
}

func (s *Service) beginOrder(ctx context.Context, o Order) (Payment, error) {
	if o.ID.IsZero() {
		return Payment{}, invalid("Order.ID", "NotEmpty", "the order id is missing")
	}
	for range maxFolds {
		rec, err := s.store.Find(ctx, Query{Namespace: s.opts.Namespace, OrderID: o.ID})
		switch {
		case err == nil && rec.Payment.Live:
			return rec.Payment, nil
		case err != nil && !errors.Is(err, ErrPaymentNotFound):
			return Payment{}, err
		}
		if err := s.chargeable(o); err != nil {
			return Payment{}, err
		}
		p := newPayment(s, o)
		p.DueAt = s.expiry(Record{}, p)
		stored, err := s.store.Apply(ctx, Change{Payment: p})
		if !errors.Is(err, ErrStale) {
			return stored, err
		}
	}
	return Payment{}, ErrStale
}
