package payments_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// monthly makes an order of 12.50 USD a month.
func monthly(trialDays int) func(*payments.Order) {
	return func(o *payments.Order) {
		o.Recurring = &payments.Plan{Interval: "month", Every: 1, TrialDays: trialDays}
	}
}

func (b *bundle) wantSubscription(p payments.Payment, want payments.SubscriptionStatus) {
	b.t.Helper()
	if p.SubscriptionStatus != want {
		b.t.Fatalf("the subscription is %q, not %q", p.SubscriptionStatus, want)
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	t.Run("the payer confirms", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		res := b.mustPay(id, "", payments.StatusCreated)
		b.wantSubscription(res.Payment, payments.SubscriptionIncomplete)
		again := b.mustPay(id, "", payments.StatusCreated)
		if again.Payment.UID != res.Payment.UID || again.NextAction.ClientSecret.Reveal() != res.NextAction.ClientSecret.Reveal() {
			t.Error("a second subscription was made")
		}
		b.authenticate(again, fake.AuthPass, "tok_visa")
		done := b.complete(id, payments.StatusPaid)
		b.wantSubscription(done.Payment, payments.SubscriptionActive)
		if done.Payment.Type != payments.TypeSubscription || done.Payment.PeriodEnd.IsZero() || done.NextAction != nil {
			t.Errorf("the payment is %+v", done.Payment)
		}
		b.agree()
	})
	t.Run("with a token", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.complete(id, payments.StatusPaid)
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionActive)
		if got := b.ledger(id).Charges; got != 1 {
			t.Errorf("%d charges", got)
		}
	})
	t.Run("declined, then another card", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
		b.clock.Advance(time.Second)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.complete(id, payments.StatusPaid)
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionActive)
	})
	t.Run("a trial", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(14))
		res := b.mustPay(id, "", payments.StatusCreated)
		b.wantSubscription(res.Payment, payments.SubscriptionTrialing)
		if res.NextAction == nil || res.NextAction.ClientSecret.IsZero() {
			t.Fatal("no way to pay can be set up")
		}
		b.authenticate(res, fake.AuthPass, "tok_visa")
		if done := b.complete(id, payments.StatusCreated); done.NextAction != nil {
			t.Error("something is still to be done in the trial")
		}
		b.clock.Advance(15 * 24 * time.Hour)
		b.reconcile()
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionActive)
		b.want(b.record(id).Payment, payments.StatusPaid)
		b.agree()
	})
	t.Run("a trial without a way to pay", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(14))
		b.mustPay(id, "", payments.StatusCreated)
		b.clock.Advance(15 * 24 * time.Hour)
		b.reconcile()
		p := b.record(id).Payment
		b.wantSubscription(p, payments.SubscriptionCanceled)
		b.want(p, payments.StatusCanceled)
	})
	t.Run("nobody pays", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		b.mustPay(id, "", payments.StatusCreated)
		b.clock.Advance(26 * time.Hour)
		b.reconcile()
		p := b.record(id).Payment
		b.wantSubscription(p, payments.SubscriptionIncompleteExpired)
		b.want(p, payments.StatusExpired)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
	})
	t.Run("the price changes", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		first := b.mustPay(id, "", payments.StatusCreated)
		b.reprice(id, usd(2000))
		b.clock.Advance(time.Second)
		res := b.mustPay(id, "tok_visa", payments.StatusPaid)
		if res.Payment.UID == first.Payment.UID || res.Payment.Amount != usd(2000) || b.ledger(id).Captured != 2000 {
			t.Errorf("the payment is %+v, the ledger %+v", res.Payment, b.ledger(id))
		}
	})
	t.Run("the price changes once it is paid", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order(monthly(0))
		b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "tok_visa")
		b.reprice(id, usd(2000))
		b.clock.Advance(time.Second)
		res, _ := b.pay(id, "")
		b.want(res.Payment, payments.StatusHeld) // an operator decides
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionActive)
		if b.ledger(id).Captured != 1250 || b.rows(id) != 1 {
			t.Errorf("%d payments, the ledger %+v", b.rows(id), b.ledger(id))
		}
	})
}

