package stripe_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// upstream are members that Stripe's objects have, or may have one day, and that are to stay there.
var upstream = []string{"fingerprint", "billing_details", "client_ip", "ip_address", "iin", "bin", "number", "cvc", "dynamic_last4", "network_transaction_id", "three_d_secure",
	"cvc_check", "address_line1", "email", "phone", "name", "shipping", "receipt_email", "customer_email", "wallet", "secret", "ephemeral_key", "owner", "new_member_of_2030"}

// grown adds each member, with a text that is looked for later, to every object of an answer that has none of that name.
func grown(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = grown(inner)
		}
		if _, object := v["object"]; !object {
			if _, brand := v["brand"]; !brand {
				return v // a map of texts, such as metadata
			}
		}
		for _, key := range upstream {
			if _, there := v[key]; !there {
				v[key] = "leak_" + key
			}
		}
		return v
	case []any:
		for i := range v {
			v[i] = grown(v[i])
		}
	}
	return v
}

// TestNewMembersStayUpstream is what row I4 says of a gateway's new keys: whatever an answer of Stripe's has besides what is read, nothing
// of it is in the row, the transactions, the events, or what the payer's side is told.
func TestNewMembersStayUpstream(t *testing.T) {
	t.Parallel()
	emulator, err := stripetest.New(stripetest.Options{})
	must(t, err)
	leaky := new(atomic.Int64)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := httptest.NewRecorder()
		emulator.ServeHTTP(inner, r)
		var answer any
		body := inner.Body.Bytes()
		if json.Unmarshal(body, &answer) == nil {
			body, _ = json.Marshal(grown(answer))
		}
		leaky.Add(int64(strings.Count(string(body), "leak_")))
		maps.Copy(w.Header(), inner.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(inner.Code)
		_, _ = w.Write(body)
	}))
	t.Cleanup(func() { web.Close(); _ = emulator.Close() })
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: web.URL})
	must(t, err)
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, AgentID: 3, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	service, err := payments.New(memory.New(nil), g, orders, nil)
	must(t, err)
	var told []any
	for i, token := range []string{"pm_card_visa", "tok_chargeDeclined", "pm_card_threeDSecure2Required", ""} {
		target := payments.Target{OrderID: payments.OrderID{byte(i), 1}}
		res, payErr := service.Pay(t.Context(), payments.PayRequest{OrderID: target.OrderID, Source: payments.Source{Token: payments.NewToken(token)}})
		refund, _ := service.Refund(t.Context(), payments.RefundCommand{Target: target, Key: "r"})
		rec, err := service.Find(t.Context(), target)
		must(t, err)
		if i == 0 && rec.Payment.Captured == 0 {
			t.Errorf("nothing was paid: %v", payErr)
		}
		told = append(told, res, refund, rec)
		if payErr != nil {
			told = append(told, payErr.Error())
		}
	}
	events, err := service.Events(t.Context(), 0, 100)
	must(t, err)
	text, err := json.Marshal(append(told, events))
	must(t, err)
	if strings.Contains(string(text), "leak_") || leaky.Load() < int64(len(upstream)) {
		t.Errorf("of %d members sent: %s", leaky.Load(), text)
	}
	matrix.Count(t, "I4", len(upstream))
}
