package payments_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// ending is a clock on which a wait ends the context once a moment has passed.
type ending struct {
	*clock
	at  time.Time
	end context.CancelFunc
}

// After ends the context when the time has come.
func (e ending) After(d time.Duration) <-chan time.Time {
	ch := e.clock.After(d)
	if e.Now().After(e.at) {
		e.end()
	}
	return ch
}

// TestRun lets two processes run for two days and an hour: what is due is looked at, what expired is deleted, and each day is
// audited once.
func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
	key := payments.Idempotency{Principal: "agent:3", Key: "k-1"}
	if _, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: token("tok_visa"), Idempotency: key}); err != nil {
		t.Fatal(err)
	}
	lists := &lister{Gateway: b.gw}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		e := ending{b.clock, b.clock.Now().Add(25 * time.Hour), cancel}
		s, err := payments.New(b.store, lists, b.host, &payments.Options{Clock: e, ReconcileEvery: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run answers %v", err)
		}
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
	_, err := b.store.FindKey(t.Context(), payments.KeyID{Principal: key.Principal, Verb: "pay", Key: key.Key})
	if !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("the expired key is still there: %v", err)
	}
	if lists.lists != 5 { // the days from noon of the first to 14:00 of the third, and two before them
		t.Errorf("the charges were listed %d times", lists.lists)
	}
}

// lister counts how often the charges are listed.
type lister struct {
	*fake.Gateway
	lists int
	meet  func() error // called before each list, where there is one
}

// ListCharges counts.
func (c *lister) ListCharges(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	c.lists++
	if c.meet != nil {
		if err := c.meet(); err != nil {
			return nil, "", err
		}
	}
	return c.Gateway.ListCharges(ctx, req)
}

// auditors runs processes, one after the other, over one store with a charge that no payment has.
type auditors struct {
	*bundle
	lists *lister
}

// newAuditors makes a charge behind the service's back at noon.
func newAuditors(t *testing.T) *auditors {
	t.Helper()
	a := &auditors{bundle: setup(t)}
	a.lists = &lister{Gateway: a.gw}
	id := a.order()
	a.mustPay(id, "tok_visa", payments.StatusPaid)
	_, err := a.gw.Authorize(t.Context(), payments.AuthorizeRequest{Key: "behind", Amount: usd(1250), Source: token("tok_visa"), Capture: true,
		PaymentRef: payments.PaymentRef{PaymentUID: "019ca949-9de0-7b5c-95b5-e6ed7228af06", OrderID: id}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run lets a process run for so long, or until the function that it returns is called. It answers how often it listed the charges.
func (a *auditors) run(d time.Duration, meet func(die context.CancelFunc) error) (lists int) {
	a.t.Helper()
	ctx, die := context.WithCancel(a.t.Context())
	s, err := payments.New(a.store, a.lists, a.host, &payments.Options{Clock: ending{a.clock, a.clock.Now().Add(d), die}, ReconcileEvery: time.Minute})
	if err != nil {
		a.t.Fatal(err)
	}
	before, outer := a.lists.lists, a.lists.meet
	if a.lists.meet = nil; meet != nil {
		a.lists.meet = func() error { return meet(die) }
	}
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		a.t.Errorf("Run answers %v", err)
	}
	a.lists.meet = outer
	return a.lists.lists - before
}

// dies ends a process in its audit.
func dies(die context.CancelFunc) error {
	die()
	return context.Canceled
}

// TestAuditIsMadeUpFor holds that a day's audit that failed, or whose process died, is made up for by the next process an hour later:
// once, and also where the day is over by then.
func TestAuditIsMadeUpFor(t *testing.T) {
	t.Parallel()
	fails := func(context.CancelFunc) error { return errors.New("the line is down") }
	for _, tt := range []struct {
		name  string
		at    time.Duration // after the charge
		first func(context.CancelFunc) error
		soon  int // how many days the next process audits within the hour: those that the first one has not claimed
	}{
		{"failed", 13 * time.Hour, fails, 0},
		{"died", 13 * time.Hour, dies, 2},
		{"failed until midnight", 35*time.Hour + 30*time.Minute, fails, 0},
		{"died at midnight", 35*time.Hour + 59*time.Minute, dies, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuditors(t)
			a.clock.Advance(tt.at)
			claimed := a.clock.Now()
			if a.run(10*time.Minute, tt.first) == 0 {
				t.Fatal("there was no audit that could fail")
			}
			if got := a.run(claimed.Add(50*time.Minute).Sub(a.clock.Now()), nil); got != tt.soon {
				t.Errorf("within the hour %d days were audited, not %d", got, tt.soon)
			}
			a.run(2*time.Hour, nil)
			list, err := a.Breaks(t.Context(), 0, 0)
			if err != nil || len(list) != 1 || list[0].Kind != payments.BreakCharge {
				t.Errorf("the breaks are %+v, %v", list, err)
			}
			if got := a.run(5*time.Hour, nil); got > 0 {
				t.Errorf("what was audited was audited %d times more", got)
			}
		})
	}
}

// TestAuditIsOneProcess holds that a day which is being audited is not audited by another process, unless that takes longer than an
// hour; it counts as audited then as well.
func TestAuditIsOneProcess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		takes time.Duration
		other func(*auditors) int // another process: it answers how often it listed the charges
		more  int
	}{
		{"short", 30 * time.Minute, func(a *auditors) int { return a.run(time.Minute, nil) }, 0},
		{"long", 90 * time.Minute, func(a *auditors) int { return a.run(time.Minute, nil) }, 1},
		{"an hour", time.Hour, func(a *auditors) int { return a.run(time.Minute, nil) }, 1},
		{"an hour, and the other one dies", time.Hour, func(a *auditors) int { return a.run(time.Minute, dies) }, 1},
		{"long, and the claim is deleted", 90 * time.Minute, func(a *auditors) int {
			if n, err := a.Prune(a.t.Context()); err != nil || n == 0 {
				a.t.Errorf("%d rows were deleted, %v", n, err)
			}
			return 0
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuditors(t)
			a.clock.Advance(13 * time.Hour)
			a.run(time.Minute, nil)
			a.clock.Advance(24 * time.Hour) // one day is not audited yet
			more := 0
			got := a.run(time.Minute, func(context.CancelFunc) error {
				a.clock.Advance(tt.takes)
				more += tt.other(a)
				return nil
			})
			if more != tt.more || got != 1+more {
				t.Errorf("the day was audited %d times, %d of them meanwhile", got, more)
			}
			if got := a.run(5*time.Hour, nil); got > 0 {
				t.Errorf("what was audited was audited %d times more", got)
			}
		})
	}
}

