package payments_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// once makes an order one that is paid once.
func once(o *payments.Order) { o.Recurring = nil }

// change changes an order of the host's.
func (b *bundle) change(id payments.OrderID, change func(*payments.Order)) {
	b.host.mu.Lock()
	o := b.host.orders[id]
	b.host.mu.Unlock()
	change(&o)
	b.setOrder(o, nil)
}

// TestConfirmsAnotherKind holds that who confirms what the order no longer is gets held, as with another price: a subscription charges on,
// and what is paid once does not.
func TestConfirmsAnotherKind(t *testing.T) {
	t.Parallel()
	for name, kinds := range map[string][2]func(*payments.Order){
		"recurring, then once": {monthly(0), once},
		"once, then recurring": {once, monthly(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order(kinds[0])
			res := b.mustPay(id, "", payments.StatusCreated)
			b.change(id, kinds[1])
			b.authenticate(res, fake.AuthPass, "tok_visa")
			b.complete(id, payments.StatusHeld)
			list, err := b.Breaks(t.Context(), 0, 10)
			if err != nil || len(list) != 1 || list[0].Kind != payments.BreakMismatch {
				t.Errorf("the breaks are %+v, %v", list, err)
			}
		})
	}
}

// TestCustomerOfASubscription holds that a recurring order is given a customer of its own currency only, and a saved way to pay the
// customer that has it.
func TestCustomerOfASubscription(t *testing.T) {
	t.Parallel()
	b := setup(t)
	of := func(o *payments.Order) { o.CustomerID = 9 }
	euros := func(o *payments.Order) { o.Total.Currency = "EUR" }
	first := b.mustPay(b.order(of, monthly(0)), "tok_visa", payments.StatusPaid).Payment
	other := b.mustPay(b.order(of, monthly(0), euros), "tok_mastercard", payments.StatusPaid).Payment
	if first.GatewayCustomer == "" || other.GatewayCustomer == "" || first.GatewayCustomer == other.GatewayCustomer {
		t.Errorf("the customers are %q and %q", first.GatewayCustomer, other.GatewayCustomer)
	}
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(of), Source: token(first.Method.ID), Saving: payments.Saving{Save: true}})
	if err != nil || res.Payment.GatewayCustomer != first.GatewayCustomer {
		t.Errorf("what %q has saved is charged of %q, %v", first.GatewayCustomer, res.Payment.GatewayCustomer, err)
	}
}

// confirming keeps how it was asked to confirm.
type confirming struct {
	*fake.Gateway
	offSession, saved []bool
}

// Prepare keeps the request.
func (g *confirming) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	g.offSession, g.saved = append(g.offSession, req.OffSession), append(g.saved, req.Save)
	return g.Gateway.Prepare(ctx, req)
}

// Confirm keeps the request.
func (g *confirming) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	g.offSession = append(g.offSession, req.OffSession)
	return g.Gateway.Confirm(ctx, req)
}

// TestSubscribesWithoutThePayer charges a saved way to pay for a recurring order. Its first invoice keeps the way to pay, and Stripe
// confirms nothing off session that does.
func TestSubscribesWithoutThePayer(t *testing.T) {
	t.Parallel()
	g := &confirming{}
	b := setup(t, func(b *bundle, _ *payments.Options, gateway *payments.Gateway) { g.Gateway, *gateway = b.gw, g })
	of := func(o *payments.Order) { o.CustomerID = 9 }
	saved, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(of), Source: token("tok_visa"), Saving: payments.Saving{Save: true}})
	must(t, err)
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(of, monthly(0)), Source: token(saved.Payment.Method.ID),
		Saving: payments.Saving{OffSession: true}})
	if err != nil || res.Payment.Status != payments.StatusPaid || slices.Contains(g.offSession, true) {
		t.Errorf("the payment is %v, %v, and was asked for off session: %v", res.Payment.Status, err, g.offSession)
	}
}

// TestDeclinedUnread pays a declined subscription by another card while the gateway cannot be read: what was not tried was not declined.
func TestDeclinedUnread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
	b.fault(fake.OpFetchSubscription, fake.FaultDropBefore, -1)
	key := payments.Idempotency{Key: "k"}
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: token("tok_visa"), Idempotency: key})
	if !errors.Is(err, payments.ErrUnavailable) || res.Payment.UID != "" {
		t.Fatalf("the answer is %v, %v", res.Payment.Status, err)
	}
	b.gw.ClearFaults()
	res, err = b.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: token("tok_visa"), Idempotency: key})
	must(t, err)
	b.want(res.Payment, payments.StatusPaid)
}

