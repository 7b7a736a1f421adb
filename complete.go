package payments

import "context"

// Complete tells how the payment of an order ended, after the payer did what was asked: it reads the gateway, compares,
// folds and answers, and may be repeated. With a token or card it tries a created or declined payment once more.
//
// It answers as [Service.Pay] does, and ErrPaymentNotFound when the order has no payment yet.
func (s *Service) Complete(ctx context.Context, req CompleteRequest) (Result, error) {
	c := s.newCharge("complete", PayRequest{OrderID: req.OrderID, ForAgent: req.ForAgent, AgentID: req.AgentID, Source: req.Source, Payer: req.Payer,
		Idempotency: req.Idempotency})
	res, err := c.run(ctx, c.complete)
	return res, s.fail("complete", err)
}

// complete does one step with the order's payment as it is stored.
func (c *charge) complete(ctx context.Context, rec Record) (Result, error) {
	p := rec.Payment
	if p.UID == "" {
		return Result{}, &Error{Code: ErrPaymentNotFound, Outcome: OutcomeNotApplied, Message: "the order has no payment yet"}
	}
	if settled, err := c.resolveDoubt(ctx, rec); !settled {
		return doubted(p, err)
	}
	if p.Live && !c.req.Source.IsZero() && !p.trial() {
		if ok, res, err := c.standing(ctx, &rec); !ok {
			return res, err
		}
		c.inherit(lastAuthorize(rec))
		switch p.Status {
		case StatusDeclined:
			return c.afterDecline(ctx, rec)
		case StatusCreated:
			return c.attempt(ctx, rec)
		default: // the token of any other is ignored
		}
	}
	if p.Reference == "" && !p.anchor() {
		return c.answer(p, Snapshot{})
	}
	rec, snap, err := c.refresh(ctx, rec)
	if err != nil {
		return c.unreadable(p, err)
	}
	return c.answer(rec.Payment, snap)
}

// inherit takes over that the way to pay is to be saved, where the attempt before asked for that: this is the same payer's next card.
func (c *charge) inherit(last Transaction) {
	if last.saves() {
		c.req.Saving = Saving{Save: true}
		c.fingerprint = attemptFingerprint(c.req.OrderID, c.req.Source, c.req.Saving)
	}
}
