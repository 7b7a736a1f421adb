package payments

import "context"

// AcceptCommand asks to accept a payment that is held.
type AcceptCommand struct {
	// Target names the payment.
	Target
}

// Accept ends the hold of a payment: an operator has looked, and what the gateway reports is right. The payment goes to
// where the gateway says it is. To end a hold the other way, refund it, or void it while nothing was captured. It answers
// ErrConflict for a payment that is not held.
func (s *Service) Accept(ctx context.Context, cmd AcceptCommand) (Payment, error) {
	var done Payment
	err := s.operate(ctx, cmd.Target, func(ctx context.Context, owner string, rec Record) error {
		if err := s.clear(ctx, owner, rec); err != nil {
			return err
		}
		if rec.Payment.Status != StatusHeld {
			return conflict(ErrConflict, "PaymentUID", "the payment is not held; it is "+rec.Payment.Status.String())
		}
		for range seekRounds {
			snap, err := s.fetch(ctx, rec.Payment)
			if err != nil {
				return err
			}
			if rec, _, err = s.foldIn(ctx, rec, snap, folding{accept: true}); err != nil {
				return err
			}
			if done = rec.Payment; done.Status != StatusHeld {
				return nil
			}
		}
		return &Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Gateway: s.gateway.Name(), Message: "the gateway does not answer the same twice"}
	})
	return done, s.fail("accept", err)
}
