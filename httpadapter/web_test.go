package httpadapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// routed are the routes that the role table covers; TestRolesCoverEveryRoute fails when one is missing here.
var routed = map[string]struct{ target string }{
	"payments":    {pathPayments},
	"payment":     {pathPayment},
	"api":         {pathAPI + "?OrderID=" + orderText},
	"reply":       {pathReply + "?OrderID=" + orderText},
	"api batch":   {pathAPI + "[]"},
	"reply batch": {pathReply + "%5b%5D"},
}

// verbs are all that anybody might send.
var verbs = []string{"GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "BREW"}

func TestRolesCoverEveryRoute(t *testing.T) {
	t.Parallel()
	n := 0
	for _, rt := range routes {
		if rt.page != nil {
			continue // open to everybody: see TestDescriptionsAreOpen
		}
		n++
		if _, ok := routed[rt.name]; !ok {
			t.Errorf("no test of roles for the route %q", rt.name)
		}
	}
	if len(routed) != n {
		t.Errorf("%d routes, %d in the table", n, len(routed))
	}
}

// TestRoles is the table of who may what, over every route and verb (RELIABILITY J1).
func TestRoles(t *testing.T) {
	t.Parallel()
	agent := func(n int64) *int64 { return &n }
	callers := map[string]struct {
		http  int
		agent *int64
	}{
		"-":      {401, nil},
		"nope":   {401, nil},
		"noid":   {401, nil},
		"outage": {503, nil},
		"nobody": {403, nil},
		"lower":  {403, nil},
		"zero":   {404, nil},
		"agent":  {200, agent(3)},
		"other":  {200, agent(4)},
		"boss":   {200, nil},
		"admin":  {200, nil},
		"both":   {200, nil},
	}
	for _, rt := range routes {
		if rt.page != nil {
			continue
		}
		for user, want := range callers {
			t.Run(rt.name+" "+user, func(t *testing.T) {
				t.Parallel()
				for _, verb := range verbs {
					svc := &fakeService{result: payments.Result{Payment: paid()}}
					body := ""
					if verb == "POST" || verb == "PUT" {
						body = `{"OrderID":"` + orderText + `"}`
						if rt.batch {
							body = "[" + body + "]"
						}
					}
					w := call{method: verb, target: routed[rt.name].target, body: body, user: user}.do(newHandler(t, svc, nil))
					status := want.http
					switch {
					case !slices.Contains(strings.Split(rt.allow, ", "), verb):
						status = 405
					case verb == "OPTIONS":
						status = 200
					case status == 404 && rt.batch:
						// Each element is told alone.
						status = 200
					}
					if w.Code != status {
						t.Errorf("%s: answer %d, want %d: %s", verb, w.Code, status, w.Body)
					}
					asked := svc.calls() > 0
					if asked != (status == 200 && verb != "OPTIONS" && user != "zero") {
						t.Errorf("%s: the service was asked: %v", verb, asked)
					}
					for _, got := range forAgents(svc) {
						if (got == nil) != (want.agent == nil) || got != nil && *got != *want.agent {
							t.Errorf("%s: for agent %v", verb, got)
						}
					}
				}
			})
		}
	}
}

// forAgents returns the agents that the service was asked for.
func forAgents(svc *fakeService) []*int64 {
	var agents []*int64
	for _, r := range svc.pay {
		agents = append(agents, r.ForAgent)
	}
	for _, r := range svc.complete {
		agents = append(agents, r.ForAgent)
	}
	for _, r := range svc.find {
		agents = append(agents, r.ForAgent)
	}
	return agents
}

// TestHeadersOnEveryAnswer walks over all routes, verbs and callers (RELIABILITY K1).
func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	targets := []string{"/", "/nothing", "/v1", pathPayments + "?OrderID=x"}
	for _, rt := range routed {
		targets = append(targets, rt.target)
	}
	matrix.Count(t, "K1", len(targets)*len(verbs)*3)
	for _, target := range targets {
		for _, verb := range verbs {
			for _, user := range []string{"", "-", "nobody"} {
				h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, nil)
				w := call{method: verb, target: target, user: user, body: "{}"}.do(h)
				header := w.Header()
				kind := "application/json; charset=utf-8"
				if verb == "OPTIONS" && w.Code == 200 {
					kind = ""
					if w.Body.Len() != 0 || header.Get("Allow") == "" {
						t.Errorf("OPTIONS %s: %q, Allow %q", target, w.Body, header.Get("Allow"))
					}
				}
				if header.Get("Content-Type") != kind || header.Get("X-Content-Type-Options") != "nosniff" ||
					header.Get("Cache-Control") != "no-store" || !slices.Equal(header["Vary"], []string{"Accept", "Origin"}) {
					t.Errorf("%s %s %q: %d %v", verb, target, user, w.Code, header)
				}
				if w.Code == 405 && header.Get("Allow") == "" || w.Code == 401 && header.Get("WWW-Authenticate") == "" ||
					header.Get("Server") != "" {
					t.Errorf("%s %s: %d %v", verb, target, w.Code, header)
				}
				if w.Code >= 400 && !strings.HasPrefix(w.Body.String(), `{"ResponseStatus":{"ErrorCode":"`) {
					t.Errorf("%s %s: %d %s", verb, target, w.Code, w.Body)
				}
			}
		}
	}
}

