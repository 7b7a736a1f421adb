package payments

import (
	"context"
	"errors"
)

// This file holds what becomes of a subscription that an attempt left behind whose answer was lost: the payment that has none takes it on,
// or it is ended. It is seen by the object of its first invoice, or by its own events.

// adopt gives the payment the subscription, once it is seen to carry the payment: the row must know what charges the order from now on. One
// of another price is ended, unless it is paid: then an operator decides.
func (s *Service) adopt(ctx context.Context, rec Record, reference string, paid bool) (Record, Snapshot, error) {
	p := rec.Payment
	p.Subscription = reference
	sub, err := s.fetchSubscription(ctx, p)
	switch {
	case err != nil:
		return rec, Snapshot{}, err
	case sub.owned(p).Amount != p.Amount && !paid:
		rec, err = s.refuse(ctx, rec, reference)
		return rec, Snapshot{}, err
	}
	if rec, err = s.followed(ctx, rec, sub); err != nil {
		return rec, Snapshot{}, err
	}
	if rec.Payment.Subscription == "" {
		return rec, Snapshot{}, &Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "OnEvent fails; the subscription is taken on later"}
	}
	return s.refresh(ctx, rec)
}

// refuse ends a subscription that a live payment does not take on, while nobody else works on the payment: another price may have made it
// the payment's meanwhile.
func (s *Service) refuse(ctx context.Context, rec Record, reference string) (Record, error) {
	held, err := s.lease(ctx, rec, newUID(s.now()))
	if err != nil {
		return rec, err
	}
	if err = ErrStale; held.Payment.Subscription == "" && held.Payment.Amount == rec.Payment.Amount {
		err = s.disown(ctx, held.Payment, reference)
	}
	held.Payment, _ = s.postpone(ctx, held, err)
	return held, err
}

// disown ends a subscription that is not taken on, for the payment was given up or is over another amount by now: it must charge nobody.
// That moves no money and may be done any number of times, so nothing is stored before.
func (s *Service) disown(ctx context.Context, p Payment, reference string) error {
	p.Subscription = ""
	_, err := s.callSubscription(ctx, "cancel_subscription", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.CancelSubscription(ctx, CancelSubscriptionRequest{PaymentRef: p.ref(), Key: newUID(s.now()) + ":disown", Reference: reference})
	})
	return err
}

// hear brings the payment of an event up to what the gateway says, and then sees to the event's subscription where that is not the
// payment's: the payment has another by now, was given up, or never heard of the one that it began. What of the first invoice carries our
// reference only after a second request (Stripe) may carry none, and then the subscription's events alone tell of it.
func (s *Service) hear(ctx context.Context, rec Record, subscription string) error {
	after, _, err := s.refresh(ctx, rec)
	p := after.Payment
	unheard := errors.Is(err, ErrPaymentNotFound) && p.Reference == "" && p.Subscription == ""
	if err != nil && !unheard || subscription == "" || subscription == p.Subscription {
		return err
	}
	p.Subscription = subscription
	sub, err := s.callSubscription(ctx, "fetch_subscription", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.FetchSubscription(ctx, FetchSubscriptionRequest{PaymentRef: p.ref(), Reference: subscription})
	})
	switch {
	case err != nil:
		return err
	case !sub.Status.Ended() && unheard && p.Live:
		_, _, err = s.adopt(ctx, after, subscription, sub.owned(p).Status == invoicePaid)
		return err
	case !sub.Status.Ended():
		err = s.disown(ctx, p, subscription)
	}
	for _, in := range sub.Invoices {
		if err == nil && in.Status == invoicePaid && in.Payment != "" && in.Payment != p.Reference {
			_, err = s.tellCharge(ctx, p, in.Payment, in.Amount)
		}
	}
	return err
}
