package payments_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// TestOldEvents holds that an event is given up for what it is about, not for its age: money that went back elsewhere is told by nothing
// else, however long the gateway was away or nobody looked.
func TestOldEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		away  time.Duration // how long the gateway cannot be reached
		every time.Duration // how often is looked
	}{
		"an outage of 80 hours":                {80 * time.Hour, time.Hour},
		"nobody looks for a month":             {32 * day, 32 * day},
		"nobody looks, and then it is away":    {33 * day, 32 * day},
		"an outage of two weeks, looked daily": {14 * day, day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			p := b.mustPay(id, "tok_visa", payments.StatusPaid).Payment
			must(t, b.gw.RefundElsewhere(t.Context(), p.Reference, 100))
			b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
			b.deliver(b.gw.Events())
			for end := b.clock.Now().Add(tt.away); b.clock.Now().Before(end); b.reconcile() {
				b.clock.Advance(tt.every)
			}
			b.gw.ClearFaults()
			b.clock.Advance(25 * time.Hour)
			b.reconcile()
			b.want(b.record(id).Payment, payments.StatusPartiallyRefunded)
			b.agree()
		})
	}
}

// TestForeignEvents holds that an event of no payment of ours is kept due for three days, and then no longer.
func TestForeignEvents(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	paid(b, b.order())
	for _, e := range b.gw.Events() {
		must(t, other.Webhook(t.Context(), http.Header{fake.SignatureHeader: {e.Header}}, e.Body))
	}
	waiting := func() int {
		list, err := other.store.Inbox(t.Context(), "", other.clock.Now().Add(48*time.Hour), 10)
		must(t, err)
		return len(list)
	}
	for hours := range 100 {
		if n := waiting(); hours <= 72 && n == 0 || hours > 96 && n > 0 { // a look a day is made by then
			t.Errorf("after %d hours %d events wait", hours, n)
		}
		other.clock.Advance(time.Hour)
		other.reconcile()
	}
}

// blindfold is a gateway that finds nothing while it is on.
type blindfold struct {
	*fake.Gateway
	on bool
}

// Fetch finds nothing.
func (g *blindfold) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	if g.on {
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrPaymentNotFound, Outcome: payments.OutcomeNotApplied}
	}
	return g.Gateway.Fetch(ctx, req)
}

// TestOwnEventsAreKept holds that an event of a payment of ours is not given up as one of nobody's where the gateway, asked with a wrong
// key or account, finds nothing for days.
func TestOwnEventsAreKept(t *testing.T) {
	t.Parallel()
	g := &blindfold{}
	b := setup(t, func(b *bundle, _ *payments.Options, gateway *payments.Gateway) { g.Gateway, *gateway = b.gw, g })
	id := b.order()
	must(t, b.gw.RefundElsewhere(t.Context(), b.mustPay(id, "tok_visa", payments.StatusPaid).Payment.Reference, 100))
	g.on = true
	b.deliver(b.gw.Events())
	for range 10 {
		b.clock.Advance(day)
		b.reconcile()
	}
	g.on = false
	b.clock.Advance(day)
	b.reconcile()
	b.want(b.record(id).Payment, payments.StatusPartiallyRefunded)
}