// TestSubscriptionBegins holds that the answer to the payment tells that the subscription runs; where that cannot be read, it is soon.
func TestSubscriptionBegins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.wantSubscription(b.mustPay(id, "tok_visa", payments.StatusPaid).Payment, payments.SubscriptionActive)
	if got := b.host.types(); !slices.Equal(got, []string{"payment.paid", "subscription.active"}) {
		t.Errorf("the host was told %v", got)
	}
	id = b.order(monthly(0))
	res := b.mustPay(id, "", payments.StatusCreated)
	b.authenticate(res, fake.AuthPass, "tok_visa")
	b.fault(fake.OpFetchSubscription, fake.FaultWrongReference, 1)
	_, _ = b.pay(id, "")
	b.gw.ClearFaults()
	b.clock.Advance(time.Minute)
	b.reconcile()
	b.wantSubscription(b.record(id).Payment, payments.SubscriptionActive)
}

// TestTrialIsTold holds that the host is told of a trial that begins.
func TestTrialIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.wantSubscription(b.mustPay(b.order(monthly(7)), "", payments.StatusCreated).Payment, payments.SubscriptionTrialing)
	if got := b.host.types(); !slices.Equal(got, []string{"subscription.trialing"}) {
		t.Errorf("the host was told %v", got)
	}
}

// TestInvoiceUnread holds that an invoice which cannot be read does not hide those after it.
func TestInvoiceUnread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	b.clock.Advance(63 * day)
	b.reconcile()
	if n := b.rows(id); n != 3 {
		t.Errorf("%d payments, not that of each month", n)
	}
}

// TestRenewalAmount holds that two answers which are wrong alike do not decide what a renewal was over: no order says it.
func TestRenewalAmount(t *testing.T) {
	t.Parallel()
	for fault, want := range map[fake.Fault]payments.Status{
		fake.FaultWrongAmount:   payments.StatusHeld, // the row was begun with what the gateway said first
		fake.FaultWrongCurrency: payments.StatusPaid,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order(monthly(0))
			b.mustPay(id, "tok_visa", payments.StatusPaid)
			b.clock.Advance(32 * day)
			b.fault(fake.OpFetchSubscription, fault, 1)
			b.fault(fake.OpFetch, fault, 1)
			_, _ = b.Reconcile(t.Context())
			b.gw.ClearFaults()
			b.clock.Advance(time.Hour)
			b.reconcile()
			page, err := b.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 1})
			must(t, err)
			if p := page.Payments[0]; p.SubscriptionStatus != "" || p.Amount != usd(1250) || p.Status != want {
				t.Errorf("the renewal is %v over %v", p.Status, p.Amount)
			}
		})
	}
}

// TestEndedMeanwhile holds that a payment which is seen to have ended gives way to a new one at once.
func TestEndedMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	first := b.mustPay(id, "", payments.StatusCreated).Payment
	_, err := b.gw.Void(t.Context(), payments.VoidRequest{Key: "elsewhere", Reference: first.Reference})
	must(t, err)
	res := b.mustPay(id, "", payments.StatusCreated)
	if res.Payment.UID == first.UID || res.NextAction == nil {
		t.Errorf("the answer is %+v", res)
	}
}

// TestSavingChanges holds that the payer who confirms the object himself has his way to pay saved as the latest request asks, and that who
// completes a request is taken to ask the same.
func TestSavingChanges(t *testing.T) {
	t.Parallel()
	g := &confirming{}
	b := setup(t, func(b *bundle, _ *payments.Options, gateway *payments.Gateway) { g.Gateway, *gateway = b.gw, g })
	id := b.order(func(o *payments.Order) { o.CustomerID = 9 })
	for _, save := range []bool{true, true, false, false, true} {
		b.clock.Advance(time.Second)
		_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Saving: payments.Saving{Save: save}})
		must(t, err)
	}
	res, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: id, Source: token("tok_visa")})
	if err != nil || res.Payment.Status != payments.StatusPaid {
		t.Errorf("the payment is %v, %v", res.Payment.Status, err)
	}
	if want := []bool{true, false, true, true}; !slices.Equal(g.saved, want) {
		t.Errorf("it was prepared to be saved %v, not %v", g.saved, want)
	}
}

// TestTrialOutlivesTheHook lets OnEvent fail for longer than a payment waits: a trial that was let go on is not ended for that.
func TestTrialOutlivesTheHook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(7))
	b.host.fail(1000)
	b.mustPay(id, "", payments.StatusCreated)
	for range 30 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
	b.host.fail(0)
	b.clock.Advance(day)
	b.reconcile()
	b.wantSubscription(b.record(id).Payment, payments.SubscriptionTrialing)
}

// muddled is a store that carries one change out, of those that tell the host something, and answers an error.
type muddled struct {
	payments.Store
	done bool
}

// Apply loses an answer.
func (s *muddled) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	p, err := s.Store.Apply(ctx, c)
	if err == nil && len(c.Events) > 0 && !s.done {
		s.done = true
		return payments.Payment{}, &payments.Error{Code: payments.ErrUnavailable}
	}
	return p, err
}

// TestTrialWhoseAnswerIsLost holds that a trial is answered as it is where the store's answer to its beginning was lost.
func TestTrialWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) { b.store = &muddled{Store: b.store} })
	b.wantSubscription(b.mustPay(b.order(monthly(7)), "", payments.StatusCreated).Payment, payments.SubscriptionTrialing)
}
