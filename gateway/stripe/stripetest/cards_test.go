package stripetest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// What a confirmation with a card comes to.
const (
	approvedCard = "succeeded"
	asksPayer    = "requires_action"
)

// cardCases are the test cards and tokens of Stripe's documentation, with what a confirmation comes to: a status, or the code
// of a decline; and then, where the payer is asked, what comes after 3-D Secure.
var cardCases = []struct {
	names   string // after tok_ and pm_card_
	want    string // a status, or an error's code
	decline string // the decline code
	after   string // 3-D Secure: a status, or an error's code
}{
	{names: "visa us visa_debit mastercard mastercard_debit mastercard_prepaid amex discover diners jcb unionpay bypassPending", want: approvedCard},
	{names: "threeDSecureOptional createDispute pendingRefund refundFail riskLevelElevated", want: approvedCard},
	{names: "chargeDeclined visa_chargeDeclined chargeCustomerFail", want: "card_declined", decline: "generic_decline"},
	{names: "chargeDeclinedInsufficientFunds visa_chargeDeclinedInsufficientFunds", want: "card_declined", decline: "insufficient_funds"},
	{names: "chargeDeclinedLostCard visa_chargeDeclinedLostCard", want: "card_declined", decline: "lost_card"},
	{names: "chargeDeclinedStolenCard visa_chargeDeclinedStolenCard", want: "card_declined", decline: "stolen_card"},
	{names: "chargeDeclinedExpiredCard visa_chargeDeclinedExpiredCard", want: "expired_card"},
	{names: "chargeDeclinedIncorrectCvc visa_chargeDeclinedIncorrectCvc", want: "incorrect_cvc"},
	{names: "chargeDeclinedProcessingError visa_chargeDeclinedProcessingError", want: "processing_error"},
	{names: "chargeDeclinedVelocityLimitExceeded visa_chargeDeclinedVelocityLimitExceeded", want: "card_declined",
		decline: "card_velocity_exceeded"},
	{names: "radarBlock chargeDeclinedFraudulent", want: "card_declined", decline: "fraudulent"},
	{names: "authenticationRequired authenticationRequiredOnSetup authenticationRequiredSetupForOffSession threeDSecure2Required",
		want: asksPayer, after: approvedCard},
	{names: "threeDSecureRequiredChargeDeclined", want: asksPayer, after: "card_declined", decline: "generic_decline"},
	{names: "authenticationRequiredChargeDeclinedInsufficientFunds", want: asksPayer, after: "card_declined", decline: "insufficient_funds"},
	{names: "threeDSecureRequiredProcessingError", want: "processing_error"},
	{names: "stripetest_processing fake_processing", want: "processing"},
	{names: "stripetest_decline_do_not_honor fake_decline_do_not_honor", want: "card_declined", decline: "do_not_honor"},
	{names: "stripetest_decline_incorrect_zip", want: "incorrect_zip"},
}

// TestCards confirms an intent with each name, as a payment method and as a token in both of the ways that a token is sent.
func TestCards(t *testing.T) {
	t.Parallel()
	for _, test := range cardCases {
		for name := range strings.FieldsSeq(test.names) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := setup(t, stripetest.Options{})
				byMethod := b.params("pm_card_" + name)
				byData := b.params("")
				byData.AddExtra("payment_method_data[type]", "card")
				byData.AddExtra("payment_method_data[card][token]", "tok_"+name)
				m, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"),
					Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_" + name)}})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range []*stripe.PaymentIntentParams{byMethod, byData, b.params(m.ID)} {
					in := b.create(t, p)
					confirmed, err := b.api.PaymentIntents.Confirm(in.ID, nil)
					check(t, b, in, confirmed, err, test.want, test.decline)
					if test.after == "" {
						continue
					}
					if confirmed.NextAction == nil || confirmed.NextAction.Type != "use_stripe_sdk" {
						t.Fatalf("the next action is %+v", confirmed.NextAction)
					}
					err = b.Authenticate(ctx, in.ClientSecret, stripetest.AuthPass, "")
					if (err != nil) != (test.after != approvedCard) || err != nil && !errors.Is(err, stripetest.ErrDeclined) {
						t.Errorf("the payer's page says %v", err)
					}
					checkAfter(t, b.get(t, in.ID), test.after, test.decline)
				}
			})
		}
	}
}

// check compares what a confirmation came to.
func check(t *testing.T, b *bundle, in, confirmed *stripe.PaymentIntent, err error, want, decline string) {
	t.Helper()
	if err == nil {
		if string(confirmed.Status) != want {
			t.Errorf("the intent is %s, want %s", confirmed.Status, want)
		}
		return
	}
	var e *stripe.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.HTTPStatusCode != http.StatusPaymentRequired || e.Type != stripe.ErrorTypeCard || string(e.Code) != want ||
		want == "card_declined" && string(e.DeclineCode) != decline {
		t.Errorf("the error is %d %s %s %s, want %s %s", e.HTTPStatusCode, e.Type, e.Code, e.DeclineCode, want, decline)
	}
	if e.PaymentIntent == nil || e.PaymentIntent.ID != in.ID || e.ChargeID == "" {
		t.Error("the error does not embed the intent and its charge")
	}
	checkAfter(t, b.get(t, in.ID), want, decline)
}

