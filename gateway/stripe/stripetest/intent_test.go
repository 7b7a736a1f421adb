package stripetest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestTwoSteps is the life of an intent whose id is known before money moves.
func TestTwoSteps(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_visa"))
	if in.Status != stripe.PaymentIntentStatusRequiresConfirmation || in.LatestCharge != nil || in.AmountReceived != 0 {
		t.Fatalf("a fresh intent is %s with %v", in.Status, in.LatestCharge)
	}
	if len(b.Charges()) != 0 {
		t.Error("money moved without a confirmation")
	}
	p := &stripe.PaymentIntentConfirmParams{}
	p.AddExpand("latest_charge")
	in, err := b.api.PaymentIntents.Confirm(in.ID, p)
	if err != nil {
		t.Fatal(err)
	}
	ch := in.LatestCharge
	if in.Status != stripe.PaymentIntentStatusSucceeded || in.AmountReceived != 1999 || !ch.Captured || ch.Amount != 1999 ||
		ch.PaymentMethodDetails.Card.Last4 != "4242" || ch.Outcome.Type != "authorized" || ch.ReceiptURL == "" ||
		ch.Metadata["order_id"] != orderID || ch.BalanceTransaction == nil {
		t.Errorf("the intent is %s, the charge %+v", in.Status, ch)
	}
	want := stripetest.LedgerEntry{Charges: 1, Intents: 1, Captured: 1999, Currency: "usd"}
	if got := b.Ledger()[orderID]; got != want {
		t.Errorf("the ledger says %+v", got)
	}
	_, err = b.api.PaymentIntents.Confirm(in.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	var e *stripe.Error
	if errors.As(err, &e) && (e.PaymentIntent == nil || e.PaymentIntent.Status != "succeeded") {
		t.Error("the error does not embed the intent")
	}
}

// TestCustomerOfAnIntent shows that an intent takes a customer once, and keeps it.
func TestCustomerOfAnIntent(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_visa"))
	customers := [2]string{}
	for i := range customers {
		c, err := b.api.Customers.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		customers[i] = c.ID
	}
	for i, want := range []bool{true, false, true} {
		_, err := b.api.PaymentIntents.Update(in.ID, &stripe.PaymentIntentParams{Customer: stripe.String(customers[i%2])})
		if want != (err == nil) {
			t.Errorf("the customer %d: %v", i%2, err)
		}
		if !want {
			wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
		}
	}
}

// TestConfirmAfterDecline shows that one intent takes one card after the other.
func TestConfirmAfterDecline(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_chargeDeclined"))
	_, err := b.api.PaymentIntents.Confirm(in.ID, nil)
	wantError(t, err, 402, stripe.ErrorTypeCard, "card_declined", "")
	_, err = b.api.PaymentIntents.Confirm(in.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	if !strings.Contains(err.Error(), "missing a payment method") {
		t.Errorf("a bare confirmation after a decline says %v", err)
	}
	in, err = b.api.PaymentIntents.Update(in.ID, &stripe.PaymentIntentParams{PaymentMethod: stripe.String("pm_card_mastercard")})
	if err != nil || in.Status != stripe.PaymentIntentStatusRequiresConfirmation {
		t.Fatalf("the update says %v", err)
	}
	in, err = b.api.PaymentIntents.Confirm(in.ID, nil)
	if err != nil || in.Status != stripe.PaymentIntentStatusSucceeded || in.LastPaymentError != nil {
		t.Fatalf("the second card: %v", err)
	}
	if charges := b.Charges(); len(charges) != 2 || charges[0].Status != "failed" || charges[1].Status != "captured" {
		t.Errorf("the charges are %+v", charges)
	}
}

// TestOneStep creates and confirms at once, also with an error, which leaves the intent behind.
func TestOneStep(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.params("pm_card_visa")
	p.Confirm = stripe.Bool(true)
	if in := b.create(t, p); in.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("the intent is %s", in.Status)
	}
	p = b.params("pm_card_chargeDeclined")
	p.Confirm = stripe.Bool(true)
	_, err := b.api.PaymentIntents.New(p)
	wantError(t, err, 402, stripe.ErrorTypeCard, "card_declined", "")
	if n := b.Ledger()[orderID].Intents; n != 2 {
		t.Errorf("there are %d intents: a declined one stays behind", n)
	}
	p = b.params("")
	p.Confirm = stripe.Bool(true)
	_, err = b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	p = b.params("pm_card_visa")
	p.OffSession = stripe.Bool(true)
	_, err = b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "off_session")
}

