package stripe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// dialed is a client that remembers where it was asked to connect to, and connects to nobody but the gateway.
type dialed struct {
	mu    sync.Mutex
	hosts map[string]int
}

func (d *dialed) client(gateway string) *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.hosts[addr]++
		if addr != gateway {
			return nil, errors.New("this host is not the gateway's")
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

func (d *dialed) check(t *testing.T, gateway, name string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for host := range d.hosts {
		if host != gateway {
			t.Errorf("%s: %s was dialed", name, host)
		}
	}
	if d.hosts[gateway] == 0 {
		t.Errorf("%s: nobody was asked", name)
	}
}

// operations are all that a gateway can be asked.
func operations(ctx context.Context, g *Gateway) map[string]func() error {
	ref := payments.PaymentRef{PaymentUID: "0190a1b2-0000-7000-8000-000000000001", OrderID: payments.OrderID{1}}
	amount, visa := payments.Money{Amount: 1250, Currency: "USD"}, payments.Source{Token: payments.NewToken("pm_card_visa")}
	err := func(_ any, err error) error { return err }
	return map[string]func() error{
		"prepare": func() error {
			return err(g.Prepare(ctx, payments.PrepareRequest{PaymentRef: ref, Key: "k", Amount: amount, Source: visa, Capture: true}))
		},
		"confirm": func() error {
			return err(g.Confirm(ctx, payments.ConfirmRequest{PaymentRef: ref, Key: "k", Reference: "pi_1"}))
		},
		"authorize": func() error {
			return err(g.Authorize(ctx, payments.AuthorizeRequest{PaymentRef: ref, Key: "k", Amount: amount, Source: visa, Capture: true}))
		},
		"capture": func() error {
			return err(g.Capture(ctx, payments.CaptureRequest{PaymentRef: ref, Key: "k", Reference: "pi_1", Amount: amount}))
		},
		"void": func() error {
			return err(g.Void(ctx, payments.VoidRequest{PaymentRef: ref, Key: "k", Reference: "pi_1"}))
		},
		"refund": func() error {
			return err(g.Refund(ctx, payments.RefundRequest{PaymentRef: ref, Key: "k", Reference: "pi_1", RefundUID: ref.PaymentUID, Amount: amount}))
		},
		"fetch":  func() error { return err(g.Fetch(ctx, payments.FetchRequest{PaymentRef: ref, Reference: "pi_1"})) },
		"search": func() error { return err(g.Fetch(ctx, payments.FetchRequest{PaymentRef: ref})) },
		"subscribe": func() error {
			return err(g.Subscribe(ctx, payments.SubscribeRequest{PaymentRef: ref, Key: "k", Plan: payments.Plan{Interval: "month", Every: 1}, Amount: amount}))
		},
		"subscription": func() error {
			return err(g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: "sub_1"}))
		},
		"unsubscribe": func() error {
			return err(g.CancelSubscription(ctx, payments.CancelSubscriptionRequest{PaymentRef: ref, Key: "k", Reference: "sub_1"}))
		},
		"go on": func() error {
			return err(g.UncancelSubscription(ctx, payments.UncancelSubscriptionRequest{PaymentRef: ref, Key: "k", Reference: "sub_1"}))
		},
		"charges": func() error {
			_, _, err := g.ListCharges(ctx, payments.ListChargesRequest{From: time.Unix(1, 0), Before: time.Unix(1700000000, 0), Limit: 10})
			return err
		},
	}
}

// TestNoRedirectIsFollowed is row K5: an answer that redirects, to the machine's own metadata or anywhere else, is asked for once, is
// followed by no request, and is no answer, whatever its body says: what became of the request is not known.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	const paid = `{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1250,"amount_received":1250,"currency":"usd",` +
		`"metadata":{"payment_uid":"0190a1b2-0000-7000-8000-000000000001"},"data":[]}`
	cases := 0
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		for _, to := range []string{"http://169.254.169.254/latest/meta-data/", "/v1/elsewhere"} {
			seen := new(sync.Map)
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "elsewhere") {
					seen.Store("followed", r.URL.Path)
				}
				w.Header().Set("Location", to)
				w.WriteHeader(status)
				_, _ = w.Write([]byte(paid))
			}))
			host := web.Listener.Addr().String()
			d := &dialed{hosts: map[string]int{}}
			g, err := New(Options{SecretKey: "sk_test_1", BaseURL: web.URL, HTTPClient: d.client(host)})
			if err != nil {
				t.Fatal(err)
			}
			for name, ask := range operations(t.Context(), g) {
				cases++
				seen.Clear()
				if err := ask(); err == nil || payments.OutcomeOf(err) != payments.OutcomeUnknown || errors.Is(err, payments.ErrDeclined) {
					t.Errorf("%s, %d to %s: %v, %v", name, status, to, err, payments.OutcomeOf(err))
				}
				if path, ok := seen.Load("followed"); ok {
					t.Errorf("%s, %d to %s: %v was asked too", name, status, to, path)
				}
			}
			d.check(t, host, fmt.Sprint(status, " ", to))
			web.Close()
		}
	}
	matrix.Count(t, "K5", cases)
}

