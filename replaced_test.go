package payments_test

import (
	"context"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// losing is a gateway that does not find an object by its id, and by our reference tells what it is given to tell.
type losing struct {
	*fake.Gateway
	tell func(real payments.Snapshot) payments.Snapshot
	id   string
}

// Fetch tells another object than the one that is asked for.
func (g *losing) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	if g.tell == nil {
		return g.Gateway.Fetch(ctx, req)
	}
	if req.Reference != "" {
		g.id = req.Reference
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrPaymentNotFound, Outcome: payments.OutcomeNotApplied}
	}
	req.Reference = g.id
	s, err := g.Gateway.Fetch(ctx, req)
	return g.tell(s), err
}

// TestWhatReplacesAnObject holds that an object found by our reference takes the place of one that the gateway does not find by its id
// only where it can be the payment's: an unused one, which a lost answer leaves, is not that of a payment that went on.
func TestWhatReplacesAnObject(t *testing.T) {
	t.Parallel()
	unused := func(real payments.Snapshot) payments.Snapshot {
		return payments.Snapshot{Reference: "pi_other", Status: payments.StatusCreated, Amount: real.Amount, OrderID: real.OrderID, PaymentUID: real.PaymentUID}
	}
	other := func(real payments.Snapshot) payments.Snapshot { real.Reference = "pi_other"; return real }
	again := func(real payments.Snapshot) payments.Snapshot {
		real.Attempt, real.Reference = "ch_other", "pi_other"
		return real
	}
	invoice := func(real payments.Snapshot) payments.Snapshot {
		real.Subscription, real.Reference = "sub_other", "pi_other"
		return real
	}
	same := func(real payments.Snapshot) payments.Snapshot { return real }
	for name, tt := range map[string]struct {
		token    string
		status   payments.Status
		tell     func(payments.Snapshot) payments.Snapshot
		replaced bool
	}{
		"paid, an unused one":            {"tok_visa", payments.StatusPaid, unused, false},
		"paid, the same charge":          {"tok_visa", payments.StatusPaid, other, true},
		"paid, another charge":           {"tok_visa", payments.StatusPaid, again, false},
		"action required, an unused one": {"tok_threeDSecure2Required", payments.StatusRequiresAction, unused, false},
		"action required, the same":      {"tok_threeDSecure2Required", payments.StatusRequiresAction, other, true},
		"created, another":               {"", payments.StatusCreated, other, true},
		"created, that of an invoice":    {"", payments.StatusCreated, invoice, false},
		"created, the id not found":      {"", payments.StatusCreated, same, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := &losing{}
			b := setup(t, func(_ *bundle, _ *payments.Options, g *payments.Gateway) {
				gw.Gateway = (*g).(*fake.Gateway)
				*g = gw
			})
			id := b.order()
			before := b.mustPay(id, tt.token, tt.status).Payment.Reference
			b.clock.Advance(time.Minute)
			gw.tell = tt.tell
			_, _ = b.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
			gw.tell = nil
			p := b.record(id).Payment
			if replaced := p.Reference != before; replaced != tt.replaced || p.Status != tt.status {
				t.Errorf("the payment is %v of %s, it was of %s", p.Status, p.Reference, before)
			}
		})
	}
}
