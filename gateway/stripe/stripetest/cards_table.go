package stripetest

import "strings"

// authMode is when a card asks for 3-D Secure.
type authMode int

const (
	authNever    authMode = iota
	authAlways            // on every payment, whatever was set up
	authUnsetUp           // until it was set up for later use
	authOnlyHere          // when the payer is present; off session it is exempt
)

// refundMode is what becomes of a refund to a card.
type refundMode int

const (
	refundSucceeds refundMode = iota
	refundPends
	refundFails
)

// card is one row of the table of test cards. Every name is a token (tok_ and the name) and a payment method (pm_card_ and
// the name).
type card struct {
	number string
	names  []string
	doc    string

	brand, funding string
	auth           authMode
	decline        string // the decline code, after 3-D Secure where it is asked for
	attaches       bool   // can be attached to a customer although it declines
	refund         refundMode
	dispute        bool
	review         bool // held by Radar for a review
	blocked        bool // blocked by Radar
	processing     bool // is processed for a while, as a bank debit is
}

// approved is a row of a card that is approved.
func approved(number, brand, funding string, names ...string) card {
	return card{number: number, names: names, brand: brand, funding: funding, doc: "Is approved."}
}

// declined is a row of a card that is declined, with the names that Stripe has given it over the years.
func declined(number, suffix, code, doc string) card {
	return card{number: number, names: []string{"chargeDeclined" + suffix, "visa_chargeDeclined" + suffix}, decline: code, doc: doc}
}

// cardRows is the table of Stripe's test cards (docs.stripe.com/testing), and some of this package's own at the end.
var cardRows = []card{
	approved("4242424242424242", "visa", "credit", "visa", "us"),
	approved("4000056655665556", "visa", "debit", "visa_debit"),
	approved("5555555555554444", "mastercard", "credit", "mastercard"),
	approved("5200828282828210", "mastercard", "debit", "mastercard_debit"),
	approved("5105105105105100", "mastercard", "prepaid", "mastercard_prepaid"),
	approved("378282246310005", "amex", "credit", "amex"),
	approved("6011111111111117", "discover", "credit", "discover"),
	approved("3056930009020004", "diners", "credit", "diners"),
	approved("3566002020360505", "jcb", "credit", "jcb"),
	approved("6200000000000005", "unionpay", "credit", "unionpay"),
	approved("4000000000000077", "visa", "credit", "bypassPending"),

	declined("4000000000000002", "", "generic_decline", "Is declined."),
	declined("4000000000009995", "InsufficientFunds", "insufficient_funds", "Is declined: too little money."),
	declined("4000000000009987", "LostCard", "lost_card", "Is declined: lost."),
	declined("4000000000009979", "StolenCard", "stolen_card", "Is declined: stolen."),
	declined("4000000000000069", "ExpiredCard", "expired_card", "Is declined: expired."),
	declined("4000000000000127", "IncorrectCvc", "incorrect_cvc", "Is declined: wrong verification code."),
	declined("4000000000000119", "ProcessingError", "processing_error", "Is declined: an error at the bank."),
	declined("4000000000006975", "VelocityLimitExceeded", "card_velocity_exceeded", "Is declined: used too often."),
	{number: "4100000000000019", names: []string{"radarBlock", "chargeDeclinedFraudulent", "visa_chargeDeclinedFraudulent"},
		decline: "fraudulent", blocked: true, doc: "Is blocked as fraudulent."},
	{number: "4000000000000341", names: []string{"chargeCustomerFail"}, decline: "generic_decline", attaches: true,
		doc: "Can be attached, and is declined when charged."},

	{number: "4000002760003184", names: []string{"authenticationRequired"}, auth: authAlways, doc: "Asks for 3-D Secure, always."},
	{number: "4000002500003155", names: []string{"authenticationRequiredOnSetup"}, auth: authUnsetUp,
		doc: "Asks for 3-D Secure unless it was set up before."},
	{number: "4000003800000446", names: []string{"authenticationRequiredSetupForOffSession"}, auth: authOnlyHere,
		doc: "Asks for 3-D Secure when the payer is present."},
	{number: "4000000000003220", names: []string{"threeDSecure2Required"}, auth: authAlways, doc: "Asks for 3-D Secure 2."},
	{number: "4000000000003055", names: []string{"threeDSecureOptional"}, doc: "Knows 3-D Secure and does not ask for it."},
	{number: "4000008400001629", names: []string{"threeDSecureRequiredChargeDeclined"}, auth: authAlways, decline: "generic_decline",
		doc: "Asks for 3-D Secure and is declined after it."},
	{number: "4000008260003178", names: []string{"authenticationRequiredChargeDeclinedInsufficientFunds"}, auth: authAlways,
		decline: "insufficient_funds", doc: "Asks for 3-D Secure and is declined after it: too little money."},
	{number: "4000008400001280", names: []string{"threeDSecureRequiredProcessingError"}, decline: "processing_error",
		doc: "Needs 3-D Secure, whose lookup fails: declined without asking the payer."},

	{number: "4000000000000259", names: []string{"createDispute"}, dispute: true, doc: "Is approved, and disputed when the money is taken."},
	{number: "4000000000007726", names: []string{"pendingRefund"}, refund: refundPends, doc: "Is approved; a refund is pending and succeeds later."},
	{number: "4000000000005126", names: []string{"refundFail"}, refund: refundFails, doc: "Is approved; a refund succeeds and fails later."},
	{number: "4000000000009235", names: []string{"riskLevelElevated"}, review: true, doc: "Is approved and held for a review."},

	{number: "4000000000990004", names: []string{"stripetest_processing", "fake_processing"}, processing: true,
		doc: "Is processed for a while, as a bank debit is. This package's own."},
	{number: "4000000000990012", names: []string{"stripetest_authenticationRequiredDispute", "fake_authenticationRequiredDispute"},
		auth: authAlways, dispute: true, doc: "Asks for 3-D Secure and is disputed when the money is taken. This package's own."},
	{number: "4000000000990020", names: []string{"stripetest_authenticationRequiredProcessing", "fake_authenticationRequiredProcessing"},
		auth: authAlways, processing: true, doc: "Asks for 3-D Secure and is processed for a while. This package's own."},
}