// TestOffSession shows that a card that asks for 3-D Secure is declined when the payer is away.
func TestOffSession(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, test := range []struct {
		card string
		ok   bool
	}{{"pm_card_visa", true}, {"pm_card_authenticationRequired", false}, {"pm_card_authenticationRequiredOnSetup", false},
		{"pm_card_authenticationRequiredSetupForOffSession", true}} {
		p := b.params(test.card)
		p.Confirm, p.OffSession = stripe.Bool(true), stripe.Bool(true)
		_, err := b.api.PaymentIntents.New(p)
		if test.ok {
			if err != nil {
				t.Errorf("%s: %v", test.card, err)
			}
			continue
		}
		wantError(t, err, 402, stripe.ErrorTypeCard, "authentication_required", "")
		var e *stripe.Error
		if !errors.As(err, &e) || e.PaymentIntent.Status != stripe.PaymentIntentStatusRequiresPaymentMethod {
			t.Fatalf("%s: %v", test.card, err)
		}
		// The payer finishes it on the page.
		if err := b.Authenticate(ctx, e.PaymentIntent.ClientSecret, stripetest.AuthPass, test.card); err != nil {
			t.Error(err)
		}
		if in := b.get(t, e.PaymentIntent.ID); in.Status != stripe.PaymentIntentStatusSucceeded {
			t.Errorf("%s: after 3-D Secure the intent is %s", test.card, in.Status)
		}
	}
}

// TestReturnURL is the trap of automatic payment methods, which are on since 2023-08-16.
func TestReturnURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*stripe.PaymentIntentParams)
		off, ok bool
	}{
		{name: "nothing said", change: func(*stripe.PaymentIntentParams) {}},
		{name: "nothing said to an older server", change: func(*stripe.PaymentIntentParams) {}, off: true, ok: true},
		{name: "card", ok: true, change: func(p *stripe.PaymentIntentParams) { p.PaymentMethodTypes = stripe.StringSlice([]string{"card"}) }},
		{name: "return_url", ok: true, change: func(p *stripe.PaymentIntentParams) { p.ReturnURL = stripe.String("https://shop.example/back") }},
		{name: "off session", ok: true, change: func(p *stripe.PaymentIntentParams) { p.OffSession = stripe.Bool(true) }},
		{name: "never", ok: true, change: func(p *stripe.PaymentIntentParams) {
			p.AutomaticPaymentMethods = &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true),
				AllowRedirects: stripe.String("never")}
		}},
		{name: "always", change: func(p *stripe.PaymentIntentParams) {
			p.AutomaticPaymentMethods = &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{AutomaticPaymentMethodsOff: test.off})
			p := b.params("pm_card_visa")
			p.PaymentMethodTypes, p.Confirm = nil, stripe.Bool(true)
			test.change(p)
			in, err := b.api.PaymentIntents.New(p)
			if test.ok {
				if err != nil || in.Status != stripe.PaymentIntentStatusSucceeded {
					t.Errorf("the answer is %v", err)
				}
				return
			}
			wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
			if !strings.Contains(err.Error(), "you must provide a `return_url`") || len(b.Ledger()) != 0 {
				t.Errorf("the answer is %v; the ledger says %v", err, b.Ledger())
			}
		})
	}
}

