package stripetest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

const day = 24 * time.Hour

// customer makes a customer, with a default payment method where a card is named.
func (b *bundle) customer(t *testing.T, card string) *stripe.Customer {
	t.Helper()
	cus, err := b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("jo@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	if card == "" {
		return cus
	}
	m, err := b.api.PaymentMethods.Attach(card, &stripe.PaymentMethodAttachParams{Customer: &cus.ID})
	if err != nil {
		t.Fatal(err)
	}
	cus, err = b.api.Customers.Update(cus.ID, &stripe.CustomerParams{
		InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: &m.ID}})
	if err != nil {
		t.Fatal(err)
	}
	return cus
}

// plan are the parameters of a subscription of 10 USD a month.
func (b *bundle) plan(t *testing.T, cus *stripe.Customer) *stripe.SubscriptionParams {
	t.Helper()
	pr, err := b.api.Products.New(&stripe.ProductParams{Name: stripe.String("Magazine")})
	if err != nil {
		t.Fatal(err)
	}
	p := &stripe.SubscriptionParams{Customer: &cus.ID, PaymentBehavior: stripe.String("default_incomplete"),
		PaymentSettings: &stripe.SubscriptionPaymentSettingsParams{SaveDefaultPaymentMethod: stripe.String("on_subscription")},
		Items: []*stripe.SubscriptionItemsParams{{PriceData: &stripe.SubscriptionItemPriceDataParams{Currency: stripe.String("usd"),
			Product: &pr.ID, UnitAmount: stripe.Int64(1000),
			Recurring: &stripe.SubscriptionItemPriceDataRecurringParams{Interval: stripe.String("month")}}}}}
	p.AddMetadata("order_id", orderID)
	p.AddExpand("latest_invoice.payment_intent")
	p.AddExpand("pending_setup_intent")
	p.SetIdempotencyKey(b.key())
	return p
}

// subscribe makes a subscription, and fails the test when it cannot.
func (b *bundle) subscribe(t *testing.T, p *stripe.SubscriptionParams) *stripe.Subscription {
	t.Helper()
	sub, err := b.api.Subscriptions.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// subscription reads one again.
func (b *bundle) subscription(t *testing.T, id string) *stripe.Subscription {
	t.Helper()
	p := &stripe.SubscriptionParams{}
	p.AddExpand("latest_invoice.payment_intent")
	sub, err := b.api.Subscriptions.Get(id, p)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// types lists the types of the events, the oldest first.
func (b *bundle) types(t *testing.T) []string {
	t.Helper()
	var types []string
	p := &stripe.EventListParams{}
	p.Limit = stripe.Int64(100)
	for i := b.api.Events.List(p); i.Next(); {
		types = append(types, string(i.Event().Type))
	}
	slices.Reverse(types)
	return types
}

// TestDefaultIncomplete is the life of a subscription that the payer pays on a page, and that renews.
func TestDefaultIncomplete(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	sub := b.subscribe(t, b.plan(t, b.customer(t, "")))
	in := sub.LatestInvoice.PaymentIntent
	if sub.Status != stripe.SubscriptionStatusIncomplete || in.Status != stripe.PaymentIntentStatusRequiresPaymentMethod ||
		in.Amount != 1000 || in.ClientSecret == "" || sub.LatestInvoice.Status != stripe.InvoiceStatusOpen {
		t.Fatalf("a fresh subscription is %s, its intent %s", sub.Status, in.Status)
	}
	if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthPass, "pm_card_authenticationRequiredOnSetup"); err != nil {
		t.Fatal(err)
	}
	sub = b.subscription(t, sub.ID)
	if sub.Status != stripe.SubscriptionStatusActive || sub.LatestInvoice.Status != stripe.InvoiceStatusPaid || sub.DefaultPaymentMethod == nil {
		t.Fatalf("a paid subscription is %s, its invoice %s", sub.Status, sub.LatestInvoice.Status)
	}
	if end := time.Unix(sub.CurrentPeriodEnd, 0).UTC(); end != time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC) {
		t.Errorf("the period that begins on 31 January ends on %s", end)
	}
	types := b.types(t) // events are listed for 30 days
	// Two renewals, each paid an hour after its invoice was made. The card was set up by the first payment.
	if err := b.Advance(ctx, 60*day); err != nil {
		t.Fatal(err)
	}
	sub = b.subscription(t, sub.ID)
	if end := time.Unix(sub.CurrentPeriodEnd, 0).UTC(); sub.Status != stripe.SubscriptionStatusActive || end.Format(time.DateOnly) != "2026-04-30" {
		t.Errorf("after 60 days it is %s until %s", sub.Status, end)
	}
	if entry := b.Ledger()[orderID]; entry.Captured != 3000 || entry.Charges != 3 || len(b.DoubleCharged()) != 0 {
		t.Errorf("the ledger says %+v, double charged %v", entry, b.DoubleCharged())
	}
	p := &stripe.InvoiceListParams{Subscription: &sub.ID}
	var reasons []string
	for i := b.api.Invoices.List(p); i.Next(); {
		reasons = append(reasons, string(i.Invoice().BillingReason))
	}
	if !slices.Equal(reasons, []string{"subscription_cycle", "subscription_cycle", "subscription_create"}) {
		t.Errorf("the invoices are for %v", reasons)
	}
	for _, want := range []string{"customer.subscription.created", "customer.subscription.updated", "invoice.created", "invoice.finalized",
		"invoice.paid", "invoice.payment_succeeded", "invoice.payment_action_required", "payment_intent.succeeded"} {
		if !slices.Contains(types, want) {
			t.Errorf("there is no event %s in %v", want, types)
		}
	}
}

