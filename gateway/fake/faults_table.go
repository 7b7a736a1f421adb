package fake

import (
	"strings"

	"github.com/trendsic/payments"
)

// Fault is a way in which a call can go wrong.
type Fault string

// The faults, named as in Stripe's emulator. [Faults] tells of each whether the request takes effect.
const (
	// FaultDropBefore cuts the connection before the request arrives.
	FaultDropBefore Fault = "drop_before"
	// FaultDropAfter cuts the connection after the effect, before the answer.
	FaultDropAfter Fault = "drop_after"
	// Fault500Before answers 500 and does nothing.
	Fault500Before Fault = "500_before"
	// Fault500After answers 500 after the effect; the key replays the true answer.
	Fault500After Fault = "500_after"
	// Fault500Saved answers 500 after the effect and replays the 500 under the key.
	Fault500Saved Fault = "500_saved"
	// Fault500SavedBefore answers 500, does nothing and replays the 500 under the key.
	Fault500SavedBefore Fault = "500_saved_before"
	// Fault502HTMLBefore answers an HTML page of a proxy and does nothing.
	Fault502HTMLBefore Fault = "502_html_before"
	// Fault502HTMLAfter answers an HTML page of a proxy after the effect.
	Fault502HTMLAfter Fault = "502_html_after"
	// Fault429 refuses because of too many requests.
	Fault429 Fault = "429"
	// Fault409 answers that the key is in use.
	Fault409 Fault = "409"
	// FaultTruncated cuts the answer in the middle of its body.
	FaultTruncated Fault = "truncated"
	// FaultEmpty200 answers 200 with an empty body.
	FaultEmpty200 Fault = "empty_200"
	// FaultBroken200 answers 200 with a body that is no JSON.
	FaultBroken200 Fault = "broken_200"
	// FaultSlow takes effect and hangs until the context ends.
	FaultSlow Fault = "slow"
	// FaultSlowBefore hangs until the context ends and does nothing.
	FaultSlowBefore Fault = "slow_before"
	// FaultLate answers an error at once, and the request arrives later.
	FaultLate Fault = "late"
	// FaultPanicBefore panics and does nothing.
	FaultPanicBefore Fault = "panic_before"
	// FaultPanicAfter panics after the effect.
	FaultPanicAfter Fault = "panic_after"
	// FaultWrongOrder answers with another order's id.
	FaultWrongOrder Fault = "wrong_order"
	// FaultWrongPayment answers with another payment's id.
	FaultWrongPayment Fault = "wrong_payment"
	// FaultWrongReference answers with another object's id.
	FaultWrongReference Fault = "wrong_reference"
	// FaultWrongAmount answers with another amount.
	FaultWrongAmount Fault = "wrong_amount"
	// FaultWrongCurrency answers with another currency.
	FaultWrongCurrency Fault = "wrong_currency"
	// FaultWrongMode answers with the other of live and test mode.
	FaultWrongMode Fault = "wrong_mode"
	// FaultUnknownStatus answers with a status that nobody knows.
	FaultUnknownStatus Fault = "unknown_status"
	// FaultNullFields answers with nothing but the object's id.
	FaultNullFields Fault = "null_fields"
)

// faultRow is one row of the table of faults. The zero row with effect set is a call that goes right.
type faultRow struct {
	fault       Fault
	effect      bool // the request takes effect
	lost        bool // the caller gets an error
	outcome     payments.Outcome
	gatewayCode string
	doc         string

	saved  bool // the error is replayed under the key
	busy   bool // the caller is told to wait
	hangs  bool
	late   bool
	panics bool
	wrong  *wrongAnswer
}

// wrongAnswer makes an answer wrong. Where there is no such thing to be wrong in an answer, the answer is broken instead.
type wrongAnswer struct {
	payment func(*payments.Snapshot)
	sub     func(*payments.SubscriptionSnapshot)
	listed  func(*payments.ListedCharge)
}

// unheardStatus is a status that payments does not know.
const unheardStatus payments.Status = 99

