package formats_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// feed sends a body: it is taken or refused, and never our failure; and the service is asked for what was taken only.
func feed(t *testing.T, kind, body string) (taken bool) {
	t.Helper()
	svc := &world{result: payments.Result{Payment: whole()}, err: nil}
	w := post(t, svc, kind, body)
	switch {
	case w.Code == http.StatusOK && len(svc.asked) == 1:
		return true
	case w.Code >= 400 && w.Code < 500 && len(svc.asked) == 0:
		return false
	}
	t.Fatalf("answer %d, asked %d: %s", w.Code, len(svc.asked), w.Body)
	return false
}

// seeds adds the bodies of a format from the tables.
func seeds(f *testing.F, format string) {
	f.Helper()
	for name, tt := range requests {
		if strings.HasPrefix(name, format) {
			f.Add(tt.body)
		}
	}
	for name, tt := range refused {
		if strings.HasPrefix(name, format) && len(tt.body) < 4096 {
			f.Add(tt.body)
		}
	}
}

// FuzzXML shows that what is taken is XML without a document type.
func FuzzXML(f *testing.F) {
	seeds(f, "xml")
	f.Fuzz(func(t *testing.T, body string) {
		if !feed(t, "application/xml", body) {
			return
		}
		if strings.Contains(body, "<!DOCTYPE") && !strings.Contains(body, "<!--") && !strings.Contains(body, "<![CDATA[") && !strings.Contains(body, "<?") {
			t.Fatalf("a document type was taken: %q", body)
		}
		d := xml.NewDecoder(strings.NewReader(body))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("taken, but not XML: %v", err)
			}
		}
	})
}

// FuzzJSV feeds bodies in JSV.
func FuzzJSV(f *testing.F) {
	seeds(f, "jsv")
	f.Fuzz(func(t *testing.T, body string) {
		if feed(t, "application/jsv", body) && !strings.HasPrefix(body, "{") {
			t.Fatalf("taken: %q", body)
		}
	})
}

// FuzzCSV feeds bodies in CSV.
func FuzzCSV(f *testing.F) {
	seeds(f, "csv")
	f.Fuzz(func(t *testing.T, body string) { feed(t, "text/csv", body) })
}

// FuzzForm feeds forms.
func FuzzForm(f *testing.F) {
	seeds(f, "form")
	f.Fuzz(func(t *testing.T, body string) { feed(t, "application/x-www-form-urlencoded", body) })
}
