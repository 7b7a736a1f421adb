package payments

import (
	"context"
	"errors"
	"time"
)

// Run keeps the rows in step with the gateway until ctx ends, and answers ctx's error then: it calls Reconcile every
// Options.ReconcileEvery, Prune every hour, and once a day, in one of the processes, Audit over the day before. An error of one of them is
// logged, and it goes on. Any number of processes may run it.
//
//	go service.Run(ctx)
func (s *Service) Run(ctx context.Context) error {
	var pruned time.Time
	for ctx.Err() == nil {
		if _, err := s.Reconcile(ctx); err != nil {
			s.upkeepFailed(ctx, "reconcile", err)
		}
		if now := s.now(); now.Sub(pruned) >= pruneEvery || now.Before(pruned) {
			pruned = now
			if _, err := s.Prune(ctx); err != nil {
				s.upkeepFailed(ctx, "prune", err)
			}
			if err := s.auditDaily(ctx); err != nil {
				s.upkeepFailed(ctx, "audit", err)
			}
		}
		s.sleep(ctx, s.opts.ReconcileEvery)
	}
	return ctx.Err()
}

func (s *Service) upkeepFailed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.opts.Logger.ErrorContext(ctx, what+" failed; it is tried again", "err", err)
	}
}

const (
	pruneEvery = time.Hour
	pruneBatch = 1000
	// inboxKept is how long an event that is done is known: a gateway sends one again for days (Stripe: three), and an
	// operator may for longer.
	inboxKept = 30 * 24 * time.Hour
)

// Prune deletes the idempotency records that have expired, and the gateway's events that were done 30 days ago; payments,
// the outbox and breaks are never deleted. It returns how many rows that were. Run calls it.
func (s *Service) Prune(ctx context.Context) (int64, error) {
	now, total := s.now(), int64(0)
	for {
		n, err := s.store.Prune(ctx, PruneRequest{Namespace: s.opts.Namespace, KeysExpired: now, InboxDone: now.Add(-inboxKept), Limit: pruneBatch})
		if total += n; err != nil || n == 0 {
			return total, s.fail("prune", err)
		}
	}
}

// auditDaily audits the day before yesterday's end to an hour ago in the one process that claims the day: the claim is an
// idempotency record like any other, so that nothing else has to be kept.
func (s *Service) auditDaily(ctx context.Context) error {
	if _, ok := CapabilityOf[ChargeLister](s.gateway); !ok {
		return nil
	}
	now := s.now()
	day := now.Truncate(24 * time.Hour)
	claim := KeyRecord{KeyID: KeyID{Namespace: s.opts.Namespace, Verb: "audit", Key: s.gateway.Name() + " " + day.Format(time.DateOnly)},
		CreatedAt: now, ExpiresAt: day.Add(48 * time.Hour)}
	if _, err := s.store.Apply(ctx, Change{Key: &claim}); err != nil {
		if errors.Is(err, ErrStale) {
			return nil // another process has today's
		}
		return err
	}
	_, err := s.Audit(ctx, day.Add(-25*time.Hour), day.Add(-time.Hour))
	return err
}
