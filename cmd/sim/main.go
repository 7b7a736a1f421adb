// Command sim runs the simulator of internal/sim over many seeds, on all cores, and prints figures and the seeds that fail.
//
//	go run ./cmd/sim -seeds 100000 -seed 1
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trendsic/payments/internal/sim"
)

func main() {
	seeds := flag.Uint64("seeds", 20_000, "how many seeds to run")
	first := flag.Uint64("seed", 1, "the first seed")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "how many run at once")
	limit := flag.Duration("for", 0, "end after this time; 0 runs all seeds")
	failures := flag.Int("failures", 3, "how many failing seeds are shrunk and shown before the run ends")
	shrink := flag.Bool("shrink", true, "shrink each failing seed, which runs it many times")
	trace := flag.Bool("trace", false, "show the steps of each failing seed")
	flag.Parse()
	if *seeds == 1 {
		one(*first)
		return
	}
	r := &campaign{first: *first, seeds: *seeds, most: *failures, shrink: *shrink, trace: *trace}
	ctx, cancel := context.WithCancel(context.Background())
	if *limit > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), *limit)
	}
	defer cancel()
	if !r.run(ctx, *workers) {
		cancel()
		os.Exit(1) //nolint:gocritic // the context is canceled
	}
}

// one shows a single seed.
func one(seed uint64) {
	out := sim.Run(sim.Config{Seed: seed})
	if out.Failed() {
		out = sim.Shrink(sim.Config{Seed: seed})
	}
	for _, line := range out.Trace {
		fmt.Println(line)
	}
	fmt.Println(out)
	fmt.Println(out.Figures)
	if out.Failed() {
		os.Exit(1)
	}
}

// campaign is many runs.
type campaign struct {
	first, seeds uint64
	most         int
	shrink       bool
	trace        bool
	next         atomic.Uint64

	mu     sync.Mutex
	failed int
	sum    sim.Figures
}

// run runs the seeds and reports whether none failed.
func (c *campaign) run(ctx context.Context, workers int) bool {
	begun := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { c.work(ctx) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-tick.C:
		case <-done:
			running = false
		}
		c.mu.Lock()
		fmt.Printf("%6.1fs %s; %d seeds failed\n", time.Since(begun).Seconds(), c.sum, c.failed)
		c.mu.Unlock()
	}
	return c.failed == 0
}

// work runs seed after seed.
func (c *campaign) work(ctx context.Context) {
	for ctx.Err() == nil {
		n := c.next.Add(1) - 1
		c.mu.Lock()
		stop := c.failed >= c.most
		c.mu.Unlock()
		if n >= c.seeds || stop {
			return
		}
		out := sim.Run(sim.Config{Seed: c.first + n}) //nolint:contextcheck // a run is short and ends by itself
		shrunk := out
		if out.Failed() && c.shrink {
			shrunk = sim.Shrink(out.Config) //nolint:contextcheck // as above
		}
		c.mu.Lock()
		c.sum.Add(out.Figures)
		if out.Failed() {
			c.failed++
			fmt.Printf("FAIL %v\nshrunk to %v\n", out, shrunk)
			if c.trace {
				for _, line := range shrunk.Trace {
					fmt.Println("    " + line)
				}
			}
		}
		c.mu.Unlock()
	}
}
