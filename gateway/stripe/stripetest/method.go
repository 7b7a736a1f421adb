package stripetest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kindMethod is the kind of payment methods.
const kindMethod = "payment_method"

// cardFacts are what is kept of a card: never its number, never its verification code.
type cardFacts struct {
	Behaves     string `json:"behaves"` // the name of its row in the table of test cards
	Brand       string `json:"brand"`
	Funding     string `json:"funding"`
	Last4       string `json:"last4"`
	ExpMonth    int64  `json:"exp_month"`
	ExpYear     int64  `json:"exp_year"`
	Fingerprint string `json:"fingerprint"`
	CVC         bool   `json:"cvc,omitempty"` // a verification code was given
}

// row is how the card behaves.
func (f cardFacts) row() card {
	row, _ := cardByName(f.Behaves)
	return row
}

// method is a PaymentMethod.
type method struct {
	base
	cardFacts
	Customer string            `json:"customer,omitempty"`
	Billing  json.RawMessage   `json:"billing,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	SetUp    bool              `json:"set_up,omitempty"`  // may be charged when the payer is away
	UsedBy   string            `json:"used_by,omitempty"` // the intent that charged it
	Detached bool              `json:"detached,omitempty"`
}

func (*method) kind() string { return kindMethod }

// facts are what is kept of a test card.
func (s *Server) facts(row card, now time.Time) cardFacts {
	f := cardFacts{Behaves: row.names[0], Brand: row.brand, Funding: row.funding, Last4: lastFour(row.number), ExpMonth: int64(now.Month()),
		ExpYear: int64(now.Year()) + 1, Fingerprint: s.fingerprint(row.number), CVC: true}
	if f.Brand == "" {
		f.Brand = "visa"
	}
	if f.Funding == "" {
		f.Funding = "credit"
	}
	return f
}

// rawCard reads a card that is given by its number.
func (s *Server) rawCard(c *call, p params) (cardFacts, *apiError) {
	if !s.opts.AllowRawCards && !c.page {
		e := refuse("", "", "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens "+
			"that map to the test card you are using, see https://stripe.com/docs/testing. To enable testing raw card data APIs, see "+
			"https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis.")
		e.status, e.early = http.StatusPaymentRequired, true
		return cardFacts{}, e
	}
	number := strings.NewReplacer(" ", "", "-", "").Replace(p.str("number"))
	if err := checkRawCard(c.now, number, p); err != nil {
		return cardFacts{}, err
	}
	row := cardByNumber(number)
	f := s.facts(row, c.now)
	f.Last4, f.ExpMonth, f.ExpYear = lastFour(number), p.int("exp_month"), fullYear(p.int("exp_year"))
	f.Fingerprint, f.CVC = s.fingerprint(number), p.str("cvc") != ""
	return f, nil
}

// fullYear reads a year of two digits.
func fullYear(year int64) int64 {
	if year < 100 {
		return year + 2000
	}
	return year
}

// checkRawCard says what is wrong with a card as typed.
func checkRawCard(now time.Time, number string, p params) *apiError {
	wrong := func(code, param string) *apiError {
		e := cardError{Code: code, Message: codesOfTheirOwn[code]}.apiError(nil)
		e.param, e.early = param, true
		return e
	}
	year, month, cvc := fullYear(p.int("exp_year")), p.int("exp_month"), p.str("cvc")
	switch {
	case !luhn(number):
		return wrong("incorrect_number", "number")
	case month < 1 || month > 12:
		return wrong("invalid_expiry_month", "exp_month")
	case year < int64(now.Year()) || year > int64(now.Year())+50:
		return wrong("invalid_expiry_year", "exp_year")
	case year == int64(now.Year()) && month < int64(now.Month()):
		return wrong("invalid_expiry_month", "exp_month")
	}
	if _, err := strconv.Atoi(cvc); cvc != "" && (err != nil || len(cvc) < 3 || len(cvc) > 4) {
		return wrong("invalid_cvc", "cvc")
	}
	return nil
}

// cardOf reads a card that is given by a token or by its number.
func (s *Server) cardOf(c *call, p params) (cardFacts, *apiError) {
	if id := p.str("token"); id != "" {
		return s.exchange(c, id)
	}
	if p.str("number") == "" {
		return cardFacts{}, missingParam("card[number]")
	}
	return s.rawCard(c, p)
}

// newMethod makes a payment method of a card.
func (s *Server) newMethod(c *call, f cardFacts, p params) *method {
	m := &method{base: s.newBase("pm", c.account, c.now), cardFacts: f, Billing: p.raw("billing_details"), Metadata: p.merge(nil)}
	s.put(m)
	return m
}

// methodFrom makes a payment method from parameters, such as those of payment_method_data.
func (s *Server) methodFrom(c *call, p params, prefix string) (*method, *apiError) {
	switch t := p.str("type"); {
	case t == "":
		return nil, missingParam(prefix + "type")
	case t != "card":
		return nil, notEmulated(prefix + "type=" + t)
	case !p.has("card"):
		return nil, missingParam(prefix + "card")
	}
	f, err := s.cardOf(c, p.sub("card"))
	if err != nil {
		return nil, err
	}
	return s.newMethod(c, f, p), nil
}

// methodByID finds a payment method, or makes one of a test card's name.
func (s *Server) methodByID(c *call, id string) (*method, *apiError) {
	if name, ok := strings.CutPrefix(id, methodPrefix); ok {
		if row, ok := cardByName(name); ok {
			return s.newMethod(c, s.facts(row, c.now), params{newNode()}), nil
		}
	}
	if m, ok := get[*method](s, c.account, id); ok {
		return m, nil
	}
	return nil, noSuchParam("PaymentMethod", id, "payment_method")
}

func createMethod(s *Server, c *call) (obj, *apiError) {
	m, err := s.methodFrom(c, c.params, "")
	if err != nil {
		return nil, err
	}
	return s.renderMethod(m), nil
}

func retrieveMethod(s *Server, c *call) (obj, *apiError) {
	m, ok := get[*method](s, c.account, c.id)
	if !ok {
		return nil, noSuch("PaymentMethod", c.id, "payment_method")
	}
	return s.renderMethod(m), nil
}

func updateMethod(s *Server, c *call) (obj, *apiError) {
	m, ok := get[*method](s, c.account, c.id)
	if !ok {
		return nil, noSuch("PaymentMethod", c.id, "payment_method")
	}
	m.Metadata = c.params.merge(m.Metadata)
	if c.params.has("billing_details") {
		m.Billing = c.params.raw("billing_details")
	}
	card := c.params.sub("card")
	if card.has("exp_month") {
		m.ExpMonth = card.int("exp_month")
	}
	if card.has("exp_year") {
		m.ExpYear = fullYear(card.int("exp_year"))
	}
	s.put(m)
	s.emit(c.now, "payment_method.updated", m)
	return s.renderMethod(m), nil
}

func attachMethod(s *Server, c *call) (obj, *apiError) {
	m, err := s.methodByID(c, c.id)
	if err != nil {
		return nil, noSuch("PaymentMethod", c.id, "payment_method")
	}
	cus, ok := get[*customer](s, c.account, c.params.str("customer"))
	if !ok {
		return nil, noSuchParam("customer", c.params.str("customer"), "customer")
	}
	if err := s.attach(c.now, m, cus); err != nil {
		return nil, err
	}
	return s.renderMethod(m), nil
}

// attach gives a payment method to a customer, which the bank may decline.
func (s *Server) attach(now time.Time, m *method, cus *customer) *apiError {
	switch {
	case m.Customer == cus.ID:
		return nil
	case m.Customer != "":
		return refuse("", "", "The payment method you provided has already been attached to a customer.")
	case m.used():
		return s.reused()
	}
	if row := m.row(); row.decline != "" && !row.attaches && row.auth == authNever {
		return declineOf(row.decline).apiError(nil)
	}
	m.Customer = cus.ID
	s.put(m)
	s.emit(now, "payment_method.attached", m)
	return nil
}

// used tells whether the payment method was used up: one without a customer can be charged by one intent only.
func (m *method) used() bool { return m.Customer == "" && (m.UsedBy != "" || m.Detached) }

// reused is a payment method that was used up.
func (s *Server) reused() *apiError {
	return refuse("", "payment_method", "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "+
		"shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a "+
		"PaymentMethod multiple times, you must attach it to a Customer first.")
}

func detachMethod(s *Server, c *call) (obj, *apiError) {
	m, ok := get[*method](s, c.account, c.id)
	if !ok {
		return nil, noSuch("PaymentMethod", c.id, "payment_method")
	}
	if m.Customer == "" {
		return nil, refuse("", "", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	m.Customer, m.Detached = "", true
	s.put(m)
	s.emit(c.now, "payment_method.detached", m)
	return s.renderMethod(m), nil
}

func listMethods(s *Server, c *call) (obj, *apiError) {
	owner := c.params.str("customer")
	if c.id != "" { // /v1/customers/:id/payment_methods
		if _, ok := get[*customer](s, c.account, c.id); !ok {
			return nil, noSuch("customer", c.id, "customer")
		}
		owner = c.id
	}
	return s.list(c, kindMethod, func(e entity) bool {
		return owner != "" && e.(*method).Customer == owner && c.params.strOr("type", "card") == "card"
	})
}
