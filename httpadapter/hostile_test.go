package httpadapter

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// breaks are what ends a line for somebody, written as a request line can carry them.
var breaks = []string{"%0d%0a", "%0a", "%0d", "%0d%0a%0d%0a", "%0b", "%0c", "%c2%85", "%e2%80%a8", "%e5%98%8a%e5%98%8d", "%00%0d%0a"}

// TestNoLineIsInjected puts line breaks wherever a caller's text could reach a header or the log (RELIABILITY H7).
func TestNoLineIsInjected(t *testing.T) {
	t.Parallel()
	log := new(recorder)
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) {
		o.Logger, o.AllowedOrigins = log.logger(), []string{shopOrigin}
	})
	cases, served := 0, new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	const head = "Host: x\r\nAuthorization: Basic YWdlbnQ6cHc=\r\nConnection: close\r\n"
	for _, b := range breaks {
		evil := "a" + b + "X-Evil:%20canary"
		raw8, _ := url.PathUnescape(strings.NewReplacer("%0d", "", "%0a", "", "%00", "", "%0b", "", "%0c", "").Replace(evil))
		for _, text := range []string{
			"GET /v1/CustomerPayments/" + evil + " HTTP/1.1\r\n" + head + "\r\n",
			"GET " + pathPayment + "?callback=" + evil + " HTTP/1.1\r\n" + head + "\r\n",
			"GET " + pathPayment + "?format=" + evil + "&jsconfig=" + evil + " HTTP/1.1\r\n" + head + "\r\n",
			"GET " + pathPayment + "?OrderID=" + evil + " HTTP/1.1\r\n" + head + "\r\n",
			"GET " + pathPayment + "?" + evil + "=1 HTTP/1.1\r\n" + head + "\r\n",
			"GET /" + evil + " HTTP/1.1\r\n" + head + "\r\n",
			"GET " + pathPayment + " HTTP/1.1\r\n" + head + "User-Agent: " + raw8 + "\r\nOrigin: " + raw8 + "\r\nReferer: " + raw8 + "\r\n\r\n",
			"POST " + pathAPI + " HTTP/1.1\r\n" + head + "Idempotency-Key: " + raw8 + "\r\nContent-Length: 2\r\n\r\n{}",
			"POST " + pathAPI + " HTTP/1.1\r\n" + head + "X-Http-Method-Override: " + raw8 + "\r\nContent-Length: 2\r\n\r\n{}",
			posted(head, `{`+orderMember+`,"Customer":{"FirstName":`+quoted(b)+`,"Email":`+quoted(b)+`}}`),
			posted(head, `{`+orderMember+`,"PaymentInfo":{"StripeToken":`+quoted(b)+`}}`),
			posted(head, `{"OrderID":`+quoted(b)+`,`+quoted(b)+`:1}`),
		} {
			cases++
			resp := raw(t, srv.Listener.Addr().String(), text)
			for name, values := range resp.Header {
				if line := name + strings.Join(values, ""); strings.Contains(strings.ToLower(line), "evil") || strings.Contains(line, "canary") {
					t.Errorf("%q: header %s: %q", text, name, values)
				}
			}
			if resp.StatusCode >= 500 {
				t.Errorf("%q: answer %d", text, resp.StatusCode)
			}
		}
	}
	lines := int64(0)
	for line := range strings.SplitSeq(strings.TrimSpace(log.String()), "\n") {
		lines++
		if !strings.HasPrefix(line, "time=") || strings.Contains(line, "canary") || strings.Contains(line, "Evil") {
			t.Errorf("log: %q", line)
		}
	}
	if lines != served.Load() || lines < int64(cases)/2 {
		t.Errorf("%d records of %d requests", lines, served.Load())
	}
	matrix.Count(t, "H7", cases)
}

// quoted is a JSON text with the line break of a request line in it.
func quoted(b string) string {
	text, _ := url.PathUnescape("a" + b + "X-Evil:%20canary")
	out, _ := json.Marshal(text)
	return string(out)
}

// posted is a POST over a connection.
func posted(head, body string) string {
	return "POST " + pathAPI + " HTTP/1.1\r\n" + head + "Content-Type: application/json\r\n" + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
}

