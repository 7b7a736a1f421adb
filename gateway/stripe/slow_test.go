package stripe_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// slowness is how slow Stripe is.
type slowness struct {
	name  string
	wait  time.Duration // before the answer, or before the request takes effect
	drips bool          // the answer comes a byte every 10 ms
}

var never = 1000 * time.Hour

// delayed is a network that is slow for the requests of one order: those whose context says so.
type delayed struct {
	http.RoundTripper
	slowness
	op     string // a part of the path
	before bool   // the wait is before the effect
}

type slowKey struct{}

// RoundTrip waits, and makes the request.
func (d delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Value(slowKey{}) == nil || !strings.Contains(r.Method+r.URL.Path, d.op) {
		return d.RoundTripper.RoundTrip(r)
	}
	if d.before {
		if err := d.pass(r.Context()); err != nil {
			return nil, err
		}
		return d.RoundTripper.RoundTrip(r)
	}
	res, err := d.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if d.drips {
		res.Body = &dripping{ReadCloser: res.Body, ctx: r.Context()}
		return res, nil
	}
	if err := d.pass(r.Context()); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res, nil
}

// pass waits.
func (d delayed) pass(ctx context.Context) error { return waitFor(ctx, d.wait) }

func waitFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dripping is a body that comes a byte every 10 ms.
type dripping struct {
	io.ReadCloser
	ctx context.Context
}

// Read reads a byte.
func (d *dripping) Read(p []byte) (int, error) {
	if err := waitFor(d.ctx, 10*time.Millisecond); err != nil {
		return 0, err
	}
	return d.ReadCloser.Read(p[:min(1, len(p))])
}

// slowFlow is one operation that meets the slow Stripe; begin brings the order to it.
type slowFlow struct {
	name, op   string
	manual     bool
	begin, run func(ctx context.Context, s *payments.Service, id payments.OrderID) error
}

func payBy(token string) func(context.Context, *payments.Service, payments.OrderID) error {
	return func(ctx context.Context, s *payments.Service, id payments.OrderID) error {
		_, err := s.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken(token)}})
		return err
	}
}

func nothing(context.Context, *payments.Service, payments.OrderID) error { return nil }

var slowFlows = []slowFlow{
	{"prepare", "POST/v1/payment_intents", false, nothing, payBy("pm_card_visa")},
	{"token", "POST/v1/payment_methods", false, nothing, payBy("tok_visa")},
	{"confirm", "/confirm", false, nothing, payBy("pm_card_visa")},
	{"fetch", "GET/v1/payment_intents", false, payBy("pm_card_threeDSecure2Required"), func(ctx context.Context, s *payments.Service, id payments.OrderID) error {
		_, err := s.Complete(ctx, payments.CompleteRequest{OrderID: id})
		return err
	}},
	{"capture", "/capture", true, payBy("pm_card_visa"), func(ctx context.Context, s *payments.Service, id payments.OrderID) error {
		_, err := s.Capture(ctx, payments.CaptureCommand{Target: payments.Target{OrderID: id}})
		return err
	}},
	{"void", "/cancel", true, payBy("pm_card_visa"), func(ctx context.Context, s *payments.Service, id payments.OrderID) error {
		_, err := s.Void(ctx, payments.VoidCommand{Target: payments.Target{OrderID: id}})
		return err
	}},
	{"refund", "POST/v1/refunds", false, payBy("pm_card_visa"), func(ctx context.Context, s *payments.Service, id payments.OrderID) error {
		_, err := s.Refund(ctx, payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r", Amount: payments.Money{Amount: 500, Currency: "USD"}})
		return err
	}},
	{"everything", "/", false, nothing, payBy("tok_visa")},
}

// TestSlow is row B6: a Stripe that is slow for one order, in each operation, before its effect and after it. The order's request ends
// by its deadline, other orders do not notice, no goroutine stays (or the bubble would not end), and rows and books agree when it is
// over. Time is the bubble's: nothing waits in truth.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, slow := range []slowness{{"a byte in 10 ms", 0, true}, {"4 s", 4 * time.Second, false}, {"30 s", 30 * time.Second, false},
		{"90 s", 90 * time.Second, false}, {"never", never, false}} {
		t.Run(slow.name, func(t *testing.T) {
			t.Parallel()
			matrix.Count(t, "B6", 1)
			for _, flow := range slowFlows {
				for _, before := range []bool{false, true} {
					if before && slow.drips {
						continue
					}
					t.Run(fmt.Sprintf("%s/%t", flow.name, before), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { beSlow(t, flow, slow, before) })
					})
				}
			}
		})
	}
}

// slowDeadline is the Service's RequestTimeout.
const slowDeadline = 30 * time.Second

func beSlow(t *testing.T, flow slowFlow, slow slowness, before bool) {
	server, err := stripetest.New(stripetest.Options{Clock: time.Now})
	must(t, err)
	network := &delayed{RoundTripper: server.Transport(), slowness: slow, op: flow.op, before: before}
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, HTTPClient: &http.Client{Transport: network}})
	must(t, err)
	watch := invariant.Watch(memory.New(time.Now))
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	s, err := payments.New(watch, g, orders, &payments.Options{ManualCapture: flow.manual, RequestTimeout: slowDeadline})
	must(t, err)
	id := payments.OrderID{1}
	must(t, flow.begin(t.Context(), s, id))
	var others sync.WaitGroup
	others.Go(func() {
		for i := range 8 {
			begun := time.Now()
			other := payments.OrderID{2, byte(i)}
			if err := payBy("pm_card_visa")(t.Context(), s, other); err != nil || time.Since(begun) > 100*time.Millisecond {
				t.Errorf("another order took %v, %v", time.Since(begun), err)
			}
			time.Sleep(time.Second) // the next one comes while the slow one still waits
		}
	})
	begun := time.Now()
	err = flow.run(context.WithValue(t.Context(), slowKey{}, true), s, id)
	if took := time.Since(begun); took > slowDeadline+100*time.Millisecond {
		t.Errorf("the answer took %v", took)
	}
	if err != nil && !errors.Is(err, payments.ErrUnknown) && !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("the answer is %v", err)
	}
	others.Wait()
	for range 6 {
		time.Sleep(10 * time.Minute)
		_, err := s.Reconcile(t.Context())
		must(t, err)
	}
	found, err := invariant.Check(t.Context(), s, books{server}, invariant.Settled)
	must(t, err)
	for _, v := range append(found, watch.Violations()...) {
		t.Error(v)
	}
	if n := len(server.DoubleCharged()) + server.KeyClashes(); n > 0 || server.Ledger()[hex.EncodeToString(id[:])].Charges > 1 {
		t.Errorf("the books say %+v", server.Ledger())
	}
}
