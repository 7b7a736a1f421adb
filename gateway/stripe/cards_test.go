package stripe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// end is how a payment with a card ends. The payer is asked first where action says so, and authenticates.
type end struct {
	action bool
	status payments.Status
	code   string // of a decline, as the payer may know it
}

// cardEnds is STRIPE.md's table of test cards, by their first names. Lost, stolen and blocked cards are told to nobody.
var cardEnds = map[string]end{
	"visa": paid, "visa_debit": paid, "mastercard": paid, "mastercard_debit": paid, "mastercard_prepaid": paid, "amex": paid, "discover": paid,
	"diners": paid, "jcb": paid, "unionpay": paid, "bypassPending": paid, "threeDSecureOptional": paid, "pendingRefund": paid, "refundFail": paid,
	"chargeDeclined": no("generic_decline"), "chargeDeclinedInsufficientFunds": no("insufficient_funds"),
	"chargeDeclinedLostCard": no("generic_decline"), "chargeDeclinedStolenCard": no("generic_decline"), "radarBlock": no("generic_decline"),
	"chargeDeclinedExpiredCard": no("expired_card"), "chargeDeclinedIncorrectCvc": no("incorrect_cvc"),
	"chargeDeclinedProcessingError": no("processing_error"), "chargeDeclinedVelocityLimitExceeded": no("card_velocity_exceeded"),
	"chargeCustomerFail": no("generic_decline"), "threeDSecureRequiredProcessingError": no("processing_error"),
	"authenticationRequired": {true, payments.StatusPaid, ""}, "authenticationRequiredOnSetup": {true, payments.StatusPaid, ""},
	"authenticationRequiredSetupForOffSession": {true, payments.StatusPaid, ""}, "threeDSecure2Required": {true, payments.StatusPaid, ""},
	"threeDSecureRequiredChargeDeclined":                    {true, payments.StatusDeclined, "generic_decline"},
	"authenticationRequiredChargeDeclinedInsufficientFunds": {true, payments.StatusDeclined, "insufficient_funds"},
	"createDispute": {false, payments.StatusDisputed, ""}, "riskLevelElevated": {false, payments.StatusHeld, ""},
	"stripetest_processing":                       {false, payments.StatusProcessing, ""},
	"stripetest_authenticationRequiredDispute":    {true, payments.StatusDisputed, ""},
	"stripetest_authenticationRequiredProcessing": {true, payments.StatusProcessing, ""},
}

var paid = end{status: payments.StatusPaid}

func no(code string) end { return end{status: payments.StatusDeclined, code: code} }

// declineCodes are those of Stripe's documentation. hiddenCodes are told as a generic decline.
var (
	declineCodes = strings.Fields(`approve_with_id call_issuer card_not_supported card_velocity_exceeded currency_not_supported do_not_honor
		do_not_try_again duplicate_transaction expired_card fraudulent generic_decline incorrect_cvc incorrect_number incorrect_pin incorrect_zip
		insufficient_funds invalid_account invalid_amount invalid_cvc invalid_expiry_month invalid_expiry_year invalid_number invalid_pin
		issuer_not_available lost_card merchant_blacklist new_account_information_available no_action_taken not_permitted offline_pin_required
		online_or_offline_pin_required pickup_card pin_try_exceeded processing_error reenter_transaction restricted_card
		revocation_of_all_authorizations revocation_of_authorization security_violation service_not_allowed stolen_card stop_payment_order
		testmode_decline transaction_not_allowed try_again_later withdrawal_count_limit_exceeded`)
	hiddenCodes = strings.Fields(`fraudulent lost_card merchant_blacklist pickup_card restricted_card security_violation stolen_card`)
)

