package payments_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/storage/memory"
)

// rows counts the payments of an order.
func (b *bundle) rows(id payments.OrderID) int {
	b.t.Helper()
	page, err := b.Payments(b.t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 100})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(page.Payments)
}

// wantDisowned fails unless the subscription that carries the payment has ended.
func (b *bundle) wantDisowned(p payments.Payment) {
	b.t.Helper()
	sub, err := b.gw.FetchSubscription(b.t.Context(), payments.FetchSubscriptionRequest{
		PaymentRef: payments.PaymentRef{PaymentUID: p.UID, OrderID: p.OrderID}})
	if err != nil || !sub.Status.Ended() {
		b.t.Errorf("what nobody took on is %q, %v", sub.Status, err)
	}
}

// TestAdoptedSubscription loses the answer to a subscription that was made. Its events carry the payment: what charges the order from then
// on is known, and what it charges has rows.
func TestAdoptedSubscription(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		b := setup(t)
		id := b.order(monthly(0))
		b.fault(fake.OpSubscribe, fake.FaultDropAfter, 3)
		if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
			t.Fatal(err)
		}
		if gone { // what was given up adopts nothing, and what was made is ended
			if _, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}}); err != nil {
				t.Fatal(err)
			}
		}
		b.deliver(b.gw.Events())
		p := b.record(id).Payment
		if gone {
			if p.Live || p.SubscriptionStatus != "" {
				t.Errorf("it was given up, and is %+v", p)
			}
			b.wantDisowned(p)
			continue
		}
		b.wantSubscription(p, payments.SubscriptionIncomplete)
		b.clock.Advance(time.Minute)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.clock.Advance(32 * day)
		b.reconcile()
		if n := b.rows(id); n != 2 {
			t.Errorf("%d payments, not that of each month", n)
		}
		b.agreeOnInvoices(id)
	}
}

// TestAdoptsNoOtherPrice loses the answer to a subscription, after which the order asks another amount: what was made at the old price is
// ended, and its payer is told no secret.
func TestAdoptsNoOtherPrice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	for _, f := range []fake.Fault{fake.FaultDropAfter, fake.FaultDropBefore} {
		b.fault(fake.OpSubscribe, f, 3)
		if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
			t.Fatal(err)
		}
		b.reprice(id, usd(2000))
	}
	b.deliver(b.gw.Events())
	b.wantSubscription(b.record(id).Payment, "")
	b.wantDisowned(b.record(id).Payment)
	if res := b.complete(id, payments.StatusCreated); res.NextAction != nil {
		t.Error("the payer is told the secret of another price")
	}
	b.clock.Advance(time.Minute)
	if p := b.mustPay(id, "tok_visa", payments.StatusPaid).Payment; p.Amount != usd(2000) || b.ledger(id).Captured != 2000 {
		t.Errorf("the payment is %+v", p)
	}
}

// TestEndsNothingThatIsBegun holds that a subscription is not ended for its price while another process works on the payment, whatever the clock
// of this one says of its lease: that process may be about to commit it.
func TestEndsNothingThatIsBegun(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		b.store = memory.New(func() time.Time { return b.clock.Now().Add(-time.Minute) }) // ours is ahead
	})
	id := b.order(monthly(14))
	b.fault(fake.OpSubscribe, fake.FaultDropAfter, 3)
	if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
		t.Fatal(err)
	}
	p := b.record(id).Payment
	lease := payments.LeaseRequest{UID: p.UID, Owner: "another", For: 20 * time.Second, Limit: 1}
	if got, err := b.store.Lease(t.Context(), lease); err != nil || len(got) != 1 || got[0].LeaseUntil.After(b.clock.Now()) {
		t.Fatalf("leased %+v, %v", got, err)
	}
	b.deliver(b.gw.Events())
	sub, err := b.gw.FetchSubscription(t.Context(), payments.FetchSubscriptionRequest{PaymentRef: payments.PaymentRef{PaymentUID: p.UID, OrderID: id}})
	if err != nil || sub.Status.Ended() {
		t.Fatalf("what another process began is %q, %v", sub.Status, err)
	}
	b.clock.Advance(time.Hour)
	b.reconcile()
	b.wantDisowned(p) // nobody works on it any more
}

// TestAdoptionIsTold lets OnEvent fail while a subscription is taken on: that is done again as a whole.
func TestAdoptionIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.fault(fake.OpSubscribe, fake.FaultDropAfter, 3)
	if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
		t.Fatal(err)
	}
	calls := b.host.fail(1000)
	events := b.gw.Events()
	b.deliver(events)
	if n := calls(); n == 0 || n > int64(2*len(events)) {
		t.Errorf("OnEvent was called %d times for %d events", n, len(events))
	}
	b.host.fail(0)
	b.clock.Advance(time.Hour)
	b.reconcile()
	b.wantSubscription(b.record(id).Payment, payments.SubscriptionIncomplete)
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.agreeOnInvoices(id)
}

// TestRenewalBesideALostRefund holds that a refund which stays in doubt, for its key is forgotten, does not hide what the subscription
// charges meanwhile.
func TestRenewalBesideALostRefund(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.fault(fake.OpRefund, fake.FaultDropBefore, -1)
	if _, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "k"}); !errors.Is(err, payments.ErrUnknown) {
		t.Fatal(err)
	}
	b.clock.Advance(day)
	b.reconcile()
	list, err := b.Breaks(t.Context(), 0, 10)
	if err != nil || len(list) == 0 || list[len(list)-1].Kind != payments.BreakRefund {
		t.Fatalf("the breaks are %+v, %v", list, err)
	}
	b.clock.Advance(32 * day)
	b.reconcile()
	if n := b.rows(id); n != 2 {
		t.Errorf("%d payments, not that of each month", n)
	}
	b.fault(fake.OpCancelSubscription, fake.FaultDropAfter, 1)
	p, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
	if err != nil || !p.SubscriptionStatus.Ended() {
		t.Errorf("beside the refund it cannot be ended: %v, %v", p.SubscriptionStatus, err)
	}
}
