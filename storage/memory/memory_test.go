package memory_test

import (
	"testing"
	"time"

	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/storage/memory"
	"github.com/trendsic/payments/storage/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clocktest.New(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	storetest.Run(t, storetest.Harness{Store: memory.New(c.Now), Advance: c.Advance})
}
