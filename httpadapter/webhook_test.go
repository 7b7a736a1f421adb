package httpadapter_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
)

// webhookFunc makes a function a WebhookService.
type webhookFunc func(header http.Header, body []byte) error

// Webhook calls f.
func (f webhookFunc) Webhook(_ context.Context, header http.Header, body []byte) error {
	return f(header, body)
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	fail := func(code payments.Code) error {
		return &payments.Error{Code: code, Outcome: payments.OutcomeNotApplied}
	}
	for _, tt := range []struct {
		name, method, body string
		service            webhookFunc
		status             int
	}{
		{"stored", "POST", "{}", func(h http.Header, b []byte) error {
			if h.Get("Stripe-Signature") != "s" || string(b) != "{}" {
				return errors.New("the event does not arrive as it was sent")
			}
			return nil
		}, 200},
		{"not signed", "POST", "{}", func(http.Header, []byte) error { return fail(payments.ErrInvalid) }, 400},
		{"no webhooks", "POST", "{}", func(http.Header, []byte) error { return fail(payments.ErrUnsupported) }, 404},
		{"not stored", "POST", "{}", func(http.Header, []byte) error { return fail(payments.ErrUnavailable) }, 503},
		{"any other error", "POST", "{}", func(http.Header, []byte) error { return errors.New("x") }, 503},
		{"panic", "POST", "{}", func(http.Header, []byte) error { panic("x") }, 503},
		{"too long", "POST", strings.Repeat("x", 1<<20+1), func(http.Header, []byte) error { return errors.New("called") }, 413},
		{"wrong verb", "GET", "", func(http.Header, []byte) error { return errors.New("called") }, 405},
	} {
		h, err := httpadapter.NewWebhook(tt.service, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(tt.method, "/webhooks/stripe", strings.NewReader(tt.body))
		r.Header.Set("Stripe-Signature", "s")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d", tt.name, w.Code)
		}
		if (w.Header().Get("Retry-After") != "") != (tt.status == 503) || (w.Header().Get("Allow") != "") != (tt.status == 405) {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
	}
	if _, err := httpadapter.NewWebhook(nil, nil); err == nil {
		t.Error("no service is taken")
	}
}