// TestEarlyErrors are the errors from before the DTO exists, byte for byte.
func TestEarlyErrors(t *testing.T) {
	t.Parallel()
	early := func(code, message string) string {
		return `{"ResponseStatus":{"ErrorCode":"` + code + `","Message":"` + message + `","Errors":[]}}`
	}
	tests := map[string]struct {
		call          call
		http          int
		want          string
		header, value string
	}{
		"no route": {call{method: "GET", target: "/x"}, 404, early("NotFound", "There is no such route."), "", ""},
		"GET of all": {call{method: "GET", target: pathPayments}, 405, early("NotSupported", "The verb is not supported here."),
			"Allow", "POST, PUT, OPTIONS"},
		"POST to one": {call{method: "POST", target: pathPayment, body: "{}"}, 405, early("NotSupported", "The verb is not supported here."),
			"Allow", "GET, HEAD, OPTIONS"},
		"DELETE on the api": {call{method: "DELETE", target: pathAPI}, 405, early("NotSupported", "The verb is not supported here."),
			"Allow", "GET, HEAD, POST, PUT, OPTIONS"},
		"nobody": {call{method: "GET", target: pathPayment, user: "-"}, 401, early("Unauthorized", "Not Authenticated"),
			"WWW-Authenticate", `Basic realm="payments", charset="UTF-8"`},
		"no role": {call{method: "GET", target: pathPayment, user: "nobody"}, 403, early("Forbidden", "Invalid Role"), "", ""},
		"outage":  {call{method: "GET", target: pathPayment, user: "outage"}, 503, early("ServiceUnavailable", messageDown), "Retry-After", "5"},
		"camel, by jsconfig": {call{method: "GET", target: pathPayment + "?jsconfig=eccn", user: "-"}, 401,
			`{"responseStatus":{"errorCode":"Unauthorized","message":"Not Authenticated","errors":[]}}`, "", ""},
		"nulls, by jsconfig": {call{method: "GET", target: pathPayment + "?jsconfig=inv", user: "-"}, 401,
			`{"ResponseStatus":{"ErrorCode":"Unauthorized","Message":"Not Authenticated","StackTrace":null,"Errors":[],"Meta":null}}`, "", ""},
		"a field in camel": {call{method: "GET", target: "/v1/CustomerPayments/x?jsconfig=eccn,inv"}, 400,
			`{"responseStatus":{"errorCode":"SerializationException","message":"Unable to bind to request 'CustomerPaymentsRequest'",` +
				`"stackTrace":null,"errors":[{"errorCode":"SerializationException","fieldName":"OrderID",` +
				`"message":"'x' is an Invalid value for 'OrderID'","meta":null}],"meta":null}}`, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tt.call.do(newHandler(t, &fakeService{}, nil))
			if w.Code != tt.http || w.Body.String() != tt.want || tt.header != "" && w.Header().Get(tt.header) != tt.value {
				t.Errorf("answer %d %v:\n%s\nwant\n%s", w.Code, w.Header(), w.Body, tt.want)
			}
		})
	}
}

// TestNotYoursIsNotThere compares the two answers (RELIABILITY J2).
func TestNotYoursIsNotThere(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST", "PUT"} {
		var answers []string
		for user, code := range map[string]payments.Code{"agent": payments.ErrOrderNotFound, "other": payments.ErrPaymentNotFound,
			"zero": payments.ErrInternal} {
			svc := &fakeService{err: failure(payments.Error{Code: code, Message: string(code), Op: "pay"})}
			w := call{method: method, target: pathAPI + "?OrderID=" + orderText, user: user}.do(newHandler(t, svc, nil))
			var b strings.Builder
			_ = w.Result().Header.Write(&b)
			answers = append(answers, w.Result().Status+b.String()+w.Body.String())
		}
		if answers[0] != answers[1] || answers[1] != answers[2] || !strings.HasPrefix(answers[0], "404") {
			t.Errorf("%s: the answers differ: %q", method, answers)
		}
	}
}

