package stripe_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
)

// partial is a server that answers each request with its text, and those that are named with a status, and nothing else.
type partial struct {
	answers map[string]string
	fails   map[string]int
}

func (p partial) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	if status, ok := p.fails[name]; ok {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error"}}`))
		return
	}
	_, _ = w.Write([]byte(p.answers[name]))
}

// The calls of TestLaterFailures.
var (
	cancelNow = func(ctx context.Context, g *stripe.Gateway) error {
		_, err := g.CancelSubscription(ctx, payments.CancelSubscriptionRequest{Key: "k", Reference: "sub_1"})
		return err
	}
	cancelAtEnd = func(ctx context.Context, g *stripe.Gateway) error {
		_, err := g.CancelSubscription(ctx, payments.CancelSubscriptionRequest{Key: "k", Reference: "sub_1", AtPeriodEnd: true})
		return err
	}
	uncancel = func(ctx context.Context, g *stripe.Gateway) error {
		_, err := g.UncancelSubscription(ctx, payments.UncancelSubscriptionRequest{Key: "k", Reference: "sub_1"})
		return err
	}
	subscribe = func(ctx context.Context, g *stripe.Gateway) error {
		_, err := g.Subscribe(ctx, payments.SubscribeRequest{Key: "k", Amount: payments.Money{Amount: 1250, Currency: "USD"},
			Plan: payments.Plan{Interval: "month", Every: 1}})
		return err
	}
	refundOne = func(ctx context.Context, g *stripe.Gateway) error {
		_, err := g.Refund(ctx, payments.RefundRequest{Key: "k", Reference: "pi_1", RefundUID: "u", Amount: payments.Money{Amount: 1, Currency: "USD"}})
		return err
	}
)

// TestLaterFailures holds that a definite failure of a request that follows one which took effect leaves the outcome of the whole
// unknown, and that one before anything took effect does not.
func TestLaterFailures(t *testing.T) {
	t.Parallel()
	const sub = `{"id":"sub_1","object":"subscription","status":"canceled","latest_invoice":{"id":"in_1","payment_intent":{"id":"pi_1"}}}`
	const read, cancel, change = "GET /v1/subscriptions/sub_1", "DELETE /v1/subscriptions/sub_1", "POST /v1/subscriptions/sub_1"
	const list, void = "GET /v1/invoices", "POST /v1/invoices/in_1/void"
	answers := map[string]string{read: sub, cancel: sub, change: sub, void: `{"id":"in_1","object":"invoice","status":"void"}`,
		list:                     `{"object":"list","data":[{"id":"in_1","object":"invoice","status":"open","currency":"usd"}]}`,
		"POST /v1/customers":     `{"id":"cus_1","object":"customer"}`,
		"POST /v1/products":      `{"id":"prod_1","object":"product"}`,
		"POST /v1/refunds":       `{"id":"re_1","object":"refund"}`,
		"POST /v1/subscriptions": sub, "POST /v1/payment_intents/pi_1": `{"id":"pi_1","object":"payment_intent"}`}
	unvoided := []int{http.StatusTooManyRequests, http.StatusUnauthorized}
	for name, tt := range map[string]struct {
		call       func(context.Context, *stripe.Gateway) error
		first      string // what is refused before, with firstStatus
		firstState int
		fails      string
		statuses   []int // 429, 401 and 403 when there are none
		applied    bool  // something may have taken effect
	}{
		"canceled, not read":                        {call: cancelNow, fails: read, applied: true},
		"canceled, and not found":                   {call: cancelNow, fails: read, statuses: []int{404}, applied: true},
		"canceled, invoices not listed":             {call: cancelNow, fails: list, applied: true},
		"canceled, invoice not voided":              {call: cancelNow, fails: void, statuses: unvoided, applied: true},
		"refused, and ended before":                 {call: cancelNow, first: cancel, firstState: 429, fails: void, statuses: unvoided, applied: true},
		"not found, and ended before":               {call: cancelNow, first: cancel, firstState: 404, fails: void, statuses: unvoided, applied: true},
		"refused as what has ended is, not read":    {call: cancelNow, first: cancel, firstState: 404, fails: read, applied: true},
		"to be canceled, not read":                  {call: cancelAtEnd, fails: read, applied: true},
		"to be canceled, refused as ended":          {call: cancelAtEnd, first: change, firstState: 400, fails: list, applied: true},
		"goes on, not read":                         {call: uncancel, fails: read, applied: true},
		"goes on, invoices not listed":              {call: uncancel, fails: list, applied: true},
		"subscribed, without our order":             {call: subscribe, fails: "POST /v1/payment_intents/pi_1", applied: true},
		"subscribed, not read":                      {call: subscribe, fails: read, applied: true},
		"subscribed, invoices not listed":           {call: subscribe, fails: list, applied: true},
		"refunded, not read":                        {call: refundOne, fails: "GET /v1/payment_intents/pi_1", applied: true},
		"not canceled":                              {call: cancelNow, first: cancel, firstState: 429, fails: read},
		"not canceled, there is no such one":        {call: cancelNow, first: cancel, firstState: 404, fails: read, statuses: []int{404}},
		"does not go on":                            {call: uncancel, fails: change},
		"not subscribed, with a customer":           {call: subscribe, fails: "POST /v1/products"},
		"not subscribed, with customer and product": {call: subscribe, fails: "POST /v1/subscriptions"},
		"not refunded":                              {call: refundOne, fails: "POST /v1/refunds"},
	} {
		if tt.statuses == nil {
			tt.statuses = []int{http.StatusTooManyRequests, http.StatusUnauthorized, http.StatusForbidden}
		}
		for _, status := range tt.statuses {
			t.Run(name+"/"+strconv.Itoa(status), func(t *testing.T) {
				t.Parallel()
				fails := map[string]int{tt.fails: status}
				if tt.first != "" {
					fails[tt.first] = tt.firstState
				}
				err := tt.call(t.Context(), over(t, partial{answers: answers, fails: fails}))
				want := payments.OutcomeNotApplied
				if tt.applied {
					want = payments.OutcomeUnknown
				}
				if got := payments.OutcomeOf(err); err == nil || got != want {
					t.Errorf("the outcome is %v, and must be %v: %v", got, want, err)
				}
			})
		}
	}
}

// TestInvoiceStaysOpen holds that an invoice which Stripe refuses to void for good hides neither the end of its subscription nor how the
// invoice stands.
func TestInvoiceStaysOpen(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound} {
		g := over(t, partial{fails: map[string]int{"POST /v1/invoices/in_1/void": status}, answers: map[string]string{
			"DELETE /v1/subscriptions/sub_1": `{"id":"sub_1"}`,
			"GET /v1/subscriptions/sub_1":    `{"id":"sub_1","object":"subscription","status":"canceled"}`,
			"GET /v1/invoices":               `{"object":"list","data":[{"id":"in_1","object":"invoice","status":"open","currency":"usd"}]}`}})
		sub, err := g.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{Key: "k", Reference: "sub_1"})
		if err != nil || !sub.Status.Ended() || len(sub.Invoices) != 1 || sub.Invoices[0].Status != "open" {
			t.Errorf("%d: the answer is %+v, %v", status, sub, err)
		}
	}
}
