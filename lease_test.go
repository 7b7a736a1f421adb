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

// forgetful is a store that carries out the close of a refused transaction, and answers that it could not.
type forgetful struct {
	payments.Store
	times int
}

// Apply fails after its effect, once.
func (s *forgetful) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	p, err := s.Store.Apply(ctx, change)
	if len(change.Transactions) == 1 && change.Transactions[0].Outcome == payments.OutcomeNotApplied && !change.Transactions[0].Open() {
		if s.times++; s.times == 1 && err == nil {
			return payments.Payment{}, &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeUnknown}
		}
	}
	return p, err
}

// TestRefusedIsNotSent holds I9 where a refusal is stored and the store answers that it is not: the request is not sent again
// for the transaction that is closed as not done. What takes the money is stored as what did.
func TestRefusedIsNotSent(t *testing.T) {
	t.Parallel()
	store := &forgetful{}
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		store.Store = b.store
		b.store = store
	})
	id := b.order()
	b.fault(fake.OpConfirm, fake.Fault429, 3)
	if _, err := b.pay(id, "tok_visa"); err != nil && !errors.Is(err, payments.ErrUnknown) && !errors.Is(err, payments.ErrRateLimited) {
		t.Fatal(err)
	}
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	applied := 0
	for _, tx := range b.record(id).Transactions {
		if tx.Outcome == payments.OutcomeApplied {
			applied++
		}
	}
	if applied != 1 || store.times == 0 {
		t.Errorf("%d transactions took the money; the store failed %d times", applied, store.times)
	}
	b.agree()
}

// mute is a store that writes what is about to be sent, or does not, and cannot tell which.
type mute struct {
	payments.Store
	writes, silent bool
	gone           func() // ends the caller's context meanwhile
}

// Apply fails, once, where a request is about to be sent.
func (s *mute) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	sends := slices.ContainsFunc(change.Transactions, func(t payments.Transaction) bool {
		return t.Open() && (t.Sent || t.Kind != payments.KindAuthorize)
	})
	if !s.silent || !sends {
		return s.Store.Apply(ctx, change)
	}
	s.silent = false
	defer s.gone()
	if s.writes {
		_, _ = s.Store.Apply(ctx, change)
	}
	return payments.Payment{}, errors.New("the answer to COMMIT was lost")
}

// TestNobodyKnowsWhetherItIsWritten holds that a request of which the store cannot tell whether it is written is not denied: where it is,
// Reconcile sends it.
func TestNobodyKnowsWhetherItIsWritten(t *testing.T) {
	t.Parallel()
	for _, writes := range []bool{true, false} {
		store := &mute{writes: writes, silent: true, gone: func() {}}
		b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
			store.Store = b.store
			b.store = store
		})
		id := b.order()
		res, err := b.pay(id, "tok_visa")
		if !errors.Is(err, payments.ErrUnknown) || payments.OutcomeOf(err) != payments.OutcomeUnknown || res.Payment.Status != payments.StatusUnknown {
			t.Errorf("written %v: the payment is %v, %v", writes, res.Payment.Status, err)
		}
		b.clock.Advance(time.Minute)
		b.reconcile()
		if got := b.ledger(id).Charges; got != map[bool]int{true: 1, false: 0}[writes] {
			t.Errorf("written %v: %d charges", writes, got)
		}
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		cmd := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"}
		store.silent = true
		ctx, cancel := context.WithCancel(t.Context())
		store.gone = cancel // and so does the answer to who is gone by then
		if _, err := b.Refund(ctx, cmd); !errors.Is(err, payments.ErrUnknown) {
			t.Errorf("written %v: the refund answers %v", writes, err)
		}
		b.clock.Advance(time.Minute)
		b.reconcile()
		if res, err := b.Refund(t.Context(), cmd); err != nil || res.Refund.Status != payments.RefundSucceeded {
			t.Errorf("written %v: the refund is %+v, %v", writes, res.Refund, err)
		}
		b.agree()
	}
}

// refusing is a gateway that answers the first refund with nothing, and says of the next that it can never be made.
type refusing struct {
	*fake.Gateway
	asked int
}

// Refund is lost once, and refused from then on.
func (g *refusing) Refund(context.Context, payments.RefundRequest) (payments.Snapshot, error) {
	if g.asked++; g.asked == 1 {
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrUnknown, Outcome: payments.OutcomeUnknown}
	}
	return payments.Snapshot{}, &payments.Error{Code: payments.ErrInvalid, Outcome: payments.OutcomeNotApplied}
}

