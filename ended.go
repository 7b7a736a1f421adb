package payments

import (
	"context"
	"errors"
	"slices"
	"time"
)

// This file holds what becomes of a subscription's invoices when it has ended: nobody pays any more for what is not delivered. A
// gateway may leave them open (Stripe does), and then their objects would take money as before.

// lapsed reports whether the payment holds its order with an invoice that is still open after its subscription has ended.
func (p Payment) lapsed() bool {
	waits := p.Status == StatusCreated || p.Status == StatusRequiresAction || p.Status == StatusDeclined
	return p.anchor() && p.SubscriptionStatus.Ended() && p.Live && waits
}

// unclosed is the refusal to pay what has lapsed.
func unclosed() error {
	e := conflict(ErrConflict, "OrderID", "the order's subscription has ended, and its last invoice is not closed yet; try again")
	e.RetryAfter = time.Second
	return e
}

// standing brings the payment of an invoice up to what the gateway says before it is tried once more, for its subscription may have
// ended since. It reports whether it may be tried; otherwise it answers: ErrStale for another look, a conflict while the invoice of
// what has ended is open, and the payment as it is where the subscription runs without it.
func (c *charge) standing(ctx context.Context, rec *Record) (ok bool, res Result, err error) {
	p := rec.Payment
	again := p.givenUp() || p.Status == StatusDeclined || !c.req.Source.IsZero() // an open one is read before it is answered
	if !p.anchor() || p.Reference == "" || !again {
		return true, Result{}, nil
	}
	after, snap, err := c.refresh(ctx, *rec)
	if err != nil {
		if p.Status == StatusDeclined || p.givenUp() {
			p.Status = StatusCreated // what was not tried was not declined
		}
		res, err = c.unreadable(p, err)
		return false, res, err
	}
	switch *rec = after; {
	case !after.Payment.Live || after.Payment.Status != p.Status:
		return false, Result{}, ErrStale
	case after.Payment.lapsed():
		return false, Result{}, unclosed()
	case !p.givenUp():
		return true, Result{}, nil
	case after.Payment.SubscriptionStatus == SubscriptionIncomplete: // it can never begin without its first invoice
		res, err = c.giveUp(ctx, after)
	default:
		res, err = c.answer(after.Payment, snap)
	}
	return false, res, err
}

// payable reports whether the invoice's object may still take money.
func (in InvoiceSnapshot) payable() bool {
	return in.Payment != "" && (in.Status == "open" || in.Status == "uncollectible")
}

// closeInvoices asks the gateway to close what a subscription that has ended left open, by ending it once more. That moves no money and may
// be done any number of times, so nothing is stored before. What the gateway refuses to close stays as it is: the bank may work on it.
func (s *Service) closeInvoices(ctx context.Context, p Payment, sub SubscriptionSnapshot) (SubscriptionSnapshot, error) {
	if !sub.Status.Ended() || !slices.ContainsFunc(sub.Invoices, InvoiceSnapshot.payable) {
		return sub, nil
	}
	closed, err := s.callSubscription(ctx, "cancel_subscription", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.CancelSubscription(ctx, CancelSubscriptionRequest{PaymentRef: p.ref(), Key: newUID(s.now()) + ":close", Reference: sub.Reference})
	})
	switch {
	case err == nil:
		return closed, nil
	case OutcomeOf(err) == OutcomeNotApplied && !errors.Is(err, ErrRateLimited) && !errors.Is(err, ErrUnavailable):
		return sub, nil
	default:
		return sub, err
	}
}
