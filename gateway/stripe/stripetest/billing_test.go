package stripetest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestSubscriptionParameters is what a subscription cannot be.
func TestSubscriptionParameters(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus, other := b.customer(t, "pm_card_visa"), b.customer(t, "pm_card_visa")
	prices := map[string]string{}
	for name, p := range map[string]*stripe.PriceParams{
		"month": {Currency: stripe.String("usd"), UnitAmount: stripe.Int64(1000), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}},
		"week":  {Currency: stripe.String("usd"), UnitAmount: stripe.Int64(300), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("week")}},
		"cheap": {Currency: stripe.String("usd"), UnitAmount: stripe.Int64(10), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}},
		"free":  {Currency: stripe.String("usd"), UnitAmount: stripe.Int64(0), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}},
		"gone": {Currency: stripe.String("usd"), UnitAmount: stripe.Int64(1000), Active: stripe.Bool(false),
			Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}},
	} {
		p.ProductData = &stripe.PriceProductDataParams{Name: stripe.String(name)}
		pc, err := b.api.Prices.New(p)
		if err != nil {
			t.Fatal(err)
		}
		prices[name] = pc.ID
	}
	item := func(i, name string) string { return "&items[" + i + "][price]=" + prices[name] }
	for _, test := range []struct {
		body, param string
		status      int
		state       string
	}{
		{item("0", "month"), "", 200, "active"}, {item("0", "free"), "", 200, "active"}, {item("0", "month") + item("1", "cheap"), "", 200, "active"},
		{item("0", "month") + "&items[0][quantity]=3", "", 200, "active"}, {"", "items", 400, ""}, {"&items[0][price]=price_x", "items[0][price]", 400, ""},
		{item("0", "month") + item("1", "week"), "items[1][price]", 400, ""}, {item("0", "gone"), "items[0][price]", 400, ""},
		{"&items[0][quantity]=1", "items[0][price]", 400, ""}, {item("0", "month") + "&items[0][quantity]=-1", "items[0][quantity]", 400, ""},
		{item("0", "month") + "&items[0][price_data][currency]=usd&items[0][price_data][product]=p", "items[0][price]", 400, ""},
		{item("0", "cheap"), "amount", 400, ""}, {item("0", "month") + "&default_payment_method=pm_x", "default_payment_method", 400, ""},
		{item("0", "month") + "&default_payment_method=" + other.InvoiceSettings.DefaultPaymentMethod.ID, "default_payment_method", 400, ""},
		{item("0", "month") + "&trial_period_days=0", "trial_period_days", 400, ""}, {item("0", "month") + "&trial_period_days=731", "trial_period_days", 400, ""},
		{item("0", "month") + "&trial_period_days=5&trial_end=1900000000", "trial_end", 400, ""}, {item("0", "month") + "&trial_end=soon", "trial_end", 400, ""},
		{item("0", "month") + "&trial_end=5", "trial_end", 400, ""}, {item("0", "month") + "&trial_end=now", "", 200, "active"},
		{item("0", "month") + "&trial_end=1900000000", "", 200, "trialing"}, {item("0", "month") + "&coupon=x", "coupon", 400, ""},
	} {
		a := b.send(t, sent{method: "POST", path: "/v1/subscriptions", body: "customer=" + cus.ID + test.body})
		state, _ := a.object["status"].(string)
		if a.status != test.status || a.err("param") != test.param || state != test.state {
			t.Errorf("%s: %d %.300s", test.body, a.status, a.raw)
		}
	}
	for status, want := range map[string]int{"": 6, "all": 6, "active": 5, "trialing": 1, "ended": 0, "canceled": 0} {
		n := 0
		p := &stripe.SubscriptionListParams{Customer: &cus.ID}
		if status != "" {
			p.Status = &status
		}
		for i := b.api.Subscriptions.List(p); i.Next(); {
			n++
		}
		if n != want {
			t.Errorf("%d subscriptions are %q, want %d", n, status, want)
		}
	}
	search := &stripe.SubscriptionSearchParams{}
	search.Query = "status:'trialing'"
	if i := b.api.Subscriptions.Search(search); !i.Next() {
		t.Errorf("the search: %v", i.Err())
	}
	invoices := &stripe.InvoiceSearchParams{}
	invoices.Query = "total>3000 AND customer:'" + cus.ID + "'"
	if i := b.api.Invoices.Search(invoices); i.Next() || i.Err() != nil {
		t.Errorf("the search of invoices: %v", i.Err())
	}
}

// TestTrialMoves ends a trial at once, and moves its end.
func TestTrialMoves(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.plan(t, b.customer(t, "pm_card_visa"))
	p.TrialPeriodDays = stripe.Int64(7)
	sub := b.subscribe(t, p)
	if sub.PendingSetupIntent != nil {
		t.Error("a card that needs no authentication is set up")
	}
	end := start.Add(3 * day)
	if _, err := b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{TrialEnd: stripe.Int64(end.Unix())}); err != nil {
		t.Fatal(err)
	}
	if got := b.subscription(t, sub.ID); got.TrialEnd != end.Unix() || got.CurrentPeriodEnd != end.Unix() {
		t.Errorf("the trial ends at %d", got.TrialEnd)
	}
	if _, err := b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{TrialEndNow: stripe.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	got := b.subscription(t, sub.ID)
	if got.Status != stripe.SubscriptionStatusActive || got.LatestInvoice.Status != stripe.InvoiceStatusDraft {
		t.Errorf("after its end it is %s, its invoice %s", got.Status, got.LatestInvoice.Status)
	}
	_, err := b.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{TrialEndNow: stripe.Bool(true)})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "stripetest_not_emulated", "")
	// The draft is finalized by hand and paid within the hour.
	inv, err := b.api.Invoices.FinalizeInvoice(got.LatestInvoice.ID, nil)
	if err != nil || inv.Status != stripe.InvoiceStatusOpen || inv.PaymentIntent == nil {
		t.Fatalf("finalizing: %v", err)
	}
	if err := b.Advance(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if inv, err = b.api.Invoices.Get(inv.ID, nil); err != nil || inv.Status != stripe.InvoiceStatusPaid || inv.Charge == nil {
		t.Errorf("an hour later it is %v, %v", inv, err)
	}
}

