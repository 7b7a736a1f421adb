package httpadapter

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trendsic/payments"
)

// FuzzDecode compares the decoder with encoding/json, which takes more but never less.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{tokenBody, `{}`, `{"OrderID":null}`, `{"a":[1,{"b":"\ud83d\ude00"}],"c":-1.5e3}`,
		`{"Customer":{"ID":"9","UID":"{` + orderDashed + `}"}}`, `{"a":1,"A":2}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`,
		`{"PaymentInfo":{"CardNumber":4242424242424242,"ExpDate":"12/30","CCV":"123"}}`, `{"a":{}}{}`, strings.Repeat(`{"a":`, 20)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		d := decoder{req: new(request)}
		err := d.document(body, requestMembers)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			if err.field == "" != (err.message == "") || !utf8.ValidString(err.message) {
				t.Fatalf("an error of half a field: %+v", err)
			}
			return
		}
		text := bytes.TrimPrefix(body, []byte("\ufeff"))
		if !json.Valid(text) || !utf8.Valid(text) {
			t.Fatalf("taken, but not JSON: %q", body)
		}
		var root map[string]json.RawMessage
		if json.Unmarshal(text, &root) != nil {
			t.Fatalf("taken, but not an object: %q", body)
		}
		// What was taken means the same on its own way back.
		again := decoder{req: new(request)}
		id := `{"orderid":"` + d.req.order.String() + `"}`
		if again.document([]byte(id), requestMembers) != nil || again.req.order != d.req.order {
			t.Fatalf("order %v does not come back", d.req.order)
		}
	})
}

// FuzzBody sends bodies to the routes themselves: whatever they are, the answer is 400 with a ResponseStatus, or what the Service said to
// a request that names an order, and nobody is asked about any other.
func FuzzBody(f *testing.F) {
	for _, tt := range bindingRefused {
		if len(tt.body) < 1<<10 {
			f.Add([]byte(tt.body))
		}
	}
	// What encoding/json does with these is told in RELIABILITY.md.
	for _, seed := range []string{tokenBody, `{"OrderID":"` + orderText + `","orderid":"` + foreignText + `"}`, "{\"OrderID\":\"" + orderText[:31] + "\xff\"}",
		`{"OrderID":"` + orderText[:31] + `\ud800"}`, `{"OrderID":"` + orderText[:31] + `\u0000"}`, tokenBody + tokenBody, strings.Repeat("[", 10_000),
		`[` + tokenBody + `]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, method := range []string{"POST", "PUT"} {
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: method, target: pathAPI, body: string(body)}.do(newHandler(t, svc, nil))
			bound := len(svc.pay)+len(svc.complete) > 0
			switch {
			case w.Code == 200 && bound:
			case w.Code == 400 && strings.HasPrefix(w.Body.String(), `{"ResponseStatus":{"ErrorCode":"`) && json.Valid(w.Body.Bytes()) && !bound:
			case w.Code == 413 && len(body) > DefaultMaxBody && svc.calls() == 0:
			default:
				t.Fatalf("%s: answer %d, asked %d: %s", method, w.Code, svc.calls(), w.Body)
			}
		}
	})
}

// FuzzNested feeds the parser of nested query members.
func FuzzNested(f *testing.F) {
	for _, seed := range []string{`{ID:5}`, `{"ID":5}`, `{Name:"a, ""b""",L:[1,{A:}]}`, `[object Object]`, `{`, `{}`, `{:}`,
		`{"a":b}`, strings.Repeat("{a:", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		ok := validNested(value)
		if ok && (!utf8.ValidString(value) || strings.ContainsRune(value, 0)) {
			t.Fatalf("taken: %q", value)
		}
		// What was taken is taken as a member's value too, or is wrong in one of the members.
		d := decoder{req: new(request)}
		if err := d.nested(value, requestMembers); ok && err == malformed {
			t.Fatalf("%q is an object, but none of a request", value)
		}
	})
}

// FuzzOrderID shows that no two texts that are taken in different ways name one order by accident.
func FuzzOrderID(f *testing.F) {
	for _, seed := range []string{orderText, orderDashed, "{" + orderDashed + "}", "(" + orderDashed + ")", "", "x", "{" + orderText + "}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var x exchange
		err := x.nameOrder(text)
		if err != nil {
			if err.field != fieldNameOrder || !utf8.ValidString(err.message) {
				t.Fatalf("error %+v", err)
			}
			return
		}
		bare := strings.ToLower(strings.Trim(strings.ReplaceAll(text, "-", ""), "{}()"))
		if text != "" && x.in.order.String() != bare {
			t.Fatalf("%q became %v", text, x.in.order)
		}
		if id, perr := payments.ParseOrderID(bare); text != "" && (perr != nil || id != x.in.order) {
			t.Fatalf("%q: %v %v", text, id, perr)
		}
	})
}

// FuzzIdempotencyKey feeds the header's parser.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"a", `"a"`, `"a\"b"`, `"`, ``, `"a";x`, "a\x00", strings.Repeat("k", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		key, ok := idempotencyKey([]string{value})
		if ok == (key == "") || len(key) > maxKey {
			t.Fatalf("%q: %q %v", value, key, ok)
		}
		for _, c := range []byte(key) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q: byte %x in %q", value, c, key)
			}
		}
		if !ok {
			return
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		if again, ok := idempotencyKey([]string{quoted}); !ok || again != key {
			t.Fatalf("%q is not %q when quoted: %q", value, key, again)
		}
	})
}

// FuzzJSConfig feeds jsconfig and shows that an answer stays JSON under each.
func FuzzJSConfig(f *testing.F) {
	for _, seed := range []string{"eccn", "EmitCamelCaseNames:true,inv", "edv,dh:ISO8601", "dh:DCJSCompatible", ":::,,,", "inv:0,eccn:false"} {
		f.Add(seed, "text")
	}
	p := paid()
	f.Fuzz(func(t *testing.T, param, text string) {
		c := jsConfig{}.with(param)
		p := p
		p.Message = text
		var r response
		var payment customerPayment
		r.render(&payment, &p, payments.ClientSecret{})
		out := appendJSON(nil, &r, c)
		var back map[string]any
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		message := "Message"
		if c.camel {
			message = "message"
		}
		if got, _ := back[message].(string); got != strings.ToValidUTF8(text, "\ufffd") && utf8.ValidString(text) {
			t.Fatalf("message %q became %q", text, got)
		}
	})
}

// FuzzQuery feeds the whole of a query to a request, which must never fail on our side.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"OrderID=" + orderText, "customer=%7BID:5%7D", "a=%zz&=&&;", "jsconfig=eccn&jsconfig=inv", "orderid=x"} {
		f.Add(seed)
	}
	h := newHandler(f, &fakeService{result: payments.Result{Payment: paid()}}, nil)
	f.Fuzz(func(t *testing.T, query string) {
		x := exchange{Handler: h, method: "GET", route: &routes[2]}
		x.r = fakeRequest(query)
		if p := x.bind(); p != nil && p.http != 400 {
			t.Fatalf("answer %d", p.http)
		}
		_ = h.config.with(h.parameters(query).jsconfig)
	})
}
