package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// TestFailure is the table of STRIPE.md: what each answer means.
func TestFailure(t *testing.T) {
	t.Parallel()
	const secret = "pi_1_secret_canary0123456789"
	g := newGateway(t)
	no, unknown := payments.OutcomeNotApplied, payments.OutcomeUnknown
	for _, tt := range []struct {
		name    string
		status  int
		typ     stripego.ErrorType
		code    string
		decline string
		param   string
		want    payments.Code
		outcome payments.Outcome
	}{
		{"declined", 402, stripego.ErrorTypeCard, "card_declined", "insufficient_funds", "", payments.ErrDeclined, no},
		{"expired", 402, stripego.ErrorTypeCard, "expired_card", "", "", payments.ErrDeclined, no},
		{"declined by another type", 402, stripego.ErrorTypeInvalidRequest, "card_declined", "", "", payments.ErrDeclined, no},
		{"card error of another status", 400, stripego.ErrorTypeCard, "incorrect_number", "", "", payments.ErrDeclined, no},
		{"authentication failure", 402, stripego.ErrorTypeCard, "payment_intent_authentication_failure", "", "", payments.ErrDeclined, no},
		{"too small", 400, stripego.ErrorTypeInvalidRequest, "amount_too_small", "", "amount", payments.ErrUnsupported, no},
		{"parameter", 400, stripego.ErrorTypeInvalidRequest, "parameter_unknown", "", "foo", payments.ErrGatewayRejected, no},
		{"other parameters", 400, stripego.ErrorTypeIdempotency, "", "", "", payments.ErrUnavailable, unknown},
		{"key in use", 409, stripego.ErrorTypeIdempotency, "idempotency_key_in_use", "", "", payments.ErrUnavailable, unknown},
		{"rate limit", 429, stripego.ErrorTypeInvalidRequest, "rate_limit", "", "", payments.ErrRateLimited, no},
		{"lock", 429, stripego.ErrorTypeInvalidRequest, "lock_timeout", "", "", payments.ErrUnavailable, unknown},
		{"500", 500, stripego.ErrorTypeAPI, "", "", "", payments.ErrUnavailable, unknown},
		{"a decline in a 500", 500, stripego.ErrorTypeCard, "card_declined", "generic_decline", "", payments.ErrUnavailable, unknown},
		{"a refusal in a 502", 502, stripego.ErrorTypeInvalidRequest, "resource_missing", "", "", payments.ErrUnavailable, unknown},
		{"a decline in a 300", 300, stripego.ErrorTypeCard, "card_declined", "", "", payments.ErrUnavailable, unknown},
		{"a decline in a 409", 409, stripego.ErrorTypeCard, "card_declined", "", "", payments.ErrUnavailable, unknown},
		{"a lock of another status", 400, stripego.ErrorTypeInvalidRequest, "lock_timeout", "", "", payments.ErrUnavailable, unknown},
		{"a conflict without a code", 409, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrUnavailable, unknown},
		{"a failed dependency", 424, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrUnavailable, unknown},
		{"a decline in a 424", 424, stripego.ErrorTypeCard, "card_declined", "generic_decline", "", payments.ErrUnavailable, unknown},
		{"a time-out of the server's", 408, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrUnavailable, unknown},
		{"a client closed", 499, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrUnavailable, unknown},
		{"a body too large for a proxy", 413, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrUnavailable, unknown},
		{"503", 503, stripego.ErrorTypeAPI, "", "", "", payments.ErrUnavailable, unknown},
		{"state", 400, stripego.ErrorTypeInvalidRequest, "payment_intent_unexpected_state", "", "", payments.ErrUnavailable, unknown},
		{"captured", 400, stripego.ErrorTypeInvalidRequest, "charge_already_captured", "", "", payments.ErrUnavailable, unknown},
		{"refunded", 400, stripego.ErrorTypeInvalidRequest, "charge_already_refunded", "", "", payments.ErrUnavailable, unknown},
		{"disputed", 400, stripego.ErrorTypeInvalidRequest, "charge_disputed", "", "", payments.ErrConflict, no},
		{"refund of a disputed payment", 400, stripego.ErrorTypeInvalidRequest, "refund_disputed_payment", "", "", payments.ErrConflict, no},
		{"missing", 404, stripego.ErrorTypeInvalidRequest, "resource_missing", "", "intent", payments.ErrPaymentNotFound, no},
		{"no such token", 400, stripego.ErrorTypeInvalidRequest, "resource_missing", "", "card[token]", payments.ErrInvalid, no},
		{"no such method", 400, stripego.ErrorTypeInvalidRequest, "resource_missing", "", "payment_method", payments.ErrInvalid, no},
		{"spent token", 400, stripego.ErrorTypeInvalidRequest, "token_already_used", "", "", payments.ErrInvalid, no},
		{"key", 401, stripego.ErrorTypeInvalidRequest, "", "", "", payments.ErrGatewayConfig, no},
		{"old key", 401, stripego.ErrorTypeInvalidRequest, "api_key_expired", "", "", payments.ErrGatewayConfig, no},
		{"platform", 403, stripego.ErrorTypeInvalidRequest, "platform_account_required", "", "", payments.ErrGatewayConfig, no},
	} {
		cause := &stripego.Error{HTTPStatusCode: tt.status, Type: tt.typ, Code: stripego.ErrorCode(tt.code),
			DeclineCode: stripego.DeclineCode(tt.decline), Param: tt.param, Msg: "no " + secret, PaymentIntent: &stripego.PaymentIntent{ClientSecret: secret}}
		err := g.failure("confirm", cause)
		if !errors.Is(err, tt.want) || payments.OutcomeOf(err) != tt.outcome {
			t.Errorf("%s: %v, %v", tt.name, err, payments.OutcomeOf(err))
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if strings.Contains(fmt.Sprintf(verb, err), "secret") {
				t.Errorf("%s: %s prints the cause", tt.name, verb)
			}
		}
	}
	for _, plain := range []error{io.ErrUnexpectedEOF, errors.New("Couldn't deserialize JSON (response status: 502, body sample: '<html>')")} {
		if err := g.failure("confirm", plain); payments.OutcomeOf(err) != unknown || !errors.Is(err, plain) {
			t.Errorf("%v is %v", plain, err)
		}
	}
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]string{
		"insufficient_funds": {"insufficient_funds", messageFunds}, "lost_card": {"generic_decline", messageOther},
		"stolen_card": {"generic_decline", messageOther}, "fraudulent": {"generic_decline", messageOther},
		"do_not_try_again": {"do_not_try_again", messageOther}, "expired_card": {"expired_card", messageExpired},
		"try_again_later": {"try_again_later", messageLater}, "incorrect_cvc": {"incorrect_cvc", messageData},
		"brand_new_code": {"brand_new_code", messageOther},
	} {
		c, m := declineOf(&stripego.Error{DeclineCode: stripego.DeclineCode(code)})
		if c != want[0] || m != want[1] {
			t.Errorf("%s: %s, %q", code, c, m)
		}
	}
	for decline := range hidden {
		if _, told := declineMessages[decline]; told {
			t.Errorf("%s is hidden and told", decline)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"2": 2 * time.Second, "": 0, "-1": 0, "0": 0, "x": 0, "3600": time.Hour, "3601": 0} {
		if got := retryAfter(http.Header{"Retry-After": {value}}); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	refused := map[string]Options{
		"no key":              {},
		"publishable key":     {SecretKey: "pk_test_1"},
		"empty secret":        {SecretKey: "sk_test_1", WebhookSecrets: []string{" "}},
		"account":             {SecretKey: "sk_test_1", Account: "me"},
		"amount":              {SecretKey: "sk_test_1", MaxAmount: -1},
		"path":                {SecretKey: "sk_test_1", BaseURL: "https://api.stripe.com/v1"},
		"plain http":          {SecretKey: "sk_test_1", BaseURL: "http://10.0.0.1:80"},
		"ftp":                 {SecretKey: "sk_test_1", BaseURL: "ftp://127.0.0.1"},
		"live key, http":      {SecretKey: "sk_live_1", BaseURL: "http://127.0.0.1:12111"},
		"restricted, http":    {SecretKey: "rk_live_1", BaseURL: "http://localhost:12111"},
		"credentials in URL":  {SecretKey: "sk_test_1", BaseURL: "https://a:b@api.stripe.com"},
		"nothing of an URL":   {SecretKey: "sk_test_1", BaseURL: "api.stripe.com"},
		"a query in the base": {SecretKey: "sk_test_1", BaseURL: "https://api.stripe.com?x=1"},
		"one empty of two":    {SecretKey: "sk_test_1", WebhookSecrets: []string{"whsec_1", ""}},
		"key in capitals":     {SecretKey: "SK_LIVE_1"},
		"key with a blank":    {SecretKey: " sk_live_1"},
		"loopback by name":    {SecretKey: "sk_test_1", BaseURL: "http://localhost.evil.example"},
		"loopback in decimal": {SecretKey: "sk_test_1", BaseURL: "http://2130706433"},
	}
	for name, o := range refused {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "sk_") && !strings.Contains(err.Error(), "sk_...") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []Options{{SecretKey: "sk_test_1"}, {SecretKey: "rk_live_1"}, {SecretKey: "sk_test_1", BaseURL: "http://127.0.0.1:1/"}} {
		g, err := New(o)
		if err != nil || g.Name() != "stripe" || g.LiveMode() != strings.Contains(o.SecretKey, "live") || g.TakesRawCards() {
			t.Errorf("%v: %v", o.BaseURL, err)
		}
	}
	orders := payments.OrdersFunc(func(context.Context, payments.OrderID) (payments.Order, error) { return payments.Order{}, nil })
	modes := 0
	for key, live := range map[string]bool{"sk_live_1": true, "rk_live_1": true, "sk_test_1": false, "rk_test_1": false} {
		modes++
		g, err := New(Options{SecretKey: key})
		if err != nil {
			t.Fatal(err)
		}
		for _, expected := range []bool{false, true} {
			if _, err := payments.New(memory.New(nil), g, orders, &payments.Options{LiveMode: expected}); (err == nil) != (expected == live) {
				t.Errorf("%s where live is %v: %v", key, expected, err)
			}
		}
	}
	matrix.Count(t, "I7", len(refused)+modes)
}