// TestRefusedForGood holds I4 for a request that can never be carried out: its repeat is refused, and that ends the doubt.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	gw := &refusing{}
	b := setup(t, func(_ *bundle, _ *payments.Options, g *payments.Gateway) {
		gw.Gateway = (*g).(*fake.Gateway)
		*g = gw
	})
	id := b.order()
	paid(b, id)
	res, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"})
	wantField(t, err, payments.ErrConflict, "")
	if res.Refund.Status != payments.RefundFailed || gw.asked != 2 {
		t.Errorf("asked %d times, it answers %+v, %v", gw.asked, res.Refund, err)
	}
	rec := b.record(id)
	if n := len(rec.Refunds); n != 1 || rec.Refunds[0].Status != payments.RefundFailed || rec.Payment.Refundable() != usd(1250) {
		t.Errorf("the refunds are %+v", rec.Refunds)
	}
	b.want(rec.Payment, payments.StatusPaid)
}

// suspended is a gateway whose answer to Prepare is lost, to a process that stands still for a day meanwhile. It notes for how long the
// payment was leased when it was asked, and when Reconcile looks at it.
type suspended struct {
	*fake.Gateway
	b           *bundle
	id          payments.OrderID
	asked       int
	leased, due time.Duration
}

// Prepare loses its answer.
func (g *suspended) Prepare(context.Context, payments.PrepareRequest) (payments.Snapshot, error) {
	g.asked++
	p := g.b.record(g.id).Payment
	g.leased, g.due = p.LeaseUntil.Sub(g.b.clock.Now()), p.DueAt.Sub(g.b.clock.Now())
	g.b.clock.Advance(25 * time.Hour)
	return payments.Snapshot{}, &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeUnknown}
}

// TestTryEndsWithItsLease holds that a payment is leased for longer than a call may take, and left by Reconcile for longer than a request
// may; and that a call which was answered after that is not made again: the payment may be another's by then, and the gateway may have
// forgotten the key.
func TestTryEndsWithItsLease(t *testing.T) {
	t.Parallel()
	gw := &suspended{}
	b := setup(t, func(_ *bundle, _ *payments.Options, g *payments.Gateway) {
		gw.Gateway = (*g).(*fake.Gateway)
		*g = gw
	})
	gw.b, gw.id = b, b.order()
	_, err := b.pay(gw.id, "")
	wantField(t, err, payments.ErrUnavailable, "")
	if gw.asked != 1 || gw.leased <= 10*time.Second || gw.due <= 20*time.Second {
		t.Errorf("asked %d times, with a lease of %v, due in %v", gw.asked, gw.leased, gw.due)
	}
}

// rival is a store in which, once, others work on a payment just before it is leased, and lease it just after where they overtake: the
// process stood still meanwhile.
type rival struct {
	payments.Store
	clock         *clock
	on, overtakes bool
}

// Lease lets the others come first, and last.
func (s *rival) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	if !s.on || req.UID == "" {
		return s.Store.Lease(ctx, req)
	}
	s.on = false
	theirs := req
	theirs.Owner, theirs.For = "another", time.Second
	if _, err := s.Store.Lease(ctx, theirs); err != nil {
		return nil, err
	}
	s.clock.Advance(theirs.For)
	got, err := s.Store.Lease(ctx, req)
	if err == nil && s.overtakes {
		s.clock.Advance(req.For)
		_, err = s.Store.Lease(ctx, theirs)
	}
	return got, err
}

// careful is a gateway that fails the test when it is asked about a payment which another request works on.
type careful struct {
	*fake.Gateway
	b     *bundle
	id    payments.OrderID
	asked int
}

// Fetch looks at who works on the payment.
func (g *careful) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	if p := g.b.record(g.id).Payment; p.LeaseOwner == "another" && p.LeaseUntil.After(g.b.clock.Now()) {
		g.b.t.Error("the gateway is asked while another request works on the payment")
	}
	g.asked++
	return g.Gateway.Fetch(ctx, req)
}

// TestLeaseIsLost holds that who leased a payment that others changed meanwhile works on what it is now, and not at all when they have
// leased it since.
func TestLeaseIsLost(t *testing.T) {
	t.Parallel()
	for _, overtakes := range []bool{false, true} {
		store, gw := &rival{overtakes: overtakes}, &careful{}
		b := setup(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) {
			store.Store, store.clock = b.store, b.clock
			b.store = store
			gw.Gateway, gw.b = (*g).(*fake.Gateway), b
			*g = gw
		})
		gw.id = b.order()
		b.fault(fake.OpConfirm, fake.FaultDropAfter, -1)
		b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
		if _, err := b.pay(gw.id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
			t.Fatal(err)
		}
		b.gw.ClearFaults()
		store.on, gw.asked = true, 0
		cmd := payments.RefundCommand{Target: payments.Target{OrderID: gw.id}, Key: "r"}
		_, err := b.Refund(t.Context(), cmd)
		if store.on || (gw.asked == 0) != overtakes || errors.Is(err, payments.ErrInProgress) != overtakes || err != nil && !overtakes {
			t.Errorf("overtaken %v: the gateway was asked %d times, %v", overtakes, gw.asked, err)
		}
		b.clock.Advance(time.Minute)
		if _, err := b.Refund(t.Context(), cmd); err != nil {
			t.Error(err)
		}
		b.want(b.record(gw.id).Payment, payments.StatusRefunded)
		b.agree()
	}
}
