package payments_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// TestScheduleBeginsAnew holds I4 for a payment that is days old: what is asked of it now, and whose answer is lost, is looked
// for within minutes, not after the day that the payment's earlier looks have come to.
func TestScheduleBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		op     fake.Operation
		manual bool
		tok    string
		change []func(*payments.Order)
		ask    func(*bundle, payments.OrderID) error
	}{
		"capture": {fake.OpCapture, true, "tok_visa", nil, func(b *bundle, id payments.OrderID) error {
			_, err := b.Capture(b.t.Context(), payments.CaptureCommand{Target: payments.Target{OrderID: id}})
			return err
		}},
		"void": {fake.OpVoid, true, "tok_visa", nil, func(b *bundle, id payments.OrderID) error {
			_, err := b.Void(b.t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
			return err
		}},
		"refund": {fake.OpRefund, false, "tok_visa", nil, func(b *bundle, id payments.OrderID) error {
			_, err := b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "second"})
			return err
		}},
		"confirm": {fake.OpConfirm, false, "", nil, func(b *bundle, id payments.OrderID) error {
			_, err := b.pay(id, "tok_visa")
			return err
		}},
		"cancel": {fake.OpCancelSubscription, false, "tok_visa", []func(*payments.Order){monthly(0)}, func(b *bundle, id payments.OrderID) error {
			_, err := b.CancelSubscription(b.t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) {
				o.ManualCapture, o.ExpireAfter = test.manual, 1000*time.Hour
			})
			id := b.order(test.change...)
			b.aged(id, test.tok)
			b.fault(test.op, fake.FaultDropBefore, -1)
			if err := test.ask(b, id); !errors.Is(err, payments.ErrUnknown) {
				t.Fatalf("the answer that was lost: %v", err)
			}
			b.gw.ClearFaults()
			if due := b.record(id).Payment.DueAt.Sub(b.clock.Now()); due > 5*time.Minute {
				t.Errorf("the doubt is due in %v", due)
			}
			for range 15 {
				b.clock.Advance(time.Minute)
				b.reconcile()
			}
			b.agree()
		})
	}
}

// aged pays an order and looks at it for five days.
func (b *bundle) aged(id payments.OrderID, tok string) {
	b.t.Helper()
	if _, err := b.pay(id, tok); err != nil {
		b.t.Fatal(err)
	}
	// What was refunded in part is looked at for a month.
	_, _ = b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "first", Amount: usd(100)})
	for range 5 * 24 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
}

// TestAskingDoesNotDelay holds I4 for a payer who asks again and again while the gateway is away: what the payer looked at counts for
// nothing in Reconcile's schedule.
func TestAskingDoesNotDelay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpConfirm, fake.FaultDropBefore, -1)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	for range 8 {
		if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
			t.Fatal(err)
		}
	}
	if due := b.record(id).Payment.DueAt.Sub(b.clock.Now()); due > 30*time.Second {
		t.Errorf("the doubt is due in %v", due)
	}
}

// TestEventsDoNotDelay holds I4 for a payer who tries one card after the other while another request is in doubt: each event changes what
// is known of the card, ends nothing, and puts off nothing.
func TestEventsDoNotDelay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	res := b.mustPay(id, "", payments.StatusCreated)
	b.fault(fake.OpConfirm, fake.FaultDropBefore, -1)
	if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatal(err)
	}
	due := b.record(id).Payment.DueAt
	for i := range 8 {
		card := []string{"tok_threeDSecureRequiredChargeDeclined", "tok_threeDSecure2Required"}[i%2]
		_ = b.gw.Authenticate(t.Context(), res.NextAction.ClientSecret.Reveal(), fake.AuthFail, card)
		b.clock.Advance(due.Sub(b.clock.Now()) / 2)
		before := b.record(id).Payment
		b.deliver(b.gw.Events())
		after := b.record(id).Payment
		b.want(after, payments.StatusUnknown)
		if i > 0 && after.Method == before.Method {
			t.Fatal("the event changed nothing")
		}
		if after.DueAt.After(due) {
			t.Fatalf("it was due at %v, and is at %v", due, after.DueAt)
		}
	}
}

// TestRefundIsWatched holds that a payment that was refunded is looked at daily while the gateway may still say that the refund failed, thirty
// days, and not after.
func TestRefundIsWatched(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	paid(b, id)
	refundAll(b, id, "r", 1250)
	for day := range 30 {
		if due := b.record(id).Payment.DueAt; due.IsZero() || due.After(b.clock.Now().Add(24*time.Hour)) {
			t.Fatalf("on day %d it is due at %v", day, due)
		}
		b.clock.Advance(24 * time.Hour)
		b.reconcile()
	}
	if due := b.record(id).Payment.DueAt; !due.IsZero() {
		t.Errorf("after thirty days it is due at %v", due)
	}
}

// TestInvoiceOfAnotherName holds that looking at a subscription ends where the gateway names the first invoice otherwise than before.
func TestInvoiceOfAnotherName(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *bundle, _ *payments.Options, gw *payments.Gateway) {
		*gw = renaming{Gateway: (*gw).(*fake.Gateway)}
	})
	id := b.order(monthly(0))
	b.mustPay(id, "", payments.StatusCreated)
	b.complete(id, payments.StatusCreated)
	b.agree()
}

