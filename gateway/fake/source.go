package fake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// method is a lasting way to pay: what may be shown of the card, and the name of how it behaves.
type method struct {
	ID     string          `json:"id"`
	Acts   string          `json:"acts"` // a name of the table, such as "visa"
	Brand  string          `json:"brand"`
	Last4  string          `json:"last4"`
	Expiry payments.Expiry `json:"expiry"`

	Customer string `json:"customer,omitempty"` // whom it is kept with
	SetUp    bool   `json:"set_up,omitempty"`   // the payer authenticated when it was saved
}

// does returns how the card behaves; a card that is gone from the table is approved.
func (m *method) does() behaviour {
	if m == nil {
		return behaviour{}
	}
	row, _ := cardByName(m.Acts)
	return row.behaviour
}

// The forms of tokens and payment methods.
const (
	tokenPrefix  = "tok_"
	methodPrefix = "pm_card_"
	// oneTimeMark is between the name of a test token and the text that makes it a one-time token.
	oneTimeMark = "__"
)

// namedExpiry is the expiry of the cards behind the named tokens.
var namedExpiry = payments.Expiry{Month: 12, Year: 2034}

// shown returns the method of a row of the table, without an id.
func (row testCard) shown() *method {
	return &method{Acts: row.names[0], Brand: payments.NewCardNumber(row.number).Brand(),
		Last4: row.number[len(row.number)-4:], Expiry: namedExpiry}
}

// exchange turns a source into a lasting way to pay, and spends a one-time token. No source is no way to pay.
func (g *Gateway) exchange(op Operation, s payments.Source, now time.Time) (*method, *payments.Error) {
	var m *method
	var err *payments.Error
	switch {
	case s.Card != nil && !s.Token.IsZero():
		err = g.bad(op, "Card.Number", "Ambiguous", "a token and a card were both given")
	case s.Card != nil:
		m, err = g.fromCard(op, *s.Card, now)
	case !s.Token.IsZero():
		return g.fromToken(op, s.Token.Reveal())
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return g.keep(m), nil
}

// keep gives a method an id and stores it.
func (g *Gateway) keep(m *method) *method {
	kept := *m
	kept.ID = g.newID("pm")
	g.setMethod(&kept)
	return &kept
}

// fromToken finds what a token or a payment method stands for.
func (g *Gateway) fromToken(op Operation, token string) (*method, *payments.Error) {
	if m, ok := g.state.methods[token]; ok {
		return m, nil
	}
	if name, ok := strings.CutPrefix(token, methodPrefix); ok {
		if row, ok := cardByName(name); ok {
			m := row.shown()
			m.ID = token
			return m, nil
		}
	}
	id := digest(token)
	if g.state.spent[id] {
		err := g.bad(op, "Token", "TokenUsed", "the token has been used already; a new one is needed")
		err.GatewayCode = "token_already_used"
		return nil, err
	}
	m, oneTime := g.meaning(token, id)
	if m == nil {
		err := g.bad(op, "Token", "TokenUnknown", "the gateway knows no such token")
		err.GatewayCode = "resource_missing"
		return nil, err
	}
	if oneTime {
		g.spend(id)
	}
	return g.keep(m), nil
}

// meaning tells what a token that is not spent stands for, and whether it can be used only once. A chained token goes on
// to its next step.
func (g *Gateway) meaning(token, id string) (*method, bool) {
	if steps := g.chains[id]; len(steps) > 0 {
		at := min(g.state.chained[id], len(steps)-1)
		g.setChained(id, at+1)
		m, _ := g.meaning(steps[at], digest(steps[at]))
		return m, false
	}
	if m, ok := g.state.tokens[id]; ok {
		return m, true
	}
	name, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return nil, false
	}
	name, _, marked := strings.Cut(name, oneTimeMark)
	row, ok := cardByName(name)
	if !ok {
		return nil, false
	}
	return row.shown(), marked || g.opts.OneTimeTokens
}