// TestPollution gives the order and the answer's parameters in several places at once (RELIABILITY H8).
func TestPollution(t *testing.T) {
	t.Parallel()
	const a, b = orderText, foreignText
	zero := strings.Repeat("0", 32)
	body := func(id string) string { return `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"tok_visa"}}` }
	tests := []struct {
		method, target, body string
		http                 int
	}{
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID=" + a, "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID=" + orderDashed, "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID=" + b, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?orderid=" + a + "&ORDERID=" + b, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID=", "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID=" + zero, "", 200},
		{"GET", "/v1/CustomerPayments/" + zero + "?OrderID=" + a, "", 200},
		{"GET", "/v1/CustomerPayments/" + zero, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?OrderID[]=" + b, "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?Order%49D=" + b, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + ";" + b, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "," + b, "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "%00", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "%20", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "%2e", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + ".json?format=xml&format=XML", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + ".json?format=json&FORMAT=json", "", 200},
		{"GET", "/v1/CustomerPayments/" + a + ".json.json", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?format=json&format=html", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?callback=a&callback=b", "", 400},
		{"GET", "/v1/CustomerPayments/" + a + "?callback=a&CALLBACK=a", "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?callback=&callback=a", "", 200},
		{"GET", "/v1/CustomerPayments/" + a + "?jsconfig=eccn&jsconfig=inv", "", 400},
		{"GET", pathAPI + "?OrderID=" + a + "&OrderID=" + a, "", 200},
		{"GET", pathAPI + "?OrderID=" + a + "&OrderID=" + b, "", 400},
		{"POST", pathPayments + "?OrderID=" + a, body(a), 200},
		{"POST", pathPayments + "?OrderID=" + b, body(a), 400},
		{"POST", pathPayments + "?OrderID=" + a + "&OrderID=" + b, body(a), 400},
		{"POST", pathPayments + "?OrderID=" + a, body(""), 200},
		{"POST", pathPayments + "?OrderID=" + a, body(zero), 200},
		{"POST", pathPayments + "?X-Http-Method-Override=PUT&_method=DELETE", body(a), 200},
		{"POST", pathAPI + "?Customer=x&PaymentInfo=y", body(a), 200},
		{"POST", pathAPI + "?StripeToken=tok_evil&PaymentInfo.StripeToken=tok_evil", body(a), 200},
		{"POST", pathAPI, `{"OrderID":"` + a + `","orderID":"` + b + `"}`, 400},
		{"POST", pathAPI, `{"OrderID":"` + a + `","PaymentInfo":{"StripeToken":"a"},"paymentinfo":{"StripeToken":"b"}}`, 400},
		{"PUT", pathAPI + "?OrderID=" + b, body(a), 400},
	}
	matrix.Count(t, "H8", len(tests))
	for _, tt := range tests {
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		w := call{method: tt.method, target: tt.target, body: tt.body}.do(newHandler(t, svc, nil))
		if w.Code != tt.http || (svc.calls() == 1) != (tt.http == 200) {
			t.Errorf("%s %s %s: answer %d, want %d: %s", tt.method, tt.target, tt.body, w.Code, tt.http, w.Body)
		}
		for _, req := range svc.pay {
			if req.OrderID != orderID || req.Source.Token.Reveal() == "tok_evil" {
				t.Errorf("%s: order %v, token %q", tt.target, req.OrderID, req.Source.Token.Reveal())
			}
		}
	}
}

