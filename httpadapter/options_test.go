package httpadapter

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	open := func(*http.Request) (Principal, error) { return Principal{ID: "x", Roles: []string{RoleAdmin}}, nil }
	alias := func(name string, kind payments.PaymentType) map[string]payments.PaymentType {
		return map[string]payments.PaymentType{name: kind}
	}
	tests := map[string]struct {
		svc  Service
		opts Options
		want string
	}{
		"no service":         {nil, Options{Authenticate: open}, "no Service"},
		"no authenticator":   {&fakeService{}, Options{}, "never open"},
		"negative body":      {&fakeService{}, Options{Authenticate: open, MaxBody: -1}, "MaxBody"},
		"casing":             {&fakeService{}, Options{Authenticate: open, Casing: 2}, "Casing"},
		"base path":          {&fakeService{}, Options{Authenticate: open, BasePath: "pay"}, "BasePath"},
		"base path's query":  {&fakeService{}, Options{Authenticate: open, BasePath: "/pay?x"}, "BasePath"},
		"base path, dots":    {&fakeService{}, Options{Authenticate: open, BasePath: "/a/../b"}, "clean path"},
		"base path, slashes": {&fakeService{}, Options{Authenticate: open, BasePath: "//pay"}, "clean path"},
		"base path, pattern": {&fakeService{}, Options{Authenticate: open, BasePath: "/{tenant}/pay"}, "no patterns"},
		"base path, escaped": {&fakeService{}, Options{Authenticate: open, BasePath: "/a%20b"}, "unescaped"},
		"base path, blank":   {&fakeService{}, Options{Authenticate: open, BasePath: "/a b"}, "BasePath"},
		"base path, a route": {&fakeService{}, Options{Authenticate: open, BasePath: "/v1/CustomerPayments"}, "collides"},
		"base path, a page":  {&fakeService{}, Options{Authenticate: open, BasePath: "/Metadata/"}, "collides"},
		"realm":              {&fakeService{}, Options{Authenticate: open, Realm: "a\r\nb"}, "realm"},
		"every origin":       {&fakeService{}, Options{Authenticate: open, AllowedOrigins: []string{"*"}}, "AllowedOrigins"},
		"origin with a path": {&fakeService{}, Options{Authenticate: open, AllowedOrigins: []string{"https://a.example/x"}}, "AllowedOrigins"},
		"empty alias":        {&fakeService{}, Options{Authenticate: open, PaymentTypeAliases: alias("", payments.TypeCard)}, "empty"},
		"alias of nothing":   {&fakeService{}, Options{Authenticate: open, PaymentTypeAliases: alias("x", 9)}, "unknown type"},
		"alias that lies":    {&fakeService{}, Options{Authenticate: open, PaymentTypeAliases: alias("Card", payments.TypeBank)}, "two meanings"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := New(tt.svc, tt.opts)
			if h != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", h, err)
			}
		})
	}
}

// TestNobodyIsLetInByLeavingSomethingOut is row J3: without an authenticator there is no adapter, and one that knows nobody lets nobody in.
func TestNobodyIsLetInByLeavingSomethingOut(t *testing.T) {
	t.Parallel()
	if h, err := New(&fakeService{}, Options{}); h != nil || err == nil {
		t.Errorf("no authenticator: %v, %v", h, err)
	}
	closed := map[string]func(*http.Request) (Principal, error){
		"Basic without verify": Basic("r", nil), "Basic with a bad realm": Basic("a\nb", verify),
		"no principal, no error": func(*http.Request) (Principal, error) { return Principal{}, nil },
		"roles without a name":   func(*http.Request) (Principal, error) { return Principal{Roles: []string{RoleAdmin}}, nil },
		"a principal and an error": func(*http.Request) (Principal, error) {
			return Principal{ID: "x", Roles: []string{RoleAdmin}}, http.ErrNoCookie
		},
	}
	for name, authenticate := range closed {
		for i := range routes {
			rt := &routes[i]
			for _, verb := range []string{"GET", "POST", "PUT"} {
				if rt.page != nil || !slices.Contains(strings.Split(rt.allow, ", "), verb) {
					continue
				}
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				w := ask(rt, verb, orderText).do(newHandler(t, svc, func(o *Options) { o.Authenticate = authenticate }))
				if w.Code != http.StatusUnauthorized || svc.calls() != 0 {
					t.Errorf("%s: %s %s: answer %d", name, verb, rt.name, w.Code)
				}
			}
		}
	}
	matrix.Count(t, "J3", 1+len(closed))
}

func TestNoClientRoutes(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) { o.NoClientRoutes = true })
	for target, want := range map[string]int{pathAPI + "?OrderID=" + orderText: 404, pathReply: 404, pathPayment: 200} {
		if w := (call{method: "GET", target: target}).do(h); w.Code != want {
			t.Errorf("%s: answer %d", target, w.Code)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, nil)
	for _, target := range []string{"/", "/v1", "/v1/CustomerPayment", pathPayments + "x", pathPayments + "//", pathPayment + "/x",
		pathPayment + "//", "/v1/CustomerPayments/a%2Fb", pathAPI + "/" + orderText, pathAPI + "[]x", "/json/CustomerPaymentsRequest",
		"/x" + pathPayments, "/.json", "/v1/CustomerPaymentſ"} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			if w := (call{method: method, target: target}).do(h); w.Code != 404 {
				t.Errorf("%s %s: answer %d", method, target, w.Code)
			}
		}
	}
}

