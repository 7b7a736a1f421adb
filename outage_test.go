package payments_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// down makes every call to the gateway fail before its effect.
func (b *bundle) down() {
	for _, op := range []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch, fake.OpVoid, fake.OpRefund, fake.OpCapture} {
		b.fault(op, fake.FaultDropBefore, -1)
	}
}

// TestOutageEnds holds I4: after an outage nothing waits for its own look, which may be a day away. The first answer to anybody
// makes every doubt due, once for a gateway that fails now and then.
func TestOutageEnds(t *testing.T) {
	t.Parallel()
	for _, outage := range []time.Duration{time.Hour, 24 * time.Hour, 25 * time.Hour, 73 * time.Hour} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.ManualCapture = true })
			b.mustPay(b.order(), "tok_visa", payments.StatusAuthorized) // the line is up
			b.reconcile()
			doubts := []payments.OrderID{b.order(), b.order(), b.order()}
			for _, id := range doubts {
				b.mustPay(id, "tok_visa", payments.StatusAuthorized)
			}
			b.down()
			for _, id := range doubts {
				if _, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}}); !errors.Is(err, payments.ErrUnknown) {
					t.Fatalf("void while the gateway is down: %v", err)
				}
			}
			for end := b.clock.Now().Add(outage); b.clock.Now().Before(end); b.clock.Advance(10 * time.Minute) {
				b.reconcile()
			}
			b.gw.ClearFaults()
			for _, id := range doubts {
				if due := b.record(id).Payment.DueAt.Sub(b.clock.Now()); due < 11*time.Minute {
					t.Fatalf("a doubt is due in %v by itself: the test shows nothing", due)
				}
			}
			b.mustPay(b.order(), "tok_visa", payments.StatusAuthorized)
			b.clock.Advance(10 * time.Minute)
			b.reconcile()
			for _, id := range doubts {
				b.want(b.record(id).Payment, payments.StatusCanceled)
			}
			b.agree()
		})
	}
}

// TestOutageAfterRestart holds that a process which has seen nothing of the outage ends its doubts as well.
func TestOutageAfterRestart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpConfirm, fake.FaultDropAfter, 1)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatal(err)
	}
	for range 12 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
	b.gw.ClearFaults()
	again, err := payments.New(b.store, b.gw, b.host, &payments.Options{Clock: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: token("tok_visa")}); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
	b.agree()
}

// deaf is a store that cannot make doubts due, once.
type deaf struct {
	payments.Store
	times int
}

// Hasten fails the first time.
func (s *deaf) Hasten(ctx context.Context, namespace string, due time.Time) (int64, error) {
	if s.times++; s.times == 1 {
		return 0, &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}
	}
	return s.Store.Hasten(ctx, namespace, due)
}

// TestOutageIsNotForgotten holds that an outage's end is not forgotten when the store fails just then, and that nothing else waits for it.
func TestOutageIsNotForgotten(t *testing.T) {
	t.Parallel()
	store := &deaf{}
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		store.Store = b.store
		b.store = store
	})
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
	b.clock.Advance(time.Minute)
	if report, err := b.Reconcile(t.Context()); !errors.Is(err, payments.ErrUnavailable) || report.Looked != 1 {
		t.Fatalf("reconcile: %+v, %v", report, err)
	}
	b.want(b.record(id).Payment, payments.StatusPaid) // what was due was looked at all the same
	for range 3 {
		b.clock.Advance(5 * time.Minute)
		b.reconcile()
	}
	if store.times != 2 {
		t.Errorf("doubts were made due %d times", store.times)
	}
}

// hastening is a store that counts how often doubts are made due.
type hastening struct {
	payments.Store
	times int
}

// Hasten counts.
func (s *hastening) Hasten(ctx context.Context, namespace string, due time.Time) (int64, error) {
	s.times++
	return s.Store.Hasten(ctx, namespace, due)
}

// TestWhatAnOutageIs holds that what was not answered, or only by a limit, is an outage, and a decline is none; and that the next one
// counts five minutes after the last, to the moment.
func TestWhatAnOutageIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault fake.Fault
		tok   string
		want  int
	}{
		"a decline":    {"", "tok_chargeDeclined", 0},
		"no answer":    {fake.FaultDropBefore, "tok_visa", 1},
		"a page":       {fake.Fault502HTMLBefore, "tok_visa", 1},
		"a rate limit": {fake.Fault429, "tok_visa", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &hastening{}
			b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
				store.Store = b.store
				b.store = store
			})
			paid(b, b.order())
			b.reconcile() // a process that has just begun takes it that there was one
			since := b.clock.Now()
			if tt.fault != "" {
				b.fault(fake.OpConfirm, tt.fault, -1)
				b.fault(fake.OpFetch, tt.fault, -1)
			}
			_, _ = b.pay(b.order(), tt.tok)
			b.gw.ClearFaults()
			b.clock.Advance(since.Sub(b.clock.Now())) // a call that is refused for its rate waits
			for _, step := range []time.Duration{0, 5*time.Minute - 1} {
				b.clock.Advance(step)
				b.mustPay(b.order(), "tok_visa", payments.StatusPaid)
				b.reconcile()
				if store.times != 1 {
					t.Fatalf("after %v doubts were made due %d times", b.clock.Now().Sub(since), store.times)
				}
			}
			b.clock.Advance(1)
			b.reconcile()
			if got := store.times - 1; got != tt.want {
				t.Errorf("doubts were made due %d times, not %d", got, tt.want)
			}
		})
	}
}
