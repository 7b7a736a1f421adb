// Package storetest checks that a payments.Store keeps what the interface promises. It is for the authors of stores: give Run
// a Harness in a test of yours. Verify is the same without testing.T, and names in its error each check that failed with the
// rule that it holds.
//
// Every check works in a namespace of its own, so that one database serves all of them, and nothing needs to be empty.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

// Harness is a store to be checked.
type Harness struct {
	// Store is the store.
	Store payments.Store
	// Advance moves the clock by which the store judges leases, at most as far as an hour. Where it is nil, the checks
	// that need time to pass are not made; nothing else is ever left out.
	Advance func(d time.Duration)
}

// CheckError is one check that failed.
type CheckError struct {
	// Check is the name of the check.
	Check string
	// Rule is what a store promises.
	Rule string
	// Err is what was found instead.
	Err error
}

// Error returns the check, the rule and what was found.
func (f *CheckError) Error() string {
	return fmt.Sprintf("%s: %v (the rule: %s)", f.Check, f.Err, f.Rule)
}

// Unwrap returns what was found.
func (f *CheckError) Unwrap() error { return f.Err }

// check is one promise of the interface.
type check struct {
	name string
	// rule is the promise in one sentence.
	rule string
	run  func(c *checker)
	// timed needs Harness.Advance.
	timed bool
}

// checks returns all of them, in the order in which they are made.
func checks() []check {
	var all []check
	for _, some := range [][]check{paymentChecks, liveChecks, rowChecks, outboxChecks, inboxChecks, hookChecks, readChecks, leaseChecks, upkeepChecks, valueChecks} {
		all = append(all, some...)
	}
	return all
}

// Checks returns the names of the checks.
func Checks() []string {
	var list []string
	for _, c := range checks() {
		list = append(list, c.name)
	}
	return list
}

// Run makes each check a subtest.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if c.timed && h.Advance == nil {
				t.Skip("the harness cannot move the store's clock")
			}
			if err := c.verify(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
	}
}

// Verify makes all the checks and returns a [*CheckError] for each that failed, joined.
func Verify(ctx context.Context, h Harness) error {
	var all []error
	for _, c := range checks() {
		if c.timed && h.Advance == nil {
			continue
		}
		if err := c.verify(ctx, h); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// patience is how long one check may take: a store that blocks for ever must be named as well.
const patience = 20 * time.Second

// verify makes one check.
func (c check) verify(ctx context.Context, h Harness) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			switch v := recover().(type) {
			case nil:
				done <- nil
			case found:
				done <- v.error
			default:
				done <- fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
		}()
		c.run(newChecker(ctx, h))
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	return &CheckError{Check: c.name, Rule: c.rule, Err: err}
}