// TestAuthentication is the payer who passes, fails or leaves, with the server's last word where it wants it.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	redirected := b.params("pm_card_threeDSecure2Required")
	redirected.Confirm, redirected.ReturnURL = stripe.Bool(true), stripe.String("https://shop.example/back")
	in := b.create(t, redirected)
	if in.NextAction == nil || in.NextAction.Type != "redirect_to_url" || in.NextAction.RedirectToURL.ReturnURL != "https://shop.example/back" {
		t.Errorf("the next action is %+v", in.NextAction)
	}
	if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthAbandon, ""); err != nil {
		t.Error(err)
	}
	if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthFail, ""); !errors.Is(err, stripetest.ErrDeclined) {
		t.Errorf("a failed authentication says %v", err)
	}
	in = b.get(t, in.ID)
	if in.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || in.LatestCharge != nil ||
		in.LastPaymentError.Code != "payment_intent_authentication_failure" {
		t.Errorf("after a failed authentication the intent is %s: %+v", in.Status, in.LastPaymentError)
	}
	manual := b.params("pm_card_authenticationRequired")
	manual.Confirm, manual.ConfirmationMethod = stripe.Bool(true), stripe.String("manual")
	in = b.create(t, manual)
	if err := b.Authenticate(ctx, in.ClientSecret, stripetest.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	if in = b.get(t, in.ID); in.Status != stripe.PaymentIntentStatusRequiresConfirmation {
		t.Errorf("with manual confirmation the intent is %s after 3-D Secure", in.Status)
	}
	if in, err := b.api.PaymentIntents.Confirm(in.ID, nil); err != nil || in.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("the server's own confirmation: %v", err)
	}
	for _, test := range []struct {
		secret string
		result stripetest.AuthResult
	}{{"pi_nobody_secret_x", stripetest.AuthPass}, {in.ClientSecret, "perhaps"}, {in.ClientSecret, stripetest.AuthPass}} {
		if err := b.Authenticate(ctx, test.secret, test.result, ""); err == nil || strings.Contains(err.Error(), "_secret_") {
			t.Errorf("a wrong step says %v", err)
		}
	}
}

// TestCapture takes reserved money, all or a part, once.
func TestCapture(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		amount int64 // 0 for all
		want   int64
		code   string
	}{{"all", 0, 1999, ""}, {"a part", 700, 700, ""}, {"too much", 2000, 0, "amount_too_large"}, {"nothing", -1, 0, "parameter_invalid_integer"}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			p := b.params("pm_card_visa")
			p.CaptureMethod, p.Confirm = stripe.String("manual"), stripe.Bool(true)
			in := b.create(t, p)
			if in.Status != stripe.PaymentIntentStatusRequiresCapture || in.AmountCapturable != 1999 || b.Ledger()[orderID].Authorized != 1999 {
				t.Fatalf("the intent is %s", in.Status)
			}
			c := &stripe.PaymentIntentCaptureParams{}
			if test.amount != 0 {
				c.AmountToCapture = stripe.Int64(test.amount)
			}
			in, err := b.api.PaymentIntents.Capture(in.ID, c)
			if test.code != "" {
				wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, test.code, "amount_to_capture")
				return
			}
			if err != nil || in.Status != stripe.PaymentIntentStatusSucceeded || in.AmountReceived != test.want {
				t.Fatalf("the capture: %v", err)
			}
			if entry := b.Ledger()[orderID]; entry.Captured != test.want || entry.Refunded != 0 || entry.Authorized != 0 || entry.Charges != 1 {
				t.Errorf("the ledger says %+v", entry)
			}
			// What was not taken shows as refunded, as at Stripe.
			if ch := b.get(t, in.ID).LatestCharge; ch.AmountRefunded != 1999-test.want || ch.AmountCaptured != test.want || ch.Refunded {
				t.Errorf("the charge has captured %d and refunded %d", ch.AmountCaptured, ch.AmountRefunded)
			}
			_, err = b.api.PaymentIntents.Capture(in.ID, nil)
			wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
		})
	}
}

