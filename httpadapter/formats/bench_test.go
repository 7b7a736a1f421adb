package formats_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// BenchmarkRound is a round in each format, with the recorder's own cost.
func BenchmarkRound(b *testing.B) {
	for name, tt := range map[string]struct{ kind, body string }{
		"xml": {"application/xml", xmlHead + xmlBody + xmlTail}, "jsv": {"application/jsv", jsvBody}, "csv": {"text/csv", csvBody},
	} {
		h := handler(b, &world{result: payments.Result{Payment: whole()}}, nil)
		b.Run("GET "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/v1/CustomerPayments/"+order+"."+name, nil)
				r.SetBasicAuth("agent", "Agent")
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
		b.Run("POST "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1/CustomerPayments", strings.NewReader(tt.body))
				r.Header.Set("Content-Type", tt.kind)
				r.SetBasicAuth("agent", "Agent")
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
