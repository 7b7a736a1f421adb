package payments

import "time"

// SubscriptionStatus is where the subscription of a recurring order stands, by Stripe's words.
type SubscriptionStatus string

// The states of a subscription. The zero value is that of an order that is paid once.
const (
	// SubscriptionIncomplete: the first invoice is not paid yet.
	SubscriptionIncomplete SubscriptionStatus = "incomplete"
	// SubscriptionIncompleteExpired: the first invoice was not paid in time. This is an end.
	SubscriptionIncompleteExpired SubscriptionStatus = "incomplete_expired"
	// SubscriptionTrialing: nothing is charged yet.
	SubscriptionTrialing SubscriptionStatus = "trialing"
	// SubscriptionActive: the latest invoice is paid.
	SubscriptionActive SubscriptionStatus = "active"
	// SubscriptionPastDue: the latest invoice is not paid; the gateway tries again.
	SubscriptionPastDue SubscriptionStatus = "past_due"
	// SubscriptionUnpaid: the gateway has given up to charge, and goes on to make invoices.
	SubscriptionUnpaid SubscriptionStatus = "unpaid"
	// SubscriptionCanceled: ended. This is an end.
	SubscriptionCanceled SubscriptionStatus = "canceled"
	// SubscriptionPaused: the trial ended without a way to pay.
	SubscriptionPaused SubscriptionStatus = "paused"
)

// Running reports whether what was subscribed is to be delivered: the subscription is active or trialing.
func (s SubscriptionStatus) Running() bool {
	return s == SubscriptionActive || s == SubscriptionTrialing
}

// Ended reports whether nothing can follow.
func (s SubscriptionStatus) Ended() bool {
	return s == SubscriptionCanceled || s == SubscriptionIncompleteExpired
}

// SubscribeRequest makes the subscription of a recurring order.
type SubscribeRequest struct {
	PaymentRef
	// Key is the idempotency key. A gateway that needs several requests derives one key for each from it.
	Key string
	// Plan is how often is charged; Amount is what each time, unless the plan names a price that the gateway keeps.
	Plan   Plan
	Amount Money
	// Description and Payer are told where the gateway is configured to.
	Description string
	Payer       Payer
}

// FetchSubscriptionRequest names one subscription.
type FetchSubscriptionRequest struct {
	PaymentRef
	// Reference names the gateway's subscription; when it is empty, PaymentUID does.
	Reference string
}

// CancelSubscriptionRequest ends a subscription.
type CancelSubscriptionRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the gateway's subscription.
	Reference string
	// AtPeriodEnd lets the period that is paid run out.
	AtPeriodEnd bool
}

// UncancelSubscriptionRequest lets a subscription go on that was to end with its period.
type UncancelSubscriptionRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the gateway's subscription.
	Reference string
}

// SubscriptionSnapshot is the gateway's full truth about one subscription at one moment.
type SubscriptionSnapshot struct {
	// Reference is the gateway's id ("sub_..."), Customer that of its customer.
	Reference, Customer string
	// Status is where it stands; empty for a status that we do not know.
	Status SubscriptionStatus
	// OrderID and PaymentUID are what the object carries.
	OrderID    OrderID
	PaymentUID string
	// LiveMode tells that real money moves.
	LiveMode bool
	// Invoices are all its invoices, the oldest first.
	Invoices []InvoiceSnapshot
	// PeriodEnd is when the current period ends; CancelAtPeriodEnd tells that the subscription ends with it.
	PeriodEnd         time.Time
	CancelAtPeriodEnd bool
	// NextAction is what the payer must still do: pay the first invoice, or set up a way to pay for after the trial.
	NextAction *NextAction
}

// invoicePaid is the Status of an invoice that is paid.
const invoicePaid = "paid"

// InvoiceSnapshot is the gateway's truth about one invoice of a subscription.
type InvoiceSnapshot struct {
	// Reference is the gateway's id ("in_...").
	Reference string
	// Payment is the gateway's id of the payment that settles it ("pi_..."), empty for an invoice of nothing.
	Payment string
	// Status is the gateway's word: "draft", "open", "paid", "void" or "uncollectible".
	Status string
	// Amount is what is due in minor units.
	Amount Money
	// First tells that it is the one that the subscription began with.
	First bool
	// CreatedAt is the moment it was made.
	CreatedAt time.Time
}

// ListChargesRequest asks for a page of what the gateway has charged.
type ListChargesRequest struct {
	// Account is the gateway's account whose charges are listed, empty for the gateway's own: a list tells of one account.
	Account string
	// From is included, Before is not.
	From, Before time.Time
	// Cursor is where to go on, empty for the first page.
	Cursor string
	// Limit is how many at the most, 1 to 100.
	Limit int
}

// ListedCharge is one payment at the gateway that took or holds money.
type ListedCharge struct {
	// Reference is the gateway's id of the payment ("pi_..."), or of the charge where it has no payment.
	Reference string
	// OrderID and PaymentUID are what the object carries, zero when it is not ours.
	OrderID    OrderID
	PaymentUID string
	// Amount, Captured and Refunded are in minor units of Amount.Currency.
	Amount             Money
	Captured, Refunded int64
	// CreatedAt is the moment it was made.
	CreatedAt time.Time
}

// WebhookEvent is what a gateway's event is about: no more than is needed to read the truth again.
type WebhookEvent struct {
	// ID is the gateway's id of the event, unique for the gateway and account.
	ID string
	// Type is the gateway's word, such as "payment_intent.succeeded".
	Type string
	// Object is the id of the object that the event tells of ("pi_...", "ch_...", "sub_...", "in_...").
	Object string
	// Payment, Subscription and Invoice are the gateway's ids of what the object belongs to, as far as the event names them.
	Payment, Subscription, Invoice string
	// PaymentUID and OrderID are what the object carries, as far as the event tells.
	PaymentUID string
	OrderID    OrderID
	// Account is the gateway's account, where the event names one.
	Account string
	// APIVersion is the version in which the event was written.
	APIVersion string
	// LiveMode tells that real money moves.
	LiveMode bool
	// CreatedAt is the gateway's time of the event.
	CreatedAt time.Time
}
