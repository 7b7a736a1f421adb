package payments

import (
	"context"
	"errors"
	"fmt"
)

// Target names the payment that an operator's command is for: by itself, or by its order.
//
// Beside what its own comment names, each command answers ErrInvalid where the target names nothing, ErrPaymentNotFound where there is no
// such payment, ErrInProgress (with RetryAfter) while another request works on it, ErrInTransaction inside a transaction of the host's,
// ErrUnavailable when the store cannot be used, and what the gateway refuses: ErrGatewayRejected, ErrGatewayConfig, ErrRateLimited,
// ErrUnsupported. With all of these nothing was done.
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
	var worked Payment // for which this request may have moved money; what came of it is not yet read
	blind := func(err error) error {
		if worked.UID == "" {
			return err
		}
		return unknown(worked)
	}
	for {
		rec, err := s.store.Find(ctx, t.query(s.opts.Namespace))
		if err != nil {
			return blind(err)
		}
		if rec.Payment.LeaseUntil.After(s.now()) && rec.Payment.LeaseOwner != owner {
			err = errBusy
		} else {
			err = step(ctx, owner, rec)
		}
		if errors.Is(err, errWorked) {
			worked = rec.Payment
		} else if !errors.Is(err, errBusy) && !errors.Is(err, ErrStale) {
			return err
		}
		if err := s.pause(ctx, &wait, worked.UID != ""); err != nil {
			return blind(err)
		}
	}
}

// errWorked is a step's answer when it worked at the gateway and the payment has to be read again: that is no longer "nothing was done".
var errWorked = fmt.Errorf("payments: the payment is to be read again: %w", ErrStale)

// clear resolves what is in doubt on the payment before something new is asked of it. It answers errWorked when it did, for
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
		return stale(err)
	}
	return errWorked
}

// stale tells a change that came first apart, once the gateway was asked.
func stale(err error) error {
	if errors.Is(err, ErrStale) {
		return errWorked
	}
	return err
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
	return rec, stale(err)
}