// TestMounting mounts the handler in the ways that hosts do.
func TestMounting(t *testing.T) {
	t.Parallel()
	base := func(path string) *Handler {
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		return newHandler(t, svc, func(o *Options) { o.BasePath = path })
	}
	mux := func(pattern string, h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle(pattern, h)
		return m
	}
	nested := func(inner http.Handler) http.Handler {
		return mux("/shop/", http.StripPrefix("/shop", mux("/pay/", inner)))
	}
	tests := map[string]struct {
		h      http.Handler
		prefix string
	}{
		"at the root":               {base(""), ""},
		"base of a slash":           {base("/"), ""},
		"under ServeMux":            {mux("/", base("")), ""},
		"base path":                 {base("/pay"), "/pay"},
		"base path and a slash":     {base("/pay/"), "/pay"},
		"base path in another case": {base("/Pay"), "/pAY"},
		"base path under ServeMux":  {mux("/pay/", base("/pay")), "/pay"},
		"longer base path":          {mux("/a/b/", base("/a/b")), "/a/b"},
		"StripPrefix":               {mux("/pay/", http.StripPrefix("/pay", base(""))), "/pay"},
		"nested muxes":              {nested(base("/pay")), "/shop/pay"},
		"pattern with a host":       {mux("example.com/pay/", base("/pay")), "/pay"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []call{
				{method: "GET", target: pathPayment}, {method: "GET", target: pathPayment + ".json/"},
				{method: "POST", target: pathPayments, body: tokenBody}, {method: "PUT", target: pathPayments + "/", body: tokenBody},
				{method: "POST", target: pathAPI, body: tokenBody}, {method: "GET", target: pathReply + "?OrderID=" + orderText},
			} {
				c.target = tt.prefix + c.target
				if w := c.do(tt.h); w.Code != 200 || w.Body.String() != goldenPaid {
					t.Errorf("%s %s: answer %d %s", c.method, c.target, w.Code, w.Body)
				}
			}
			if w := (call{method: "GET", target: tt.prefix + "/v2"}).do(tt.h); w.Code != 404 ||
				w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("unknown path: answer %d %v", w.Code, w.Header())
			}
		})
	}
	if w := (call{method: "GET", target: "/payx" + pathPayment}).do(base("/pay")); w.Code != 404 {
		t.Errorf("a longer first segment: answer %d", w.Code)
	}
}

// raw sends text over a connection of its own and returns the answer.
func raw(t *testing.T, addr, text string) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	method, _, _ := strings.Cut(text, " ")
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		return resp
	}
}

// TestOnTheWire sends what only a real connection can carry.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, nil))
	t.Cleanup(srv.Close)
	addr := srv.Listener.Addr().String()
	const head = "Host: x\r\nAuthorization: Basic YWdlbnQ6cHc=\r\nConnection: close\r\n"
	post := func(extra, body string) string {
		return "POST " + pathAPI + " HTTP/1.1\r\n" + head + extra + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	}
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(tokenBody), tokenBody)
	endless := strings.Repeat("400\r\n"+strings.Repeat(" ", 1024)+"\r\n", 70)
	tests := map[string]struct {
		text string
		http int
		body string
	}{
		"plain":          {post("", tokenBody), 200, goldenPaid},
		"100-continue":   {post("Expect: 100-continue\r\n", tokenBody), 200, goldenPaid},
		"HTTP/1.0":       {"GET " + pathPayment + " HTTP/1.0\r\n" + head + "\r\n", 200, goldenPaid},
		"HEAD":           {"HEAD " + pathPayment + " HTTP/1.1\r\n" + head + "\r\n", 200, ""},
		"OPTIONS":        {"OPTIONS " + pathPayment + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, ""},
		"chunked":        {"POST " + pathAPI + " HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", 200, goldenPaid},
		"endless chunks": {"POST " + pathAPI + " HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n" + endless, 413, ""},
		"line break in the path": {"GET /v1/CustomerPayments/a%0d%0aX-Evil:1 HTTP/1.1\r\n" + head + "\r\n", 400,
			wrong("OrderID", `a\r\nX-Evil:1`)},
		"TRACE": {"TRACE " + pathPayment + " HTTP/1.1\r\n" + head + "\r\n", 405, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := raw(t, addr, tt.text)
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.http || tt.body != "" && string(body) != tt.body || resp.Header.Get("X-Evil") != "" {
				t.Errorf("answer %d: %s", resp.StatusCode, body)
			}
			if name == "HEAD" && (resp.ContentLength != int64(len(goldenPaid)) || len(body) != 0) {
				t.Errorf("HEAD: length %d, body %q", resp.ContentLength, body)
			}
		})
	}
}

// TestAstray shows that a handler at a place that it does not know of says so, once.
func TestAstray(t *testing.T) {
	t.Parallel()
	log := new(recorder)
	h := newHandler(t, &fakeService{}, func(o *Options) { o.BasePath, o.Logger = "/pay", log.logger() })
	for _, target := range []string{"/nothing", "/other" + pathPayments, "/other" + pathPayment, "/x/y/openapi.json"} {
		if w := (call{method: "GET", target: target}).do(h); w.Code != 404 {
			t.Errorf("%s: answer %d", target, w.Code)
		}
	}
	if n := strings.Count(log.String(), "Options.BasePath"); n != 1 || strings.Contains(log.String(), "other") {
		t.Errorf("%d hints: %s", n, log)
	}
}

// TestMount shows that a collision is an error, and not a panic.
func TestMount(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) { o.BasePath = "/pay" })
	if err := h.Mount(mux); err != nil {
		t.Fatal(err)
	}
	if err := h.Mount(mux); err == nil || !strings.Contains(err.Error(), `"/pay/"`) {
		t.Errorf("twice: %v", err)
	}
	if w := (call{method: "GET", target: "/pay" + pathPayment}).do(mux); w.Code != 200 {
		t.Errorf("answer %d", w.Code)
	}
}