// TestAskedAgain is a trial with a card that asks for 3-D Secure: its setup intent asks for it.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.plan(t, b.customer(t, "pm_card_authenticationRequiredOnSetup"))
	p.TrialPeriodDays = stripe.Int64(7)
	sub := b.subscribe(t, p)
	if sub.PendingSetupIntent == nil || sub.PendingSetupIntent.Status != stripe.SetupIntentStatusRequiresAction {
		t.Fatalf("the setup intent is %+v", sub.PendingSetupIntent)
	}
	if err := b.Authenticate(ctx, sub.PendingSetupIntent.ClientSecret, stripetest.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Advance(ctx, 8*day); err != nil {
		t.Fatal(err)
	}
	if got := b.subscription(t, sub.ID); got.Status != stripe.SubscriptionStatusActive || got.LatestInvoice.Status != stripe.InvoiceStatusPaid {
		t.Errorf("it is %s", got.Status)
	}
}

// TestPaidElsewhere pays a draft, and marks an invoice as paid out of band.
func TestPaidElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "pm_card_visa")
	p := b.plan(t, cus)
	p.PaymentBehavior = nil
	sub := b.subscribe(t, p)
	if err := b.Advance(ctx, 28*day); err != nil {
		t.Fatal(err)
	}
	draft := b.subscription(t, sub.ID).LatestInvoice
	if draft.Status != stripe.InvoiceStatusDraft {
		t.Fatalf("the renewal's invoice is %s", draft.Status)
	}
	if inv, err := b.api.Invoices.Pay(draft.ID, nil); err != nil || inv.Status != stripe.InvoiceStatusPaid {
		t.Errorf("paying a draft: %v", err)
	}
	open := b.subscribe(t, b.plan(t, b.customer(t, "")))
	inv, err := b.api.Invoices.Pay(open.LatestInvoice.ID, &stripe.InvoicePayParams{PaidOutOfBand: stripe.Bool(true)})
	if err != nil || !inv.PaidOutOfBand || inv.Status != stripe.InvoiceStatusPaid {
		t.Errorf("out of band: %v", err)
	}
	if got := b.subscription(t, open.ID); got.Status != stripe.SubscriptionStatusActive {
		t.Errorf("the subscription is %s", got.Status)
	}
	void := b.subscribe(t, b.plan(t, b.customer(t, "")))
	if _, err := b.api.Invoices.VoidInvoice(void.LatestInvoice.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err = b.api.Invoices.Pay(void.LatestInvoice.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
}

// TestPayersToken is a payer's page that sends a token.
func TestPayersToken(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for method, ok := range map[string]bool{"tok_visa": true, "tok_visa__once": true, "pm_card_mastercard": true, "": true, "tok_nobody": false,
		"pm_nobody": false, "tok_chargeDeclined": false} {
		in := b.create(t, b.params(""))
		if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthPass, method); (err == nil) != ok {
			t.Errorf("%q: %v", method, err)
		}
	}
}

// TestLists reads what the other tests only make.
func TestLists(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.paid(t, "pm_card_riskLevelElevated")
	b.paid(t, "pm_card_visa")
	ch := in.LatestCharge.ID
	if _, err := b.refund(in.ID, 100); err != nil {
		t.Fatal(err)
	}
	dispute, err := b.OpenDispute(ctx, ch, "general")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/v1/charges": 2, "/v1/charges?payment_intent=" + in.ID: 1, "/v1/charges?customer=cus_x": 0, "/v1/reviews": 1, "/v1/refunds?charge=" + ch: 1,
		"/v1/disputes?charge=" + ch: 1, "/v1/disputes": 1, "/v1/payment_methods": 0, "/v1/events?type=" + url.QueryEscape("charge.*"): 5,
	} {
		a := b.send(t, sent{method: "GET", path: path})
		if data, _ := a.object["data"].([]any); len(data) != want || a.status != 200 {
			t.Errorf("%s has %d, want %d", path, len(data), want)
		}
	}
	for _, path := range []string{"/v1/charges/" + ch, "/v1/disputes/" + dispute} {
		if a := b.send(t, sent{method: "GET", path: path}); a.status != 200 {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	for _, body := range []string{"charge=ch_x", "charge=" + ch + "&payment_intent=pi_x"} {
		if a := b.send(t, sent{method: "POST", path: "/v1/refunds", body: body}); a.status != 400 {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	declined := b.create(t, b.params("pm_card_chargeDeclined"))
	_, err = b.api.PaymentIntents.Confirm(declined.ID, nil)
	wantError(t, err, 402, stripe.ErrorTypeCard, "card_declined", "")
	if a := b.send(t, sent{method: "POST", path: "/v1/refunds", body: "charge=" + b.get(t, declined.ID).LatestCharge.ID}); a.status != 400 {
		t.Errorf("a declined charge is refunded: %s", a.raw)
	}
}
