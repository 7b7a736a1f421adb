package stripetest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// The beginnings of the names of test cards.
const (
	tokenPrefix  = "tok_"
	methodPrefix = "pm_card_"
)

// TestCard is one of the named test cards.
type TestCard struct {
	// Number is the card number.
	Number string
	// Token and Method are the names of its token and of its payment method; most have more spellings, which are in Names.
	Token, Method string
	// Names are all spellings, without tok_ and pm_card_.
	Names []string
	// Does says in one sentence how it behaves.
	Does string
}

// TestCards lists the named test cards in the order of Stripe's documentation.
func TestCards() []TestCard {
	list := make([]TestCard, len(cardRows))
	for i, row := range cardRows {
		list[i] = TestCard{Number: row.number, Token: tokenPrefix + row.names[0], Method: methodPrefix + row.names[0],
			Names: slices.Clone(row.names), Does: row.doc}
	}
	return list
}

// cardByNumber finds a test card by its number; any other number that passes the Luhn check behaves as the approved Visa.
func cardByNumber(number string) card {
	for _, row := range cardRows {
		if row.number == number {
			return row
		}
	}
	return card{names: []string{"visa"}, brand: brandOf(number)}
}

// declinePrefixes begin the names that decline with the code that follows. The second is gateway/fake's, so that one suite
// can run with both.
var declinePrefixes = []string{"stripetest_decline_", "fake_decline_"}

// cardByName finds a test card by the part of its token's or method's name after tok_ or pm_card_. A name with two
// underscores and any further text, such as visa__7, is a token that can be used once and behaves like the name.
func cardByName(name string) (card, bool) {
	name, _, _ = strings.Cut(name, "__")
	for _, row := range cardRows {
		if slices.Contains(row.names, name) {
			return row, true
		}
	}
	for _, prefix := range declinePrefixes {
		if code, ok := strings.CutPrefix(name, prefix); ok && slices.Contains(declineCodes, code) {
			return card{number: "4000000000000002", names: []string{name}, decline: code}, true
		}
	}
	return card{}, false
}

// isOneTime tells whether a named token can be used once only.
func isOneTime(name string) bool { return strings.Contains(name, "__") }

// brandOf guesses a card's brand from its number.
func brandOf(number string) string {
	for _, row := range []struct{ prefix, brand string }{{"4", "visa"}, {"5", "mastercard"}, {"2", "mastercard"}, {"34", "amex"},
		{"37", "amex"}, {"35", "jcb"}, {"62", "unionpay"}, {"6", "discover"}, {"3", "diners"}} {
		if strings.HasPrefix(number, row.prefix) {
			return row.brand
		}
	}
	return "unknown"
}

// cardError is what the bank says when it declines.
type cardError struct {
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code,omitempty"`
	Message     string `json:"message"`
}

// declineOf tells of a decline in Stripe's codes and words.
func declineOf(code string) cardError {
	if message, ok := codesOfTheirOwn[code]; ok {
		e := cardError{Code: code, Message: message}
		if code == codeAuthRequired {
			e.DeclineCode = code
		}
		return e
	}
	return cardError{Code: "card_declined", DeclineCode: code, Message: cmp.Or(declineMessages[code], "Your card was declined.")}
}

// apiError is a decline as an answer.
func (e cardError) apiError(extra obj) *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: typeCard, code: e.Code, declineCode: e.DeclineCode,
		message: e.Message, extra: extra}
}

// luhn tells whether a card number passes its check digit.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(number) >= 12 && len(number) <= 19 && sum%10 == 0
}
