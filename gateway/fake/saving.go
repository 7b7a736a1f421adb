package fake

import (
	"time"

	"github.com/trendsic/payments"
)

// customer is whom ways to pay are kept with: Stripe's Customer. It holds nothing of a person.
type customer struct {
	ID        string    `json:"id"`
	Account   string    `json:"account,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// newCustomer makes a customer.
func (g *Gateway) newCustomer(account string, now time.Time) *customer {
	c := &customer{ID: g.newID("cus"), Account: account, CreatedAt: now}
	g.state.customers[c.ID] = c
	g.journal.next.Customers[c.ID] = c
	return c
}

// knownCustomer returns the customer that a request names, and nothing when it names none.
func (g *Gateway) knownCustomer(op Operation, ref payments.PaymentRef, id string) (string, *payments.Error) {
	if id == "" {
		return "", nil
	}
	if c, ok := g.state.customers[id]; ok && c.Account == ref.Account {
		return id, nil
	}
	err := g.bad(op, "Payer.GatewayCustomer", "NotFound", "the gateway knows no such customer")
	err.GatewayCode = "resource_missing"
	return "", err
}

// notTheirs refuses a way to pay that is not the customer's.
func (g *Gateway) notTheirs(op Operation) *payments.Error {
	return g.bad(op, "Source.Token", "NotFound", "the customer has saved no such way to pay")
}

// checkOwner refuses another customer's way to pay, and, off session, every one that the customer has not saved. It
// comes before the token is exchanged, so that a refusal spends nothing.
func (g *Gateway) checkOwner(op Operation, req payments.PrepareRequest, customerID string) *payments.Error {
	if req.Source.IsZero() {
		return nil
	}
	owner := ""
	if m, ok := g.state.methods[req.Source.Token.Reveal()]; ok && req.Source.Card == nil {
		owner = m.Customer
	}
	stranger := owner != "" && customerID != "" && owner != customerID
	if stranger || req.OffSession && (owner == "" || owner != customerID) {
		return g.notTheirs(op)
	}
	return nil
}

// saveTo lets an object keep its way to pay with a customer once it is paid; a customer is made where there is none yet.
func (g *Gateway) saveTo(in *intent, req payments.PrepareRequest, customerID string, now time.Time) {
	if in.Invoice != "" {
		return // a subscription's object keeps its own customer, and always saves
	}
	in.Save = req.Save && !req.OffSession // what is charged off session is saved already
	switch {
	case customerID != "":
		in.Customer = customerID
	case req.Save && in.Customer == "":
		in.Customer = g.newCustomer(in.Account, now).ID
	}
}

// keepWith keeps an object's way to pay with its customer. Authenticated while it was saved, it is set up for charges
// without the payer.
func (g *Gateway) keepWith(in *intent) {
	if !in.Save || in.Customer == "" || in.Shown == nil {
		return
	}
	in.Shown = g.saveMethod(in.Shown, in.Customer, in.Passed)
	in.MethodID = in.Shown.ID
}

// saveMethod keeps a way to pay with a customer. What refers to it sees the old one until it asks for it again.
func (g *Gateway) saveMethod(m *method, customerID string, authenticated bool) *method {
	kept := *m
	kept.Customer, kept.SetUp = customerID, m.SetUp || authenticated
	if _, ok := g.state.methods[m.ID]; !ok { // a named one, such as pm_card_visa, is everybody's
		return g.keep(&kept)
	}
	g.setMethod(&kept)
	return &kept
}

// asks reports whether the card's bank wants the payer to authenticate.
func (m *method) asks(offSession bool) bool {
	switch m.does().auth {
	case authRequired:
		return true
	case authUnlessSetUp:
		return !m.SetUp
	case authOnSession:
		return !offSession
	default:
		return false
	}
}
