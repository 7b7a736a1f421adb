package payments

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Report counts what a Reconcile did.
type Report struct {
	// Looked counts the payments that were due, Resolved those that left doubt, Pending those that stay due.
	Looked, Resolved, Pending int
}

// Reconcile looks at every payment that is due and leased to nobody: it seeks evidence for what is in doubt, folds what
// the gateway says of what is open, and gives up what nobody pays. It ends when nothing is due any more, or with ctx. Several
// processes may run it at once: each leases one payment at a time, so that a payer never waits for a batch. An error of one payment does not
// end it: it answers an error when the store fails, ErrUnavailable when ctx ends, and ErrInTransaction inside a transaction of the host's.
func (s *Service) Reconcile(ctx context.Context) (Report, error) {
	var report Report
	if err := s.enter(ctx); err != nil {
		return report, s.fail("reconcile", err)
	}
	owner, due := newUID(s.now()), s.now()
	var hastened error
	if err := s.drain(ctx, due); err != nil {
		return report, s.fail("reconcile", err)
	}
	for ctx.Err() == nil {
		due = earlier(due, s.now()) // a clock that was put back must not make due again what was postponed
		if err := s.hastenAfterOutage(ctx, due); err != nil {
			hastened = err // what is due is looked at all the same
		}
		leased, err := s.store.Lease(ctx, LeaseRequest{Namespace: s.opts.Namespace, DueBefore: due, Owner: owner,
			For: s.opts.RequestTimeout + leaseMargin, Limit: 1})
		if err != nil {
			return report, s.fail("reconcile", err)
		}
		if len(leased) == 0 {
			return report, s.fail("reconcile", hastened)
		}
		for _, p := range leased {
			report.Looked++
			after, err := s.look(ctx, owner, p)
			switch {
			case err != nil || after.Status == StatusUnknown:
				report.Pending++
				s.opts.Logger.WarnContext(ctx, "reconcile", "payment", p.UID, "status", after.Status.String(), "tries", after.Tries)
			default:
				report.Resolved++
			}
		}
	}
	return report, s.fail("reconcile", ctx.Err())
}

// hastenAfterOutage makes every doubt due once the gateway answers again, so that none waits for a day; at most once in
// hastenEvery, for a gateway that fails now and then is not down.
func (s *Service) hastenAfterOutage(ctx context.Context, due time.Time) error {
	if !s.line.answersAgain(due) {
		return nil
	}
	_, err := s.store.Hasten(ctx, s.opts.Namespace, due)
	if err != nil {
		s.line.failed()
	}
	return err
}

// look works on one leased payment.
func (s *Service) look(ctx context.Context, owner string, leased Payment) (Payment, error) {
	ctx, cancel := s.detach(ctx)
	defer cancel()
	rec, err := s.store.Find(ctx, Query{Namespace: leased.Namespace, UID: leased.UID})
	if err != nil {
		return leased, err
	}
	if rec.Payment.Version != leased.Version {
		return rec.Payment, nil // somebody else has it by now
	}
	p := rec.Payment
	waiting := (p.Status == StatusCreated || p.Status == StatusRequiresAction || p.Status == StatusDeclined) && (p.Subscription == "" || p.unbegun())
	switch expired := waiting && !s.now().Before(s.expiry(rec, p)); {
	case p.Status == StatusUnknown || rec.open():
		if rec, _, err = s.seek(ctx, owner, rec); errors.Is(err, ErrUnknown) && rec.Payment.holdsBySubscription() {
			// A doubt that stays, as that of a lost refund does, must not hide the invoices that come meanwhile.
			if after, _, followErr := s.follow(ctx, rec); followErr == nil {
				rec = after
			}
		}
	case expired && p.Reference == "" && !p.anchor():
		rec.Payment, err = s.persist(ctx, p, endedWithout(p, StatusExpired, s.now()))
	case expired:
		rec, err = s.expire(ctx, owner, rec)
	case p.Reference == "" && !p.anchor():
		rec.Payment, err = s.postpone(ctx, rec, nil)
	default:
		rec, err = s.watch(ctx, rec)
	}
	if errors.Is(err, ErrDeclined) {
		err = nil
	}
	return rec.Payment, err
}

// expire gives up a payment that nobody paid in time: at the gateway first, and only when the payer has not paid after all.
func (s *Service) expire(ctx context.Context, owner string, rec Record) (Record, error) {
	before := rec.Payment.Status
	rec, err := s.watch(ctx, rec)
	switch {
	case err != nil || rec.Payment.Status != before:
		return rec, err
	case rec.Payment.unbegun():
		return s.endSubscription(ctx, owner, rec, reasonNow)
	case rec.Payment.anchor():
		return rec, nil // it was let go on after all
	}
	rec, _, err = s.void(ctx, owner, rec, reasonExpired)
	return rec, err
}

