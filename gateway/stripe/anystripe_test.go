package stripe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/gatewaytest"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

var (
	anyBase = flag.String("stripe-base", "", "run the conformance suite against this server: scheme, host and port, without /v1")
	anyKey  = flag.String("stripe-key", "sk_test_123", "the secret key for -stripe-base")
	anySkip = flag.String("stripe-skip", "", "checks that the server of -stripe-base cannot pass: name=reason, separated by semicolons")
)

// TestAnyStripe runs the suite against the server that -stripe-base names. What it lacks is skipped: a server without the control
// routes of cmd/stripetest has no door for faults, for the payer and for the clock, and what else it cannot pass is told by
// -stripe-skip, with the reason.
func TestAnyStripe(t *testing.T) {
	if *anyBase == "" {
		t.Skip("-stripe-base is not given: there is no other Stripe server to run against")
	}
	skip := map[string]string{}
	for part := range strings.SplitSeq(*anySkip, ";") {
		if name, reason, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			skip[name] = reason
		}
	}
	server := &remote{base: strings.TrimSuffix(*anyBase, "/"), key: *anyKey}
	gatewaytest.Run(t, gatewaytest.Harness{Skip: skip, Timeout: 5 * time.Minute, New: server.subject})
}

// remote is a Stripe server in another process.
type remote struct {
	base, key string
	tokens    atomic.Int64
}

// subject tells the suite what the server can do.
func (r *remote) subject(ctx context.Context) (*gatewaytest.Subject, error) {
	transport := &http.Transport{DisableKeepAlives: true} // net/http repeats a POST with a key by itself when a connection dies
	g, err := stripe.New(stripe.Options{SecretKey: r.key, BaseURL: r.base, WebhookSecrets: []string{webhookSecret},
		HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second}})
	if err != nil {
		return nil, err
	}
	s := &gatewaytest.Subject{Gateway: g, Approve: payments.NewToken("pm_card_visa"), Decline: payments.NewToken("pm_card_visa_chargeDeclined"),
		Action: payments.NewToken("pm_card_authenticationRequired"), Refused: payments.Money{Amount: 1, Currency: "USD"}, Saves: true}
	if r.call(ctx, "GET", "/v1/events?limit=1", nil, nil) == nil {
		s.Event = r.event
	}
	if r.call(ctx, "GET", "/_test", nil, nil) == nil {
		r.doors(s)
	}
	return s, nil
}

// doors are what the control routes of cmd/stripetest can do beside the API.
func (r *remote) doors(s *gatewaytest.Subject) {
	s.OneTime = func() (payments.Token, error) {
		return payments.NewToken(fmt.Sprintf("tok_visa__%d_%d", time.Now().UnixNano(), r.tokens.Add(1))), nil
	}
	s.Authenticate = func(ctx context.Context, secret payments.ClientSecret, pass bool) error {
		result := stripetest.AuthFail
		if pass {
			result = stripetest.AuthPass
		}
		err := r.call(ctx, "POST", "/_test/authenticate", map[string]any{"client_secret": secret.Reveal(), "result": result}, nil)
		if errors.Is(err, errPaymentRequired) {
			return nil // the payer has done it, and was declined
		}
		return err
	}
	s.Charges = func(ctx context.Context, order payments.OrderID) (gatewaytest.Charges, error) {
		var ledger map[string]stripetest.LedgerEntry
		err := r.call(ctx, "GET", "/_test/ledger", nil, &ledger)
		c := ledger[order.String()]
		return gatewaytest.Charges{Count: c.Charges, Captured: isoMinor(c.Captured, c.Currency), Refunded: isoMinor(c.Refunded, c.Currency)}, err
	}
	s.Faults = lostAnswers()
	s.Inject = func(operation, fault string) error {
		return r.call(context.Background(), "POST", "/_test/fault", map[string]any{"operation": apiName(operation), "fault": fault, "times": 1}, nil)
	}
	s.Arrive = func(ctx context.Context) error { return r.call(ctx, "POST", "/_test/late", struct{}{}, nil) }
	s.FailRefund = func(ctx context.Context, reference string) error {
		return r.call(ctx, "POST", "/_test/settle_refund", map[string]any{"id": reference, "success": false}, nil)
	}
	s.Advance = func(ctx context.Context, d time.Duration) error {
		return r.call(ctx, "POST", "/_test/advance", map[string]any{"duration": d.String()}, nil)
	}
	s.Now = func() time.Time {
		var clock struct{ Now time.Time }
		_ = r.call(context.Background(), "GET", "/_test/clock", nil, &clock)
		return clock.Now
	}
}

// event makes a request of the latest event about an object: the server lists it, and we sign it, as the endpoint's secret is ours.
func (r *remote) event(ctx context.Context, spec gatewaytest.EventSpec) (http.Header, []byte, error) {
	secret := webhookSecret
	if spec.Forged {
		secret = "whsec_forged"
	}
	var list struct{ Data []json.RawMessage }
	if err := r.call(ctx, "GET", "/v1/events?limit=100", nil, &list); err != nil {
		return nil, nil, err
	}
	for _, raw := range list.Data {
		var e struct {
			Data struct{ Object struct{ ID string } }
		}
		if json.Unmarshal(raw, &e) == nil && e.Data.Object.ID == spec.Reference {
			body := append(slices.Clone([]byte(raw)), bytes.Repeat([]byte(" "), spec.Pad)...)
			return http.Header{"Stripe-Signature": {stripetest.Sign(body, time.Now().Add(-spec.Age), secret)}}, body, nil
		}
	}
	return nil, nil, errors.New("the server lists no such event")
}

// errPaymentRequired is the status 402.
var errPaymentRequired = errors.New("402")

// call makes a request to the server, past the gateway.
func (r *remote) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	if method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusPaymentRequired:
		return errPaymentRequired
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	case out == nil:
		return nil
	default:
		return json.NewDecoder(res.Body).Decode(out)
	}
}
