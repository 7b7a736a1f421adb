package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/storage/memory"
)

// world is one run.
type world struct {
	cfg   Config
	rng   *rand.Rand // decides what happens
	steps int
	calls int // of the store

	now    time.Time
	gw     *fake.Gateway
	store  *invariant.Watcher
	guard  *invariant.Guarded
	reader *payments.Service
	nodes  []*node
	tasks  []*task
	cur    *task // the one that runs

	orders        []*order
	byID          map[payments.OrderID]*order
	asked         map[payments.OrderID]payments.Money // what the task that runs was told last
	events        []fake.Event
	secrets       []string      // all that payers were ever told
	subscriptions []string      // all that the gateway made
	calm          bool          // the faults have ended
	refunds       bool          // the gateway honours keys, so that refunds are safe
	dirty         bool          // something may have changed since the last check
	arrived       time.Time     // when all that was on its way has arrived
	ahead         time.Duration // how far the fastest clock was ahead

	hash    hash.Hash64
	trace   []string
	found   []invariant.Violation
	err     error
	figures Figures
}

// order is one order of the host's, with what its payer knows.
type order struct {
	payments.Order
	number int
	closed bool
	secret string
	told   map[string]bool // events by UID
}

// node is one process with a service.
type node struct {
	number int
	svc    *payments.Service
	skew   time.Duration
	dead   bool
}

// currency is that of all orders.
const currency payments.Currency = "USD"

// begin is when every world begins.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWorld(cfg Config) (*world, error) {
	w := &world{cfg: cfg, rng: source(cfg.Seed, 1), hash: fnv.New64a(), now: begin, arrived: begin,
		byID: map[payments.OrderID]*order{}}
	w.steps = cfg.Steps
	if n := 20 + w.rng.IntN(180); w.steps == 0 {
		w.steps = n
	}
	w.cfg.Steps = w.steps
	w.refunds = w.rng.IntN(4) > 0
	opts := fake.Options{AllowFake: true, Clock: func() time.Time { return w.now }, Seed: cfg.Seed, WebhookSecret: "sim",
		NoIdempotency: !w.refunds, SearchLag: time.Duration(w.rng.IntN(2)) * time.Minute, LateAfter: w.rng.IntN(3) * 5}
	if !cfg.Features.NoMonths {
		opts.KeepUnpaid, opts.PauseAfterTrial = w.rng.IntN(3) == 0, w.rng.IntN(3) == 0
	}
	gw, err := fake.New(opts)
	if err != nil {
		return nil, err
	}
	w.gw = gw
	mem := memory.New(func() time.Time { return w.now })
	w.store = invariant.Watch(mem)
	w.guard = invariant.Guard(gw, mem, "")
	manual := w.rng.IntN(3) == 0
	for i := range 1 + w.rng.IntN(3) {
		n := &node{number: i}
		if w.rng.IntN(5) == 0 {
			n.skew = time.Duration(w.rng.IntN(600)-300) * time.Second
			w.ahead = max(w.ahead, n.skew)
		}
		if n.svc, err = w.service(n, manual); err != nil {
			return nil, err
		}
		w.nodes = append(w.nodes, n)
	}
	w.reader, err = payments.New(mem, gw, w, &payments.Options{Clock: clock{w, &node{}}})
	if err != nil {
		return nil, err
	}
	for i := range 1 + w.rng.IntN(3) {
		w.addOrder(i)
	}
	return w, w.plan()
}

func (w *world) service(n *node, manual bool) (*payments.Service, error) {
	gateway := invariant.AroundGateway{FullGateway: w.guard, Step: func(ctx context.Context, call string, after bool, err error) error {
		return w.gatewayStep(ctx, n, call, after, err)
	}}
	store := invariant.AroundStore{Store: w.store, Step: func(_ context.Context, call string, after bool, err error) error {
		return w.storeStep(n, call, after, err)
	}}
	return payments.New(store, gateway, w, &payments.Options{Clock: clock{w, n}, OnEvent: w.onEvent, ManualCapture: manual})
}

// plan lets the gateway's faults begin.
func (w *world) plan() error {
	percent := []int{0, 5, 15, 30, 50}[w.rng.IntN(5)]
	if w.cfg.Features.NoFaults {
		return nil
	}
	var faults []fake.Fault
	wrong := w.rng.IntN(2) == 0
	for _, f := range fake.Faults() {
		switch {
		case f.Fault == fake.FaultSlow || f.Fault == fake.FaultSlowBefore: // they wait for the real clock
		case !f.Lost && !wrong:
		default:
			faults = append(faults, f.Fault)
		}
	}
	return w.gw.RandomFaults(percent, faults...)
}

