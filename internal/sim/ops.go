package sim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// maxTasks bounds the calls under way at once.
const maxTasks = 6

// tokens are the ways to pay that payers have; most are good.
var tokens = []string{"tok_visa", "tok_visa", "tok_visa", "tok_mastercard", "tok_chargeDeclined", "tok_chargeDeclined",
	"tok_threeDSecure2Required", "tok_threeDSecureRequiredChargeDeclined", "tok_fake_processing", "tok_riskLevelElevated",
	"tok_pendingRefund", "tok_createDispute", "tok_chargeCustomerFail"}

// keys are the callers' idempotency keys.
var keys = []string{"", "", "a", "b"}

// act takes one action by chance.
func (w *world) act() {
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	o := w.orders[w.rng.IntN(len(w.orders))]
	switch k := w.rng.IntN(100); {
	case k < 50:
		if len(w.tasks) < maxTasks {
			w.ask(n, o)
		}
	case k < 62:
		w.payer(o)
	case k < 74:
		w.deliver(n)
	case k < 80:
		if !w.cfg.Features.NoCrashes {
			w.crash(n)
		}
	case k < 90:
		if !w.cfg.Features.NoJumps {
			w.jump(n)
		}
	case k < 94:
		w.bank()
	case k < 96:
		if o.Recurring == nil {
			o.Total.Amount += int64(w.rng.IntN(3)) * 100
			w.note("order %d asks %v", o.number, o.Total)
		}
	case k < 97:
		o.closed = !o.closed
		w.note("order %d closed %t", o.number, o.closed)
	default: // only time passes
		if !w.cfg.Features.NoMonths {
			w.live()
		}
	}
}

// ask begins a client's call.
func (w *world) ask(n *node, o *order) {
	if !w.cfg.Features.NoSaving && w.rng.IntN(8) == 0 {
		w.charge(n, o)
		return
	}
	target := payments.Target{OrderID: o.ID}
	key, tok := keys[w.rng.IntN(len(keys))], tokens[w.rng.IntN(len(tokens))]
	if w.rng.IntN(4) == 0 {
		tok = ""
	}
	idem := payments.Idempotency{Key: key, Principal: "p"}
	var src payments.Source
	if tok != "" {
		src.Token = payments.NewToken(tok)
	}
	switch k := w.rng.IntN(20); {
	case k < 8:
		if key != "" { // a key comes with one request
			src = payments.Source{Token: payments.NewToken(map[string]string{"a": "tok_visa", "b": "tok_chargeDeclined"}[key])}
		}
		w.start(o.name("pay"), n, func(ctx context.Context, svc *payments.Service) {
			w.answer(o)(svc.Pay(ctx, payments.PayRequest{OrderID: o.ID, Source: src, Idempotency: idem}))
		})
	case k < 12:
		w.start(o.name("complete"), n, func(ctx context.Context, svc *payments.Service) {
			if key != "" || w.rng.IntN(2) == 0 {
				src = payments.Source{}
			}
			w.answer(o)(svc.Complete(ctx, payments.CompleteRequest{OrderID: o.ID, Source: src, Idempotency: idem}))
		})
	case k < 13:
		w.start(o.name("void"), n, func(ctx context.Context, svc *payments.Service) {
			_, err := svc.Void(ctx, payments.VoidCommand{Target: target})
			w.noteErr(err)
		})
	case k < 14:
		w.start(o.name("capture"), n, func(ctx context.Context, svc *payments.Service) {
			_, err := svc.Capture(ctx, payments.CaptureCommand{Target: target, Amount: w.part(o)})
			w.noteErr(err)
		})
	case k < 16:
		if !w.refunds {
			return
		}
		cmd := payments.RefundCommand{Target: target, Key: o.ID.String() + key, Amount: w.part(o)}
		w.start(o.name("refund"), n, func(ctx context.Context, svc *payments.Service) {
			_, err := svc.Refund(ctx, cmd)
			w.noteErr(err)
		})
	case k < 18:
		w.operator(n, o, k < 17)
	default:
		w.start("reconcile", n, func(ctx context.Context, svc *payments.Service) {
			_, err := svc.Reconcile(ctx)
			w.noteErr(err)
		})
	}
}