// TestEveryCard is row B8: each test card, by its token and its payment method, and each decline code ends as STRIPE.md says, and the
// payer is told nothing in Stripe's own words.
func TestEveryCard(t *testing.T) {
	t.Parallel()
	ends := map[string]end{}
	for _, card := range stripetest.TestCards() {
		want, ok := cardEnds[card.Names[0]]
		if !ok {
			t.Fatalf("the test does not say how %s ends", card.Names[0])
		}
		ends[card.Token], ends[card.Method] = want, want
	}
	for _, code := range declineCodes {
		ends["tok_stripetest_decline_"+code] = no(code)
	}
	for _, code := range hiddenCodes {
		ends["tok_stripetest_decline_"+code] = no("generic_decline")
	}
	for name, want := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil).near()
			id := w.order()
			res, err := w.pay(t.Context(), id, name)
			if want.action {
				if res.Payment.Status != payments.StatusRequiresAction || res.NextAction == nil || err != nil {
					t.Fatalf("the payment is %v, %v", res.Payment.Status, err)
				}
				w.authenticate(res, stripetest.AuthPass, "")
				res, err = w.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
			}
			w.ends(res, err, want)
			w.server.ClearFaults()
			w.clock.advance(time.Minute)
			_, err = w.Reconcile(t.Context())
			must(t, err)
			w.agree()
			matrix.Count(t, "B8", 1)
		})
	}
}

// ends compares an answer with how the payment should end.
func (w *world) ends(res payments.Result, err error, want end) {
	w.t.Helper()
	p := res.Payment
	if p.Status != want.status || errors.Is(err, payments.ErrDeclined) != (want.status == payments.StatusDeclined) || err != nil && !errors.Is(err, payments.ErrDeclined) {
		w.t.Fatalf("the payment is %v, %v; want %v", p.Status, err, want.status)
	}
	if p.Secured() && (p.Method.Last4 == "" || p.Method.Brand == "" || p.ReceiptURL == "") {
		w.t.Errorf("an approval shows %+v, %q", p.Method, p.ReceiptURL)
	}
	if p.Status != payments.StatusDeclined {
		return
	}
	var ours *payments.Error
	if p.DeclineCode != want.code || !errors.As(err, &ours) || ours.DeclineCode != want.code || ours.Message != p.Message {
		w.t.Errorf("the decline is %q, %v; want %q", p.DeclineCode, err, want.code)
	}
	words := w.words(p.Reference)
	if told := fmt.Sprint(p.Message, err); p.Message == "" || words == "" || strings.Contains(told, words) || strings.Contains(strings.ToLower(p.Message), "stripe") || strings.Contains(p.Message, "_") {
		w.t.Errorf("the payer is told %q, and Stripe says %q", told, words)
	}
}

// words are Stripe's own about the latest decline of an intent.
func (w *world) words(reference string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+"/v1/payment_intents/"+reference, nil)
	must(w.t, err)
	req.SetBasicAuth(stripetest.DefaultSecretKey, "")
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer res.Body.Close() //nolint:errcheck // it was read
	var intent struct {
		Error struct{ Message string } `json:"last_payment_error"`
	}
	must(w.t, json.NewDecoder(res.Body).Decode(&intent))
	return intent.Error.Message
}

// TestAuthentication is row B8's 3-D Secure: passed, failed, abandoned, and declined afterwards; then another card on the same payment.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, card string
		how        stripetest.AuthResult
		want       end
	}{
		{"passed", "pm_card_threeDSecure2Required", stripetest.AuthPass, paid},
		{"failed", "pm_card_threeDSecure2Required", stripetest.AuthFail, no("payment_intent_authentication_failure")},
		{"abandoned", "pm_card_threeDSecure2Required", stripetest.AuthAbandon, end{status: payments.StatusRequiresAction}},
		{"declined afterwards", "pm_card_threeDSecureRequiredChargeDeclined", stripetest.AuthPass, no("generic_decline")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil).near()
			id := w.order()
			w.authenticate(w.mustPay(id, tt.card, payments.StatusRequiresAction), tt.how, "")
			res, err := w.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
			w.ends(res, err, tt.want)
			if tt.want.status != payments.StatusPaid {
				w.clock.advance(time.Second)
				w.mustPay(id, "pm_card_visa", payments.StatusPaid)
			}
			if n := len(w.confirmed()); n != 1 {
				t.Errorf("%d objects were asked for money", n)
			}
			w.settle()
			w.agree()
			matrix.Count(t, "B8", 1)
		})
	}
	t.Run("abandoned for a day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil).near()
		id := w.order()
		w.authenticate(w.mustPay(id, "pm_card_threeDSecure2Required", payments.StatusRequiresAction), stripetest.AuthAbandon, "")
		for range 4 {
			w.clock.advance(13 * time.Hour)
			_, err := w.Reconcile(t.Context())
			must(t, err)
		}
		if p := w.payment(id); p.Status != payments.StatusExpired || p.Live {
			t.Errorf("the payment is %v", p.Status)
		}
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		w.agree()
		matrix.Count(t, "B8", 1)
	})
}

