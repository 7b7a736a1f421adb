package memory_test

import (
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments/storage/memory"
	"github.com/trendsic/payments/storage/storetest"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	storetest.Run(t, storetest.Harness{Store: memory.New(c.Now), Advance: c.Advance})
}
