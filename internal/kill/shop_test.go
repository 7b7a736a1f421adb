package kill

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trendsic/payments"
)

// clock is the time, or a later one.
type clock struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// After fires once d has really passed.
func (c *clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// advance moves the time.
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

var price = payments.Money{Amount: 1250, Currency: "USD"}

// orderID is the id of the nth order.
func orderID(n int) payments.OrderID {
	id := payments.OrderID{7}
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// orderNumber is the reverse of orderID.
func orderNumber(id payments.OrderID) int { return int(binary.BigEndian.Uint64(id[8:])) }

// The ways to pay: of eight orders one is declined by its bank and one asks for 3-D Secure, which nobody does.
const (
	declining = 6
	asking    = 7
)

// tokenOf is how an order is paid, always.
func tokenOf(n int) string {
	switch n % 8 {
	case declining:
		return "tok_chargeDeclined"
	case asking:
		return "tok_threeDSecure2Required"
	default:
		return "tok_visa"
	}
}

// patience is how long one waits who must get an answer, however slow the machine is.
const patience = 2 * time.Minute

// shop is a host: some orders are captured at once, some later.
type shop struct {
	direct, later *payments.Service
}

func newShop(store payments.Store, gw payments.Gateway, o payments.Options) (*shop, error) {
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, AgentID: 3, CustomerID: 9, Total: price}, nil
	})
	var s shop
	var err error
	if s.direct, err = payments.New(store, gw, orders, &o); err != nil {
		return nil, err
	}
	o.ManualCapture = true
	s.later, err = payments.New(store, gw, orders, &o)
	return &s, err
}

func (s *shop) of(n int) *payments.Service {
	if n%4 == 3 {
		return s.later
	}
	return s.direct
}

// answer is what a client was told of an order.
type answer struct {
	order  int
	op     string
	status payments.Status
	err    error
}

// unknown reports whether nobody knew the outcome; declined, whether it was answered as a decline.
func (a answer) unknown() bool {
	return a.status == payments.StatusUnknown || errors.Is(a.err, payments.ErrUnknown)
}

func (a answer) declined() bool {
	return a.status == payments.StatusDeclined || errors.Is(a.err, payments.ErrDeclined)
}

// act does one thing with an order, as a client or an operator of the host's: most of all, it pays.
func (s *shop) act(ctx context.Context, rng *rand.Rand, n int) answer {
	svc, target := s.of(n), payments.Target{OrderID: orderID(n)}
	a := answer{order: n}
	switch pick := rng.IntN(100); {
	case pick < 60:
		a.op = "pay"
		req := payments.PayRequest{OrderID: orderID(n), Source: payments.Source{Token: payments.NewToken(tokenOf(n))}}
		if rng.IntN(2) == 0 {
			req.Idempotency = payments.Idempotency{Key: fmt.Sprint("pay ", n), Principal: "client"}
		}
		res, err := svc.Pay(ctx, req)
		a.status, a.err = res.Payment.Status, err
	case pick < 70:
		a.op = "complete"
		res, err := svc.Complete(ctx, payments.CompleteRequest{OrderID: orderID(n)})
		a.status, a.err = res.Payment.Status, err
	case pick < 80:
		a.op = "refund"
		res, err := svc.Refund(ctx, payments.RefundCommand{Target: target, Key: fmt.Sprintf("refund %d %d", n, rng.IntN(2)),
			Amount: payments.Money{Amount: 300, Currency: price.Currency}})
		a.status, a.err = res.Payment.Status, err
	case pick < 90:
		a.op = "capture"
		p, err := svc.Capture(ctx, payments.CaptureCommand{Target: target})
		a.status, a.err = p.Status, err
	case pick < 95:
		a.op = "void"
		p, err := svc.Void(ctx, payments.VoidCommand{Target: target})
		a.status, a.err = p.Status, err
	default:
		a.op = "reconcile"
		_, a.err = svc.Reconcile(ctx)
	}
	return a
}

// clients is how many work at once.
const clients = 32

// load lets the clients work until ctx ends and the last call was answered. Half of the orders they choose are among the newest
// eight from base on, half are of any age; told hears each answer, and the next base is asked for each.
func (s *shop) load(ctx context.Context, seed uint64, base func() int, told func(answer)) {
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(client)))
			for ctx.Err() == nil {
				n := base() + rng.IntN(8)
				if rng.IntN(2) == 0 {
					n = rng.IntN(n + 1)
				}
				a := s.act(context.WithoutCancel(ctx), rng, n)
				if told(a); errors.Is(a.err, payments.ErrUnavailable) {
					breathe(ctx)
				}
			}
		})
	}
	wg.Wait()
}

// breathe keeps clients from spinning while what they need is down. Nothing depends on how long it is.
func breathe(ctx context.Context) {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-ctx.Done():
	}
}
