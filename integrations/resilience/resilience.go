// Package resilience decorates a gateway with a circuit breaker and a bulkhead, so that one that hangs or fails holds up neither
// the host nor itself: at most so many calls are under way at once, and after some that were not answered none is made for a
// while. What is not sent is answered ErrUnavailable, not applied, with the time after which to try again; the adapter makes
// it 503 with Retry-After.
//
// The breaker is sony/gobreaker's, and both count for one process. A decorated gateway has exactly the capabilities of the one beneath: see
// [payments.CapabilityOf].
package resilience

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/trendsic/payments"
	"golang.org/x/sync/semaphore"
)

// Options configures [New]. The zero value of each field is its default.
type Options struct {
	// Concurrent is how many calls may be under way at once; 64 by default.
	Concurrent int
	// Wait is how long a call waits for one of these places; 1 second by default.
	Wait time.Duration
	// Failures is after how many calls in a row without an answer no more are made; 10 by default. An answer is whatever
	// says what happened: a decline and a refusal too, a time-out and "too many requests" not.
	Failures int
	// OpenFor is for how long none are made then; 30 seconds by default. Afterwards one call tries.
	OpenFor time.Duration
	// Logger is told when the breaker opens and closes; nil logs nothing.
	Logger *slog.Logger
}

// complete fills in the defaults and refuses what cannot be right.
func (o *Options) complete() error {
	if o.Concurrent < 0 || o.Wait < 0 || o.Failures < 0 || o.OpenFor < 0 {
		return errors.New("resilience: an option is negative")
	}
	if o.Concurrent == 0 {
		o.Concurrent = 64
	}
	if o.Failures == 0 {
		o.Failures = 10
	}
	if o.Wait == 0 {
		o.Wait = time.Second
	}
	if o.OpenFor == 0 {
		o.OpenFor = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// New returns the gateway with a breaker and a bulkhead around each call that it makes. Nil options are the defaults. The
// result is safe for concurrent use.
func New(gateway payments.Gateway, opts *Options) (payments.Gateway, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if gateway == nil {
		return nil, errors.New("resilience: New needs a Gateway")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	b := &breaker{name: gateway.Name(), opts: o, places: semaphore.NewWeighted(int64(o.Concurrent))}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: gateway.Name(), MaxRequests: 1, Timeout: o.OpenFor, IsSuccessful: answered,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(o.Failures) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			o.Logger.Warn("circuit breaker", "gateway", name, "from", from.String(), "to", to.String())
		},
	})
	return b.around(gateway), nil
}

// breaker is what all calls of one gateway pass.
type breaker struct {
	name    string
	opts    Options
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	places  *semaphore.Weighted
}

// answered reports whether the gateway has said what happened.
func answered(err error) bool {
	return err == nil || payments.OutcomeOf(err) == payments.OutcomeNotApplied &&
		!errors.Is(err, payments.ErrRateLimited) && !errors.Is(err, payments.ErrUnavailable)
}

// errPanicked counts a call that did not return.
var errPanicked = errors.New("resilience: the gateway panicked")

// do makes one call where there is a place and the breaker is closed.
func do[T any](ctx context.Context, b *breaker, call func() (T, error)) (T, error) {
	var none T
	if b.circuit.State() == gobreaker.StateOpen || !b.enter(ctx) {
		return none, b.shed()
	}
	defer b.places.Release(1)
	done, err := b.circuit.Allow()
	if err != nil {
		return none, b.shed()
	}
	failed := errPanicked
	defer func() { done(failed) }()
	result, err := call()
	failed = err
	return result, err
}

// enter waits for a place, where there is none at once.
func (b *breaker) enter(ctx context.Context) bool {
	if b.places.TryAcquire(1) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, b.opts.Wait)
	defer cancel()
	return b.places.Acquire(ctx, 1) == nil
}

// shed is the answer to a call that is not made.
func (b *breaker) shed() error {
	return &payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied, Gateway: b.name,
		Message: "the payment service cannot be reached now; nothing was charged", RetryAfter: b.opts.OpenFor}
}
