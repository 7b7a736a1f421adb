package fake

import (
	"context"
	"errors"
	"time"

	"github.com/trendsic/payments"
)

// request is one call as the simulated processor sees it.
type request struct {
	op     Operation
	ref    payments.PaymentRef
	key    string
	params []any // what the fingerprint covers besides op and ref; no secrets
	run    func(now time.Time) answer
}

// answer is what a request is answered: a payment, a subscription or a page of charges.
type answer struct {
	snap payments.Snapshot
	sub  payments.SubscriptionSnapshot
	page chargePage
	err  *payments.Error
}

// about makes a request's run from what it does with a payment's object.
func (g *Gateway) about(do func(now time.Time) (*intent, *payments.Error)) func(time.Time) answer {
	return func(now time.Time) answer {
		in, err := do(now)
		a := answer{err: err}
		if in != nil {
			a.snap = g.snapshot(in)
		}
		return a
	}
}

// result returns the answer as a method of payments.Gateway does: a nil *payments.Error must become a nil error.
func (a answer) result() (payments.Snapshot, error) {
	if a.err != nil {
		return a.snap, a.err
	}
	return a.snap, nil
}

// call answers a request about a payment.
func (g *Gateway) call(ctx context.Context, r request) (payments.Snapshot, error) {
	return g.serve(ctx, r).result()
}

// serve takes one request through the fault that waits for it, the idempotency keys, its effect, the state file and the
// webhooks, in this order, and answers it.
func (g *Gateway) serve(ctx context.Context, r request) answer {
	if err := ctx.Err(); err != nil {
		return answer{err: g.doubt(r.op, "", err)}
	}
	if err := g.checkKey(r); err != nil {
		return answer{err: err}
	}
	g.mu.Lock()
	now := g.tick()
	fault := g.pickFault(r.op)
	a := g.handle(r, fault, now)
	if err := g.save(); err != nil {
		// The effect is in memory and perhaps not on the disk: nobody may rely on it.
		a = answer{err: g.doubt(r.op, "api_error", err)}
	}
	fresh, held := g.fresh, g.hold(r, fault)
	g.fresh = nil
	g.mu.Unlock()
	defer g.letGo(held)

	g.deliver(ctx, fresh)
	switch {
	case fault.panics:
		panic("fake: a scripted panic")
	case fault.hangs && ctx.Done() != nil:
		<-ctx.Done()
		a.err = g.doubt(r.op, "", ctx.Err())
	}
	if a.err == nil {
		g.spoil(r.op, fault, &a)
	}
	return a
}

// handle decides, under the lock, whether the request takes effect and what is answered.
func (g *Gateway) handle(r request, fault faultRow, now time.Time) answer {
	switch {
	case fault.late:
		g.late = append(g.late, &lateRequest{request: r, wait: g.opts.LateAfter})
		return answer{err: g.faultError(r.op, fault)}
	case fault.lost && !fault.effect:
		e := g.faultError(r.op, fault)
		if _, known := g.state.keys[keyID(r)]; fault.saved && !known {
			g.remember(r, answer{err: e}, now)
		}
		return answer{err: e}
	}
	a, first := g.execute(r, now)
	if !fault.lost {
		return a
	}
	lost := answer{err: g.faultError(r.op, fault)}
	if fault.saved && first {
		g.remember(r, lost, now)
	}
	return lost
}

// execute answers a request that has arrived: by the answer saved under its key, or by its effect. It tells whether the
// request was the first under its key.
func (g *Gateway) execute(r request, now time.Time) (answer, bool) {
	if a, ok := g.replay(r); ok {
		return a, false
	}
	g.asking = r.key
	a := r.run(now)
	g.asking = ""
	if executed(a.err) {
		g.remember(r, a, now)
	}
	return a, true
}

// hold marks the key of a request that is answered slowly as in use.
func (g *Gateway) hold(r request, fault faultRow) string {
	busy := fault.hangs || g.opts.Deliver != nil && len(g.fresh) > 0
	id := keyID(r)
	if r.key == "" || !busy || !fault.effect || g.inFlight[id] {
		return ""
	}
	g.inFlight[id] = true
	return id
}

// letGo ends hold.
func (g *Gateway) letGo(id string) {
	if id == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.inFlight, id)
}

// tick moves time on: it does what has become due and lets late requests arrive. It returns the moment of the call, in UTC
// and cut to microseconds.
func (g *Gateway) tick() time.Time {
	now := g.now()
	g.requests++
	g.expire(now)
	for _, l := range g.late {
		if l.wait > 0 {
			l.wait--
			l.due = l.wait == 0
		}
	}
	g.arrive(now, func(l *lateRequest) bool { return l.due })
	return now
}

// now returns the clock's time in UTC, cut to microseconds.
func (g *Gateway) now() time.Time { return g.opts.Clock().UTC().Truncate(time.Microsecond) }

// step runs something that happens at the processor without a request: the payer's or the bank's part. No fault meets it.
func (g *Gateway) step(ctx context.Context, op Operation, do func(now time.Time) *payments.Error) error {
	if err := ctx.Err(); err != nil {
		return g.doubt(op, "", err)
	}
	g.mu.Lock()
	now := g.now()
	g.expire(now)
	failed := do(now)
	saved := g.save()
	fresh := g.fresh
	g.fresh = nil
	g.mu.Unlock()

	g.deliver(ctx, fresh)
	if saved != nil {
		return g.doubt(op, "api_error", saved)
	}
	if failed != nil {
		return failed
	}
	return nil
}

// lateRequest is a request whose caller was answered an error and which has not arrived yet.
type lateRequest struct {
	request
	wait int
	due  bool
}

// DeliverLate lets the requests with the fault "late" arrive, in the order in which they were sent, and returns how many
// did. Each is answered to nobody; its effect, and its webhook events, are real.
func (g *Gateway) DeliverLate(ctx context.Context) (int, error) {
	arrived := 0
	err := g.step(ctx, "deliver_late", func(now time.Time) *payments.Error {
		arrived = len(g.late)
		g.arrive(now, func(*lateRequest) bool { return true })
		return nil
	})
	return arrived, err
}

// arrive executes the late requests that are chosen.
func (g *Gateway) arrive(now time.Time, chosen func(*lateRequest) bool) {
	var waiting []*lateRequest
	for _, l := range g.late {
		if !chosen(l) {
			waiting = append(waiting, l)
			continue
		}
		g.execute(l.request, now)
	}
	g.late = waiting
}

// errLost is the cause of the errors by faults: reachable by errors.Is, never printed.
var errLost = errors.New("fake: a scripted fault")
