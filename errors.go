package payments

import (
	"errors"
	"strings"
	"time"
)

// Code says what went wrong. Each code is an error of its own, so that errors.Is(err, payments.ErrDeclined) holds for
// every [*Error] with that code. The codes are constants: nobody can reassign them.
type Code string //nolint:errname // a code is first of all a code

// The codes. Those that say "conflict" also match [ErrConflict].
const (
	// ErrInvalid: the request cannot be right; Error.Fields names what to change. Nothing was written or charged.
	ErrInvalid Code = "invalid"
	// ErrOrderNotFound: Orders knows no such order, or it is not the caller's.
	ErrOrderNotFound Code = "order_not_found"
	// ErrOrderClosed: the order can no longer be paid. Orders answers it; it is a conflict.
	ErrOrderClosed Code = "order_closed"
	// ErrPaymentNotFound: there is no such payment.
	ErrPaymentNotFound Code = "payment_not_found"
	// ErrConflict: the state of the order or the payment does not allow it.
	ErrConflict Code = "conflict"
	// ErrInProgress: another request works on the same order or key; try again after RetryAfter. It is a conflict.
	ErrInProgress Code = "in_progress"
	// ErrIdempotencyKeyReused: the idempotency key came with another request before.
	ErrIdempotencyKeyReused Code = "idempotency_key_reused"
	// ErrDeclined: the payer's bank or the gateway said no. The payment is recorded; another card may be tried.
	ErrDeclined Code = "declined"
	// ErrUnknown: it is not known whether money moved. Never charge again: Complete, Pay or Reconcile finds out.
	ErrUnknown Code = "unknown"
	// ErrUnsupported: the gateway lacks the capability, or does not take this currency or amount.
	ErrUnsupported Code = "unsupported"
	// ErrRateLimited: the gateway refused to begin because of too many requests; nothing was charged.
	ErrRateLimited Code = "rate_limited"
	// ErrUnavailable: the database or the gateway could not be reached, and no request that moves money was sent.
	ErrUnavailable Code = "unavailable"
	// ErrGatewayRejected: the gateway refused the request for a reason that is neither the payer's nor temporary.
	ErrGatewayRejected Code = "gateway_rejected"
	// ErrGatewayConfig: the gateway does not accept our credentials or account. Page the owner.
	ErrGatewayConfig Code = "gateway_config"
	// ErrInTransaction: a gateway call was asked for inside a database transaction (rule: none is open across a call).
	ErrInTransaction Code = "in_transaction"
	// ErrStale is a Store's answer: the payment's version moved, or another payment holds the order. Read again.
	ErrStale Code = "stale"
	// ErrHook: the host's OnEvent failed; nothing of the change was written. A Store answers it from Apply.
	ErrHook Code = "hook"
	// ErrInternal: a defect on our side.
	ErrInternal Code = "internal"
)

// Error returns the code as text, so that a Code is a sentinel for errors.Is.
func (c Code) Error() string { return "payments: " + strings.ReplaceAll(string(c), "_", " ") }

// parent tells which more general code a code also matches.
var parent = map[Code]Code{ErrOrderClosed: ErrConflict, ErrInProgress: ErrConflict}

// Outcome says whether a call to the gateway took effect. The zero value is unknown: only evidence makes it anything else.
type Outcome int8

// The outcomes.
const (
	// OutcomeUnknown: it is not known whether the call took effect.
	OutcomeUnknown Outcome = iota
	// OutcomeNotApplied: the gateway did not do it, and will not.
	OutcomeNotApplied
	// OutcomeApplied: the gateway did it.
	OutcomeApplied
)

// String returns "unknown", "not applied" or "applied".
func (o Outcome) String() string {
	switch o {
	case OutcomeApplied:
		return "applied"
	case OutcomeNotApplied:
		return "not applied"
	default:
		return "unknown"
	}
}

// FieldError names one field of a request that is not right.
type FieldError struct {
	// Field is the Go path of the field in the request, such as "Card.Number".
	Field string
	// Code is the kind of the mistake, such as "NotEmpty" or "CreditCard".
	Code string
	// Message says what to do, without repeating the value.
	Message string
}

// Error is what every operation, gateway and store of this module answers. Its text never contains the cause's text, a
// card number, a token or a client secret: an SDK's error may print all of these. The cause stays reachable by errors.As.
type Error struct {
	// Op is the operation, such as "pay" or "stripe.confirm".
	Op string
	// Gateway is the gateway's name, when a gateway answered.
	Gateway string
	// Code says what went wrong; errors.Is compares it.
	Code Code
	// Outcome says whether money may have moved. The zero value is unknown, and means it.
	Outcome Outcome
	// DeclineCode is the gateway's reason for a decline, such as "insufficient_funds".
	DeclineCode string
	// GatewayCode is the gateway's own error code.
	GatewayCode string
	// Message is fit to be shown to the payer.
	Message string
	// Fields names what to change in the request, with ErrInvalid and ErrConflict.
	Fields []FieldError
	// RequestID is the gateway's id of the request, for its support.
	RequestID string
	// RetryAfter says when to try again; zero says nothing.
	RetryAfter time.Duration
	// Replayed tells that the gateway repeated an answer that it had stored under the idempotency key.
	Replayed bool

	cause error
}

// NewError returns a copy of e that carries the cause for errors.As and errors.Is. The cause's text is never printed.
func NewError(e Error, cause error) *Error {
	e.cause = cause
	return &e
}

// Error returns the operation, the gateway, the codes and the message, never the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("payments: ")
	for _, part := range []string{e.Op, e.Gateway} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(strings.ReplaceAll(string(e.Code), "_", " "))
	for _, part := range []string{e.GatewayCode, e.DeclineCode} {
		if part != "" {
			b.WriteString(" (" + part + ")")
		}
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	for _, f := range e.Fields {
		if f.Message != e.Message {
			b.WriteString("; " + f.Field + ": " + f.Message)
		}
	}
	return b.String()
}

// Is reports whether target is the error's code, or the more general code above it.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && (c == e.Code || c == parent[e.Code])
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the more general code above c.
func (c Code) Is(target error) bool {
	t, ok := target.(Code)
	return ok && parent[c] != "" && t == parent[c]
}

// OutcomeOf returns what err says of the effect: applied for nil, and unknown for every error that does not say.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeApplied
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	return OutcomeUnknown
}

// invalid returns an ErrInvalid that names one field.
func invalid(field, code, message string) *Error {
	return &Error{Code: ErrInvalid, Outcome: OutcomeNotApplied, Message: message, Fields: []FieldError{{field, code, message}}}
}

// conflict returns an error of the code, which is ErrConflict or below it, that names one field.
func conflict(code Code, field, message string) *Error {
	return &Error{Code: code, Outcome: OutcomeNotApplied, Message: message, Fields: []FieldError{{field, "Conflict", message}}}
}
