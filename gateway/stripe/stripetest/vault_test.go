package stripetest_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestSetupIntents sets cards up for later, with 3-D Secure and without.
func TestSetupIntents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		card, status, code string
		later              bool // it can be charged off session afterwards
	}{
		{"pm_card_visa", "succeeded", "", true}, {"pm_card_authenticationRequiredOnSetup", "requires_action", "", true},
		{"pm_card_authenticationRequired", "requires_action", "", false}, {"pm_card_authenticationRequiredSetupForOffSession", "succeeded", "", true},
		{"pm_card_chargeDeclinedInsufficientFunds", "", "card_declined", false}, {"pm_card_chargeCustomerFail", "succeeded", "", false},
	} {
		t.Run(test.card, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			cus := b.customer(t, "")
			p := &stripe.SetupIntentParams{Customer: &cus.ID, PaymentMethod: &test.card, Confirm: stripe.Bool(true),
				PaymentMethodTypes: stripe.StringSlice([]string{"card"})}
			si, err := b.api.SetupIntents.New(p)
			if test.code != "" {
				wantError(t, err, 402, stripe.ErrorTypeCard, test.code, "")
				var e *stripe.Error
				if !errors.As(err, &e) || e.SetupIntent.LastSetupError == nil {
					t.Error("the error does not embed the setup intent")
				}
				return
			}
			if err != nil || string(si.Status) != test.status {
				t.Fatalf("the setup intent: %v", err)
			}
			if test.status == "requires_action" {
				if err := b.Authenticate(ctx, si.ClientSecret, stripetest.AuthFail, ""); !errors.Is(err, stripetest.ErrDeclined) {
					t.Errorf("a failed authentication says %v", err)
				}
				if err := b.Authenticate(ctx, si.ClientSecret, stripetest.AuthPass, test.card); err != nil {
					t.Fatal(err)
				}
				if si, err = b.api.SetupIntents.Get(si.ID, nil); err != nil || si.Status != stripe.SetupIntentStatusSucceeded {
					t.Fatalf("after 3-D Secure: %v", err)
				}
			}
			pay := b.params(si.PaymentMethod.ID)
			pay.Customer, pay.Confirm, pay.OffSession = &cus.ID, stripe.Bool(true), stripe.Bool(true)
			if _, err := b.api.PaymentIntents.New(pay); (err == nil) != test.later {
				t.Errorf("later: %v", err)
			}
		})
	}
}

// TestSetupIntentSteps confirms, updates, cancels and lists.
func TestSetupIntentSteps(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	si, err := b.api.SetupIntents.New(&stripe.SetupIntentParams{})
	if err != nil || si.Status != stripe.SetupIntentStatusRequiresPaymentMethod || si.Usage != "off_session" {
		t.Fatal(err)
	}
	_, err = b.api.SetupIntents.Confirm(si.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "setup_intent_unexpected_state", "")
	_, err = b.api.SetupIntents.New(&stripe.SetupIntentParams{Confirm: stripe.Bool(true)})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "setup_intent_unexpected_state", "")
	if si, err = b.api.SetupIntents.Update(si.ID, &stripe.SetupIntentParams{PaymentMethod: stripe.String("pm_card_visa")}); err != nil ||
		si.Status != stripe.SetupIntentStatusRequiresConfirmation {
		t.Error(err)
	}
	if si, err = b.api.SetupIntents.Confirm(si.ID, nil); err != nil || si.Status != stripe.SetupIntentStatusSucceeded {
		t.Error(err)
	}
	_, err = b.api.SetupIntents.Cancel(si.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "setup_intent_unexpected_state", "")
	other, err := b.api.SetupIntents.New(&stripe.SetupIntentParams{PaymentMethod: stripe.String("pm_card_authenticationRequired"),
		Confirm: stripe.Bool(true), ReturnURL: stripe.String("https://shop.example")})
	if err != nil || other.NextAction.RedirectToURL == nil {
		t.Error(err)
	}
	if err := b.Authenticate(ctx, other.ClientSecret, stripetest.AuthAbandon, ""); err != nil {
		t.Error(err)
	}
	if other, err = b.api.SetupIntents.Cancel(other.ID, &stripe.SetupIntentCancelParams{CancellationReason: stripe.String("abandoned")}); err != nil ||
		other.Status != stripe.SetupIntentStatusCanceled {
		t.Error(err)
	}
	if b.Authenticate(ctx, other.ClientSecret, stripetest.AuthPass, "") == nil {
		t.Error("a canceled setup intent goes on")
	}
	n := 0
	for i := b.api.SetupIntents.List(nil); i.Next(); {
		n++
	}
	if n != 2 {
		t.Errorf("there are %d", n)
	}
	_, err = b.api.SetupIntents.Get("seti_nobody", nil)
	wantError(t, err, 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "intent")
}

