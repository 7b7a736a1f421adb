package resilience_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/integrations/resilience"
	"github.com/trendsic/payments/storage/memory"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// one, intents and so on are gateways with one set of capabilities each.
type (
	one     struct{ payments.Gateway }
	intents struct {
		payments.Gateway
		payments.IntentGateway
	}
	listed struct {
		payments.Gateway
		payments.ChargeLister
	}
	intentsListed struct {
		payments.Gateway
		payments.IntentGateway
		payments.ChargeLister
	}
	recurring struct {
		payments.Gateway
		payments.IntentGateway
		payments.SubscriptionGateway
	}
)

func capabilities(g payments.Gateway) (list [6]bool) {
	_, list[0] = payments.CapabilityOf[payments.IntentGateway](g)
	_, list[1] = payments.CapabilityOf[payments.SubscriptionGateway](g)
	_, list[2] = payments.CapabilityOf[payments.ChargeLister](g)
	_, list[3] = payments.CapabilityOf[payments.WebhookGateway](g)
	_, list[4] = payments.CapabilityOf[payments.Limiter](g)
	_, list[5] = payments.CapabilityOf[payments.RawCardGateway](g)
	return list
}

func newFake(t *testing.T) *fake.Gateway {
	t.Helper()
	g, err := fake.New(fake.Options{AllowFake: true, Seed: 1, Clock: time.Now, WebhookSecret: "whsec_1"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestKeepsCapabilities holds that a decorated gateway can do what the one beneath can, and nothing else.
func TestKeepsCapabilities(t *testing.T) {
	t.Parallel()
	g := newFake(t)
	for name, gateway := range map[string]payments.Gateway{
		"all": g, "one": one{g}, "intents": intents{g, g}, "listed": listed{g, g}, "intents listed": intentsListed{g, g, g},
		"recurring": recurring{g, g, g},
	} {
		decorated, err := resilience.New(gateway, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := capabilities(decorated), capabilities(gateway); got != want {
			t.Errorf("%s: the capabilities are %v, not %v", name, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := resilience.New(nil, nil); err == nil {
		t.Error("no gateway is taken")
	}
	for _, o := range []resilience.Options{{Concurrent: -1}, {Wait: -1}, {Failures: -1}, {OpenFor: -1}} {
		if _, err := resilience.New(newFake(t), &o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// hung is a gateway whose calls end only with their context, as long as it hangs.
type hung struct {
	*fake.Gateway
	hangs                atomic.Bool
	calls, running, most atomic.Int64
}

func (h *hung) wait(ctx context.Context) error {
	h.calls.Add(1)
	n := h.running.Add(1)
	defer h.running.Add(-1)
	for most := h.most.Load(); n > most && !h.most.CompareAndSwap(most, n); most = h.most.Load() {
	}
	if !h.hangs.Load() {
		return nil
	}
	<-ctx.Done()
	return payments.NewError(payments.Error{Code: payments.ErrUnavailable, Message: "no answer"}, ctx.Err())
}

// Prepare hangs.
func (h *hung) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	if err := h.wait(ctx); err != nil {
		return payments.Snapshot{}, err
	}
	return h.Gateway.Prepare(ctx, req)
}

type orders struct{}

func (orders) Order(_ context.Context, id payments.OrderID) (payments.Order, error) {
	return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
}

func orderID(i int) payments.OrderID {
	id, _ := payments.ParseOrderID(hex.EncodeToString([]byte{byte(i >> 8), byte(i), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}))
	return id
}

// TestHungGateway sends 1,000 orders to a gateway that hangs: a few calls are under way at once, the others are told at once to
// come again, a paid order is read meanwhile in no time, and when the gateway is back orders are paid.
func TestHungGateway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hung{Gateway: newFake(t)}
		gateway, err := resilience.New(h, &resilience.Options{Concurrent: 8, Failures: 5, OpenFor: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		service, err := payments.New(memory.New(time.Now), gateway, orders{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		pay := func(i int) (payments.Result, error) {
			return service.Pay(t.Context(), payments.PayRequest{OrderID: orderID(i), Source: payments.Source{Token: payments.NewToken("tok_visa")}})
		}
		if _, err := pay(0); err != nil {
			t.Fatal(err)
		}
		h.hangs.Store(true)
		h.calls.Store(0)
		var wg sync.WaitGroup
		var early atomic.Int64
		for i := range 1000 {
			wg.Go(func() {
				began := time.Now()
				_, err := pay(i + 1)
				var e *payments.Error
				if !errors.As(err, &e) || e.Code != payments.ErrUnavailable || e.Outcome != payments.OutcomeNotApplied || e.RetryAfter <= 0 {
					t.Errorf("an order while the gateway hangs: %v", err)
				}
				if took := time.Since(began); took <= 2*time.Second {
					early.Add(1)
				} else if took > 31*time.Second {
					t.Errorf("an order was answered after %v", took)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if p, err := service.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: orderID(0)}); err != nil || p.Status != payments.StatusPaid {
			t.Errorf("a paid order while the gateway hangs: %v, %v", p.Status, err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("a paid order was read in %v", took)
		}
		wg.Wait()
		if h.most.Load() > 8 || h.calls.Load() > 24 {
			t.Errorf("%d calls, %d of them at once", h.calls.Load(), h.most.Load())
		}
		if early.Load() < 990 {
			t.Errorf("only %d of 1,000 orders were told soon", early.Load())
		}
		h.hangs.Store(false)
		time.Sleep(31 * time.Second)
		for i := range 20 {
			if res, err := pay(2000 + i); err != nil || res.Payment.Status != payments.StatusPaid {
				t.Errorf("an order after the outage: %v, %v", res.Payment.Status, err)
			}
		}
	})
}

// TestDeclinesAreAnswers holds that a gateway which declines all day is not taken for one that is down.
func TestDeclinesAreAnswers(t *testing.T) {
	t.Parallel()
	g := newFake(t)
	gateway, err := resilience.New(g, &resilience.Options{Failures: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		_, err := gateway.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: payments.PaymentRef{PaymentUID: "u", OrderID: orderID(i)}, Key: orderID(i).String(),
			Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_chargeDeclined")}, Capture: true})
		if !errors.Is(err, payments.ErrDeclined) {
			t.Fatalf("the decline %d is %v", i, err)
		}
	}
}

// panicky panics at each fetch.
type panicky struct{ *fake.Gateway }

// Fetch panics.
func (panicky) Fetch(context.Context, payments.FetchRequest) (payments.Snapshot, error) { panic("out") }

// TestPanicIsAFailure holds that a panic goes on, gives its place back, and opens the breaker.
func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	gateway, err := resilience.New(panicky{newFake(t)}, &resilience.Options{Concurrent: 1, Failures: 3})
	if err != nil {
		t.Fatal(err)
	}
	fetch := func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = errors.New("panic")
			}
		}()
		_, err = gateway.Fetch(t.Context(), payments.FetchRequest{})
		return err
	}
	for range 3 {
		if err := fetch(); err == nil || err.Error() != "panic" {
			t.Fatalf("the panic is %v", err)
		}
	}
	if err := fetch(); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("after three panics: %v", err)
	}
}

// TestWebhooksPass holds that what calls nobody does not pass the breaker.
func TestWebhooksPass(t *testing.T) {
	t.Parallel()
	gateway, err := resilience.New(newFake(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	hooks, ok := payments.CapabilityOf[payments.WebhookGateway](gateway)
	if !ok {
		t.Fatal("there are no webhooks")
	}
	if _, err := hooks.ParseWebhook(http.Header{}, nil); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("an unsigned event: %v", err)
	}
}
