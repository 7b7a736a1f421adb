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

// auditNow audits the hour before and after now.
func (b *bundle) auditNow() (payments.AuditReport, error) {
	return b.Audit(b.t.Context(), b.clock.Now().Add(-time.Hour), b.clock.Now().Add(time.Hour))
}

// TestAuditFindsRefunds holds that money which went back elsewhere, and whose event was lost, is found by the audit.
func TestAuditFindsRefunds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.mustPay(b.order(), "tok_visa", payments.StatusPaid).Payment
	must(t, b.gw.RefundElsewhere(t.Context(), p.Reference, 100))
	for _, want := range []payments.AuditReport{{Charges: 1, Folded: 1}, {Charges: 1}} {
		if got, err := b.auditNow(); err != nil || got != want {
			t.Errorf("the audit is %+v, %v, not %+v", got, err, want)
		}
	}
	b.want(b.record(p.OrderID).Payment, payments.StatusPartiallyRefunded)
	b.agree()
}

// TestAuditOfAnUnknownObject holds that an audit is not done while the object of a payment cannot be read of which the row knows no id:
// nothing else asks for it.
func TestAuditOfAnUnknownObject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpPrepare, fake.FaultDropBefore, 3)
	if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
		t.Fatal(err)
	}
	ref := payments.PaymentRef{PaymentUID: b.record(id).Payment.UID, OrderID: id}
	_, err := b.gw.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: ref, Key: "k", Amount: usd(1250), Source: token("tok_visa"), Capture: true})
	must(t, err)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	if got, err := b.auditNow(); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("the audit is %+v, %v", got, err)
	}
	b.gw.ClearFaults()
	if got, err := b.auditNow(); err != nil || got.Folded != 1 {
		t.Errorf("the audit is %+v, %v", got, err)
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
}

// paging lists three pages, of which the second is refused once.
type paging struct {
	*fake.Gateway
	cursors []string
}

// ListCharges lists a charge of nobody's.
func (g *paging) ListCharges(_ context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	g.cursors = append(g.cursors, req.Cursor)
	if len(g.cursors) == 2 {
		return nil, "", &payments.Error{Code: payments.ErrRateLimited, Outcome: payments.OutcomeNotApplied}
	}
	next := map[string]string{"": "a", "a": "b"}[req.Cursor]
	return []payments.ListedCharge{{Reference: "pi_" + req.Cursor, Amount: usd(100), Captured: 100}}, next, nil
}

// TestAuditGoesOn holds that an audit whose page is refused goes on with that page.
func TestAuditGoesOn(t *testing.T) {
	t.Parallel()
	g := &paging{}
	b := setup(t, func(b *bundle, _ *payments.Options, gateway *payments.Gateway) { g.Gateway, *gateway = b.gw, g })
	got, err := b.auditNow()
	if want := (payments.AuditReport{Charges: 3, Foreign: 3}); err != nil || got != want {
		t.Errorf("the audit is %+v, %v, not %+v", got, err, want)
	}
	if !slices.Equal(g.cursors, []string{"", "a", "a", "b"}) {
		t.Errorf("the pages asked for are %q", g.cursors)
	}
}

// TestAuditKeepsNobodyWaiting holds that Run looks at what is due between the pages of an audit.
func TestAuditKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "tok_visa")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g := &slowPages{Gateway: b.gw, page: func(n int) {
		switch n {
		case 1:
			b.clock.Advance(time.Minute)
		case 2:
			b.want(b.record(id).Payment, payments.StatusPaid)
			cancel()
		}
	}}
	s, err := payments.New(b.store, g, b.host, &payments.Options{Clock: b.clock, ReconcileEvery: time.Minute})
	must(t, err)
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) || g.pages < 2 {
		t.Errorf("Run answers %v after %d pages", err, g.pages)
	}
}

// slowPages lists empty pages without an end.
type slowPages struct {
	*fake.Gateway
	pages int
	page  func(n int)
}

// ListCharges lists nothing.
func (g *slowPages) ListCharges(ctx context.Context, _ payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	g.pages++
	g.page(g.pages)
	return nil, "next", ctx.Err()
}

// accounts keeps of which account the charges were listed.
type accounts struct {
	*fake.Gateway
	listed []string
}

// ListCharges keeps the account.
func (g *accounts) ListCharges(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	g.listed = append(g.listed, req.Account)
	return g.Gateway.ListCharges(ctx, req)
}

// TestAuditsItsAccount holds that a service audits the account that it charges on, beside another that charges on the gateway's own.
func TestAuditsItsAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := &accounts{Gateway: b.gw}
	for _, account := range []string{"acct_1", ""} {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := payments.New(b.store, g, b.host, &payments.Options{Account: account,
			Clock: ending{b.clock, b.clock.Now().Add(time.Minute), cancel}, ReconcileEvery: time.Minute})
		must(t, err)
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run answers %v", err)
		}
	}
	if want := []string{"acct_1", "acct_1", "acct_1", "", "", ""}; !slices.Equal(g.listed, want) {
		t.Errorf("the charges of %q were listed, not of %q", g.listed, want)
	}
}

// behind is a store that tells of breaks as they were, once.
type behind struct {
	payments.Store
	were []payments.Break
}

// Breaks tells what was.
func (s *behind) Breaks(ctx context.Context, namespace string, afterID int64, limit int) ([]payments.Break, error) {
	if were := s.were; were != nil {
		s.were = nil
		return were, nil
	}
	return s.Store.Breaks(ctx, namespace, afterID, limit)
}

// TestBreakEndsOnce lets two operators end one break at once: the second is answered what the first did.
func TestBreakEndsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.store.Apply(t.Context(), payments.Change{Breaks: []payments.Break{{UID: "019ca949-9de0-7b5c-95b5-e6ed7228af06",
		Kind: payments.BreakCharge, OrderID: b.order(), CreatedAt: b.clock.Now()}}})
	must(t, err)
	were, err := b.Breaks(t.Context(), 0, 10)
	must(t, err)
	_, err = b.EndBreak(t.Context(), were[0].ID, "ann", "given back")
	must(t, err)
	second, err := payments.New(&behind{b.store, were}, b.gw, b.host, &payments.Options{Clock: b.clock})
	must(t, err)
	if got, err := second.EndBreak(t.Context(), were[0].ID, "bob", "kept"); err != nil || got.EndedBy != "ann" || got.Note != "given back" {
		t.Errorf("the second is answered %+v, %v", got, err)
	}
}