// TestIncompleteExpires ends a subscription whose first payment does not come within 23 hours.
func TestIncompleteExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	sub := b.subscribe(t, b.plan(t, b.customer(t, "")))
	b.clock.Advance(23*time.Hour - time.Second)
	if got := b.subscription(t, sub.ID); got.Status != stripe.SubscriptionStatusIncomplete {
		t.Errorf("a second before, it is %s", got.Status)
	}
	b.clock.Advance(time.Second)
	got := b.subscription(t, sub.ID)
	if got.Status != stripe.SubscriptionStatusIncompleteExpired || got.LatestInvoice.Status != stripe.InvoiceStatusVoid ||
		got.LatestInvoice.PaymentIntent.Status != stripe.PaymentIntentStatusCanceled {
		t.Errorf("after 23 hours it is %s, its invoice %s", got.Status, got.LatestInvoice.Status)
	}
	if err := b.Authenticate(ctx, sub.LatestInvoice.PaymentIntent.ClientSecret, stripetest.AuthPass, ""); err == nil {
		t.Error("it can be paid afterwards")
	}
}

// TestBehaviors are the other ways to begin.
func TestBehaviors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, behavior, card string
		status               stripe.SubscriptionStatus // or an error's
		code                 string
		http                 int
	}{
		{"allow, approved", "allow_incomplete", "pm_card_visa", "active", "", 0},
		{"allow, declined", "allow_incomplete", "pm_card_chargeCustomerFail", "incomplete", "", 0},
		{"allow, 3-D Secure", "allow_incomplete", "pm_card_authenticationRequired", "incomplete", "", 0},
		{"allow, no card", "allow_incomplete", "", "", "resource_missing", 400},
		{"error, approved", "error_if_incomplete", "pm_card_visa", "active", "", 0},
		{"error, declined", "error_if_incomplete", "pm_card_chargeCustomerFail", "", "card_declined", 402},
		{"error, 3-D Secure", "error_if_incomplete", "pm_card_authenticationRequired", "", "subscription_payment_intent_requires_action", 402},
		{"incomplete, with a card", "default_incomplete", "pm_card_visa", "incomplete", "", 0},
		{"nothing said", "", "pm_card_visa", "active", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			cus := b.customer(t, test.card)
			p := b.plan(t, cus)
			p.PaymentBehavior = nil
			if test.behavior != "" {
				p.PaymentBehavior = &test.behavior
			}
			sub, err := b.api.Subscriptions.New(p)
			if test.http != 0 {
				kind := map[int]stripe.ErrorType{400: stripe.ErrorTypeInvalidRequest, 402: stripe.ErrorTypeCard}[test.http]
				wantError(t, err, test.http, kind, test.code, "")
				list := b.api.Subscriptions.List(&stripe.SubscriptionListParams{Customer: &cus.ID, Status: stripe.String("all")})
				if list.Next() {
					t.Error("a refused subscription exists")
				}
				if entry := b.Ledger()[orderID]; entry.Charges != 0 {
					t.Errorf("the ledger says %+v", entry)
				}
				return
			}
			if err != nil || sub.Status != test.status {
				t.Fatalf("the subscription: %v, %v", sub, err)
			}
			if test.name == "incomplete, with a card" {
				if in := sub.LatestInvoice.PaymentIntent; in.Status != stripe.PaymentIntentStatusRequiresConfirmation {
					t.Errorf("its intent is %s", in.Status)
				}
			}
		})
	}
}

