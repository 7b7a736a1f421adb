package stripetest

import (
	"context"
	"errors"
	"time"
)

// kindRefund is the kind of refunds.
const kindRefund = "refund"

// The statuses of a refund.
const (
	refundPending   = "pending"
	refundSucceeded = "succeeded"
	refundFailed    = "failed"
)

// refund is a Refund.
type refund struct {
	base
	Charge   string            `json:"charge"`
	Intent   string            `json:"intent"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"`
	Reason   string            `json:"reason,omitempty"`
	Failure  string            `json:"failure,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Release  bool              `json:"release,omitempty"` // of reserved money that was never taken
	Fails    bool              `json:"fails,omitempty"`   // will fail
	SettleAt int64             `json:"settle_at,omitempty"`
}

func (*refund) kind() string { return kindRefund }

// counts tells whether the money is gone or on its way.
func (r *refund) counts() bool { return r.Status == refundPending || r.Status == refundSucceeded }

func (r *refund) due() int64 { return r.SettleAt }

// wake settles a refund that waited for the bank.
func (r *refund) wake(s *Server, now time.Time) { s.endRefund(r, !r.Fails, now) }

func createRefund(s *Server, c *call) (obj, *apiError) {
	ch, err := s.refundable(c)
	if err != nil {
		return nil, err
	}
	left := ch.Amount - s.refunded(ch)
	amount := left
	if c.params.has("amount") {
		amount = c.params.int("amount")
		if amount < 1 {
			return nil, badParam("amount", codeInvalidInteger, "This value must be greater than or equal to 1.")
		}
		if err := checkWhole(amount, ch.Currency, "amount"); err != nil {
			return nil, err
		}
	}
	switch {
	case ch.Dispute != "" && (ch.DisputeLost || own[*dispute](s, ch.Dispute).open()):
		return nil, refuse("charge_disputed", "", "Charge "+ch.ID+" has been charged back; cannot issue a refund.")
	case left == 0:
		return nil, refuse("charge_already_refunded", "", "Charge "+ch.ID+" has already been refunded.")
	case amount > left:
		return nil, refuse("", "amount", "Refund amount ("+display(amount, ch.Currency)+") is greater than unrefunded amount on charge ("+
			display(left, ch.Currency)+")")
	}
	return s.renderRefund(s.giveBack(ch, amount, c)), nil
}

// refundable finds the charge that a refund names, by itself or by its intent.
func (s *Server) refundable(c *call) (*charge, *apiError) {
	p := c.params
	if id := p.str("charge"); id != "" {
		ch, ok := get[*charge](s, c.account, id)
		switch {
		case !ok:
			return nil, noSuchParam("charge", id, "charge")
		case p.has("payment_intent") && ch.Intent != p.str("payment_intent"):
			return nil, refuse("", "charge", "The charge "+id+" does not belong to the PaymentIntent "+p.str("payment_intent")+".")
		case !ch.Paid || !ch.Captured:
			return nil, refuse("", "charge", "This charge ("+id+") has not been captured or did not succeed and cannot be refunded.")
		}
		return ch, nil
	}
	if !p.has("payment_intent") {
		return nil, missingParam("payment_intent")
	}
	in, ok := get[*intent](s, c.account, p.str("payment_intent"))
	if !ok {
		return nil, noSuchParam("payment_intent", p.str("payment_intent"), "payment_intent")
	}
	if in.Status != succeeded {
		return nil, refuse("", "payment_intent", "This PaymentIntent ("+in.ID+") does not have a successful charge to refund.")
	}
	return own[*charge](s, in.LatestCharge), nil
}

// giveBack makes the refund, whose course the card decides.
func (s *Server) giveBack(ch *charge, amount int64, c *call) *refund {
	r := &refund{base: s.newBase("re", ch.Account, c.now), Charge: ch.ID, Intent: ch.Intent, Amount: amount, Currency: ch.Currency,
		Status: refundSucceeded, Reason: c.params.str("reason"), Metadata: c.params.merge(nil)}
	mode := own[*method](s, ch.Method).row().refund
	if mode == refundPends {
		r.Status = refundPending
	}
	r.Fails = mode == refundFails
	if mode != refundSucceeds && s.opts.RefundDelay > 0 {
		r.SettleAt = c.now.Add(s.opts.RefundDelay).Unix()
	}
	s.put(r)
	ch.Refunds = append(ch.Refunds, r.ID)
	s.put(ch)
	s.emit(c.now, "refund.created", r)
	s.emit(c.now, "charge.refunded", ch)
	return r
}

// endRefund moves a refund on.
func (s *Server) endRefund(r *refund, success bool, now time.Time) {
	r.Status, r.SettleAt = refundSucceeded, 0
	if !success {
		r.Status, r.Failure = refundFailed, "expired_or_canceled_card"
	}
	s.put(r)
	s.emit(now, "charge.refund.updated", r)
	s.emit(now, "refund.updated", r)
}

// errRefundState is a refund that cannot move on.
var errRefundState = errors.New("stripetest: the refund cannot move on like that")

// SettleRefund moves a refund on: a pending one succeeds or fails, and one that succeeded can only fail.
func (s *Server) SettleRefund(ctx context.Context, id string, success bool) error {
	return s.step(ctx, func(now time.Time) error {
		r, ok := s.state.byID[id].(*refund)
		switch {
		case !ok:
			return errUnknown(id)
		case !r.counts() || r.Release || r.Status == refundSucceeded && success:
			return errRefundState
		}
		s.endRefund(r, success, now)
		return nil
	})
}

func retrieveRefund(s *Server, c *call) (obj, *apiError) {
	r, ok := get[*refund](s, c.account, c.id)
	if !ok {
		return nil, noSuch("refund", c.id, "id")
	}
	return s.renderRefund(r), nil
}

func updateRefund(s *Server, c *call) (obj, *apiError) {
	r, ok := get[*refund](s, c.account, c.id)
	if !ok {
		return nil, noSuch("refund", c.id, "id")
	}
	r.Metadata = c.params.merge(r.Metadata)
	s.put(r)
	s.emit(c.now, "charge.refund.updated", r)
	return s.renderRefund(r), nil
}

func cancelRefund(s *Server, c *call) (obj, *apiError) {
	r, ok := get[*refund](s, c.account, c.id)
	if !ok {
		return nil, noSuch("refund", c.id, "id")
	}
	return nil, refuse("", "", "This refund ("+r.ID+") cannot be canceled because it has a status of "+r.Status+
		". Only a refund with a status of requires_action may be canceled.")
}

func listRefunds(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindRefund, func(e entity) bool {
		r := e.(*refund)
		return (!p.has("payment_intent") || r.Intent == p.str("payment_intent")) && (!p.has("charge") || r.Charge == p.str("charge"))
	})
}

// renderRefund is a Refund as the API answers it.
func (s *Server) renderRefund(r *refund) obj {
	o := obj{"id": r.ID, "object": "refund", "created": r.created(), "amount": r.Amount, "currency": r.Currency, "status": r.Status,
		"charge": r.Charge, "payment_intent": orNull(r.Intent), "reason": orNull(r.Reason), "metadata": textMap(r.Metadata),
		"balance_transaction": nil, "receipt_number": nil, "source_transfer_reversal": nil, "transfer_reversal": nil,
		"destination_details": obj{"type": "card", "card": obj{"type": "refund", "reference_status": "pending",
			"reference_type": "acquirer_reference_number"}}}
	if r.Failure != "" {
		o["failure_reason"] = r.Failure
	}
	return o
}