func TestCancelSubscription(t *testing.T) {
	t.Parallel()
	for _, atEnd := range []bool{true, false} {
		b := setup(t)
		id := b.order(monthly(0))
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		cmd := payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}, AtPeriodEnd: atEnd}
		for range 2 {
			p, err := b.CancelSubscription(t.Context(), cmd)
			if err != nil || p.CancelAtPeriodEnd != atEnd || p.SubscriptionStatus.Ended() == atEnd {
				t.Fatalf("canceled %+v, %v", p, err)
			}
		}
		b.clock.Advance(40 * 24 * time.Hour)
		b.reconcile()
		b.wantSubscription(b.record(id).Payment, payments.SubscriptionCanceled)
		b.want(b.record(id).Payment, payments.StatusPaid)
		if got := b.ledger(id).Charges; got != 1 {
			t.Errorf("%d charges", got)
		}
	}
	b := setup(t)
	id := b.order()
	paid(b, id)
	_, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
	wantField(t, err, payments.ErrConflict, "PaymentUID")
}

// TestSubscriptionFaults puts every fault into every operation of a subscription's life.
func TestSubscriptionFaults(t *testing.T) {
	t.Parallel()
	for _, op := range []fake.Operation{fake.OpSubscribe, fake.OpFetchSubscription, fake.OpCancelSubscription, fake.OpPrepare, fake.OpConfirm, fake.OpFetch} {
		for _, f := range fake.Faults() {
			t.Run(string(op)+"/"+string(f.Fault), func(t *testing.T) {
				t.Parallel()
				b := setup(t, impatient(f.Fault))
				id := b.order(monthly(0))
				b.fault(op, f.Fault, 2)
				_, _ = b.pay(id, "tok_visa")
				b.settle()
				_, _ = b.pay(id, "tok_visa")
				b.fault(op, f.Fault, 2)
				b.clock.Advance(32 * 24 * time.Hour)
				b.reconcile()
				b.settle()
				b.fault(op, f.Fault, 2)
				_, _ = b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
				b.settle()
				b.clock.Advance(25 * time.Hour)
				b.reconcile()
				if p := b.record(id).Payment; p.Status != payments.StatusPaid {
					t.Errorf("the first invoice is %v", p.Status)
				}
				b.agreeOnInvoices(id)
			})
		}
	}
}

