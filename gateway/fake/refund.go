package fake

import (
	"time"

	"github.com/trendsic/payments"
)

// The reasons that the gateway itself gives for a refund.
const (
	reasonRefundFailed  = "expired_or_canceled_card"
	reasonDisputeLost   = "dispute_lost"
	reasonReviewRefused = "review_refused"
)

// refund gives captured money back.
func (g *Gateway) refund(in *intent, req payments.RefundRequest, now time.Time) *payments.Error {
	left := in.captured() - in.refunded()
	switch {
	case req.Amount.Currency != in.Currency:
		return g.bad(OpRefund, "Amount", "Currency", "the currency is not the payment's")
	case req.Amount.Amount < 1:
		return g.bad(OpRefund, "Amount", "Amount", "the amount must be above zero")
	case in.Status != succeeded:
		return g.clash(OpRefund, "payment_intent_unexpected_state", "The payment has taken no money.")
	case in.Dispute != nil && in.Dispute.Status == disputeOpen:
		return g.clash(OpRefund, "charge_disputed", "The payment is disputed and cannot be refunded.")
	case left == 0:
		return g.clash(OpRefund, "charge_already_refunded", "The payment was refunded already.")
	case req.Amount.Amount > left:
		return g.clash(OpRefund, "amount_too_large", "More was asked than is left to refund.")
	}
	g.addRefund(in, req.RefundUID, req.Amount.Amount, req.Reason, now)
	return nil
}

// addRefund makes a refund, which behaves as the card's.
func (g *Gateway) addRefund(in *intent, uid string, amount int64, reason string, now time.Time) *refund {
	g.touch(in)
	r := &refund{ID: g.newID("re"), UID: uid, Amount: amount, Status: payments.RefundSucceeded, Reason: reason, At: now}
	switch in.Shown.does().refund {
	case refundPends:
		r.Status, r.Then = payments.RefundPending, payments.RefundSucceeded
	case refundFails:
		r.Then = payments.RefundFailed
	case refundSucceeds:
	}
	in.Refunds = append(in.Refunds, r)
	g.nextDue = earlier(g.nextDue, g.due(in))
	g.emit(eventRefunded, in, now)
	return r
}

// endRefund moves a refund on.
func (g *Gateway) endRefund(in *intent, r *refund, status payments.RefundStatus, now time.Time) {
	g.touch(in)
	r.Status, r.Then = status, ""
	if status == payments.RefundFailed {
		r.Reason = reasonRefundFailed
	}
	g.emit(eventRefundUpdated, in, now)
}
