package payments

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The tries to write what the gateway has answered before the answer is left to Reconcile.
const (
	maxPersist     = 3
	persistTimeout = 5 * time.Second
)

// persist writes a change that follows an answer of the gateway's; before is the payment that was read. It tries again
// while the database cannot be reached, also past the request's own deadline: what was answered must not be lost.
func (s *Service) persist(ctx context.Context, before Payment, change Change) (Payment, error) {
	ctx, cancel := afresh(ctx)
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

// afresh returns a context with a deadline of its own, for what must be written or read however long the work before it took.
func afresh(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), persistTimeout)
}

// commit writes a change and tells the host, in one transaction. When the host's hook fails, what the gateway answered is
// written alone, and the payment is due again soon: status and hook are tried until they commit together.
func (s *Service) commit(ctx context.Context, before Payment, change Change) (Payment, error) {
	change.Hook = s.hook(change.Events)
	p, err := s.store.Apply(ctx, change)
	if !errors.Is(err, ErrHook) {
		return p, err
	}
	ctx, cancel := afresh(ctx) // OnEvent may have waited for a lock until the deadline
	defer cancel()
	kept, err := s.withoutHook(ctx, before, change)
	if err != nil {
		return p, err
	}
	s.opts.Logger.ErrorContext(ctx, "OnEvent failed; it is tried again", "payment", before.UID, "tries", kept.Payment.Tries)
	return s.store.Apply(ctx, kept)
}

// maxHook is after how many failures of OnEvent, for one thing that it is told, an operator is told.
const maxHook = 5

// withoutHook returns the change that keeps only what the gateway answered: the transactions and refunds, and on the
// payment what does not decide its status.
func (s *Service) withoutHook(ctx context.Context, before Payment, change Change) (Change, error) {
	failures, err := s.hookFailures(ctx, before, change.Events[0])
	if err != nil {
		return Change{}, err
	}
	p, answered := before, change.Payment
	switch {
	case p.Secured() || p.Status == StatusHeld || p.Status == answered.Status:
	case answered.Reference != "":
		p.Status, p.Message = StatusUnknown, ""
	case p.Status == StatusUnknown:
		p.Status = StatusCreated // the gateway refused, and has no object that could be read again
	}
	if answered.Subscription == before.Subscription { // else it is taken on as a whole, or not at all
		p.Reference, p.Invoice = answered.Reference, answered.Invoice
	}
	if before.unbegun() {
		p.CancelAtPeriodEnd = answered.CancelAtPeriodEnd // a trial that goes on is not given up
	}
	p.Attempt, p.Method, p.DecidedAt = answered.Attempt, answered.Method, answered.DecidedAt
	p.UpdatedAt = answered.UpdatedAt
	kept := Change{Transactions: change.Transactions, Refunds: change.Refunds, Breaks: change.Breaks}
	failed := int(failures.Version)
	if failed > 0 && before.DueAt.After(s.now()) {
		// A payer who asks again and again must not bring the next look to a day from now.
		p.DueAt = earlier(before.DueAt, s.later(failed))
		kept.Payment = p
		return kept, nil
	}
	p.Tries, p.DueAt = failed+1, s.later(failed)
	kept.Payment, kept.Key = p, &failures
	if p.Tries == maxHook {
		kept.Breaks = append(kept.Breaks, s.newBreak(BreakHook, p, "OnEvent fails for "+change.Events[0].Type))
	}
	return kept, nil
}

// hookKept is how long OnEvent's failures are counted together: longer than the longest pause between two tries.
const hookKept = 48 * time.Hour

// hookFailures returns the record that counts how often OnEvent has failed for one thing that it is told: its Version is how often.
// The payment's own tries cannot tell that, for they count looks as well: those before there was anything to tell, and those that
// found no gateway since.
func (s *Service) hookFailures(ctx context.Context, p Payment, e Event) (KeyRecord, error) {
	now := s.now()
	id := KeyID{Namespace: p.Namespace, Verb: "hook", Key: p.UID + " " + e.Type + " " + strconv.FormatInt(e.Refunded, 10)}
	rec, err := s.store.FindKey(ctx, id)
	if errors.Is(err, ErrPaymentNotFound) {
		rec, err = KeyRecord{KeyID: id, PaymentUID: p.UID, CreatedAt: now}, nil
	}
	rec.ExpiresAt = now.Add(hookKept)
	return rec, err
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
		return ctx.Err() // what took too long cannot be committed any more, whatever it answers
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
