package payments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Run keeps the rows in step with the gateway until ctx ends, and answers ctx's error then: it calls Reconcile every
// Options.ReconcileEvery, Prune every hour, and once a day, in one of the processes, Audit over the day before. An error of one of them is
// logged, and it goes on; an audit that failed is made again an hour later, and one that nobody made for two days more. Any number of
// processes may run it.
//
//	go service.Run(ctx)
func (s *Service) Run(ctx context.Context) error {
	var pruned time.Time
	reconcile := func() {
		s.keep(ctx, "reconcile", func() error { _, err := s.Reconcile(ctx); return err })
	}
	for ctx.Err() == nil {
		reconcile()
		if now := s.now(); now.Sub(pruned) >= pruneEvery || now.Before(pruned) {
			pruned = now
			s.keep(ctx, "prune", func() error { _, err := s.Prune(ctx); return err })
			// An audit reads all that was charged in days: no doubt waits for its end.
			s.keep(ctx, "audit", func() error { return s.auditDaily(ctx, reconcile) })
		}
		s.sleep(ctx, s.opts.ReconcileEvery)
	}
	return ctx.Err()
}

// keep does one thing of Run's. Neither its error nor a panic of the host's store ends Run; a panic's value may hold anything, so only its
// type is told.
func (s *Service) keep(ctx context.Context, what string, do func() error) {
	defer func() {
		if r := recover(); r != nil {
			s.opts.Logger.ErrorContext(ctx, what+" panicked; it is tried again", "type", fmt.Sprintf("%T", r))
		}
	}()
	if err := do(); err != nil && ctx.Err() == nil {
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

// auditDays is how many days are audited: today's, and those before it whose audit failed until their end, or which nobody was
// there to make.
const auditDays = 3

// auditDaily audits what is not audited yet, and calls between after each page of charges.
func (s *Service) auditDaily(ctx context.Context, between func()) error {
	if _, ok := CapabilityOf[ChargeLister](s.gateway); !ok {
		return nil
	}
	var errs []error
	today := s.now().Truncate(24 * time.Hour)
	for back := range auditDays {
		errs = append(errs, s.auditDay(ctx, today.AddDate(0, 0, -back), between))
	}
	return errors.Join(errs...)
}

// auditDay audits one day, from the day before yesterday's end to an hour ago as its first hour sees it, in the one process that
// claims it.
func (s *Service) auditDay(ctx context.Context, day time.Time, between func()) error {
	claim, err := s.claimAudit(ctx, day)
	if errors.Is(err, ErrStale) {
		return nil // another process has it
	}
	var report AuditReport
	if err == nil {
		report, err = s.auditSpan(ctx, day.Add(-25*time.Hour), day.Add(-time.Hour), between)
	}
	if err == nil {
		claim.Answer, err = json.Marshal(report)
	}
	if err != nil {
		return err
	}
	claim.ExpiresAt = day.Add(auditDays * 24 * time.Hour)
	return s.audited(ctx, claim)
}

// claimAudit claims a day's audit. The claim is an idempotency record like any other, so that nothing else has to be kept: its answer
// is the report. Without one it expires after an hour, for who made it may have failed, or died, and the next process takes it over.
// It answers ErrStale for a day that is audited, or is being audited.
func (s *Service) claimAudit(ctx context.Context, day time.Time) (KeyRecord, error) {
	now := s.now()
	id := KeyID{Namespace: s.opts.Namespace, Verb: "audit", Key: strings.TrimSpace(s.gateway.Name()+" "+s.opts.Account) + " " + day.Format(time.DateOnly)}
	claim, err := s.store.FindKey(ctx, id)
	switch {
	case errors.Is(err, ErrPaymentNotFound):
		claim = KeyRecord{KeyID: id, CreatedAt: now}
	case err != nil:
		return claim, err
	case len(claim.Answer) > 0 || claim.ExpiresAt.After(now):
		return claim, ErrStale
	}
	claim.ExpiresAt = now.Add(pruneEvery)
	_, err = s.store.Apply(ctx, Change{Key: &claim})
	claim.Version++
	return claim, err
}

// audited marks a day as audited, also where its audit took so long that another process has taken the claim over, or deleted it.
func (s *Service) audited(ctx context.Context, claim KeyRecord) error {
	ctx, cancel := afresh(ctx)
	defer cancel()
	for range maxFolds {
		_, err := s.store.Apply(ctx, Change{Key: &claim})
		if !errors.Is(err, ErrStale) {
			return err
		}
		found, err := s.store.FindKey(ctx, claim.KeyID)
		if err != nil && !errors.Is(err, ErrPaymentNotFound) || len(found.Answer) > 0 {
			return err
		}
		claim.Version = found.Version
	}
	return ErrStale
}
