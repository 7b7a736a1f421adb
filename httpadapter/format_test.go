package httpadapter

import (
	"net/url"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// plainFormat stands for a format of package formats, which cannot be imported here.
type plainFormat struct{ name, kind, media, disposition string }

func (f plainFormat) Name() string         { return f.name }
func (f plainFormat) ContentType() string  { return f.kind }
func (f plainFormat) MediaTypes() []string { return []string{f.media} }
func (f plainFormat) Disposition() string  { return f.disposition }

func (f plainFormat) Append(dst []byte, answer *wire.Node) []byte {
	return append(append(dst, f.name+":"...), answer.Name...)
}

func (f plainFormat) Read(body []byte, into wire.Sink) error { return wire.ReadJSV(nil, body, into) }

func plainFormats() []Format {
	return []Format{
		plainFormat{"xml", "application/xml", "application/xml", ""},
		plainFormat{"csv", "text/csv", "text/csv", "attachment"},
		plainFormat{"jsv", "application/jsv", "application/jsv", ""},
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	doc, api := pathPayment, pathAPI+"?OrderID="+orderText
	tests := []struct{ target, accept, want string }{
		{doc, "", "json"}, {doc, "*/*", "json"}, {doc, "image/png", "json"}, {doc, "garbage", "json"}, {doc, ";;,,q=", "json"},
		{doc, "application/json", "json"}, {doc, "text/json", "json"}, {doc, "application/xml", "xml"}, {doc, "text/csv", "csv"},
		{doc, "application/jsv", "jsv"}, {doc, "text/html", "html"}, {doc, "TEXT/HTML", "html"},
		{doc, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"},
		{doc, "application/xml;q=0.5, text/csv;q=0.6", "csv"}, {doc, "application/xml;q=0.5, text/csv;q=0.5", "json"},
		{doc, "application/xml, application/json", "json"}, {doc, "application/xml;q=0.9, application/json;q=0.8", "xml"},
		{doc, "application/json;q=0.1, */*;q=0.2", "json"}, {doc, "application/json;q=0, */*", "json"},
		{doc, "text/*", "json"}, {doc, "application/*", "json"}, {doc, "text/*, text/html;q=0.1", "json"},
		{doc, "application/xml;q=1.000", "xml"}, {doc, "application/xml;q=0", "json"}, {doc, "application/xml;q=0.000", "json"},
		{doc, "application/xml;q=2", "json"}, {doc, "application/xml;q=-1", "json"}, {doc, "application/xml;q=0.1234", "json"},
		{doc, "application/xml;q=x", "json"}, {doc, "application/xml ; charset=utf-8 ; Q=0.3", "xml"}, {doc, "application/xml;q=.5", "json"},
		{doc + ".json", "text/html", "json"}, {doc + ".xml", "text/html", "xml"}, {doc + ".CSV/", "", "csv"}, {doc + ".jsv", "", "jsv"},
		{doc + ".html", "application/json", "html"}, {doc + ".json?format=xml", "", "json"}, {doc + ".xml?format=json", "", "xml"},
		{doc + ".xml?callback=cb", "", "xml"}, {doc + "?format=xml", "text/html", "xml"}, {doc + "?FORMAT=Xml", "", "xml"},
		{doc + "?format=yaml", "text/html", "json"}, {doc + "?format=", "text/html", "html"}, {doc + "?format=jsonp", "", "json"},
		{doc + "?format=xml&callback=cb", "", "jsonp"}, {doc + "?callback=&format=csv", "", "csv"}, {doc + ".json?callback=cb", "", "jsonp"},
		{api, "text/html", "json"}, {api, "application/xml", "json"}, {api + "&format=xml", "", "xml"}, {api + "&callback=cb", "", "jsonp"},
		{strings.Replace(api, "?", ".xml?", 1), "", "json"}, {"/nothing", "text/html", "html"}, {"/nothing.xml", "", "xml"},
		{"/nothing?format=jsv", "", "jsv"},
	}
	kinds := map[string]string{"json": "application/json; charset=utf-8", "jsonp": "text/javascript; charset=utf-8",
		"html": "text/html; charset=utf-8", "xml": "application/xml", "csv": "text/csv", "jsv": "application/jsv"}
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) { o.Formats = plainFormats() })
	for _, tt := range tests {
		w := call{method: "GET", target: tt.target, headers: map[string]string{"Accept": tt.accept}}.do(h)
		if got := w.Header().Get("Content-Type"); got != kinds[tt.want] {
			t.Errorf("%s, Accept %q: %s, want %s", tt.target, tt.accept, got, tt.want)
		}
		if csp := w.Header().Get("Content-Security-Policy"); (csp != "") != (tt.want == "html") {
			t.Errorf("%s: policy %q", tt.target, csp)
		}
	}
}

// TestAcceptOnSeveralLines reads a header that came in parts.
func TestAcceptOnSeveralLines(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{}, func(o *Options) { o.Formats = plainFormats() })
	for want, accept := range map[string][]string{"csv": {"application/xml;q=0.1", "text/csv"}, "xml": {"", "application/xml"},
		"json": {"text/csv", strings.Repeat("a,", maxAccept/2)}} {
		if got := h.accepted(accept); got.name != want {
			t.Errorf("%q: %s", accept, got.name)
		}
	}
}

func TestFormatsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, formats := range map[string][]Format{"nil": {nil}, "twice": append(plainFormats(), plainFormats()...),
		"built in": {plainFormat{name: "json"}}} {
		if _, err := New(&fakeService{}, Options{Authenticate: Basic("x", verify), Formats: formats}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestPage shows that what a payment holds is text on a page, whatever it is.
func TestPage(t *testing.T) {
	t.Parallel()
	p := paid()
	p.Message, p.PublicOrderID = `<script>alert("1")</script>`, "a\xff"
	svc := &fakeService{result: payments.Result{Payment: p, NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret("pi_1_secret_2")}}}
	svc.result.Payment.Status = payments.StatusCreated
	w := call{method: "POST", target: pathPayments + "?format=html", body: tokenBody}.do(newHandler(t, svc, nil))
	body := w.Body.String()
	if w.Code != 200 || strings.Contains(body, "<script") || strings.Contains(body, "secret_2") || !strings.Contains(body, "&lt;script&gt;") ||
		!strings.Contains(body, "a\ufffd") {
		t.Errorf("answer %d %s", w.Code, body)
	}
}

// TestLinksOfAPage follows the links of a page, wherever the page is.
func TestLinksOfAPage(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{result: payments.Result{Payment: paid()}}, func(o *Options) { o.Formats = plainFormats() })
	for target, want := range map[string]bool{pathPayment: true, pathPayment + ".html": true, pathPayment + "/": true, pathPayment + ".html/?x=1": true,
		"/v1/CustomerPayments/" + orderDashed: true, pathAPI + "?format=html&OrderID=" + orderText: false, "/v1/CustomerPayments/x": false} {
		w := call{method: "GET", target: target, headers: map[string]string{"Accept": "text/html"}}.do(h)
		_, rest, found := strings.Cut(w.Body.String(), `<a href="`)
		if found != want {
			t.Errorf("%s: links %v", target, found)
		}
		if !found {
			continue
		}
		link, _, _ := strings.Cut(rest, `"`)
		base, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		next, err := base.Parse(link)
		if err != nil || next.Path != pathPayment+".json" {
			t.Errorf("%s: %s leads to %v", target, link, next)
		}
	}
}

// FuzzAccept feeds Accept headers.
func FuzzAccept(f *testing.F) {
	for _, seed := range []string{"", "*/*", "text/html;q=0.5,application/xml", ";q=", "a/b;q=1.0001", "text/*;Q=0"} {
		f.Add(seed)
	}
	h := newHandler(f, &fakeService{}, func(o *Options) { o.Formats = plainFormats() })
	f.Fuzz(func(t *testing.T, accept string) {
		c := h.accepted([]string{accept})
		if c == nil || c != &jsonCodec && c.quality([]string{accept}) == 0 {
			t.Fatalf("%q: %v", accept, c)
		}
	})
}
