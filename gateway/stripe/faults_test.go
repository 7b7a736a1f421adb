package stripe_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// flow is what a fault is put into, with the operations that it uses.
type flow struct {
	name   string
	manual bool
	ops    []string
	run    func(w *world, id payments.OrderID, fault func())
}

// flows use every operation of the gateway's that the Service has.
var flows = []flow{
	{"pay", false, []string{"payment_methods.create", "prepare", "confirm", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		fault()
		_, _ = w.pay(w.t.Context(), id, "tok_visa__"+id.String()[:8])
		_, _ = w.pay(w.t.Context(), id, "pm_card_mastercard")
	}},
	{"declined", false, []string{"prepare", "confirm", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		fault()
		_, _ = w.pay(w.t.Context(), id, "tok_chargeDeclined")
	}},
	{"another card", false, []string{"payment_intents.update", "confirm", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		w.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
		w.no = 0
		w.clock.advance(time.Second)
		fault()
		_, _ = w.pay(w.t.Context(), id, "pm_card_visa")
		_, _ = w.pay(w.t.Context(), id, "pm_card_visa")
	}},
	{"save the card", false, []string{"customers.create"}, func(w *world, id payments.OrderID, fault func()) {
		w.change(id, func(o *payments.Order) { o.CustomerID = 9 })
		fault()
		for range 2 {
			_, _ = w.Pay(w.t.Context(), payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("pm_card_visa")},
				Payer: payments.Payer{CustomerID: 9}, Saving: payments.Saving{Save: true}})
		}
	}},
	{"3-D Secure", false, []string{"confirm", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		fault()
		res, err := w.pay(w.t.Context(), id, "pm_card_threeDSecure2Required")
		if err == nil && res.NextAction != nil {
			_ = w.server.Authenticate(w.t.Context(), res.NextAction.ClientSecret.Reveal(), stripetest.AuthPass, "")
		}
		_, _ = w.Complete(w.t.Context(), payments.CompleteRequest{OrderID: id})
	}},
	{"capture", true, []string{"capture", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		w.mustPay(id, "pm_card_visa", payments.StatusAuthorized)
		fault()
		_, _ = w.Capture(w.t.Context(), payments.CaptureCommand{Target: payments.Target{OrderID: id}, Amount: payments.Money{Amount: 1000, Currency: "USD"}})
	}},
	{"void", true, []string{"void", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		w.mustPay(id, "pm_card_visa", payments.StatusAuthorized)
		fault()
		_, _ = w.Void(w.t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	}},
	{"refund", false, []string{"refund", "fetch"}, func(w *world, id payments.OrderID, fault func()) {
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		fault()
		for _, key := range []string{"a", "a", "b"} {
			_, _ = w.Refund(w.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: key, Amount: payments.Money{Amount: 500, Currency: "USD"}})
		}
	}},
	{"subscribe", false, []string{"subscribe", "confirm", "subscriptions.retrieve"}, func(w *world, id payments.OrderID, fault func()) {
		w.change(id, monthly)
		fault()
		_, _ = w.pay(w.t.Context(), id, "pm_card_visa")
		_, _ = w.Complete(w.t.Context(), payments.CompleteRequest{OrderID: id})
	}},
	{"unsubscribe", false, []string{"subscriptions.cancel", "subscriptions.retrieve"}, func(w *world, id payments.OrderID, fault func()) {
		w.change(id, monthly)
		w.mustPay(id, "pm_card_visa", payments.StatusPaid)
		fault()
		for range 2 {
			_, _ = w.CancelSubscription(w.t.Context(), payments.CancelSubscriptionCommand{Target: payments.Target{OrderID: id}})
		}
	}},
}

// monthly makes the order one that is paid each month.
func monthly(o *payments.Order) { o.Recurring = &payments.Plan{Interval: "month", Every: 1} }

// change changes an order of the host's.
func (w *world) change(id payments.OrderID, f func(*payments.Order)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.orders[id]
	f(&o)
	w.orders[id] = o
}

// whens are which of an operation's calls go wrong. The last is the last one that the flow makes when all goes right; where there
// is one call only, it is the first, and no cell of its own.
var whens = []string{"first", "first three", "every third", "last"}

// TestEveryFault is row B1, and B4 where the fault is a saved 500: each fault in each operation of each flow. Afterwards the rows
// and the ledger agree, nothing is in doubt, and a lost answer was neither told as a decline nor tried on another object. A
// cell counts when its fault has happened.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	cells := 0
	for _, flow := range flows {
		for _, op := range flow.ops {
			calls := callsOf(t, flow, op)
			for _, f := range stripetest.Faults() {
				for _, when := range whens {
					if strings.HasPrefix(string(f.Fault), "slow") && when != "first" || when == "last" && calls < 2 {
						continue // each slow one would wait for its time-out
					}
					if cells++; !matrix.Full() && cells%7 != 0 {
						continue
					}
					t.Run(strings.Join([]string{flow.name, op, string(f.Fault), when}, "/"), func(t *testing.T) {
						t.Parallel()
						w := newWorld(t, func(_ *stripetest.Options, o *payments.Options) {
							if o.ManualCapture = flow.manual; strings.HasPrefix(string(f.Fault), "slow") {
								impatient(nil, o)
							}
						})
						flow.run(w, w.order(), func() { w.fault(op, f.Fault, when, calls) })
						w.settle()
						w.agree()
						if n := len(w.confirmed()); n > 1 {
							t.Errorf("%d objects were asked for money", n)
						}
						if w.no > 0 && flow.name != "declined" {
							t.Error("a lost answer was told as a decline")
						}
						if !slices.ContainsFunc(w.server.Requests(), func(r stripetest.Request) bool { return r.Fault == f.Fault }) {
							return // nothing in the flow calls the operation as often
						}
						matrix.Count(t, "B1", 1)
						if strings.HasPrefix(string(f.Fault), "500_saved") && !slices.Contains(reads, op) {
							matrix.Count(t, "B4", 1)
						}
					})
				}
			}
		}
	}
}