// TestNoAddressOfARequestIsFetched is the other half of row K5: addresses in everything that a caller, an order or an event may say. The
// only host that is ever dialed is the gateway's.
func TestNoAddressOfARequestIsFetched(t *testing.T) {
	t.Parallel()
	emulator, err := stripetest.New(stripetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(emulator)
	t.Cleanup(func() { web.Close(); _ = emulator.Close() })
	host, cases := web.Listener.Addr().String(), 0
	for _, address := range []string{"http://169.254.169.254/latest/meta-data/", "https://evil.example/a", "//evil.example", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
		"http://[::1]:25/", "http://127.0.0.1:1/", "ftp://evil.example/", "http://2130706433/", "\r\nHost: evil.example"} {
		cases++
		d := &dialed{hosts: map[string]int{}}
		g, err := New(Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: web.URL, HTTPClient: d.client(host), WebhookSecrets: []string{"whsec_1"},
			SendDescription: true, SendReceiptEmail: true, ReturnURL: "https://shop.example/back"})
		if err != nil {
			t.Fatal(err)
		}
		orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
			return payments.Order{ID: id, PublicID: "P", Description: address, AgentNumber: "A", Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
		})
		service, err := payments.New(memory.New(nil), g, orders, nil)
		if err != nil {
			t.Fatal(err)
		}
		paid := 0
		for i, token := range []string{"pm_card_visa", address, "tok_" + address, "pm_../../v1/customers?x=" + address} {
			id := payments.OrderID{byte(cases), byte(i), 1}
			res, _ := service.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken(token)},
				Payer: payments.Payer{Name: address, Email: "a@" + strings.TrimSpace(address)}, Idempotency: payments.Idempotency{Principal: address, Key: fmt.Sprint("k", i)}})
			if res.Payment.Secured() {
				paid++
			}
			_, _ = service.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
			_, _ = service.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: fmt.Sprint(address, i), Reason: address})
		}
		body := []byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","api_version":"2023-10-16","data":{"object":{"id":"` + address + `","object":"payment_intent","url":"` + address + `"}}}`)
		_ = service.Webhook(t.Context(), http.Header{"Stripe-Signature": {address}, "Referer": {address}, "X-Forwarded-Host": {address}}, body)
		d.check(t, host, address)
		if paid == 0 {
			t.Errorf("%s: nothing was paid: the requests ended before the gateway", address)
		}
	}
	matrix.Count(t, "K5", cases)
}

// TestProxyIsAChoice is what row K5 says of HTTP_PROXY: it counts for who gives a transport that reads it, and for nobody else.
func TestProxyIsAChoice(t *testing.T) {
	t.Parallel()
	proxy := func(c *http.Client) bool {
		return guarded(c).Transport.(bounded).RoundTripper.(*http.Transport).Proxy != nil
	}
	for name, tt := range map[string]struct {
		client *http.Client
		want   bool
	}{
		"none": {nil, false}, "a time-out only": {&http.Client{Timeout: time.Second}, false},
		"a transport without": {&http.Client{Transport: &http.Transport{}}, false}, "the default transport": {&http.Client{Transport: http.DefaultTransport}, true},
	} {
		if got := proxy(tt.client); got != tt.want {
			t.Errorf("%s: a proxy of the environment is used: %v", name, got)
		}
	}
	if got := guarded(&http.Client{Timeout: time.Second}).Timeout; got != time.Second || guarded(nil).Timeout != requestTimeout {
		t.Errorf("the time-out is %v", got)
	}
}
