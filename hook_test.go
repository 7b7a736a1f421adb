package payments_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/matrix"
)

// TestHookFails holds that a failing OnEvent never loses the gateway's answer: the caller is told a doubt, the money is
// charged once, and order and payment end agreeing.
func TestHookFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fail func() error
	}{
		{"error", func() error { return errors.New("the host's table is locked") }},
		{"panic", func() error { panic("tok_canary") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var failures atomic.Int64
			failures.Store(3)
			b.host.hook = func(context.Context, payments.Event) error {
				if failures.Add(-1) >= 0 {
					return tt.fail()
				}
				return nil
			}
			id := b.order()
			res, err := b.pay(id, "tok_visa")
			if !errors.Is(err, payments.ErrUnknown) {
				t.Fatalf("the error is %v", err)
			}
			b.want(res.Payment, payments.StatusUnknown)
			rec := b.record(id)
			if rec.Payment.Reference == "" || rec.Transactions[0].Outcome != payments.OutcomeApplied {
				t.Errorf("the gateway's answer is lost: %+v", rec)
			}
			for range 4 {
				b.clock.Advance(time.Hour)
				b.reconcile()
			}
			b.want(b.record(id).Payment, payments.StatusPaid)
			if got := b.host.types(); len(got) != 1 || got[0] != "payment.paid" {
				t.Errorf("the host was told %v", got)
			}
			b.agree()
			if tt.name == "panic" {
				matrix.Count(t, "A7", 1)
			}
		})
	}
}

// TestHookFailsForEver holds that an operator is told, once, and that nothing is charged again.
func TestHookFailsForEver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.host.hook = func(context.Context, payments.Event) error { return errors.New("never") }
	id := b.order()
	_, _ = b.pay(id, "tok_visa")
	for range 12 {
		b.clock.Advance(25 * time.Hour)
		b.reconcile()
	}
	breaks, err := b.Breaks(t.Context(), 0, 0)
	if err != nil || len(breaks) != 1 || breaks[0].Kind != payments.BreakHook || breaks[0].OrderID != id {
		t.Errorf("the breaks are %+v, %v", breaks, err)
	}
	if got := b.ledger(id).Charges; got != 1 {
		t.Errorf("%d charges", got)
	}
	b.host.hook = nil
	b.clock.Advance(25 * time.Hour)
	b.reconcile()
	b.agree()
}

// TestHookOnRefund holds that a paid payment stays paid while the host cannot be told of its refund.
func TestHookOnRefund(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	paid(b, id)
	b.host.hook = func(context.Context, payments.Event) error { return errors.New("not now") }
	if _, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"}); err != nil {
		t.Fatal(err)
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
	b.host.hook = nil
	b.clock.Advance(time.Minute)
	b.reconcile()
	b.want(b.record(id).Payment, payments.StatusRefunded)
	if got := b.host.types(); len(got) != 2 || got[1] != "payment.refunded" {
		t.Errorf("the host was told %v", got)
	}
	b.agree()
}

// TestNoGatewayInsideAHook holds rule 2 against the host itself.
func TestNoGatewayInsideAHook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	var inside error
	b.host.hook = func(ctx context.Context, _ payments.Event) error {
		_, inside = b.Pay(ctx, payments.PayRequest{OrderID: id, Source: token("tok_visa")})
		return nil
	}
	paid(b, id)
	if !errors.Is(inside, payments.ErrInTransaction) {
		t.Errorf("Pay inside OnEvent answers %v", inside)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
	b.clock.Advance(time.Second)
	paid(b, id)
	refundAll(b, id, "a", 250)
	refundAll(b, id, "b", 1000)
	want := []string{"payment.declined", "payment.paid", "payment.partially_refunded", "payment.refunded"}
	events, err := b.Events(t.Context(), 0, 0)
	if err != nil || len(events) != len(want) {
		t.Fatalf("the outbox holds %+v, %v", events, err)
	}
	for i, e := range events {
		if e.Type != want[i] || e.OrderID != id || e.UID == "" || b.host.events[i].UID != e.UID {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if e := events[2]; e.Previous != payments.StatusPaid || e.Refunded != 250 || e.Captured != 1250 {
		t.Errorf("the refund's event is %+v", e)
	}
	rest, err := b.Events(t.Context(), events[2].ID, 1)
	if err != nil || len(rest) != 1 || rest[0].UID != events[3].UID {
		t.Errorf("after the third comes %+v, %v", rest, err)
	}
}

func refundAll(b *bundle, id payments.OrderID, key string, minor int64) payments.RefundResult {
	b.t.Helper()
	res, err := b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: key, Amount: usd(minor)})
	if err != nil {
		b.t.Fatalf("refund: %v", err)
	}
	return res
}

