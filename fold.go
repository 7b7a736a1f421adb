package payments

import (
	"cmp"
	"slices"
	"time"
)

// This file is the only code that changes a payment's status. Everything the gateway says, in an answer, an event or a
// look, ends in fold: what is stored is compared with the gateway's full truth, and the difference is one Change.

// folding is one comparison of what is stored with what the gateway says.
type folding struct {
	rec    Record // as it shall be
	before Payment
	snap   Snapshot
	now    time.Time
	direct bool   // the snapshot is the answer to the open transaction itself
	held   string // why the payment must be held, empty when it need not
	accept bool   // an operator accepts what was held
	change Change
}

// fold returns the record as it shall be, and the change that makes it so.
func (f folding) fold() (Record, Change) {
	f.before = f.rec.Payment
	f.rec.Transactions, f.rec.Refunds = slices.Clone(f.rec.Transactions), slices.Clone(f.rec.Refunds)
	f.foldTransactions()
	f.foldRefunds()
	to := f.status()
	f.foldFacts(to)
	f.tell()
	f.change.Payment = f.rec.Payment
	return f.rec, f.change
}

// foldTransactions closes the open transactions that the snapshot is evidence for.
func (f *folding) foldTransactions() {
	for i := range f.rec.Transactions {
		tx := &f.rec.Transactions[i]
		if !tx.Open() {
			continue
		}
		outcome := evidence(*tx, f.snap, f.direct)
		if outcome == OutcomeUnknown {
			continue
		}
		tx.close(outcome, f.now)
		tx.Reference = f.snap.Reference
		if tx.Kind == KindAuthorize && f.snap.Status == StatusDeclined {
			tx.DeclineCode, tx.GatewayCode, tx.Message = f.snap.DeclineCode, f.snap.GatewayCode, f.snap.Message
		}
		f.change.Transactions = append(f.change.Transactions, *tx)
	}
}

// evidence says what the snapshot proves of an open transaction. "Not paid yet" proves nothing, for the request
// may still arrive; a decline proves something only when it answers the transaction itself, or when its charge is new.
func evidence(tx Transaction, snap Snapshot, direct bool) Outcome {
	switch {
	case tx.Kind == KindAuthorize && tx.Sent:
		switch snap.Status {
		case StatusRequiresAction, StatusProcessing, StatusAuthorized, StatusPaid:
			return OutcomeApplied
		case StatusCanceled:
			return OutcomeNotApplied
		case StatusDeclined:
			if direct || snap.Attempt != tx.PriorAttempt {
				return OutcomeNotApplied
			}
		default: // "not paid yet", or a status that we do not know
		}
	case tx.Kind == KindCapture && snap.Status == StatusPaid, tx.Kind == KindVoid && snap.Status == StatusCanceled:
		return OutcomeApplied
	case tx.Kind == KindCapture && snap.Status == StatusCanceled, tx.Kind == KindVoid && snap.Status == StatusPaid:
		return OutcomeNotApplied
	case tx.Kind == KindRefund:
		for _, r := range snap.Refunds {
			if r.RefundUID == tx.RefundUID && r.Status != RefundUnknown {
				return OutcomeApplied
			}
		}
	}
	return OutcomeUnknown
}

// foldRefunds brings the refunds up to what the gateway lists; one made elsewhere gets a row.
func (f *folding) foldRefunds() {
	for _, r := range f.snap.Refunds {
		i := slices.IndexFunc(f.rec.Refunds, func(have Refund) bool {
			return r.RefundUID != "" && have.UID == r.RefundUID || have.Reference != "" && have.Reference == r.Reference
		})
		if i < 0 {
			made := Refund{UID: newUID(f.now), PaymentUID: f.before.UID, Amount: Money{r.Amount, f.before.Amount.Currency},
				Status: r.Status, Reference: r.Reference, Reason: r.Reason, CreatedAt: f.now, UpdatedAt: f.now}
			f.rec.Refunds = append(f.rec.Refunds, made)
			f.change.Refunds = append(f.change.Refunds, made)
			continue
		}
		have := &f.rec.Refunds[i]
		if r.Status == RefundUnknown || have.Status == r.Status && have.Reference == r.Reference {
			continue
		}
		have.Status, have.Reference, have.UpdatedAt = r.Status, r.Reference, f.now
		if r.Reason != "" {
			have.Reason = r.Reason
		}
		f.change.Refunds = append(f.change.Refunds, *have)
	}
}

