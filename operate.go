package payments

import (
	"context"
	"errors"
)

// Target names the payment that an operator's command is for: by itself, or by its order.
type Target struct {
	// PaymentUID names the payment.
	PaymentUID string
	// OrderID names the order's live payment, or its newest where none is live; it is read when PaymentUID is empty.
	OrderID OrderID
}

func (t Target) query(namespace string) Query {
	return Query{Namespace: namespace, UID: t.PaymentUID, OrderID: t.OrderID}
}

// operate runs step on the payment as it is stored, while nobody else holds it, again when it moved meanwhile.
func (s *Service) operate(ctx context.Context, t Target, step func(ctx context.Context, owner string, rec Record) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if t.PaymentUID == "" && t.OrderID.IsZero() {
		return invalid("PaymentUID", "NotEmpty", "name a payment or an order")
	}
	wait := patience{begun: s.now()}
	owner := newUID(wait.begun)
	for {
		rec, err := s.store.Find(ctx, t.query(s.opts.Namespace))
		if err != nil {
			return err
		}
		if rec.Payment.LeaseUntil.After(s.now()) && rec.Payment.LeaseOwner != owner {
			err = errBusy
		} else {
			err = step(ctx, owner, rec)
		}
		if !errors.Is(err, errBusy) && !errors.Is(err, ErrStale) {
			return err
		}
		if err := s.pause(ctx, &wait); err != nil {
			return err
		}
	}
}

// clear resolves what is in doubt on the payment before something new is asked of it. It answers ErrStale when it did, for
// another look, and ErrUnknown when the doubt stays.
func (s *Service) clear(ctx context.Context, owner string, rec Record) error {
	if !rec.open() && rec.Payment.Status != StatusUnknown {
		return nil
	}
	leased, err := s.lease(ctx, rec, owner)
	if err != nil {
		return err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	if _, _, err = s.seek(ctx, owner, leased); err != nil && !errors.Is(err, ErrDeclined) {
		return err
	}
	return ErrStale
}

// perform commits a new transaction, sends it and settles the answer; a doubt is sought to be ended at once. The record's
// last transaction is the new one.
func (s *Service) perform(ctx context.Context, owner string, rec Record, refunds []Refund) (Record, error) {
	change := Change{Payment: s.underWay(rec.Payment), Transactions: rec.Transactions[len(rec.Transactions)-1:], Refunds: refunds}
	if err := s.hold(ctx, owner, &rec, change); err != nil {
		return rec, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	tx := *rec.last()
	snap, err := s.send(ctx, rec, tx)
	rec, err = s.settle(ctx, rec, snap, err)
	if err != nil && OutcomeOf(err) == OutcomeUnknown {
		if rec, _, err = s.seek(ctx, owner, rec); err == nil {
			err = rec.refusal(tx.UID)
		}
	}
	return rec, err
}
