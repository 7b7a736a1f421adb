package payments

import (
	"slices"
	"time"
)

// Status is where a payment stands. The numbers are the wire's PaymentStatus; 0 is "none" and never stored.
type Status int

// The states of a payment. docs/state-machine.md is generated from the table below them.
const (
	// StatusCreated: the payer has not yet given a way to pay, or not confirmed.
	StatusCreated Status = iota + 1
	// StatusRequiresAction: the payer must authenticate (3-D Secure).
	StatusRequiresAction
	// StatusProcessing: the gateway works on it (bank debits and the like); the payer must not pay again.
	StatusProcessing
	// StatusAuthorized: the money is reserved and can be captured or voided.
	StatusAuthorized
	// StatusPaid: the money is captured.
	StatusPaid
	// StatusDeclined: the payer's bank said no; another card may be tried.
	StatusDeclined
	// StatusCanceled: the payment was given up, and the gateway confirmed it.
	StatusCanceled
	// StatusPartiallyRefunded: part of the captured money went back.
	StatusPartiallyRefunded
	// StatusRefunded: all the captured money went back.
	StatusRefunded
	// StatusDisputed: the payer's bank asks the money back.
	StatusDisputed
	// StatusUnknown: a request that moves money was sent and its outcome is not known yet.
	StatusUnknown
	// StatusExpired: nobody paid in time, and the gateway confirmed the cancellation.
	StatusExpired
	// StatusHeld: what the gateway reports does not match the order, or the gateway itself reviews the payment. An
	// operator ends it by accepting or refunding.
	StatusHeld
)

// Answer is what a status means to a caller that reads only codes and booleans.
type Answer struct {
	// ResponseCode is the card industry's: 0 no decision, 1 approved, 2 declined, 3 error or unknown, 4 held,
	// processing or action needed.
	ResponseCode int
	// PaymentIntentSuccess: the payer still has something to do, and POST and PUT carry the ClientSecret for it.
	PaymentIntentSuccess bool
	// PaymentSuccess: the payer is done and the money is secured.
	PaymentSuccess bool
	// Pending: the answer is not final (HTTP 202).
	Pending bool
	// Message is what a payer may read when the payment has no message of its own.
	Message string
}

// Approved reports whether the gateway holds or has taken the money.
func (a Answer) Approved() bool { return a.ResponseCode == 1 }

// state is one row of the transition table.
type state struct {
	name   string
	answer Answer
	next   []Status
}

// states is the one table of what each status means and what may follow it. A status may always follow itself.
var states = map[Status]state{
	StatusCreated: {"created", Answer{PaymentIntentSuccess: true}, forward(StatusRequiresAction, StatusDeclined, StatusUnknown)},
	StatusRequiresAction: {"requires_action", Answer{ResponseCode: 4, PaymentIntentSuccess: true, Message: "Please authenticate the payment."},
		forward(StatusProcessing, StatusDeclined, StatusUnknown)},
	StatusProcessing: {"processing", Answer{ResponseCode: 4, Message: "The payment is being processed. Do not pay again."},
		forward(StatusAuthorized, StatusDeclined, StatusUnknown)},
	StatusAuthorized: {"authorized", Answer{ResponseCode: 1, PaymentSuccess: true}, forward(StatusPaid, StatusUnknown)},
	StatusPaid: {"paid", Answer{ResponseCode: 1, PaymentSuccess: true},
		[]Status{StatusPartiallyRefunded, StatusRefunded, StatusDisputed, StatusHeld}},
	StatusDeclined: {"declined", Answer{ResponseCode: 2, Message: "The card was declined."}, forward(StatusCreated, StatusUnknown)},
	StatusCanceled: {"canceled", Answer{Message: "The payment was canceled."}, nil},
	StatusPartiallyRefunded: {"partially_refunded", Answer{ResponseCode: 1, PaymentSuccess: true},
		[]Status{StatusRefunded, StatusPaid, StatusDisputed, StatusHeld}},
	StatusRefunded: {"refunded", Answer{ResponseCode: 1, Message: "The payment was refunded."}, []Status{StatusPartiallyRefunded, StatusPaid}},
	StatusDisputed: {"disputed", Answer{ResponseCode: 1, PaymentSuccess: true},
		[]Status{StatusPaid, StatusPartiallyRefunded, StatusRefunded}},
	StatusUnknown: {"unknown", Answer{ResponseCode: 3, Pending: true, Message: "The outcome of the payment is not known yet. Do not pay again."},
		forward(StatusCreated, StatusDeclined)},
	StatusExpired: {"expired", Answer{Message: "The payment has expired."}, nil},
	StatusHeld: {"held", Answer{ResponseCode: 4, Pending: true, Message: "The payment is being reviewed. Do not pay again."},
		[]Status{StatusAuthorized, StatusPaid, StatusPartiallyRefunded, StatusRefunded, StatusDisputed, StatusCanceled, StatusUnknown}},
}

// forward returns the statuses of the main line from first on, the ways out of it, and the further ones. The main line may
// be jumped over: the gateway's truth may have moved several steps since it was last read.
func forward(first Status, further ...Status) []Status {
	line := []Status{StatusCreated, StatusRequiresAction, StatusProcessing, StatusAuthorized, StatusPaid,
		StatusPartiallyRefunded, StatusRefunded}
	next := slices.Clone(line[slices.Index(line, first):])
	next = append(next, StatusDisputed, StatusHeld, StatusCanceled, StatusExpired)
	return append(next, further...)
}

// String returns the status in lower case, such as "requires_action".
func (s Status) String() string {
	if row, ok := states[s]; ok {
		return row.name
	}
	return "none"
}