// TestVerbsAndTypesOnTheWire sends what clients may send, and what they may not, over connections (RELIABILITY H9).
func TestVerbsAndTypesOnTheWire(t *testing.T) {
	t.Parallel()
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	srv := httptest.NewServer(newHandler(t, svc, nil))
	t.Cleanup(srv.Close)
	const auth = "Authorization: Basic YWdlbnQ6cHc=\r\n"
	type wanted struct {
		text string
		http int
	}
	var tests []wanted
	request := func(verb, target, version, extra, body string, status int) {
		text := verb + " " + target + " " + version + "\r\nHost: x\r\nConnection: close\r\n" + auth + extra
		if body != "" {
			text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
		}
		tests = append(tests, wanted{text + "\r\n" + body, status})
	}
	for _, verb := range []string{"DELETE", "PATCH", "TRACE", "PROPFIND", "LOCK", "get", "Post", "QUERY", "M-SEARCH"} {
		request(verb, pathPayments, "HTTP/1.1", "", "", 405)
		request(verb, pathAPI, "HTTP/1.1", "", "", 405)
	}
	for kind, status := range map[string]int{"application/json": 200, "application/json; charset=utf-8; x=y": 200, "text/json": 200,
		"APPLICATION/JSON": 200, "text/plain": 415, "application/xml": 415, "application/jsv": 415, "text/csv": 415, "image/png": 415,
		"multipart/form-data; boundary=x": 415, "application/json-patch+json": 415, "application/ld+json": 415, "json": 415, "*/*": 415,
		"application/x-www-form-urlencoded": 400} {
		request("POST", pathPayments, "HTTP/1.1", "Content-Type: "+kind+"\r\n", tokenBody, status)
	}
	for _, accept := range []string{"", "*/*", "application/json", "text/html;q=0.1, */*;q=0.2", "garbage;;;q=q", strings.Repeat("a/b,", 500)} {
		request("GET", pathPayment, "HTTP/1.1", "Accept: "+accept+"\r\n", "", 200)
	}
	request("CONNECT", pathPayments, "HTTP/1.1", "", "", 405)
	request("HEAD", pathPayment, "HTTP/1.1", "", "", 200)
	request("OPTIONS", pathPayment, "HTTP/1.1", "", "", 200)
	request("GET", pathPayment, "HTTP/1.0", "", "", 200)
	request("POST", pathPayments, "HTTP/1.0", "Content-Type: application/json\r\n", tokenBody, 200)
	request("POST", pathPayments, "HTTP/1.1", "Content-Type: application/json\r\nExpect: 100-continue\r\n", tokenBody, 200)
	request("POST", pathPayments, "HTTP/1.1", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", tokenBody, 415)
	request("POST", pathPayments, "HTTP/1.1", "Content-Type: application/json\r\nContent-Encoding: br\r\n", tokenBody, 415)
	request("POST", pathPayments, "HTTP/1.1", "Content-Type: application/json\r\nX-Http-Method-Override: PUT\r\n", tokenBody, 200)
	request("POST", pathPayments, "HTTP/1.1", "Content-Type: application/json\r\nX-Http-Method-Override: GET\r\n", tokenBody, 405)
	request("GET", pathPayments, "HTTP/1.1", "X-Http-Method-Override: POST\r\n", "", 405)
	request("OPTIONS", "*", "HTTP/1.1", "", "", 200) // net/http's own answer
	matrix.Count(t, "H9", len(tests))
	for _, tt := range tests {
		resp := raw(t, srv.Listener.Addr().String(), tt.text)
		if resp.StatusCode != tt.http || resp.StatusCode == 405 && resp.Header.Get("Allow") == "" {
			body, _ := io.ReadAll(resp.Body)
			t.Errorf("%q: answer %d, want %d: %s", tt.text, resp.StatusCode, tt.http, body)
		}
	}
}

// endless is a body without an end, which counts how much of it was read.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

// TestEndlessBodies shows that a body costs no more than its limit, whatever it says of itself (RELIABILITY H2).
func TestEndlessBodies(t *testing.T) {
	h := newHandler(t, &fakeService{}, nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const rounds = 50
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "image/png"} {
		for range rounds {
			body := new(endless)
			r := httptest.NewRequest("POST", pathAPI, body)
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 413 || body.read > 4*DefaultMaxBody {
				t.Fatalf("%s: answer %d after %d bytes", kind, w.Code, body.read)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / (3 * rounds); each > 1<<20 {
		t.Errorf("%d bytes a request", each)
	}
}

// TestSecretsByRole is who sees a client secret, over every route, verb, format and role (RELIABILITY J4).
func TestSecretsByRole(t *testing.T) {
	t.Parallel()
	const secret = "pi_1_secret_2"
	cells := 0
	for _, rt := range routes {
		if rt.page != nil {
			continue
		}
		for _, user := range []string{"-", "nobody", "other", "agent", "boss", "admin"} {
			for _, query := range []string{"", "format=html", "callback=cb", "format=xml", "jsconfig=inv,eccn"} {
				for _, verb := range []string{"GET", "POST", "PUT"} {
					if query == "" {
						cells++
					}
					target := routed[rt.name].target
					sep := "?"
					if strings.Contains(target, "?") {
						sep = "&"
					}
					body := ""
					if verb != "GET" {
						body = `{"OrderID":"` + orderText + `"}`
						if rt.batch {
							body = "[" + body + "]"
						}
					}
					svc := &fakeService{result: payments.Result{Payment: with(payments.StatusCreated),
						NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret(secret)}}}
					w := call{method: verb, target: target + sep + query, body: body, user: user}.do(newHandler(t, svc, nil))
					want := w.Code == 200 && verb != "GET" && query != "format=html" && query != "callback=cb"
					if strings.Contains(w.Body.String(), secret) != want {
						t.Errorf("%s %s by %s, %s: %d %s", verb, rt.name, user, query, w.Code, w.Body)
					}
					if w.Code == 200 && !slices.Contains([]string{"other", "agent", "boss", "admin"}, user) {
						t.Errorf("%s %s: open to %s", verb, rt.name, user)
					}
				}
			}
		}
	}
	matrix.Count(t, "J4", cells)
}

// TestNotYoursInEveryForm compares "not yours" and "not there" in every form of answer, with the calls that each costs
// (RELIABILITY J2).
func TestNotYoursInEveryForm(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"GET", "POST", "PUT"} {
		for _, query := range []string{"", "&format=html", "&format=xml", "&jsconfig=eccn,inv", "&callback=cb"} {
			if verb != "GET" && query == "&callback=cb" {
				continue
			}
			var seen []string
			for _, code := range []payments.Code{payments.ErrOrderNotFound, payments.ErrPaymentNotFound} {
				svc := &fakeService{err: failure(payments.Error{Code: code, Message: string(code) + orderText, Op: "x"})}
				h := newHandler(t, svc, func(o *Options) { o.Formats = plainFormats() })
				w := call{method: verb, target: pathAPI + "?OrderID=" + orderText + query}.do(h)
				var b strings.Builder
				_ = w.Result().Header.Write(&b)
				seen = append(seen, fmt.Sprint(w.Code, svc.calls(), b.String(), w.Body))
			}
			if seen[0] != seen[1] || !strings.HasPrefix(seen[0], "404 1") {
				t.Errorf("%s %s: %q", verb, query, seen)
			}
		}
	}
}