// renaming is a gateway that gives each invoice another name at each read.
type renaming struct{ *fake.Gateway }

// FetchSubscription renames.
func (g renaming) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	sub, err := g.Gateway.FetchSubscription(ctx, req)
	for i := range sub.Invoices {
		sub.Invoices[i].Reference += "_again"
	}
	return sub, err
}

// restless is a store at whose reads a clock is put back, once.
type restless struct {
	payments.Store
	clock *clock
	back  time.Duration
	reads int
}

// read puts the clock back. It ends the test after many reads, for a Reconcile that does not end to be found.
func (s *restless) read() {
	s.clock.Advance(-s.back)
	s.back = 0
	if s.reads++; s.reads > 1000 {
		panic("Reconcile does not end")
	}
}

// Lease is what Reconcile finds a payment by.
func (s *restless) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	defer s.read()
	return s.Store.Lease(ctx, req)
}

// Inbox is what Reconcile finds an event by.
func (s *restless) Inbox(ctx context.Context, namespace string, due time.Time, limit int) ([]payments.InboxEvent, error) {
	defer s.read()
	return s.Store.Inbox(ctx, namespace, due, limit)
}

// TestClockPutBack holds that Reconcile ends where a clock that was ahead is put right meanwhile: what it postpones by the clock of
// now, a payment in doubt and an event of nobody's, is not due again by the clock of before.
func TestClockPutBack(t *testing.T) {
	t.Parallel()
	var s *restless
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		s = &restless{Store: b.store, clock: b.clock}
		b.store = s
	})
	b.fault(fake.OpConfirm, fake.FaultDropBefore, -1)
	if _, err := b.pay(b.order(), "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatal(err)
	}
	b.clock.Advance(32 * time.Minute)
	s.back, s.reads = 32*time.Minute, 0
	b.reconcile()
	payment := s.reads
	in := payments.InboxEvent{Event: payments.WebhookEvent{ID: "evt_1", Type: "payment_intent.succeeded", Payment: "pi_nobodys"},
		Gateway: b.gw.Name(), ReceivedAt: b.clock.Now(), DueAt: b.clock.Now()}
	if _, err := b.store.Apply(t.Context(), payments.Change{Inbox: []payments.InboxEvent{in}}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(32 * time.Minute)
	s.back, s.reads = 32*time.Minute, 0
	b.reconcile()
	if payment > 5 || s.reads > 3 {
		t.Errorf("the store was read %d and %d times", payment, s.reads)
	}
}

// TestRefusedVoidIsAskedLess holds that a payment which the gateway refuses to end is not asked to end every five seconds for
// ever, with a row for each time.
func TestRefusedVoidIsAskedLess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "", payments.StatusCreated)
	b.fault(fake.OpVoid, fake.Fault429, -1)
	b.clock.Advance(24 * time.Hour)
	for range 6 * 60 {
		b.clock.Advance(time.Minute)
		b.reconcile()
	}
	if n := len(b.record(id).Transactions); n < 4 || n > 8 {
		t.Errorf("in six hours there were %d transactions", n)
	}
	b.gw.ClearFaults()
	b.clock.Advance(24 * time.Hour)
	b.reconcile()
	b.want(b.record(id).Payment, payments.StatusExpired)
	b.agree()
}

// TestHangingGateway holds that a gateway which hangs until the time of a look is over makes the schedule go on as any other outage
// does: otherwise the same payments and events would be looked at first each time, and nothing else.
func TestHangingGateway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		run  func(*bundle, payments.OrderID)
	}{
		{"payment", func(b *bundle, id payments.OrderID) {
			b.fault(fake.OpConfirm, fake.FaultDropBefore, -1)
			b.fault(fake.OpFetch, fake.FaultSlowBefore, -1)
			_, _ = b.pay(id, "tok_visa")
			for range 3 {
				b.look(id, 1)
				if p := b.record(id).Payment; !p.DueAt.After(b.clock.Now()) || p.LeaseOwner != "" {
					b.t.Fatalf("after the look it is due at %v, and leased to %q; it is %v", p.DueAt, p.LeaseOwner, b.clock.Now())
				}
			}
			if tries := b.record(id).Payment.Tries; tries < 3 {
				b.t.Errorf("%d tries are counted", tries)
			}
		}},
		{"event", func(b *bundle, id payments.OrderID) {
			res := b.mustPay(id, "", payments.StatusCreated)
			b.authenticate(res, fake.AuthPass, "")
			b.fault(fake.OpFetch, fake.FaultSlowBefore, -1)
			b.deliver(b.gw.Events())
			b.clock.Advance(time.Minute)
			_, _ = b.Reconcile(b.t.Context())
			if list, err := b.store.Inbox(b.t.Context(), "", b.clock.Now(), 10); err != nil || len(list) > 0 {
				b.t.Errorf("the events %+v are due again, %v", list, err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.RequestTimeout = o.GatewayTimeout })
				id := b.order()
				tt.run(b, id)
				b.gw.ClearFaults()
				b.clock.Advance(25 * time.Hour)
				b.reconcile()
				b.agree()
			})
		})
	}
}
