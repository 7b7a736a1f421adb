package payments

import (
	"context"
	"errors"
	"slices"
	"time"
)

// leaseMargin is how much longer than one call to the gateway a lease lasts.
const leaseMargin = 5 * time.Second

// leaseTime is how long a payment stays leased across one call to the gateway.
func (s *Service) leaseTime() time.Duration { return s.opts.GatewayTimeout + leaseMargin }

// hold writes a change after which the gateway is called: the payment stays leased to this request. The record is brought
// up to what was stored.
func (c *charge) hold(ctx context.Context, rec *Record, change Change) error {
	return c.Service.hold(ctx, c.owner, rec, change)
}

func (s *Service) hold(ctx context.Context, owner string, rec *Record, change Change) error {
	if err := ctx.Err(); err != nil {
		return err // nothing is written for a caller who has gone before
	}
	change.Lease, change.LeaseOwner = s.leaseTime(), owner
	p, err := s.store.Apply(ctx, change)
	switch {
	case err == nil:
		rec.Payment = p
		return nil
	case errors.Is(err, ErrStale) || !slices.ContainsFunc(change.Transactions, Transaction.sendable):
		return err
	default:
		// It may be committed all the same, and then Reconcile sends it.
		s.opts.Logger.ErrorContext(ctx, "the store could not tell whether a request is written", "payment", change.Payment.UID, "error", err)
		return unknown(change.Payment)
	}
}

// leaseOpen takes the payment of an open transaction for the owner once more, before its request is sent again. It answers
// ErrStale when the transaction was closed meanwhile, be it by a write of ours that was carried out and answered as an error:
// what is closed as not done must not be sent, nor what is not stored as sent.
func (s *Service) leaseOpen(ctx context.Context, owner string, rec Record, tx Transaction) (Record, error) {
	rec, err := s.lease(ctx, rec, owner)
	if err != nil {
		return rec, err
	}
	open := func(t Transaction) bool { return t.UID == tx.UID && t.sendable() }
	if !slices.ContainsFunc(rec.Transactions, open) {
		return rec, ErrStale
	}
	return rec, nil
}

// lease takes the payment for the owner, and returns the record as it is then. It answers errBusy when another holds it.
func (s *Service) lease(ctx context.Context, rec Record, owner string) (Record, error) {
	got, err := s.store.Lease(ctx, LeaseRequest{Namespace: s.opts.Namespace, UID: rec.Payment.UID, Owner: owner, For: s.leaseTime(), Limit: 1})
	if err != nil {
		return rec, err
	}
	if len(got) == 0 {
		return rec, errBusy
	}
	if got[0].Version != rec.Payment.Version+1 {
		rec, err = s.store.Find(ctx, Query{Namespace: s.opts.Namespace, UID: rec.Payment.UID})
		if err == nil && rec.Payment.LeaseOwner != owner {
			err = errBusy // somebody took it from us meanwhile
		}
		return rec, err
	}
	rec.Payment = got[0]
	return rec, nil
}
