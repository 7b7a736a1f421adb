package stripetest

import "time"

// addInterval is the moment that lies one interval after another one. Months and years keep the day of the anchor where the
// month has it, and end with the month where it has not: from 31 January to 28 February to 31 March.
func addInterval(from, anchor time.Time, interval string, count int64) time.Time {
	from, anchor = from.UTC(), anchor.UTC()
	n := int(count)
	switch interval {
	case "day":
		return from.AddDate(0, 0, n)
	case "week":
		return from.AddDate(0, 0, 7*n)
	case "year":
		n *= 12
	}
	first := time.Date(from.Year(), from.Month(), 1, anchor.Hour(), anchor.Minute(), anchor.Second(), 0, time.UTC).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(anchor.Day(), last)-1)
}
