package payments

import (
	"context"
	"errors"
)

// maxFolds is how often a fold starts again because the payment moved meanwhile.
const maxFolds = 10

// settle takes the answer to a request that moves money: it folds a definite one. It answers ErrUnknown, and leaves the
// transaction open, for every answer that is no evidence.
func (s *Service) settle(ctx context.Context, rec Record, snap Snapshot, err error) (Record, error) {
	said := err == nil || errors.Is(err, ErrDeclined) && snap.Reference != ""
	switch {
	case said && s.answers(rec.Payment, snap):
		if evidence(*rec.last(), snap, true) == OutcomeUnknown {
			return rec, unknown(rec.Payment)
		}
		after, _, err := s.foldIn(ctx, rec, snap, folding{direct: true})
		return after, err
	case err != nil && OutcomeOf(err) == OutcomeNotApplied:
		change := rejected(rec, err, s.now())
		change.Payment.DueAt = s.next(rec, change.Payment)
		p, storeErr := s.persist(ctx, rec.Payment, change)
		if storeErr != nil {
			return rec, unknown(rec.Payment)
		}
		rec.Payment = p
		return rec, err
	default:
		return rec, NewError(Error{Code: ErrUnknown, Gateway: s.gateway.Name(), Replayed: answerOf(err).Replayed,
			Message: StatusUnknown.Answer().Message}, err)
	}
}

// foldIn folds a snapshot that was read after the record, and writes the difference. When the payment moved meanwhile it
// reads both again: no order of answers, events and looks can bring an older truth over a newer one.
func (s *Service) foldIn(ctx context.Context, rec Record, snap Snapshot, how folding) (Record, Snapshot, error) {
	for range maxFolds {
		held, err := s.judge(ctx, &rec, &snap, how)
		if err != nil {
			return rec, snap, err
		}
		f := how
		f.rec, f.snap, f.now, f.held = rec, snap, s.now(), held
		after, change := f.fold()
		if !f.changed(after, change) && rec.Payment.LeaseOwner == "" {
			return rec, snap, nil
		}
		change.Payment.DueAt = s.dueAfter(rec, after, change)
		p, err := s.persist(ctx, rec.Payment, change)
		if err == nil {
			after.Payment = p
			return after, snap, nil
		}
		if !errors.Is(err, ErrStale) {
			return rec, snap, s.unwritten(ctx, rec, err)
		}
		how.direct = false
		again, err := s.store.Find(ctx, Query{Namespace: rec.Payment.Namespace, UID: rec.Payment.UID})
		if err != nil {
			return rec, snap, s.unwritten(ctx, rec, err)
		}
		rec = again
		if snap, err = s.fetch(ctx, rec.Payment); err != nil {
			return rec, snap, err
		}
	}
	return rec, snap, ErrStale
}

// unwritten answers when the gateway's answer could not be written: the transaction stays open, and Reconcile asks again.
func (s *Service) unwritten(ctx context.Context, rec Record, err error) error {
	s.opts.Logger.ErrorContext(ctx, "the gateway's answer could not be written; it is asked again", "payment", rec.Payment.UID, "err", err)
	return NewError(Error{Code: ErrUnknown, Message: StatusUnknown.Answer().Message}, err)
}

// judge tells why the payment must be held, and refuses a snapshot that is not of this payment. What would hold a payment
// is read a second time first: an operator has to end it.
func (s *Service) judge(ctx context.Context, rec *Record, snap *Snapshot, how folding) (held string, err error) {
	p := rec.Payment
	secured := snap.Status == StatusAuthorized || snap.Status == StatusPaid
	switch {
	case secured && (how.accept || p.Status == StatusHeld):
		return s.twice(ctx, p, snap)
	case how.accept || p.Status == StatusHeld || snap.Status == StatusCanceled:
		return "", nil
	case !secured && !owns(p, *snap),
		secured && p.Secured() && differs(p, *snap, s.opts.LiveMode) != "":
		return "", &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway's answer does not fit the payment"}
	case !secured || p.Secured():
		return "", nil
	case p.Subscription != "" && !p.anchor(): // no order says what a later invoice is over, so one more answer must
		if err = s.fetchSame(ctx, p, snap); err != nil {
			return "", err
		}
	}
	if held, err = s.mismatch(ctx, p, *snap); held == "" || err != nil {
		return "", err
	}
	if err = s.fetchSame(ctx, p, snap); err != nil {
		return "", err
	}
	return s.mismatch(ctx, p, *snap)
}

// twice reads what would end a hold a second time. Where it is over another amount than what is held, that is what is held from now
// on: the hold ends by answers that fit.
func (s *Service) twice(ctx context.Context, p Payment, snap *Snapshot) (held string, err error) {
	if err = s.fetchSame(ctx, p, snap); err != nil || snap.Amount == p.Amount {
		return "", err
	}
	return differs(p, *snap, s.opts.LiveMode), nil
}