// TestCustomers makes, changes, finds and deletes.
func TestCustomers(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := &stripe.CustomerParams{Name: stripe.String("Jo"), Email: stripe.String("jo@example.com"), Phone: stripe.String("555"),
		Address: &stripe.AddressParams{City: stripe.String("Oslo")}, Metadata: map[string]string{"a": "1", "b": "2"}}
	cus, err := b.api.Customers.New(p)
	if err != nil || cus.Name != "Jo" || cus.Address.City != "Oslo" {
		t.Fatal(err)
	}
	change := &stripe.CustomerParams{Metadata: map[string]string{"a": "", "c": "3"}}
	change.AddExtra("phone", "")
	cus, err = b.api.Customers.Update(cus.ID, change)
	if err != nil || cus.Phone != "" || len(cus.Metadata) != 2 || cus.Metadata["c"] != "3" || cus.Name != "Jo" {
		t.Errorf("the change: %v, %+v", err, cus)
	}
	if i := b.api.Customers.List(&stripe.CustomerListParams{Email: stripe.String("jo@example.com")}); !i.Next() {
		t.Error("it is not found by e-mail")
	}
	search := &stripe.CustomerSearchParams{}
	search.Query = "name~'jo' AND metadata['c']:'3'"
	if i := b.api.Customers.Search(search); !i.Next() {
		t.Errorf("it is not found by search: %v", i.Err())
	}
	plan := b.plan(t, cus)
	sub := b.subscribe(t, plan)
	gone, err := b.api.Customers.Del(cus.ID, nil)
	if err != nil || !gone.Deleted {
		t.Error(err)
	}
	if gone, err = b.api.Customers.Get(cus.ID, nil); err != nil || !gone.Deleted {
		t.Errorf("what is left: %v", err)
	}
	if got := b.subscription(t, sub.ID); got.Status != stripe.SubscriptionStatusIncompleteExpired {
		t.Errorf("its subscription is %s", got.Status)
	}
	_, err = b.api.Customers.Update(cus.ID, nil)
	wantError(t, err, 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "id")
	bad := &stripe.CustomerParams{PaymentMethod: stripe.String("pm_card_chargeDeclined")}
	_, err = b.api.Customers.New(bad)
	wantError(t, err, 402, stripe.ErrorTypeCard, "card_declined", "")
}