// TestCrossOrigin shows that a foreign page has no effect, whatever it sends (RELIABILITY K2).
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		site, origin string
		http         int
	}{
		"a program":              {"", "", 200},
		"own page":               {"same-origin", "https://example.com", 200},
		"typed":                  {"none", "", 200},
		"cross-site":             {"cross-site", "https://evil.example", 403},
		"sister host":            {"same-site", "https://www.example.com", 403},
		"old browser":            {"", "https://evil.example", 403},
		"old browser, own page":  {"", "https://example.com", 200},
		"opaque":                 {"", "null", 403},
		"allowed":                {"cross-site", "https://shop.example", 200},
		"allowed, old browser":   {"", "https://shop.example", 200},
		"allowed, by http":       {"cross-site", "http://shop.example", 403},
		"allowed, as a prefix":   {"cross-site", "https://shop.example.evil.example", 403},
		"cross-site, no origin":  {"cross-site", "", 403},
		"unknown word":           {"other", "", 403},
		"allowed, another port":  {"cross-site", "https://shop.example:444", 403},
		"allowed, as a sub host": {"cross-site", "https://a.shop.example", 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"POST", "PUT", "GET", "HEAD", "OPTIONS"} {
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				h := newHandler(t, svc, func(o *Options) { o.AllowedOrigins = []string{"https://shop.example"} })
				headers := map[string]string{"Sec-Fetch-Site": tt.site, "Origin": tt.origin, "Content-Type": "text/plain"}
				w := call{method: method, target: pathAPI + "?OrderID=" + orderText, headers: headers, body: "{}"}.do(h)
				want := tt.http
				if method != "POST" && method != "PUT" {
					want = 200
				}
				if w.Code != want || want == 403 && svc.calls() != 0 {
					t.Errorf("%s: answer %d: %s", method, w.Code, w.Body)
				}
			}
		})
	}
}

func TestBasic(t *testing.T) {
	t.Parallel()
	type seen struct{ user, password string }
	var got seen
	authenticate := Basic(`a "b"`, func(_ context.Context, user, password string) (Principal, error) {
		got = seen{user, password}
		return Principal{ID: user}, nil
	})
	r := httptest.NewRequest("GET", "/", nil)
	_, err := authenticate(r)
	var unauthorized *UnauthorizedError
	if !errors.As(err, &unauthorized) || unauthorized.Challenge != `Basic realm="a \"b\"", charset="UTF-8"` || err.Error() == "" {
		t.Errorf("no credentials: %v", err)
	}
	r.SetBasicAuth("ägent", "p@ss:word")
	if who, err := authenticate(r); err != nil || who.ID != "ägent" || got != (seen{"ägent", "p@ss:word"}) {
		t.Errorf("%v %v %v", who, err, got)
	}
	r.SetBasicAuth("", "x")
	if _, err := authenticate(r); err == nil {
		t.Error("a principal without an ID passed")
	}
	r.SetBasicAuth("agent", "pw")
	for name, closed := range map[string]func(*http.Request) (Principal, error){
		"no verify": Basic("r", nil), "bad realm": Basic("a\nb", verify),
	} {
		if _, err := closed(r); err == nil {
			t.Errorf("%s: open", name)
		}
	}
}

func TestChallengeOfTheAuthenticator(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`Bearer realm="x"`:                  &UnauthorizedError{Challenge: `Bearer realm="x"`},
		`Basic realm="r", charset="UTF-8"`:  errors.New("any"),
		`Basic realm="r", charset="UTF-8" `: &UnauthorizedError{},
	} {
		h := newHandler(t, &fakeService{}, func(o *Options) {
			o.Realm = "r"
			o.Authenticate = func(*http.Request) (Principal, error) { return Principal{ID: "x", Roles: []string{RoleAdmin}}, err }
		})
		w := call{method: "GET", target: pathPayment}.do(h)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != strings.TrimSpace(want) {
			t.Errorf("answer %d, challenge %q, want %q", w.Code, got, want)
		}
	}
}

// mirrorService answers who asked for what, so that an answer that reaches another caller is seen.
type mirrorService struct{ fakeService }

func (*mirrorService) Pay(_ context.Context, req payments.PayRequest) (payments.Result, error) {
	return payments.Result{Payment: payments.Payment{UID: "u", Status: payments.StatusCreated,
			Message: req.OrderID.String() + req.Source.Token.Reveal() + req.Idempotency.Key + req.Idempotency.Principal}},
		nil
}

// TestCallersDoNotMeet sends many requests at once through the buffers that are used again.
func TestCallersDoNotMeet(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &mirrorService{}, nil)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			user := []string{"agent", "boss", "admin", "other"}[i%4]
			order := fmt.Sprintf("%032x", i+1)
			for j := range 20 {
				token := fmt.Sprintf("tok_%d_%d_%s", i, j, strings.Repeat("x", i))
				body := `{"OrderID":"` + order + `","PaymentInfo":{"StripeToken":"` + token + `"}}`
				w := call{method: "POST", target: pathAPI, body: body, user: user,
					headers: map[string]string{"Idempotency-Key": order}}.do(h)
				want := `"Message":"` + order + token + order + user + `"`
				if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
					t.Errorf("answer %d: no %s in %s", w.Code, want, w.Body)
				}
			}
		})
	}
	group.Wait()
}

// TestVaryOfTheHost shows that what the host's middleware has set on the answer stays.
func TestVaryOfTheHost(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, nil)
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Encoding")
		h.ServeHTTP(w, r)
	})
	w := call{method: "GET", target: pathPayment}.do(outer)
	if vary := w.Header()["Vary"]; !slices.Equal(vary, []string{"Accept-Encoding", "Accept", "Origin"}) {
		t.Errorf("Vary: %q", vary)
	}
}