// checkAfter compares an intent with the status, or with the code of the error, that it should have.
func checkAfter(t *testing.T, in *stripe.PaymentIntent, want, decline string) {
	t.Helper()
	if want == approvedCard {
		if in.Status != stripe.PaymentIntentStatusSucceeded || in.LatestCharge.PaymentMethodDetails.Card.ThreeDSecure == nil {
			t.Errorf("the intent is %s", in.Status)
		}
		return
	}
	e := in.LastPaymentError
	if in.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || in.PaymentMethod != nil || e == nil {
		t.Fatalf("after a decline the intent is %s with the method %v and the error %v", in.Status, in.PaymentMethod, e)
	}
	if string(e.Code) != want || e.PaymentMethod == nil || want == "card_declined" && string(e.DeclineCode) != decline {
		t.Errorf("the last error is %s %s, want %s %s", e.Code, e.DeclineCode, want, decline)
	}
	if in.LatestCharge.Status != "failed" || in.LatestCharge.Paid || in.LatestCharge.FailureCode != want {
		t.Errorf("the charge is %s: %s", in.LatestCharge.Status, in.LatestCharge.FailureCode)
	}
}

// TestCardNumbers shows that the numbers are those of Stripe's documentation, refused by default, and taken when allowed.
func TestCardNumbers(t *testing.T) {
	t.Parallel()
	for _, card := range stripetest.TestCards() {
		t.Run(card.Number, func(t *testing.T) {
			t.Parallel()
			p := func() *stripe.PaymentMethodParams {
				return &stripe.PaymentMethodParams{Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{
					Number: stripe.String(card.Number), ExpMonth: stripe.Int64(12), ExpYear: stripe.Int64(2030), CVC: stripe.String("123")}}
			}
			refused := setup(t, stripetest.Options{})
			_, err := refused.api.PaymentMethods.New(p())
			wantError(t, err, 402, stripe.ErrorTypeInvalidRequest, "", "")
			if !strings.Contains(err.Error(), "is generally unsafe") || strings.Contains(err.Error(), card.Number) {
				t.Errorf("the refusal says %v", err)
			}
			b := setup(t, stripetest.Options{AllowRawCards: true})
			m, err := b.api.PaymentMethods.New(p())
			if strings.HasPrefix(card.Names[0], "stripetest_") { // numbers that no network has given out
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m.Card.Last4 != card.Number[len(card.Number)-4:] || m.Card.ExpYear != 2030 {
				t.Errorf("the card is %s %d", m.Card.Last4, m.Card.ExpYear)
			}
		})
	}
}

// TestBadCards are cards that are refused as typed.
func TestBadCards(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, number string
		month, year  int64
		cvc, code    string
	}{
		{"wrong number", "4242424242424241", 12, 2030, "123", "incorrect_number"},
		{"month 13", "4242424242424242", 13, 2030, "123", "invalid_expiry_month"},
		{"past month", "4242424242424242", 12, 2025, "123", "invalid_expiry_year"},
		{"past year", "4242424242424242", 1, 1999, "123", "invalid_expiry_year"},
		{"two digits", "4242424242424242", 12, 2030, "12", "invalid_cvc"},
		{"letters", "4242424242424242", 12, 2030, "abc", "invalid_cvc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{AllowRawCards: true})
			_, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{
				Number: &test.number, ExpMonth: &test.month, ExpYear: &test.year, CVC: &test.cvc}})
			wantError(t, err, 402, stripe.ErrorTypeCard, test.code, "")
		})
	}
}

// TestTokens shows that a token can be used once, and that a named test token can be used for ever.
func TestTokens(t *testing.T) {
	t.Parallel()
	exchange := func(b *bundle, token string) error {
		_, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"),
			Card: &stripe.PaymentMethodCardParams{Token: &token}})
		return err
	}
	b := setup(t, stripetest.Options{AllowRawCards: true})
	for range 2 {
		if err := exchange(b, "tok_visa"); err != nil {
			t.Error(err)
		}
	}
	made, err := b.api.Tokens.New(&stripe.TokenParams{Card: &stripe.CardParams{Number: stripe.String("4000000000009995"),
		ExpMonth: stripe.String("12"), ExpYear: stripe.String("2030"), CVC: stripe.String("123")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"tok_visa__once", made.ID} {
		if err := exchange(b, token); err != nil {
			t.Error(err)
		}
		err := exchange(b, token)
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "token_already_used", "")
		if strings.Contains(err.Error(), made.ID) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
	wantError(t, exchange(b, "tok_nobody"), 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_method_data[card][token]")
	once := setup(t, stripetest.Options{OneTimeTokens: true})
	if err := exchange(once, "tok_visa"); err != nil {
		t.Error(err)
	}
	wantError(t, exchange(once, "tok_visa"), 400, stripe.ErrorTypeInvalidRequest, "token_already_used", "")
	// A token is no payment method, although it looks like one.
	_, err = b.api.PaymentIntents.New(b.params("tok_visa"))
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_method")
}

// wantError compares an error of the API. An empty param is not compared.
func wantError(t *testing.T, err error, status int, kind stripe.ErrorType, code, param string) {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want one of the API", err)
	}
	if e.HTTPStatusCode != status || e.Type != kind || string(e.Code) != code || param != "" && e.Param != param {
		t.Errorf("the error is %d %s %q of %q (%s), want %d %s %q of %q", e.HTTPStatusCode, e.Type, e.Code, e.Param, e.Msg, status, kind, code, param)
	}
}