// operator cancels the order's subscription, or accepts what is held.
func (w *world) operator(n *node, o *order, cancel bool) {
	target := payments.Target{OrderID: o.ID}
	if cancel {
		w.start(o.name("cancel"), n, func(ctx context.Context, svc *payments.Service) {
			_, err := svc.CancelSubscription(ctx, payments.CancelSubscriptionCommand{Target: target, AtPeriodEnd: w.rng.IntN(2) == 0})
			w.noteErr(err)
		})
		return
	}
	w.start(o.name("accept"), n, func(ctx context.Context, svc *payments.Service) {
		_, err := svc.Accept(ctx, payments.AcceptCommand{Target: target})
		w.noteErr(err)
	})
}

// name names a call on the order.
func (o *order) name(call string) string { return call + strconv.Itoa(o.number) }

// part is an amount of an order: all of it, or some.
func (w *world) part(o *order) payments.Money {
	if w.rng.IntN(2) == 0 {
		return payments.Money{}
	}
	return payments.Money{Amount: 300 + int64(w.rng.IntN(2))*200, Currency: o.Total.Currency}
}

// answer notes what a payer was answered.
func (w *world) answer(o *order) func(payments.Result, error) {
	return func(res payments.Result, err error) {
		w.note("%s answers %v", o.name("order "), res.Payment.Status)
		w.noteErr(err)
		if res.NextAction != nil {
			o.secret = res.NextAction.ClientSecret.Reveal()
			if !slices.Contains(w.secrets, o.secret) {
				w.secrets = append(w.secrets, o.secret)
			}
		}
		switch status := res.Payment.Status; {
		case errors.Is(err, payments.ErrUnknown) && status.Answer().Approved():
			w.broken("I11", o.ID, "a doubt was answered as approved")
		case errors.Is(err, payments.ErrDeclined) && status != payments.StatusDeclined:
			w.broken("I11", o.ID, "a payment that is "+status.String()+" was answered as a decline")
		case err == nil && status == payments.StatusUnknown:
			w.broken("I11", o.ID, "a doubt was answered as none")
		}
	}
}

// codeOf tells an error in the trace; its text may hold ids that differ from run to run.
func codeOf(err error) string {
	var e *payments.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return string("err " + e.Code + " " + payments.Code(e.Outcome.String()) + " " + payments.Code(e.GatewayCode+e.DeclineCode))
	default:
		return "error"
	}
}

func (w *world) noteErr(err error) {
	w.note("%s", codeOf(err))
	var e *payments.Error
	if errors.As(err, &e) && e.Code == payments.ErrInternal {
		w.found = append(w.found, violation("E1", "an internal error: "+err.Error()))
	}
}

// payer lets the payer of an order use the client secret.
func (w *world) payer(o *order) {
	if o.secret == "" {
		return
	}
	how := []fake.AuthResult{fake.AuthPass, fake.AuthPass, fake.AuthFail, fake.AuthAbandon}[w.rng.IntN(4)]
	tok := tokens[w.rng.IntN(len(tokens))]
	err := w.gw.Authenticate(context.Background(), o.secret, how, tok)
	w.note("payer %d %s %s %t", o.number, how, tok, err == nil)
	w.dirty = true
}

// hear takes what the gateway tells. Every other customer has a way to pay from before, with which the gateway charges each
// subscription that goes on, also one that nobody here knows of.
func (w *world) hear() {
	for _, e := range w.gw.Events() {
		w.events = append(w.events, e)
		if e.Type != "customer.subscription.created" {
			continue
		}
		w.subscriptions = append(w.subscriptions, e.Object)
		if e.OrderID[15]%2 == 0 {
			_ = w.gw.SetDefaultMethod(context.Background(), e.Object, "tok_visa")
		}
	}
}

