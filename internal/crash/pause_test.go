package crash

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// pause stops a service at one boundary, as SIGSTOP stops a process, until it is told to go on, or panics there.
type pause struct {
	at, stopAt      int
	panics          bool
	reached, resume chan struct{}
}

// step is called at each boundary.
func (p *pause) step(context.Context, string, bool, error) error {
	if p.at++; p.at != p.stopAt {
		return nil
	}
	if p.panics {
		panic("a gateway or a store with a bug")
	}
	close(p.reached)
	<-p.resume
	return nil
}

// skewed is the clock of a node that is off.
type skewed struct {
	*Clock
	by time.Duration
}

// Now returns the node's time.
func (c skewed) Now() time.Time { return c.Clock.Now().Add(c.by) }

// paused is one cell: a flow that stops at a boundary while another service, for so long, takes over, or that panics there.
type paused struct {
	flow          string
	stopAt        int
	panics        bool
	away          time.Duration
	first, second time.Duration // how far the two clocks are off
}

// run returns how many boundaries the flow had, and what is broken in the end.
func (c paused) run(ctx context.Context) (int, error) {
	f, clock := flows[c.flow], &Clock{now: begin}
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: clock.Now, Seed: 7, WebhookSecret: "crash"})
	if err != nil {
		return 0, err
	}
	store := memory.New(clock.Now)
	w := &world{gw: gw, clock: clock, watch: invariant.Watch(store), guard: invariant.Guard(gw, store, "")}
	other := *w
	p := &pause{stopAt: c.stopAt, panics: c.panics, reached: make(chan struct{}), resume: make(chan struct{})}
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

// TestPausedAnywhere stops every flow at every boundary for two minutes, longer than its lease: another service takes the
// payment over, ends it and repeats the caller's request, and then the first one wakes. What it does then must not count.
func TestPausedAnywhere(t *testing.T) {
	t.Parallel()
	cells := 0
	for name := range flows {
		n, err := paused{flow: name}.run(t.Context())
		if err != nil || n == 0 {
			t.Fatalf("%s without a pause: %d boundaries, %v", name, n, err)
		}
		for k := 1; k <= n; k++ {
			if _, err := (paused{flow: name, stopAt: k, away: 2 * time.Minute}).run(t.Context()); err != nil {
				t.Errorf("%s paused at %d: %v", name, k, err)
			}
			cells++
		}
	}
	t.Logf("%d cells", cells)
	matrix.Count(t, "F3", cells)
}

// TestPanicsAnywhere lets every call of the gateway and the store panic before and after its effect: no lock is kept, and the
// doubt is resolved like any other.
func TestPanicsAnywhere(t *testing.T) {
	t.Parallel()
	sites := 0
	for name := range flows {
		n, err := paused{flow: name}.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k <= n; k++ {
			if _, err := (paused{flow: name, stopAt: k, panics: true}).run(t.Context()); err != nil {
				t.Errorf("%s with a panic at %d: %v", name, k, err)
			}
			sites++
		}
	}
	matrix.Count(t, "A7", sites)
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
