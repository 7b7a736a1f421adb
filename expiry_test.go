package payments_test

import (
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// TestExpiryAtTheMonthsEnd holds that a card is good until its month has ended everywhere, the last place being twelve hours
// behind UTC (ISO/IEC 7813 names the month, and no zone).
func TestExpiryAtTheMonthsEnd(t *testing.T) {
	t.Parallel()
	rows := 0
	for year, february := range map[int]int{2026: 28, 2028: 29, 2100: 28} {
		for i, last := range []int{31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} {
			e := payments.Expiry{Month: i + 1, Year: year}
			end := time.Date(year, time.Month(e.Month), last, 23, 59, 59, 999_999_999, time.FixedZone("UTC-12", -12*60*60))
			for at, want := range map[time.Time]bool{end: false, end.Add(time.Nanosecond): true} {
				if e.Expired(at) != want {
					t.Errorf("%v at %v: expired is %v", e, at, !want)
				}
				rows++
			}
		}
	}
	matrix.Count(t, "F4", rows)
}
