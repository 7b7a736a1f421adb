package model

import (
	"context"
	"errors"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/storage/memory"
)

// Bounds say what may happen.
type Bounds struct {
	// Tokens are with what each client pays.
	Tokens []string
	// Crashes, Lost, Late, Events, Jumps and Reconciles are how often at most a process dies, the gateway's answer is lost, a
	// request arrives only later or never, an event is delivered, time passes while calls are under way, and Reconcile runs.
	Crashes, Lost, Late, Events, Jumps, Reconciles int
}

// left is what of the bounds is not used up.
type left struct{ crashes, lost, late, events, jumps, reconciles int }

// begin is when every path begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// order is the one order.
var order = payments.Order{ID: payments.OrderID{7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, AgentID: 3, CustomerID: 9,
	Total: payments.Money{Amount: 1250, Currency: "USD"}}

// world is one path at work.
type world struct {
	left
	tokens []string
	plant  plant

	now    time.Time
	gw     *fake.Gateway
	mem    *memory.Store
	watch  *invariant.Watcher
	guard  *invariant.Guarded
	reader *payments.Service

	clients []client
	tasks   []*task
	cur     *task // the one that runs
	served  int   // tasks so far
	changes int   // of payments' rows
	asked   []said
	events  []fake.Event
	coming  int    // requests that are late
	secret  string // what the payer's page was given
	payer   bool   // the payer has authenticated
	ended   bool   // the faults have
	found   []invariant.Violation
}

// client is one who pays.
type client struct{ running, done bool }

// plant is a fault of the module's, put around what it works with. Each returns what it was given where it is none.
type plant struct {
	store   func(w *world, s payments.Store) payments.Store
	gateway func(w *world, g invariant.FullGateway) invariant.FullGateway
}

func newWorld(b Bounds, p plant) *world {
	w := &world{left: left{b.Crashes, b.Lost, b.Late, b.Events, b.Jumps, b.Reconciles}, tokens: b.Tokens, plant: p, now: begin,
		clients: make([]client, len(b.Tokens))}
	clock := func() time.Time { return w.now }
	var err error
	if w.gw, err = fake.New(fake.Options{AllowFake: true, Clock: clock, Seed: 7, WebhookSecret: "model"}); err != nil {
		panic(err) // the options are right
	}
	w.mem = memory.New(clock)
	w.watch, w.guard = invariant.Watch(w.mem), invariant.Guard(w.gw, w.mem, "")
	if w.reader, err = payments.New(w.mem, w.gw, w, &payments.Options{Clock: clockOf{w}}); err != nil {
		panic(err)
	}
	return w
}

// Order is the host's answer.
func (w *world) Order(context.Context, payments.OrderID) (payments.Order, error) { return order, nil }

// service is a new process.
func (w *world) service() *payments.Service {
	var store payments.Store = rows{w.watch, w}
	var gateway invariant.FullGateway = books{w.guard, w}
	if w.plant.store != nil {
		store = w.plant.store(w, store)
	}
	if w.plant.gateway != nil {
		gateway = w.plant.gateway(w, gateway)
	}
	svc, err := payments.New(invariant.AroundStore{Store: store, Step: w.storeStep},
		invariant.AroundGateway{FullGateway: gateway, Step: w.gatewayStep}, w, &payments.Options{Clock: clockOf{w}})
	if err != nil {
		panic(err)
	}
	return svc
}

// storeStep is before and after each call of the store.
func (w *world) storeStep(_ context.Context, call string, after bool, _ error) error {
	if w.cur != nil && !after {
		w.cur.pause(call, false)
	}
	return nil
}

var errNoAnswer = &payments.Error{Op: "model", Code: payments.ErrUnavailable, Message: "no answer"}

// gatewayStep is before and after each call of the gateway.
func (w *world) gatewayStep(_ context.Context, call string, after bool, _ error) error {
	switch t := w.cur; {
	case t == nil:
	case !after:
		t.pause(call, true)
		if t.dead {
			return payments.NewError(*errNoAnswer, errors.New("model: dead"))
		}
	case t.lose:
		t.lose = false
		t.hear("lost", nil, nil)
		return payments.NewError(*errNoAnswer, errors.New("model: lost"))
	}
	return nil
}

// retryPause divides the pauses of a call that is tried again, and none of those between two looks at the order's payment.
const retryPause = 100 * time.Millisecond

// clockOf is every process's clock.
type clockOf struct{ w *world }

// Now returns the time.
func (c clockOf) Now() time.Time { return c.w.now }

// After fires when the task may go on. Whoever nobody schedules moves the time.
func (c clockOf) After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	if t := c.w.cur; t == nil {
		c.w.now = c.w.now.Add(d)
	} else if !t.dead {
		if d%retryPause != 0 {
			t.forget()
		}
		t.pause(sleeping, false)
	}
	ch <- c.w.now
	return ch
}

// broken notes a violation.
func (w *world) broken(rule, detail string) {
	w.found = append(w.found, invariant.Violation{Rule: rule, Order: order.ID, Detail: detail})
}

// violations returns all that is broken at this moment.
func (w *world) violations(m invariant.Moment) []invariant.Violation {
	list, err := invariant.Check(context.Background(), w.reader, w.gw, m)
	if err != nil {
		panic(err) // a store in memory can be read
	}
	return append(append(append(list, w.found...), w.watch.Violations()...), w.guard.Violations()...)
}

// settle ends the faults and lets time pass. A quarter of an hour after the first answer nothing may be in doubt; in the end
// rows and books must agree.
func (w *world) settle() []invariant.Violation {
	w.ended = true
	w.gw.ClearFaults()
	ctx, svc := context.Background(), w.service()
	for i, d := range []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 65 * time.Minute, 25 * time.Hour, 25 * time.Hour} {
		w.now = w.now.Add(d)
		_ = w.gw.Tick(ctx)
		if _, err := svc.Reconcile(ctx); err != nil {
			w.broken("I4", "Reconcile fails: "+err.Error())
			break
		}
		if i != 2 {
			continue
		}
		for _, v := range w.violations(invariant.Settled) {
			if v.Rule == "I4" {
				w.found = append(w.found, v)
			}
		}
	}
	return w.violations(invariant.Settled)
}
