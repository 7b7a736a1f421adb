package httpadapter

import (
	"net/url"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// badCallbacks are what is no name of a function (RELIABILITY K3).
var badCallbacks = []string{
	"alert(1)//", "alert(1)", "cb;alert(1)", "cb\n", "cb\r\nX-Evil: 1", "cb%0d%0a", "a b", " cb", "cb ", "1cb", ".cb", "a-b", "a+b", "a/b",
	"a\\b", `\u0061lert`, `a\u002e`, "a\u2028b", "a\u2029b", "\u2028", "a\u00a0b", "é", "а", "ｃｂ", "a\x00b", "\x00", "a\xffb", "\xff\xfe", "a'b",
	`a"b`, "a`b", "a[0]", "a[", "a]", "a['b']", "a{b", "a}b", "(cb)", "cb(", "cb)", "a=b", "a,b", "a:b", "a;", "a?b", "a!b", "a@b", "a#b", "a%b",
	"a^b", "a&b", "a*b", "a|b", "a~b", "<script>", "</script>", "<!--", "-->", "//", "/**/", "*/alert(1)/*", "a\tb", "a\vb", "a\u200bb",
	"CWSMIKI0hCD0Up0IZUnnnnnnnnnnnnnnnnnnn5333330w0sdDAAAAAAAAAAAAAAAA", "CWS" + strings.Repeat("A", 400), "FWS\x09", "PK\x03\x04", "%PDF-1.4",
	strings.Repeat("a", 65), "+ADw-script+AD4-",
}

func TestBadCallbacksAreRefused(t *testing.T) {
	t.Parallel()
	matrix.Count(t, "K3", len(badCallbacks))
	want := unboundAnswer("callback", "'callback' is not the name of a function")
	for _, name := range badCallbacks {
		for _, target := range []string{pathPayment + "?", pathAPI + "?OrderID=" + orderText + "&", pathPayment + ".json?"} {
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: "GET", target: target + "CallBack=" + url.QueryEscape(name)}.do(newHandler(t, svc, nil))
			if w.Code != 400 || w.Body.String() != want || svc.calls() != 0 ||
				w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%q: answer %d %v %s", name, w.Code, w.Header(), w.Body)
			}
		}
	}
}

// TestBadCallbacksAreNotToldBack holds that what is no name comes back in no answer as a script: not where the route, the method or the
// page is refused first either.
func TestBadCallbacksAreNotToldBack(t *testing.T) {
	t.Parallel()
	for _, name := range badCallbacks {
		query := "?callback=" + url.QueryEscape(name)
		for _, c := range []call{
			{method: "GET", target: "/nothing" + query}, {method: "PUT", target: pathPayment + query},
			{method: "GET", target: pathPayment + query, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}},
			{method: "GET", target: pathPayment + query, headers: map[string]string{"Referer": "https://evil.example/"}},
			{method: "POST", target: pathPayment + query, headers: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}},
		} {
			w := c.do(newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, nil))
			if w.Code < 400 || strings.Contains(w.Header().Get("Content-Type"), "javascript") || strings.HasPrefix(w.Body.String(), "/**/") {
				t.Errorf("%s %s: answer %d %v %s", c.method, c.target, w.Code, w.Header(), w.Body)
			}
		}
	}
}

func TestGoodCallbacks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"myCallback", "a", "_", "$", "A.b.c", "jQuery1102_16", "$.x", "a..b", "a.", strings.Repeat("a", 64),
		"CWSMIKI0hCD0Up0IZUnnnnnnnnnnnnnnnnnnnUU5nnnnnn3Snn7iiudIbEAt333w"} {
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		w := call{method: "GET", target: pathPayment + "?format=xml&callback=" + name, headers: map[string]string{"Accept": "text/html"}}.
			do(newHandler(t, svc, nil))
		if w.Code != 200 || w.Body.String() != "/**/"+name+"("+goldenPaid+")" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%q: answer %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
}