// TestPaymentMethods attaches, lists, changes and detaches.
func TestPaymentMethods(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus, other := b.customer(t, ""), b.customer(t, "")
	m, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"),
		Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_amex")}, Metadata: map[string]string{"a": "1"},
		BillingDetails: &stripe.PaymentMethodBillingDetailsParams{Name: stripe.String("Jo"), Address: &stripe.AddressParams{City: stripe.String("Oslo")}}})
	if err != nil || m.Card.Brand != "amex" || m.BillingDetails.Address.City != "Oslo" || m.BillingDetails.Name != "Jo" {
		t.Fatalf("the payment method: %v", err)
	}
	attach := func(id string, to *stripe.Customer) error {
		_, err := b.api.PaymentMethods.Attach(id, &stripe.PaymentMethodAttachParams{Customer: &to.ID})
		return err
	}
	if err := errors.Join(attach(m.ID, cus), attach(m.ID, cus)); err != nil {
		t.Error(err)
	}
	wantError(t, attach(m.ID, other), 400, stripe.ErrorTypeInvalidRequest, "", "")
	wantError(t, attach("pm_nobody", other), 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_method")
	for _, card := range []string{"pm_card_chargeDeclined", "pm_card_radarBlock", "pm_card_chargeDeclinedExpiredCard"} {
		if err := attach(card, cus); err == nil {
			t.Errorf("%s can be attached", card)
		}
	}
	if err := errors.Join(attach("pm_card_chargeCustomerFail", cus), attach("pm_card_authenticationRequired", cus)); err != nil {
		t.Error(err)
	}
	var last4 []string
	for i := b.api.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: &cus.ID, Type: stripe.String("card")}); i.Next(); {
		last4 = append(last4, i.PaymentMethod().Card.Last4)
	}
	if !slices.Equal(last4, []string{"3184", "0341", "0005"}) {
		t.Errorf("the customer has %v", last4)
	}
	if i := b.api.Customers.ListPaymentMethods(&stripe.CustomerListPaymentMethodsParams{Customer: &cus.ID}); !i.Next() {
		t.Errorf("the other list is empty: %v", i.Err())
	}
	m, err = b.api.PaymentMethods.Update(m.ID, &stripe.PaymentMethodParams{Card: &stripe.PaymentMethodCardParams{ExpMonth: stripe.Int64(1),
		ExpYear: stripe.Int64(2031)}})
	if err != nil || m.Card.ExpMonth != 1 || m.Card.ExpYear != 2031 || m.Metadata["a"] != "1" {
		t.Errorf("the change: %v", err)
	}
	_, err = b.api.PaymentIntents.New(b.params(m.ID))
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "payment_method")
	p := b.params(m.ID)
	p.Customer = &other.ID
	_, err = b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_method")
	for range 2 { // a customer's card can be charged again and again
		p := b.params(m.ID)
		p.Customer, p.Confirm = &cus.ID, stripe.Bool(true)
		b.create(t, p)
	}
	if m, err = b.api.PaymentMethods.Detach(m.ID, nil); err != nil || m.Customer != nil {
		t.Error(err)
	}
	_, err = b.api.PaymentMethods.Detach(m.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
	wantError(t, attach(m.ID, cus), 400, stripe.ErrorTypeInvalidRequest, "", "payment_method")
}

// TestSavedWithPayment keeps a card for later as it pays.
func TestSavedWithPayment(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "")
	p := b.params("pm_card_authenticationRequiredOnSetup")
	p.Customer, p.SetupFutureUsage, p.Confirm = &cus.ID, stripe.String("off_session"), stripe.Bool(true)
	in := b.create(t, p)
	if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	later := b.params(b.get(t, in.ID).PaymentMethod.ID)
	later.Customer, later.OffSession, later.Confirm = &cus.ID, stripe.Bool(true), stripe.Bool(true)
	if in := b.create(t, later); in.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("later it is %s", in.Status)
	}
}

