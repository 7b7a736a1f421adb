// Package sim simulates hosts, payers, a faulty gateway, crashes and time around the module, all decided by one seed: clients
// call several services over one store and one gateway, each call is cut into steps, and a single-threaded scheduler picks
// the next step. The same seed gives the same run, whose trace has the same hash.
//
// After every step the rows and the gateway's books must keep the promises of package invariant; and after the faults have
// ended and time has passed, nothing may be in doubt and rows and books must agree.
package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/trendsic/payments/internal/invariant"
)

// Features are what a run may contain; a failure is shrunk by taking them away.
type Features struct {
	// NoFaults, NoCrashes, NoEvents, NoStoreErrors, NoHookErrors and NoJumps take one kind of trouble away.
	NoFaults, NoCrashes, NoEvents, NoStoreErrors, NoHookErrors, NoJumps bool
	// NoMonths, NoSaving and NoSlowHooks take away what life.go says.
	NoMonths, NoSaving, NoSlowHooks bool
}

// each lists all of them.
func (f *Features) each() []*bool {
	return []*bool{&f.NoFaults, &f.NoCrashes, &f.NoEvents, &f.NoStoreErrors, &f.NoHookErrors, &f.NoJumps, &f.NoMonths, &f.NoSaving, &f.NoSlowHooks}
}

// Config says what to run.
type Config struct {
	// Seed decides everything.
	Seed uint64
	// Steps bounds how many actions the scheduler takes before the faults end; 0 lets the seed choose.
	Steps int
	// Features are taken away from what the seed would do.
	Features Features
	// Trace keeps the text of each step.
	Trace bool
}

// Outcome is what a run came to.
type Outcome struct {
	// Config is what was run, with Steps as they were.
	Config Config
	// Hash is over every step of the run.
	Hash uint64
	// Violations are the promises that were broken, none when all is well.
	Violations []invariant.Violation
	// Err is a failure of the simulation itself, such as a panic of the module.
	Err error
	// Trace is the text of the steps, where asked for.
	Trace []string
	// Figures count what happened.
	Figures Figures
}

// Failed reports whether the run found anything.
func (o Outcome) Failed() bool { return o.Err != nil || len(o.Violations) > 0 }

// String tells the outcome in a few lines.
func (o Outcome) String() string {
	s := fmt.Sprintf("seed %d, steps %d, features %+v, hash %016x", o.Config.Seed, o.Config.Steps, o.Config.Features, o.Hash)
	if o.Err != nil {
		s += "\n  " + o.Err.Error()
	}
	for _, v := range o.Violations {
		s += "\n  " + v.String()
	}
	return s
}

// Figures count what happened in runs.
type Figures struct {
	// Seeds counts runs, Operations what clients asked, Steps the scheduler's, Calls those of the gateway, Crashes the
	// services that died, Events the webhooks delivered, Payments the rows, Charges the gateway's tries and Checks how often the
	// invariants were checked.
	Seeds, Operations, Steps, Calls, Crashes, Events, Payments, Charges, Checks int64
}

// Add adds the figures of another run.
func (f *Figures) Add(o Figures) {
	f.Seeds += o.Seeds
	f.Operations += o.Operations
	f.Steps += o.Steps
	f.Calls += o.Calls
	f.Crashes += o.Crashes
	f.Events += o.Events
	f.Payments += o.Payments
	f.Charges += o.Charges
	f.Checks += o.Checks
}

// String tells the figures in one line.
func (f Figures) String() string {
	return fmt.Sprintf("%d seeds, %d operations, %d steps, %d gateway calls, %d crashes, %d webhooks, %d payments, %d tries to charge, %d checks",
		f.Seeds, f.Operations, f.Steps, f.Calls, f.Crashes, f.Events, f.Payments, f.Charges, f.Checks)
}

// Run runs one seed.
func Run(cfg Config) (out Outcome) {
	w, err := newWorld(cfg)
	if err != nil {
		return Outcome{Config: cfg, Err: err}
	}
	defer func() {
		if r := recover(); r != nil {
			out = w.outcome()
			out.Err = fmt.Errorf("sim: a panic: %v", r)
		}
	}()
	w.play()
	if len(w.found) == 0 && w.err == nil {
		w.settle()
	}
	return w.outcome()
}

// Shrink returns a smaller configuration that fails too: without the troubles that are not needed, and with the fewest steps.
func Shrink(cfg Config) Outcome {
	best := Run(cfg)
	if !best.Failed() {
		return best
	}
	try := func(c Config) {
		if out := Run(c); out.Failed() {
			best = out
		}
	}
	for i := range len(best.Config.Features.each()) {
		c := best.Config
		*c.Features.each()[i] = true
		try(c)
	}
	for n := 1; n < best.Config.Steps; n++ {
		c := best.Config
		c.Steps = n
		if out := Run(c); out.Failed() {
			best = out
			break
		}
	}
	c := best.Config
	c.Trace = true
	return Run(c)
}

// errStuck is a run that does not end.
var errStuck = errors.New("sim: the run does not end")

// source makes the generator of a run.
func source(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // a repeatable simulation, not a secret
}