// deliver hands an event to a node: any of those not lost, once or again later. What must not be lost comes again until it was taken, as
// gateways do it: the node may die.
func (w *world) deliver(n *node) {
	w.hear()
	if len(w.events) == 0 || w.cfg.Features.NoEvents {
		return
	}
	i := w.rng.IntN(len(w.events))
	e := w.events[i]
	if w.rng.IntN(3) > 0 && losable(e) {
		w.events = append(w.events[:i:i], w.events[i+1:]...)
	}
	if w.rng.IntN(4) == 0 && losable(e) {
		w.note("event %s is lost", e.Type)
		return
	}
	w.figures.Events++
	header := http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.now)}}
	w.start("event "+e.Type, n, func(ctx context.Context, svc *payments.Service) {
		err := svc.Webhook(ctx, header, e.Body)
		if w.noteErr(err); err == nil && !w.store.Received(e.ID) {
			w.broken("I8", payments.OrderID{}, "event "+e.Type+" was answered as taken and is not stored")
		} else if err == nil {
			w.events = slices.DeleteFunc(w.events, func(other fake.Event) bool { return other.ID == e.ID })
		}
	})
}

// losable reports whether the event may never come: what the gateway's own people did to a payment that had ended is told by
// nothing else.
func losable(e fake.Event) bool {
	return !strings.HasPrefix(e.Type, "charge.") && !strings.HasPrefix(e.Type, "review.")
}

// crash kills a node; another takes its place.
func (w *world) crash(n *node) {
	fresh := &node{number: n.number + 10, skew: n.skew}
	svc, err := w.service(fresh, w.rng.IntN(3) == 0)
	if err != nil {
		w.err = err
		return
	}
	fresh.svc, n.dead = svc, true
	for i := range w.nodes {
		if w.nodes[i] == n {
			w.nodes[i] = fresh
		}
	}
	w.figures.Crashes++
	w.note("node %d dies", n.number)
}

// jump moves the time, or one node's clock.
func (w *world) jump(n *node) {
	if w.rng.IntN(8) == 0 {
		n.skew = time.Duration(w.rng.IntN(7200)-3600) * time.Second
		w.ahead = max(w.ahead, n.skew)
		w.note("node %d is off by %v", n.number, n.skew)
		return
	}
	d := []time.Duration{time.Second, 10 * time.Second, 40 * time.Second, 5 * time.Minute, 20 * time.Minute, 2 * time.Hour,
		25 * time.Hour}[w.rng.IntN(7)]
	w.arrive(d)
	w.now = w.now.Add(d)
	w.note("%v pass", d)
	_ = w.gw.Tick(context.Background())
	w.dirty = true
}

// arrive lets the requests that are on their way arrive before the gateway forgets their keys: no connection lives for a day, and
// no client of a gateway could do anything about one that does.
func (w *world) arrive(d time.Duration) {
	if w.now.Add(d).Sub(w.arrived) >= 23*time.Hour {
		_, _ = w.gw.DeliverLate(context.Background())
		w.arrived = w.now
	}
}

// bank lets the bank, the payer's bank or the gateway's reviewers move something on.
func (w *world) bank() {
	ctx := context.Background()
	list := w.gw.Charges()
	if len(list) == 0 {
		return
	}
	c := list[w.rng.IntN(len(list))]
	k, good := w.rng.IntN(4), w.rng.IntN(2) == 0
	var err error
	switch k {
	case 0:
		err = w.gw.Settle(ctx, c.Reference, good)
	case 1:
		err = w.gw.CloseDispute(ctx, c.Reference, good)
	case 2:
		err = w.gw.CloseReview(ctx, c.Reference, good)
	default:
		_, err = w.gw.DeliverLate(ctx)
	}
	w.note("bank %d %t %t", k, good, err == nil)
	w.dirty = true
}
