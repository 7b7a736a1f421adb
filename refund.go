package payments

import (
	"context"
	"errors"
)

// RefundCommand asks to give captured money back.
type RefundCommand struct {
	// Target names the payment.
	Target
	// Key is the caller's own name for this refund, required, at most 255 printable ASCII characters: the same key refunds once,
	// however often it is asked.
	Key string
	// Amount is what to give back, in minor units; the zero value gives back all that is left.
	Amount Money
	// Reason is kept with the refund and told to the gateway where it takes one; at most 500 bytes.
	Reason string
}

// RefundResult is what a refund came to.
type RefundResult struct {
	// Refund is the refund as stored.
	Refund Refund
	// Payment is the payment as stored.
	Payment Payment
}

// Refund gives captured money back: all of it, or a part, as often as something is left. The same key with the same amount
// answers the same refund; with another amount or payment ErrIdempotencyKeyReused. It answers ErrConflict when the payment
// has no money to give back or is disputed, ErrInvalid for an amount above what is left, and ErrUnknown while it is not
// known whether the money went back: repeat it with the same key, or let Reconcile find out. A refund that the gateway
// refused outright may be asked again under the same key.
func (s *Service) Refund(ctx context.Context, cmd RefundCommand) (RefundResult, error) {
	var res RefundResult
	err := s.checkRefund(cmd)
	if err == nil {
		err = s.operate(ctx, cmd.Target, func(ctx context.Context, owner string, rec Record) (err error) {
			res, err = s.refund(ctx, owner, rec, cmd)
			return err
		})
	}
	return res, s.fail("refund", err)
}

func (s *Service) checkRefund(cmd RefundCommand) error {
	switch {
	case cmd.Key == "":
		return invalid("Key", "NotEmpty", "a refund needs a key of the caller's")
	case !validKey(cmd.Key):
		return invalid("Key", "Length", "the key has more than 255 bytes or is not printable ASCII")
	case len(cmd.Reason) > 500:
		return invalid("Reason", "Length", "the reason has more than 500 bytes")
	}
	return nil
}

// refund does one step of a refund with the payment as it is stored.
func (s *Service) refund(ctx context.Context, owner string, rec Record, cmd RefundCommand) (RefundResult, error) {
	p := rec.Payment
	if err := s.clear(ctx, owner, rec); err != nil {
		return RefundResult{Payment: p}, err
	}
	have, err := s.store.FindRefund(ctx, s.opts.Namespace, cmd.Key)
	known := err == nil
	switch {
	case err != nil && !errors.Is(err, ErrPaymentNotFound):
		return RefundResult{}, err
	case known && (have.PaymentUID != p.UID || cmd.Amount != Money{} && cmd.Amount != have.Amount):
		return RefundResult{}, &Error{Code: ErrIdempotencyKeyReused, Outcome: OutcomeNotApplied,
			Message: "the key was used for another refund"}
	case known && (have.Status != RefundFailed || have.Reference != ""):
		return RefundResult{have, p}, nil
	}
	if known {
		cmd.Amount = have.Amount // what is asked again is what was asked
	}
	amount, err := refundable(p, cmd.Amount)
	if err != nil {
		return RefundResult{}, err
	}
	now := s.now()
	if !known {
		have = Refund{UID: newUID(now), PaymentUID: p.UID, Key: cmd.Key, Amount: amount, Reason: cmd.Reason, CreatedAt: now}
	}
	have.Status, have.UpdatedAt = RefundUnknown, now
	tx := s.newTransaction(p, KindRefund, have.Amount)
	tx.RefundUID = have.UID
	rec.Transactions = append(rec.Transactions, tx)
	rec.Refunds = append(without(rec.Refunds, have.UID), have)
	after, err := s.perform(ctx, owner, rec, rec.Refunds[len(rec.Refunds)-1:])
	return RefundResult{after.refund(have.UID), after.Payment}, err
}

// refundable returns the amount to refund, and why it cannot be.
func refundable(p Payment, asked Money) (Money, error) {
	left := p.Refundable()
	if asked == (Money{}) {
		asked = left
	}
	switch {
	case p.Status == StatusDisputed:
		return Money{}, conflict(ErrConflict, "PaymentUID", "a disputed payment cannot be refunded")
	case p.Status != StatusPaid && p.Status != StatusPartiallyRefunded && p.Status != StatusHeld || left.Amount == 0:
		return Money{}, conflict(ErrConflict, "PaymentUID", "nothing can be refunded; the payment is "+p.Status.String())
	case asked.Currency != left.Currency:
		return Money{}, invalid("Amount", "Currency", "the payment is in "+string(left.Currency))
	case asked.Amount <= 0 || asked.Amount > left.Amount:
		return Money{}, invalid("Amount", "Amount", "the amount is not within what is left: "+left.String())
	}
	return asked, nil
}
