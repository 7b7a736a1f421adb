package resilience

import (
	"context"

	"github.com/trendsic/payments"
)

// around returns the decorator that has just the capabilities of the gateway that call somebody. Those that do not (webhooks,
// limits, raw cards) are found by Unwrap.
func (b *breaker) around(gateway payments.Gateway) payments.Gateway {
	base := base{gateway, b}
	intents, hasIntents := payments.CapabilityOf[payments.IntentGateway](gateway)
	subs, hasSubs := payments.CapabilityOf[payments.SubscriptionGateway](gateway)
	lister, hasList := payments.CapabilityOf[payments.ChargeLister](gateway)
	i, s, l := intentGateway{intents, b}, subscriptionGateway{subs, b}, chargeLister{lister, b}
	switch {
	case hasIntents && hasSubs && hasList:
		return struct {
			capable
			intentGateway
			subscriptionGateway
			chargeLister
		}{base, i, s, l}
	case hasIntents && hasSubs:
		return struct {
			capable
			intentGateway
			subscriptionGateway
		}{base, i, s}
	case hasIntents && hasList:
		return struct {
			capable
			intentGateway
			chargeLister
		}{base, i, l}
	case hasIntents:
		return struct {
			capable
			intentGateway
		}{base, i}
	case hasList:
		return struct {
			capable
			chargeLister
		}{base, l}
	default:
		return base
	}
}

// capable is a gateway beneath which others can be found.
type capable interface {
	payments.Gateway
	Unwrap() payments.Gateway
}

type base struct {
	payments.Gateway
	b *breaker
}

func (g base) Unwrap() payments.Gateway { return g.Gateway }

func (g base) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.Gateway.Authorize(ctx, req) })
}

func (g base) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.Gateway.Capture(ctx, req) })
}

func (g base) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.Gateway.Void(ctx, req) })
}

func (g base) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.Gateway.Refund(ctx, req) })
}

func (g base) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.Gateway.Fetch(ctx, req) })
}

type intentGateway struct {
	intents payments.IntentGateway
	b       *breaker
}

func (g intentGateway) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.intents.Prepare(ctx, req) })
}

func (g intentGateway) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	return do(ctx, g.b, func() (payments.Snapshot, error) { return g.intents.Confirm(ctx, req) })
}

type subscriptionGateway struct {
	subs payments.SubscriptionGateway
	b    *breaker
}

func (g subscriptionGateway) Subscribe(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
	return do(ctx, g.b, func() (payments.SubscriptionSnapshot, error) { return g.subs.Subscribe(ctx, req) })
}

func (g subscriptionGateway) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return do(ctx, g.b, func() (payments.SubscriptionSnapshot, error) { return g.subs.FetchSubscription(ctx, req) })
}

func (g subscriptionGateway) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return do(ctx, g.b, func() (payments.SubscriptionSnapshot, error) { return g.subs.CancelSubscription(ctx, req) })
}

func (g subscriptionGateway) UncancelSubscription(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return do(ctx, g.b, func() (payments.SubscriptionSnapshot, error) { return g.subs.UncancelSubscription(ctx, req) })
}

type chargeLister struct {
	lister payments.ChargeLister
	b      *breaker
}

func (g chargeLister) ListCharges(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	var next string
	list, err := do(ctx, g.b, func() (list []payments.ListedCharge, err error) {
		list, next, err = g.lister.ListCharges(ctx, req)
		return list, err
	})
	return list, next, err
}