// TestHookFailsAfterLooks holds that one failure of OnEvent is tried again within seconds, and told to no operator, however often the
// payment was looked at before there was anything to tell.
func TestHookFailsAfterLooks(t *testing.T) {
	t.Parallel()
	// open has a checkout looked at so often, and then paid: its event folds it.
	open := func(looks int) func(*bundle, payments.OrderID) {
		return func(b *bundle, id payments.OrderID) {
			res := b.mustPay(id, "", payments.StatusCreated)
			b.look(id, looks)
			b.authenticate(res, fake.AuthPass, "")
			b.host.fail(1)
			b.deliver(b.gw.Events())
		}
	}
	for _, tt := range []struct {
		name string
		run  func(*bundle, payments.OrderID)
		end  payments.Status
	}{
		{"no look", open(0), payments.StatusPaid},
		{"a look after 35 s", open(2), payments.StatusPaid},
		{"looks for an hour", open(4), payments.StatusPaid},
		{"looks for days", open(7), payments.StatusPaid},
		{"the gateway was away", func(b *bundle, id payments.OrderID) {
			b.fault(fake.OpConfirm, fake.FaultDropAfter, 1)
			b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
			_, _ = b.pay(id, "tok_visa")
			b.look(id, 6)
			b.gw.ClearFaults()
			b.host.fail(1)
			b.deliver(b.gw.Events())
		}, payments.StatusPaid},
		{"refunded elsewhere", func(b *bundle, id payments.OrderID) {
			b.aged(id, "tok_visa")
			b.gw.Events()
			b.host.fail(1)
			p := b.record(id).Payment
			_, err := b.gw.Refund(b.t.Context(), payments.RefundRequest{PaymentRef: payments.PaymentRef{PaymentUID: p.UID, OrderID: id},
				Reference: p.Reference, Key: "elsewhere", RefundUID: "elsewhere", Amount: usd(1150)})
			if err != nil {
				b.t.Fatal(err)
			}
			b.deliver(b.gw.Events())
		}, payments.StatusRefunded},
		{"nobody paid", func(b *bundle, id payments.OrderID) {
			b.fault(fake.OpPrepare, fake.FaultDropBefore, -1)
			_, _ = b.pay(id, "")
			b.gw.ClearFaults()
			b.look(id, 4)
			b.host.fail(1)
			b.look(id, 1)
		}, payments.StatusExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) {
				if o.ExpireAfter = 1000 * time.Hour; tt.end == payments.StatusExpired {
					o.ExpireAfter = 24 * time.Hour
				}
			})
			id := b.order()
			tt.run(b, id)
			p := b.record(id).Payment
			if due := p.DueAt.Sub(b.clock.Now()); p.Status == tt.end || due > 5*time.Second {
				t.Errorf("after the failure it is %v, and due in %v", p.Status, due)
			}
			b.look(id, 1)
			b.want(b.record(id).Payment, tt.end)
			if breaks, err := b.Breaks(t.Context(), 0, 0); err != nil || slices.ContainsFunc(breaks, hookBreak) {
				t.Errorf("the breaks are %+v, %v", breaks, err)
			}
			b.agree()
		})
	}
}

// TestHookBreak holds that an operator is told of an OnEvent that keeps failing: once, after five failures of looks that were due, and
// whatever counts as a try of the payment's between them.
func TestHookBreak(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		earliest int // the first look after which an operator may be told
		between  func(*bundle, payments.OrderID)
	}{
		{"nothing between", 5, func(*bundle, payments.OrderID) {}},
		// The first answer after an outage makes the doubt due again: each look may be two.
		{"looks that find no gateway", 3, func(b *bundle, id payments.OrderID) {
			b.down()
			b.look(id, 2)
			b.gw.ClearFaults()
		}},
		{"a payer who asks again and again", 5, func(b *bundle, id payments.OrderID) {
			due := b.record(id).Payment.DueAt
			for range 8 {
				_, _ = b.pay(id, "tok_visa")
			}
			if got := b.record(id).Payment.DueAt; got.After(due) {
				b.t.Errorf("it was due at %v, and is at %v", due, got)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			failures := b.host.fail(1 << 30)
			_, _ = b.pay(id, "tok_visa")
			for look := 1; look < 9; look++ {
				breaks, err := b.Breaks(t.Context(), 0, 0)
				told := slices.DeleteFunc(breaks, func(br payments.Break) bool { return !hookBreak(br) })
				if n := failures(); err != nil || len(told) > 1 || len(told) == 1 && (n < 5 || look < tt.earliest) || len(told) == 0 && look >= 5 {
					t.Fatalf("after %d looks and %d failures the breaks are %+v, %v", look, n, told, err)
				}
				tt.between(b, id)
				b.look(id, 1)
			}
			b.host.fail(0)
			b.look(id, 1)
			b.want(b.record(id).Payment, payments.StatusPaid)
			b.agree()
		})
	}
}

// TestHookWaits lets OnEvent wait for longer than an answer may take to be written, as for a row that is locked. What the gateway answered
// is kept all the same, and an operator is told.
func TestHookWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		wait func(context.Context) error
	}{
		{"and fails", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
		{"and takes no notice", func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				b.host.hook = func(ctx context.Context, _ payments.Event) error { return tt.wait(ctx) }
				id := b.order()
				if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
					t.Fatalf("the error is %v", err)
				}
				if rec := b.record(id); rec.Payment.Reference == "" || rec.Transactions[0].Outcome != payments.OutcomeApplied {
					t.Errorf("the gateway's answer is lost: %+v", rec)
				}
				b.look(id, 4)
				breaks, err := b.Breaks(t.Context(), 0, 0)
				if err != nil || len(breaks) != 1 || !hookBreak(breaks[0]) {
					t.Errorf("the breaks are %+v, %v", breaks, err)
				}
				b.host.hook = nil
				b.look(id, 1)
				b.agree()
			})
		})
	}
}

func hookBreak(b payments.Break) bool { return b.Kind == payments.BreakHook }

// fail makes the hook fail so often. It returns what counts how often it was called.
func (h *host) fail(times int64) (calls func() int64) {
	var called atomic.Int64
	h.hook = func(context.Context, payments.Event) error {
		if called.Add(1) <= times {
			return errors.New("a deadlock")
		}
		return nil
	}
	return called.Load
}

// look lets Reconcile look at the order's payment so often, each time when it is due.
func (b *bundle) look(id payments.OrderID, times int) {
	b.t.Helper()
	for range times {
		b.clock.Advance(max(b.record(id).Payment.DueAt.Sub(b.clock.Now()), 0))
		b.reconcile()
	}
}
