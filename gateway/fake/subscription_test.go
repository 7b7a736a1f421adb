package fake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// day is a day of a clock without daylight saving.
const day = 24 * time.Hour

// monthly is the tests' plan.
var monthly = payments.Plan{Interval: "month", Every: 1}

// subscribe makes the bench's order a subscription of 12.50 USD.
func (b *bench) subscribe(plan payments.Plan) payments.SubscriptionSnapshot {
	b.t.Helper()
	sub, err := b.Subscribe(b.t.Context(), payments.SubscribeRequest{PaymentRef: b.order, Key: b.key(), Plan: plan, Amount: usd(1250)})
	if err != nil {
		b.t.Fatal(err)
	}
	return sub
}

// trial makes a subscription with a trial, and lets it go on.
func (b *bench) trial(plan payments.Plan) payments.SubscriptionSnapshot {
	b.t.Helper()
	sub := b.subscribe(plan)
	got, err := b.UncancelSubscription(b.t.Context(), payments.UncancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Reference})
	if err != nil || !sub.CancelAtPeriodEnd || got.CancelAtPeriodEnd {
		b.t.Fatalf("it is %+v, and then %+v (%v)", sub, got, err)
	}
	return got
}

// active makes a subscription whose first invoice is paid with a token.
func (b *bench) active(plan payments.Plan, name string) payments.SubscriptionSnapshot {
	b.t.Helper()
	sub := b.subscribe(plan)
	if err := b.Authenticate(b.t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, name); err != nil {
		b.t.Fatal(err)
	}
	return b.sub(sub.Reference, payments.SubscriptionActive)
}

// sub reads a subscription, which must have a status.
func (b *bench) sub(reference string, want payments.SubscriptionStatus) payments.SubscriptionSnapshot {
	b.t.Helper()
	sub, err := b.FetchSubscription(b.t.Context(), payments.FetchSubscriptionRequest{PaymentRef: b.order, Reference: reference})
	if err != nil || sub.Status != want {
		b.t.Fatalf("the subscription is %q, and must be %q (%v)", sub.Status, want, err)
	}
	return sub
}

// setDefault changes the default way to pay.
func (b *bench) setDefault(reference, name string) {
	b.t.Helper()
	if err := b.SetDefaultMethod(b.t.Context(), reference, name); err != nil {
		b.t.Fatal(err)
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{LiveMode: true})
	req := payments.SubscribeRequest{PaymentRef: b.order, Key: b.key(), Plan: monthly, Amount: usd(1250)}
	sub, err := b.Subscribe(t.Context(), req)
	if err != nil || !strings.HasPrefix(sub.Reference, "sub_fake_") || !strings.HasPrefix(sub.Customer, "cus_fake_") || !sub.LiveMode ||
		sub.Status != payments.SubscriptionIncomplete || sub.OrderID != b.order.OrderID || sub.PaymentUID != b.order.PaymentUID ||
		!sub.PeriodEnd.Equal(start.AddDate(0, 1, 0)) || len(sub.Invoices) != 1 || len(b.Ledger()) != 0 {
		t.Fatalf("it is %+v (%v)", sub, err)
	}
	first := sub.Invoices[0]
	if !strings.HasPrefix(first.Reference, "in_fake_") || !first.First || first.Status != "open" || first.Amount != usd(1250) || !first.CreatedAt.Equal(start) {
		t.Errorf("the invoice is %+v", first)
	}
	s := b.fetch(first.Payment)
	if s.Status != payments.StatusCreated || s.OrderID != b.order.OrderID || s.PaymentUID != b.order.PaymentUID || s.Amount != usd(1250) ||
		s.Customer != sub.Customer || secret(t, s) != sub.NextAction.ClientSecret.Reveal() {
		t.Errorf("its object is %+v", s)
	}
	again, err := b.Subscribe(t.Context(), req)
	if err != nil || again.Reference != sub.Reference || again.NextAction.ClientSecret.Reveal() != secret(t, s) {
		t.Errorf("under the same key it is %q (%v)", again.Reference, err)
	}
	req.Amount = usd(1)
	if _, err := b.Subscribe(t.Context(), req); problem(t, err).GatewayCode != "idempotency_error" {
		t.Errorf("the key with another amount: %v", err)
	}
}

func TestSubscribeRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{Prices: map[string]payments.Money{"price_gold": usd(9900)}})
	plan := func(p payments.Plan) payments.SubscribeRequest {
		return payments.SubscribeRequest{Plan: p, Amount: usd(100)}
	}
	tests := map[string]struct {
		req  payments.SubscribeRequest
		code payments.Code
	}{
		"no interval":  {plan(payments.Plan{Every: 1}), payments.ErrInvalid},
		"no count":     {plan(payments.Plan{Interval: "day"}), payments.ErrInvalid},
		"a long trial": {plan(payments.Plan{Interval: "day", Every: 1, TrialDays: 731}), payments.ErrInvalid},
		"no price":     {plan(payments.Plan{Interval: "day", Every: 1, GatewayPrice: "price_none"}), payments.ErrInvalid},
		"no customer": {payments.SubscribeRequest{Plan: monthly, Amount: usd(1), Payer: payments.Payer{GatewayCustomer: "cus_none"}},
			payments.ErrInvalid},
		"no amount": {payments.SubscribeRequest{Plan: monthly}, payments.ErrUnsupported},
	}
	for name, test := range tests {
		test.req.PaymentRef, test.req.Key = b.order, b.key()
		_, err := b.Subscribe(t.Context(), test.req)
		if e := problem(t, err); e.Code != test.code || e.Outcome != payments.OutcomeNotApplied {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	priced := monthly
	priced.GatewayPrice = "price_gold"
	if sub := b.subscribe(priced); sub.Invoices[0].Amount != usd(9900) {
		t.Errorf("by the gateway's price the invoice is over %v", sub.Invoices[0].Amount)
	}
}

// TestFirstInvoiceByTheServer prepares and confirms the first invoice's object as the Service does.
func TestFirstInvoiceByTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	prepare := func(name string) (payments.Snapshot, error) {
		return b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Invoices[0].Payment, Source: token(name), Capture: true})
	}
	if _, err := prepare("tok_chargeDeclined"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.confirm(sub.Invoices[0].Payment); !errors.Is(err, payments.ErrDeclined) {
		t.Errorf("the first card: %v", err)
	}
	b.sub(sub.Reference, payments.SubscriptionIncomplete)
	if _, err := prepare("tok_threeDSecure2Required"); err != nil {
		t.Fatal(err)
	}
	s, err := b.confirm(sub.Invoices[0].Payment)
	if err != nil || s.Status != payments.StatusRequiresAction {
		t.Fatalf("the second card is %v (%v)", s.Status, err)
	}
	if err := b.Authenticate(t.Context(), secret(t, s), fake.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	got := b.sub(sub.Reference, payments.SubscriptionActive)
	if got.Invoices[0].Status != "paid" || got.NextAction != nil {
		t.Errorf("it is %+v", got)
	}
	_, err = b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: b.subscribe(monthly).Invoices[0].Payment, Amount: usd(1)})
	if e := problem(t, err); e.Code != payments.ErrInvalid || e.Fields[0].Field != "Amount" {
		t.Errorf("the amount of an invoice: %v", err)
	}
}

func TestIncompleteExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	b.clock.Advance(23*time.Hour - time.Second)
	b.sub(sub.Reference, payments.SubscriptionIncomplete)
	b.clock.Advance(time.Second)
	got := b.sub(sub.Reference, payments.SubscriptionIncompleteExpired)
	if s := b.fetch(sub.Invoices[0].Payment); got.Invoices[0].Status != "void" || s.Status != payments.StatusCanceled || got.NextAction != nil {
		t.Errorf("the invoice is %q and its object %v", got.Invoices[0].Status, s.Status)
	}
}

func TestSubscriptionEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	cancel := func(reference string, atEnd bool) payments.SubscriptionSnapshot {
		sub, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: reference, AtPeriodEnd: atEnd})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	open, paid, late := b.subscribe(monthly), b.active(monthly, "tok_visa"), b.active(monthly, "tok_visa")
	for range 2 {
		if sub := cancel(open.Reference, false); sub.Status != payments.SubscriptionCanceled || sub.Invoices[0].Status != "void" {
			t.Errorf("it is %+v", sub)
		}
		if sub := cancel(paid.Reference, false); sub.Status != payments.SubscriptionCanceled || sub.Invoices[0].Status != "paid" {
			t.Errorf("it is %+v", sub)
		}
		if sub := cancel(late.Reference, true); sub.Status != payments.SubscriptionActive || !sub.CancelAtPeriodEnd {
			t.Errorf("it is %+v", sub)
		}
	}
	if s := b.fetch(open.Invoices[0].Payment); s.Status != payments.StatusCanceled {
		t.Errorf("the object of a void invoice is %v", s.Status)
	}
	b.clock.Advance(31 * day)
	if sub := b.sub(late.Reference, payments.SubscriptionCanceled); len(sub.Invoices) != 1 {
		t.Errorf("it ended with %d invoices", len(sub.Invoices))
	}
	_, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: "sub_none"})
	if !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("what does not exist: %v", err)
	}
}

// TestVoidOfAnInvoice closes the invoice with its object.
func TestVoidOfAnInvoice(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	if _, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Invoices[0].Payment}); err != nil {
		t.Fatal(err)
	}
	b.sub(sub.Reference, payments.SubscriptionIncompleteExpired)
}

func TestTrial(t *testing.T) {
	t.Parallel()
	trial := payments.Plan{Interval: "month", Every: 1, TrialDays: 14}
	tests := map[string]struct {
		card   string // what the payer sets up, empty for nothing
		result fake.AuthResult
		pause  bool
		paid   payments.SubscriptionStatus // after the trial
	}{
		"set up":                {"tok_visa", fake.AuthPass, false, payments.SubscriptionActive},
		"with 3-D Secure":       {"tok_authenticationRequiredOnSetup", fake.AuthPass, false, payments.SubscriptionActive},
		"failed 3-D Secure":     {"tok_authenticationRequiredOnSetup", fake.AuthFail, false, payments.SubscriptionCanceled},
		"left 3-D Secure":       {"tok_authenticationRequiredOnSetup", fake.AuthAbandon, false, payments.SubscriptionCanceled},
		"declined when set up":  {"tok_chargeDeclined", fake.AuthPass, false, payments.SubscriptionCanceled},
		"declined when charged": {"tok_chargeCustomerFail", fake.AuthPass, false, payments.SubscriptionPastDue},
		"nothing":               {"", "", false, payments.SubscriptionCanceled},
		"nothing, paused":       {"", "", true, payments.SubscriptionPaused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{PauseAfterTrial: test.pause})
			sub := b.trial(trial)
			if first := sub.Invoices[0]; sub.Status != payments.SubscriptionTrialing || first.Amount.Amount != 0 || first.Payment != "" || first.Status != "paid" {
				t.Fatalf("it is %+v", sub)
			}
			if test.card != "" {
				_ = b.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), test.result, test.card)
			}
			got := b.sub(sub.Reference, payments.SubscriptionTrialing)
			ready := test.paid == payments.SubscriptionActive || test.paid == payments.SubscriptionPastDue
			if (got.NextAction == nil) != ready {
				t.Errorf("the payer is still asked: %v", got.NextAction != nil)
			}
			b.clock.Advance(14 * day)
			got = b.sub(sub.Reference, test.paid)
			if last := got.Invoices[len(got.Invoices)-1]; ready && (last.First || last.Payment == "" || last.Amount != usd(1250)) {
				t.Errorf("the invoice after the trial is %+v", last)
			}
		})
	}
}

