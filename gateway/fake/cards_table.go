package fake

// authMode is whether a card asks for 3-D Secure.
type authMode int

const (
	authNone        authMode = iota
	authRequired             // always
	authUnlessSetUp          // until the payer has authenticated while it was saved
	authOnSession            // only while the payer is there
)

// refundMode is what becomes of a refund to the card.
type refundMode int

const (
	refundSucceeds refundMode = iota
	refundPends
	refundFails
)

// behaviour is what a card does when money is asked of it.
type behaviour struct {
	auth       authMode
	decline    string // the decline code, after 3-D Secure where it is asked for
	refund     refundMode
	dispute    bool
	review     bool
	processing bool
}

// testCard is one row of the table. Every name is a token (tok_ and the name) and a payment method (pm_card_ and the name).
type testCard struct {
	number string
	names  []string
	doc    string
	behaviour
}

// approvedName is the name of the card that is approved.
const approvedName = "visa"

// attachableName is the name of the card that can be set up although it is declined when charged.
const attachableName = "chargeCustomerFail"

// declined is a row of a card that is declined, with the names that Stripe has given it over the years.
func declined(number, suffix, code, doc string) testCard {
	return testCard{number: number, names: []string{"chargeDeclined" + suffix, "visa_chargeDeclined" + suffix}, doc: doc,
		behaviour: behaviour{decline: code}}
}

// cardRows is the table of Stripe's test cards (docs.stripe.com/testing), and three of the fake's own at the end.
var cardRows = []testCard{
	{number: "4242424242424242", names: []string{approvedName, "us"}, doc: "Is approved."},
	{number: "4000056655665556", names: []string{"visa_debit"}, doc: "Is approved."},
	{number: "5555555555554444", names: []string{"mastercard"}, doc: "Is approved."},
	{number: "5200828282828210", names: []string{"mastercard_debit"}, doc: "Is approved."},
	{number: "5105105105105100", names: []string{"mastercard_prepaid"}, doc: "Is approved."},
	{number: "378282246310005", names: []string{"amex"}, doc: "Is approved."},
	{number: "6011111111111117", names: []string{"discover"}, doc: "Is approved."},
	{number: "3056930009020004", names: []string{"diners"}, doc: "Is approved."},
	{number: "3566002020360505", names: []string{"jcb"}, doc: "Is approved."},
	{number: "6200000000000005", names: []string{"unionpay"}, doc: "Is approved."},
	{number: "4000000000000077", names: []string{"bypassPending"}, doc: "Is approved; the money is available at once."},

	declined("4000000000000002", "", "generic_decline", "Is declined."),
	declined("4000000000009995", "InsufficientFunds", "insufficient_funds", "Is declined: too little money."),
	declined("4000000000009987", "LostCard", "lost_card", "Is declined: lost."),
	declined("4000000000009979", "StolenCard", "stolen_card", "Is declined: stolen."),
	declined("4000000000000069", "ExpiredCard", "expired_card", "Is declined: expired."),
	declined("4000000000000127", "IncorrectCvc", "incorrect_cvc", "Is declined: wrong verification code."),
	declined("4000000000000119", "ProcessingError", "processing_error", "Is declined: an error at the bank."),
	declined("4000000000006975", "VelocityLimitExceeded", "card_velocity_exceeded", "Is declined: used too often."),
	declined("4100000000000019", "Fraudulent", "fraudulent", "Is blocked as fraudulent.").also("radarBlock"),
	{number: "4000000000000341", names: []string{attachableName}, doc: "Can be attached, and is declined when charged.",
		behaviour: behaviour{decline: "generic_decline"}},

	{number: "4000002760003184", names: []string{"authenticationRequired"}, doc: "Asks for 3-D Secure, always.",
		behaviour: behaviour{auth: authRequired}},
	{number: "4000002500003155", names: []string{"authenticationRequiredOnSetup"}, doc: "Asks for 3-D Secure unless it was set up before.",
		behaviour: behaviour{auth: authUnlessSetUp}},
	{number: "4000003800000446", names: []string{"authenticationRequiredSetupForOffSession"},
		doc: "Asks for 3-D Secure when the payer is present.", behaviour: behaviour{auth: authOnSession}},
	{number: "4000000000003220", names: []string{"threeDSecure2Required"}, doc: "Asks for 3-D Secure 2.",
		behaviour: behaviour{auth: authRequired}},
	{number: "4000000000003055", names: []string{"threeDSecureOptional"}, doc: "Knows 3-D Secure and does not ask for it."},
	{number: "4000008400001629", names: []string{"threeDSecureRequiredChargeDeclined"}, doc: "Asks for 3-D Secure and is declined after it.",
		behaviour: behaviour{auth: authRequired, decline: "generic_decline"}},
	{number: "4000008260003178", names: []string{"authenticationRequiredChargeDeclinedInsufficientFunds"},
		doc: "Asks for 3-D Secure and is declined after it: too little money.", behaviour: behaviour{auth: authRequired, decline: "insufficient_funds"}},
	{number: "4000008400001280", names: []string{"threeDSecureRequiredProcessingError"},
		doc: "Needs 3-D Secure, which fails at the bank: declined without asking the payer.", behaviour: behaviour{decline: "processing_error"}},

	{number: "4000000000000259", names: []string{"createDispute"}, doc: "Is approved, and disputed when the money is taken.",
		behaviour: behaviour{dispute: true}},
	{number: "4000000000007726", names: []string{"pendingRefund"}, doc: "Is approved; a refund is pending and succeeds later.",
		behaviour: behaviour{refund: refundPends}},
	{number: "4000000000005126", names: []string{"refundFail"}, doc: "Is approved; a refund succeeds and fails later.",
		behaviour: behaviour{refund: refundFails}},
	{number: "4000000000009235", names: []string{"riskLevelElevated"}, doc: "Is approved and held for a review.",
		behaviour: behaviour{review: true}},

	{number: "4000000000990004", names: []string{"fake_processing"}, doc: "Is processed for a while, as a bank debit is.",
		behaviour: behaviour{processing: true}},
	{number: "4000000000990012", names: []string{"fake_authenticationRequiredDispute"}, doc: "Asks for 3-D Secure and is disputed when the money is taken.",
		behaviour: behaviour{auth: authRequired, dispute: true}},
	{number: "4000000000990020", names: []string{"fake_authenticationRequiredProcessing"}, doc: "Asks for 3-D Secure and is processed for a while.",
		behaviour: behaviour{auth: authRequired, processing: true}},
}

