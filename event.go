package payments

import (
	"context"
	"time"
)

// Event tells the host that a payment changed its status, that more of it was refunded, or that its subscription changed: Previous and
// Status are the same where the status is. It is in the outbox, written in the same transaction as the
// change, and is handed to Options.OnEvent inside that transaction.
type Event struct {
	// ID is the primary key, given by the Store in ascending order.
	ID int64
	// UID is a stable id to dedupe by.
	UID string
	// Namespace is the Service's.
	Namespace string
	// Type is "payment." and the new status, such as "payment.paid", or "subscription." and its status.
	Type string
	// PaymentUID and OrderID name the payment.
	PaymentUID string
	OrderID    OrderID
	// Previous is the status before; Status the one after.
	Previous, Status Status
	// SubscriptionStatus is that of the order's subscription, empty for an order that is paid once. An event of type
	// "subscription." and that status tells of the subscription alone; Previous and Status are the same then.
	SubscriptionStatus SubscriptionStatus
	// Amount is the payment's; Captured and Refunded are what was taken and given back, in minor units.
	Amount             Money
	Captured, Refunded int64
	// CreatedAt is the moment of the change.
	CreatedAt time.Time
}

// Break is something that an operator must look at: the module and the gateway, or the module and the host, do not agree
// and no automatic step can end it, or none has ended it in time.
type Break struct {
	// ID is the primary key, given by the Store.
	ID int64
	// UID is a UUIDv7.
	UID string
	// Namespace is the Service's.
	Namespace string
	// Kind is what does not agree.
	Kind BreakKind
	// PaymentUID and OrderID name the payment.
	PaymentUID string
	OrderID    OrderID
	// Reference names what does not agree where it is not the payment itself: the UID of a refund, or the gateway's id of a charge.
	Reference string
	// Detail tells it in one sentence, without secrets.
	Detail string
	// CreatedAt is when it was found.
	CreatedAt time.Time
	// EndedAt, EndedBy and Note tell how an operator ended it; EndedAt is zero while it is open.
	EndedAt time.Time
	EndedBy string
	Note    string
}

// BreakKind is what does not agree.
type BreakKind string

// The kinds of breaks.
const (
	// BreakMismatch: the gateway reports another amount, currency, order or mode than the order asked.
	BreakMismatch BreakKind = "mismatch"
	// BreakHook: the host's OnEvent keeps failing.
	BreakHook BreakKind = "hook"
	// BreakRefund: a refund's outcome cannot be found.
	BreakRefund BreakKind = "refund"
	// BreakDoubt: a request that was sent is in doubt for longer than Options.CancelAfter, because the gateway cannot be reached or
	// its answers cannot be used. Reconcile goes on with it.
	BreakDoubt BreakKind = "doubt"
	// BreakTransition: the gateway reports a status that cannot follow ours.
	BreakTransition BreakKind = "transition"
	// BreakCharge: the gateway took money for an order of ours, and no payment has that charge.
	BreakCharge BreakKind = "charge"
)

type inTransactionKey struct{}

// withinTransaction marks ctx as inside a database transaction: the Service refuses gateway calls there.
func withinTransaction(ctx context.Context) context.Context {
	return context.WithValue(ctx, inTransactionKey{}, true)
}

// isWithinTransaction reports whether ctx is inside a database transaction.
func isWithinTransaction(ctx context.Context) bool { return ctx.Value(inTransactionKey{}) != nil }

// InboxEvent is an event of the gateway's, stored before anything is done about it. It holds no body: the object is read
// again.
type InboxEvent struct {
	// ID is the primary key, given by the Store in ascending order.
	ID int64
	// Namespace is the Service's, Gateway the gateway's name.
	Namespace, Gateway string
	// Event is what it is about; unique by its ID for a namespace, gateway and account.
	Event WebhookEvent
	// ReceivedAt is when it came, DoneAt when all it tells was folded; zero before.
	ReceivedAt, DoneAt time.Time
	// Tries counts the looks without an end, and DueAt is the next.
	Tries int
	DueAt time.Time
}