// TestPausedGoesOn sets up a way to pay after the trial has ended.
func TestPausedGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{PauseAfterTrial: true})
	sub := b.trial(payments.Plan{Interval: "month", Every: 1, TrialDays: 1})
	b.clock.Advance(10 * day)
	paused := b.sub(sub.Reference, payments.SubscriptionPaused)
	if err := b.Authenticate(t.Context(), paused.NextAction.ClientSecret.Reveal(), fake.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	got := b.sub(sub.Reference, payments.SubscriptionActive)
	if !got.PeriodEnd.Equal(start.Add(10*day).AddDate(0, 1, 0)) || b.entry().Charges != 1 {
		t.Errorf("it is %+v, and the ledger says %+v", got, b.entry())
	}
	if err := b.Authenticate(t.Context(), paused.NextAction.ClientSecret.Reveal(), fake.AuthPass, ""); !errors.Is(err, payments.ErrConflict) {
		t.Errorf("set up twice: %v", err)
	}
}

func TestSearchOfSubscriptions(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{SearchLag: time.Minute})
	find := func(ref payments.PaymentRef) (payments.SubscriptionSnapshot, error) {
		return b.FetchSubscription(t.Context(), payments.FetchSubscriptionRequest{PaymentRef: ref})
	}
	sub := b.subscribe(monthly)
	if _, err := find(b.order); !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("found before the search knows: %v", err)
	}
	b.clock.Advance(time.Minute)
	if got, err := find(b.order); err != nil || got.Reference != sub.Reference {
		t.Errorf("found is %q (%v)", got.Reference, err)
	}
	for name, other := range map[string]payments.PaymentRef{"another payment": ref(2), "nothing": {},
		"another account": {PaymentUID: b.order.PaymentUID, Account: "acct_2"}} {
		if _, err := find(other); !errors.Is(err, payments.ErrPaymentNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSubscriptionEvents(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test"})
	sub := b.active(monthly, "tok_visa")
	b.clock.Advance(40 * day)
	if err := b.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Reference}); err != nil {
		t.Fatal(err)
	}
	later := b.sub(sub.Reference, payments.SubscriptionCanceled).Invoices[1]
	var kinds []string
	for _, e := range b.Events() {
		kinds = append(kinds, e.Type)
		got, err := b.ParseWebhook(map[string][]string{fake.SignatureHeader: {b.SignWebhook(e.Body, b.clock.Now())}}, e.Body)
		if err != nil {
			t.Fatal(err)
		}
		ours := got.PaymentUID == b.order.PaymentUID && got.OrderID == b.order.OrderID
		switch {
		case strings.HasPrefix(e.Type, "customer.subscription"):
			if got.Subscription != sub.Reference || got.Object != sub.Reference || got.Payment != "" || got.Invoice == "" || !ours {
				t.Errorf("%s is about %+v", e.Type, got)
			}
		case e.Type == "invoice.paid":
			if got.Subscription != sub.Reference || got.Object != got.Invoice || !strings.HasPrefix(got.Payment, "pi_fake_") {
				t.Errorf("%s is about %+v", e.Type, got)
			}
		default:
			if got.Payment != got.Object || got.Invoice == "" || ours != (got.Payment != later.Payment) {
				t.Errorf("%s is about %+v", e.Type, got)
			}
		}
	}
	want := []string{"customer.subscription.created", "payment_intent.succeeded", "invoice.paid", "customer.subscription.updated",
		"customer.subscription.updated", "payment_intent.succeeded", "invoice.paid", "customer.subscription.deleted"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the events are\n%v, and must be\n%v", kinds, want)
	}
}
