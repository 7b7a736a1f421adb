package payments_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// The tests of this file hold what a row says beside its status.

// TestLiveModeIsKept holds that the row of what was secured says whether the money is real.
func TestLiveModeIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle, o *payments.Options, gateway *payments.Gateway) {
		gw, err := fake.New(fake.Options{AllowFake: true, Clock: b.clock.Now, LiveMode: true})
		must(t, err)
		b.gw, *gateway, o.LiveMode = gw, gw, true
	})
	id := b.order()
	if p := b.mustPay(id, "", payments.StatusCreated).Payment; p.LiveMode {
		t.Error("an open payment says that money moved")
	}
	if p := b.mustPay(id, "tok_visa", payments.StatusPaid).Payment; !p.LiveMode {
		t.Error("real money is told as none")
	}
}

// TestDeclineIsKept holds that the try that was declined says why, and the one after it does not.
func TestDeclineIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
	b.clock.Advance(time.Second)
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	txs := b.record(id).Transactions
	if no := txs[0]; no.DeclineCode != "generic_decline" || no.GatewayCode == "" || no.Message == "" || no.Outcome != payments.OutcomeNotApplied {
		t.Errorf("the declined try is %+v", no)
	}
	if yes := txs[1]; yes.DeclineCode != "" || yes.Message != "" || yes.Outcome != payments.OutcomeApplied {
		t.Errorf("the try after it is %+v", yes)
	}
}

// TestRefusedIsOpenAgain holds that a payment whose request the gateway refused to begin is what it was before, and may be paid.
func TestRefusedIsOpenAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpConfirm, fake.Fault429, -1)
	if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrRateLimited) {
		t.Fatalf("the error is %v", err)
	}
	b.want(b.record(id).Payment, payments.StatusCreated)
	b.gw.ClearFaults()
	b.mustPay(id, "tok_visa", payments.StatusPaid)
}

// TestLooksAreCounted holds that each look in vain makes the next one later, and that a change begins anew.
func TestLooksAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	res := b.mustPay(id, "", payments.StatusCreated)
	for range 4 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
	if n := b.record(id).Payment.Tries; n < 2 {
		t.Errorf("four looks are counted as %d", n)
	}
	b.authenticate(res, fake.AuthPass, "tok_visa")
	if p := b.complete(id, payments.StatusPaid).Payment; p.Tries != 0 || !p.UpdatedAt.Equal(b.clock.Now()) {
		t.Errorf("after %d tries, of %v", p.Tries, p.UpdatedAt)
	}
}

// TestNothingNewIsNotWritten holds that a look which finds nothing new leaves the row as it is, and tells nobody.
func TestNothingNewIsNotWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, p := range map[string]payments.Payment{
		"paid":     b.mustPay(b.order(), "tok_visa", payments.StatusPaid).Payment,
		"declined": b.mustPay(b.order(), "tok_chargeDeclined", payments.StatusDeclined).Payment,
		"active":   b.mustPay(b.order(monthly(0)), "tok_visa", payments.StatusPaid).Payment,
	} {
		b.clock.Advance(time.Minute)
		told := len(b.host.types())
		after := b.complete(p.OrderID, p.Status).Payment
		if after.Version != p.Version || !after.UpdatedAt.Equal(p.UpdatedAt) || !after.DecidedAt.Equal(p.DecidedAt) || len(b.host.types()) != told {
			t.Errorf("%s: version %d became %d, %v became %v", name, p.Version, after.Version, p.UpdatedAt, after.UpdatedAt)
		}
	}
}

// TestVoidedIsDated holds that the row says since when a payment is canceled, where the gateway does not.
func TestVoidedIsDated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "", payments.StatusCreated)
	b.clock.Advance(time.Hour)
	at := b.clock.Now()
	p, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	must(t, err)
	b.clock.Advance(time.Hour)
	again, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	must(t, err)
	if !p.DecidedAt.Equal(at) || !again.DecidedAt.Equal(at) || p.Live {
		t.Errorf("decided at %v, then %v", p.DecidedAt, again.DecidedAt)
	}
}

// TestEachRefundIsTold holds that the host hears of each part that goes back, and that a refund which fails says why.
func TestEachRefundIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "tok_pendingRefund", payments.StatusPaid)
	for _, key := range []string{"a", "b"} {
		_, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: key, Amount: usd(100), Reason: "damaged"})
		must(t, err)
	}
	if got := strings.Join(b.host.types(), " "); got != "payment.paid payment.partially_refunded payment.partially_refunded" {
		t.Errorf("the host was told %s", got)
	}
	refund := b.record(id).Refunds[0]
	if refund.Reason != "damaged" {
		t.Errorf("the reason is %q", refund.Reason)
	}
	must(t, b.gw.SettleRefund(t.Context(), refund.Reference, false))
	b.complete(id, payments.StatusPartiallyRefunded)
	if after := b.record(id).Refunds[0]; after.Status != payments.RefundFailed || after.Reason == "damaged" || after.Reason == "" {
		t.Errorf("the refund that failed is %+v", after)
	}
}

// TestEndOfThePeriodIsTold holds that the host hears that a subscription ends with its period, and that the row is dated then.
func TestEndOfThePeriodIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.clock.Advance(time.Hour)
	p, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}, AtPeriodEnd: true})
	must(t, err)
	if got := strings.Join(b.host.types(), " "); got != "payment.paid subscription.active subscription.active" || !p.UpdatedAt.Equal(b.clock.Now()) {
		t.Errorf("the host was told %s, the row is of %v", got, p.UpdatedAt)
	}
}

// unwilling is a store that fails to write closed transactions, some times.
type unwilling struct {
	payments.Store
	times, failed atomic.Int64
}

// Apply fails.
func (s *unwilling) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	if len(c.Transactions) == 1 && !c.Transactions[0].Open() && s.times.Add(-1) >= 0 {
		s.failed.Add(1)
		return payments.Payment{}, &payments.Error{Code: payments.ErrUnavailable}
	}
	return s.Store.Apply(ctx, c)
}

// TestAnswerIsWrittenAgain holds that what the gateway answered is tried to be written three times before it is left to Reconcile.
func TestAnswerIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for times, want := range map[int64]payments.Status{2: payments.StatusPaid, 1000: payments.StatusUnknown} {
		b := setup(t)
		store := &unwilling{Store: b.store}
		s, err := payments.New(store, b.gw, b.host, &payments.Options{Clock: b.clock})
		must(t, err)
		store.times.Store(times)
		began := b.clock.Now()
		res, err := s.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: token("tok_visa")})
		if res.Payment.Status != want || (err == nil) != (want == payments.StatusPaid) {
			t.Errorf("after %d failures: %v, %v", times, res.Payment.Status, err)
		}
		if waited := b.clock.Now().Sub(began); want == payments.StatusPaid && (store.failed.Load() != 2 || waited < 200*time.Millisecond || waited > time.Second) {
			t.Errorf("%d writes failed, within %v", store.failed.Load(), waited)
		}
	}
}

// TestKeysOfTheCaller holds which texts a key may be.
func TestKeysOfTheCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for key, good := range map[string]bool{strings.Repeat("k", 255): true, strings.Repeat("k", 256): false, " ~": true, "\x1f": false, "\x7f": false, "ä": false} {
		_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: token("tok_visa"), Idempotency: payments.Idempotency{Key: key}})
		if good && err != nil || !good && !errors.Is(err, payments.ErrInvalid) {
			t.Errorf("%.10q: %v", key, err)
		}
	}
}
