package mounting_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
)

const order = "0102030405060708090a0b0c0d0e0f10"

// shop is a service with one paid order.
type shop struct{}

func paid() payments.Payment {
	return payments.Payment{ID: 1, UID: "u", Status: payments.StatusPaid, Amount: payments.Money{Amount: 1250, Currency: "USD"}}
}

func (shop) Pay(context.Context, payments.PayRequest) (payments.Result, error) {
	return payments.Result{Payment: paid()}, nil
}

func (shop) Complete(context.Context, payments.CompleteRequest) (payments.Result, error) {
	return payments.Result{Payment: paid()}, nil
}

func (shop) PaymentForOrder(context.Context, payments.FindRequest) (payments.Payment, error) {
	return paid(), nil
}

// routes makes the handler with a base path.
func routes(t *testing.T, base string) *httpadapter.Handler {
	t.Helper()
	h, err := httpadapter.New(shop{}, httpadapter.Options{BasePath: base, Formats: formats.All(), AllowedOrigins: []string{"https://shop.example"},
		Authenticate: func(r *http.Request) (httpadapter.Principal, error) {
			if _, password, _ := r.BasicAuth(); password != "pw" {
				return httpadapter.Principal{}, errors.New("wrong")
			}
			return httpadapter.Principal{ID: "boss", Roles: []string{httpadapter.RoleAdministrator}}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// underMux mounts on a ServeMux.
func underMux(pattern string, h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	return mux
}

// underChi mounts on a chi router with the middleware that hosts have.
func underChi(prefix string, h http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Recoverer)
	r.Get("/other", func(http.ResponseWriter, *http.Request) {})
	r.Mount(prefix, h)
	return r
}

// underGin mounts on a gin engine.
func underGin(pattern string, h http.Handler) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.Any(pattern, gin.WrapH(h))
	return r
}

// mounts are the ways to mount, and the prefix under which the routes are there.
func mounts(t *testing.T) map[string]struct {
	h      http.Handler
	prefix string
} {
	strip := func(prefix string, h http.Handler) http.Handler { return http.StripPrefix(prefix, h) }
	nested := chi.NewRouter()
	nested.Route("/shop", func(r chi.Router) { r.Mount("/pay", routes(t, "/shop/pay")) })
	group := gin.New()
	group.Group("/shop").Any("/pay/*path", gin.WrapH(routes(t, "/shop/pay")))
	noRoute := gin.New()
	noRoute.NoRoute(gin.WrapH(routes(t, "")))
	own := http.NewServeMux()
	if err := routes(t, "/pay").Mount(own); err != nil {
		t.Fatal(err)
	}
	ownRoot := http.NewServeMux()
	if err := routes(t, "").Mount(ownRoot); err != nil {
		t.Fatal(err)
	}
	return map[string]struct {
		h      http.Handler
		prefix string
	}{
		"alone":                            {routes(t, ""), ""},
		"alone, base path":                 {routes(t, "/pay"), "/pay"},
		"Mount":                            {own, "/pay"},
		"Mount at the root":                {ownRoot, ""},
		"ServeMux":                         {underMux("/", routes(t, "")), ""},
		"ServeMux, base path":              {underMux("/pay/", routes(t, "/pay")), "/pay"},
		"ServeMux, base path with a slash": {underMux("/pay/", routes(t, "/pay/")), "/pay"},
		"StripPrefix":                      {underMux("/pay/", strip("/pay", routes(t, ""))), "/pay"},
		"StripPrefix and a base path":      {underMux("/pay/", strip("/pay", routes(t, "/pay"))), "/pay"},
		"StripPrefix, nested":              {underMux("/a/", strip("/a", underMux("/b/", strip("/b", routes(t, ""))))), "/a/b"},
		"chi":                              {underChi("/", routes(t, "")), ""},
		"chi, base path":                   {underChi("/pay", routes(t, "/pay")), "/pay"},
		"chi, base path with a slash":      {underChi("/pay/", routes(t, "/pay/")), "/pay"},
		"chi, StripPrefix":                 {underChi("/pay", strip("/pay", routes(t, ""))), "/pay"},
		"chi, StripPrefix and a base path": {underChi("/pay", strip("/pay", routes(t, "/pay"))), "/pay"},
		"chi, nested":                      {nested, "/shop/pay"},
		"gin":                              {underGin("/*path", routes(t, "")), ""},
		"gin, base path":                   {underGin("/pay/*path", routes(t, "/pay")), "/pay"},
		"gin, base path with a slash":      {underGin("/pay/*path", routes(t, "/pay/")), "/pay"},
		"gin, StripPrefix":                 {underGin("/pay/*path", strip("/pay", routes(t, ""))), "/pay"},
		"gin, group":                       {group, "/shop/pay"},
		"gin, NoRoute":                     {noRoute, ""},
	}
}

// suite is what must be the same wherever the routes are.
var suite = []struct {
	method, path, body string
	headers            map[string]string
	http               int
	want               string
}{
	{method: "GET", path: "/v1/CustomerPayments/" + order, http: 200, want: `"Amount":"12.50"`},
	{method: "GET", path: "/V1/customerpayments/" + order + "/", http: 200, want: `"Amount":"12.50"`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + ".json", http: 200, want: `"Amount":"12.50"`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + ".xml", http: 200, want: `<Amount>12.50</Amount>`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + ".csv", http: 200, want: `Amount:12.50`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + ".jsv/", http: 200, want: `Amount:12.50`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + ".html", http: 200, want: `<td>12.50</td>`},
	{method: "GET", path: "/v1/CustomerPayments/" + order + "?callback=cb", http: 200, want: `/**/cb({`},
	{method: "HEAD", path: "/v1/CustomerPayments/" + order, http: 200},
	{method: "POST", path: "/v1/CustomerPayments", body: `{"OrderID":"` + order + `"}`, http: 200, want: `"PaymentSuccess":true`},
	{method: "POST", path: "/v1/CustomerPayments/", body: `{"OrderID":"` + order + `"}`, http: 200, want: `"PaymentSuccess":true`},
	{method: "PUT", path: "/v1/CustomerPayments", body: `{"OrderID":"` + order + `"}`, http: 200, want: `"PaymentSuccess":true`},
	{method: "POST", path: "/api/CustomerPaymentsRequest", body: `{"OrderID":"` + order + `"}`, http: 200, want: `"PaymentSuccess":true`},
	{method: "GET", path: "/json/reply/CustomerPaymentsRequest?OrderID=" + order, http: 200, want: `"Amount":"12.50"`},
	{method: "POST", path: "/api/CustomerPaymentsRequest[]", body: `[{"OrderID":"` + order + `"}]`, http: 200, want: `[{"Pay`},
	{method: "POST", path: "/api/CustomerPaymentsRequest%5B%5D", body: `[]`, http: 200, want: `[]`},
	{method: "OPTIONS", path: "/v1/CustomerPayments", http: 200},
	{method: "OPTIONS", path: "/api/CustomerPaymentsRequest", http: 200, headers: map[string]string{"Origin": "https://shop.example",
		"Access-Control-Request-Method": "POST"}},
	{method: "GET", path: "/openapi.json", http: 200, want: `"openapi": "3.1.0"`},
	{method: "GET", path: "/metadata", http: 200, want: `<h1>Customer payments</h1>`},
	{method: "GET", path: "/metadata/", http: 200, want: `<h1>Customer payments</h1>`},
	{method: "GET", path: "/types/typescript", http: 200, want: `export class CustomerPaymentsRequest`},
	{method: "GET", path: "/v1/CustomerPayments/x%2Fy", http: 404},
	{method: "GET", path: "/v1/CustomerPayments/not-a-guid", http: 400, want: `"SerializationException"`},
	{method: "DELETE", path: "/v1/CustomerPayments", http: 405, want: `"NotSupported"`},
	{method: "GET", path: "/v2", http: 404, want: `"NotFound"`},
	{method: "POST", path: "/v1/CustomerPayments", body: `{}`, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, http: 403},
}

func TestEveryMount(t *testing.T) {
	for name, mount := range mounts(t) {
		t.Run(name, func(t *testing.T) {
			for _, tt := range suite {
				r := httptest.NewRequest(tt.method, mount.prefix+tt.path, strings.NewReader(tt.body))
				r.SetBasicAuth("boss", "pw")
				r.Header.Set("Content-Type", "application/json")
				for k, v := range tt.headers {
					r.Header.Set(k, v)
				}
				w := httptest.NewRecorder()
				mount.h.ServeHTTP(w, r)
				if w.Code != tt.http || !strings.Contains(w.Body.String(), tt.want) || w.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s %s: answer %d %v %s", tt.method, tt.path, w.Code, w.Header(), w.Body)
				}
			}
		})
	}
}

// TestMountsThatCollide shows that a mux with the same place is an error, and not a panic.
func TestMountsThatCollide(t *testing.T) {
	for pattern, base := range map[string]string{"/pay/": "/pay", "/": "", "/{any}/": "/pay"} {
		mux := http.NewServeMux()
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		err := routes(t, base).Mount(mux)
		if collides := pattern != "/{any}/"; (err != nil) != collides || err != nil && !strings.Contains(err.Error(), "cannot be mounted at") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