// truth returns the status that the snapshot alone stands for.
func truth(snap Snapshot) Status {
	refunded := snap.refunded()
	switch {
	case snap.Status != StatusPaid:
		return snap.Status
	case snap.Disputed:
		return StatusDisputed
	case refunded >= snap.Captured:
		return StatusRefunded
	case refunded > 0:
		return StatusPartiallyRefunded
	default:
		return StatusPaid
	}
}

// status returns the payment's next status: the gateway's truth, unless it is no news, waits for evidence or is held.
func (f *folding) status() Status {
	from, to := f.before.Status, truth(f.snap)
	doubt := f.rec.open(KindAuthorize) && from == StatusUnknown
	switch {
	case f.held != "" || f.snap.UnderReview && !f.accept && (to == StatusAuthorized || to == StatusPaid):
		to = StatusHeld
	case from == StatusHeld && !f.accept && !f.reviewed() && (to == StatusAuthorized || to == StatusPaid):
		to = StatusHeld
	case doubt:
		to = StatusUnknown
	case to == StatusDeclined && from == StatusCreated && f.snap.Attempt == f.before.Attempt:
		to = StatusCreated // an old decline, after which the payer was asked again
	case to == StatusCreated && from != StatusUnknown:
		to = from
	case to == StatusCanceled && f.expired():
		to = StatusExpired
	}
	if from.CanBecome(to) {
		return to
	}
	if to = truth(f.snap); (from == StatusCanceled || from == StatusExpired) && to.Answer().Approved() && f.before.GatewayCode != codeLate {
		f.rec.Payment.GatewayCode = codeLate // an operator is told once
		f.change.Breaks = append(f.change.Breaks, Break{UID: newUID(f.now), Namespace: f.before.Namespace, Kind: BreakTransition,
			PaymentUID: f.before.UID, OrderID: f.before.OrderID, CreatedAt: f.now,
			Detail: "the gateway reports " + to.String() + " on a payment that is " + from.String()})
	}
	return from
}

// The gateway codes and texts that this file itself sets.
const (
	codeReview    = "under_review"
	codeMismatch  = "mismatch"
	codeLate      = "paid_after_end"
	codeLost      = "lost"
	codeDoubt     = "in_doubt"
	reasonExpired = "expired"
)

// reviewed reports whether the payment was held for the gateway's review and the review is over.
func (f *folding) reviewed() bool { return f.before.GatewayCode == codeReview && !f.snap.UnderReview }

// expired reports whether the cancellation was because nobody paid in time: ours, or that of the subscription.
func (f *folding) expired() bool {
	return f.before.SubscriptionStatus == SubscriptionIncompleteExpired || slices.ContainsFunc(f.change.Transactions, func(t Transaction) bool { return t.Kind == KindVoid && t.Message == reasonExpired })
}

// foldFacts copies what the gateway tells onto the payment.
func (f *folding) foldFacts(to Status) {
	p, snap := &f.rec.Payment, f.snap
	p.Status = to
	p.Reference, p.Attempt, p.Captured, p.Refunded = snap.Reference, snap.Attempt, snap.Captured, snap.refunded()
	p.Method = f.rec.method(snap.Method)
	p.GatewayCustomer = cmp.Or(snap.Customer, p.GatewayCustomer)
	p.AuthCode, p.ReceiptURL = cmp.Or(snap.AuthCode, p.AuthCode), cmp.Or(snap.ReceiptURL, p.ReceiptURL)
	if to.Answer().Approved() || to == StatusHeld {
		p.LiveMode = snap.LiveMode
	}
	if f.held != "" && to == StatusHeld {
		p.Amount = snap.Amount // what is held is what the payer confirmed: an operator decides about that
	}
	if !snap.DecidedAt.IsZero() {
		p.DecidedAt = snap.DecidedAt.UTC().Truncate(time.Microsecond)
	} else if to != f.before.Status {
		p.DecidedAt = f.now
	}
	f.foldReason(to)
	p.Live = p.Live && (to != StatusCanceled && to != StatusExpired || p.holdsBySubscription())
}

