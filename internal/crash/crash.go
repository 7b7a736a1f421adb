// Package crash proves by kill -9 that an order is charged once or not at all. Its test runs itself again as a child process,
// which works on a SQLite file and on a simulated gateway whose state is in a file, and which kills itself at one of the
// boundaries before and after each call of the store and the gateway. Then the database is opened again, the payments are
// reconciled, the caller repeats its request, and the promises of package invariant must hold.
package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/invariant"
)

// begin is the virtual moment at which every flow begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Job is what one process does.
type Job struct {
	// Flow names the flow.
	Flow string
	// Dir holds the database and the gateway's state.
	Dir string
	// KillAt is the boundary at which the process dies; 0 is never.
	KillAt int
	// Recover tells the process to recover from a crash instead of running the flow; Later is the virtual time since.
	Recover bool
	Later   time.Duration
}

// text is the job as the child's argument.
func (j Job) text() string {
	b, err := json.Marshal(j)
	if err != nil {
		panic(err) // plain values only
	}
	return string(b)
}

// counter counts boundaries and kills the process at one of them.
type counter struct {
	at, killAt int
}

// step is called at each boundary.
func (c *counter) step(context.Context, string, bool, error) error {
	if c.at++; c.at == c.killAt {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
	return nil
}

// world is what one process works with.
type world struct {
	*payments.Service
	gw    *fake.Gateway
	guard *invariant.Guarded
	watch *invariant.Watcher
	clock *clocktest.Clock
	count *counter
}

// OrderID is the one order of a flow.
var orderID = payments.OrderID{7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// open builds the service over the files of a job; store is made over the database by the caller.
func open(j Job, clock *clocktest.Clock, store payments.Store) (*world, error) {
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: clock.Now, Seed: 7, WebhookSecret: "crash",
		StateFile: filepath.Join(j.Dir, "gateway.json")})
	if err != nil {
		return nil, fmt.Errorf("crash: %w", err)
	}
	count := &counter{killAt: j.KillAt}
	w := &world{gw: gw, clock: clock, count: count, watch: invariant.Watch(store), guard: invariant.Guard(gw, store, "")}
	return w, w.serve(flows[j.Flow], clock, count.step)
}

// serve makes the world's service, by a clock of its own and with a step around each call.
func (w *world) serve(f flow, clock payments.Clock, step invariant.Step) (err error) {
	order := payments.Order{ID: orderID, AgentID: 3, CustomerID: 9, Total: payments.Money{Amount: 1250, Currency: "USD"}}
	if f.recurring {
		order.Recurring = &payments.Plan{Interval: "month", Every: 1, TrialDays: f.trialDays}
	}
	orders := payments.OrdersFunc(func(context.Context, payments.OrderID) (payments.Order, error) { return order, nil })
	w.Service, err = payments.New(invariant.AroundStore{Store: w.watch, Step: step}, invariant.AroundGateway{FullGateway: w.guard, Step: step}, orders,
		&payments.Options{Clock: clock, ManualCapture: f.manual})
	return err
}

// recover does what a host does after a restart: it reconciles with time moved on, and the caller repeats its request under
// its key.
func (w *world) recover(ctx context.Context, f flow) error {
	for _, d := range []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute} {
		w.clock.Advance(d)
		if _, err := w.Reconcile(ctx); err != nil {
			return err
		}
	}
	f.run(ctx, w)
	w.gw.ClearFaults()
	for _, d := range []time.Duration{time.Minute, 20 * time.Minute, time.Hour, 25 * time.Hour, 25 * time.Hour} {
		w.clock.Advance(d)
		if err := w.gw.Tick(ctx); err != nil {
			return err
		}
		if _, err := w.Reconcile(ctx); err != nil {
			return err
		}
	}
	return nil
}

// check returns what is broken.
func (w *world) check(ctx context.Context) ([]invariant.Violation, error) {
	list, err := invariant.Check(ctx, w.Service, w.gw, invariant.Settled)
	return append(append(list, w.watch.Violations()...), w.guard.Violations()...), err
}
