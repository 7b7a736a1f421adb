package payments

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type detachedKey struct{}

// detach returns a context that no longer listens to the caller's cancellation, only to our own deadline: from the first
// byte to the gateway until the outcome is stored, the work goes on.
func (s *Service) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Value(detachedKey{}) != nil {
		return ctx, func() {}
	}
	ctx = context.WithValue(context.WithoutCancel(ctx), detachedKey{}, true)
	return context.WithTimeout(ctx, s.opts.RequestTimeout)
}

// maxRateLimited is how often a call that the gateway refused to begin is tried again.
const maxRateLimited = 2

// call makes one call to the gateway within its time-out. A panic, and an error that does not say what happened, are an
// unknown outcome. A call that the gateway refused to begin because of too many requests is tried again a little later, while
// the lease lasts.
func (s *Service) call(ctx context.Context, step string, do func(context.Context) (Snapshot, error)) (Snapshot, error) {
	began := s.now()
	for try := 0; ; try++ {
		snap, err := s.callOnce(ctx, step, do)
		if try == maxRateLimited || !errors.Is(err, ErrRateLimited) || OutcomeOf(err) != OutcomeNotApplied {
			return snap, err
		}
		if !s.sleep(ctx, time.Duration(try+1)*retryPause) || s.now().Sub(began) >= s.leaseTime() {
			return snap, err
		}
	}
}

// retryPause is the pause before the second try of a call; it grows with each.
const retryPause = 100 * time.Millisecond

// sleep waits, and reports whether ctx is still there.
func (s *Service) sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-s.opts.Clock.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (s *Service) callOnce(ctx context.Context, step string, do func(context.Context) (Snapshot, error)) (snap Snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.GatewayTimeout)
	defer cancel()
	defer func() {
		// The panic's value may hold a secret: only its type is told.
		if r := recover(); r != nil {
			s.opts.Logger.ErrorContext(ctx, "the gateway panicked", "step", step, "type", fmt.Sprintf("%T", r))
			snap, err = Snapshot{}, &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway failed"}
		}
		s.line.heard(err)
	}()
	snap, err = do(ctx)
	if err == nil {
		return snap, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = NewError(Error{Code: ErrUnavailable, Message: "the gateway cannot be reached"}, err)
	}
	named := *e
	named.Op, named.Gateway = step, s.gateway.Name()
	s.opts.Logger.WarnContext(ctx, "gateway call", "step", step, "code", string(named.Code), "outcome", named.Outcome.String(),
		"gateway_code", named.GatewayCode, "decline_code", named.DeclineCode, "request_id", named.RequestID)
	return snap, &named
}

func (p Payment) ref() PaymentRef {
	return PaymentRef{PaymentUID: p.UID, OrderID: p.OrderID, Account: p.Account}
}

// fetch reads the gateway's truth about the payment. Where the gateway knows no object by the id that it once answered,
// it is asked by our own reference: the object that carries it is the payment's.
func (s *Service) fetch(ctx context.Context, p Payment) (Snapshot, error) {
	snap, err := s.fetchOnce(ctx, p)
	if p.Reference != "" && errors.Is(err, ErrPaymentNotFound) {
		unknown := p.Reference
		p.Reference = ""
		var found Snapshot
		if found, err = s.fetchOnce(ctx, p); err != nil || replaces(p, unknown, found) {
			snap = found
		} else {
			err = &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway does not find the payment, and names another"}
		}
	}
	if err == nil && !readable(p, snap) {
		err = &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway's answer cannot be used"}
	}
	return snap, err
}

// replaces reports whether an object that carries our reference may be the payment's in place of the one by whose id the gateway knows
// none. That is not what has the same id; and once the payment went on, nothing that lies unused: a lost answer leaves such an object,
// and the one that the payer has may be found again.
func replaces(p Payment, unknown string, found Snapshot) bool {
	switch {
	case found.Reference == unknown:
		return false
	case p.Status == StatusUnknown:
		return true
	case p.Attempt != "":
		return found.Attempt == p.Attempt
	default:
		return found.Status != StatusCreated || p.Status == StatusCreated
	}
}

func (s *Service) fetchOnce(ctx context.Context, p Payment) (Snapshot, error) {
	return s.call(ctx, "fetch", func(ctx context.Context) (Snapshot, error) {
		return s.gateway.Fetch(ctx, FetchRequest{PaymentRef: p.ref(), Reference: p.Reference})
	})
}

