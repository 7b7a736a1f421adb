package history

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"go.uber.org/goleak"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

var (
	count = flag.Int("history.count", 1000, "how many histories are made")
	seed  = flag.Uint64("history.seed", 1, "the seed of the first")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock moves only when somebody waits, or the test moves it.
type clock struct{ now atomic.Int64 }

// Now returns the time.
func (c *clock) Now() time.Time { return time.Unix(0, c.now.Load()).UTC() }

// After moves the time and fires at once.
func (c *clock) After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	ch <- time.Unix(0, c.now.Add(int64(d)))
	return ch
}

// world is one order, a gateway, a store, and two services.
type world struct {
	gw       *fake.Gateway
	services [2]*payments.Service
	clock    *clock
	watch    *invariant.Watcher
	guard    *invariant.Guarded
	order    payments.Order

	at      atomic.Int64 // logical time of calls and answers
	mu      sync.Mutex
	history []porcupine.Operation
	events  []fake.Event
	secret  payments.ClientSecret
}

func newWorld(seed uint64, percent int) (*world, error) {
	w := &world{clock: &clock{}}
	w.clock.now.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	w.order = payments.Order{ID: payments.OrderID{1, 2, 3}, AgentID: 3, CustomerID: 9, Total: payments.Money{Amount: 1250, Currency: "USD"}}
	var err error
	if w.gw, err = fake.New(fake.Options{AllowFake: true, Clock: w.clock.Now, Seed: seed, WebhookSecret: "history"}); err != nil {
		return nil, err
	}
	store := memory.New(w.clock.Now)
	w.watch, w.guard = invariant.Watch(store), invariant.Guard(w.gw, store, "")
	orders := payments.OrdersFunc(func(context.Context, payments.OrderID) (payments.Order, error) { return w.order, nil })
	for i := range w.services {
		yielding := invariant.AroundStore{Store: w.watch, Step: yield}
		if w.services[i], err = payments.New(yielding, invariant.AroundGateway{FullGateway: w.guard, Step: yield}, orders, &payments.Options{Clock: w.clock, ManualCapture: seed%3 == 0}); err != nil {
			return nil, err
		}
	}
	return w, w.gw.RandomFaults(percent, lost()...)
}

// yield lets others go on between any two calls: what needs no time would never be interleaved.
func yield(context.Context, string, bool, error) error {
	for range rand.IntN(4) { //nolint:gosec // nothing is secret here
		runtime.Gosched()
	}
	return nil
}

// lost are the faults after which nobody knows what happened; those that wait for the real clock are left out.
func lost() (list []fake.Fault) {
	for _, f := range fake.Faults() {
		if f.Lost && f.Fault != fake.FaultSlow && f.Fault != fake.FaultSlowBefore && f.Fault != fake.FaultLate {
			list = append(list, f.Fault)
		}
	}
	return list
}

