package invariant

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

// Step is called before and after each call of a store or a gateway, with the call's name. An error ends the call: before it,
// nothing is done; after it, what was done is answered to nobody. After the call err is what it answered.
type Step func(ctx context.Context, call string, after bool, err error) error

// around makes one call between two steps.
func around[R any](ctx context.Context, step Step, call string, do func() (R, error)) (R, error) {
	var none R
	if err := step(ctx, call, false, nil); err != nil {
		return none, err
	}
	r, err := do()
	if end := step(ctx, call, true, err); end != nil {
		return none, end
	}
	return r, err
}

// FullGateway is a gateway with all that moves money.
type FullGateway interface {
	payments.Gateway
	payments.IntentGateway
	payments.SubscriptionGateway
}

// AroundGateway is a gateway with a step around each call.
type AroundGateway struct {
	FullGateway
	// Step is called around each.
	Step Step
}

// Unwrap returns the gateway beneath.
func (g AroundGateway) Unwrap() payments.Gateway { return g.FullGateway }

// Prepare is Prepare between two steps, and so are the others.
func (g AroundGateway) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "prepare", func() (payments.Snapshot, error) { return g.FullGateway.Prepare(ctx, req) })
}

// Confirm asks for the money.
func (g AroundGateway) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "confirm", func() (payments.Snapshot, error) { return g.FullGateway.Confirm(ctx, req) })
}

// Authorize makes an object and asks for the money.
func (g AroundGateway) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "authorize", func() (payments.Snapshot, error) { return g.FullGateway.Authorize(ctx, req) })
}

// Capture takes reserved money.
func (g AroundGateway) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "capture", func() (payments.Snapshot, error) { return g.FullGateway.Capture(ctx, req) })
}

// Void cancels.
func (g AroundGateway) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "void", func() (payments.Snapshot, error) { return g.FullGateway.Void(ctx, req) })
}

// Refund gives money back.
func (g AroundGateway) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "refund", func() (payments.Snapshot, error) { return g.FullGateway.Refund(ctx, req) })
}

// Fetch reads a payment.
func (g AroundGateway) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return around(ctx, g.Step, "fetch", func() (payments.Snapshot, error) { return g.FullGateway.Fetch(ctx, req) })
}

// Subscribe makes a subscription.
func (g AroundGateway) Subscribe(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
	return around(ctx, g.Step, "subscribe", func() (payments.SubscriptionSnapshot, error) { return g.FullGateway.Subscribe(ctx, req) })
}

// FetchSubscription reads a subscription.
func (g AroundGateway) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return around(ctx, g.Step, "fetch_subscription", func() (payments.SubscriptionSnapshot, error) {
		return g.FullGateway.FetchSubscription(ctx, req)
	})
}

// CancelSubscription ends a subscription.
func (g AroundGateway) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return around(ctx, g.Step, "cancel_subscription", func() (payments.SubscriptionSnapshot, error) {
		return g.FullGateway.CancelSubscription(ctx, req)
	})
}

// UncancelSubscription lets a subscription go on.
func (g AroundGateway) UncancelSubscription(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return around(ctx, g.Step, "uncancel_subscription", func() (payments.SubscriptionSnapshot, error) {
		return g.FullGateway.UncancelSubscription(ctx, req)
	})
}

// AroundStore is a store with a step around each call that a Service makes.
type AroundStore struct {
	payments.Store
	// Step is called around each.
	Step Step
}

// Apply is Apply between two steps, and so are the others.
func (s AroundStore) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	return around(ctx, s.Step, "apply", func() (payments.Payment, error) { return s.Store.Apply(ctx, change) })
}

// Find reads one payment.
func (s AroundStore) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	return around(ctx, s.Step, "find", func() (payments.Record, error) { return s.Store.Find(ctx, q) })
}

// List lists payments.
func (s AroundStore) List(ctx context.Context, f payments.Filter) ([]payments.Payment, error) {
	return around(ctx, s.Step, "list", func() ([]payments.Payment, error) { return s.Store.List(ctx, f) })
}

// Lease hands payments to one owner.
func (s AroundStore) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	return around(ctx, s.Step, "lease", func() ([]payments.Payment, error) { return s.Store.Lease(ctx, req) })
}

// FindKey reads an idempotency record.
func (s AroundStore) FindKey(ctx context.Context, id payments.KeyID) (payments.KeyRecord, error) {
	return around(ctx, s.Step, "find_key", func() (payments.KeyRecord, error) { return s.Store.FindKey(ctx, id) })
}

// FindRefund reads a refund.
func (s AroundStore) FindRefund(ctx context.Context, namespace, key string) (payments.Refund, error) {
	return around(ctx, s.Step, "find_refund", func() (payments.Refund, error) { return s.Store.FindRefund(ctx, namespace, key) })
}

// Inbox reads the gateway's events that are due.
func (s AroundStore) Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) ([]payments.InboxEvent, error) {
	return around(ctx, s.Step, "inbox", func() ([]payments.InboxEvent, error) { return s.Store.Inbox(ctx, namespace, dueBefore, limit) })
}
