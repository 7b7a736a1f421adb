package payments

import "time"

// Kind is what a transaction asks of the gateway.
type Kind string

// The kinds of transactions.
const (
	// KindAuthorize takes or reserves the money.
	KindAuthorize Kind = "authorize"
	// KindCapture takes money that was reserved.
	KindCapture Kind = "capture"
	// KindVoid gives reserved money back, or closes an intent.
	KindVoid Kind = "void"
	// KindRefund gives captured money back.
	KindRefund Kind = "refund"
	// KindCancel ends the subscription of a recurring order.
	KindCancel Kind = "cancel"
)

// Transaction is one request to the gateway. It is inserted open (outcome unknown, ClosedAt zero) before the gateway is
// called, closed once by evidence, and never changed again.
type Transaction struct {
	// ID is the primary key, given by the Store.
	ID int64
	// UID is a UUIDv7. The gateway's idempotency keys derive from it, so that a retry after a crash uses the same.
	UID string
	// PaymentUID names the payment.
	PaymentUID string
	// RefundUID names the refund, for KindRefund.
	RefundUID string
	// Kind is what is asked.
	Kind Kind
	// Amount is what is asked for, in minor units.
	Amount Money
	// Fingerprint is a digest of the way to pay (token, or a card's last four and expiry), empty for none: it tells
	// whether a repeated request names the same one.
	Fingerprint string
	// Sent tells that a request which can move money may have left. It is set, and committed, before that request.
	Sent bool
	// OffSession tells that the payer is not there; a repeat of the request says the same.
	OffSession bool
	// Round counts the idempotency keys used for the request that moves money. It grows when the gateway keeps
	// replaying an error that it saved under the old key, and only where a repeat cannot take money twice.
	Round int
	// PriorAttempt is Payment.Attempt as it was before: a decline counts as evidence only when the attempt is new.
	PriorAttempt string
	// Outcome is unknown until evidence closes the transaction.
	Outcome Outcome
	// Reference is the gateway's id of what the request made.
	Reference string
	// DeclineCode, GatewayCode, Message and RequestID are the gateway's answer.
	DeclineCode, GatewayCode, Message, RequestID string
	// CreatedAt and ClosedAt are in UTC, cut to microseconds; ClosedAt is zero while the transaction is open.
	CreatedAt, ClosedAt time.Time
}

// Open reports whether the outcome is still unknown.
func (t Transaction) Open() bool { return t.ClosedAt.IsZero() }

// RefundStatus is where a refund stands at the gateway.
type RefundStatus string

// The states of a refund. A succeeded refund may still fail, days later.
const (
	// RefundUnknown: asked, and the outcome is not known yet.
	RefundUnknown RefundStatus = "unknown"
	// RefundPending: accepted; the money is on its way.
	RefundPending RefundStatus = "pending"
	// RefundSucceeded: the money went back.
	RefundSucceeded RefundStatus = "succeeded"
	// RefundFailed: the money did not go back; it is the merchant's again.
	RefundFailed RefundStatus = "failed"
	// RefundCanceled: given up before it took effect.
	RefundCanceled RefundStatus = "canceled"
)

// Counts reports whether the refund's amount is gone, or on its way, from what was captured.
func (s RefundStatus) Counts() bool { return s == RefundPending || s == RefundSucceeded }

// Refund is one refund of a payment. Refunds made elsewhere (the gateway's dashboard) get a row too.
type Refund struct {
	// ID is the primary key, given by the Store.
	ID int64
	// UID is a UUIDv7; the gateway carries it in the refund's metadata.
	UID string
	// PaymentUID names the payment.
	PaymentUID string
	// Key is the caller's key, unique in the namespace; empty for a refund made elsewhere.
	Key string
	// Amount is what goes back, in minor units.
	Amount Money
	// Status is where it stands.
	Status RefundStatus
	// Reference is the gateway's id ("re_..."), empty until it is known.
	Reference string
	// Reason is the caller's, or the gateway's reason of a failure once it failed.
	Reason string
	// CreatedAt and UpdatedAt are in UTC, cut to microseconds.
	CreatedAt, UpdatedAt time.Time
}