// watch folds what the gateway says of a payment without doubt, and looks again later, each time a little later.
func (s *Service) watch(ctx context.Context, rec Record) (Record, error) {
	rec.Payment.Tries++
	after, _, err := s.refresh(ctx, rec)
	if err != nil {
		rec.Payment.Tries--
		rec.Payment, _ = s.postpone(ctx, rec, err)
		return rec, err
	}
	if after.Payment.LeaseOwner != "" {
		after.Payment, err = s.postpone(ctx, after, nil)
	}
	return after, err
}

// postpone frees the payment and makes it due later: soon, where the look failed. Only a look that was due counts for the schedule: a
// payer who asks again and again must not bring the next one to a day from now.
func (s *Service) postpone(ctx context.Context, rec Record, failed error) (Payment, error) {
	p := rec.Payment
	if !p.DueAt.After(s.now()) {
		p.Tries++
	}
	if p.DueAt = s.next(rec, p); failed != nil {
		p.DueAt = s.later(p.Tries)
	}
	change := s.overdue(rec)
	change.Payment = p
	stored, err := s.persist(ctx, rec.Payment, change)
	if err != nil {
		return rec.Payment, err
	}
	return stored, nil
}

// overdue returns the change that tells an operator, once, of a doubt that should have ended by now: nobody is answered, or what is
// answered cannot be used.
func (s *Service) overdue(rec Record) Change {
	for _, tx := range rec.Transactions {
		if tx.Open() && tx.GatewayCode == "" && s.now().Sub(tx.CreatedAt) >= s.opts.CancelAfter {
			tx.GatewayCode = codeDoubt
			return Change{Transactions: []Transaction{tx}, Breaks: []Break{s.newBreak(BreakDoubt, rec.Payment,
				"the "+string(tx.Kind)+" is in doubt for "+s.opts.CancelAfter.String()+": the gateway says nothing of it that can be used")}}
		}
	}
	return Change{}
}

// seekRounds is how often evidence is sought before the doubt is left for later.
const seekRounds = 2

// seek looks for evidence for everything open on a payment that the owner holds. It answers ErrUnknown when the doubt stays;
// the payment is due again then, and free.
func (s *Service) seek(ctx context.Context, owner string, rec Record) (Record, Snapshot, error) {
	var snap Snapshot
	for range seekRounds {
		var err error
		if rec.Payment.LeaseOwner != owner { // it was read again, and whoever moved it has set it free, or holds it
			if rec, err = s.lease(ctx, rec, owner); err != nil {
				return rec, snap, unknown(rec.Payment)
			}
		}
		rec, snap, err = s.resolve(ctx, owner, rec)
		if err == nil && !rec.open() && rec.Payment.Status != StatusUnknown {
			return rec, snap, nil
		}
		again, done := afresh(ctx) // a gateway that hangs takes all the time: the payment is postponed all the same
		found, findErr := s.store.Find(again, Query{Namespace: rec.Payment.Namespace, UID: rec.Payment.UID})
		done()
		if findErr == nil && !found.open() && found.Payment.Status != StatusUnknown {
			return found, snap, ErrStale // another has found out: look again
		}
		if findErr != nil || found.Payment.LeaseOwner != owner {
			return rec, snap, unknown(rec.Payment)
		}
		rec = found
	}
	if p, err := s.postpone(ctx, rec, nil); err == nil {
		rec.Payment = p
	}
	return rec, snap, unknown(rec.Payment)
}

// resolve makes one try to end the doubts of a leased payment: it reads the gateway's truth, and where that is no evidence
// it sends the request again on the same object, or cancels the object when the payer has long gone.
func (s *Service) resolve(ctx context.Context, owner string, rec Record) (Record, Snapshot, error) {
	rec, err := s.dropUnsent(ctx, rec)
	if err != nil || !rec.open() && rec.Payment.Status != StatusUnknown {
		return rec, Snapshot{}, err
	}
	if rec.open(KindCancel) {
		if rec, err = s.resolveCancel(ctx, owner, rec); err != nil || !rec.open() {
			return rec, Snapshot{}, err
		}
		if rec.Payment.LeaseOwner != owner {
			return rec, Snapshot{}, ErrStale // what is open now is another's
		}
	}
	snap, err := s.fetch(ctx, rec.Payment)
	if err != nil {
		return rec, snap, err
	}
	if !rec.open() || rec.proved(snap) || s.tells(rec, snap) {
		return s.foldIn(ctx, rec, snap, folding{})
	}
	if p := rec.Payment; p.Reference != snap.Reference { // it was found by our own reference: the id that was once answered is none
		p.Reference = snap.Reference
		if err := s.hold(ctx, owner, &rec, Change{Payment: p}); err != nil {
			return rec, snap, err
		}
	}
	return s.retry(ctx, owner, rec, snap, rec.urgent())
}

// tells reports whether the snapshot tells something of the payment beside what is in doubt: money that went back elsewhere, a
// decision of the gateway's. It must not wait for the doubt to end.
func (s *Service) tells(rec Record, snap Snapshot) bool {
	after, change := folding{rec: rec, snap: snap, now: s.now()}.fold()
	p := rec.Payment
	return after.Payment.Status != p.Status || after.Payment.Captured != p.Captured || after.Payment.Refunded != p.Refunded || len(change.Refunds) > 0
}

