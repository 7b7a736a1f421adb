package payments_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/matrix"
)

// TestOrdersPanic holds that a panic of the host's is an error wherever the host is asked for an order, and nothing is lost by it.
func TestOrdersPanic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	panics := func() {
		b.host.mu.Lock()
		defer b.host.mu.Unlock()
		b.host.held = func() { panic("tok_canary") }
	}
	id := b.order()
	panics()
	if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
		t.Fatalf("the error is %v", err)
	}
	agent := int64(3)
	panics()
	if _, err := b.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id, ForAgent: &agent}); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "tok_visa")
	panics()
	b.deliver(b.gw.Events())
	panics()
	b.clock.Advance(time.Minute)
	b.reconcile()
	b.clock.Advance(time.Hour)
	b.reconcile()
	b.want(b.record(id).Payment, payments.StatusPaid)
	b.agree()
	matrix.Count(t, "A7", 4)
}

// frail is a store that panics, some times.
type frail struct {
	payments.Store
	times int
}

// Inbox panics.
func (s *frail) Inbox(ctx context.Context, namespace string, due time.Time, limit int) ([]payments.InboxEvent, error) {
	if s.times--; s.times >= 0 {
		panic("tok_canary")
	}
	return s.Store.Inbox(ctx, namespace, due, limit)
}

// TestRunOutlivesPanics holds that Run goes on after a panic of the host's store.
func TestRunOutlivesPanics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "tok_visa")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := payments.New(&frail{b.store, 3}, b.gw, b.host,
		&payments.Options{Clock: ending{b.clock, b.clock.Now().Add(time.Hour), cancel}, ReconcileEvery: time.Minute})
	must(t, err)
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run answers %v", err)
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
}
