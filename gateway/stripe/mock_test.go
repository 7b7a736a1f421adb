package stripe

import (
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// calls are all the requests that the gateway can send. stripe-mock checks each one's parameters against the specification
// of API version 2023-10-16; a call that is missing here, or that is not made below, fails the test.
var calls = []string{
	"DELETE /v1/subscriptions/ID",
	"GET /v1/charges",
	"GET /v1/disputes",
	"GET /v1/invoices",
	"GET /v1/payment_intents/ID",
	"GET /v1/payment_intents/search",
	"GET /v1/refunds",
	"GET /v1/reviews/ID",
	"GET /v1/subscriptions/ID",
	"GET /v1/subscriptions/search",
	"POST /v1/customers",
	"POST /v1/payment_intents",
	"POST /v1/payment_intents/ID",
	"POST /v1/payment_intents/ID/cancel",
	"POST /v1/payment_intents/ID/capture",
	"POST /v1/payment_intents/ID/confirm",
	"POST /v1/payment_methods",
	"POST /v1/products",
	"POST /v1/refunds",
	"POST /v1/subscriptions",
	"POST /v1/subscriptions/ID",
}

// recorder notes each request and what stripe-mock says of it.
type recorder struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[string]int
}

var objectID = regexp.MustCompile(`/(pi|sub|in|ch|re|prv)_[A-Za-z0-9_]+`)

// RoundTrip sends the request, and fails the test when it is refused.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	call := req.Method + " " + objectID.ReplaceAllString(req.URL.Path, "/ID")
	if req.Header.Get("Stripe-Version") != APIVersion {
		r.t.Errorf("%s: the version is %q", call, req.Header.Get("Stripe-Version"))
	}
	if req.Method == http.MethodPost && req.Header.Get("Idempotency-Key") == "" {
		r.t.Errorf("%s has no idempotency key of ours", call)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return res, err
	}
	if res.StatusCode >= 400 {
		body, _ := io.ReadAll(res.Body)
		r.t.Errorf("%s is refused with %d: %s", call, res.StatusCode, body)
		res.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[call]++
	return res, nil
}

