package stripetest

import (
	"slices"
	"time"
)

// kindCharge is the kind of charges.
const kindCharge = "charge"

// The statuses of a charge.
const (
	chargePending   = "pending"
	chargeFailed    = "failed"
	chargeSucceeded = "succeeded"
)

// charge is a Charge: one try to take money.
type charge struct {
	base
	Intent         string            `json:"intent"`
	Invoice        string            `json:"invoice,omitempty"`
	Customer       string            `json:"customer,omitempty"`
	Method         string            `json:"method"`
	Amount         int64             `json:"amount"`
	Currency       string            `json:"currency"`
	Status         string            `json:"status"`
	Paid           bool              `json:"paid,omitempty"`
	Captured       bool              `json:"captured,omitempty"`
	AmountCaptured int64             `json:"amount_captured,omitempty"`
	Released       int64             `json:"released,omitempty"` // what was reserved and never taken
	Refunds        []string          `json:"refunds,omitempty"`  // ids, the oldest first, releases included
	FailureCode    string            `json:"failure_code,omitempty"`
	FailureMessage string            `json:"failure_message,omitempty"`
	DeclineCode    string            `json:"decline_code,omitempty"`
	Secure         bool              `json:"secure,omitempty"` // the payer authenticated
	Dispute        string            `json:"dispute,omitempty"`
	DisputeLost    bool              `json:"dispute_lost,omitempty"`
	Review         string            `json:"review,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	Description    string            `json:"description,omitempty"`
	ReceiptEmail   string            `json:"receipt_email,omitempty"`
}

func (*charge) kind() string { return kindCharge }

// newCharge makes the charge of a try. It copies what the intent says at this moment, as Stripe does.
func (s *Server) newCharge(in *intent, m *method, t try) *charge {
	return &charge{base: s.newBase("ch", in.Account, t.now), Intent: in.ID, Invoice: in.Invoice, Customer: in.Customer, Method: m.ID,
		Amount: in.Amount, Currency: in.Currency, Metadata: in.Metadata, Description: in.Description, ReceiptEmail: in.ReceiptEmail,
		Secure: t.authenticated}
}

// refunded is what was given back or released, as amount_refunded tells it.
func (s *Server) refunded(ch *charge) int64 {
	sum := int64(0)
	for _, id := range ch.Refunds {
		if r := own[*refund](s, id); r.counts() {
			sum += r.Amount
		}
	}
	return sum
}

// release gives back money that was reserved and is not taken. Stripe shows it as a refund of the charge.
func (s *Server) release(ch *charge, amount int64, now time.Time) {
	ch.Released += amount
	r := &refund{base: s.newBase("re", ch.Account, now), Charge: ch.ID, Intent: ch.Intent, Amount: amount, Currency: ch.Currency,
		Status: refundSucceeded, Release: true}
	s.put(r)
	ch.Refunds = append(ch.Refunds, r.ID)
	s.put(ch)
	s.emit(now, "charge.refunded", ch)
}

func retrieveCharge(s *Server, c *call) (obj, *apiError) {
	ch, ok := get[*charge](s, c.account, c.id)
	if !ok {
		return nil, noSuch("charge", c.id, "id")
	}
	return s.renderCharge(ch), nil
}

func updateCharge(s *Server, c *call) (obj, *apiError) {
	ch, ok := get[*charge](s, c.account, c.id)
	if !ok {
		return nil, noSuch("charge", c.id, "id")
	}
	ch.Metadata = c.params.merge(ch.Metadata)
	for name, to := range map[string]*string{"description": &ch.Description, "receipt_email": &ch.ReceiptEmail} {
		if c.params.has(name) {
			*to = c.params.str(name)
		}
	}
	s.put(ch)
	s.emit(c.now, "charge.updated", ch)
	return s.renderCharge(ch), nil
}

func listCharges(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindCharge, func(e entity) bool {
		ch := e.(*charge)
		return (!p.has("payment_intent") || ch.Intent == p.str("payment_intent")) && (!p.has("customer") || ch.Customer == p.str("customer"))
	})
}

func searchCharges(s *Server, c *call) (obj, *apiError) { return s.search(c, kindCharge) }

// renderCharge is a Charge as the API answers it.
func (s *Server) renderCharge(ch *charge) obj {
	m := own[*method](s, ch.Method)
	back := s.refunded(ch)
	o := obj{"id": ch.ID, "object": "charge", "created": ch.created(), "livemode": false, "amount": ch.Amount,
		"amount_captured": ch.AmountCaptured, "amount_refunded": back, "refunded": ch.Paid && back == ch.Amount, "captured": ch.Captured,
		"paid": ch.Paid, "currency": ch.Currency, "status": ch.Status, "payment_intent": orNull(ch.Intent), "invoice": orNull(ch.Invoice),
		"customer": orNull(ch.Customer), "payment_method": ch.Method, "payment_method_details": ch.renderReceipt(m),
		"billing_details": billing(m.Billing), "metadata": textMap(ch.Metadata), "description": orNull(ch.Description),
		"receipt_email": orNull(ch.ReceiptEmail), "receipt_number": nil, "receipt_url": nil, "failure_code": orNull(ch.FailureCode),
		"failure_message": orNull(ch.FailureMessage), "disputed": ch.Dispute != "", "review": orNull(ch.Review),
		"outcome": ch.outcome(m), "fraud_details": obj{}, "balance_transaction": nil, "failure_balance_transaction": nil,
		"calculated_statement_descriptor": "STRIPETEST", "application": nil, "application_fee": nil, "application_fee_amount": nil,
		"on_behalf_of": nil, "shipping": nil, "source_transfer": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil,
		"transfer_data": nil, "transfer_group": nil}
	if ch.Captured {
		o["balance_transaction"] = "txn_1" + s.derive("transaction:"+ch.ID, 23)
	}
	if ch.Status == chargeSucceeded {
		o["receipt_url"] = "https://pay.stripe.com/receipts/payment/" + s.derive("receipt:"+ch.ID, 24)
	}
	return o
}

// neverSay are the reasons for which Stripe tells the merchant no more than that the card was declined.
var neverSay = []string{"lost_card", "stolen_card", "fraudulent", "merchant_blacklist"}

// outcome is what the bank and Radar said.
func (ch *charge) outcome(m *method) any {
	row := m.row()
	o := obj{"network_status": "approved_by_network", "reason": nil, "risk_level": "normal", "risk_score": 32, "type": "authorized",
		"seller_message": "Payment complete."}
	switch {
	case ch.Status == chargePending:
		return nil
	case ch.Status == chargeFailed && row.blocked:
		o["network_status"], o["type"], o["reason"], o["risk_level"] = "not_sent_to_network", "blocked", "highest_risk_level", "highest"
		o["seller_message"] = "Stripe blocked this payment as too risky."
	case ch.Status == chargeFailed:
		o["network_status"], o["type"], o["reason"] = "declined_by_network", "issuer_declined", ch.DeclineCode
		o["seller_message"] = "The bank did not return any further details with this decline."
		if slices.Contains(neverSay, ch.DeclineCode) {
			o["seller_message"] = "The bank declined the payment."
		}
	case ch.Review != "":
		o["type"], o["reason"], o["risk_level"] = "manual_review", "elevated_risk_level", "elevated"
		o["seller_message"] = "Stripe evaluated this payment as having elevated risk, and placed it in your manual review queue."
	}
	return o
}
