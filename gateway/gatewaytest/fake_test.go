package gatewaytest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
)

// fakeHarness is the harness of the fake gateway; wrap, when it is set, breaks it.
func fakeHarness(wrap func(*fake.Gateway) payments.Gateway, o fake.Options) gatewaytest.Harness {
	return gatewaytest.Harness{Parallel: true, New: func(context.Context) (*gatewaytest.Subject, error) {
		return fakeSubject(o, wrap)
	}}
}

// timepiece is the wall clock, which can be moved on.
type timepiece struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *timepiece) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// postbox keeps the events of a gateway and signs them anew.
type postbox struct {
	mu     sync.Mutex
	g      *fake.Gateway
	clock  *timepiece
	events []fake.Event
}

// event makes a request of the latest event about an object.
func (b *postbox) event(_ context.Context, spec gatewaytest.EventSpec) (http.Header, []byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, b.g.Events()...)
	signer := b.g
	if spec.Forged {
		other, err := fake.New(fake.Options{AllowFake: true, WebhookSecret: "whsec_forged"})
		if err != nil {
			return nil, nil, err
		}
		signer = other
	}
	for _, e := range slices.Backward(b.events) {
		if e.Reference == spec.Reference || e.Object == spec.Reference {
			body := append(slices.Clone(e.Body), bytes.Repeat([]byte(" "), spec.Pad)...)
			return http.Header{fake.SignatureHeader: {signer.SignWebhook(body, b.clock.Now().Add(-spec.Age))}}, body, nil
		}
	}
	return nil, nil, errors.New("there is no such event")
}

// fakeSubject tells the suite all that the fake can do.
func fakeSubject(o fake.Options, wrap func(*fake.Gateway) payments.Gateway) (*gatewaytest.Subject, error) {
	var tokens atomic.Int64
	clock := &timepiece{}
	o.AllowFake, o.Clock, o.WebhookSecret = true, clock.Now, "whsec_gatewaytest"
	g, err := fake.New(o)
	if err != nil {
		return nil, err
	}
	box := &postbox{g: g, clock: clock}
	s := &gatewaytest.Subject{
		Gateway: g,
		Approve: payments.NewToken("tok_visa"), Decline: payments.NewToken("tok_chargeDeclined"),
		Action: payments.NewToken("tok_threeDSecure2Required"),
		OneTime: func() (payments.Token, error) {
			return payments.NewToken(fmt.Sprintf("tok_visa__%d", tokens.Add(1))), nil
		},
		Card: &payments.Card{Number: payments.NewCardNumber("4242424242424242"), Expiry: payments.Expiry{Month: 12, Year: 2049},
			CVC: payments.NewCVC("123")},
		Authenticate: func(ctx context.Context, secret payments.ClientSecret, pass bool) error {
			result := fake.AuthFail
			if pass {
				result = fake.AuthPass
			}
			err := g.Authenticate(ctx, secret.Reveal(), result, "")
			if errors.Is(err, payments.ErrDeclined) {
				return nil // that is the payment's matter, not the payer's
			}
			return err
		},
		Charges: func(_ context.Context, order payments.OrderID) (gatewaytest.Charges, error) {
			e := g.Ledger()[order.String()]
			return gatewaytest.Charges{Count: e.Charges, Captured: e.Captured, Refunded: e.Refunded}, nil
		},
		Inject: func(operation, fault string) error { return g.Fault(fake.Operation(operation), fake.Fault(fault), 1) },
		Arrive: func(ctx context.Context) error { _, err := g.DeliverLate(ctx); return err },
		FailRefund: func(ctx context.Context, reference string) error {
			return g.SettleRefund(ctx, reference, false)
		},
		DeclineLater: func(ctx context.Context, sub payments.SubscriptionSnapshot) error {
			return g.SetDefaultMethod(ctx, sub.Reference, "tok_chargeCustomerFail")
		},
		Saves: true, Account: "acct_other", Event: box.event, Now: clock.Now,
		Advance: func(ctx context.Context, d time.Duration) error {
			clock.ahead.Add(int64(d))
			return g.Tick(ctx)
		},
	}
	for _, f := range fake.Faults() {
		if f.Lost && !strings.HasPrefix(string(f.Fault), "panic") {
			name := string(f.Fault)
			s.Faults = append(s.Faults, gatewaytest.Fault{Name: name, NotApplied: f.Outcome == payments.OutcomeNotApplied,
				Saved: strings.HasPrefix(name, "500_saved"), Hangs: strings.HasPrefix(name, "slow")})
		}
	}
	if wrap != nil {
		s.Gateway = wrap(g)
	}
	return s, nil
}

func TestFake(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, fakeHarness(nil, fake.Options{}))
}

func TestFakeVariants(t *testing.T) {
	t.Parallel()
	tests := map[string]fake.Options{
		"no raw cards":   {NoRawCards: true},
		"live mode":      {LiveMode: true, Name: "other"},
		"two currencies": {Currencies: []payments.Currency{"USD", "JPY"}},
		"another seed":   {Seed: 77},
		"search lags":    {SearchLag: time.Hour},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := gatewaytest.Verify(t.Context(), fakeHarness(nil, o)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFakeWithFile makes each subject's state rest in a file.
func TestFakeWithFile(t *testing.T) {
	t.Parallel()
	var files atomic.Int64
	dir := t.TempDir()
	h := fakeHarness(nil, fake.Options{})
	h.New = func(context.Context) (*gatewaytest.Subject, error) {
		return fakeSubject(fake.Options{StateFile: fmt.Sprintf("%s/%d.json", dir, files.Add(1))}, nil)
	}
	gatewaytest.Run(t, h)
}

func TestChecksHaveNamesAndRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range gatewaytest.Checks() {
		if c.Name == "" || seen[c.Name] || !strings.HasSuffix(c.Rule, ".") {
			t.Errorf("the check %q has no name of its own, or its rule %q is no sentence", c.Name, c.Rule)
		}
		seen[c.Name] = true
	}
	if len(seen) < 30 {
		t.Errorf("there are %d checks", len(seen))
	}
}