// TestEveryCallFitsTheSpecification makes every request in every shape against stripe-mock.
func TestEveryCallFitsTheSpecification(t *testing.T) {
	base := os.Getenv("STRIPE_MOCK")
	if base == "" {
		t.Skip("STRIPE_MOCK is not set; .ci/run starts stripe-mock v0.183.0 and sets it")
	}
	r := &recorder{t: t, seen: map[string]int{}}
	for _, change := range []func(*Options){
		func(*Options) {},
		func(o *Options) {
			o.RawCards, o.ReturnURL, o.SendDescription, o.SendReceiptEmail = true, "https://shop.example/back", true, true
			o.StatementSuffix, o.Account = "SHOP", "acct_123"
		},
	} {
		g, err := New(withMock(change, base, r))
		if err != nil {
			t.Fatal(err)
		}
		makeEveryCall(t, g)
	}
	got := slices.Sorted(maps.Keys(r.seen))
	if !slices.Equal(got, calls) {
		t.Errorf("the calls made are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(calls, "\n"))
	}
	t.Logf("%d kinds of calls in %v requests", len(got), r.seen)
}

func withMock(change func(*Options), base string, r http.RoundTripper) Options {
	o := Options{SecretKey: "sk_test_123", BaseURL: base, HTTPClient: &http.Client{Transport: r, Timeout: 10 * time.Second}}
	change(&o)
	return o
}

// makeEveryCall sends every request. What stripe-mock answers is a fixture: the gateway may find that it does not fit.
func makeEveryCall(t *testing.T, g *Gateway) {
	t.Helper()
	ctx := t.Context()
	order, _ := payments.ParseOrderID("0f8fad5bd9cb469fa16570867728950e")
	ref := payments.PaymentRef{PaymentUID: "0190a1b2-0000-7000-8000-000000000001", OrderID: order}
	amount := payments.Money{Amount: 1250, Currency: "USD"}
	payer := payments.Payer{CustomerID: 9, Name: "A. Payer", Email: "payer@example.com"}
	sources := []payments.Source{{}, {Token: payments.NewToken("tok_visa")}, {Token: payments.NewToken("pm_card_visa")}}
	if g.TakesRawCards() {
		sources = append(sources, payments.Source{Card: &payments.Card{Number: payments.NewCardNumber("4242424242424242"),
			Expiry: payments.Expiry{Month: 12, Year: 2030}, CVC: payments.NewCVC("123")}})
	}
	for _, src := range sources {
		for _, capture := range []bool{true, false} {
			for _, saving := range []payments.Saving{{}, {Save: true}, {OffSession: true}} {
				for _, reference := range []string{"", "pi_123"} {
					_, _ = g.Prepare(ctx, payments.PrepareRequest{PaymentRef: ref, Key: "k", Reference: reference, Amount: amount, Source: src,
						Capture: capture, Description: "Order 1", Payer: payer, Saving: saving})
				}
				if !src.IsZero() {
					_, _ = g.Authorize(ctx, payments.AuthorizeRequest{PaymentRef: ref, Key: "k", Amount: amount, Source: src, Capture: capture,
						Description: "Order 1", Payer: payer, Saving: saving})
				}
			}
		}
	}
	if _, err := g.api.PaymentIntents.Update("pi_123", &stripego.PaymentIntentParams{Params: g.params(ctx, "k", ""), SetupFutureUsage: stripego.String("")}); err != nil {
		t.Error(err) // as Prepare unsets it, which the intent of stripe-mock has none of
	}
	for _, off := range []bool{true, false} {
		_, _ = g.Confirm(ctx, payments.ConfirmRequest{PaymentRef: ref, Key: "k", Reference: "pi_123", OffSession: off})
	}
	_, _ = g.Capture(ctx, payments.CaptureRequest{PaymentRef: ref, Key: "k", Reference: "pi_123", Amount: amount})
	_, _ = g.Void(ctx, payments.VoidRequest{PaymentRef: ref, Key: "k", Reference: "pi_123"})
	_, _ = g.Refund(ctx, payments.RefundRequest{PaymentRef: ref, Key: "k", Reference: "pi_123", RefundUID: ref.PaymentUID, Amount: amount, Reason: "returned"})
	for _, reference := range []string{"", "pi_123"} {
		_, _ = g.Fetch(ctx, payments.FetchRequest{PaymentRef: ref, Reference: reference})
	}
	if _, err := g.underReview(ctx, "", "prv_123"); err != nil {
		t.Error(err)
	}
	snap := payments.Snapshot{Reference: "pi_123"}
	if err := g.addRefunds(ctx, "", &snap, 0); err != nil {
		t.Error(err)
	}
	if err := g.addDisputes(ctx, "", &snap); err != nil {
		t.Error(err)
	}
	if _, _, err := g.ListCharges(ctx, payments.ListChargesRequest{From: time.Unix(1, 0), Before: time.Unix(1700000000, 0), Cursor: "ch_123", Limit: 10}); err != nil {
		t.Error(err)
	}
	for _, plan := range []payments.Plan{{Interval: "month", Every: 1}, {Interval: "week", Every: 2, TrialDays: 14}, {GatewayPrice: "price_123"}} {
		_, _ = g.Subscribe(ctx, payments.SubscribeRequest{PaymentRef: ref, Key: "k", Plan: plan, Amount: amount, Description: "Plan", Payer: payer})
	}
	for _, reference := range []string{"", "sub_123"} {
		_, _ = g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: reference})
	}
	for _, atEnd := range []bool{true, false} {
		_, _ = g.CancelSubscription(ctx, payments.CancelSubscriptionRequest{PaymentRef: ref, Key: "k", Reference: "sub_123", AtPeriodEnd: atEnd})
	}
	_, _ = g.UncancelSubscription(ctx, payments.UncancelSubscriptionRequest{PaymentRef: ref, Key: "k", Reference: "sub_123"})
}
