package payments

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// last returns the newest transaction, to be changed in place.
func (r *Record) last() *Transaction { return &r.Transactions[len(r.Transactions)-1] }

// open reports whether a transaction of one of the kinds is open; of any kind when none is named.
func (r Record) open(kinds ...Kind) bool {
	return slices.ContainsFunc(r.Transactions, func(t Transaction) bool {
		return t.Open() && (len(kinds) == 0 || slices.Contains(kinds, t.Kind))
	})
}

// proved reports whether the snapshot is evidence for at least one open transaction.
func (r Record) proved(snap Snapshot) bool {
	return slices.ContainsFunc(r.Transactions, func(t Transaction) bool {
		return t.Open() && evidence(t, snap, false) != OutcomeUnknown
	})
}

// urgent returns the open transaction to work on first: a void before anything else, for what is being given up must not
// be confirmed again.
func (r Record) urgent() Transaction {
	var first Transaction
	for _, t := range r.Transactions {
		if t.Open() && (first.UID == "" || t.Kind == KindVoid) {
			first = t
		}
	}
	return first
}

// refusals counts how often in a row, before the last transaction, the gateway refused to end what is to be given up: it is asked
// less often each time.
func (r Record) refusals() (n int) {
	for _, t := range slices.Backward(r.Transactions[:len(r.Transactions)-1]) {
		if t.Kind != KindVoid && t.Kind != KindCancel || t.Outcome != OutcomeNotApplied {
			break
		}
		n++
	}
	return n
}

// refusal returns the error that answers who asked for a transaction which the gateway did not carry out, nil where it did.
func (r Record) refusal(uid string) error {
	i := slices.IndexFunc(r.Transactions, func(t Transaction) bool { return t.UID == uid && t.Outcome == OutcomeNotApplied })
	if i < 0 {
		return nil
	}
	tx := r.Transactions[i]
	return &Error{Code: ErrConflict, Outcome: OutcomeNotApplied, GatewayCode: tx.GatewayCode, RequestID: tx.RequestID,
		Message: "the gateway did not carry out the " + string(tx.Kind) + "; the payment is " + r.Payment.Status.String()}
}

// lastAuthorize returns the newest transaction that asked for the money, or none.
func lastAuthorize(r Record) Transaction {
	for _, t := range slices.Backward(r.Transactions) {
		if t.Kind == KindAuthorize {
			return t
		}
	}
	return Transaction{}
}

// sendable reports whether the transaction, as it is stored, may be sent, by whoever finds it.
func (t Transaction) sendable() bool { return t.Open() && (t.Sent || t.Kind != KindAuthorize) }

// close ends the transaction with evidence.
func (t *Transaction) close(o Outcome, now time.Time) { t.Outcome, t.ClosedAt = o, now }

// key returns the idempotency key of one of the transaction's requests. It derives from the stored row alone.
func (t Transaction) key(step string) string {
	if t.Round > 0 {
		step += "-" + strconv.Itoa(t.Round)
	}
	return t.UID + ":" + step
}

// refund returns the refund with the UID, or none.
func (r Record) refund(uid string) Refund {
	for _, have := range r.Refunds {
		if have.UID == uid {
			return have
		}
	}
	return Refund{}
}

// method returns what is known of the way to pay: what the gateway tells, and the older where it tells nothing. Its id is kept only where
// it may be charged again, for it was to be saved, was saved before, or is a subscription's.
func (r Record) method(told PaymentMethod) PaymentMethod {
	if told == (PaymentMethod{}) {
		told = r.Payment.Method
	}
	if last := lastAuthorize(r); r.Payment.Subscription == "" && !last.OffSession && !last.saves() {
		told.ID = ""
	}
	return told
}

// answerOf returns the parts of a gateway's error that are stored.
func answerOf(err error) Error {
	var e *Error
	if errors.As(err, &e) {
		return *e
	}
	return Error{}
}

// without returns the refunds but the one with the UID.
func without(refunds []Refund, uid string) []Refund {
	return slices.DeleteFunc(slices.Clone(refunds), func(r Refund) bool { return r.UID == uid })
}