// record makes one call and keeps it with its answer.
func (w *world) record(client int, in asked, call func() told) {
	began := w.at.Add(1)
	out := call()
	op := porcupine.Operation{ClientId: client, Input: in, Call: began, Output: out, Return: w.at.Add(1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, op)
}

// final renders a result as the answer to its key.
func final(res payments.Result, err error) told {
	switch {
	case errors.Is(err, payments.ErrIdempotencyKeyReused):
		return told{kind: mismatch}
	case (err == nil || errors.Is(err, payments.ErrDeclined)) && !res.Payment.Status.Answer().Pending:
		p := res.Payment
		return told{kind: answered, payment: fmt.Sprintf("%s %v %d %d %d", p.UID, p.Status, p.Captured, p.Refunded, p.Version)}
	default:
		return told{kind: doubt}
	}
}

// client does some random calls.
func (w *world) client(ctx context.Context, number int, rng *rand.Rand) {
	for range 4 + rng.IntN(5) {
		s, target := w.services[rng.IntN(2)], payments.Target{OrderID: w.order.ID}
		switch rng.IntN(10) {
		case 0, 1, 2, 3:
			key, token := string(rune('a'+rng.IntN(2))), []string{"tok_visa", "tok_chargeDeclined", "tok_threeDSecure2Required", ""}[rng.IntN(4)]
			w.record(number, asked{key, "with " + token}, func() told { return w.pay(ctx, s, key, token) })
		case 4:
			w.record(number, asked{}, func() told { return w.read(ctx, s) })
		case 5:
			_, _ = s.Complete(ctx, payments.CompleteRequest{OrderID: w.order.ID})
		case 6:
			_, _ = s.Void(ctx, payments.VoidCommand{Target: target})
		case 7:
			_, _ = s.Refund(ctx, payments.RefundCommand{Target: target, Key: string(rune('a' + rng.IntN(2))), Amount: payments.Money{Amount: 300, Currency: "USD"}})
			_, _ = s.Capture(ctx, payments.CaptureCommand{Target: target})
		case 8:
			w.payer(ctx)
			w.webhooks(ctx, s)
		default:
			w.clock.now.Add(int64(time.Minute))
			_, _ = s.Reconcile(ctx)
		}
	}
}

func (w *world) pay(ctx context.Context, s *payments.Service, key, token string) told {
	req := payments.PayRequest{OrderID: w.order.ID, Idempotency: payments.Idempotency{Key: key, Principal: "caller"}}
	if token != "" {
		req.Source.Token = payments.NewToken(token)
	}
	res, err := s.Pay(ctx, req)
	if res.NextAction != nil {
		w.mu.Lock()
		w.secret = res.NextAction.ClientSecret
		w.mu.Unlock()
	}
	return final(res, err)
}

func (w *world) read(ctx context.Context, s *payments.Service) told {
	p, err := s.PaymentForOrder(ctx, payments.FindRequest{OrderID: w.order.ID})
	if err != nil {
		return told{kind: seen}
	}
	return told{kind: seen, version: p.ID<<32 | p.Version}
}

// payer does what the last answer asked of the payer.
func (w *world) payer(ctx context.Context) {
	w.mu.Lock()
	secret := w.secret
	w.mu.Unlock()
	if !secret.IsZero() {
		_ = w.gw.Authenticate(ctx, secret.Reveal(), fake.AuthPass, "tok_visa")
	}
}

// webhooks delivers all events so far, again and again.
func (w *world) webhooks(ctx context.Context, s *payments.Service) {
	w.mu.Lock()
	w.events = append(w.events, w.gw.Events()...)
	events := append([]fake.Event{}, w.events...)
	w.mu.Unlock()
	for _, e := range events {
		_ = s.Webhook(ctx, http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.clock.Now())}}, e.Body)
	}
}

// run makes one history and returns what is broken.
func run(ctx context.Context, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 5))
	w, err := newWorld(seed, []int{0, 10, 30}[rng.IntN(3)])
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for i := range 4 {
		own := rand.New(rand.NewPCG(seed, uint64(i)+10))
		wg.Go(func() { w.client(ctx, i, own) })
	}
	wg.Wait()
	w.gw.ClearFaults()
	for _, d := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 25 * time.Hour, 25 * time.Hour} {
		w.clock.now.Add(int64(d))
		if _, err := w.services[0].Reconcile(ctx); err != nil {
			return err
		}
	}
	found, err := invariant.Check(ctx, w.services[0], w.gw, invariant.Settled)
	if found = append(append(found, w.watch.Violations()...), w.guard.Violations()...); len(found) > 0 || err != nil {
		return fmt.Errorf("broken: %v, %w", found, err)
	}
	for name, model := range map[string]porcupine.Model{"keys": keys.ToModel(), "reads": reads} {
		if got := porcupine.CheckOperationsTimeout(model, w.history, 10*time.Second); got != porcupine.Ok {
			return fmt.Errorf("the history of %s is %v: %+v", name, got, w.history)
		}
	}
	return nil
}

// TestHistories makes many histories of pay, complete, void, refund, capture, webhooks, reads and Reconcile on one order at once.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := *count
	if testing.Short() {
		n = min(n, 200)
	}
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := run(t.Context(), *seed+uint64(i)); err != nil && bad.Add(1) <= 3 {
					t.Errorf("history %d: %v", *seed+uint64(i), err)
				}
			}
		})
	}
	wg.Wait()
	matrix.Count(t, "C3", n)
	matrix.Count(t, "C4", n)
}
