package crash

import (
	"context"
	"net/http"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// flow is what a caller does; it may be run again as a whole, as a caller repeats what was not answered.
type flow struct {
	manual, recurring bool
	trialDays         int
	run               func(ctx context.Context, w *world)
}

// target is the order.
var target = payments.Target{OrderID: orderID}

// pay asks for the payment with a token, under the caller's key.
func pay(ctx context.Context, w *world, key, token string) payments.Result {
	req := payments.PayRequest{OrderID: orderID, Idempotency: payments.Idempotency{Key: key, Principal: "caller"}}
	if token != "" {
		req.Source.Token = payments.NewToken(token)
	}
	res, _ := w.Pay(ctx, req)
	return res
}

// complete tells how the payment ended.
func complete(ctx context.Context, w *world) {
	_, _ = w.Complete(ctx, payments.CompleteRequest{OrderID: orderID})
}

// payer lets the payer do what is asked.
func payer(ctx context.Context, w *world, res payments.Result, token string) {
	if res.NextAction != nil {
		_ = w.gw.Authenticate(ctx, res.NextAction.ClientSecret.Reveal(), fake.AuthPass, token)
	}
}

// webhooks delivers the gateway's events, each twice.
func webhooks(ctx context.Context, w *world) {
	for _, e := range w.gw.Events() {
		header := http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.clock.Now())}}
		_ = w.Webhook(ctx, header, e.Body)
		_ = w.Webhook(ctx, header, e.Body)
	}
}

// wayToPay gives the order's subscription a way to pay, as a customer has it from before: the gateway charges what goes on, whoever knows
// of it.
func wayToPay(ctx context.Context, w *world) {
	page, _ := w.Payments(ctx, payments.Filter{OrderIDs: []payments.OrderID{orderID}, Limit: 10})
	for _, p := range page.Payments {
		ref := payments.PaymentRef{PaymentUID: p.UID, OrderID: orderID}
		if sub, err := w.gw.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: ref}); err == nil {
			_ = w.gw.SetDefaultMethod(ctx, sub.Reference, "tok_visa")
		}
	}
}

// flows are all flows by name.
var flows = map[string]flow{
	"pay":      {run: func(ctx context.Context, w *world) { pay(ctx, w, "k", "tok_visa") }},
	"declined": {run: func(ctx context.Context, w *world) { pay(ctx, w, "k", "tok_chargeDeclined") }},
	"3ds": {run: func(ctx context.Context, w *world) {
		payer(ctx, w, pay(ctx, w, "k", "tok_threeDSecure2Required"), "")
		complete(ctx, w)
	}},
	"payer confirms": {run: func(ctx context.Context, w *world) {
		payer(ctx, w, pay(ctx, w, "k", ""), "tok_visa")
		complete(ctx, w)
	}},
	"retry after decline": {run: func(ctx context.Context, w *world) {
		pay(ctx, w, "k1", "tok_chargeDeclined")
		w.clock.Advance(time.Second)
		pay(ctx, w, "k2", "tok_visa")
	}},
	"capture": {manual: true, run: func(ctx context.Context, w *world) {
		pay(ctx, w, "k", "tok_visa")
		_, _ = w.Capture(ctx, payments.CaptureCommand{Target: target})
	}},
	"void": {manual: true, run: func(ctx context.Context, w *world) {
		pay(ctx, w, "k", "tok_visa")
		_, _ = w.Void(ctx, payments.VoidCommand{Target: target})
	}},
	"refund": {run: func(ctx context.Context, w *world) {
		pay(ctx, w, "k", "tok_visa")
		_, _ = w.Refund(ctx, payments.RefundCommand{Target: target, Key: "r", Amount: payments.Money{Amount: 300, Currency: "USD"}})
	}},
	"webhook": {run: func(ctx context.Context, w *world) {
		payer(ctx, w, pay(ctx, w, "k", ""), "tok_visa")
		webhooks(ctx, w)
	}},
	"subscribe": {recurring: true, run: func(ctx context.Context, w *world) {
		pay(ctx, w, "k", "tok_visa")
		w.clock.Advance(32 * 24 * time.Hour)
		_ = w.gw.Tick(ctx)
		webhooks(ctx, w)
		_, _ = w.Reconcile(ctx)
	}},
	"trial": {recurring: true, trialDays: 1, run: func(ctx context.Context, w *world) {
		wayToPay(ctx, w) // what a process that died has left
		pay(ctx, w, "k1", "")
		wayToPay(ctx, w)
		pay(ctx, w, "k2", "")
	}},
	"reconcile": {run: func(ctx context.Context, w *world) {
		_ = w.gw.Fault(fake.OpConfirm, fake.FaultDropAfter, 1)
		_ = w.gw.Fault(fake.OpFetch, fake.FaultDropBefore, 4)
		pay(ctx, w, "k", "tok_visa")
		w.clock.Advance(time.Minute)
		_, _ = w.Reconcile(ctx)
	}},
}