// reads are the operations without an idempotency key, under which nothing is saved.
var reads = []string{"fetch", "subscriptions.retrieve"}

// fault makes some of the next calls of an operation go wrong; calls is how many the flow makes.
func (w *world) fault(op string, f stripetest.Fault, when string, calls int) {
	w.t.Helper()
	switch when {
	case "first":
		must(w.t, w.server.Fault(op, f, 1))
	case "first three":
		must(w.t, w.server.Fault(op, f, 3))
	case "every third":
		must(w.t, w.server.FaultEvery(op, f, 3))
	default:
		made := w.calls(op)
		w.before = func() {
			if w.calls(op) == made+calls-1 {
				w.before = nil
				must(w.t, w.server.Fault(op, f, 1))
			}
		}
	}
}

// calls counts the requests of an operation so far.
func (w *world) calls(op string) (n int) {
	names := map[string][]string{"prepare": {"payment_intents.create"}, "confirm": {"payment_intents.confirm"}, "capture": {"payment_intents.capture"},
		"void": {"payment_intents.cancel"}, "refund": {"refunds.create"}, "subscribe": {"subscriptions.create"},
		"fetch": {"payment_intents.retrieve", "payment_intents.list", "payment_intents.search"}}[op]
	for _, r := range w.server.Requests() {
		if r.Op == op || slices.Contains(names, r.Op) {
			n++
		}
	}
	return n
}

// callsOf counts the calls of an operation that a flow makes when nothing goes wrong.
func callsOf(t *testing.T, flow flow, op string) int {
	w := newWorld(t, func(_ *stripetest.Options, o *payments.Options) { o.ManualCapture = flow.manual })
	before := 0
	flow.run(w, w.order(), func() { before = w.calls(op) })
	return w.calls(op) - before
}

// TestRandomFaults are rows B2 and B3: 30 % of all calls go wrong while 32 clients pay, with keys and without; afterwards no
// order is charged twice and nothing is in doubt.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		row, name string
		orders    int
		noKeys    bool
	}{{"B2", "as Stripe", 1000, false}, {"B3", "no idempotency", 200, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.NoIdempotency, o.Seed = tt.noKeys, 42 })
			ids := make(chan payments.OrderID, tt.orders)
			for range tt.orders {
				ids <- w.order()
			}
			close(ids)
			if err := w.server.RandomFaults(stripetest.AnyOperation, 30); err != nil {
				t.Fatal(err)
			}
			var clients sync.WaitGroup
			for range 32 {
				clients.Go(func() {
					for id := range ids {
						for range 2 {
							_, _ = w.pay(t.Context(), id, "pm_card_visa")
						}
					}
				})
			}
			clients.Wait()
			if err := w.server.RandomFaults(stripetest.AnyOperation, 0); err != nil {
				t.Fatal(err)
			}
			w.settle()
			w.agree()
			matrix.Count(t, tt.row, tt.orders)
			for id := range w.server.Ledger() {
				if o, _ := payments.ParseOrderID(id); w.paid[o] > 1 {
					t.Errorf("the host was told %d times that %s is paid", w.paid[o], id)
				}
			}
		})
	}
}

// TestOutage is row B5: Stripe is down for an hour, a day, and longer than it keeps keys. Afterwards nothing is in doubt, and
// nobody is charged later than the option says.
func TestOutage(t *testing.T) {
	t.Parallel()
	outages := []time.Duration{time.Hour, 24 * time.Hour, 25 * time.Hour, 73 * time.Hour}
	matrix.Count(t, "B5", len(outages))
	for _, down := range outages {
		for _, noKeys := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/%v", down, noKeys), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.NoIdempotency = noKeys })
				lost, never := w.order(), w.order()
				for _, fault := range []struct {
					id payments.OrderID
					f  stripetest.Fault
				}{{lost, stripetest.FaultDropAfter}, {never, stripetest.FaultDropBefore}} {
					w.server.ClearFaults()
					must(t, w.server.Fault("confirm", fault.f, -1))
					must(t, w.server.Fault("fetch", stripetest.FaultDropBefore, -1))
					if _, err := w.pay(t.Context(), fault.id, "pm_card_visa"); !errors.Is(err, payments.ErrUnknown) {
						t.Fatalf("the error is %v", err)
					}
				}
				w.server.ClearFaults()
				must(t, w.server.Fault(stripetest.AnyOperation, stripetest.FaultDropBefore, -1))
				for passed := time.Duration(0); passed < down; passed += time.Hour {
					w.clock.advance(time.Hour)
					if _, err := w.Reconcile(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				w.server.ClearFaults()
				w.clock.advance(25 * time.Hour)
				if _, err := w.Reconcile(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.settle()
				w.agree()
				if got := w.server.Ledger()[never.String()].Charges; got != 0 {
					t.Errorf("an order that was given up is charged")
				}
				if got := w.server.Ledger()[lost.String()].Captured; got != 1250 {
					t.Errorf("the order that was charged has %d captured", got)
				}
			})
		}
	}
}

// impatient gives up soon on a server that hangs.
func impatient(_ *stripetest.Options, o *payments.Options) {
	o.GatewayTimeout, o.RequestTimeout = 500*time.Millisecond, 3*time.Second
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
