package fake_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// outcomes are the rows of Stripe's table by number, token and payment method, with what becomes of a payment.
var outcomes = []struct {
	number, token, method string
	status                payments.Status
	decline, code         string
}{
	{"4242424242424242", "tok_visa", "pm_card_visa", payments.StatusPaid, "", ""},
	{"5555555555554444", "tok_mastercard", "pm_card_mastercard", payments.StatusPaid, "", ""},
	{"378282246310005", "tok_amex", "pm_card_amex", payments.StatusPaid, "", ""},
	{"4000056655665556", "tok_visa_debit", "pm_card_visa_debit", payments.StatusPaid, "", ""},
	{"4000000000000002", "tok_visa_chargeDeclined", "pm_card_visa_chargeDeclined", payments.StatusDeclined, "generic_decline", "card_declined"},
	{"4000000000000002", "tok_chargeDeclined", "pm_card_chargeDeclined", payments.StatusDeclined, "generic_decline", "card_declined"},
	{"4000000000009995", "tok_visa_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds", payments.StatusDeclined, "insufficient_funds", "card_declined"},
	{"4000000000009995", "tok_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds", payments.StatusDeclined, "insufficient_funds", "card_declined"},
	{"4000000000009987", "tok_visa_chargeDeclinedLostCard", "pm_card_visa_chargeDeclinedLostCard", payments.StatusDeclined, "lost_card", "card_declined"},
	{"4000000000009979", "tok_visa_chargeDeclinedStolenCard", "pm_card_visa_chargeDeclinedStolenCard", payments.StatusDeclined, "stolen_card", "card_declined"},
	{"4000000000000069", "tok_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedExpiredCard", payments.StatusDeclined, "expired_card", "expired_card"},
	{"4000000000000127", "tok_chargeDeclinedIncorrectCvc", "pm_card_chargeDeclinedIncorrectCvc", payments.StatusDeclined, "incorrect_cvc", "incorrect_cvc"},
	{"4000000000000119", "tok_chargeDeclinedProcessingError", "pm_card_chargeDeclinedProcessingError", payments.StatusDeclined, "processing_error", "processing_error"},
	{"4000000000006975", "tok_visa_chargeDeclinedVelocityLimitExceeded", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", payments.StatusDeclined, "card_velocity_exceeded", "card_declined"},
	{"4000000000000341", "tok_chargeCustomerFail", "pm_card_chargeCustomerFail", payments.StatusDeclined, "generic_decline", "card_declined"},
	{"4100000000000019", "tok_radarBlock", "pm_card_radarBlock", payments.StatusDeclined, "fraudulent", "card_declined"},
	{"4000002760003184", "tok_authenticationRequired", "pm_card_authenticationRequired", payments.StatusRequiresAction, "", ""},
	{"4000002500003155", "tok_authenticationRequiredOnSetup", "pm_card_authenticationRequiredOnSetup", payments.StatusRequiresAction, "", ""},
	{"4000000000003220", "tok_threeDSecure2Required", "pm_card_threeDSecure2Required", payments.StatusRequiresAction, "", ""},
	{"4000008400001629", "tok_threeDSecureRequiredChargeDeclined", "pm_card_threeDSecureRequiredChargeDeclined", payments.StatusRequiresAction, "generic_decline", ""},
	{"4000008260003178", "tok_authenticationRequiredChargeDeclinedInsufficientFunds", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", payments.StatusRequiresAction, "insufficient_funds", ""},
	{"4000008400001280", "tok_threeDSecureRequiredProcessingError", "pm_card_threeDSecureRequiredProcessingError", payments.StatusDeclined, "processing_error", "processing_error"},
	{"4000003800000446", "tok_authenticationRequiredSetupForOffSession", "pm_card_authenticationRequiredSetupForOffSession", payments.StatusRequiresAction, "", ""},
	{"4000000000003055", "tok_threeDSecureOptional", "pm_card_threeDSecureOptional", payments.StatusPaid, "", ""},
	{"4000000000000259", "tok_createDispute", "pm_card_createDispute", payments.StatusPaid, "", ""},
	{"4000000000007726", "tok_pendingRefund", "pm_card_pendingRefund", payments.StatusPaid, "", ""},
	{"4000000000005126", "tok_refundFail", "pm_card_refundFail", payments.StatusPaid, "", ""},
	{"4000000000000077", "tok_bypassPending", "pm_card_bypassPending", payments.StatusPaid, "", ""},
	{"4111111111111111", "tok_us", "pm_card_us", payments.StatusPaid, "", ""}, // any other number that passes the Luhn check
}

func TestTableOfStripe(t *testing.T) {
	t.Parallel()
	for _, row := range outcomes {
		sources := map[string]payments.Source{row.token: token(row.token), row.method: token(row.method), row.number: rawCard(row.number)}
		for name, source := range sources {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := setup(t, fake.Options{})
				in := b.prepare(source)
				s, err := b.confirm(in.Reference)
				if s.Status != row.status {
					t.Fatalf("the status is %v, and must be %v (%v)", s.Status, row.status, err)
				}
				if s.Status == payments.StatusDeclined {
					checkDecline(t, s, err, row.decline, row.code)
				}
				if s.Status == payments.StatusRequiresAction {
					err := b.Authenticate(t.Context(), secret(t, s), fake.AuthPass, "")
					if after := b.fetch(in.Reference); row.decline == "" && after.Status != payments.StatusPaid || row.decline != "" && after.DeclineCode != row.decline {
						t.Errorf("after authentication the payment is %v, declined by %q: %v", after.Status, after.DeclineCode, err)
					}
				}
				if strings.HasPrefix(name, "4") && s.Method.Last4 != row.number[len(row.number)-4:] {
					t.Errorf("the last four digits are %q", s.Method.Last4)
				}
			})
		}
	}
}