// TestJSONPFence walks over who may read an answer as a script (RELIABILITY K3).
func TestJSONPFence(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		site, referer string
		http          int
	}{
		"a program":                           {"", "", 200},
		"a program that names its page":       {"", "http://example.com/x", 200},
		"own page":                            {"same-origin", "https://example.com/x", 200},
		"typed":                               {"none", "", 200},
		"cross-site":                          {"cross-site", "https://evil.example/", 403},
		"cross-site, no referer":              {"cross-site", "", 403},
		"cross-site, own host as the referer": {"cross-site", "https://example.com/", 403},
		"sister host":                         {"same-site", "https://www.example.com/", 403},
		"sister host, no referer":             {"same-site", "", 403},
		"old browser":                         {"", "https://evil.example/", 403},
		"unknown word":                        {"other", "", 403},
		"allowed":                             {"cross-site", "https://shop.example/cart?x=1", 200},
		"allowed, in capitals":                {"cross-site", "HTTPS://SHOP.EXAMPLE/", 200},
		"allowed, origin only":                {"cross-site", "https://shop.example/", 200},
		"allowed, old browser":                {"", "https://shop.example/x", 200},
		"allowed, by http":                    {"cross-site", "http://shop.example/", 403},
		"allowed, another port":               {"cross-site", "https://shop.example:444/", 403},
		"allowed, as a prefix":                {"cross-site", "https://shop.example.evil.example/", 403},
		"allowed, as a user":                  {"cross-site", "https://shop.example@evil.example/", 403},
		"allowed, as a path":                  {"cross-site", "https://evil.example/https://shop.example", 403},
		"no address":                          {"cross-site", "://", 403},
		"no host":                             {"", "about:blank", 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, auth := range []string{"", "-"} {
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				h := newHandler(t, svc, func(o *Options) { o.AllowedOrigins = []string{"https://shop.example"} })
				headers := map[string]string{"Sec-Fetch-Site": tt.site, "Referer": tt.referer, "Cookie": "ss-tok=x"}
				w := call{method: "GET", target: pathPayment + "?callback=cb", headers: headers, user: auth}.do(h)
				want := tt.http
				if want == 200 && auth == "-" {
					want = 401
				}
				if w.Code != want || !strings.HasPrefix(w.Body.String(), "/**/cb({") || want != 200 && svc.calls() != 0 {
					t.Errorf("answer %d: %s", w.Code, w.Body)
				}
				if want == 403 && strings.Contains(w.Body.String(), "12.50") {
					t.Errorf("a foreign page reads the payment: %s", w.Body)
				}
			}
		})
	}
}

func TestJSONPIsForReadingOnly(t *testing.T) {
	t.Parallel()
	secret := payments.Result{Payment: with(payments.StatusCreated),
		NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret("pi_1_secret_2")}}
	for _, method := range []string{"POST", "PUT"} {
		svc := &fakeService{result: secret}
		w := call{method: method, target: pathAPI + "?callback=cb", body: tokenBody}.do(newHandler(t, svc, nil))
		if want := unboundAnswer("callback", "'callback' is for GET only"); w.Code != 400 || w.Body.String() != want || svc.calls() != 0 {
			t.Errorf("%s: answer %d %s", method, w.Code, w.Body)
		}
	}
	w := call{method: "GET", target: pathPayment + "?callback=cb"}.do(newHandler(t, &fakeService{result: secret}, nil))
	if w.Code != 200 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("GET: answer %d %s", w.Code, w.Body)
	}
}

func TestJSONPErrorsAreWrapped(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/v1/CustomerPayments/x?callback=a.b":                    400,
		pathPayment + "?callback=a.b&OrderID=" + foreignText:     400,
		pathPayment + "?callback=a.b&jsconfig=dh:DCJSCompatible": 404,
		"/nothing?callback=a.b":                                  404,
		pathPayments + "?callback=a.b":                           405,
	} {
		w := call{method: "GET", target: target}.do(newHandler(t, &fakeService{err: payments.ErrOrderNotFound}, nil))
		body := w.Body.String()
		if w.Code != want || !strings.HasPrefix(body, `/**/a.b({"ResponseStatus":{`) || !strings.HasSuffix(body, "})") {
			t.Errorf("%s: answer %d %s", target, w.Code, body)
		}
	}
}

func TestNoJSONP(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) { o.NoJSONP = true })
	for _, name := range []string{"cb", "alert(1)"} {
		w := call{method: "GET", target: pathPayment + "?callback=" + name}.do(h)
		if w.Code != 200 || w.Body.String() != goldenPaid || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: answer %d %s", name, w.Code, w.Body)
		}
	}
}

// FuzzCallback shows that what is taken for a name can only be one.
func FuzzCallback(f *testing.F) {
	for _, seed := range append(badCallbacks, "cb", "a.b$_9") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		ok := validCallback(name)
		rest := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_$.")
		if ok && (rest != "" || len(name) > 64 || strings.ContainsAny(name[:1], ".0123456789")) {
			t.Fatalf("taken: %q", name)
		}
	})
}