// declineCodes are Stripe's decline codes; each is the end of a token's name tok_stripetest_decline_.
var declineCodes = strings.Fields(`approve_with_id authentication_required call_issuer card_not_supported card_velocity_exceeded
	currency_not_supported do_not_honor do_not_try_again duplicate_transaction expired_card fraudulent generic_decline incorrect_cvc
	incorrect_number incorrect_pin incorrect_zip insufficient_funds invalid_account invalid_amount invalid_cvc invalid_expiry_month
	invalid_expiry_year invalid_number invalid_pin issuer_not_available lost_card merchant_blacklist new_account_information_available
	no_action_taken not_permitted offline_pin_required online_or_offline_pin_required pickup_card pin_try_exceeded processing_error
	reenter_transaction restricted_card revocation_of_all_authorizations revocation_of_authorization security_violation
	service_not_allowed stolen_card stop_payment_order testmode_decline transaction_not_allowed try_again_later
	withdrawal_count_limit_exceeded`)

// codesOfTheirOwn are the decline codes that Stripe answers as the error's code too, instead of card_declined, with its words.
var codesOfTheirOwn = map[string]string{
	codeAuthRequired:       "Your card was declined. This transaction requires authentication.",
	"expired_card":         "Your card has expired.",
	"incorrect_cvc":        "Your card's security code is incorrect.",
	"incorrect_number":     "Your card number is incorrect.",
	"incorrect_zip":        "Your card's zip code failed validation.",
	"invalid_cvc":          "Your card's security code is invalid.",
	"invalid_expiry_month": "Your card's expiration month is invalid.",
	"invalid_expiry_year":  "Your card's expiration year is invalid.",
	"invalid_number":       "Your card number is invalid.",
	"processing_error":     "An error occurred while processing your card. Try again in a little bit.",
}

// declineMessages are Stripe's words for some decline codes; the others get "Your card was declined.".
var declineMessages = map[string]string{
	"insufficient_funds":     "Your card has insufficient funds.",
	"card_not_supported":     "Your card is not supported.",
	"currency_not_supported": "Your card does not support this currency.",
	"card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
}
