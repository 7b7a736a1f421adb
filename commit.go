package payments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// leaseMargin is how much longer than one call to the gateway a lease lasts.
const leaseMargin = 5 * time.Second

// leaseTime is how long a payment stays leased across one call to the gateway.
func (s *Service) leaseTime() time.Duration { return s.opts.GatewayTimeout + leaseMargin }

// hold writes a change after which the gateway is called: the payment stays leased to this request. The record is brought
// up to what was stored.
func (c *charge) hold(ctx context.Context, rec *Record, change Change) error {
	return c.Service.hold(ctx, c.owner, rec, change)
}

func (s *Service) hold(ctx context.Context, owner string, rec *Record, change Change) error {
	change.Lease, change.LeaseOwner = s.leaseTime(), owner
	p, err := s.store.Apply(ctx, change)
	if err == nil {
		rec.Payment = p
	}
	return err
}

// lease takes the payment for the owner, and returns the record as it is then. It answers errBusy when another holds it.
func (s *Service) lease(ctx context.Context, rec Record, owner string) (Record, error) {
	got, err := s.store.Lease(ctx, LeaseRequest{Namespace: s.opts.Namespace, UID: rec.Payment.UID, Owner: owner, For: s.leaseTime(), Limit: 1})
	if err != nil {
		return rec, err
	}
	if len(got) == 0 {
		return rec, errBusy
	}
	if got[0].Version != rec.Payment.Version+1 {
		return s.store.Find(ctx, Query{Namespace: s.opts.Namespace, UID: rec.Payment.UID})
	}
	rec.Payment = got[0]
	return rec, nil
}

// The tries to write what the gateway has answered before the answer is left to Reconcile.
const (
	maxPersist     = 3
	persistTimeout = 5 * time.Second
)

// persist writes a change that follows an answer of the gateway's; before is the payment that was read. It tries again
// while the database cannot be reached, also past the request's own deadline: what was answered must not be lost.
func (s *Service) persist(ctx context.Context, before Payment, change Change) (Payment, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), persistTimeout)
	defer cancel()
	for try := 1; ; try++ {
		p, err := s.commit(ctx, before, change)
		if err == nil || try == maxPersist || errors.Is(err, ErrStale) || ctx.Err() != nil {
			return p, err
		}
		if !s.sleep(ctx, time.Duration(try)*retryPause) {
			return p, err
		}
	}
}

// commit writes a change and tells the host, in one transaction. When the host's hook fails, what the gateway answered is
// written alone, and the payment is due again soon: status and hook are tried until they commit together.
func (s *Service) commit(ctx context.Context, before Payment, change Change) (Payment, error) {
	change.Hook = s.hook(change.Events)
	p, err := s.store.Apply(ctx, change)
	if !errors.Is(err, ErrHook) {
		return p, err
	}
	s.opts.Logger.ErrorContext(ctx, "OnEvent failed; it is tried again", "payment", before.UID, "tries", before.Tries+1)
	return s.store.Apply(ctx, s.withoutHook(before, change))
}

// maxHook is after how many failures of OnEvent an operator is told.
const maxHook = 5

// withoutHook returns the change that keeps only what the gateway answered: the transactions and refunds, and on the
// payment what does not decide its status.
func (s *Service) withoutHook(before Payment, change Change) Change {
	p, answered := before, change.Payment
	switch {
	case p.Secured() || p.Status == StatusHeld || p.Status == answered.Status:
	case answered.Reference != "":
		p.Status, p.Message = StatusUnknown, ""
	case p.Status == StatusUnknown:
		p.Status = StatusCreated // the gateway refused, and has no object that could be read again
	}
	p.Reference, p.Attempt, p.Method, p.DecidedAt = answered.Reference, answered.Attempt, answered.Method, answered.DecidedAt
	p.UpdatedAt, p.Tries, p.DueAt = answered.UpdatedAt, before.Tries+1, s.later(before.Tries)
	kept := Change{Payment: p, Transactions: change.Transactions, Refunds: change.Refunds, Key: change.Key, Breaks: change.Breaks}
	if p.Tries == maxHook {
		kept.Breaks = append(kept.Breaks, s.newBreak(BreakHook, p, "OnEvent fails for "+change.Events[0].Type))
	}
	return kept
}

// hook returns the call of OnEvent for the events, nil when there is nothing to tell.
func (s *Service) hook(events []Event) func(context.Context) error {
	if s.opts.OnEvent == nil || len(events) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		for _, e := range events {
			if err := s.tell(withinTransaction(ctx), e); err != nil {
				return err
			}
		}
		return nil
	}
}

// tell calls OnEvent. A panic is an error; its value may hold anything, so only its type is told.
func (s *Service) tell(ctx context.Context, e Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("payments: OnEvent panicked with a %T", r)
		}
	}()
	return s.opts.OnEvent(ctx, e)
}

// newBreak returns a break to be inserted.
func (s *Service) newBreak(kind BreakKind, p Payment, detail string) Break {
	now := s.now()
	return Break{UID: newUID(now), Namespace: p.Namespace, Kind: kind, PaymentUID: p.UID, OrderID: p.OrderID, Detail: detail, CreatedAt: now}
}

// schedule is when Reconcile looks again, after each look that brought no end.
var schedule = []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour}

// later returns the time of the next look after so many tries.
func (s *Service) later(tries int) time.Time {
	return s.now().Add(schedule[min(tries, len(schedule)-1)])
}

// soon is when Reconcile may look at a payment whose request is under way: not before the request has ended by itself.
func (s *Service) soon() time.Time { return s.now().Add(s.opts.RequestTimeout + leaseMargin) }

// next returns when Reconcile looks at the payment after a change; zero is never.
func (s *Service) next(rec Record, p Payment) time.Time {
	now := s.now()
	switch {
	case rec.open() || p.Status == StatusUnknown || p.Status == StatusProcessing || p.Status == StatusHeld && p.GatewayCode == codeReview:
		return s.later(p.Tries)
	case p.anchor() && !p.SubscriptionStatus.Ended() && (p.SubscriptionStatus != SubscriptionIncomplete || p.Secured()):
		return now.Add(24 * time.Hour) // the next invoice may come without its event
	case p.Status == StatusCreated || p.Status == StatusRequiresAction || p.Status == StatusDeclined:
		if at := s.expiry(rec, p); at.After(now) {
			return earlier(s.later(p.Tries), at)
		}
		return s.later(p.Tries) // never in the past: Reconcile would not end
	case p.Status == StatusAuthorized || p.Status == StatusDisputed || recentRefund(rec, now):
		return now.Add(24 * time.Hour)
	default:
		return time.Time{}
	}
}

// expiry returns when a payment that waits for the payer is given up.
func (s *Service) expiry(rec Record, p Payment) time.Time {
	began := p.CreatedAt
	if last := lastAuthorize(rec); last.CreatedAt.After(began) {
		began = last.CreatedAt
	}
	return began.Add(s.opts.ExpireAfter)
}

// refundWatch is how long after a refund the gateway may still say that it failed.
const refundWatch = 30 * 24 * time.Hour

// recentRefund reports whether a refund may still fail.
func recentRefund(rec Record, now time.Time) bool {
	return slices.ContainsFunc(rec.Refunds, func(r Refund) bool { return r.Status.Counts() && now.Sub(r.CreatedAt) < refundWatch })
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
