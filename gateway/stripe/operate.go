package stripe

import (
	"context"
	"errors"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// Capture takes reserved money, all or a part; the rest is released.
func (g *Gateway) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	n, err := units(req.Amount)
	if err != nil {
		return payments.Snapshot{}, g.failure("capture", err)
	}
	pi, err := g.api.PaymentIntents.Capture(req.Reference, &stripego.PaymentIntentCaptureParams{
		Params: g.params(ctx, req.Key, req.Account), AmountToCapture: stripego.Int64(n), Expand: expanded})
	return g.moved(ctx, "capture", payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference}, payments.StatusPaid, pi, err)
}

// Void cancels the intent. Afterwards it never takes money.
func (g *Gateway) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	pi, err := g.api.PaymentIntents.Cancel(req.Reference, &stripego.PaymentIntentCancelParams{
		Params: g.params(ctx, req.Key, req.Account), Expand: expanded})
	return g.moved(ctx, "void", payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference}, payments.StatusCanceled, pi, err)
}

// moved answers a capture or a cancellation. What was replayed is an old truth, and where Stripe says that the state does not
// allow it the intent may well be in the state that was asked for: it is read, and settles the question when it is at an end.
func (g *Gateway) moved(ctx context.Context, op string, again payments.FetchRequest, want payments.Status, pi *stripego.PaymentIntent, err error) (payments.Snapshot, error) {
	if err == nil && !replayed(pi.LastResponse) {
		return snapshot(pi), nil
	}
	failure := error(&payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrUnavailable, Replayed: true,
		Message: "Stripe repeated an old answer, and cannot be asked for the new one"})
	if err != nil {
		failure = g.failure(op, err)
		var e *stripego.Error
		if !errors.As(err, &e) || !inDoubt(e) {
			return payments.Snapshot{}, failure
		}
	}
	snap, readErr := g.Fetch(ctx, again)
	switch {
	case readErr != nil:
		return payments.Snapshot{}, failure
	case snap.Status == want:
		return snap, nil
	case snap.Status == payments.StatusPaid:
		return snap, ended(g.Name(), op, "the payment was captured; refund it instead")
	case snap.Status == payments.StatusCanceled:
		return snap, ended(g.Name(), op, "the payment was canceled")
	default:
		return payments.Snapshot{}, failure
	}
}

// Refund gives captured money back, by the intent (never by the charge). The refund carries RefundUID, by which a lost
// answer is found again.
func (g *Gateway) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	n, err := units(req.Amount)
	if err != nil {
		return payments.Snapshot{}, g.failure("refund", err)
	}
	meta := metadata(req.PaymentRef)
	meta[metaRefund] = req.RefundUID
	if req.Reason != "" {
		meta["reason"] = req.Reason
	}
	_, err = g.api.Refunds.New(&stripego.RefundParams{Params: g.params(ctx, req.Key, req.Account), PaymentIntent: stripego.String(req.Reference),
		Amount: stripego.Int64(n), Metadata: meta})
	if err != nil {
		return g.notRefunded(ctx, req, err)
	}
	snap, err := g.Fetch(ctx, payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if err != nil {
		return payments.Snapshot{}, g.later("refund", "Stripe took the refund, and cannot be asked how it stands", err)
	}
	return snap, nil
}

// notRefunded answers a refund that failed. Where Stripe says that nothing is left, the refunds tell whether this one is among them:
// if not, they are somebody else's.
func (g *Gateway) notRefunded(ctx context.Context, req payments.RefundRequest, err error) (payments.Snapshot, error) {
	failure := g.failure("refund", err)
	var e *stripego.Error
	if !errors.As(err, &e) || e.Code != stripego.ErrorCodeChargeAlreadyRefunded || !definite(e.HTTPStatusCode) {
		return payments.Snapshot{}, failure
	}
	snap, readErr := g.Fetch(ctx, payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if readErr != nil {
		return payments.Snapshot{}, failure
	}
	left := snap.Captured
	for _, r := range snap.Refunds {
		if r.RefundUID == req.RefundUID {
			return snap, nil
		}
		if r.Status.Counts() {
			left -= r.Amount
		}
	}
	if snap.Status != payments.StatusPaid || left >= req.Amount.Amount {
		return payments.Snapshot{}, failure
	}
	return snap, ended(g.Name(), "refund", "the payment was refunded elsewhere; less is left than was asked")
}
