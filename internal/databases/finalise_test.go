package databases

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// How often the two finalise at once, over the store in memory and over each database.
const (
	racesInMemory = 500
	racesOnDisk   = 60
)

// TestFinaliseAtOnce is row C5: the payer is done, and two instances complete the payment while its events come to both. There is one
// state, each change of it is told once, and both tell the callers how it ended.
func TestFinaliseAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		w := &world{t: t, clock: &clock{}, told: map[string]int{}}
		var err error
		if w.gw, err = fake.New(fake.Options{AllowFake: true, Clock: w.clock.Now, Seed: 7, WebhookSecret: "databases"}); err != nil {
			t.Fatal(err)
		}
		// Without a database nothing waits between two calls, so that somebody has to let others go on.
		store := invariant.AroundStore{Store: memory.New(w.clock.Now), Step: yield}
		w.serve(store, patient())
		w.serve(store, patient())
		races(t, w, racesInMemory)
	})
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			races(t, newWorld(t, p, "", 2, 8, patient()), racesOnDisk)
		})
	}
}

// yield lets others go on.
func yield(context.Context, string, bool, error) error {
	for range rand.IntN(4) {
		runtime.Gosched()
	}
	return nil
}

func races(t *testing.T, w *world, n int) {
	t.Helper()
	final := map[payments.OrderID]payments.Status{}
	for i := range n {
		id, want := payerIsDone(t, w, i)
		final[id] = want
		finalise(t, w, id, want)
		if t.Failed() {
			t.Fatalf("race %d", i)
		}
	}
	toldOnce(t, w, final)
	w.settle()
	matrix.Count(t, "C5", n)
}

// payerIsDone brings a payment to where only the module does not know how it ended.
func payerIsDone(t *testing.T, w *world, i int) (payments.OrderID, payments.Status) {
	t.Helper()
	id := w.newOrder()
	first, payers, want := "", "tok_visa", payments.StatusPaid
	switch i % 4 {
	case 1:
		first, payers = "tok_threeDSecure2Required", ""
	case 2:
		payers, want = "tok_chargeDeclined", payments.StatusDeclined
	default:
	}
	req := payments.PayRequest{OrderID: id}
	if first != "" {
		req.Source.Token = payments.NewToken(first)
	}
	res, err := again(t.Context(), func() (payments.Result, error) { return w.services[i%2].Pay(t.Context(), req) })
	if err != nil || res.NextAction == nil {
		t.Fatalf("the payment begins with %+v, %v", res.Payment.Status, err)
	}
	err = w.gw.Authenticate(t.Context(), res.NextAction.ClientSecret.Reveal(), fake.AuthPass, payers)
	if err != nil && !errors.Is(err, payments.ErrDeclined) {
		t.Fatal(err)
	}
	return id, want
}

// finalise lets all who can end the payment do it at once.
func finalise(t *testing.T, w *world, id payments.OrderID, want payments.Status) {
	t.Helper()
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for _, s := range w.services {
		wg.Go(func() {
			<-ready
			res, err := again(t.Context(), func() (payments.Result, error) {
				return s.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
			})
			if res.Payment.Status != want || err != nil && !errors.Is(err, payments.ErrDeclined) {
				t.Errorf("Complete answers %v, %v; the gateway has it as %v", res.Payment.Status, err, want)
			}
		})
		wg.Go(func() {
			<-ready
			for _, err := range w.deliver(t.Context(), s) {
				if err != nil {
					t.Errorf("an event is answered with %v", err)
				}
			}
		})
	}
	close(ready)
	wg.Wait()
	for i, s := range w.services {
		if p, err := s.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id}); err != nil || p.Status != want {
			t.Errorf("instance %d reads %v, %v; the gateway has it as %v", i, p.Status, err, want)
		}
	}
}

// toldOnce holds I8: of each order one change was told of its end, under one id, which the outbox has.
func toldOnce(t *testing.T, w *world, final map[payments.OrderID]payments.Status) {
	t.Helper()
	told, types := map[string]bool{}, map[string]int{}
	ends := map[payments.OrderID]int{}
	for _, e := range w.outbox() {
		told[e.UID] = true
		if types[fmt.Sprint(e.OrderID, e.Type)]++; types[fmt.Sprint(e.OrderID, e.Type)] > 1 {
			t.Errorf("order %s was told %s twice", e.OrderID, e.Type)
		}
		if e.Status == final[e.OrderID] {
			ends[e.OrderID]++
		}
	}
	for id, status := range final {
		if ends[id] != 1 {
			t.Errorf("that order %s is %v was told %d times", id, status, ends[id])
		}
	}
	for uid := range w.told {
		if !told[uid] {
			t.Errorf("the host was told event %s, and it never was", uid)
		}
	}
	for uid := range told {
		if w.told[uid] == 0 {
			t.Errorf("the host was never told event %s", uid)
		}
	}
}