// TestCatalogue makes and changes products and prices.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	pr, err := b.api.Products.New(&stripe.ProductParams{ID: stripe.String("magazine"), Name: stripe.String("Magazine"),
		DefaultPriceData: &stripe.ProductDefaultPriceDataParams{Currency: stripe.String("eur"), UnitAmount: stripe.Int64(500),
			Recurring: &stripe.ProductDefaultPriceDataRecurringParams{Interval: stripe.String("week"), IntervalCount: stripe.Int64(2)}}})
	if err != nil || pr.ID != "magazine" || pr.DefaultPrice == nil {
		t.Fatal(err)
	}
	_, err = b.api.Products.New(&stripe.ProductParams{ID: stripe.String("magazine"), Name: stripe.String("Magazine")})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_already_exists", "id")
	pc, err := b.api.Prices.New(&stripe.PriceParams{Currency: stripe.String("usd"), UnitAmount: stripe.Int64(700), LookupKey: stripe.String("monthly"),
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Book")}, Nickname: stripe.String("cheap")})
	if err != nil || pc.Type != "one_time" || pc.Nickname != "cheap" || pc.Product == nil {
		t.Fatal(err)
	}
	_, err = b.api.Subscriptions.New(&stripe.SubscriptionParams{Customer: &b.customer(t, "pm_card_visa").ID,
		Items: []*stripe.SubscriptionItemsParams{{Price: &pc.ID}}})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "items[0][price]")
	if pc, err = b.api.Prices.Update(pc.ID, &stripe.PriceParams{Active: stripe.Bool(false)}); err != nil || pc.Active {
		t.Error(err)
	}
	if pr, err = b.api.Products.Update(pr.ID, &stripe.ProductParams{Name: stripe.String("Weekly"), Active: stripe.Bool(false)}); err != nil ||
		pr.Name != "Weekly" || pr.Active {
		t.Error(err)
	}
	if i := b.api.Prices.List(&stripe.PriceListParams{Active: stripe.Bool(false)}); !i.Next() || i.Price().ID != pc.ID {
		t.Error("the inactive price is not listed")
	}
	if i := b.api.Products.List(&stripe.ProductListParams{Active: stripe.Bool(false)}); !i.Next() || i.Product().ID != pr.ID {
		t.Error("the inactive product is not listed")
	}
	for _, get := range []func() error{
		func() error { _, err := b.api.Products.Get("prod_x", nil); return err }, func() error { _, err := b.api.Prices.Get("price_x", nil); return err },
		func() error { _, err := b.api.Products.Update("prod_x", nil); return err }, func() error { _, err := b.api.Invoices.Get("in_x", nil); return err },
		func() error { _, err := b.api.Charges.Get("ch_x", nil); return err }, func() error { _, err := b.api.Refunds.Get("re_x", nil); return err },
		func() error { _, err := b.api.Disputes.Get("dp_x", nil); return err }, func() error { _, err := b.api.Events.Get("evt_x", nil); return err },
		func() error { _, err := b.api.Subscriptions.Get("sub_x", nil); return err }, func() error { _, err := b.api.PaymentMethods.Get("pm_x", nil); return err },
		func() error { _, err := b.api.Tokens.Get("tok_x", nil); return err }, func() error { _, err := b.api.Reviews.Get("prv_x", nil); return err },
	} {
		wantError(t, get(), 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "")
	}
}

// TestUpdates changes metadata where nothing else can be changed.
func TestUpdates(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.paid(t, "pm_card_visa")
	r, err := b.refund(in.ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = b.api.Refunds.Update(r.ID, &stripe.RefundParams{Metadata: map[string]string{"a": "1"}}); err != nil || r.Metadata["a"] != "1" ||
		r.Metadata["refund_id"] != "r-1" {
		t.Error(err)
	}
	ch, err := b.api.Charges.Update(in.LatestCharge.ID, &stripe.ChargeParams{Description: stripe.String("Lamp")})
	if err != nil || ch.Description != "Lamp" {
		t.Error(err)
	}
	token, err := b.api.Tokens.Get("tok_visa", nil)
	if err != nil || token.Card.Last4 != "4242" || token.Card.Brand != "Visa" {
		t.Error(err)
	}
}

// TestTokenReplay shows that a saved answer names the token although the token is not kept.
func TestTokenReplay(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	body := "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2030&card[cvc]=123&key=" + stripetest.DefaultPublishableKey
	send := func() string {
		a := b.send(t, sent{method: "POST", path: "/v1/tokens", key: "-", body: body, header: map[string]string{"Idempotency-Key": "k"}})
		id, _ := a.object["id"].(string)
		return id
	}
	first, again := send(), send()
	if first == "" || first != again {
		t.Errorf("the token is %s and then %s", first, again)
	}
	if a := b.send(t, sent{method: "GET", path: "/v1/tokens/" + first}); a.status != 200 || a.object["used"] != false {
		t.Errorf("the token is %s", a.raw)
	}
}
