package httpadapter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

const pathBatch = pathAPI + "[]"

func TestBatch(t *testing.T) {
	t.Parallel()
	early := unboundAnswer("OrderID", "'x' is an Invalid value for 'OrderID'")
	missing := `{"ResponseStatus":{"ErrorCode":"NotEmpty","Message":"'OrderID' must not be empty.","Errors":[{"ErrorCode":"NotEmpty",` +
		`"FieldName":"OrderID","Message":"'OrderID' must not be empty."}]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}`
	tests := map[string]struct {
		body, want string
		http       int
		done       string
		asked      int
	}{
		"none":          {`[]`, `[]`, 200, "0", 0},
		"white space":   {" [ ] \n", `[]`, 200, "0", 0},
		"one":           {`[` + tokenBody + `]`, `[` + goldenPaid + `]`, 200, "1", 1},
		"two":           {`[` + tokenBody + `, ` + tokenBody + `]`, `[` + goldenPaid + `,` + goldenPaid + `]`, 200, "2", 2},
		"judged alone":  {`[{"OrderID":"x"},{},` + tokenBody + `,{"a":1,"A":2},5,null,[]]`, `[` + early + `,` + missing + `,` + goldenPaid + strings.Repeat(","+malformedAnswer, 4) + `]`, 200, "7", 1},
		"not an array":  {tokenBody, malformedAnswer, 400, "", 0},
		"empty":         {``, malformedAnswer, 400, "", 0},
		"cut":           {`[` + tokenBody, malformedAnswer, 400, "", 0},
		"trailing":      {`[` + tokenBody + `]x`, malformedAnswer, 400, "", 0},
		"comma":         {`[` + tokenBody + `,]`, malformedAnswer, 400, "", 0},
		"no comma":      {`[{} {}]`, malformedAnswer, 400, "", 0},
		"not UTF-8":     {"[{\"a\":\"\xff\"}]", malformedAnswer, 400, "", 0},
		"broken within": {`[{"a":}]`, malformedAnswer, 400, "", 0},
		"deep":          {`[` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `]`, malformedAnswer, 400, "", 0},
		"a hundred":     {`[` + strings.Repeat("{},", 99) + `{}]`, `[` + strings.Repeat(missing+",", 99) + missing + `]`, 200, "100", 0},
		"one more":      {`[` + strings.Repeat("{},", 100) + `{}]`, unboundAnswer("CustomerPaymentsRequest", "A batch has at most 100 requests"), 400, "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, target := range []string{pathBatch, pathReply + "%5B%5d", "/API/customerpaymentsrequest%5b]/"} {
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				w := call{method: "POST", target: target, body: tt.body}.do(newHandler(t, svc, nil))
				if w.Code != tt.http || w.Body.String() != tt.want || w.Header().Get("X-AutoBatch-Completed") != tt.done ||
					len(svc.pay) != tt.asked {
					t.Errorf("answer %d %v, asked %d:\n%s\nwant\n%s", w.Code, w.Header(), len(svc.pay), w.Body, tt.want)
				}
			}
		})
	}
}

// TestBatchHasItsOwnAnswers shows that no answer reaches another request's place.
func TestBatchHasItsOwnAnswers(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &mirrorService{}, nil)
	var in, want []string
	for i := range 5 {
		order, token := fmt.Sprintf("%032x", i+1), fmt.Sprintf("tok_%d", i)
		in = append(in, `{"OrderID":"`+order+`","PaymentInfo":{"StripeToken":"`+token+`"}}`)
		want = append(want, order+token+batchKey("k", i)+"agent")
	}
	w := call{method: "POST", target: pathBatch, body: "[" + strings.Join(in, ",") + "]", headers: map[string]string{"Idempotency-Key": "k"}}.do(h)
	for i, message := range want {
		if strings.Count(w.Body.String(), message) != 2 {
			t.Errorf("no answer %d (%s) in %s", i, message, w.Body)
		}
	}
	if batchKey("k", 1) == batchKey("k", 2) || batchKey("1:k", 0) == batchKey("k", 1) || batchKey("", 1) != "" || len(batchKey("k", 1)) > maxKey {
		t.Error("keys of a batch")
	}
}

// TestBatchSurvivesAPanic shows that a defect in one request does not hide what became of the others.
func TestBatchSurvivesAPanic(t *testing.T) {
	t.Parallel()
	n := 0
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	svc.hook = func() {
		if n++; n == 2 {
			panic("secret")
		}
	}
	w := call{method: "POST", target: pathBatch, body: "[" + tokenBody + "," + tokenBody + "," + tokenBody + "]"}.do(newHandler(t, svc, nil))
	body := w.Body.String()
	if w.Code != 200 || strings.Count(body, `"PaymentSuccess":true`) != 2 || strings.Count(body, messageInDoubt) != 1 ||
		strings.Contains(body, "secret") {
		t.Errorf("answer %d %s", w.Code, body)
	}
}

func TestBatchIsRefused(t *testing.T) {
	t.Parallel()
	body := "[" + tokenBody + "]"
	for name, tt := range map[string]struct {
		call call
		http int
	}{
		"GET":          {call{method: "GET", target: pathBatch}, 405},
		"PUT":          {call{method: "PUT", target: pathBatch, body: body}, 405},
		"overridden":   {call{method: "POST", target: pathBatch, body: body, headers: map[string]string{"X-Http-Method-Override": "PUT"}}, 405},
		"nobody":       {call{method: "POST", target: pathBatch, body: body, user: "-"}, 401},
		"no role":      {call{method: "POST", target: pathBatch, body: body, user: "nobody"}, 403},
		"foreign page": {call{method: "POST", target: pathBatch, body: body, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403},
		"documented":   {call{method: "POST", target: pathPayments + "[]", body: body}, 404},
		"form":         {call{method: "POST", target: pathBatch, body: "a=b", headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 415},
		"bad key":      {call{method: "POST", target: pathBatch, body: body, headers: map[string]string{"Idempotency-Key": `"a`}}, 400},
		"query":        {call{method: "POST", target: pathBatch + "?OrderID=" + foreignText, body: body}, 200},
	} {
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		w := tt.call.do(newHandler(t, svc, nil))
		if w.Code != tt.http || svc.calls() != 0 {
			t.Errorf("%s: answer %d %s", name, w.Code, w.Body)
		}
	}
}

// FuzzSplit shows that the elements of a batch are what stands in it.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"[]", "[{},{}]", `[{"a":[1]},null,"x"]`, "[", "[1,]", strings.Repeat("[", 20)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange{body: body}
		if x.split() != nil {
			return
		}
		if len(x.elements) > maxBatch {
			t.Fatalf("%d elements", len(x.elements))
		}
		for _, e := range x.elements {
			d := decoder{scanner: scanner{data: e}, lenient: true}
			if d.skip(0) != nil || !d.end() {
				t.Fatalf("%q is no element of %q", e, body)
			}
		}
	})
}