// faultRows is the table of faults.
var faultRows = []faultRow{
	{fault: FaultDropBefore, lost: true, doc: "The connection is cut before the request arrives."},
	{fault: FaultDropAfter, effect: true, lost: true, doc: "The connection is cut after the effect, before the answer."},
	{fault: Fault500Before, lost: true, gatewayCode: "api_error", doc: "Answers 500 and does nothing."},
	{fault: Fault500After, effect: true, lost: true, gatewayCode: "api_error", doc: "Answers 500 after the effect."},
	{fault: Fault500Saved, effect: true, lost: true, saved: true, gatewayCode: "api_error",
		doc: "Answers 500 after the effect and replays the 500 under the key."},
	{fault: Fault500SavedBefore, lost: true, saved: true, gatewayCode: "api_error",
		doc: "Answers 500, does nothing and replays the 500 under the key."},
	{fault: Fault502HTMLBefore, lost: true, doc: "Answers an HTML page of a proxy and does nothing."},
	{fault: Fault502HTMLAfter, effect: true, lost: true, doc: "Answers an HTML page of a proxy after the effect."},
	{fault: Fault429, lost: true, outcome: payments.OutcomeNotApplied, gatewayCode: "rate_limit", doc: "Refuses because of too many requests."},
	{fault: Fault409, lost: true, busy: true, gatewayCode: "idempotency_key_in_use", doc: "Answers that the key is in use, and does nothing."},
	{fault: FaultTruncated, effect: true, lost: true, doc: "The answer is cut in the middle of its body."},
	{fault: FaultEmpty200, lost: true, doc: "Answers 200 with an empty body and does nothing."},
	{fault: FaultBroken200, lost: true, doc: "Answers 200 with a body that is no JSON, and does nothing."},
	{fault: FaultSlow, effect: true, lost: true, hangs: true, doc: "Takes effect and hangs until the context ends."},
	{fault: FaultSlowBefore, lost: true, hangs: true, doc: "Hangs until the context ends and does nothing."},
	{fault: FaultLate, lost: true, late: true, doc: "Answers an error at once, and the request arrives later."},
	{fault: FaultPanicBefore, lost: true, panics: true, doc: "Panics and does nothing."},
	{fault: FaultPanicAfter, effect: true, lost: true, panics: true, doc: "Panics after the effect."},
	{fault: FaultWrongOrder, effect: true, doc: "Answers with another order's id.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.OrderID[15] ^= 0xff },
		sub:     func(s *payments.SubscriptionSnapshot) { s.OrderID[15] ^= 0xff },
		listed:  func(c *payments.ListedCharge) { c.OrderID[15] ^= 0xff }}},
	{fault: FaultWrongPayment, effect: true, doc: "Answers with another payment's id.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.PaymentUID = anotherUID },
		sub:     func(s *payments.SubscriptionSnapshot) { s.PaymentUID = anotherUID },
		listed:  func(c *payments.ListedCharge) { c.PaymentUID = anotherUID }}},
	{fault: FaultWrongReference, effect: true, doc: "Answers with another object's id.", wrong: &wrongAnswer{
		payment: nameAnother,
		sub:     func(s *payments.SubscriptionSnapshot) { s.Reference = "sub_fake_another" },
		listed:  func(c *payments.ListedCharge) { c.Reference = "pi_fake_another" }}},
	{fault: FaultWrongAmount, effect: true, doc: "Answers with another amount.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.Amount.Amount++ },
		sub:     onInvoices(func(m *payments.Money) { m.Amount++ }),
		listed:  func(c *payments.ListedCharge) { c.Amount.Amount++ }}},
	{fault: FaultWrongCurrency, effect: true, doc: "Answers with another currency.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.Amount.Currency = otherCurrency(s.Amount.Currency) },
		sub:     onInvoices(func(m *payments.Money) { m.Currency = otherCurrency(m.Currency) }),
		listed:  func(c *payments.ListedCharge) { c.Amount.Currency = otherCurrency(c.Amount.Currency) }}},
	{fault: FaultWrongMode, effect: true, doc: "Answers with the other of live and test mode.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.LiveMode = !s.LiveMode },
		sub:     func(s *payments.SubscriptionSnapshot) { s.LiveMode = !s.LiveMode }}},
	{fault: FaultUnknownStatus, effect: true, doc: "Answers with a status that nobody knows.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { s.Status = unheardStatus },
		sub:     func(s *payments.SubscriptionSnapshot) { s.Status = "" }}},
	{fault: FaultNullFields, effect: true, doc: "Answers with nothing but the object's id.", wrong: &wrongAnswer{
		payment: func(s *payments.Snapshot) { *s = payments.Snapshot{Reference: s.Reference} },
		sub: func(s *payments.SubscriptionSnapshot) {
			*s = payments.SubscriptionSnapshot{Reference: s.Reference}
		},
		listed: func(c *payments.ListedCharge) { *c = payments.ListedCharge{Reference: c.Reference} }}},
}

// nameAnother makes an answer another object's: what it names, and the secret, which is made of the name.
func nameAnother(s *payments.Snapshot) {
	s.Reference = "pi_fake_another"
	if s.NextAction != nil {
		next := *s.NextAction
		next.ClientSecret = payments.NewClientSecret(s.Reference + secretMark + strings.Repeat("0", 32))
		s.NextAction = &next
	}
}

// anotherUID is a payment that nobody has.
const anotherUID = "00000000-0000-7000-8000-000000000000"

// onInvoices changes the amounts of a subscription's invoices.
func onInvoices(change func(*payments.Money)) func(*payments.SubscriptionSnapshot) {
	return func(s *payments.SubscriptionSnapshot) {
		for i := range s.Invoices {
			change(&s.Invoices[i].Amount)
		}
	}
}

// spoil makes a good answer wrong in the way of a fault. An answer that has nothing of the kind cannot be read at all.
func (g *Gateway) spoil(op Operation, row faultRow, a *answer) {
	if row.wrong == nil {
		return
	}
	switch op {
	case OpSubscribe, OpFetchSubscription, OpCancelSubscription, OpUncancelSubscription:
		row.wrong.sub(&a.sub)
	case OpListCharges:
		if row.wrong.listed == nil {
			*a = answer{err: g.faultError(op, row)}
			return
		}
		for i := range a.page.list {
			row.wrong.listed(&a.page.list[i])
		}
	default:
		row.wrong.payment(&a.snap)
	}
}

// rowOf returns the row of a fault that exists.
func rowOf(f Fault) faultRow {
	for _, row := range faultRows {
		if row.fault == f {
			return row
		}
	}
	return faultRow{effect: true}
}

// otherCurrency returns a currency that c is not.
func otherCurrency(c payments.Currency) payments.Currency {
	if c == "EUR" {
		return "USD"
	}
	return "EUR"
}
