package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// maxBody bounds a request under /_test.
const maxBody = 64 << 10

// handler serves the API, and the control routes under /_test.
func handler(s *stripetest.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s)
	c := &control{mux: mux}
	c.reads(s)
	c.scripts(s)
	c.steps(s)
	mux.HandleFunc("GET /_test", func(w http.ResponseWriter, _ *http.Request) { reply(w, c.list, nil) })
	return mux
}

// control collects the control routes.
type control struct {
	mux  *http.ServeMux
	list []routeInfo
}

// routeInfo tells what a control route does.
type routeInfo struct {
	Route string `json:"route"`
	Body  any    `json:"body,omitempty"`
	Does  string `json:"does"`
}

// get adds a route that reads.
func (c *control) get(path, does string, read func() any) {
	c.list = append(c.list, routeInfo{Route: "GET /_test/" + path, Does: does})
	c.mux.HandleFunc("GET /_test/"+path, func(w http.ResponseWriter, _ *http.Request) { reply(w, read(), nil) })
}

// do adds a route that acts; the zero B is shown as the form of its body.
func do[B any](c *control, method, path, does string, act func(context.Context, B) (any, error)) {
	var form B
	c.list = append(c.list, routeInfo{Route: method + " /_test/" + path, Body: form, Does: does})
	c.mux.HandleFunc(method+" /_test/"+path, func(w http.ResponseWriter, r *http.Request) {
		var body B
		in := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		in.DisallowUnknownFields()
		if err := in.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
			reply(w, nil, fmt.Errorf("stripetest: the body is no JSON of the form that GET /_test shows: %w", err))
			return
		}
		answer, err := act(r.Context(), body)
		reply(w, answer, err)
	})
}

// reply writes an answer as JSON, or an error as {"error": …} with the status 400, or 402 when the payer's page was declined.
func reply(w http.ResponseWriter, answer any, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case errors.Is(err, stripetest.ErrDeclined):
		w.WriteHeader(http.StatusPaymentRequired)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	}
	if answer == nil {
		answer = struct{}{}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(answer) // a caller who has gone does not read it
}

// nothing is the body of a route that needs none.
type nothing struct{}

// reads are the routes that look.
func (c *control) reads(s *stripetest.Server) {
	c.get("ledger", "What was really charged, by metadata[order_id].", func() any { return s.Ledger() })
	c.get("summary", "The ledger, the orders that were charged twice, and the keys that were used for something else.", func() any {
		return map[string]any{"orders": s.Ledger(), "double_charged_orders": append([]string{}, s.DoubleCharged()...), "key_clashes": s.KeyClashes()}
	})
	c.get("charges", "Every try to take money, the oldest first.", func() any { return append([]stripetest.Charge{}, s.Charges()...) })
	c.get("requests", "The requests that reached an operation, the oldest first.", func() any { return append([]stripetest.Request{}, s.Requests()...) })
	c.get("cards", "The test cards.", func() any { return stripetest.TestCards() })
	c.get("faults", "The faults.", func() any { return stripetest.Faults() })
	c.get("operations", "The operations of the API.", func() any { return stripetest.Operations() })
	c.get("clock", "The emulator's time.", func() any { return map[string]time.Time{"now": s.Now()} })
}

// The bodies of the routes that script.
type (
	faultBody struct {
		Operation string           `json:"operation"`
		Fault     stripetest.Fault `json:"fault"`
		Times     int              `json:"times"`
		Every     int              `json:"every,omitempty"`
	}
	randomBody struct {
		Operation string             `json:"operation"`
		Percent   int                `json:"percent"`
		Faults    []stripetest.Fault `json:"faults"`
	}
	webhooksBody struct {
		Mode  stripetest.WebhookMode `json:"mode"`
		Times int                    `json:"times"`
		Types []string               `json:"types"`
	}
	eventBody struct {
		Event string `json:"event"`
	}
)