// foldReason says why the payment is declined or held; another status has no reason.
func (f *folding) foldReason(to Status) {
	p, snap := &f.rec.Payment, f.snap
	switch {
	case to == StatusDeclined && snap.Status == StatusDeclined:
		p.DeclineCode, p.GatewayCode, p.Message = snap.DeclineCode, snap.GatewayCode, snap.Message
	case to == StatusHeld && f.held != "" && f.before.Status != StatusHeld:
		p.DeclineCode, p.GatewayCode, p.Message = "", codeMismatch, ""
	case to == StatusHeld && snap.UnderReview:
		p.DeclineCode, p.GatewayCode, p.Message = "", codeReview, ""
	case to != f.before.Status:
		p.DeclineCode, p.GatewayCode, p.Message = "", "", ""
	}
}

// tell adds what changed for the host and the operator.
func (f *folding) tell() {
	p := &f.rec.Payment
	if p.Status != f.before.Status || len(f.change.Transactions) > 0 {
		p.Tries = 0
	}
	if *p != f.before || len(f.change.Transactions) > 0 {
		p.UpdatedAt = f.now
	}
	if p.Status == f.before.Status && p.Refunded == f.before.Refunded {
		return
	}
	if e, ok := event(f.before, *p, f.now); ok {
		f.change.Events = append(f.change.Events, e)
	}
	if f.held != "" && p.Status == StatusHeld {
		f.change.Breaks = append(f.change.Breaks, Break{UID: newUID(f.now), Namespace: p.Namespace, Kind: BreakMismatch,
			PaymentUID: p.UID, OrderID: p.OrderID, Detail: f.held, CreatedAt: f.now})
	}
}

// changed reports whether the change would write anything but a time.
func (f folding) changed(after Record, c Change) bool {
	return after.Payment != f.rec.Payment || len(c.Transactions)+len(c.Refunds)+len(c.Breaks) > 0
}

// event returns what the host is told of a change. Nothing is told of a doubt, nor of a payment that waits for the payer:
// nothing has happened then.
func event(before, after Payment, now time.Time) (Event, bool) {
	if after.Status == StatusUnknown || after.Status == StatusCreated {
		return Event{}, false
	}
	return Event{UID: newUID(now), Namespace: after.Namespace, Type: "payment." + after.Status.String(), PaymentUID: after.UID,
		OrderID: after.OrderID, Previous: before.Status, Status: after.Status, Amount: after.Amount,
		SubscriptionStatus: after.SubscriptionStatus, Captured: after.Captured, Refunded: after.Refunded, CreatedAt: now}, true
}

// sent returns the payment as it is from before a request that moves money until its outcome is known.
func sent(p Payment) Payment {
	p.Status, p.Message, p.DeclineCode, p.GatewayCode = StatusUnknown, "", "", ""
	return p
}

// reopened returns the change after which the payer may confirm the same object again.
func reopened(p Payment, now time.Time) Change {
	if p.Status == StatusDeclined {
		p.Status, p.Message, p.DeclineCode, p.GatewayCode = StatusCreated, "", "", ""
	}
	p.UpdatedAt = now
	return Change{Payment: p}
}

// subscribed copies what the gateway tells of the subscription onto the payment that began it. A trial is incomplete until it was
// let go on.
func subscribed(p Payment, sub SubscriptionSnapshot) Payment {
	if sub.Status == SubscriptionTrialing && sub.CancelAtPeriodEnd && (!p.anchor() || p.unbegun()) {
		sub.Status = SubscriptionIncomplete
	}
	p.Subscription, p.SubscriptionStatus, p.Type = sub.Reference, sub.Status, TypeSubscription
	p.GatewayCustomer = cmp.Or(sub.Customer, p.GatewayCustomer)
	p.PeriodEnd, p.CancelAtPeriodEnd = sub.PeriodEnd.UTC().Truncate(time.Microsecond), sub.CancelAtPeriodEnd
	if in := sub.owned(p); p.Reference == "" && in.Payment != "" {
		p.Invoice, p.Reference = in.Reference, in.Payment
	}
	return p
}