// TestTrial is a subscription that costs nothing at first, with and without a card at its end.
func TestTrial(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, card, end string
		want            stripe.SubscriptionStatus
		captured        int64
	}{
		{"a card", "pm_card_visa", "", "active", 1000},
		{"no card, an invoice", "", "create_invoice", "past_due", 0},
		{"no card, cancel", "", "cancel", "canceled", 0},
		{"no card, pause", "", "pause", "paused", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			p := b.plan(t, b.customer(t, ""))
			p.TrialPeriodDays = stripe.Int64(7)
			if test.end != "" {
				p.TrialSettings = &stripe.SubscriptionTrialSettingsParams{
					EndBehavior: &stripe.SubscriptionTrialSettingsEndBehaviorParams{MissingPaymentMethod: &test.end}}
			}
			sub := b.subscribe(t, p)
			if sub.Status != stripe.SubscriptionStatusTrialing || sub.PendingSetupIntent == nil || sub.LatestInvoice.Status != "paid" ||
				sub.LatestInvoice.PaymentIntent != nil || sub.TrialEnd != start.Add(7*day).Unix() {
				t.Fatalf("a trial is %s", sub.Status)
			}
			if test.card != "" {
				if err := b.Authenticate(ctx, sub.PendingSetupIntent.ClientSecret, stripetest.AuthPass, test.card); err != nil {
					t.Fatal(err)
				}
				if got := b.subscription(t, sub.ID); got.PendingSetupIntent != nil || got.DefaultPaymentMethod == nil {
					t.Error("the card was not taken over")
				}
			}
			if err := b.Advance(ctx, 7*day+2*time.Hour); err != nil {
				t.Fatal(err)
			}
			if got := b.subscription(t, sub.ID); got.Status != test.want {
				t.Errorf("after the trial it is %s, want %s", got.Status, test.want)
			}
			if entry := b.Ledger()[orderID]; entry.Captured != test.captured {
				t.Errorf("the ledger says %+v", entry)
			}
			if !slices.Contains(b.types(t), "customer.subscription.trial_will_end") {
				t.Error("the end of the trial was not announced")
			}
		})
	}
}

