package payments_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// heldStore holds the first answer to a key back until it is told to go on, and tells when it was written or refused.
type heldStore struct {
	payments.Store
	reached, resume, tried chan struct{}
	held                   bool
}

// Apply writes a change.
func (s *heldStore) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	if s.held || change.Key == nil || len(change.Key.Answer) == 0 {
		return s.Store.Apply(ctx, change)
	}
	s.held = true
	close(s.reached)
	<-s.resume
	defer close(s.tried)
	return s.Store.Apply(ctx, change)
}

// heldConfirm holds the second confirmation back.
type heldConfirm struct {
	*fake.Gateway
	calls           int
	reached, resume chan struct{}
}

// Confirm asks for the money.
func (g *heldConfirm) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	if g.calls++; g.calls == 2 {
		close(g.reached)
		<-g.resume
	}
	return g.Gateway.Confirm(ctx, req)
}

// TestOneKeyOneAnswer lets two requests come with one key. The first sees another request's decline, made while it came; before it
// has written that as the key's answer, the second one begins to pay. Both must tell how that ended.
func TestOneKeyOneAnswer(t *testing.T) {
	t.Parallel()
	store := &heldStore{reached: make(chan struct{}), resume: make(chan struct{}), tried: make(chan struct{})}
	gw := &heldConfirm{reached: make(chan struct{}), resume: make(chan struct{})}
	b := setup(t, func(b *bundle, o *payments.Options, g *payments.Gateway) {
		store.Store, gw.Gateway = b.store, b.gw
		b.store, *g, o.WaitTimeout = store, gw, 1000*time.Hour
	})
	id := b.order()
	pay := func(key string) <-chan payments.Result {
		done := make(chan payments.Result, 1)
		go func() {
			req := payments.PayRequest{OrderID: id, Source: token("tok_visa")}
			req.Idempotency = payments.Idempotency{Principal: "agent:3", Key: key}
			res, err := b.Pay(t.Context(), req)
			if err != nil && !errors.Is(err, payments.ErrDeclined) {
				t.Error(err)
			}
			done <- res
		}()
		return done
	}
	coming, goOn := make(chan struct{}), make(chan struct{})
	b.host.stop(coming, goOn)
	first := pay("k")
	<-coming
	b.clock.Advance(time.Second)
	b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
	b.clock.Advance(time.Second)
	close(goOn)
	<-store.reached
	second := pay("k")
	<-gw.reached
	close(store.resume)
	<-store.tried
	close(gw.resume)
	one, two := <-first, <-second
	b.want(two.Payment, payments.StatusPaid)
	b.want(one.Payment, payments.StatusPaid)
	b.agree()
}

// unstored is a store that cannot write the answer to a key.
type unstored struct{ payments.Store }

// Apply refuses an answer.
func (s unstored) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	if change.Key != nil && len(change.Key.Answer) > 0 {
		return payments.Payment{}, &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}
	}
	return s.Store.Apply(ctx, change)
}

// TestAnswerNotStored holds that an answer to a key which cannot be stored is not told: the same key might be answered otherwise
// later. The caller asks again, under the same key, and is charged once.
func TestAnswerNotStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.store
	bad := b.WithStore(unstored{good})
	req := keyed(b.order(), "tok_visa", "p", "k")
	if _, err := bad.Pay(t.Context(), req); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("the error is %v", err)
	}
	res, err := b.Pay(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	b.want(res.Payment, payments.StatusPaid)
	b.agree()
}

// heldFind holds the next read of a payment back.
type heldFind struct {
	payments.Store
	mu            sync.Mutex
	reached, goOn chan struct{}
}

// Find reads a payment.
func (s *heldFind) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	s.mu.Lock()
	reached, goOn := s.reached, s.goOn
	s.reached, s.goOn = nil, nil
	s.mu.Unlock()
	if reached != nil {
		close(reached)
		<-goOn
	}
	return s.Store.Find(ctx, q)
}

// TestExpiredKeyIsTakenByAnother lets a request come with an expired key, by a clock that is an hour ahead. While it works, another
// one with that key is declined. The first must answer what that one was told, and not try for ever to claim the key.
func TestExpiredKeyIsTakenByAnother(t *testing.T) {
	t.Parallel()
	store := &heldFind{}
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		store.Store = b.store
		b.store = store
	})
	if _, err := b.Pay(t.Context(), keyed(b.order(), "tok_visa", "p", "k")); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(26 * time.Hour)
	req := keyed(b.order(), "tok_chargeDeclined", "p", "k")
	reached, goOn := make(chan struct{}), make(chan struct{})
	store.reached, store.goOn = reached, goOn
	first := make(chan error, 1)
	var one payments.Result
	go func() {
		var err error
		one, err = b.Pay(t.Context(), req)
		first <- err
	}()
	<-reached
	b.clock.Advance(-time.Hour)
	two, err := b.Pay(t.Context(), req)
	if !errors.Is(err, payments.ErrDeclined) {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-first; !errors.Is(err, payments.ErrDeclined) || one.Payment != two.Payment {
		t.Errorf("the first is answered %v, %+v, the second %+v", err, one.Payment, two.Payment)
	}
	b.agree()
}
