package stripe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/gatewaytest"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// emulation is a gateway over an emulator of its own.
type emulation struct {
	*stripetest.Server
	base   string
	clock  *timepiece
	mu     sync.Mutex
	events []stripetest.Delivery
	tokens atomic.Int64
}

// timepiece is the wall clock, which can be moved on.
type timepiece struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *timepiece) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

const webhookSecret = "whsec_conformance"

// emulate starts an emulator on a socket of its own. Connections are not kept alive: net/http repeats a POST with an
// Idempotency-Key by itself when one of those dies, and a fault would then test nothing.
func emulate(change ...func(*stripetest.Options)) (*emulation, *stripe.Gateway, func(), error) {
	e := &emulation{clock: &timepiece{}}
	o := stripetest.Options{Clock: e.clock.Now, WebhookSecret: webhookSecret, Deliver: e.keep}
	for _, f := range change {
		f(&o)
	}
	server, err := stripetest.New(o)
	if err != nil {
		return nil, nil, nil, err
	}
	e.Server = server
	web := httptest.NewServer(server)
	e.base = web.URL
	transport := &http.Transport{DisableKeepAlives: true}
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: web.URL, WebhookSecrets: []string{webhookSecret},
		HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second}, Clock: e.clock.Now, RawCards: o.AllowRawCards})
	if err != nil {
		web.Close()
		return nil, nil, nil, err
	}
	return e, g, func() {
		web.CloseClientConnections()
		web.Close()
		_ = server.Close()
	}, nil
}

// keep keeps what the emulator delivers.
func (e *emulation) keep(_ context.Context, d stripetest.Delivery) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, d)
	return nil
}

// event makes a request of the latest event about an object.
func (e *emulation) event(_ context.Context, spec gatewaytest.EventSpec) (http.Header, []byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	secret := webhookSecret
	if spec.Forged {
		secret = "whsec_forged"
	}
	for _, d := range slices.Backward(e.events) {
		if d.Object == spec.Reference {
			body := append(slices.Clone(d.Body), bytes.Repeat([]byte(" "), spec.Pad)...)
			return http.Header{"Stripe-Signature": {stripetest.Sign(body, e.clock.Now().Add(-spec.Age), secret)}}, body, nil
		}
	}
	return nil, nil, errors.New("there is no such event")
}

// authenticate is the payer.
func (e *emulation) authenticate(ctx context.Context, secret payments.ClientSecret, pass bool) error {
	result := stripetest.AuthFail
	if pass {
		result = stripetest.AuthPass
	}
	if err := e.Authenticate(ctx, secret.Reveal(), result, ""); !errors.Is(err, stripetest.ErrDeclined) {
		return err
	}
	return nil
}

// subject tells the suite all that Stripe can do.
func (e *emulation) subject(g *stripe.Gateway, closing func()) *gatewaytest.Subject {
	s := &gatewaytest.Subject{
		Gateway: g, Approve: payments.NewToken("pm_card_visa"), Decline: payments.NewToken("tok_chargeDeclined"),
		Action: payments.NewToken("pm_card_threeDSecure2Required"),
		OneTime: func() (payments.Token, error) {
			return payments.NewToken(fmt.Sprintf("tok_visa__%d", e.tokens.Add(1))), nil
		},
		Authenticate: e.authenticate,
		Charges: func(_ context.Context, order payments.OrderID) (gatewaytest.Charges, error) {
			c := e.Ledger()[order.String()]
			return gatewaytest.Charges{Count: c.Charges, Captured: isoMinor(c.Captured, c.Currency), Refunded: isoMinor(c.Refunded, c.Currency)}, nil
		},
		Inject: e.inject,
		Arrive: func(ctx context.Context) error { e.DeliverLate(ctx); return nil },
		FailRefund: func(ctx context.Context, reference string) error {
			return e.SettleRefund(ctx, reference, false)
		},
		Refused: payments.Money{Amount: 1, Currency: "USD"},
		DeclineLater: func(ctx context.Context, sub payments.SubscriptionSnapshot) error {
			return declineLater(ctx, e.base, sub)
		},
		Saves: true, Account: "acct_1Other", Event: e.event, Now: e.clock.Now,
		Advance: func(ctx context.Context, d time.Duration) error {
			e.clock.ahead.Add(int64(d))
			return e.Advance(ctx, 0)
		},
		Close: closing,
	}
	s.Faults = lostAnswers()
	return s
}

// declineLater gives a subscription a card that was set up and is declined ever after.
func declineLater(ctx context.Context, base string, sub payments.SubscriptionSnapshot) error {
	id, err := elsewhere(ctx, base, "payment_methods/pm_card_chargeCustomerFail/attach", url.Values{"customer": {sub.Customer}})
	if err == nil {
		_, err = elsewhere(ctx, base, "subscriptions/"+sub.Reference, url.Values{"default_payment_method": {id}})
	}
	return err
}

