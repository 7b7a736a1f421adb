package model

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// act is something that may happen next.
type act struct {
	name string
	do   func()
	end  bool // the faults end here
}

// The times that may pass: the shorter is longer than a lease, a request and the first look of Reconcile, the longer one
// than the time after which a doubt is canceled.
const (
	short = 40 * time.Second
	long  = 16 * time.Minute
)

// noClient is whose a task is that is no client's.
const noClient = -1

// acts returns what may happen next, always in the same order for the same state.
func (w *world) acts() []act {
	if w.ended {
		return nil
	}
	var list []act
	for _, t := range w.tasks {
		list = append(list, w.actsOf(t)...)
	}
	stuck := len(w.tasks) > 0 && len(list) == 0
	for i := range w.clients {
		if !w.clients[i].running && !w.clients[i].done {
			list = append(list, act{name: fmt.Sprintf("client %d begins", i), do: func() {
				w.clients[i].running = true
				w.start(fmt.Sprintf("client %d", i), i, i, w.pay(i))
			}})
		}
	}
	list = append(list, w.deliveries()...)
	if w.reconciles > 0 && w.due() {
		list = append(list, act{name: "reconcile begins", do: func() {
			w.reconciles--
			w.serve("reconcile", func(ctx context.Context, svc *payments.Service) {
				if _, err := svc.Reconcile(ctx); err != nil {
					w.broken("I4", "Reconcile fails: "+err.Error())
				}
			})
		}})
	}
	list = append(list, w.outside(stuck)...)
	if len(w.tasks) == 0 {
		list = append(list, act{name: "the faults end", end: true, do: func() { w.found = append(w.found, w.settle()...) }})
	}
	return list
}

// serve begins what is no client's call.
func (w *world) serve(name string, call func(ctx context.Context, svc *payments.Service)) {
	w.served++
	w.start(name, 100+w.served, noClient, call)
}

// actsOf returns what may happen to a call under way.
func (w *world) actsOf(t *task) (list []act) {
	if !t.awake() {
		return nil
	}
	name := t.name + ": " + t.at
	list = append(list, act{name: name, do: func() { w.resume(t) }})
	if t.gateway && w.lost > 0 {
		list = append(list, act{name: name + ", whose answer is lost", do: func() {
			w.lost--
			t.lose = true
			w.resume(t)
		}})
	}
	if t.gateway && w.late > 0 && t.at != "fetch" {
		list = append(list, act{name: name + ", which is late", do: func() {
			w.late--
			w.coming++
			if err := w.gw.Fault(fake.Operation(t.at), fake.FaultLate, 1); err != nil {
				panic(err) // there is such a call
			}
			w.resume(t)
		}})
	}
	if w.crashes > 0 && t.wrote { // one that has changed nothing dies as if it had not begun
		list = append(list, act{name: t.name + " dies before " + t.at, do: func() {
			w.crashes--
			w.kill(t)
			if t.client != noClient {
				w.clients[t.client] = client{} // who was not answered asks again
			}
		}})
	}
	return list
}

// deliveries returns the events that may be delivered. The module takes an event for a hint that something happened to its
// object, whatever it says: of the events of one object that did not come yet, the first stands for all, and so it does of
// those that came.
func (w *world) deliveries() (list []act) {
	if w.events == nil || w.left.events == 0 {
		return nil
	}
	seen := map[string]bool{}
	for i, e := range w.events {
		what := fmt.Sprintf("%s %t", e.Reference, w.watch.Received(e.ID))
		if seen[what] {
			continue
		}
		seen[what] = true
		list = append(list, act{name: fmt.Sprintf("event %d (%s) is delivered", i, e.Type), do: func() {
			w.left.events--
			header := http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.now)}}
			w.serve("event", func(ctx context.Context, svc *payments.Service) {
				switch err := svc.Webhook(ctx, header, e.Body); {
				case err != nil:
					w.broken("I8", "event "+e.Type+" was refused: "+err.Error())
				case !w.watch.Received(e.ID):
					w.broken("I8", "event "+e.Type+" was answered as taken and is not stored")
				}
			})
		}})
	}
	return list
}

// outside returns what happens at the gateway, to the payer and to the clock. Where every call waits for another, time passes.
func (w *world) outside(stuck bool) (list []act) {
	ctx := context.Background()
	if w.coming > 0 {
		list = append(list, act{name: "what is late arrives", do: func() {
			w.coming = 0
			n, err := w.gw.DeliverLate(ctx)
			w.happened("arrived", n, err)
		}})
	}
	if w.secret != "" && !w.payer {
		list = append(list, act{name: "the payer authenticates", do: func() {
			w.payer = true
			w.happened("payer", 0, w.gw.Authenticate(ctx, w.secret, fake.AuthPass, ""))
		}})
	}
	if stuck {
		return append(list, act{name: "time passes, for all wait", do: func() { w.now = w.now.Add(short) }})
	}
	if w.jumps > 0 {
		for _, d := range []time.Duration{short, long} {
			list = append(list, act{name: d.String() + " pass", do: func() {
				w.jumps--
				w.now = w.now.Add(d)
			}})
		}
	}
	return list
}

// happened notes what changed the gateway without a call of ours.
func (w *world) happened(what string, n int, err error) {
	w.asked = append(w.asked, said{call: what, value: n, err: err, now: w.now})
	w.events = append(w.events, w.gw.Events()...)
}

// due reports whether Reconcile would find anything: it takes what is due when it begins.
func (w *world) due() bool {
	ctx, now := context.Background(), w.now.Add(time.Microsecond)
	if list, err := w.mem.Inbox(ctx, "", now, 1); err != nil || len(list) > 0 {
		return true
	}
	list, err := w.mem.List(ctx, payments.Filter{Limit: 100})
	for _, p := range list {
		if !p.DueAt.IsZero() && !p.DueAt.After(now) {
			return true
		}
	}
	return err != nil
}