// Answer returns what the status means to a caller.
func (s Status) Answer() Answer { return states[s].answer }

// Next returns the statuses that may follow s, in the order of their numbers.
func (s Status) Next() []Status { return slices.Sorted(slices.Values(states[s].next)) }

// CanBecome reports whether a payment may go from s to t; a status may always stay.
func (s Status) CanBecome(t Status) bool {
	return s == t && s != 0 || slices.Contains(states[s].next, t)
}

// Final reports whether nothing but an event outside the payment (a refund, a dispute) can follow.
func (s Status) Final() bool {
	switch s {
	case StatusPaid, StatusCanceled, StatusExpired, StatusPartiallyRefunded, StatusRefunded:
		return true
	default:
		return false
	}
}

// PaymentType is how the payer pays. The numbers are the wire's.
type PaymentType int

// The ways to pay.
const (
	// TypeUnspecified: not said yet.
	TypeUnspecified PaymentType = iota
	// TypeCard: a raw card.
	TypeCard
	// TypeToken: a token of a card.
	TypeToken
	// TypeIntent: the payer confirms on a page of the gateway's.
	TypeIntent
	// TypeSubscription: a recurring order.
	TypeSubscription
	// TypeBank: a bank debit, or another way.
	TypeBank
)

// PaymentMethod is the gateway's lasting name for a card, and what may be shown of it. Never a card number, never a
// one-time token.
type PaymentMethod struct {
	// ID is the gateway's lasting id ("pm_..."), empty where the way to pay was not kept to be charged again.
	ID string
	// Brand is the card's scheme in lower case, such as "visa".
	Brand string
	// Last4 are the last four digits.
	Last4 string
	// Expiry is the card's last month.
	Expiry Expiry
}

// NextAction is what the payer must still do. It redacts itself, and it is never stored: it is read again from the gateway
// each time.
type NextAction struct {
	// ClientSecret lets the payer's page finish the payment.
	ClientSecret ClientSecret
	// RedirectURL is where to send the payer, if the gateway asks for it. It may carry a secret, so it is one.
	RedirectURL ClientSecret
}

// Payment is the record of paying one order. Amounts count minor units of Amount.Currency.
type Payment struct {
	// ID is the primary key, given by the Store in ascending order; the wire shows it.
	ID int64
	// UID is the module's own reference, a UUIDv7 in 36 characters, given when the payment begins.
	UID string
	// Namespace separates several services on one database.
	Namespace string
	// Gateway is the gateway's name, and Account its account, where it has several.
	Gateway, Account string

	// OrderID and the next five are copied from the order when the payment begins.
	OrderID       OrderID
	OrderHeaderID int64
	PublicOrderID string
	AgentID       int64
	AgentNumber   string
	CustomerID    int64
	// Subscription and Invoice are the gateway's ids when the payment is one invoice of a recurring order.
	Subscription, Invoice string
	// SubscriptionStatus, PeriodEnd and CancelAtPeriodEnd tell how the order's subscription stands, on the payment that
	// began it; they are empty on any other. A trial is incomplete until the gateway was asked to go on after it.
	SubscriptionStatus SubscriptionStatus
	PeriodEnd          time.Time
	CancelAtPeriodEnd  bool

	// Status is where the payment stands; only fold.go changes it.
	Status Status
	// Type is how the payer pays.
	Type PaymentType
	// Amount is what the order asked when the payment began or was last repriced; of a payment that is or was held, what the payer
	// confirmed; of a later invoice of a subscription, what the invoice asks.
	Amount Money
	// Captured and Refunded are what the gateway has taken and given back, in minor units.
	Captured, Refunded int64
	// Live marks the one payment that holds its order: it is set when the payment begins and cleared only when the
	// gateway proved that this payment will never take money, and that the subscription which it began has ended. A Store keeps
	// it unique for a namespace and order.
	Live bool

	// Reference is the gateway's id of the payment ("pi_..."), empty until the gateway has made its object.
	Reference string
	// Attempt is the gateway's id of the latest try to take money ("ch_..."), empty before the first.
	Attempt string
	// Method is the card, as far as it may be shown, and GatewayCustomer the gateway's customer that it was saved with.
	Method          PaymentMethod
	GatewayCustomer string
	// AuthCode is the bank's approval code, where the gateway tells it.
	AuthCode string
	// ReceiptURL is the gateway's receipt. Who has the link can read it.
	ReceiptURL string
	// DeclineCode and GatewayCode are the gateway's reasons for the latest decline or error.
	DeclineCode, GatewayCode string
	// Message is fit to be shown to the payer.
	Message string
	// LiveMode tells that real money moves, as the gateway reports it.
	LiveMode bool
	// DecidedAt is the moment of the gateway's last decision, zero before the first.
	DecidedAt time.Time

	// Version grows by one with each change; a change names the version it has read.
	Version int64
	// DueAt is when Reconcile looks at the payment next; zero is never.
	DueAt time.Time
	// Tries counts how often Reconcile has looked without an end.
	Tries int
	// LeaseOwner works on the payment until LeaseUntil, by the Store's clock.
	LeaseOwner string
	// LeaseUntil is when the lease ends; zero is free.
	LeaseUntil time.Time

	// CreatedAt and UpdatedAt are in UTC, cut to microseconds.
	CreatedAt, UpdatedAt time.Time
}

// Refundable returns what may still be refunded.
func (p Payment) Refundable() Money {
	return Money{Amount: max(0, p.Captured-p.Refunded), Currency: p.Amount.Currency}
}

// Secured reports whether the gateway holds or has taken money for the payment, refunded or not.
func (p Payment) Secured() bool { return p.Status.Answer().Approved() }
