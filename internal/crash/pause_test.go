package crash

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// trouble is what happens at a boundary.
type trouble int

const (
	stops  trouble = iota // as SIGSTOP stops a process, until it is told to go on
	panics                // once
	fails                 // once: a commit whose answer is lost, where it fails after the call
	down                  // the database, from then on
)

// pause makes trouble at one boundary.
type pause struct {
	trouble
	at, stopAt      int
	reached, resume chan struct{}
}

// errDown is what a store says that cannot reach its database.
var errDown = &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}

// step is called at each boundary.
func (p *pause) step(_ context.Context, call string, _ bool, _ error) error {
	p.at++
	if p.trouble == down && p.stopAt > 0 && p.at >= p.stopAt && !gatewayCalls[call] {
		return errDown
	}
	if p.at != p.stopAt {
		return nil
	}
	switch {
	case p.trouble == panics:
		panic("a gateway or a store with a bug")
	case p.trouble == fails && gatewayCalls[call]:
		return &payments.Error{Code: payments.ErrUnavailable}
	case p.trouble == fails:
		return errDown
	case p.trouble == stops:
		close(p.reached)
		<-p.resume
	}
	return nil
}

// gatewayCalls are the steps that are none of the store's.
var gatewayCalls = map[string]bool{"prepare": true, "confirm": true, "authorize": true, "capture": true, "void": true, "refund": true,
	"fetch": true, "subscribe": true, "fetch_subscription": true, "cancel_subscription": true, "uncancel_subscription": true}

// skewed is the clock of a node that is off.
type skewed struct {
	*clocktest.Clock
	by time.Duration
}

// Now returns the node's time.
func (c skewed) Now() time.Time { return c.Clock.Now().Add(c.by) }

// paused is one cell: a flow with trouble at a boundary. While it stops there, for so long, another service takes over.
type paused struct {
	flow          string
	trouble       trouble
	stopAt        int
	away          time.Duration
	first, second time.Duration // how far the two clocks are off
}

// run returns how many boundaries the flow had, and what is broken in the end.
func (c paused) run(ctx context.Context) (int, error) {
	f, clock := flows[c.flow], clocktest.New(begin)
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: clock.Now, Seed: 7, WebhookSecret: "crash"})
	if err != nil {
		return 0, err
	}
	store := memory.New(clock.Now)
	w := &world{gw: gw, clock: clock, watch: invariant.Watch(store), guard: invariant.Guard(gw, store, "")}
	other := *w
	p := &pause{stopAt: c.stopAt, trouble: c.trouble, reached: make(chan struct{}), resume: make(chan struct{})}
	if err := w.serve(f, skewed{clock, c.first}, p.step); err != nil {
		return 0, err
	}
	if err := other.serve(f, skewed{clock, c.second}, func(context.Context, string, bool, error) error { return nil }); err != nil {
		return 0, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // as net/http does
		f.run(ctx, w)
	}()
	select {
	case <-p.reached:
		clock.Advance(c.away)
		if _, err := other.Reconcile(ctx); err != nil {
			return 0, err
		}
		f.run(ctx, &other)
		close(p.resume)
		<-done
	case <-done:
	}
	if err := other.recover(ctx, f); err != nil {
		return 0, err
	}
	found, err := other.check(ctx)
	if len(found) > 0 {
		err = fmt.Errorf("%v: %w", found, errBroken)
	}
	return p.at, err
}

// everywhere makes trouble in every flow at every boundary, and returns how many cells that were.
func everywhere(t *testing.T, kind trouble) (cells int) {
	t.Helper()
	for name := range flows {
		n, err := paused{flow: name}.run(t.Context())
		if err != nil || n == 0 {
			t.Fatalf("%s without trouble: %d boundaries, %v", name, n, err)
		}
		for k := 1; k <= n; k++ {
			if _, err := (paused{flow: name, trouble: kind, stopAt: k, away: 2 * time.Minute}).run(t.Context()); err != nil {
				t.Errorf("%s with trouble %d at %d: %v", name, kind, k, err)
			}
			cells++
		}
	}
	return cells
}

// TestPausedAnywhere stops every flow at every boundary for two minutes, longer than its lease: another service takes the
// payment over, ends it and repeats the caller's request, and then the first one wakes. What it does then must not count.
func TestPausedAnywhere(t *testing.T) {
	t.Parallel()
	matrix.Count(t, "F3", everywhere(t, stops))
}

// TestPanicsAnywhere lets every call of the gateway and the store panic before and after its effect: no lock is kept, and the
// doubt is resolved like any other.
func TestPanicsAnywhere(t *testing.T) {
	t.Parallel()
	matrix.Count(t, "A7", everywhere(t, panics))
}

// TestDatabaseFails lets every call of the store fail before and after its effect, once, and from there on: what was not written is
// not charged, and what was charged is found again.
func TestDatabaseFails(t *testing.T) {
	t.Parallel()
	matrix.Count(t, "E1", everywhere(t, fails))
	matrix.Count(t, "E1", everywhere(t, down))
}

// TestClocksDiffer lets two services whose clocks differ, and jump back, work on one order: leases are judged by the store's
// clock alone.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	rng, cases := rand.New(rand.NewPCG(*seed, 3)), 0
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		n, err := paused{flow: name}.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range [][2]time.Duration{{5 * time.Minute, -5 * time.Minute}, {-5 * time.Minute, 5 * time.Minute},
			{time.Hour, 0}, {0, -time.Hour}, {-time.Hour, time.Hour}} {
			for _, away := range []time.Duration{time.Second, -time.Hour, 2 * time.Minute} {
				c := paused{flow: name, stopAt: 1 + rng.IntN(n), away: away, first: off[0], second: off[1]}
				if _, err := c.run(t.Context()); err != nil {
					t.Errorf("%+v: %v", c, err)
				}
				cases++
			}
		}
	}
	matrix.Count(t, "F2", cases)
}