// agreeOnInvoices compares the sums of all payments of a recurring order with the gateway's books.
func (b *bundle) agreeOnInvoices(id payments.OrderID) {
	b.t.Helper()
	page, err := b.Payments(b.t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	var captured, refunded int64
	for _, p := range page.Payments {
		captured += p.Captured
		refunded += p.Refunded
		if p.Status == payments.StatusUnknown {
			b.t.Errorf("invoice %s stays in doubt", p.Invoice)
		}
	}
	if got := b.ledger(id); got.Captured != captured || got.Refunded != refunded {
		b.t.Errorf("the rows have %d captured and %d refunded, the books %+v", captured, refunded, got)
	}
	if double := b.gw.DoubleCharged(); len(double) != 0 {
		b.t.Errorf("charged twice: %v", double)
	}
}

// deliver hands the gateway's events to the service.
func (b *bundle) deliver(events []fake.Event) {
	b.t.Helper()
	for _, e := range events {
		if err := b.Webhook(b.t.Context(), http.Header{fake.SignatureHeader: {b.gw.SignWebhook(e.Body, b.clock.Now())}}, e.Body); err != nil {
			b.t.Fatalf("%s: %v", e.Type, err)
		}
	}
}

// TestSubscriptionYear is a subscription over twelve months, with a failing card in the fourth, a dispute in the sixth, lost
// events in the eighth and a cancellation in the eleventh: the rows and the gateway's books agree to the cent all the way.
func TestSubscriptionYear(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	anchor := b.record(id).Payment
	target := payments.Target{OrderID: id}
	for month := 2; month <= 12; month++ {
		switch month {
		case 4:
			must(t, b.gw.SetDefaultMethod(t.Context(), anchor.Subscription, "tok_chargeCustomerFail"))
		case 11:
			if _, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionCommand{Target: target, AtPeriodEnd: true}); err != nil {
				t.Fatal(err)
			}
		}
		b.clock.Advance(32*24*time.Hour - time.Duration(month%2)*36*time.Hour)
		must(t, b.gw.Tick(t.Context()))
		events := b.gw.Events()
		if month == 8 {
			events = nil // lost
		}
		b.deliver(events)
		if month == 4 {
			b.wantSubscription(b.record(id).Payment, payments.SubscriptionPastDue)
			must(t, b.gw.SetDefaultMethod(t.Context(), anchor.Subscription, "tok_visa"))
			b.clock.Advance(4 * 24 * time.Hour)
			must(t, b.gw.Tick(t.Context()))
			b.deliver(b.gw.Events())
		}
		if month == 6 {
			latest, err := b.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 1})
			must(t, err)
			must(t, b.gw.OpenDispute(t.Context(), latest.Payments[0].Reference))
			b.deliver(b.gw.Events())
			must(t, b.gw.CloseDispute(t.Context(), latest.Payments[0].Reference, false))
			b.deliver(b.gw.Events())
		}
		b.reconcile()
		b.agreeOnInvoices(id)
	}
	b.clock.Advance(40 * 24 * time.Hour)
	must(t, b.gw.Tick(t.Context()))
	b.deliver(b.gw.Events())
	b.reconcile()
	b.wantSubscription(b.record(id).Payment, payments.SubscriptionCanceled)
	b.agreeOnInvoices(id)
	page, err := b.Payments(t.Context(), payments.Filter{OrderIDs: []payments.OrderID{id}, Limit: 1000})
	must(t, err)
	if n := len(page.Payments); n < 10 || n > 12 {
		t.Errorf("%d payments in a year", n)
	}
	if types := b.host.types(); !slices.Contains(types, "subscription.past_due") || !slices.Contains(types, "subscription.canceled") || !slices.Contains(types, "payment.disputed") {
		t.Errorf("the host was told %v", types)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWebhook holds that an event is a hint: stored first, folded from the gateway's truth, once, in any order.
func TestWebhook(t *testing.T) {
	t.Parallel()
	t.Run("the payer confirms", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
		events := b.gw.Events()
		slices.Reverse(events)
		b.deliver(events)
		b.want(b.record(id).Payment, payments.StatusPaid)
		b.deliver(events)
		if got := b.host.types(); len(got) != 1 {
			t.Errorf("the host was told %v", got)
		}
		b.agree()
	})
	t.Run("not committed yet", func(t *testing.T) {
		t.Parallel()
		b, other := setup(t), setup(t)
		id := other.order()
		b.authenticate(b.mustPay(b.order(), "", payments.StatusCreated), fake.AuthPass, "")
		_ = id
		events := b.gw.Events()
		late := b.WithStore(other.store) // a store that does not have the payment
		for _, e := range events {
			if err := late.Webhook(t.Context(), http.Header{fake.SignatureHeader: {e.Header}}, e.Body); err != nil {
				t.Fatal(err)
			}
		}
		waiting, err := other.store.Inbox(t.Context(), "", b.clock.Now().Add(time.Hour), 10)
		if err != nil || len(waiting) == 0 {
			t.Errorf("an event for a payment that is not there is lost: %v, %v", waiting, err)
		}
	})
	t.Run("forged", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		paid(b, b.order())
		for _, e := range b.gw.Events() {
			err := b.Webhook(t.Context(), http.Header{fake.SignatureHeader: {e.Header + "0"}}, e.Body)
			wantField(t, err, payments.ErrInvalid, "")
		}
	})
	t.Run("no webhooks", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { *g = oneStep{b.gw} })
		if err := b.Webhook(t.Context(), nil, nil); !errors.Is(err, payments.ErrUnsupported) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestSavedMethods(t *testing.T) {
	t.Parallel()
	b := setup(t)
	customer := func(o *payments.Order) { o.CustomerID = 9 }
	first := b.order(customer)
	_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: first, Source: token("tok_visa"), Saving: payments.Saving{Save: true}})
	must(t, err)
	saved, err := b.SavedMethods(t.Context(), 9)
	if err != nil || len(saved) != 1 || saved[0].Last4 != "4242" || saved[0].GatewayCustomer == "" {
		t.Fatalf("saved %+v, %v", saved, err)
	}
	off := payments.Saving{OffSession: true}
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(customer), Source: token(saved[0].ID), Saving: off})
	must(t, err)
	b.want(res.Payment, payments.StatusPaid)
	recurring, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(customer, monthly(0)), Source: token(saved[0].ID)})
	must(t, err)
	if recurring.Payment.Status != payments.StatusPaid || recurring.Payment.GatewayCustomer != saved[0].GatewayCustomer {
		t.Errorf("a recurring order with the saved method is %+v", recurring.Payment)
	}
	_, err = b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(customer), Source: token("pm_card_visa"), Saving: off})
	wantField(t, err, payments.ErrInvalid, "Source.Token")
	_, err = b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: token(saved[0].ID), Saving: off})
	wantField(t, err, payments.ErrInvalid, "Saving")
	_, err = b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(customer), Saving: off})
	wantField(t, err, payments.ErrInvalid, "Source.Token")
	_, err = b.SavedMethods(t.Context(), 0)
	wantField(t, err, payments.ErrInvalid, "CustomerID")

	second := b.order(customer)
	_, err = b.Pay(t.Context(), payments.PayRequest{OrderID: second, Source: token("pm_card_authenticationRequired"), Saving: payments.Saving{Save: true}})
	must(t, err)
	b.authenticate(b.complete(second, payments.StatusRequiresAction), fake.AuthPass, "")
	b.complete(second, payments.StatusPaid)
	saved, err = b.SavedMethods(t.Context(), 9)
	must(t, err)
	res, err = b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(customer), Source: token(saved[0].ID), Saving: off})
	must(t, err)
	if res.Payment.Status == payments.StatusRequiresAction { // the bank wants the payer after all
		b.authenticate(res, fake.AuthPass, "")
		b.complete(res.Payment.OrderID, payments.StatusPaid)
	}
	b.agree()
}

