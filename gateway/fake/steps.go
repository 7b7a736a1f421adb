package fake

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

// The states of a dispute.
const (
	disputeOpen = "open"
	disputeWon  = "won"
	disputeLost = "lost"
)

// on runs a step on the object with an id.
func (g *Gateway) on(ctx context.Context, op Operation, reference string, do func(in *intent, now time.Time) *payments.Error) error {
	return g.step(ctx, op, func(now time.Time) *payments.Error {
		in, err := g.find(op, reference)
		if err != nil {
			return err
		}
		return do(in, now)
	})
}

// Settle ends a payment that is processing: it succeeds, or it fails as declined.
func (g *Gateway) Settle(ctx context.Context, reference string, succeed bool) error {
	const op Operation = "settle"
	return g.on(ctx, op, reference, func(in *intent, now time.Time) *payments.Error {
		if in.Status != processing {
			return g.clash(op, "payment_intent_unexpected_state", "The payment is not being processed.")
		}
		g.touch(in)
		c := in.live()
		if succeed {
			g.approve(in, c, now)
			return nil
		}
		c.Status = ChargeFailed
		// The step has done what was asked: that it is a decline is for the payment to tell.
		_ = g.decline(op, in, declineOf("generic_decline"), now)
		return nil
	})
}

// SettleRefund moves a refund on, by its Reference: a pending one succeeds or fails, and one that succeeded can only fail.
func (g *Gateway) SettleRefund(ctx context.Context, refundReference string, succeed bool) error {
	const op Operation = "settle_refund"
	return g.step(ctx, op, func(now time.Time) *payments.Error {
		for _, in := range g.state.intents {
			for _, r := range in.Refunds {
				if r.ID != refundReference {
					continue
				}
				if r.Status == payments.RefundFailed || r.Status == payments.RefundSucceeded && succeed {
					return g.clash(op, "refund_unexpected_state", "The refund cannot move on like that.")
				}
				status := payments.RefundFailed
				if succeed {
					status = payments.RefundSucceeded
				}
				g.endRefund(in, r, status, now)
				return nil
			}
		}
		_, err := g.find(op, "")
		return err
	})
}

// RefundElsewhere gives money back as the gateway's own dashboard does: the refund carries no RefundUID.
func (g *Gateway) RefundElsewhere(ctx context.Context, reference string, amount int64) error {
	return g.on(ctx, "refund_elsewhere", reference, func(in *intent, now time.Time) *payments.Error {
		return g.refund(in, payments.RefundRequest{Amount: payments.Money{Amount: amount, Currency: in.Currency}}, now)
	})
}

// PayElsewhere marks the open invoice of a payment as paid past the gateway, as Stripe's dashboard does: the object is canceled, nothing
// is charged, and the subscription is active.
func (g *Gateway) PayElsewhere(ctx context.Context, reference string) error {
	const op Operation = "pay_elsewhere"
	return g.on(ctx, op, reference, func(in *intent, now time.Time) *payments.Error {
		sub, inv := g.invoiceOf(in)
		if inv == nil || inv.Status != invoiceOpen || in.secured() {
			return g.clash(op, "invoice_unexpected_state", "The payment is not that of an open invoice.")
		}
		g.touchSub(sub)
		g.paid(sub, inv, sub.Method, now)
		g.cancel(in, now)
		return nil
	})
}

// OpenDispute lets the payer's bank ask the money of a paid payment back.
func (g *Gateway) OpenDispute(ctx context.Context, reference string) error {
	const op Operation = "open_dispute"
	return g.on(ctx, op, reference, func(in *intent, now time.Time) *payments.Error {
		if in.Status != succeeded || in.Dispute != nil {
			return g.clash(op, "payment_intent_unexpected_state", "The payment cannot be disputed.")
		}
		g.dispute(in, now)
		return nil
	})
}

// dispute opens a dispute.
func (g *Gateway) dispute(in *intent, now time.Time) {
	g.touch(in)
	in.Dispute = &dispute{ID: g.newID("dp"), Status: disputeOpen}
	g.emit(eventDisputeCreated, in, now)
}

// CloseDispute ends a dispute. When it is lost, what was left of the money is gone, and the snapshot lists it as a refund
// made elsewhere.
func (g *Gateway) CloseDispute(ctx context.Context, reference string, won bool) error {
	const op Operation = "close_dispute"
	return g.on(ctx, op, reference, func(in *intent, now time.Time) *payments.Error {
		if in.Dispute == nil || in.Dispute.Status != disputeOpen {
			return g.clash(op, "dispute_unexpected_state", "The payment has no open dispute.")
		}
		g.touch(in)
		in.Dispute.Status = disputeWon
		if !won {
			in.Dispute.Status = disputeLost
			g.takeBack(in, reasonDisputeLost, now)
		}
		g.emit(eventDisputeClosed, in, now)
		return nil
	})
}

// takeBack gives back all that is left, whatever the card does with refunds.
func (g *Gateway) takeBack(in *intent, reason string, now time.Time) {
	if left := in.captured() - in.refunded(); left > 0 {
		in.Refunds = append(in.Refunds, &refund{ID: g.newID("re"), Amount: left, Status: payments.RefundSucceeded, Reason: reason, At: now})
	}
}

// CloseReview ends the gateway's own review of a payment. When it is refused, reserved money is released and captured money
// goes back as a refund made elsewhere.
func (g *Gateway) CloseReview(ctx context.Context, reference string, approve bool) error {
	const op Operation = "close_review"
	return g.on(ctx, op, reference, func(in *intent, now time.Time) *payments.Error {
		if !in.Review {
			return g.clash(op, "review_unexpected_state", "The payment is not under review.")
		}
		g.touch(in)
		in.Review = false
		switch {
		case approve:
		case in.Status == needsCapture:
			g.cancel(in, now)
		default:
			g.takeBack(in, reasonReviewRefused, now)
		}
		g.emit(eventReviewClosed, in, now)
		return nil
	})
}
