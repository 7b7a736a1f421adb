package payments

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// Pay takes the payment of an order, once. Of an order that has a payment already a secured one is answered as it is,
// an open one with its client secret, a doubt is resolved first, and a decline may be tried again.
//
// A nil error means that the request went as asked: look at Result.Payment.Status for how far the payment is. A decline
// answers ErrDeclined and an unknown outcome ErrUnknown, both with the recorded payment in the Result. Every other error
// means that this request moved no money: ErrInvalid (a field is named), ErrOrderNotFound, ErrConflict and below, ErrUnsupported,
// ErrIdempotencyKeyReused, ErrUnavailable, ErrRateLimited, ErrGatewayRejected, ErrGatewayConfig, ErrInTransaction,
// ErrInternal.
//
// Once the first byte went to the gateway the work goes on to its own deadline, whatever becomes of ctx.
func (s *Service) Pay(ctx context.Context, req PayRequest) (Result, error) {
	c := s.newCharge("pay", req)
	res, err := c.run(ctx, c.pay)
	return res, s.fail("pay", err)
}

// pay does one step with the order's payment as it is stored.
func (c *charge) pay(ctx context.Context, rec Record) (Result, error) {
	p := rec.Payment
	switch p.Status {
	case StatusAuthorized, StatusPaid, StatusPartiallyRefunded, StatusDisputed, StatusProcessing, StatusHeld:
		return Result{Payment: p}, nil
	case StatusRefunded:
		return Result{}, conflict(ErrConflict, "OrderID", "the order's payment was refunded")
	default: // the payment is open, in doubt or given up
	}
	if !p.Live {
		return c.attempt(ctx, Record{})
	}
	if settled, err := c.resolveDoubt(ctx, rec); !settled {
		return doubted(p, err)
	}
	if ok, res, err := c.standing(ctx, &rec); !ok {
		return res, err
	}
	if p.Status == StatusDeclined {
		return c.afterDecline(ctx, rec)
	}
	last := lastAuthorize(rec)
	if c.req.Source.IsZero() || p.trial() || c.fingerprint == last.Fingerprint && last.Outcome == OutcomeApplied {
		return c.reuse(ctx, rec)
	}
	return c.attempt(ctx, rec)
}

// afterDecline shares a decline that came since this request began, and tries again only after an older one.
func (c *charge) afterDecline(ctx context.Context, rec Record) (Result, error) {
	last := lastAuthorize(rec)
	dropped := !last.Sent && last.Outcome == OutcomeNotApplied && last.DeclineCode == "" // no bank was asked: the decline is an older one's
	if !dropped && (c.share || last.ClosedAt.After(c.begun)) {
		return Result{Payment: rec.Payment}, declined(rec.Payment)
	}
	return c.attempt(ctx, rec) // without a card, the payer confirms the same intent again
}

// reuse answers the order's open intent with its client secret, and with whatever the gateway says of it by now.
func (c *charge) reuse(ctx context.Context, rec Record) (Result, error) {
	p := rec.Payment
	if err := c.payable(); err != nil {
		return Result{}, err
	}
	if p.Reference == "" && !p.anchor() || p.Amount != c.order.Total || c.otherKind(p) || c.otherSaving(rec) {
		return c.attempt(ctx, rec)
	}
	rec, snap, err := c.refresh(ctx, rec)
	if err != nil {
		return c.unreadable(p, err)
	}
	switch other := rec.Payment.Status == StatusCreated && snap.Amount != c.order.Total; {
	case !rec.Payment.Live:
		return Result{}, ErrStale // it has just ended: a new attempt begins
	case rec.Payment.unbegun():
		return c.attempt(ctx, rec)
	case rec.Payment.lapsed():
		return Result{}, unclosed()
	case other && !rec.Payment.anchor():
		return c.attempt(ctx, rec) // an earlier repricing did not reach the gateway
	case other && snap.Reference != "":
		return c.giveUp(ctx, rec) // a subscription's price is that of when it was made
	}
	return c.answer(rec.Payment, snap)
}