// fetchSame reads once more what an operator would have to decide about. One answer that is wrong decides nothing.
func (s *Service) fetchSame(ctx context.Context, p Payment, snap *Snapshot) error {
	first := *snap
	var err error
	if *snap, err = s.fetch(ctx, p); err != nil {
		return err
	}
	if snap.Status != first.Status || snap.Amount != first.Amount || snap.Captured != first.Captured || snap.OrderID != first.OrderID || snap.PaymentUID != first.PaymentUID {
		return &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway does not answer the same twice"}
	}
	return nil
}

// mismatch compares what the gateway secured with what the order asks, at the first success and never again.
func (s *Service) mismatch(ctx context.Context, p Payment, snap Snapshot) (string, error) {
	if reason := differs(p, snap, s.opts.LiveMode); reason != "" {
		return reason, nil
	}
	if p.Subscription != "" && !p.anchor() {
		return "", nil // a later invoice is the plan's, not the order's
	}
	order, err := s.hostOrder(ctx, p.OrderID)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return "the order is gone", nil
	case errors.Is(err, ErrOrderClosed):
		return "the order was closed before it was paid", nil
	case err != nil:
		return "", NewError(Error{Code: ErrUnknown, Message: "the order cannot be read now"}, err)
	case p.anchor() && order.Recurring == nil:
		return "the order is to be paid once, the payer began a subscription", nil
	case !p.anchor() && order.Recurring != nil:
		return "the order is a recurring one, the payer paid once", nil
	case order.Total != snap.Amount:
		return "the order asks " + order.Total.String() + ", the payer confirmed " + snap.Amount.String(), nil
	default:
		return "", nil
	}
}

// readable reports whether the snapshot is a truth about this payment's object at all.
func readable(p Payment, snap Snapshot) bool {
	switch snap.Status {
	case StatusCreated, StatusRequiresAction, StatusProcessing, StatusAuthorized, StatusDeclined, StatusCanceled:
	case StatusPaid:
		if snap.Captured <= 0 {
			return false
		}
	default:
		return false
	}
	return snap.Reference != "" && (p.Reference == "" || p.Reference == snap.Reference)
}

// owns reports whether the gateway's object is this payment's. That of an invoice is not one's that holds an order and has no subscription. What the gateway made for an invoice of a subscription carries
// no reference of ours: it was found by the subscription, which does.
func owns(p Payment, snap Snapshot) bool {
	if p.Live && p.Subscription == "" && snap.Subscription != "" {
		return false
	}
	if p.Subscription != "" && snap.PaymentUID == "" && snap.OrderID.IsZero() {
		return true
	}
	return snap.PaymentUID == p.UID && snap.OrderID == p.OrderID
}

// answers reports whether the snapshot can be the answer to a request of the payment's. Of an object that is canceled it does not matter
// for how much it was: the payer may never have got to see its last price.
func (s *Service) answers(p Payment, snap Snapshot) bool {
	return readable(p, snap) && (differs(p, snap, s.opts.LiveMode) == "" || snap.Status == StatusCanceled && owns(p, snap))
}

// differs tells in what the gateway's object is not the one that was asked for, and nothing when it is.
func differs(p Payment, snap Snapshot, liveMode bool) string {
	switch {
	case !owns(p, snap):
		return "the gateway's object carries another order or payment"
	case snap.Amount != p.Amount:
		return "the gateway's object is for " + snap.Amount.String() + ", the payment for " + p.Amount.String()
	case snap.LiveMode != liveMode:
		return "the gateway's object is not of the expected mode (live or test)"
	default:
		return ""
	}
}

// refresh reads the gateway's truth and folds it: that of the subscription first, where the payment began one.
func (s *Service) refresh(ctx context.Context, rec Record) (Record, Snapshot, error) {
	var todo *NextAction
	if rec.Payment.anchor() {
		after, sub, err := s.follow(ctx, rec)
		if err != nil || after.Payment.Reference == "" {
			return after, Snapshot{NextAction: sub.NextAction}, err
		}
		rec, todo = after, sub.NextAction
	}
	snap, err := s.fetch(ctx, rec.Payment)
	switch p := rec.Payment; {
	case err != nil:
		return rec, snap, err
	case p.Live && p.Reference == "" && p.Subscription == "" && snap.Subscription != "":
		return s.adopt(ctx, rec, snap.Subscription, snap.Status == StatusPaid)
	case !p.Live && p.Subscription == "" && snap.Subscription != "":
		if err = s.disown(ctx, p, snap.Subscription); err == nil {
			snap, err = s.fetch(ctx, p)
		}
		if err != nil {
			return rec, snap, err
		}
	}
	rec, snap, err = s.foldIn(ctx, rec, snap, folding{})
	if todo != nil {
		snap.NextAction = todo
	}
	return rec, snap, err
}
