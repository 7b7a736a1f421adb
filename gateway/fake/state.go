package fake

import (
	"time"

	"github.com/trendsic/payments"
)

// state is all that the simulated processor remembers. What is secret is kept as a digest, or derived from the seed. It is
// changed only by the methods below, which note the change for the journal.
type state struct {
	serial  uint64
	intents []*intent
	methods map[string]*method
	tokens  map[string]*method // made by Tokenize, by digest
	spent   map[string]bool    // one-time tokens, by digest
	chained map[string]int     // how far a chained token is, by digest
	keys    map[string]*savedAnswer

	customers map[string]*customer
	subs      []*subscription
	subByID   map[string]*subscription

	byID  map[string]*intent
	byUID map[string][]*intent // those that carry it now, or did
}

// newState returns an empty state.
func newState() *state {
	return &state{methods: map[string]*method{}, tokens: map[string]*method{}, spent: map[string]bool{},
		chained: map[string]int{}, keys: map[string]*savedAnswer{}, customers: map[string]*customer{},
		subByID: map[string]*subscription{}, byID: map[string]*intent{}, byUID: map[string][]*intent{}}
}

// touch notes that an object has changed, or will have when the call is over.
func (g *Gateway) touch(in *intent) { g.journal.next.touch(in) }

// touchSub notes that a subscription has changed, or will have when the call is over.
func (g *Gateway) touchSub(sub *subscription) {
	g.subsMoved = true
	g.journal.next.touchSub(sub)
}

// serial counts on.
func (g *Gateway) serial() uint64 {
	g.state.serial++
	g.journal.next.Serial = g.state.serial
	return g.state.serial
}

// setMethod keeps a way to pay.
func (g *Gateway) setMethod(m *method) {
	g.state.methods[m.ID] = m
	g.journal.next.Methods[m.ID] = m
}

// setToken keeps what a one-time token stands for.
func (g *Gateway) setToken(id string, m *method) {
	g.state.tokens[id] = m
	g.journal.next.Tokens[id] = m
}

// spend notes that a one-time token was used.
func (g *Gateway) spend(id string) {
	g.state.spent[id] = true
	delete(g.state.tokens, id)
	g.journal.next.Spent[id] = true
	delete(g.journal.next.Tokens, id)
}

// setChained notes how far a chained token is.
func (g *Gateway) setChained(id string, at int) {
	g.state.chained[id] = at
	g.journal.next.Chained[id] = at
}

// setKey saves an answer under a key; nil forgets it.
func (g *Gateway) setKey(id string, saved *savedAnswer) {
	if saved == nil {
		delete(g.state.keys, id)
	} else {
		g.state.keys[id] = saved
	}
	g.journal.next.Keys[id] = saved
}

// intent is the object that a payment is at the processor: Stripe's PaymentIntent.
type intent struct {
	ID           string            `json:"id"`
	PaymentUID   string            `json:"payment_uid"`
	OrderID      payments.OrderID  `json:"order_id"`
	Account      string            `json:"account,omitempty"`
	Amount       int64             `json:"amount"`
	Currency     payments.Currency `json:"currency"`
	Capture      bool              `json:"capture"`
	Customer     string            `json:"customer,omitempty"`
	Save         bool              `json:"save,omitempty"`         // keep the way to pay with the customer
	Passed       bool              `json:"passed,omitempty"`       // the payer authenticated in the latest try
	Invoice      string            `json:"invoice,omitempty"`      // which it settles
	Subscription string            `json:"subscription,omitempty"` // whose invoice that is
	Status       intentStatus      `json:"status"`
	MethodID     string            `json:"method,omitempty"`  // what is attached
	Shown        *method           `json:"shown,omitempty"`   // the card of the latest try
	Failure      *failure          `json:"failure,omitempty"` // of the latest try
	Charges      []*charge         `json:"charges,omitempty"` // in the order of the tries
	Refunds      []*refund         `json:"refunds,omitempty"` // in the order in which they were made
	Dispute      *dispute          `json:"dispute,omitempty"`
	Review       bool              `json:"review,omitempty"`
	CreatedAt    time.Time         `json:"created_at"`
	DecidedAt    time.Time         `json:"decided_at"`
}

// intentStatus is Stripe's name of a status.
type intentStatus string

const (
	needsMethod  intentStatus = "requires_payment_method"
	needsConfirm intentStatus = "requires_confirmation"
	needsAction  intentStatus = "requires_action"
	processing   intentStatus = "processing"
	needsCapture intentStatus = "requires_capture"
	canceled     intentStatus = "canceled"
	succeeded    intentStatus = "succeeded"
)

// failure is why the latest try took no money.
type failure struct {
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code,omitempty"`
	Message     string `json:"message"`
}

// charge is one try to take money.
type charge struct {
	ID       string       `json:"id"`
	Amount   int64        `json:"amount"`
	Captured int64        `json:"captured"`
	Status   ChargeStatus `json:"status"`
	Key      string       `json:"key,omitempty"`
	AuthCode string       `json:"auth_code,omitempty"`
	At       time.Time    `json:"at"`
}

// refund is money given back.
type refund struct {
	ID     string                `json:"id"`
	UID    string                `json:"uid,omitempty"`
	Amount int64                 `json:"amount"`
	Status payments.RefundStatus `json:"status"`
	Reason string                `json:"reason,omitempty"`
	Then   payments.RefundStatus `json:"then,omitempty"` // what it becomes when it is due
	At     time.Time             `json:"at"`
}

// dispute is money that the payer's bank asks back.
type dispute struct {
	ID     string `json:"id"`
	Status string `json:"status"` // open, won or lost
}
