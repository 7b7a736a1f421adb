package fake

import (
	"slices"
	"strings"
)

// TestCard is one of the named test cards.
type TestCard struct {
	// Number is the card number.
	Number string
	// Token and Method are the names of its token and of its payment method; most have more spellings.
	Token, Method string
	// Does says in one sentence how it behaves.
	Does string
}

// TestCards lists the named test cards in the order of the table.
func TestCards() []TestCard {
	list := make([]TestCard, len(cardRows))
	for i, row := range cardRows {
		list[i] = TestCard{Number: row.number, Token: tokenPrefix + row.names[0], Method: methodPrefix + row.names[0], Does: row.doc}
	}
	return list
}

// cardByNumber finds a test card by its number.
func cardByNumber(number string) (testCard, bool) {
	i := slices.IndexFunc(cardRows, func(row testCard) bool { return row.number == number })
	if i < 0 {
		return testCard{}, false
	}
	return cardRows[i], true
}

// declinePrefix begins the names that decline with the code that follows, such as tok_fake_decline_do_not_honor.
const declinePrefix = "fake_decline_"

// cardByName finds a test card by the part of its token's or method's name after tok_ or pm_card_.
func cardByName(name string) (testCard, bool) {
	for _, row := range cardRows {
		if slices.Contains(row.names, name) {
			return row, true
		}
	}
	if code, ok := strings.CutPrefix(name, declinePrefix); ok && slices.Contains(declineCodes, code) {
		row := cardRows[0]
		row.names, row.behaviour = []string{name}, behaviour{decline: code}
		return row, true
	}
	return testCard{}, false
}

// declineOf tells of a decline in the gateway's codes and in words fit for the payer. Stripe advises not to tell a payer
// that a card is lost, stolen or suspected.
func declineOf(code string) failure {
	f := failure{Code: "card_declined", DeclineCode: code, Message: "The card was declined. Please try another card."}
	if slices.Contains(codesOfTheirOwn, code) {
		f.Code = code
	}
	for _, group := range declineMessages {
		if slices.Contains(group.codes, code) {
			f.Message = group.message
		}
	}
	return f
}