// attempt begins a new try: on the order's open payment where the gateway can, else on a new one after the old one ended.
func (c *charge) attempt(ctx context.Context, rec Record) (Result, error) {
	err := c.payable()
	if err == nil {
		err = c.customer(ctx)
	}
	if err != nil {
		return Result{}, err
	}
	p := rec.Payment
	switch {
	case p.UID == "":
		p = c.newPayment()
	case c.otherKind(p) || c.otherCustomer(p) || p.anchor() && p.Amount != c.order.Total:
		return c.giveUp(ctx, rec)
	case p.Reference == "":
		p = c.priced(p)
	case c.intents == nil && p.Status == StatusDeclined:
		p.Live = false
		_, err = c.store.Apply(ctx, Change{Payment: p})
		return Result{}, again(err)
	case c.intents == nil || p.Status == StatusRequiresAction && p.Amount != c.order.Total:
		return c.giveUp(ctx, rec)
	default:
		p = c.priced(p)
	}
	last := lastAuthorize(rec)
	tx := c.newTransaction(p, KindAuthorize, c.order.Total)
	tx.Fingerprint, tx.OffSession = c.fingerprint, c.req.OffSession && c.order.Recurring == nil
	// What was prepared and not taken is not prepared again: a token is spent by its first exchange. At another price it is.
	ready := p.Reference != "" && last.Sent && last.Outcome == OutcomeNotApplied && p.Status == StatusCreated &&
		last.Fingerprint == c.fingerprint && last.Amount == c.order.Total && !c.req.Source.IsZero()
	return c.begin(ctx, Record{Payment: p, Transactions: append(rec.Transactions, tx), Refunds: rec.Refunds}, ready)
}

// otherKind reports whether the payment's object is for an order that is paid once and the order is a recurring one by now, or
// the other way round.
func (c *charge) otherKind(p Payment) bool {
	return (p.Reference != "" || p.anchor()) && p.anchor() != (c.order.Recurring != nil)
}

// otherSaving reports whether the payer who confirms the open object himself wants the way to pay saved that was not to be, or not saved
// that was.
func (c *charge) otherSaving(rec Record) bool {
	saving := c.req.Saving
	saving.Save = !saving.Save
	return c.req.Source.IsZero() && !rec.Payment.anchor() &&
		lastAuthorize(rec).Fingerprint == attemptFingerprint(c.req.OrderID, c.req.Source, saving)
}

// otherCustomer reports whether the payment's object belongs to another of the gateway's customers than the way to pay that is to be
// charged without the payer: an object keeps its customer.
func (c *charge) otherCustomer(p Payment) bool {
	return c.req.OffSession && p.GatewayCustomer != "" && p.GatewayCustomer != c.req.Payer.GatewayCustomer
}

// giveUp voids the open object: only a definite "canceled" lets a new attempt begin. A gateway refuses to void what was paid, and ends a
// subscription that was: that is read before.
func (c *charge) giveUp(ctx context.Context, rec Record) (Result, error) {
	var err error
	if rec.Payment.anchor() {
		p := rec.Payment
		if rec, _, err = c.refresh(ctx, rec); err != nil {
			if p.Status == StatusDeclined || p.givenUp() {
				p.Status = StatusCreated // nothing was tried
			}
			return c.unreadable(p, err)
		}
		if rec.Payment.Status != p.Status || rec.Payment.Live != p.Live {
			return Result{}, ErrStale
		}
		p, err = c.CancelSubscription(ctx, CancelSubscriptionCommand{Target: Target{PaymentUID: rec.Payment.UID}})
		if err == nil && p.Live {
			rec.Payment = p
			rec, _, err = c.refresh(ctx, rec) // only the first invoice's object can tell that it was not paid
			if err == nil && rec.Payment.lapsed() {
				return Result{}, unclosed()
			}
		}
	} else {
		rec, _, err = c.void(ctx, c.owner, rec, "")
	}
	if errors.Is(err, ErrConflict) {
		_, _, err = c.refresh(ctx, rec) // the payer was faster: the next look answers the paid payment
	}
	if err != nil {
		return doubted(rec.Payment, err)
	}
	return Result{}, ErrStale
}

