package stripetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// kindDispute is the kind of disputes.
const kindDispute = "dispute"

// The statuses of a dispute that happen here.
const (
	disputeNeedsResponse = "needs_response"
	disputeWon           = "won"
	disputeLost          = "lost"
)

// dispute is a Dispute: the payer's bank asks the money back.
type dispute struct {
	base
	Charge   string            `json:"charge"`
	Intent   string            `json:"intent"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Reason   string            `json:"reason"`
	Status   string            `json:"status"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

func (*dispute) kind() string { return kindDispute }

// open tells whether it is not decided yet. A nil dispute is not.
func (d *dispute) open() bool { return d != nil && d.Status == disputeNeedsResponse }

// openDispute begins a dispute about what was taken and not given back.
func (s *Server) openDispute(ch *charge, reason string, now time.Time) *dispute {
	d := &dispute{base: s.newBase("dp", ch.Account, now), Charge: ch.ID, Intent: ch.Intent, Amount: ch.Amount - s.refunded(ch),
		Currency: ch.Currency, Reason: reason, Status: disputeNeedsResponse}
	s.put(d)
	ch.Dispute = d.ID
	s.put(ch)
	s.emit(now, "charge.dispute.created", d)
	s.emit(now, "charge.dispute.funds_withdrawn", d)
	return d
}

// closeDispute decides a dispute.
func (s *Server) closeDispute(d *dispute, won bool, now time.Time) {
	ch := own[*charge](s, d.Charge)
	d.Status, ch.DisputeLost = disputeLost, !won
	if won {
		d.Status = disputeWon
		s.emit(now, "charge.dispute.funds_reinstated", d)
	}
	s.put(d)
	s.put(ch)
	s.emit(now, "charge.dispute.closed", d)
}

// errUnknown is an id that names nothing of the kind that is meant.
func errUnknown(id string) error {
	return fmt.Errorf("stripetest: there is no such object: %.60q", strings.Split(id, secretMark)[0])
}

// OpenDispute lets the payer's bank ask the money of a charge back, or that of an intent's charge, and returns the id of the
// dispute. An empty reason is "fraudulent".
func (s *Server) OpenDispute(ctx context.Context, id, reason string) (string, error) {
	if reason == "" {
		reason = "fraudulent"
	}
	made := ""
	err := s.step(ctx, func(now time.Time) error {
		ch, ok := s.state.byID[id].(*charge)
		if in, isIntent := s.state.byID[id].(*intent); isIntent {
			ch, ok = s.state.byID[in.LatestCharge].(*charge)
		}
		switch {
		case !ok:
			return errUnknown(id)
		case !ch.Captured || ch.Dispute != "" || ch.Amount == s.refunded(ch):
			return errors.New("stripetest: the charge cannot be disputed: nothing was taken, or it is disputed already")
		}
		made = s.openDispute(ch, reason, now).ID
		return nil
	})
	return made, err
}

// CloseDispute decides an open dispute. A dispute that is lost keeps the money from the merchant, and the ledger counts it as
// gone.
func (s *Server) CloseDispute(ctx context.Context, id string, won bool) error {
	return s.step(ctx, func(now time.Time) error {
		d, ok := s.state.byID[id].(*dispute)
		switch {
		case !ok:
			return errUnknown(id)
		case !d.open():
			return errors.New("stripetest: the dispute is closed already")
		}
		s.closeDispute(d, won, now)
		return nil
	})
}

func retrieveDispute(s *Server, c *call) (obj, *apiError) {
	d, ok := get[*dispute](s, c.account, c.id)
	if !ok {
		return nil, noSuch("dispute", c.id, "dispute")
	}
	return s.renderDispute(d), nil
}

// closeDisputeByAPI gives up: the dispute is lost.
func closeDisputeByAPI(s *Server, c *call) (obj, *apiError) {
	d, ok := get[*dispute](s, c.account, c.id)
	if !ok {
		return nil, noSuch("dispute", c.id, "dispute")
	}
	if !d.open() {
		return nil, refuse("", "", "This dispute is already closed.")
	}
	s.closeDispute(d, false, c.now)
	return s.renderDispute(d), nil
}

func listDisputes(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindDispute, func(e entity) bool {
		d := e.(*dispute)
		return (!p.has("payment_intent") || d.Intent == p.str("payment_intent")) && (!p.has("charge") || d.Charge == p.str("charge"))
	})
}

// renderDispute is a Dispute as the API answers it.
func (s *Server) renderDispute(d *dispute) obj {
	return obj{"id": d.ID, "object": "dispute", "created": d.created(), "livemode": false, "amount": d.Amount, "currency": d.Currency,
		"charge": d.Charge, "payment_intent": orNull(d.Intent), "reason": d.Reason, "status": d.Status, "metadata": textMap(d.Metadata),
		"balance_transactions": []any{}, "evidence": obj{}, "is_charge_refundable": false,
		"evidence_details":       obj{"due_by": d.created() + 7*24*3600, "has_evidence": false, "past_due": false, "submission_count": 0},
		"payment_method_details": obj{"type": "card", "card": obj{"brand": own[*method](s, own[*charge](s, d.Charge).Method).Brand, "network_reason_code": "10.4"}}}
}
