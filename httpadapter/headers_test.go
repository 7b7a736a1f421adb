package httpadapter

import (
	"context"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// TestHeadersOfEveryKind is row K1 for what TestHeadersOnEveryAnswer does not reach: every format, every page, every error of the Service,
// and the answers to events.
func TestHeadersOfEveryKind(t *testing.T) {
	t.Parallel()
	answers := 0
	check := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		answers++
		h := w.Header()
		kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
		if err != nil || kind == "" || params["charset"] != "utf-8" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "no-store" || h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
			t.Errorf("%s: answer %d %v", name, w.Code, h)
		}
		if kind == "text/html" && !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: a page without a policy: %v", name, h)
		}
	}
	withFormats := func(o *Options) { // as formats.All has them, which cannot be imported from here
		o.Formats = []Format{plainFormat{"xml", "application/xml; charset=utf-8", "application/xml", ""},
			plainFormat{"csv", "text/csv; charset=utf-8", "text/csv", "attachment"}, plainFormat{"jsv", "application/jsv; charset=utf-8", "application/jsv", ""}}
	}
	for name, tt := range serviceErrors() {
		for _, method := range []string{"GET", "POST", "PUT"} {
			c := call{method: method, target: pathAPI + "?OrderID=" + orderText}
			check(name+" "+method, c.do(newHandler(t, &fakeService{err: tt.err}, withFormats)))
		}
	}
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, withFormats)
	for _, suffix := range []string{"", ".json", ".xml", ".csv", ".jsv", ".html", "?callback=cb", "?callback=1", "?format=html", "?jsconfig=inv"} {
		check(suffix, call{method: "GET", target: pathPayment + suffix}.do(h))
		check(suffix+", not there", call{method: "GET", target: pathPayment + "0" + suffix}.do(h))
		check(suffix+", nobody", call{method: "GET", target: pathPayment + suffix, user: "-"}.do(h))
	}
	for _, rt := range descriptions {
		check(rt.path, call{method: "GET", target: rt.path, user: "-"}.do(h))
		check(rt.path+" POST", call{method: "POST", target: rt.path, user: "-"}.do(h))
	}
	check("too large", call{method: "POST", target: pathAPI, body: strings.Repeat(" ", DefaultMaxBody+1)}.do(h))
	check("no type of ours", call{method: "POST", target: pathAPI, body: "x", headers: map[string]string{"Content-Type": "image/png"}}.do(h))
	check("a bad key", call{method: "POST", target: pathAPI, body: tokenBody, headers: map[string]string{"Idempotency-Key": `"a`}}.do(h))
	check("a foreign page", call{method: "POST", target: pathAPI, body: tokenBody, headers: map[string]string{"Origin": "https://evil.example"}}.do(h))
	check("a panic", call{method: "POST", target: pathAPI, body: tokenBody}.do(newHandler(t, &fakeService{hook: func() { panic("x") }}, nil)))
	for _, err := range []error{nil, payments.ErrInvalid, payments.ErrUnsupported, payments.ErrUnavailable} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			events, newErr := NewWebhook(events{err}, nil)
			if newErr != nil {
				t.Fatal(newErr)
			}
			w := httptest.NewRecorder()
			events.ServeHTTP(w, httptest.NewRequest(method, "/webhooks/fake", strings.NewReader("{}")))
			check("event", w)
		}
	}
	matrix.Count(t, "K1", answers)
}

// events is a service that answers each event the same.
type events struct{ err error }

func (e events) Webhook(context.Context, http.Header, []byte) error { return e.err }