// TestSubscriptionGivesUpInDoubt holds that a first invoice whose outcome stays in doubt is given up with its subscription: a
// request that arrives later charges nobody.
func TestSubscriptionGivesUpInDoubt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order(monthly(0))
	b.fault(fake.OpConfirm, fake.FaultLate, -1)
	if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("the error is %v", err)
	}
	for range 3 {
		b.clock.Advance(20 * time.Minute)
		b.reconcile()
	}
	if _, err := b.gw.DeliverLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := b.record(id).Payment
	b.want(p, payments.StatusCanceled)
	b.wantSubscription(p, payments.SubscriptionCanceled)
	if got := b.ledger(id).Charges; got != 0 {
		t.Errorf("%d charges after giving up", got)
	}
	_, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{PaymentUID: p.UID}})
	if err != nil {
		t.Errorf("a void of what is canceled: %v", err)
	}
	b.gw.ClearFaults()
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	_, err = b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	wantField(t, err, payments.ErrConflict, "PaymentUID")
}

// TestOrderChangesItsKind holds that an object for an order that is paid once is given up when the order becomes a recurring one,
// and the other way round: one charge in the end.
func TestOrderChangesItsKind(t *testing.T) {
	t.Parallel()
	for _, recurring := range []bool{false, true} {
		b := setup(t)
		id := b.order()
		o := b.host.orders[id]
		if recurring {
			monthly(0)(&o)
		}
		b.setOrder(o, nil)
		b.mustPay(id, "", payments.StatusCreated)
		o.Recurring = nil
		if !recurring {
			monthly(0)(&o)
		}
		b.setOrder(o, nil)
		b.clock.Advance(time.Second)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.complete(id, payments.StatusPaid)
		if p := b.record(id).Payment; (p.SubscriptionStatus == payments.SubscriptionActive) == recurring {
			t.Errorf("the subscription is %q", p.SubscriptionStatus)
		}
		if got := b.ledger(id); got.Charges != 1 || got.Captured != 1250 {
			t.Errorf("the ledger says %+v", got)
		}
	}
}