// also gives a row further names.
func (row testCard) also(names ...string) testCard {
	row.names = append(row.names, names...)
	return row
}

// declineCodes are Stripe's decline codes; each is the end of a token's name tok_fake_decline_.
var declineCodes = []string{
	"approve_with_id", "authentication_required", "call_issuer", "card_not_supported", "card_velocity_exceeded",
	"currency_not_supported", "do_not_honor", "do_not_try_again", "duplicate_transaction", "expired_card", "fraudulent",
	"generic_decline", "incorrect_cvc", "incorrect_number", "incorrect_pin", "incorrect_zip", "insufficient_funds",
	"invalid_account", "invalid_amount", "invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number",
	"invalid_pin", "issuer_not_available", "lost_card", "merchant_blacklist", "new_account_information_available",
	"no_action_taken", "not_permitted", "offline_pin_required", "online_or_offline_pin_required", "pickup_card",
	"pin_try_exceeded", "processing_error", "reenter_transaction", "restricted_card", "revocation_of_all_authorizations",
	"revocation_of_authorization", "security_violation", "service_not_allowed", "stolen_card", "stop_payment_order",
	"testmode_decline", "transaction_not_allowed", "try_again_later", "withdrawal_count_limit_exceeded",
}

// codesOfTheirOwn are the decline codes that Stripe answers as the error's code too, instead of card_declined.
var codesOfTheirOwn = []string{"authentication_required", "expired_card", "incorrect_cvc", "incorrect_number", "incorrect_zip",
	"invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "processing_error"}

// declineMessages are the words for the payer, by what the payer can do. A code that is not named gets the general ones.
var declineMessages = []struct {
	message string
	codes   []string
}{
	{"The card has expired. Please use another card.", []string{"expired_card"}},
	{"The card's verification code is not right.", []string{"incorrect_cvc", "invalid_cvc"}},
	{"The card's number is not right.", []string{"incorrect_number", "invalid_number"}},
	{"The card's expiry date is not right.", []string{"invalid_expiry_month", "invalid_expiry_year"}},
	{"The card's postal code is not right.", []string{"incorrect_zip"}},
	{"The card has insufficient funds. Please try another card.", []string{"insufficient_funds"}},
	{"The card's bank could not process the payment. Please try again later.",
		[]string{"try_again_later", "issuer_not_available", "processing_error", "reenter_transaction"}},
	{"The card's bank asks for authentication.", []string{"authentication_required"}},
	{"The card does not support this kind of payment. Please try another card.",
		[]string{"card_not_supported", "currency_not_supported", "service_not_allowed", "transaction_not_allowed"}},
}

// authFailure is the failure of a payer who did not pass 3-D Secure.
var authFailure = failure{Code: "payment_intent_authentication_failure",
	Message: "The payment could not be authenticated. Please try again or use another card."}
