package httpadapter

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/trendsic/payments"
)

// How long texts may be, in characters. The gateway's own limits are wider.
const (
	maxName  = 100
	maxEmail = 254
	maxToken = 255
)

// validate looks at the members' values, as far as that needs neither the order nor the clock: whether a card is good is
// the Service's to say. It comes after the role, so that nobody learns the rules unasked.
func (x *exchange) validate() *problem {
	in := &x.in
	var bad []responseError
	if in.order.IsZero() {
		bad = append(bad, responseError{"NotEmpty", fieldNameOrder, "'OrderID' must not be empty."})
	}
	if x.moves() {
		bad = x.customer(bad)
		bad = x.agents(bad)
		x.badInfo = x.paymentInfo(nil)
	}
	if len(bad) > 0 {
		return notValid(http.StatusBadRequest, append(bad, x.badInfo...)...)
	}
	return nil
}

// customer looks at Customer.
func (x *exchange) customer(bad []responseError) []responseError {
	c := &x.in.customer
	if c.id < 0 {
		bad = append(bad, responseError{"GreaterThanOrEqual", "Customer.ID", "'Customer.ID' must not be negative."})
	}
	for _, text := range []struct{ field, value string }{
		{"Customer.BusinessName", c.business}, {"Customer.FirstName", c.first}, {"Customer.LastName", c.last},
	} {
		if utf8.RuneCountInString(text.value) > maxName {
			bad = append(bad, responseError{"Length", text.field, "'" + text.field + "' is longer than 100 characters."})
		}
	}
	if c.email != "" && !plausibleEmail(c.email) {
		bad = append(bad, responseError{"Email", "Customer.Email", "'Customer.Email' is not an e-mail address."})
	}
	return bad
}

// plausibleEmail reports whether a text may be an e-mail address. Only its mail server knows.
func plausibleEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > maxEmail {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == ',' || r == '<' || r == '>' })
}

// paymentInfo looks at PaymentInfo. What is wrong with it counts only where it is used: see [exchange.call].
func (x *exchange) paymentInfo(bad []responseError) []responseError {
	p := &x.in.payment
	if _, ok := x.paymentType(); !ok {
		bad = append(bad, responseError{"Enum", "PaymentInfo.PaymentType", "'PaymentInfo.PaymentType' is not a known way to pay."})
	}
	switch {
	case p.number.IsZero():
	case !p.token.IsZero():
		bad = append(bad, responseError{"Empty", "PaymentInfo.CardNumber",
			"'PaymentInfo.CardNumber' must be empty where a token is given."})
	default:
		if _, err := payments.ParseExpiry(p.expiry); err != nil && p.expiry != "" {
			bad = append(bad, responseError{"ExpDate", "PaymentInfo.ExpDate", "'PaymentInfo.ExpDate' must be of the form MM/YY."})
		}
	}
	if len(p.token.Reveal()) > maxToken {
		bad = append(bad, responseError{"Length", "PaymentInfo.StripeToken", "'PaymentInfo.StripeToken' is longer than 255 characters."})
	}
	return bad
}

// agents looks at the agents that the request names. The order's agent decides, and a caller kept to one agent only ever
// reaches that one's orders, so that naming another one is a mistake to be told. Two different ones are a mistake for
// everybody.
func (x *exchange) agents(bad []responseError) []responseError {
	customer, payment := x.in.customer.agent, x.in.payment.agent
	const message = "The agent is not the order's."
	kept, own := !x.who.unrestricted(), x.who.AgentID
	switch {
	case kept && customer != 0 && customer != own:
		bad = append(bad, responseError{"Equal", "Customer.AgentId", message})
	case kept && payment != 0 && payment != own,
		customer != 0 && payment != 0 && customer != payment:
		bad = append(bad, responseError{"Equal", "PaymentInfo.AgentId", message})
	}
	return bad
}

// paymentType returns what the request's PaymentType means.
func (x *exchange) paymentType() (payments.PaymentType, bool) {
	kind := x.in.payment.kind
	if kind == "" {
		return payments.TypeUnspecified, true
	}
	known, ok := x.types[strings.ToLower(kind)]
	return known, ok
}

// source returns the way to pay. The request is valid.
func (r *request) source() payments.Source {
	p := &r.payment
	if p.number.IsZero() {
		return payments.Source{Token: p.token}
	}
	expiry, _ := payments.ParseExpiry(p.expiry)
	return payments.Source{Card: &payments.Card{Number: p.number, Expiry: expiry, CVC: p.cvc}}
}

// agent returns the agent that the request names, 0 when it names none. The request is valid: it names at most one.
func (r *request) agent() int64 { return cmp.Or(r.payment.agent, r.customer.agent) }

// payer returns what the request says of the customer: a person's name, or else the business's.
func (r *request) payer() payments.Payer {
	c := &r.customer
	name := strings.TrimSpace(c.first + " " + c.last)
	if name == "" {
		name = c.business
	}
	return payments.Payer{CustomerID: c.id, Name: name, Email: c.email}
}