// TestAudit charges behind the service's back: a charge for an order of ours that no payment has is told once, one for
// nobody's order is not ours to tell, and a paid row that nobody folded is folded.
func TestAudit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	paid, open := b.order(), b.order()
	b.mustPay(paid, "tok_visa", payments.StatusPaid)
	b.authenticate(b.mustPay(open, "", payments.StatusCreated), fake.AuthPass, "")
	foreign, _ := payments.ParseOrderID("ffffffffffffffffffffffffffffffff")
	for _, id := range []payments.OrderID{paid, foreign} {
		_, err := b.gw.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: payments.PaymentRef{PaymentUID: "019ca949-9de0-7b5c-95b5-e6ed7228af06", OrderID: id},
			Key: id.String(), Amount: usd(1250), Source: token("tok_visa"), Capture: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	now := b.clock.Now()
	got, err := b.Audit(t.Context(), now.Add(-time.Hour), now.Add(time.Hour))
	if want := (payments.AuditReport{Charges: 4, Foreign: 1, Folded: 1, Breaks: 1}); err != nil || got != want {
		t.Fatalf("the audit is %+v, %v, not %+v", got, err, want)
	}
	b.want(b.record(open).Payment, payments.StatusPaid)
	if got, err = b.Audit(t.Context(), now.Add(-time.Hour), now.Add(time.Hour)); err != nil || got.Breaks != 0 {
		t.Errorf("the second audit is %+v, %v", got, err)
	}
	list, err := b.Breaks(t.Context(), 0, 10)
	if err != nil || len(list) != 1 || list[0].Kind != payments.BreakCharge || list[0].OrderID != paid || list[0].Reference == "" {
		t.Fatalf("the breaks are %+v, %v", list, err)
	}
	if got, err = b.Audit(t.Context(), now.Add(-time.Hour), now); err != nil || got.Charges != 0 {
		t.Errorf("the end of the span is not left out: %+v, %v", got, err)
	}
}

