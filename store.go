package payments

import (
	"context"
	"time"
)

// Store keeps the module's rows. The package storage is the one for SQL databases, storage/memory the one in memory, and
// storage/storetest checks any other.
//
// Every method must be safe for concurrent use, from several processes on one database. Times are stored in UTC, cut to
// microseconds. Texts are compared byte for byte. Every method answers [ErrUnavailable] when the database cannot be reached,
// and retries inside what the database asks to retry (deadlocks, serialization failures, a busy file) for a while.
type Store interface {
	// Apply writes one whole state change: all of it is stored and durable when Apply returns nil, and none of it when
	// it returns an error, but for a commit whose answer was lost. It returns the payment as stored, with its ID and
	// new Version.
	//
	// See [Change] for what is written. The IDs of inserted transactions, refunds, events and breaks are set in the slices
	// of the change. Apply answers [ErrStale], and writes nothing, when the payment's version moved,
	// when the payment begins and its order has a live payment already, when a transaction to close is closed, when a break
	// to change has ended, or when a refund's or a record's key is taken. It answers [ErrHook] when the hook fails, and writes nothing then.
	Apply(ctx context.Context, change Change) (Payment, error)

	// Find returns one payment with its transactions and refunds, in ascending order of their IDs. It answers
	// [ErrPaymentNotFound] when there is none.
	Find(ctx context.Context, q Query) (Record, error)

	// List returns the payments that match, the newest (highest ID) first, at most Limit.
	List(ctx context.Context, f Filter) ([]Payment, error)

	// Lease hands payments to one owner for a while: those that are due and that nobody holds, the longest due first.
	// "Nobody holds" is judged by the Store's own clock, the database's where there is one. Two owners never get the
	// same payment while a lease runs. Leasing grows Version, so that a change by whoever held it before answers
	// [ErrStale]. It returns the payments as stored, and none when there is nothing to do.
	Lease(ctx context.Context, req LeaseRequest) ([]Payment, error)

	// FindKey returns an idempotency record, or [ErrPaymentNotFound].
	FindKey(ctx context.Context, id KeyID) (KeyRecord, error)

	// FindRefund returns the refund with the caller's key, or [ErrPaymentNotFound].
	FindRefund(ctx context.Context, namespace, key string) (Refund, error)

	// Events returns the outbox in ascending order of ID, from the first after AfterID, at most Limit.
	Events(ctx context.Context, namespace string, afterID int64, limit int) ([]Event, error)

	// Inbox returns the gateway's events that are not done and whose DueAt is at or before dueBefore, the longest due
	// first, at most limit.
	Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) ([]InboxEvent, error)

	// Breaks returns the breaks in ascending order of ID, from the first after AfterID, at most Limit.
	Breaks(ctx context.Context, namespace string, afterID int64, limit int) ([]Break, error)

	// Hasten makes every payment in doubt (one that is StatusUnknown, or has an open transaction) due at due that is due
	// later or never, unless somebody holds it by the Store's own clock. Versions do not grow. It returns how many.
	Hasten(ctx context.Context, namespace string, due time.Time) (int64, error)

	// Prune deletes idempotency records and events of the gateway's that are of no use any more, at most Limit of each, and
	// returns how many rows that were. It is called again until it returns 0.
	Prune(ctx context.Context, req PruneRequest) (int64, error)
}

// TransactionalStore is a [Store] that may be bound to a transaction of the host's.
type TransactionalStore interface {
	// InTransaction reports whether this Store writes inside a transaction that somebody else commits. The Service
	// makes no gateway call over such a Store.
	InTransaction() bool
}