// TestRetries tries an unpaid renewal again, until it is paid or the subscription ends.
func TestRetries(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	sub := b.subscribe(t, b.plan(t, b.customer(t, "")))
	if err := b.Authenticate(ctx, sub.LatestInvoice.PaymentIntent.ClientSecret, stripetest.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	fails, err := b.api.PaymentMethods.Attach("pm_card_chargeCustomerFail", &stripe.PaymentMethodAttachParams{Customer: &sub.Customer.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{DefaultPaymentMethod: &fails.ID}); err != nil {
		t.Fatal(err)
	}
	if err := b.Advance(ctx, 29*day); err != nil {
		t.Fatal(err)
	}
	got := b.subscription(t, sub.ID)
	if got.Status != stripe.SubscriptionStatusPastDue || got.LatestInvoice.AttemptCount != 1 || got.LatestInvoice.NextPaymentAttempt == 0 {
		t.Fatalf("after a decline it is %s with %d attempts", got.Status, got.LatestInvoice.AttemptCount)
	}
	if err := b.Advance(ctx, 20*day); err != nil {
		t.Fatal(err)
	}
	got = b.subscription(t, sub.ID)
	if got.Status != stripe.SubscriptionStatusCanceled || got.LatestInvoice.AttemptCount != 4 || got.CancellationDetails.Reason != "payment_failed" {
		t.Errorf("after all tries it is %s with %d attempts", got.Status, got.LatestInvoice.AttemptCount)
	}
	// The invoice can still be paid by hand.
	inv, err := b.api.Invoices.Pay(got.LatestInvoice.ID, &stripe.InvoicePayParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil || inv.Status != stripe.InvoiceStatusPaid {
		t.Errorf("paying by hand: %v", err)
	}
	_, err = b.api.Invoices.Pay(got.LatestInvoice.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
}

// TestEndOfSubscription ends at once, at the end of the period, or at a moment.
func TestEndOfSubscription(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "pm_card_visa")
	begin := func() *stripe.Subscription {
		p := b.plan(t, cus)
		p.PaymentBehavior = nil
		return b.subscribe(t, p)
	}
	now, later, moment := begin(), begin(), begin()
	if sub, err := b.api.Subscriptions.Cancel(now.ID, nil); err != nil || sub.Status != stripe.SubscriptionStatusCanceled || sub.EndedAt == 0 {
		t.Errorf("at once: %v", err)
	}
	_, err := b.api.Subscriptions.Cancel(now.ID, nil)
	wantError(t, err, 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "id")
	_, err = b.api.Subscriptions.Update(now.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "cancel_at_period_end")
	if _, err := b.api.Subscriptions.Update(later.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)}); err != nil {
		t.Error(err)
	}
	if _, err := b.api.Subscriptions.Update(moment.ID, &stripe.SubscriptionParams{CancelAt: stripe.Int64(start.Add(3 * day).Unix())}); err != nil {
		t.Error(err)
	}
	for _, step := range []struct {
		after         time.Duration
		later, moment stripe.SubscriptionStatus
	}{{2 * day, "active", "active"}, {2 * day, "active", "canceled"}, {30 * day, "canceled", "canceled"}} {
		if err := b.Advance(ctx, step.after); err != nil {
			t.Fatal(err)
		}
		if got := b.subscription(t, later.ID).Status; got != step.later {
			t.Errorf("at the end of the period: %s, want %s", got, step.later)
		}
		if got := b.subscription(t, moment.ID).Status; got != step.moment {
			t.Errorf("at a moment: %s, want %s", got, step.moment)
		}
	}
	if entry := b.Ledger()[orderID]; entry.Captured != 3000 {
		t.Errorf("the ledger says %+v", entry)
	}
}

// TestInvoiceCalls finalizes, pays and voids by hand.
func TestInvoiceCalls(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	sub := b.subscribe(t, b.plan(t, b.customer(t, "")))
	_, err := b.api.Invoices.Pay(sub.LatestInvoice.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "")
	_, err = b.api.PaymentIntents.Cancel(sub.LatestInvoice.PaymentIntent.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	_, err = b.api.Invoices.FinalizeInvoice(sub.LatestInvoice.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "invoice_not_editable", "")
	_, err = b.api.Invoices.Pay(sub.LatestInvoice.ID, &stripe.InvoicePayParams{PaymentMethod: stripe.String("pm_card_authenticationRequired"),
		OffSession: stripe.Bool(false)})
	wantError(t, err, 402, stripe.ErrorTypeCard, "invoice_payment_intent_requires_action", "")
	inv, err := b.api.Invoices.VoidInvoice(sub.LatestInvoice.ID, nil)
	if err != nil || inv.Status != stripe.InvoiceStatusVoid {
		t.Errorf("voiding: %v", err)
	}
	_, err = b.api.Invoices.VoidInvoice(sub.LatestInvoice.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
}
