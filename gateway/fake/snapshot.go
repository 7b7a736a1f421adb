package fake

import "github.com/trendsic/payments"

// statusOf tells Stripe's status in the words of the contract.
func statusOf(in *intent) payments.Status {
	switch in.Status {
	case needsMethod:
		if in.Failure != nil {
			return payments.StatusDeclined
		}
		return payments.StatusCreated
	case needsConfirm:
		return payments.StatusCreated
	case needsAction:
		return payments.StatusRequiresAction
	case processing:
		return payments.StatusProcessing
	case needsCapture:
		return payments.StatusAuthorized
	case canceled:
		return payments.StatusCanceled
	case succeeded:
		return payments.StatusPaid
	default:
		return 0
	}
}

// snapshot tells the full truth about an object. Its client secret is told whatever became of it.
func (g *Gateway) snapshot(in *intent) payments.Snapshot {
	s := payments.Snapshot{
		Reference: in.ID, Status: statusOf(in), Amount: payments.Money{Amount: in.Amount, Currency: in.Currency},
		Captured: in.captured(), Disputed: in.Dispute != nil && in.Dispute.Status == disputeOpen, UnderReview: in.Review,
		OrderID: in.OrderID, PaymentUID: in.PaymentUID, LiveMode: g.opts.LiveMode, DecidedAt: in.DecidedAt,
		Customer: in.Customer, Subscription: in.Subscription, NextAction: g.nextAction(in.ID),
	}
	for _, r := range in.Refunds {
		s.Refunds = append(s.Refunds, payments.RefundSnapshot{Reference: r.ID, RefundUID: r.UID, Amount: r.Amount,
			Status: r.Status, Reason: r.Reason})
	}
	if m := in.Shown; m != nil {
		s.Method = payments.PaymentMethod{ID: m.ID, Brand: m.Brand, Last4: m.Last4, Expiry: m.Expiry}
	}
	if n := len(in.Charges); n > 0 {
		s.Attempt, s.AuthCode = in.Charges[n-1].ID, in.Charges[n-1].AuthCode
	}
	if c := in.live(); c != nil && c.Status == ChargeCaptured {
		s.ReceiptURL = "https://fake.invalid/receipts/" + c.ID
	}
	if f := in.Failure; f != nil {
		s.DeclineCode, s.GatewayCode, s.Message = f.DeclineCode, f.Code, f.Message
	}
	return s
}