// Change is one state change of one payment.
type Change struct {
	// Payment is the whole row as it shall be. Version is the version that was read: 0 inserts the row, anything else
	// is a compare-and-swap. The stored Version is one higher. ID is given by the Store at the insert, and UID,
	// Namespace, OrderID and CreatedAt never change afterwards. LeaseUntil and LeaseOwner are not read: see Lease. A
	// zero UID writes no payment at all, for a change of Key alone.
	Payment Payment
	// Lease, when not zero, leaves the payment leased to LeaseOwner for so long from the Store's now; zero frees it.
	Lease time.Duration
	// LeaseOwner is who holds the lease.
	LeaseOwner string
	// Transactions are inserted where ID is 0. Otherwise the row must be open and is updated: still open (Sent, Round
	// and Reference move), or closed, once.
	Transactions []Transaction
	// Refunds are inserted where ID is 0, otherwise updated.
	Refunds []Refund
	// Events and Breaks are inserted. A Break that has an ID is updated, while it has not ended: the second of two who end
	// it finds it ended.
	Events []Event
	Breaks []Break
	// Inbox is inserted where ID is 0, unless the namespace, gateway, account and event id are there already: that event
	// is left as it is, and its ID in the slice stays 0. Where ID is set, DoneAt, Tries and DueAt are updated,
	// unless the event is done: it is left as it is then, without an error.
	Inbox []InboxEvent
	// Key is inserted when its Version is 0, otherwise updated by compare-and-swap on its Version.
	Key *KeyRecord
	// Hook, when set, runs inside the transaction, after all rows are written and before the commit, with a context
	// that carries the transaction (storage.Tx returns it). When it fails, Apply answers ErrHook with the hook's
	// error as the cause, and nothing is written. A Store may run it more than once, each time in a new transaction.
	Hook func(ctx context.Context) error
}

// Query names one payment by the first of its fields that is set.
type Query struct {
	// Namespace is always compared.
	Namespace string
	// UID is our reference.
	UID string
	// OrderID finds the order's live payment, or the newest (highest ID) where none is live.
	OrderID OrderID
	// Gateway and Reference find a payment by the gateway's id.
	Gateway, Reference string
	// Gateway and Subscription find the payment that began a subscription: the lowest ID of those with it.
	Subscription string
}

// Record is one payment with all that belongs to it.
type Record struct {
	// Payment is the row.
	Payment Payment
	// Transactions and Refunds are in ascending order of their IDs.
	Transactions []Transaction
	Refunds      []Refund
}

// Filter selects payments; a zero field selects all.
type Filter struct {
	// Namespace is always compared.
	Namespace string
	// OrderIDs, Statuses select any of those named.
	OrderIDs []OrderID
	Statuses []Status
	// AgentID and CustomerID select one's payments.
	AgentID, CustomerID int64
	// Gateway selects one gateway's payments.
	Gateway string
	// CreatedFrom is included, CreatedBefore is not.
	CreatedFrom, CreatedBefore time.Time
	// BeforeID is the cursor: only payments with a lower ID.
	BeforeID int64
	// Limit is how many at the most; it is at least 1.
	Limit int
}

// LeaseRequest asks for work.
type LeaseRequest struct {
	// Namespace is always compared.
	Namespace string
	// UID asks for one payment, due or not, also when Owner holds it already (the lease is renewed); empty asks for
	// those with a DueAt at or before DueBefore.
	UID       string
	DueBefore time.Time
	// Owner holds the lease For so long.
	Owner string
	For   time.Duration
	// Limit is how many at the most.
	Limit int
}

// PruneRequest says what is deleted.
type PruneRequest struct {
	// Namespace is always compared.
	Namespace string
	// KeysExpired deletes the idempotency records whose ExpiresAt is before it.
	KeysExpired time.Time
	// InboxDone deletes the gateway's events whose DoneAt is before it. Those that are not done stay.
	InboxDone time.Time
	// Limit is how many of each at the most.
	Limit int
}

// KeyID names one idempotency record: keys belong to a principal and a verb.
type KeyID struct {
	// Namespace is the Service's.
	Namespace string
	// Principal is who sent the key, Verb what was asked, Key the caller's text.
	Principal, Verb, Key string
}

// KeyRecord is the caller's idempotency key, what it was used for and what was answered.
type KeyRecord struct {
	KeyID
	// Fingerprint is a digest of the request.
	Fingerprint string
	// PaymentUID is the payment that answers it, empty before it is known.
	PaymentUID string
	// Answer is the stored final answer, without any secret; empty while there is none.
	Answer []byte
	// Version grows by one with each change.
	Version int64
	// CreatedAt and ExpiresAt bound the record's life.
	CreatedAt, ExpiresAt time.Time
}