func (w *world) addOrder(number int) {
	o := &order{number: number, told: map[string]bool{}}
	binary.BigEndian.PutUint64(o.ID[:], w.cfg.Seed)
	o.ID[15], o.ID[8] = byte(number+1), 7 //nolint:gosec // a handful of orders
	o.AgentID, o.CustomerID = 3, int64(number+1)
	o.Total = payments.Money{Amount: int64(1000 + w.rng.IntN(9000)), Currency: currency}
	if !w.cfg.Features.NoSaving {
		o.CustomerID = int64(number/2 + 1) // a customer has more than one order
	}
	often := 5
	if !w.cfg.Features.NoMonths {
		often = 2
	}
	if w.rng.IntN(often) == 0 {
		o.Recurring = &payments.Plan{Interval: "month", Every: 1, TrialDays: w.rng.IntN(2) * 2}
	}
	w.orders = append(w.orders, o)
	w.byID[o.ID] = o
}

// Order is the host's answer.
func (w *world) Order(_ context.Context, id payments.OrderID) (payments.Order, error) {
	o := w.byID[id]
	if o == nil {
		return payments.Order{}, payments.ErrOrderNotFound
	}
	if w.asked == nil {
		w.asked = map[payments.OrderID]payments.Money{}
	}
	w.asked[id] = o.Total
	if o.closed {
		return o.Order, payments.ErrOrderClosed
	}
	return o.Order, nil
}

var errHook = errors.New("sim: the host's hook fails")

// onEvent is the host's hook: it fails by chance, and holds that what is secured first is what the order asked.
func (w *world) onEvent(_ context.Context, e payments.Event) error {
	if !w.calm && !w.cfg.Features.NoHookErrors && w.rng.IntN(10) == 0 {
		w.note("hook fails")
		return errHook
	}
	if !w.calm && !w.cfg.Features.NoSlowHooks && w.rng.IntN(20) == 0 {
		w.now = w.now.Add(6 * time.Second)
		w.note("hook takes its time")
	}
	o := w.byID[e.OrderID]
	first := (e.Status == payments.StatusPaid || e.Status == payments.StatusAuthorized) && !e.Previous.Answer().Approved() &&
		e.Previous != payments.StatusHeld
	if price, ok := w.asked[e.OrderID]; first && o.Recurring == nil && (!ok || price != e.Amount) {
		w.broken("R1", e.OrderID, fmt.Sprintf("%v was secured, and the order was last known to ask %v", e.Amount, price))
	}
	o.told[e.UID] = true
	return nil
}

func (w *world) broken(rule string, id payments.OrderID, detail string) {
	w.found = append(w.found, invariant.Violation{Rule: rule, Order: id, Detail: detail})
}

// clock is a node's clock.
type clock struct {
	w *world
	n *node
}

// Now returns the world's time as the node's clock shows it.
func (c clock) Now() time.Time { return c.w.now.Add(c.n.skew) }

// After waits in the world's time. Whoever nobody schedules any more moves it.
func (c clock) After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	switch t := c.w.cur; {
	case c.n.dead:
	case t == nil:
		c.w.now = c.w.now.Add(d)
	default:
		t.wake = c.w.now.Add(d)
		t.pause()
		t.wake = time.Time{}
	}
	ch <- c.w.now
	return ch
}

// note adds a step to the trace.
func (w *world) note(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	_, _ = w.hash.Write([]byte(text))
	if w.cfg.Trace {
		w.trace = append(w.trace, fmt.Sprintf("%s %s", w.now.Format("02 15:04:05.000"), text))
	}
}

// check holds the invariants of the moment.
func (w *world) check(m invariant.Moment) []invariant.Violation {
	w.figures.Checks++
	list, err := invariant.Check(context.Background(), w.reader, w.gw, m)
	if err != nil {
		w.err = err
	}
	return append(append(list, w.store.Violations()...), w.guard.Violations()...)
}

func (w *world) outcome() Outcome {
	w.figures.Seeds = 1
	w.figures.Charges = int64(len(w.gw.Charges()))
	if page, err := w.reader.Payments(context.Background(), payments.Filter{Limit: 1000}); err == nil {
		w.figures.Payments = int64(len(page.Payments))
	}
	return Outcome{Config: w.cfg, Hash: w.hash.Sum64(), Violations: w.found, Err: w.err, Trace: w.trace, Figures: w.figures}
}
