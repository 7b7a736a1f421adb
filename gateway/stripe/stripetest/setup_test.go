package stripetest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/clocktest"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

type clock = clocktest.Clock

// bundle is an emulator and a stripe-go client of it.
type bundle struct {
	*stripetest.Server
	api   *client.API
	clock *clock
	n     int
	clash bool // the test uses keys wrongly on purpose
}

// setup makes an emulator that is reached in process.
func setup(t *testing.T, o stripetest.Options) *bundle {
	t.Helper()
	b := &bundle{clock: clocktest.New(start)}
	if o.Clock == nil {
		o.Clock = b.clock.Now
	}
	s, err := stripetest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n := s.KeyClashes(); n > 0 && !b.clash {
			t.Errorf("%d keys were used for two things", n)
		}
	})
	b.Server = s
	b.api = apiFor(&http.Client{Transport: s.Transport()}, "https://api.stripe.com", 0)
	return b
}

// apiFor makes a stripe-go client that says nothing.
func apiFor(c *http.Client, url string, retries int64) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{HTTPClient: c, URL: stripe.String(url),
		MaxNetworkRetries: stripe.Int64(retries), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}})
	return client.New(stripetest.DefaultSecretKey, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

// overNetwork makes a stripe-go client over real connections, a fresh one for each request.
func overNetwork(t *testing.T, h http.Handler, timeout time.Duration, retries int64) *client.API {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return apiFor(&http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}, server.URL, retries)
}

// key makes a new idempotency key.
func (b *bundle) key() string {
	b.n++
	return fmt.Sprintf("key-%d", b.n)
}

// orderID is an order's id.
const orderID = "0123456789abcdef0123456789abcdef"

// params are an intent for a card.
func (b *bundle) params(method string) *stripe.PaymentIntentParams {
	p := &stripe.PaymentIntentParams{Amount: stripe.Int64(1999), Currency: stripe.String("usd"),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"})}
	if method != "" {
		p.PaymentMethod = stripe.String(method)
	}
	p.AddMetadata("order_id", orderID)
	p.SetIdempotencyKey(b.key())
	return p
}

// create makes an intent, and fails the test when it cannot.
func (b *bundle) create(t *testing.T, p *stripe.PaymentIntentParams) *stripe.PaymentIntent {
	t.Helper()
	in, err := b.api.PaymentIntents.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// paid makes an intent and confirms it.
func (b *bundle) paid(t *testing.T, method string) *stripe.PaymentIntent {
	t.Helper()
	in, err := b.api.PaymentIntents.Confirm(b.create(t, b.params(method)).ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if in.Status != stripe.PaymentIntentStatusSucceeded {
		t.Fatalf("the intent is %s, want succeeded", in.Status)
	}
	return in
}

// get reads an intent with its latest charge.
func (b *bundle) get(t *testing.T, id string) *stripe.PaymentIntent {
	t.Helper()
	p := &stripe.PaymentIntentParams{}
	p.AddExpand("latest_charge")
	in, err := b.api.PaymentIntents.Get(id, p)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

var ctx = context.Background()