// fromCard checks a raw card and finds how it behaves.
func (g *Gateway) fromCard(op Operation, c payments.Card, now time.Time) (*method, *payments.Error) {
	if g.opts.NoRawCards {
		return nil, g.fail(op, payments.Error{Code: payments.ErrUnsupported, GatewayCode: "raw_card_refused",
			Message: "The gateway takes no card numbers; send a token.",
			Fields:  []payments.FieldError{{Field: "Card.Number", Code: "Unsupported", Message: "the gateway takes no card numbers; send a token"}}})
	}
	if code, field := cardMistake(c, now); field.Field != "" {
		err := g.fail(op, payments.Error{Code: payments.ErrInvalid, GatewayCode: code, Message: field.Message,
			Fields: []payments.FieldError{field}})
		return nil, err
	}
	m := &method{Acts: approvedName, Brand: c.Number.Brand(), Last4: c.Number.Last4(), Expiry: c.Expiry}
	if row, ok := cardByNumber(c.Number.Reveal()); ok {
		m.Acts = row.names[0]
	}
	return m, nil
}

// cardMistake tells what is wrong with a card, in Stripe's code and by the field; nothing is an empty field.
func cardMistake(c payments.Card, now time.Time) (string, payments.FieldError) {
	cvc := 3
	if c.Number.Brand() == "amex" {
		cvc = 4
	}
	switch {
	case !c.Number.Valid():
		return "incorrect_number", payments.FieldError{Field: "Card.Number", Code: "CreditCard", Message: "the card number is not valid"}
	case c.Expiry.Month < 1 || c.Expiry.Month > 12:
		return "invalid_expiry_month", payments.FieldError{Field: "Card.Expiry", Code: "ExpDate", Message: "the expiry month is not valid"}
	case c.Expiry.Expired(now):
		return "invalid_expiry_year", payments.FieldError{Field: "Card.Expiry", Code: "Expired", Message: "the card has expired"}
	case c.Expiry.Year > now.Year()+50:
		return "invalid_expiry_year", payments.FieldError{Field: "Card.Expiry", Code: "ExpDate", Message: "the expiry date is too far away"}
	case !c.CVC.IsZero() && (len(c.CVC.Reveal()) != cvc || strings.Trim(c.CVC.Reveal(), "0123456789") != ""):
		return "invalid_cvc", payments.FieldError{Field: "Card.CVC", Code: "Length", Message: "the verification code has the wrong length"}
	default:
		return "", payments.FieldError{}
	}
}

// Tokenize makes a one-time token from a card, as the payer's page does at a processor. It refuses a card that is not valid
// with ErrInvalid.
func (g *Gateway) Tokenize(ctx context.Context, card payments.Card) (payments.Token, error) {
	var token payments.Token
	err := g.step(ctx, "tokenize", func(now time.Time) *payments.Error {
		m, err := g.fromCard("tokenize", card, now)
		if err != nil {
			return err
		}
		text := tokenPrefix + "fake_" + g.derive(fmt.Sprintf("token/%d", g.serial()))[:24]
		g.setToken(digest(text), m)
		token = payments.NewToken(text)
		return nil
	})
	return token, err
}

// Chain makes a token that stands for the steps one after the other each time it is used under a new key; the last one
// stays. The steps are names of test tokens. A chain is not kept in the state file (how far it is, is).
func (g *Gateway) Chain(token string, steps ...string) error {
	if !strings.HasPrefix(token, tokenPrefix) || len(steps) == 0 {
		return errors.New("fake: a chain needs a token that begins with tok_ and at least one step")
	}
	for i, step := range steps {
		name, ok := strings.CutPrefix(step, tokenPrefix)
		if _, known := cardByName(name); !ok || !known {
			return fmt.Errorf("fake: step %d of the chain is no named test token", i+1)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.chains[digest(token)] = slices.Clone(steps)
	return nil
}
