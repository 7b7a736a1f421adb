package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Check is one check of the suite.
type Check struct {
	// Name is what skips and violations call it.
	Name string
	// Rule is the sentence of the contract that it enforces.
	Rule string
	// Core tells that it cannot be skipped.
	Core bool

	needs func(*probe) string // why it cannot be made on this subject, empty when it can
	make  func(*probe)
}

// Checks lists all checks in the order in which they are made.
func Checks() []Check {
	return slices.Concat(basicChecks, declineChecks, keyChecks, intentChecks, actionChecks, captureChecks, voidChecks,
		refundChecks, fetchChecks, limitChecks, secretChecks, contextChecks, faultChecks, parallelChecks,
		webhookChecks, listChecks, savingChecks, subscribeChecks, trialChecks, cancelChecks)
}

// Violation is the error for one check that was violated. [Verify] joins them; errors.As finds the first.
type Violation struct { //nolint:errname // it reads as what it is: errors.As(err, &violation)
	// Check is the check's name; "harness" when the harness itself is wrong.
	Check string
	// Rule is what is violated.
	Rule string
	// Problems are what was seen.
	Problems []string
}

// Error names the check, the rule and what was seen.
func (v *Violation) Error() string {
	return fmt.Sprintf("gatewaytest: %s: %s\n\trule: %s", v.Check, strings.Join(v.Problems, "\n\t"), v.Rule)
}

// harnessRule is the rule of a harness.
const harnessRule = "A harness makes a complete subject for each check, and skips, with a reason, only checks that exist and are not core."

// skipMistakes says what is wrong with the skips.
func (h Harness) skipMistakes() error {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(h.Skip)) {
		i := slices.IndexFunc(Checks(), func(c Check) bool { return c.Name == name })
		switch {
		case i < 0:
			problems = append(problems, "there is no check "+name)
		case Checks()[i].Core:
			problems = append(problems, "the core check "+name+" cannot be skipped")
		case strings.TrimSpace(h.Skip[name]) == "":
			problems = append(problems, "the skip of "+name+" gives no reason")
		}
	}
	if h.New == nil {
		problems = append(problems, "the harness has no New")
	}
	if len(problems) > 0 {
		return &Violation{Check: "harness", Rule: harnessRule, Problems: problems}
	}
	return nil
}

// Run makes each check a subtest of t.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if err := h.skipMistakes(); err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if h.Parallel {
				t.Parallel()
			}
			if reason, ok := h.Skip[c.Name]; ok {
				t.Skip(reason)
			}
			skipped, err := h.run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if skipped != "" {
				t.Skip(skipped)
			}
		})
	}
}

// Verify makes all checks and returns nil, or an error that joins one [*Violation] for each check that was violated, in the
// order of [Checks]. With Harness.Parallel the checks are made at the same time.
func Verify(ctx context.Context, h Harness) error {
	if err := h.skipMistakes(); err != nil {
		return err
	}
	atOnce := 1
	if h.Parallel {
		atOnce = maxAtOnce
	}
	checks := Checks()
	errs := make([]error, len(checks))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, c := range checks {
		if _, ok := h.Skip[c.Name]; ok {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			_, errs[i] = h.run(ctx, c)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// maxAtOnce bounds the checks that Verify makes at the same time.
const maxAtOnce = 32

// run makes one check on a subject of its own. It returns why it was skipped, or the violation.
func (h Harness) run(ctx context.Context, c Check) (string, error) {
	timeout := h.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := h.New(ctx)
	if err == nil {
		err = s.complete()
	}
	if err != nil {
		return "", &Violation{Check: c.Name, Rule: harnessRule, Problems: []string{err.Error()}}
	}
	if s.Close != nil {
		defer s.Close()
	}
	p := newProbe(ctx, s)
	if c.needs != nil {
		if reason := c.needs(p); reason != "" {
			return reason, nil
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.guard(func() { c.make(p) })
	}()
	select {
	case <-done:
	case <-time.After(timeout + grace):
		p.errorf("the gateway did not come back when the context of the check had ended")
	}
	if problems := p.seen(); len(problems) > 0 {
		return "", &Violation{Check: c.Name, Rule: c.Rule, Problems: problems}
	}
	return "", nil
}

// grace is how long a call may take to come back after its context ended.
const grace = 2 * time.Second

// guard runs a part of a check; a fatal problem ends it, and a panic of the gateway is a problem.
func (p *probe) guard(part func()) {
	defer func() {
		if r := recover(); r != nil && r != any(halt{}) {
			p.errorf("the gateway panicked: %v\n%s", r, debug.Stack())
		}
	}()
	part()
}
