package sim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/invariant"
)

// task is one client's call under way, a coroutine that stops before and after each call of a store or gateway.
type task struct {
	name  string
	node  *node
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	wake  time.Time // it sleeps until then
	asked map[payments.OrderID]payments.Money
}

// pause lets others run.
func (t *task) pause() { t.yield(struct{}{}) }

// crashed is the panic by which a call ends whose process died.
type crashed struct{}

// start begins a client's call on a node.
func (w *world) start(name string, n *node, call func(ctx context.Context, svc *payments.Service)) {
	t := &task{name: name, node: n}
	t.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(crashed); !ok {
					panic(r)
				}
			}
		}()
		t.yield = yield
		call(context.Background(), n.svc)
	})
	w.figures.Operations++
	t.name = fmt.Sprintf("%s#%d", name, w.figures.Operations)
	w.note("%s on node %d begins", t.name, n.number)
	w.tasks = append(w.tasks, t)
}

// resume lets a task make one step.
func (w *world) resume(i int) {
	t := w.tasks[i]
	w.cur, w.asked = t, t.asked
	_, more := t.next()
	t.asked, w.cur, w.asked = w.asked, nil, nil
	if !more {
		w.note("%s ends", t.name)
		w.tasks = append(w.tasks[:i], w.tasks[i+1:]...)
	}
	w.figures.Steps++
}

// run picks a task that can go on and resumes it; when all sleep, time passes. It reports whether there was one.
func (w *world) run() bool {
	if len(w.tasks) == 0 {
		return false
	}
	var awake []int
	first := 0
	for i, t := range w.tasks {
		if !t.wake.After(w.now) {
			awake = append(awake, i)
		}
		if t.wake.Before(w.tasks[first].wake) {
			first = i
		}
	}
	if len(awake) == 0 {
		w.now = w.tasks[first].wake
		awake = []int{first}
	}
	w.resume(awake[w.rng.IntN(len(awake))])
	return true
}

// step notes a step of the task that runs.
func (w *world) step(call string, after bool, err error) {
	switch {
	case !after:
		w.note("%s: %s", w.cur.name, call)
	case err == nil:
		w.note("%s: %s done", w.cur.name, call)
	default:
		w.note("%s: %s %s", w.cur.name, call, codeOf(err))
	}
}

// maxCalls bounds the calls of the store in one run: a run that needs more does not end.
const maxCalls = 100_000

var errDatabase = &payments.Error{Op: "store", Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}

// storeStep is before and after each call of the store.
func (w *world) storeStep(n *node, call string, after bool, err error) error {
	if w.calls++; w.calls > maxCalls {
		panic(errStuck)
	}
	if w.cur != nil {
		w.cur.pause()
		w.step(call, after, err)
	}
	w.dirty = w.dirty || after && (call == "apply" || call == "lease")
	switch {
	case n.dead:
		panic(crashed{})
	case !w.calm && !w.cfg.Features.NoStoreErrors && w.rng.IntN(60) == 0:
		w.note("the store fails")
		return errDatabase
	}
	return nil
}

var errNoAnswer = &payments.Error{Op: "sim", Code: payments.ErrUnavailable, Message: "no answer"}

// deadline is the Service's GatewayTimeout.
const deadline = 15 * time.Second

// gatewayStep is before and after each call of the gateway. A call that was held up past its deadline is not sent any more,
// most of the time: the process may have been stopped between looking at the deadline and sending.
func (w *world) gatewayStep(_ context.Context, n *node, call string, after bool, err error) error {
	begun := w.now
	if w.cur != nil {
		w.cur.pause()
		w.step(call, after, err)
	}
	w.dirty = true
	if !after {
		w.figures.Calls++
	}
	late := w.now.Sub(begun) >= deadline && (after || call == "refund" || w.rng.IntN(5) > 0)
	if n.dead || late {
		return payments.NewError(*errNoAnswer, errors.New("sim: dead or late"))
	}
	return nil
}

// play lets the troubled part of the run happen.
func (w *world) play() {
	for range w.steps {
		w.act()
		w.run()
		for range w.rng.IntN(4) {
			w.run()
			w.look()
		}
		if w.look(); len(w.found) > 0 || w.err != nil {
			return
		}
	}
}

// look checks what holds at any moment, when anything may have changed.
func (w *world) look() {
	if !w.dirty || len(w.found) > 0 {
		return
	}
	w.dirty = false
	w.found = append(w.found, w.check(invariant.Always)...)
}