// elsewhere changes an object past the gateway, as a person does in the dashboard, and returns the id that is answered.
func elsewhere(ctx context.Context, base, path string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(stripetest.DefaultSecretKey, "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	var object struct{ ID string }
	if err = json.NewDecoder(res.Body).Decode(&object); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", path, res.StatusCode)
	}
	return object.ID, err
}

// lostAnswers are the emulator's faults after which nobody knows what happened.
func lostAnswers() (list []gatewaytest.Fault) {
	for _, f := range stripetest.Faults() {
		if f.Lost {
			list = append(list, gatewaytest.Fault{Name: string(f.Fault), NotApplied: f.Fault == stripetest.Fault429,
				Saved: strings.HasPrefix(string(f.Fault), "500_saved"), Hangs: f.Hangs})
		}
	}
	return list
}

// inject makes the next call of one of the suite's operations go wrong.
func (e *emulation) inject(operation, fault string) error {
	return e.Fault(apiName(operation), stripetest.Fault(fault), 1)
}

// apiName is the API's own name of one of the suite's operations.
func apiName(operation string) string {
	names := map[string]string{"fetch_subscription": "subscriptions.retrieve", "cancel_subscription": "subscriptions.cancel",
		"uncancel_subscription": "subscriptions.update", "list_charges": "charges.list"}
	if name, ok := names[operation]; ok {
		return name
	}
	return operation
}

// isoMinor turns the emulator's amount, in Stripe's units, into ISO 4217's where the two differ.
func isoMinor(n int64, currency string) int64 {
	switch strings.ToUpper(currency) {
	case "ISK", "UGX":
		return n / 100
	case "MGA":
		return n * 100
	default:
		return n
	}
}

func emulated(change ...func(*stripetest.Options)) func(context.Context) (*gatewaytest.Subject, error) {
	return func(context.Context) (*gatewaytest.Subject, error) {
		e, g, closing, err := emulate(change...)
		if err != nil {
			return nil, err
		}
		return e.subject(g, closing), nil
	}
}

// TestConformance runs the suite over the emulator, with idempotency and without.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("as Stripe", func(t *testing.T) {
		t.Parallel()
		gatewaytest.Run(t, gatewaytest.Harness{Parallel: true, Timeout: 5 * time.Minute, New: emulated()})
	})
}

// TestConformanceWithoutIdempotency runs the suite over an emulator that honours no idempotency key. The checks that fail are
// those of the keys themselves, and no other: everything else the gateway does by asking about one known object.
func TestConformanceWithoutIdempotency(t *testing.T) {
	t.Parallel()
	err := gatewaytest.Verify(t.Context(), gatewaytest.Harness{Parallel: true, Timeout: 5 * time.Minute, New: emulated(func(o *stripetest.Options) { o.NoIdempotency = true })})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("a server without keys passes the checks of keys: %v", err)
	}
	var failed []string
	for _, e := range joined.Unwrap() {
		var v *gatewaytest.Violation
		if errors.As(e, &v) {
			failed = append(failed, v.Check)
		}
	}
	slices.Sort(failed)
	want := []string{"decline-replay", "key-authorize", "key-prepare", "key-refund", "key-reused", "key-subscribe", "lost-authorize", "lost-refund",
		"lost-subscribe", "one-key-at-once", "one-time-token"}
	if !slices.Equal(failed, want) {
		t.Errorf("without keys these checks fail:\n%v\nnot\n%v", failed, want)
	}
}

// TestOtherServers runs the suite over servers that speak the protocol otherwise: a decline is a 200, or another error; parameters
// that only some hosts ask for are refused; nobody had automatic payment methods.
func TestOtherServers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*stripetest.Options){
		"a decline is a 200":         func(o *stripetest.Options) { o.DeclineAs = "ok" },
		"a decline is another error": func(o *stripetest.Options) { o.DeclineAs = "invalid_request" },
		"few parameters": func(o *stripetest.Options) {
			o.RefuseParameters = []string{"description", "receipt_email", "return_url", "payment_method_data"}
		},
		"before automatic methods":    func(o *stripetest.Options) { o.AutomaticPaymentMethodsOff = true },
		"search finds nothing at all": func(o *stripetest.Options) { o.SearchLag = 1000 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !matrix.Full() {
				t.Skip("it is the whole suite again; CI runs it with PAYMENTS_TEST_FULL")
			}
			if err := gatewaytest.Verify(t.Context(), gatewaytest.Harness{Parallel: true, Timeout: 5 * time.Minute, New: emulated(change)}); err != nil {
				t.Error(err)
			}
		})
	}
}
