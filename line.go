package payments

import (
	"errors"
	"sync"
	"time"
)

// line is what this process has seen of the way to the gateway. Nothing depends on it but when doubts are looked at: a process
// that has just begun takes it that there was an outage.
type line struct {
	mu       sync.Mutex
	up       bool // the last call was answered
	overdue  bool // it was the first that was, and the doubts were not made due since
	hastened time.Time
}

// hastenEvery is how long after an outage's end another one counts.
const hastenEvery = 5 * time.Minute

// heard takes the outcome of one call to the gateway.
func (l *line) heard(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answered := err == nil || OutcomeOf(err) == OutcomeNotApplied && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRateLimited)
	l.overdue = l.overdue || answered && !l.up
	l.up = answered
}

// answersAgain reports, once, that an outage has ended.
func (l *line) answersAgain(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := now.Sub(l.hastened)
	if !l.overdue || since >= 0 && since < hastenEvery {
		return false
	}
	l.overdue, l.hastened = false, now
	return true
}

// failed takes back what answersAgain told: the doubts could not be made due, and are after hastenEvery.
func (l *line) failed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.overdue = true
}
