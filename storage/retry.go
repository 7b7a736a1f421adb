package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How long and how often the store does again what the database asks to do again. Between two tries it waits a random part
// of a time that doubles, so that those who collided do not collide again.
const (
	retryFor   = 5 * time.Second
	retryFirst = 2 * time.Millisecond
	retryMost  = 100 * time.Millisecond
)

// retry runs try until it does not ask for more, the time is over or ctx ends. The last error is the answer. What try does
// itself is not bound by the time: only ctx ends it.
func retry(ctx context.Context, try func() (more bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, retryFor)
	defer cancel()
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		more, err := try()
		if !more {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2)) //nolint:gosec // Jitter needs no secret randomness.
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		case <-timer.C:
		}
	}
}

// retried runs a read or a lease again while the database asks for it. A bound Store tries once: what asks to be done again
// is the host's whole transaction.
func (s *Store) retried(ctx context.Context, work func() error) error {
	return retry(ctx, func() (bool, error) {
		err := work()
		return err != nil && !s.bound && s.d.judge(err) == again, err
	})
}
