package payments

import "context"

// CaptureCommand asks to take reserved money.
type CaptureCommand struct {
	// Target names the payment.
	Target
	// Amount is what to take, in minor units; the zero value takes all. What is not taken is released.
	Amount Money
}

// Capture takes the money of an authorized payment, once. A repeat on a payment that was captured with the same amount
// answers it again. It answers ErrConflict for a payment in another state, ErrInvalid for an amount above what was
// reserved, and ErrUnknown while it is not known whether the money was taken: Reconcile finds out.
func (s *Service) Capture(ctx context.Context, cmd CaptureCommand) (Payment, error) {
	var done Payment
	err := s.operate(ctx, cmd.Target, func(ctx context.Context, owner string, rec Record) error {
		if err := s.clear(ctx, owner, rec); err != nil {
			return err
		}
		p := rec.Payment
		amount := cmd.Amount
		if amount == (Money{}) {
			amount = p.Amount
		}
		switch {
		case p.Status == StatusPaid && (cmd.Amount == (Money{}) || p.Captured == amount.Amount):
			done = p
			return nil
		case p.Status != StatusAuthorized:
			return conflict(ErrConflict, "PaymentUID", "only an authorized payment can be captured; this one is "+p.Status.String())
		case amount.Currency != p.Amount.Currency || amount.Amount <= 0 || amount.Amount > p.Amount.Amount:
			return invalid("Amount", "Amount", "the amount is not within what was reserved: "+p.Amount.String())
		}
		rec.Transactions = append(rec.Transactions, s.newTransaction(p, KindCapture, amount))
		after, err := s.perform(ctx, owner, rec, nil)
		done = after.Payment
		return err
	})
	return done, s.fail("capture", err)
}
