package httpadapter

import (
	"math"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

func TestNested(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("{a:", n) + strings.Repeat("}", n) }
	list := func(n int) string { return "{a:" + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	tests := map[string]bool{
		`{}`: true, `{ID:5}`: true, `{ID:}`: true, `{ID:5,Name:Ann Bee}`: true, `{Name:"a, ""b"" {c}"}`: true, `{"ID":5}`: true,
		`{"a b":5}`: true, `{"a ""b""":5,c:d}`: true, `{Url:http://x/y}`: true, `{L:[]}`: true, `{L:[1,2]}`: true, `{L:[1,{A:b},"c"]}`: true,
		`{L:[[1],[]]}`: true, `{A:{B:{C:d}},E:f}`: true, `{"A": {"B": [1, "c"]}}`: true, `{Name:"ä😀"}`: true, `{A:""}`: true,
		`{L:[,]}`: true,
		deep(16):  true, deep(17): false, list(15): true, list(16): false,
		``: false, `x`: false, `5`: false, `"ID"`: false, `[]`: false, `[object Object]`: false, `{`: false, `{ID`: false, `{ID:`: false,
		`{ID:5`: false, `{ID:5,`: false, `{ID:5,}`: false, `{ID:5}x`: false, `{ID:5}}`: false, `{:5}`: false, `{,}`: false, `{ID}`: false,
		`{ID:5 {}`: false, `{I{D:5}`: false, `{I"D:5}`: false, `{ID:"5}`: false, `{ID:"5"x}`: false, `{ID:5"}`: false, `{"ID:5}`: false,
		`{"ID"5}`: false, `{"ID"}`: false, `{L:[}`: false, `{L:[1}`: false, `{L:[1,}`: false, `{L:[1{]}`: false, `{L:]}`: false,
		`{L:["1]}`: false, `{A:{}`: false, `{A:{B}}`: false, "{A:\x00}": false, "{A:\xff}": false, `{"A":1}{}`: false, `{"A":1,"A":2}x`: false,
	}
	for value, want := range tests {
		if got := validNested(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// TestNumbersAtTheirEdges reads the largest and smallest that are taken and the next that are not.
func TestNumbersAtTheirEdges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want int64
		ok   bool
	}{
		"0": {0, true}, "9": {9, true}, "10": {10, true}, "09": {9, true}, "-7": {-7, true}, "9223372036854775807": {math.MaxInt64, true},
		"-9223372036854775807": {-math.MaxInt64, true}, "9223372036854775808": {0, false}, "-9223372036854775808": {0, false},
		"99999999999999999999": {0, false}, "00000000000000000001": {0, false}, "": {0, false}, "-": {0, false}, "--1": {0, false},
		"1:": {0, false}, "/1": {0, false}, "1.0": {0, false}, " 1": {0, false}, "+1": {0, false},
	}
	for text, tt := range tests {
		if got, ok := integer([]byte(text)); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %d %v", text, got, ok)
		}
	}
	for n, want := range map[int64]int64{math.MaxInt32: math.MaxInt32, math.MaxInt32 + 1: 0, math.MinInt32: math.MinInt32,
		math.MinInt32 - 1: 0} {
		if got := wireInt(n); got != want {
			t.Errorf("%d on the wire: %d", n, got)
		}
	}
	d := decoder{req: new(request)}
	if err := d.document([]byte(`{"Customer":{"ID":9},"a":19,"b":90.09e90}`), requestMembers); err != nil || d.req.customer.id != 9 {
		t.Errorf("%v, customer %d", err, d.req.customer.id)
	}
}

// TestTextsAtTheirEdges sends the longest texts that are taken.
func TestTextsAtTheirEdges(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("é", maxName)
	email := "a@" + strings.Repeat("b", maxEmail-2)
	token := strings.Repeat("t", maxToken)
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	body := `{"OrderID":"` + orderText + `","Customer":{"ID":0,"BusinessName":"` + name + `","FirstName":"` + name + `","LastName":"` + name +
		`","Email":"` + email + `"},"PaymentInfo":{"StripeToken":"` + token + `"}}`
	w := call{method: "POST", target: pathPayments, body: body, headers: map[string]string{"Idempotency-Key": "! ~"}}.
		do(newHandler(t, svc, nil))
	if w.Code != 200 || svc.pay[0].Source.Token.Reveal() != token || svc.pay[0].Payer.Email != email ||
		svc.pay[0].Idempotency.Key != "! ~" {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
	emails := map[string]bool{"a@b": true, "a@b@c": true, "@b": false, "a@": false, "@": false, "ab": false, email + "b": false,
		"a b@c": false, "a\x7f@b": false, "a\x1f@b": false, "a,b@c": false, "<a@b": false, "a@b>": false, "ä@ö": true, "!@~": true}
	for text, want := range emails {
		if got := plausibleEmail(text); got != want {
			t.Errorf("e-mail %q: %v", text, got)
		}
	}
}

// TestLongestValue holds that a value which no member takes is not unescaped, and is refused by the member's name.
func TestLongestValue(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]bool{longestValue: true, longestValue + 1: false} {
		p := pairs{"Customer=" + strings.Repeat("a", length) + "&OrderID=1"}
		if name, value, clean, ok := p.next(); name != "Customer" || clean != want || !ok || (len(value) == length) != want {
			t.Errorf("%d bytes: %s, %v, %v", length, name, clean, ok)
		}
		if name, _, _, ok := p.next(); name != "OrderID" || !ok {
			t.Errorf("after %d bytes: %s, %v", length, name, ok)
		}
	}
	h := newHandler(t, &fakeService{}, func(o *Options) { o.MaxBody = 4 << 20 })
	w := call{method: "POST", target: pathPayments, body: "OrderID=" + orderText + "&Customer=" + strings.Repeat("a", longestValue+1),
		headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}.do(h)
	if w.Code != 400 || !strings.Contains(w.Body.String(), `"Customer"`) {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"AZaz", "azAZ", true}, {"@", "`", false}, {"[", "{", false}, {"a", "ab", false}, {"K", "\u212a", false}, {"É", "é", false}, {"", "", true},
	} {
		if got := equalFold(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}

func TestCutFormat(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]string{
		"/a.json": {"/a", "json"}, "/a.JSV": {"/a", "jsv"}, "/a.Html": {"/a", "html"}, "/a.csv": {"/a", "csv"}, "/a.xml": {"/a", "xml"},
		"/.json": {"/.json", ""}, ".json": {".json", ""}, "/a.jsonx": {"/a.jsonx", ""}, "/ajson": {"/ajson", ""}, "/a.json.xml": {"/a.json", "xml"},
	} {
		if rest, format := cutFormat(path); rest != want[0] || format != want[1] {
			t.Errorf("%s: %q and %q", path, rest, format)
		}
	}
}

// TestOnlyOurFailuresAreErrors shows that what callers do wrong does not wake anybody up.
func TestOnlyOurFailuresAreErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[payments.Code]bool{payments.ErrConflict: false, payments.ErrInvalid: false, payments.ErrOrderNotFound: false,
		payments.ErrIdempotencyKeyReused: false, payments.ErrDeclined: false, payments.ErrUnknown: false, payments.ErrInternal: true,
		payments.ErrGatewayRejected: true, payments.ErrGatewayConfig: true, payments.ErrUnavailable: true} {
		log := new(recorder)
		h := newHandler(t, &fakeService{err: failure(payments.Error{Code: code})}, func(o *Options) { o.Logger = log.logger() })
		call{method: "POST", target: pathPayments, body: tokenBody}.do(h)
		if got := strings.Contains(log.String(), "level=ERROR"); got != want {
			t.Errorf("%s: an error in the log: %v", code, got)
		}
	}
}

func TestRealms(t *testing.T) {
	t.Parallel()
	for realm, ok := range map[string]bool{"": true, " ~": true, "a\x7f": false, "\x1f": false, "é": false} {
		if _, err := basicChallenge(realm); (err == nil) != ok {
			t.Errorf("%q: %v", realm, err)
		}
	}
}
