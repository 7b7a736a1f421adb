package stripetest

import (
	"container/heap"
	"context"
	"errors"
	"time"
)

// wake is a moment at which time itself may change an object.
type wake struct {
	at int64 // seconds
	n  int   // the order of asking, among equals
	id string
}

// wakes is a queue of them. An entry is a hint: the object itself says whether it is due.
type wakes struct {
	list []wake
	n    int
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (w *wakes) Len() int { return len(w.list) }

// Less orders by time and then by the order of asking.
func (w *wakes) Less(i, j int) bool {
	a, b := w.list[i], w.list[j]
	return a.at < b.at || a.at == b.at && a.n < b.n
}

// Swap exchanges two entries.
func (w *wakes) Swap(i, j int) { w.list[i], w.list[j] = w.list[j], w.list[i] }

// Push appends an entry.
func (w *wakes) Push(x any) { w.list = append(w.list, x.(wake)) }

// Pop takes the last entry.
func (w *wakes) Pop() any {
	last := w.list[len(w.list)-1]
	w.list = w.list[:len(w.list)-1]
	return last
}

func (w *wakes) push(at int64, id string) {
	w.n++
	heap.Push(w, wake{at: at, n: w.n, id: id})
}

// waker is an object that time changes.
type waker interface {
	entity
	wake(s *Server, now time.Time)
}

// clock tells the time: that of Options.Clock, and what Advance has added.
func (s *Server) clock() time.Time { return s.opts.Clock().Add(time.Duration(s.state.Offset)) }

// Now is the emulator's time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock()
}

// Advance moves the emulator's clock on, and lets all that falls due on the way happen, each at its own time: subscriptions
// renew, trials end, invoices are tried again, incomplete subscriptions and authorizations expire, refunds settle, late
// webhooks are delivered. Requests do the same for the time that has passed by Options.Clock.
func (s *Server) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return errors.New("stripetest: the clock cannot be moved back")
	}
	s.mu.Lock()
	target := s.clock().Add(d)
	s.mu.Unlock()
	for range maxWakes {
		if there, err := s.advanceTo(ctx, target); there || err != nil {
			return err
		}
	}
	return errors.New("stripetest: too much happens in that time")
}

// advanceTo moves the clock to the next moment at which something is due, and no further than the target. What is delivered
// there is delivered before the next one.
func (s *Server) advanceTo(ctx context.Context, target time.Time) (there bool, err error) {
	err = s.step(ctx, func(now time.Time) error {
		next := target
		if s.wakes.Len() > 0 {
			next = time.Unix(s.wakes.list[0].at, 0)
		}
		if there = !next.Before(target); there {
			next = target
		}
		if next.After(now) {
			s.state.Offset += int64(next.Sub(now))
			s.metaDirty = true
		}
		s.tick(s.clock())
		return nil
	})
	return there, err
}

// maxWakes bounds what one tick does, so that a price by the day and a jump of centuries end.
const maxWakes = 1_000_000

// tick lets happen what is due.
func (s *Server) tick(now time.Time) {
	for range maxWakes {
		if s.wakes.Len() == 0 || s.wakes.list[0].at > now.Unix() {
			break
		}
		next := heap.Pop(&s.wakes).(wake)
		e, ok := s.state.byID[next.id].(waker)
		if !ok || e.due() == 0 || e.due() > next.at {
			continue
		}
		e.wake(s, time.Unix(next.at, 0))
	}
	s.forgetKeys(now)
	s.forgetEvents(now)
}

// step runs something that happens beside the API, and delivers the webhooks that it causes.
func (s *Server) step(ctx context.Context, do func(now time.Time) error) error {
	s.mu.Lock()
	now := s.clock()
	s.tick(now)
	err := do(now)
	out := s.takeOutbox(now)
	err = errors.Join(err, s.flush())
	s.mu.Unlock()
	s.deliver(ctx, out)
	return err
}
