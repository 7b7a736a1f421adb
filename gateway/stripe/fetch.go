package stripe

import (
	"context"
	"fmt"
	"slices"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// Fetch reads the intent, with its latest charge, review, refunds and disputes. By PaymentUID it searches the metadata,
// which lags by up to a minute: not found proves nothing then.
func (g *Gateway) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	const op = "fetch"
	pi, err := g.intent(ctx, req)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	if pi == nil {
		return payments.Snapshot{}, &payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrPaymentNotFound,
			Outcome: payments.OutcomeNotApplied, Message: "Stripe's search finds no such payment"}
	}
	snap := snapshot(pi)
	if snap.UnderReview {
		if snap.UnderReview, err = g.underReview(ctx, req.Account, pi.Review.ID); err != nil {
			return payments.Snapshot{}, g.failure(op, err)
		}
	}
	if snap.Status != payments.StatusPaid {
		return snap, nil
	}
	if err := g.addRefunds(ctx, req.Account, &snap, released(pi.LatestCharge)); err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	if snap.Disputed {
		if err := g.addDisputes(ctx, req.Account, &snap); err != nil {
			return payments.Snapshot{}, g.failure(op, err)
		}
	}
	return snap, nil
}

// intent reads one intent, nil where the search finds none.
func (g *Gateway) intent(ctx context.Context, req payments.FetchRequest) (*stripego.PaymentIntent, error) {
	if req.Reference != "" {
		return g.api.PaymentIntents.Get(req.Reference, &stripego.PaymentIntentParams{Params: g.params(ctx, "", req.Account), Expand: expanded})
	}
	p := &stripego.PaymentIntentSearchParams{SearchParams: stripego.SearchParams{Context: ctx, Query: byUID(req.PaymentUID), Limit: stripego.Int64(1),
		StripeAccount: g.params(ctx, "", req.Account).StripeAccount, Single: true},
		Expand: []*string{stripego.String("data.latest_charge"), stripego.String("data.invoice")}}
	found := g.api.PaymentIntents.Search(p)
	for found.Next() {
		return found.PaymentIntent(), nil
	}
	return nil, found.Err()
}

// underReview reads whether a review is still open.
func (g *Gateway) underReview(ctx context.Context, account, id string) (bool, error) {
	review, err := g.api.Reviews.Get(id, &stripego.ReviewParams{Params: g.params(ctx, "", account)})
	if err != nil {
		return true, err
	}
	return review.Open, nil
}

// byUID is the search for our reference. A UID has no quotes in it.
func byUID(uid string) string { return fmt.Sprintf("metadata['%s']:'%s'", metaPayment, uid) }

// addRefunds lists the intent's refunds, the oldest first: those that failed too, which the charge's amount_refunded does not
// tell. What was reserved and not captured Stripe may list as a refund as well; it never was the merchant's, and is left out.
func (g *Gateway) addRefunds(ctx context.Context, account string, snap *payments.Snapshot, released int64) error {
	var all []*stripego.Refund
	list := g.api.Refunds.List(&stripego.RefundListParams{ListParams: g.listParams(ctx, account), PaymentIntent: stripego.String(snap.Reference)})
	for list.Next() {
		all = append(all, list.Refund())
	}
	for _, r := range slices.Backward(all) {
		if released > 0 && r.Amount == released && r.Metadata[metaRefund] == "" {
			released = 0
			continue
		}
		snap.Refunds = append(snap.Refunds, refund(r))
	}
	return list.Err()
}

// released is what was reserved by a charge and not captured.
func released(ch *stripego.Charge) int64 {
	if ch == nil || !ch.Captured || ch.AmountCaptured <= 0 {
		return 0
	}
	return max(0, ch.Amount-ch.AmountCaptured)
}

// addDisputes tells whether a dispute is open. The money of one that was lost is gone: it is told as a refund made elsewhere.
func (g *Gateway) addDisputes(ctx context.Context, account string, snap *payments.Snapshot) error {
	snap.Disputed = false
	list := g.api.Disputes.List(&stripego.DisputeListParams{ListParams: g.listParams(ctx, account), PaymentIntent: stripego.String(snap.Reference)})
	for list.Next() {
		d := list.Dispute()
		switch d.Status {
		case stripego.DisputeStatusWon, stripego.DisputeStatusWarningClosed:
		case stripego.DisputeStatusLost:
			snap.Refunds = append(snap.Refunds, payments.RefundSnapshot{Reference: d.ID, Amount: money(d.Amount, d.Currency).Amount,
				Status: payments.RefundSucceeded, Reason: "dispute_lost"})
		default:
			snap.Disputed = true
		}
	}
	return list.Err()
}

// ListCharges lists the charges of one account that hold or took money, the newest first.
func (g *Gateway) ListCharges(ctx context.Context, req payments.ListChargesRequest) (list []payments.ListedCharge, next string, err error) {
	p := &stripego.ChargeListParams{ListParams: g.listParams(ctx, req.Account), CreatedRange: &stripego.RangeQueryParams{
		GreaterThanOrEqual: req.From.Unix(), LesserThan: req.Before.Unix()}}
	p.Limit, p.Single = stripego.Int64(int64(max(1, min(req.Limit, 100)))), true
	if req.Cursor != "" {
		p.StartingAfter = stripego.String(req.Cursor)
	}
	page := g.api.Charges.List(p)
	last := ""
	for page.Next() {
		ch := page.Charge()
		last = ch.ID
		if ch.Paid {
			list = append(list, listed(ch))
		}
	}
	if err := page.Err(); err != nil {
		return nil, "", g.failure("list_charges", err)
	}
	if page.ChargeList().HasMore {
		next = last
	}
	return list, next, nil
}

// listed reads a charge. It carries its intent's metadata as they were when it was made.
func listed(ch *stripego.Charge) payments.ListedCharge {
	c := payments.ListedCharge{Reference: ch.ID, Amount: money(ch.Amount, ch.Currency), PaymentUID: ch.Metadata[metaPayment],
		CreatedAt: time.Unix(ch.Created, 0).UTC()}
	if ch.PaymentIntent != nil {
		c.Reference = ch.PaymentIntent.ID
	}
	c.OrderID, _ = payments.ParseOrderID(ch.Metadata[metaOrder])
	if ch.Captured {
		c.Captured = minor(ch.AmountCaptured, c.Amount.Currency)
	}
	c.Refunded = minor(max(0, ch.AmountRefunded-released(ch)), c.Amount.Currency)
	return c
}
