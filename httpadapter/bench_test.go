package httpadapter

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// fakeRequest returns a request with nothing but a query.
func fakeRequest(query string) *http.Request {
	return &http.Request{Method: http.MethodGet, URL: &url.URL{Path: pathAPI, RawQuery: query}, Header: http.Header{}}
}

// stillService answers and remembers nothing.
type stillService struct{ result payments.Result }

func (s *stillService) Pay(context.Context, payments.PayRequest) (payments.Result, error) {
	return s.result, nil
}

func (s *stillService) Complete(context.Context, payments.CompleteRequest) (payments.Result, error) {
	return s.result, nil
}

func (s *stillService) PaymentForOrder(context.Context, payments.FindRequest) (payments.Payment, error) {
	return s.result.Payment, nil
}

// discard is an http.ResponseWriter that costs nothing of its own.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// The seed's request with every member in use.
const fullBody = `{"Customer":{"ID":9,"CustomerCode":"C9","BusinessName":"Acme","FirstName":"Ann","LastName":"Bee",` +
	`"Email":"ann@example.com","UID":"00000000000000000000000000000000","AgentId":3},"OrderID":"` + orderText + `",` +
	`"PaymentInfo":{"PaymentType":"token","StripeToken":"tok_visa","AgentId":3}}`

// rounds are the requests of the benchmark and of the budget.
var rounds = map[string]struct{ method, target, body string }{
	"GET":         {"GET", pathPayment, ""},
	"POST":        {"POST", pathPayments, tokenBody},
	"POST, whole": {"POST", pathPayments, fullBody},
	"GET, JSONP":  {"GET", pathPayment + "?callback=cb", ""},
	"GET, api":    {"GET", pathAPI + "?OrderID=" + orderText + "&jsconfig=eccn", ""},
}

// round returns a function that does one round with all but the adapter and its authenticator made before.
func round(tb testing.TB, method, target, body string) func() {
	tb.Helper()
	h := newHandler(tb, &stillService{payments.Result{Payment: paid()}}, nil)
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("agent", "pw")
	w := &discard{header: http.Header{}}
	reader := strings.NewReader(body)
	closer := io.NopCloser(reader)
	return func() {
		clear(w.header)
		reader.Reset(body)
		if body != "" {
			r.Body, r.ContentLength = closer, int64(len(body))
		}
		h.ServeHTTP(w, r)
	}
}

func BenchmarkRound(b *testing.B) {
	for name, tt := range rounds {
		b.Run(name, func(b *testing.B) {
			do := round(b, tt.method, tt.target, tt.body)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}

// TestAllocationBudget holds the adapter to 25 allocations a round without the service (PERFORMANCE.md).
func TestAllocationBudget(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	for name, tt := range rounds {
		if n := testing.AllocsPerRun(200, round(t, tt.method, tt.target, tt.body)); n > 25 {
			t.Errorf("%s: %v allocations, more than 25", name, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(fullBody)
	var in request
	d := decoder{req: &in}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		in = request{}
		if err := d.document(body, requestMembers); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	var r response
	var payment customerPayment
	p := paid()
	r.render(&payment, &p, payments.ClientSecret{})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendJSON(buf[:0], &r, jsConfig{})
	}
}

// BenchmarkRefuse is the cost of the worst bodies of 64 KiB (RELIABILITY H3).
func BenchmarkRefuse(b *testing.B) {
	for name, body := range map[string]string{
		"depth": `{"a":` + strings.Repeat("[", 65000),
		"keys":  "{" + manyKeys(9000),
		"text":  `{"a":"` + strings.Repeat(`\n`, 32000),
	} {
		b.Run(name, func(b *testing.B) {
			d := decoder{req: new(request)}
			for b.Loop() {
				if d.document([]byte(body), requestMembers) == nil {
					b.Fatal("taken")
				}
			}
		})
	}
}

// manyKeys returns n different members.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"`)
		for j := i; j > 0; j /= 26 {
			b.WriteByte(byte('a' + j%26))
		}
		b.WriteString(`":1,`)
	}
	return b.String()
}