// begin commits the attempt before the gateway is called, and then calls it.
func (c *charge) begin(ctx context.Context, rec Record, ready bool) (Result, error) {
	tx := rec.last()
	if c.intents == nil || ready {
		tx.Sent = true
		rec.Payment = sent(rec.Payment)
	}
	change := Change{Payment: c.underWay(rec.Payment), Transactions: rec.Transactions[len(rec.Transactions)-1:], Key: c.claim(rec.Payment)}
	if err := c.hold(ctx, &rec, change); err != nil {
		return unheld(rec.Payment, err)
	}
	c.claimed()
	ctx, cancel := c.detach(ctx)
	defer cancel()
	if c.intents == nil {
		snap, err := c.authorize(ctx, rec, c.req)
		return c.conclude(ctx, rec, snap, err)
	}
	if c.order.Recurring != nil && (!rec.Payment.anchor() || rec.Payment.unbegun()) {
		sub, err := c.subscribe(ctx, &rec)
		if err != nil {
			return c.abandon(ctx, rec, Snapshot{}, err)
		}
		if c.req.Source.IsZero() || rec.Payment.Reference == "" {
			snap := Snapshot{Reference: rec.Payment.Reference, NextAction: sub.NextAction}
			if err := c.prepared(ctx, &rec, snap); err != nil {
				return Result{}, err
			}
			return c.answer(rec.Payment, snap)
		}
	}
	if !ready {
		snap, err := c.prepare(ctx, rec, c.req)
		if err != nil {
			return c.abandon(ctx, rec, snap, err)
		}
		if err := c.prepared(ctx, &rec, snap); err != nil {
			return unheld(rec.Payment, err)
		}
		if c.req.Source.IsZero() {
			return c.answer(rec.Payment, snap)
		}
	}
	snap, err := c.confirm(ctx, rec, *rec.last())
	return c.conclude(ctx, rec, snap, err)
}

// prepared commits the reference of the gateway's object, before any money can move. An intent that the payer confirms is
// done with that; for any other the request that moves money comes next.
func (c *charge) prepared(ctx context.Context, rec *Record, snap Snapshot) error {
	tx := rec.last()
	tx.Reference = snap.Reference
	rec.Payment.Reference = snap.Reference
	rec.Payment.Method = rec.method(snap.Method)
	rec.Payment.GatewayCustomer = cmp.Or(snap.Customer, rec.Payment.GatewayCustomer)
	change := Change{Transactions: rec.Transactions[len(rec.Transactions)-1:]}
	if c.req.Source.IsZero() || snap.Reference == "" {
		tx.close(OutcomeApplied, c.now())
		change.Payment = reopened(rec.Payment, c.now()).Payment
		change.Payment.DueAt = c.later(0)
		p, err := c.persist(ctx, rec.Payment, change)
		rec.Payment = p
		return err
	}
	tx.Sent = true
	change.Payment = sent(rec.Payment)
	return c.hold(ctx, rec, change)
}

// conclude takes the gateway's answer to a request that moves money: it folds what is known, and seeks evidence for what
// is not while the payer waits.
func (c *charge) conclude(ctx context.Context, rec Record, snap Snapshot, err error) (Result, error) {
	c.worked = rec.Payment
	settled, err := c.settle(ctx, rec, snap, err)
	if err != nil && OutcomeOf(err) == OutcomeUnknown {
		settled, snap, err = c.seek(ctx, c.owner, settled)
	}
	if err != nil {
		return doubted(settled.Payment, err)
	}
	if settled.Payment.began() { // the subscription runs from here on; where that cannot be read now, it is soon
		if after, _, err := c.follow(ctx, settled); err == nil {
			settled = after
		}
	}
	return c.answer(settled.Payment, snap)
}

// abandon ends an attempt whose object was not made: no money could move.
func (c *charge) abandon(ctx context.Context, rec Record, snap Snapshot, cause error) (Result, error) {
	change := rejected(rec, cause, c.now())
	change.Payment.DueAt = c.later(0)
	p, err := c.persist(ctx, rec.Payment, change)
	switch {
	case err != nil:
		return Result{}, err
	case errors.Is(cause, ErrDeclined):
		return c.answer(p, snap)
	case OutcomeOf(cause) == OutcomeUnknown:
		return Result{}, NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Gateway: c.gateway.Name(),
			Message: "the payment service cannot be reached; nothing was charged", RetryAfter: time.Second}, cause)
	default:
		return Result{}, cause
	}
}