// TestAuthenticationRequired is row B8's authentication_required: a saved card is charged without the payer, and the bank wants them. They
// are asked, and pay the same payment.
func TestAuthenticationRequired(t *testing.T) {
	t.Parallel()
	for _, dialect := range []stripetest.DeclineForm{stripetest.DeclineCardError, stripetest.DeclineRequestError, stripetest.DeclineOK} {
		w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.DeclineAs = dialect }).near()
		mine := func(o *payments.Order) { o.CustomerID = 9 }
		first, second := w.order(mine), w.order(mine)
		res, err := w.Pay(t.Context(), payments.PayRequest{OrderID: first, Payer: payments.Payer{CustomerID: 9}, Saving: payments.Saving{Save: true},
			Source: payments.Source{Token: payments.NewToken("pm_card_authenticationRequired")}})
		must(t, err)
		w.authenticate(res, stripetest.AuthPass, "")
		if res, err = w.Complete(t.Context(), payments.CompleteRequest{OrderID: first}); err != nil || res.Payment.Status != payments.StatusPaid {
			t.Fatalf("the first payment is %v, %v", res.Payment.Status, err)
		}
		saved, err := w.SavedMethods(t.Context(), 9)
		if err != nil || len(saved) != 1 {
			t.Fatalf("%d cards are saved, %v", len(saved), err)
		}
		res, err = w.Pay(t.Context(), payments.PayRequest{OrderID: second, Payer: payments.Payer{CustomerID: 9, GatewayCustomer: res.Payment.GatewayCustomer},
			Saving: payments.Saving{OffSession: true}, Source: payments.Source{Token: payments.NewToken(res.Payment.Method.ID)}})
		if err != nil || res.Payment.Status != payments.StatusRequiresAction || res.NextAction == nil {
			t.Fatalf("as %s: without the payer the payment is %v, %v", dialect, res.Payment.Status, err)
		}
		w.authenticate(res, stripetest.AuthPass, res.Payment.Method.ID)
		if res, err = w.Complete(t.Context(), payments.CompleteRequest{OrderID: second}); err != nil || res.Payment.Status != payments.StatusPaid {
			t.Errorf("as %s: with the payer the payment is %v, %v", dialect, res.Payment.Status, err)
		}
		w.settle()
		w.agree()
		matrix.Count(t, "B8", 1)
	}
}

// TestOffSessionAfterASave charges what is saved without the payer on the object of a card that was to be saved and was declined, and
// not on an object that is to save again what is saved already.
func TestOffSessionAfterASave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	pay := func(id payments.OrderID, token string, saving payments.Saving) (payments.Result, error) {
		return w.Pay(t.Context(), payments.PayRequest{OrderID: id, Payer: payments.Payer{CustomerID: 9}, Saving: saving,
			Source: payments.Source{Token: payments.NewToken(token)}})
	}
	mine := func(o *payments.Order) { o.CustomerID = 9 }
	res, err := pay(w.order(mine), "pm_card_visa", payments.Saving{Save: true})
	must(t, err)
	card := res.Payment.Method.ID
	for _, saving := range []payments.Saving{{OffSession: true}, {OffSession: true, Save: true}} {
		id := w.order(mine)
		if _, err := pay(id, "tok_chargeDeclined", payments.Saving{Save: true}); !errors.Is(err, payments.ErrDeclined) {
			t.Fatal(err)
		}
		declined := w.payment(id)
		w.clock.advance(time.Second)
		res, err := pay(id, card, saving)
		if err != nil || res.Payment.Status != payments.StatusPaid || res.Payment.Reference != declined.Reference {
			t.Errorf("%+v: the payment is %v, %v", saving, res.Payment.Status, err)
		}
		if res, err = pay(w.order(mine), card, saving); err != nil || res.Payment.Status != payments.StatusPaid {
			t.Errorf("%+v, anew: the payment is %v, %v", saving, res.Payment.Status, err)
		}
	}
	w.settle()
	w.agree()
}