// dropUnsent closes what was begun and never sent: nothing of it can have moved money.
func (s *Service) dropUnsent(ctx context.Context, rec Record) (Record, error) {
	change := Change{Payment: rec.Payment}
	txs := slices.Clone(rec.Transactions)
	for i := range txs {
		if tx := &txs[i]; tx.Open() && tx.Kind == KindAuthorize && !tx.Sent {
			tx.close(OutcomeNotApplied, s.now())
			change.Transactions = append(change.Transactions, *tx)
		}
	}
	if len(change.Transactions) == 0 {
		return rec, nil
	}
	after := Record{Payment: rec.Payment, Transactions: txs, Refunds: rec.Refunds}
	change.Payment.DueAt = s.next(after, rec.Payment)
	p, err := s.persist(ctx, rec.Payment, change)
	if err != nil {
		return rec, err
	}
	after.Payment = p
	return after, nil
}

// keyLife is how long a gateway surely remembers an idempotency key (Stripe: at least 24 hours), less a margin.
const keyLife = 23 * time.Hour

// retry sends the request of an open transaction again, or cancels the object of one that is too old to be completed.
func (s *Service) retry(ctx context.Context, owner string, rec Record, snap Snapshot, tx Transaction) (Record, Snapshot, error) {
	age := s.now().Sub(tx.CreatedAt)
	switch {
	case tx.Kind == KindAuthorize && s.intents == nil:
		return rec, snap, nil // a second request could make a second object
	case tx.Kind == KindAuthorize && rec.Payment.anchor() && (age >= s.opts.CancelAfter || rec.Payment.SubscriptionStatus.Ended()):
		rec, err := s.endSubscription(ctx, owner, rec, reasonNow) // with its first invoice: nobody pays for what has ended
		return rec, snap, err
	case tx.Kind == KindAuthorize && age >= s.opts.CancelAfter:
		return s.void(ctx, owner, rec, "")
	case tx.Kind == KindRefund && age >= keyLife:
		return rec, snap, s.lostRefund(ctx, owner, rec, tx)
	}
	rec, err := s.leaseOpen(ctx, owner, rec, tx)
	if err != nil {
		return rec, snap, err
	}
	snap, err = s.send(ctx, rec, tx)
	said := err == nil || errors.Is(err, ErrDeclined) && snap.Reference != ""
	if said && s.answers(rec.Payment, snap) && rec.proved(snap) {
		return s.foldIn(ctx, rec, snap, folding{})
	}
	if (errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalid)) && OutcomeOf(err) == OutcomeNotApplied && tx.Kind != KindAuthorize {
		rec, err = s.refused(ctx, owner, rec, tx, err)
		return rec, snap, err
	}
	if said || OutcomeOf(err) != OutcomeUnknown || tx.Kind == KindRefund && !answerOf(err).Replayed {
		return rec, snap, err
	}
	// The gateway may replay an error that it saved under the key: the next try goes under a new one. The object takes
	// the money at most once; a refund gets a new key only when the old one's request is known to have ended.
	tx.Round++
	return rec, snap, s.hold(ctx, owner, &rec, Change{Payment: rec.Payment, Transactions: []Transaction{tx}})
}

// refused closes an open capture, void or refund whose repeat the gateway refused because of the object's state, or because what is
// asked can never be done: what was sent before under the same key is answered the same.
func (s *Service) refused(ctx context.Context, owner string, rec Record, tx Transaction, cause error) (Record, error) {
	rec.Transactions = append(slices.DeleteFunc(slices.Clone(rec.Transactions), func(t Transaction) bool { return t.UID == tx.UID }), tx)
	change := rejected(rec, cause, s.now())
	change.Payment.DueAt = s.later(0)
	*rec.last() = change.Transactions[0]
	for _, r := range change.Refunds {
		rec.Refunds = append(without(rec.Refunds, r.UID), r)
	}
	if rec.open() || rec.Payment.Status == StatusUnknown {
		change.Lease, change.LeaseOwner = s.leaseTime(), owner
	}
	p, err := s.persist(ctx, rec.Payment, change)
	rec.Payment = p
	return rec, err
}

// lostRefund tells an operator, once, that a refund cannot be found and its key is forgotten.
func (s *Service) lostRefund(ctx context.Context, owner string, rec Record, tx Transaction) error {
	if tx.GatewayCode == codeLost {
		return nil
	}
	tx.GatewayCode = codeLost
	b := s.newBreak(BreakRefund, rec.Payment, "the gateway does not list the refund, and its key is too old to send it again")
	b.Reference = tx.RefundUID
	return s.hold(ctx, owner, &rec, Change{Payment: rec.Payment, Transactions: []Transaction{tx}, Breaks: []Break{b}})
}