// authorize asks a gateway without intents for the money.
func (c *charge) authorize(ctx context.Context, rec Record, req PayRequest) (Snapshot, error) {
	tx := rec.last()
	return c.call(ctx, "authorize", func(ctx context.Context) (Snapshot, error) {
		return c.gateway.Authorize(ctx, AuthorizeRequest{PaymentRef: rec.Payment.ref(), Key: tx.key("authorize"), Amount: tx.Amount,
			Source: req.Source, Capture: !c.opts.ManualCapture, Description: c.order.Description, Payer: req.Payer, Saving: req.Saving})
	})
}

// maxPrepare is how often an intent is tried to be made: it moves no money, so a lost answer is no doubt.
const maxPrepare = 3

// prepareAgain waits, and reports whether what failed may be tried again under the same key: not once the lease has ended,
// for the payment may be another's by then, and the gateway may have forgotten the key of a process that was suspended.
func (s *Service) prepareAgain(ctx context.Context, try int, began time.Time, err error) bool {
	if try == maxPrepare || OutcomeOf(err) != OutcomeUnknown || !s.sleep(ctx, time.Duration(try)*retryPause) {
		return false
	}
	return s.now().Sub(began) < s.leaseTime()
}

// prepare makes or changes the gateway's object, again under the same key when the answer is lost.
func (c *charge) prepare(ctx context.Context, rec Record, req PayRequest) (Snapshot, error) {
	p, tx := rec.Payment, rec.last()
	amount, saving := tx.Amount, req.Saving
	if p.anchor() {
		amount, saving.OffSession = Money{}, false // an invoice's amount is the plan's, and its way to pay is kept for the later ones
	}
	began := c.now()
	for try := 1; ; try++ {
		snap, err := c.call(ctx, "prepare", func(ctx context.Context) (Snapshot, error) {
			return c.intents.Prepare(ctx, PrepareRequest{PaymentRef: p.ref(), Key: tx.key("prepare"), Reference: p.Reference, Amount: amount,
				Source: req.Source, Capture: !c.opts.ManualCapture, Description: c.order.Description, Payer: req.Payer, Saving: saving})
		})
		if err == nil && (!readable(p, snap) || differs(p, snap, c.opts.LiveMode) != "") {
			err = &Error{Code: ErrUnavailable, Gateway: c.gateway.Name(), Message: "the gateway's answer does not fit the order"}
		}
		if err == nil || !c.prepareAgain(ctx, try, began, err) {
			return snap, err
		}
	}
}

// confirm asks for the money with what is attached to the object.
func (s *Service) confirm(ctx context.Context, rec Record, tx Transaction) (Snapshot, error) {
	return s.call(ctx, "confirm", func(ctx context.Context) (Snapshot, error) {
		return s.intents.Confirm(ctx, ConfirmRequest{PaymentRef: rec.Payment.ref(), Key: tx.key("confirm"), Reference: rec.Payment.Reference,
			OffSession: tx.OffSession})
	})
}

// send makes the request of an open transaction that works on a known object. Sending it again cannot move money twice: the
// object is confirmed, captured and canceled at most once, and a refund goes under its old key.
func (s *Service) send(ctx context.Context, rec Record, tx Transaction) (Snapshot, error) {
	p, key := rec.Payment, tx.key(string(tx.Kind))
	switch tx.Kind {
	case KindAuthorize:
		return s.confirm(ctx, rec, tx)
	case KindCapture:
		return s.call(ctx, "capture", func(ctx context.Context) (Snapshot, error) {
			return s.gateway.Capture(ctx, CaptureRequest{PaymentRef: p.ref(), Key: key, Reference: p.Reference, Amount: tx.Amount})
		})
	case KindVoid:
		return s.call(ctx, "void", func(ctx context.Context) (Snapshot, error) {
			return s.gateway.Void(ctx, VoidRequest{PaymentRef: p.ref(), Key: key, Reference: p.Reference})
		})
	case KindRefund:
		if s.now().Sub(tx.CreatedAt) >= keyLife { // looked at once more: the process may have stood still since it decided
			return Snapshot{}, &Error{Code: ErrUnknown, Gateway: s.gateway.Name(), Message: StatusUnknown.Answer().Message}
		}
		return s.call(ctx, "refund", func(ctx context.Context) (Snapshot, error) {
			return s.gateway.Refund(ctx, RefundRequest{PaymentRef: p.ref(), Key: key, Reference: p.Reference,
				RefundUID: tx.RefundUID, Amount: tx.Amount, Reason: rec.refund(tx.RefundUID).Reason})
		})
	default:
		return Snapshot{}, &Error{Code: ErrInternal, Outcome: OutcomeNotApplied, Message: "a transaction of an unknown kind"}
	}
}