// foldSubscription returns the anchor as it shall be, and the change that makes it so. A subscription that ended in its trial
// ends the payment too. Where the first invoice has an object, only that object can tell whether it was paid before the end.
func foldSubscription(rec Record, sub SubscriptionSnapshot, now time.Time) (Record, Change) {
	before := rec.Payment
	p := subscribed(before, sub)
	waiting := p.Reference == "" && (p.Status == StatusCreated || p.Status == StatusRequiresAction || p.Status == StatusDeclined)
	switch {
	case waiting && sub.Status == SubscriptionIncompleteExpired:
		p.Status, p.Live = StatusExpired, false
	case waiting && sub.Status == SubscriptionCanceled:
		p.Status, p.Live = StatusCanceled, false
	}
	change := Change{}
	rec.Transactions = slices.Clone(rec.Transactions)
	for i := range rec.Transactions {
		if tx := &rec.Transactions[i]; tx.Open() && tx.Kind == KindCancel && (sub.Status.Ended() || sub.CancelAtPeriodEnd && tx.Message == reasonPeriodEnd) {
			tx.close(OutcomeApplied, now)
			tx.Reference = sub.Reference
			change.Transactions = append(change.Transactions, *tx)
		}
	}
	if p != before {
		p.UpdatedAt = now
	}
	if p.SubscriptionStatus != before.SubscriptionStatus || p.CancelAtPeriodEnd != before.CancelAtPeriodEnd {
		change.Events = append(change.Events, Event{UID: newUID(now), Namespace: p.Namespace, Type: "subscription." + string(sub.Status),
			PaymentUID: p.UID, OrderID: p.OrderID, Previous: before.Status, Status: before.Status, SubscriptionStatus: sub.Status,
			Amount: p.Amount, Captured: p.Captured, Refunded: p.Refunded, CreatedAt: now})
	}
	if p.Status != before.Status {
		if e, ok := event(before, p, now); ok {
			change.Events = append(change.Events, e)
		}
	}
	rec.Payment, change.Payment = p, p
	return rec, change
}

// rejected returns the change after the gateway definitely did not do what the record's last transaction asked.
func rejected(rec Record, cause error, now time.Time) Change {
	p, tx := rec.Payment, *rec.last()
	p.Tries = 0
	answer := answerOf(cause)
	tx.close(OutcomeNotApplied, now)
	tx.DeclineCode, tx.GatewayCode, tx.Message, tx.RequestID = answer.DeclineCode, answer.GatewayCode, answer.Message, answer.RequestID
	change := Change{Transactions: []Transaction{tx}}
	switch tx.Kind {
	case KindAuthorize:
		before := p
		if answer.Code == ErrDeclined {
			p.Status, p.DecidedAt = StatusDeclined, now
			p.DeclineCode, p.GatewayCode, p.Message = answer.DeclineCode, answer.GatewayCode, answer.Message
			if e, ok := event(before, p, now); ok {
				change.Events = []Event{e}
			}
		} else if p.Status == StatusUnknown {
			p.Status = StatusCreated
		}
	case KindRefund:
		r := rec.refund(tx.RefundUID)
		r.Status, r.UpdatedAt = RefundFailed, now
		change.Refunds = []Refund{r}
	case KindVoid, KindCancel:
		p.Tries = rec.refusals()
	case KindCapture: // the payment stays what it was
	}
	p.UpdatedAt = now
	change.Payment = p
	return change
}

// endedWithout returns the change that ends a payment for which the gateway never made an object.
func endedWithout(p Payment, to Status, now time.Time) Change {
	before := p
	p.Status, p.Live, p.DueAt, p.UpdatedAt = to, false, time.Time{}, now
	change := Change{Payment: p}
	if e, ok := event(before, p, now); ok {
		change.Events = []Event{e}
	}
	return change
}