// TestAuditFindsTheRow audits charges that carry a payment of ours: one whose row has another object is a charge too many, one whose
// row has none yet is the row's. A row that was given up is read too, and an operator told, also where the order asks another amount by
// now; where that fails the audit is not done, for nothing else looks.
func TestAuditFindsTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	charge := func(p payments.Payment) {
		t.Helper()
		ref := payments.PaymentRef{PaymentUID: p.UID, OrderID: p.OrderID}
		if _, err := b.gw.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: ref, Key: p.UID, Amount: usd(1250), Source: token("tok_visa"), Capture: true}); err != nil {
			t.Fatal(err)
		}
	}
	twice, waits, gone, dearer := b.order(), b.order(), b.order(), b.order()
	charge(b.mustPay(twice, "tok_visa", payments.StatusPaid).Payment)
	for _, id := range []payments.OrderID{waits, gone, dearer} {
		b.fault(fake.OpPrepare, fake.FaultDropBefore, 3)
		if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	for _, id := range []payments.OrderID{gone, dearer} {
		if _, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	b.reprice(dearer, usd(2000))
	for _, id := range []payments.OrderID{waits, gone, dearer} {
		charge(b.record(id).Payment)
	}
	audit := func() (payments.AuditReport, error) {
		return b.Audit(t.Context(), b.clock.Now().Add(-time.Hour), b.clock.Now().Add(time.Hour))
	}
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	got, err := audit()
	if want := (payments.AuditReport{Charges: 5, Breaks: 1}); !errors.Is(err, payments.ErrUnavailable) || got != want {
		t.Errorf("while no payment can be read, the audit is %+v, %v, not %+v", got, err, want)
	}
	b.gw.ClearFaults()
	got, err = audit()
	if want := (payments.AuditReport{Charges: 5, Folded: 3}); err != nil || got != want {
		t.Errorf("the audit is %+v, %v, not %+v", got, err, want)
	}
	b.want(b.record(waits).Payment, payments.StatusPaid)
	if _, err := audit(); err != nil { // it tells nobody a second time
		t.Error(err)
	}
	list, err := b.Breaks(t.Context(), 0, 10)
	if err != nil || len(list) != 3 || list[0].Kind != payments.BreakCharge || list[0].OrderID != twice || list[1].Kind != payments.BreakTransition || list[1].OrderID != dearer ||
		list[2].Kind != payments.BreakTransition || list[2].OrderID != gone {
		t.Errorf("the breaks are %+v, %v", list, err)
	}
}

func TestAuditNeedsAList(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { *g = oneStep{b.gw} })
	if _, err := b.Audit(t.Context(), b.clock.Now(), b.clock.Now()); !errors.Is(err, payments.ErrUnsupported) {
		t.Errorf("the error is %v", err)
	}
}

// TestEndBreak ends the break of a refund that was lost: it is closed as failed, and may be asked for anew.
func TestEndBreak(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.fault(fake.OpRefund, fake.FaultDropBefore, -1)
	cmd := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r-1", Amount: usd(500)}
	if _, err := b.Refund(t.Context(), cmd); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("refund: %v", err)
	}
	for range 30 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
	list, err := b.Breaks(t.Context(), 0, 10)
	if err != nil || len(list) != 2 || list[0].Kind != payments.BreakDoubt || list[1].Kind != payments.BreakRefund {
		t.Fatalf("the breaks are %+v, %v", list, err)
	}
	list = list[1:]
	b.gw.ClearFaults()
	if _, err := b.EndBreak(t.Context(), list[0].ID, "", "?"); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("a break ended by nobody: %v", err)
	}
	if _, err := b.EndBreak(t.Context(), list[0].ID+1, "anna", ""); !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("a break that is not there: %v", err)
	}
	ended, err := b.EndBreak(t.Context(), list[0].ID, "anna", "not in the dashboard")
	if err != nil || ended.EndedAt.IsZero() || ended.EndedBy != "anna" || ended.Note == "" {
		t.Fatalf("the break is %+v, %v", ended, err)
	}
	if again, err := b.EndBreak(t.Context(), list[0].ID, "bob", ""); err != nil || again != ended {
		t.Errorf("ended again it is %+v, %v", again, err)
	}
	rec := b.record(id)
	if r := rec.Refunds[0]; r.Status != payments.RefundFailed || slices.ContainsFunc(rec.Transactions, payments.Transaction.Open) {
		t.Errorf("the refund is %v, the transactions are %+v", r.Status, rec.Transactions)
	}
	cmd.Key = "r-2"
	if _, err := b.Refund(t.Context(), cmd); err != nil {
		t.Errorf("a new refund: %v", err)
	}
	b.agree()
}
