package payments

import (
	"context"
	"errors"
)

// VoidCommand asks to give up a payment.
type VoidCommand struct {
	// Target names the payment.
	Target
}

// Void cancels a payment that has taken no money: what was reserved is released, an open intent can no longer be paid. The
// order may then be paid anew. A void of a canceled payment answers it again. It answers ErrConflict for a payment that was
// captured (refund it) and for an invoice of a subscription (CancelSubscription ends it), and ErrUnknown while it is not known
// whether it was canceled: Reconcile finds out.
func (s *Service) Void(ctx context.Context, cmd VoidCommand) (Payment, error) {
	var done Payment
	err := s.operate(ctx, cmd.Target, func(ctx context.Context, owner string, rec Record) error {
		p := rec.Payment
		switch p.Status {
		case StatusCanceled, StatusExpired:
			done = p
			return nil
		case StatusPaid, StatusPartiallyRefunded, StatusRefunded, StatusDisputed:
			return conflict(ErrConflict, "PaymentUID", "the payment is "+p.Status.String()+"; refund it instead")
		default: // it may be given up, unless money was taken
		}
		if p.Subscription != "" {
			return conflict(ErrConflict, "PaymentUID", "the payment is an invoice of a subscription; cancel that instead")
		}
		if p.Captured > 0 {
			return conflict(ErrConflict, "PaymentUID", "the payment was captured; refund it instead")
		}
		after, err := s.dropUnsent(ctx, rec)
		if err != nil {
			return err
		}
		if p = after.Payment; p.Reference == "" {
			if p.Status == StatusUnknown {
				return unknown(p)
			}
			done, err = s.persist(ctx, p, endedWithout(p, StatusCanceled, s.now()))
			if err == nil && done.Live {
				return &Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "the payment could not be canceled now; try again"}
			}
			return err
		}
		after, _, err = s.void(ctx, owner, after, "")
		if errors.Is(err, ErrConflict) {
			if paid, _, readErr := s.refresh(ctx, after); readErr == nil {
				after = paid
			}
		}
		done = after.Payment
		return stale(err)
	})
	return done, s.fail("void", err)
}

// void cancels the gateway's object, and seeks evidence while that is in doubt. An open void is sent again rather than a
// second one begun. It answers ErrUnknown while the object may still take money.
func (s *Service) void(ctx context.Context, owner string, rec Record, reason string) (Record, Snapshot, error) {
	p := rec.Payment
	if p.Reference == "" {
		return rec, Snapshot{}, unknown(p)
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	if tx := rec.urgent(); tx.Kind == KindVoid {
		if p.LeaseOwner != owner {
			var err error
			if rec, err = s.lease(ctx, rec, owner); err != nil {
				return rec, Snapshot{}, err
			}
		}
		return s.seek(ctx, owner, rec)
	}
	tx := s.newTransaction(p, KindVoid, p.Amount)
	tx.Message = reason
	rec.Transactions = append(rec.Transactions, tx)
	if err := s.hold(ctx, owner, &rec, Change{Payment: s.underWay(p), Transactions: rec.Transactions[len(rec.Transactions)-1:]}); err != nil {
		return rec, Snapshot{}, err
	}
	snap, err := s.send(ctx, rec, *rec.last())
	rec, err = s.settle(ctx, rec, snap, err)
	return rec, snap, err
}
