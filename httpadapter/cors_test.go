package httpadapter

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

const shopOrigin = "https://shop.example"

// corsHeader returns the CORS headers of an answer.
func corsHeader(h http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range h {
		if rest, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			found[rest] = strings.Join(values, "|")
		}
	}
	return found
}

func equalHeaders(got, want map[string]string) bool {
	if len(got) != len(want) {
		return false
	}
	for name, value := range want {
		if got[name] != value {
			return false
		}
	}
	return true
}

// TestCORS walks over origins, verbs and answers, errors too (RELIABILITY K4).
func TestCORS(t *testing.T) {
	t.Parallel()
	cases := 0
	origins := map[string]bool{shopOrigin: true, "https://evil.example": false, "null": false, "": false, "http://shop.example": false,
		"https://shop.example.evil.example": false, "https://a.shop.example": false, "https://shop.example:444": false, "*": false}
	for origin, allowed := range origins {
		for _, credentials := range []bool{false, true} {
			cases++
			h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) {
				o.AllowedOrigins, o.AllowCredentials = []string{shopOrigin}, credentials
			})
			want := map[string]string{}
			if allowed {
				want["Allow-Origin"] = origin
				if credentials {
					want["Allow-Credentials"] = "true"
				}
			}
			for _, c := range []call{{method: "GET", target: pathPayment}, {method: "GET", target: pathPayment, user: "-"}, {method: "GET", target: "/x"},
				{method: "POST", target: pathAPI, body: tokenBody}, {method: "PUT", target: pathPayments, body: "{"}, {method: "DELETE", target: pathAPI},
				{method: "GET", target: "/openapi.json"}, {method: "HEAD", target: pathPayment}, {method: "HEAD", target: pathPayments},
				{method: "POST", target: pathBatch, body: "[]"}, {method: "GET", target: pathPayment + "?callback=cb"}} {
				c.headers = map[string]string{"Origin": origin}
				w := c.do(h)
				if got := corsHeader(w.Header()); !equalHeaders(got, want) {
					// The library names no origin to verbs that are not allowed.
					if c.method != "DELETE" || len(got) != 0 {
						t.Errorf("%s %s from %q: %v, want %v", c.method, c.target, origin, got, want)
					}
				}
				vary := strings.Join(w.Header()["Vary"], ", ")
				if strings.Count(vary, "Origin") != 1 || !strings.Contains(vary, "Accept") {
					t.Errorf("%s %s from %q: Vary %q", c.method, c.target, origin, vary)
				}
			}
		}
	}
	matrix.Count(t, "K4", cases)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{}, func(o *Options) { o.AllowedOrigins = []string{shopOrigin} })
	full := map[string]string{"Allow-Origin": shopOrigin, "Allow-Methods": "GET, POST, PUT, OPTIONS", "Max-Age": "600",
		"Allow-Headers": "Content-Type, Authorization, Idempotency-Key, X-Http-Method-Override"}
	tests := map[string]struct {
		origin, method, headers string
		want                    map[string]string
	}{
		"POST":            {shopOrigin, "POST", "authorization,content-type", full},
		"PUT with a key":  {shopOrigin, "PUT", "authorization,content-type,idempotency-key", full},
		"GET":             {shopOrigin, "GET", "", full},
		"DELETE":          {shopOrigin, "DELETE", "", nil},
		"another header":  {shopOrigin, "POST", "x-evil", nil},
		"foreign":         {"https://evil.example", "POST", "content-type", nil},
		"opaque":          {"null", "POST", "content-type", nil},
		"no preflight":    {shopOrigin, "", "", map[string]string{"Allow-Origin": shopOrigin}},
		"not from a page": {"", "POST", "", nil},
	}
	matrix.Count(t, "K4", len(tests))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := map[string]string{"Origin": tt.origin}
			if tt.method != "" {
				headers["Access-Control-Request-Method"] = tt.method
			}
			if tt.headers != "" {
				headers["Access-Control-Request-Headers"] = tt.headers
			}
			w := call{method: "OPTIONS", target: pathAPI, user: "-", headers: headers}.do(h)
			if got := corsHeader(w.Header()); w.Code != 200 || w.Body.Len() != 0 || !equalHeaders(got, tt.want) ||
				w.Header().Get("Allow") != "GET, HEAD, POST, PUT, OPTIONS" {
				t.Errorf("answer %d %v %v, want %v", w.Code, w.Header().Get("Allow"), got, tt.want)
			}
			if vary := strings.Join(w.Header()["Vary"], ", "); strings.Count(vary, "Origin") != 1 || !strings.Contains(vary, "Accept") {
				t.Errorf("Vary: %s", vary)
			}
		})
	}
}

// TestNoOriginsNoCORS shows that nothing is allowed by leaving something out.
func TestNoOriginsNoCORS(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{}, nil)
	w := call{method: "OPTIONS", target: pathAPI, headers: map[string]string{"Origin": shopOrigin, "Access-Control-Request-Method": "POST"}}.do(h)
	if got := corsHeader(w.Header()); len(got) != 0 || !slices.Equal(w.Header()["Vary"], []string{"Accept", "Origin"}) {
		t.Errorf("%v %v", got, w.Header())
	}
	for name, opts := range map[string]Options{
		"pattern": {AllowedOrigins: []string{"https://*.shop.example"}}, "all": {AllowedOrigins: []string{"*"}},
		"credentials for nobody": {AllowCredentials: true}, "path": {AllowedOrigins: []string{shopOrigin + "/"}},
	} {
		opts.Authenticate = Basic("x", verify)
		if _, err := New(&fakeService{}, opts); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestForeignPagesHaveNoEffect sends what a page of another origin can send without being asked first (RELIABILITY K2).
func TestForeignPagesHaveNoEffect(t *testing.T) {
	t.Parallel()
	cases, effects := 0, 0
	for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/json", "-"} {
		body := tokenBody
		if kind == "application/x-www-form-urlencoded" {
			body = "OrderID=" + orderText + "&PaymentInfo=%7BStripeToken:tok_visa%7D"
		}
		for _, site := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
			{"Sec-Fetch-Site": "same-site", "Origin": "https://www.example.com"}} {
			for _, target := range []string{pathPayments, pathAPI, pathBatch, pathPayments + "?OrderID=" + orderText} {
				for _, override := range []string{"", "PUT"} {
					cases++
					svc := &fakeService{result: payments.Result{Payment: paid()}}
					headers := map[string]string{"Content-Type": kind, "X-Http-Method-Override": override, "Cookie": "ss-tok=x"}
					for k, v := range site {
						headers[k] = v
					}
					text := body
					if target == pathBatch {
						text = "[" + body + "]"
					}
					w := call{method: "POST", target: target, body: text, headers: headers}.do(newHandler(t, svc, nil))
					if refused := w.Code == 403 || target == pathBatch && override == "PUT" && w.Code == 405; !refused || svc.calls() != 0 {
						t.Errorf("%s %s %v: answer %d", kind, target, site, w.Code)
					}
					// The same from a program has its effect: it is the page that is refused.
					call{method: "POST", target: target, body: text, headers: map[string]string{"Content-Type": kind, "X-Http-Method-Override": override}}.
						do(newHandler(t, svc, nil))
					effects += svc.calls()
				}
			}
		}
	}
	if effects < cases/4 {
		t.Errorf("only %d of %d requests would have an effect", effects, cases)
	}
	matrix.Count(t, "K2", cases)
}
