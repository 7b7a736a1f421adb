package model

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/trendsic/payments"
)

// task is one call under way in a process of its own, a coroutine that stops before each call of the store and the gateway.
type task struct {
	w       *world
	name    string
	slot    int
	client  int // whose it is, below zero for nobody's
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	begun   time.Time
	ran     time.Time // when it went on last: what it is about to write is of that time
	at      string    // the call that it is about to make
	gateway bool      // that is one of the gateway's
	lose    bool      // the answer of this call
	dead    bool

	heard []said
	looks map[string]bool // what its looks so far ended with
	owner string          // under which it leases
	wrote bool            // it has changed something
	// read is what w.changes was, and when, at its latest read of the order's payment; asked tells that it asked the
	// gateway since.
	read   int
	readAt time.Time
	asked  bool
}

// said is what a task was told by a call.
type said struct {
	call  string
	value any
	err   error
	now   time.Time
	text  string // once written
}

// sleeping is where a task is that waits.
const sleeping = "wait"

// killed is the panic by which a task ends that died.
type killed struct{}

// pause lets others run.
func (t *task) pause(at string, gateway bool) {
	if !t.dead {
		t.at, t.gateway = at, gateway
		t.dead = !t.yield(struct{}{})
	}
	if t.dead && !gateway && at != sleeping {
		panic(killed{})
	}
}

// hear adds to what the task was told.
func (t *task) hear(call string, value any, err error) {
	t.heard = append(t.heard, said{call: call, value: value, err: err, now: t.w.now})
}

// forget forgets what the task was told, for it looks at the order's payment anew: a request takes nothing from one look to the
// next but whether another held the payment, which is told by the call that the look ended with.
func (t *task) forget() {
	last := t.heard[len(t.heard)-1]
	list, ok := last.value.([]payments.Payment)
	if t.looks == nil {
		t.looks = map[string]bool{}
	}
	t.looks[fmt.Sprint(last.call, ok && len(list) == 0)] = true
	t.heard = nil
}

// awake reports whether the task can go on. One that waits for another request sees nothing new while no row has changed
// since it read, no time has passed and it asked the gateway nothing: to look again then is to stay where it is.
func (t *task) awake() bool {
	return t.at != sleeping || t.asked || t.read != t.w.changes || t.w.now.Sub(t.readAt) >= time.Second
}

// start begins a call.
func (w *world) start(name string, slot, client int, call func(ctx context.Context, svc *payments.Service)) {
	t := &task{w: w, name: name, slot: slot, client: client, begun: w.now, at: "begin"}
	svc := w.service()
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(killed); !ok {
					panic(r)
				}
			}
		}()
		t.yield = yield
		call(context.Background(), svc)
	})
	i := 0
	for i < len(w.tasks) && w.tasks[i].slot < slot {
		i++
	}
	w.tasks = append(w.tasks[:i:i], append([]*task{t}, w.tasks[i:]...)...)
	w.resume(t) // to its first call
}

// resume lets a task make the call that it stands before, and go on to the next.
func (w *world) resume(t *task) {
	w.now = w.now.Add(time.Microsecond)
	w.cur, t.ran = t, w.now
	_, more := t.next()
	if w.cur = nil; !more {
		w.remove(t)
	}
	w.events = append(w.events, w.gw.Events()...)
}

func (w *world) remove(t *task) {
	for i := range w.tasks {
		if w.tasks[i] == t {
			w.tasks = append(w.tasks[:i:i], w.tasks[i+1:]...)
			return
		}
	}
}

// kill ends a task where it stands.
func (w *world) kill(t *task) {
	w.cur = t
	t.stop()
	w.cur = nil
	w.remove(t)
}

// close ends what is under way.
func (w *world) close() {
	for len(w.tasks) > 0 {
		w.kill(w.tasks[0])
	}
}

// pay is a client's request. What it is answered must not be better than what is known (I11).
func (w *world) pay(i int) func(ctx context.Context, svc *payments.Service) {
	return func(ctx context.Context, svc *payments.Service) {
		req := payments.PayRequest{OrderID: order.ID, Source: payments.Source{Token: payments.NewToken(w.tokens[i])}}
		res, err := svc.Pay(ctx, req)
		w.clients[i] = client{done: true}
		if res.NextAction != nil && w.secret == "" {
			w.secret = res.NextAction.ClientSecret.Reveal()
		}
		status := res.Payment.Status
		switch {
		case errors.Is(err, payments.ErrUnknown) && status.Answer().Approved():
			w.broken("I11", "a doubt was answered as approved")
		case errors.Is(err, payments.ErrDeclined) && status != payments.StatusDeclined:
			w.broken("I11", "a payment that is "+status.String()+" was answered as a decline")
		case err == nil && status == payments.StatusUnknown:
			w.broken("I11", "a doubt was answered as none")
		case errors.Is(err, payments.ErrInternal):
			w.broken("E1", "an internal error: "+err.Error())
		}
	}
}