// TestCancel ends what is open, releases what is reserved, and refuses the rest.
func TestCancel(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	manual := b.params("pm_card_visa")
	manual.CaptureMethod, manual.Confirm = stripe.String("manual"), stripe.Bool(true)
	for _, p := range []*stripe.PaymentIntentParams{b.params(""), b.params("pm_card_visa"), manual} {
		in := b.create(t, p)
		in, err := b.api.PaymentIntents.Cancel(in.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
		if err != nil || in.Status != stripe.PaymentIntentStatusCanceled || in.CancellationReason != "abandoned" || in.CanceledAt == 0 {
			t.Errorf("the cancellation: %v", err)
		}
		_, err = b.api.PaymentIntents.Confirm(in.ID, nil)
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
		_, err = b.api.PaymentIntents.Cancel(in.ID, nil)
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	}
	paid := b.paid(t, "pm_card_visa")
	_, err := b.api.PaymentIntents.Cancel(paid.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	if entry := b.Ledger()[orderID]; entry.Charges != 1 || entry.Captured != 1999 || entry.Authorized != 0 {
		t.Errorf("the ledger says %+v", entry)
	}
}

// TestAuthorizationExpires releases reserved money after seven days.
func TestAuthorizationExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.params("pm_card_visa")
	p.CaptureMethod, p.Confirm = stripe.String("manual"), stripe.Bool(true)
	in := b.create(t, p)
	b.clock.Advance(7*24*time.Hour - time.Second)
	if got := b.get(t, in.ID); got.Status != stripe.PaymentIntentStatusRequiresCapture {
		t.Errorf("a second before, the intent is %s", got.Status)
	}
	b.clock.Advance(time.Second)
	got := b.get(t, in.ID)
	if got.Status != stripe.PaymentIntentStatusCanceled || got.CancellationReason != "automatic" || !got.LatestCharge.Refunded {
		t.Errorf("after seven days the intent is %s", got.Status)
	}
	if entry := b.Ledger()[orderID]; entry.Charges != 0 || entry.Authorized != 0 {
		t.Errorf("the ledger says %+v", entry)
	}
}

// TestUpdate changes what may be changed and nothing else, wholly or not at all.
func TestUpdate(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params(""))
	p := &stripe.PaymentIntentParams{Amount: stripe.Int64(2500), Description: stripe.String("Two lamps")}
	p.AddMetadata("note", "gift")
	in, err := b.api.PaymentIntents.Update(in.ID, p)
	if err != nil || in.Amount != 2500 || in.Description != "Two lamps" || in.Metadata["note"] != "gift" || in.Metadata["order_id"] != orderID {
		t.Fatalf("the update: %v", err)
	}
	_, err = b.api.PaymentIntents.Update(in.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(9900), PaymentMethod: stripe.String("pm_nobody")})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_method")
	if got := b.get(t, in.ID); got.Amount != 2500 {
		t.Error("a refused update has changed the amount")
	}
	asked := b.params("pm_card_authenticationRequired")
	asked.Confirm = stripe.Bool(true)
	in = b.create(t, asked)
	in, err = b.api.PaymentIntents.Update(in.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(2500)})
	if err != nil || in.Status != stripe.PaymentIntentStatusRequiresConfirmation || in.NextAction != nil {
		t.Errorf("a payer who was asked for another price must be asked again: %v", err)
	}
	paid := b.paid(t, "pm_card_visa")
	_, err = b.api.PaymentIntents.Update(paid.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(2500)})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "")
	if _, err := b.api.PaymentIntents.Update(paid.ID, &stripe.PaymentIntentParams{Description: stripe.String("Paid")}); err != nil {
		t.Errorf("a description can be changed for ever: %v", err)
	}
}

// TestUsedUp shows that a payment method without a customer is charged by one intent only.
func TestUsedUp(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	paid := b.paid(t, "pm_card_visa")
	_, err := b.api.PaymentIntents.New(b.params(paid.PaymentMethod.ID))
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "payment_method")
}

// TestProcessing is a payment that takes a while.
func TestProcessing(t *testing.T) {
	t.Parallel()
	for _, ok := range []bool{true, false} {
		b := setup(t, stripetest.Options{})
		in, err := b.api.PaymentIntents.Confirm(b.create(t, b.params("pm_card_stripetest_processing")).ID, nil)
		if err != nil || in.Status != stripe.PaymentIntentStatusProcessing {
			t.Fatalf("the intent is not being processed: %v", err)
		}
		if err := b.Settle(ctx, in.ID, ok); err != nil {
			t.Fatal(err)
		}
		want := map[bool]stripe.PaymentIntentStatus{true: "succeeded", false: "requires_payment_method"}[ok]
		if got := b.get(t, in.ID); got.Status != want {
			t.Errorf("the intent is %s, want %s", got.Status, want)
		}
		if b.Settle(ctx, in.ID, ok) == nil {
			t.Error("it can be settled twice")
		}
	}
}