// rawCard is a raw card as a way to pay.
func rawCard(number string) payments.Source {
	cvc := "123"
	if payments.NewCardNumber(number).Brand() == "amex" {
		cvc = "1234"
	}
	return payments.Source{Card: &payments.Card{Number: payments.NewCardNumber(number), CVC: payments.NewCVC(cvc),
		Expiry: payments.Expiry{Month: 12, Year: 2030}}}
}

// checkDecline compares the error of a decline with the snapshot beside it.
func checkDecline(t *testing.T, s payments.Snapshot, err error, decline, code string) {
	t.Helper()
	e := problem(t, err)
	if !errors.Is(err, payments.ErrDeclined) || e.Outcome != payments.OutcomeNotApplied || e.DeclineCode != decline || e.GatewayCode != code {
		t.Errorf("the error is %v with the outcome %v", err, e.Outcome)
	}
	if s.DeclineCode != decline || s.GatewayCode != code || s.Message == "" || s.Message != e.Message || s.Attempt == "" {
		t.Errorf("the snapshot tells %q, %q, %q of the attempt %q", s.DeclineCode, s.GatewayCode, s.Message, s.Attempt)
	}
	for _, reason := range []string{"lost", "stolen", "fraud"} {
		if strings.Contains(strings.ToLower(e.Message), reason) {
			t.Errorf("the payer is told %q", e.Message)
		}
	}
}

func TestEveryDeclineCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"do_not_honor", "pickup_card", "try_again_later", "incorrect_zip", "stop_payment_order",
		"authentication_required", "currency_not_supported", "withdrawal_count_limit_exceeded"} {
		b := setup(t, fake.Options{})
		s, err := b.authorize("tok_fake_decline_"+code, true)
		if e := problem(t, err); e.DeclineCode != code || s.Status != payments.StatusDeclined {
			t.Errorf("%s: the error is %v of a %v payment", code, err, s.Status)
		}
	}
	b := setup(t, fake.Options{})
	if _, err := b.authorize("tok_fake_decline_no_such_code", true); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("an unknown decline code: %v", err)
	}
}

func TestCardMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change      func(c *payments.Card)
		field, code string
	}{
		"wrong number":    {func(c *payments.Card) { c.Number = payments.NewCardNumber("4242424242424241") }, "Card.Number", "incorrect_number"},
		"short number":    {func(c *payments.Card) { c.Number = payments.NewCardNumber("42424242424") }, "Card.Number", "incorrect_number"},
		"no number":       {func(c *payments.Card) { c.Number = payments.NewCardNumber("") }, "Card.Number", "incorrect_number"},
		"month 13":        {func(c *payments.Card) { c.Expiry.Month = 13 }, "Card.Expiry", "invalid_expiry_month"},
		"no expiry":       {func(c *payments.Card) { c.Expiry = payments.Expiry{} }, "Card.Expiry", "invalid_expiry_month"},
		"last month":      {func(c *payments.Card) { c.Expiry = payments.Expiry{Month: 1, Year: 2026} }, "Card.Expiry", "invalid_expiry_year"},
		"far away":        {func(c *payments.Card) { c.Expiry.Year = 2099 }, "Card.Expiry", "invalid_expiry_year"},
		"two-digit CVC":   {func(c *payments.Card) { c.CVC = payments.NewCVC("12") }, "Card.CVC", "invalid_cvc"},
		"letters in CVC":  {func(c *payments.Card) { c.CVC = payments.NewCVC("12a") }, "Card.CVC", "invalid_cvc"},
		"amex, three":     {func(c *payments.Card) { c.Number = payments.NewCardNumber("378282246310005") }, "Card.CVC", "invalid_cvc"},
		"good, no CVC":    {func(c *payments.Card) { c.CVC = payments.NewCVC("") }, "", ""},
		"good this month": {func(c *payments.Card) { c.Expiry = payments.Expiry{Month: 3, Year: 2026} }, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			source := rawCard("4242424242424242")
			test.change(source.Card)
			_, err := b.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(100), Source: source})
			if test.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := problem(t, err)
			if e.Code != payments.ErrInvalid || e.GatewayCode != test.code || len(e.Fields) != 1 || e.Fields[0].Field != test.field || e.Outcome != payments.OutcomeNotApplied {
				t.Errorf("the error is %v, and must be %s of %s", err, test.code, test.field)
			}
		})
	}
}

func TestExpiryForms(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"12/30", "1230", "2030-12"} {
		expiry, err := payments.ParseExpiry(form)
		if err != nil {
			t.Fatal(err)
		}
		b := setup(t, fake.Options{})
		source := rawCard("4242424242424242")
		source.Card.Expiry = expiry
		if s := b.prepare(source); s.Method.Expiry != (payments.Expiry{Month: 12, Year: 2030}) {
			t.Errorf("%s became %v", form, s.Method.Expiry)
		}
	}
}

func TestTestCardsAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range fake.TestCards() {
		for _, name := range []string{c.Number, c.Token, c.Method} {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if !payments.NewCardNumber(c.Number).Valid() || !strings.HasSuffix(c.Does, ".") {
			t.Errorf("%s does not pass the Luhn check, or %q is no sentence", c.Number, c.Does)
		}
	}
}

func TestRawCardsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{NoRawCards: true})
	_, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1), Source: rawCard("4242424242424242")})
	if e := problem(t, err); e.Code != payments.ErrUnsupported || e.Fields[0].Field != "Card.Number" {
		t.Errorf("the error is %v", err)
	}
	if _, err := b.Tokenize(t.Context(), *rawCard("4242424242424242").Card); !errors.Is(err, payments.ErrUnsupported) {
		t.Errorf("the error is %v", err)
	}
}