// scripts are the routes that script faults and webhooks.
func (c *control) scripts(s *stripetest.Server) {
	do(c, "POST", "fault", "Makes the next calls of an operation go wrong, so many times, or every n-th.", func(_ context.Context, b faultBody) (any, error) {
		if b.Every > 0 {
			return nil, s.FaultEvery(b.Operation, b.Fault, b.Every)
		}
		return nil, s.Fault(b.Operation, b.Fault, b.Times)
	})
	do(c, "POST", "random", "Makes a percentage of the calls of an operation go wrong.", func(_ context.Context, b randomBody) (any, error) {
		return nil, s.RandomFaults(b.Operation, b.Percent, b.Faults...)
	})
	do(c, "DELETE", "faults", "Ends all faults.", func(context.Context, nothing) (any, error) { s.ClearFaults(); return nil, nil })
	do(c, "POST", "late", "Lets the requests with the fault late arrive.", func(ctx context.Context, _ nothing) (any, error) {
		return map[string]int{"arrived": s.DeliverLate(ctx)}, nil
	})
	do(c, "POST", "webhooks", "Makes the next events be delivered in a mode.", func(_ context.Context, b webhooksBody) (any, error) {
		return nil, s.ScriptWebhooks(b.Mode, b.Times, b.Types...)
	})
	do(c, "DELETE", "webhooks", "Ends the script of webhooks.", func(context.Context, nothing) (any, error) { s.ClearWebhooks(); return nil, nil })
	do(c, "POST", "webhooks/release", "Delivers the events that are held.", func(ctx context.Context, _ nothing) (any, error) {
		return map[string]int{"delivered": s.ReleaseWebhooks(ctx)}, nil
	})
	do(c, "POST", "webhooks/redeliver", "Delivers an event once more.", func(ctx context.Context, b eventBody) (any, error) {
		return nil, s.Redeliver(ctx, b.Event)
	})
	do(c, "POST", "forget_keys", "Forgets the idempotency keys.", func(context.Context, nothing) (any, error) { return nil, s.ForgetKeys() })
}

// The bodies of the routes that are steps.
type (
	authenticateBody struct {
		ClientSecret  string                `json:"client_secret"`
		Result        stripetest.AuthResult `json:"result"`
		PaymentMethod string                `json:"payment_method"`
	}
	settleBody struct {
		ID      string `json:"id"`
		Success bool   `json:"success"`
	}
	disputeBody struct {
		ID     string `json:"id"`
		Reason string `json:"reason"`
	}
	closeBody struct {
		ID  string `json:"id"`
		Won bool   `json:"won"`
	}
	reviewBody struct {
		ID      string `json:"id"`
		Approve bool   `json:"approve"`
	}
	refundBody struct {
		ID     string `json:"id"`
		Amount int64  `json:"amount"`
	}
	advanceBody struct {
		Duration string `json:"duration"`
	}
)

// steps are the routes for what happens at Stripe without the merchant.
func (c *control) steps(s *stripetest.Server) {
	do(c, "POST", "authenticate", "The payer's page: passes, fails or abandons 3-D Secure, and pays what waits for a card.",
		func(ctx context.Context, b authenticateBody) (any, error) {
			return nil, s.Authenticate(ctx, b.ClientSecret, b.Result, b.PaymentMethod)
		})
	do(c, "POST", "settle", "Ends an intent that is processing.", func(ctx context.Context, b settleBody) (any, error) {
		return nil, s.Settle(ctx, b.ID, b.Success)
	})
	do(c, "POST", "settle_refund", "Moves a refund on.", func(ctx context.Context, b settleBody) (any, error) {
		return nil, s.SettleRefund(ctx, b.ID, b.Success)
	})
	do(c, "POST", "dispute", "Opens a dispute about a charge or an intent.", func(ctx context.Context, b disputeBody) (any, error) {
		id, err := s.OpenDispute(ctx, b.ID, b.Reason)
		return map[string]string{"id": id}, err
	})
	do(c, "POST", "dispute/close", "Decides a dispute.", func(ctx context.Context, b closeBody) (any, error) {
		return nil, s.CloseDispute(ctx, b.ID, b.Won)
	})
	do(c, "POST", "review/close", "Ends a review, by its id or its intent's.", func(ctx context.Context, b reviewBody) (any, error) {
		return nil, s.CloseReview(ctx, b.ID, b.Approve)
	})
	do(c, "POST", "refund", "Gives money of an intent back as the dashboard does.", func(ctx context.Context, b refundBody) (any, error) {
		return nil, s.RefundElsewhere(ctx, b.ID, b.Amount)
	})
	do(c, "POST", "advance", "Moves the clock on, as in 24h, and lets happen what is due.", func(ctx context.Context, b advanceBody) (any, error) {
		d, err := time.ParseDuration(b.Duration)
		if err != nil {
			return nil, fmt.Errorf("stripetest: the duration is of the form 1h30m: %w", err)
		}
		err = s.Advance(ctx, d)
		return map[string]time.Time{"now": s.Now()}, err
	})
}
