package httpadapter

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// spellings are ways to write one request: of the order, by the token tok_visa.
var spellings = map[string]struct {
	target, body string
	headers      map[string]string
}{
	"documented":              {pathPayments, tokenBody, nil},
	"text/json":               {pathPayments, tokenBody, map[string]string{"Content-Type": "text/json"}},
	"parameters":              {pathPayments, tokenBody, map[string]string{"Content-Type": "Application/JSON; charset=UTF-8; x=y"}},
	"identity encoding":       {pathPayments, tokenBody, map[string]string{"Content-Encoding": "identity"}},
	"python's casing":         {pathAPI, `{"orderID":"` + orderText + `","paymentInfo":{"stripeToken":"tok_visa"}}`, nil},
	"upper case":              {pathAPI, `{"ORDERID":"` + orderText + `","PAYMENTINFO":{"STRIPETOKEN":"tok_visa"}}`, nil},
	"escaped name":            {pathAPI, `{"\u004frderID":"` + orderText + `","PaymentInfo":{"StripeToken":"tok\u005fvisa"}}`, nil},
	"dashed":                  {pathAPI, strings.Replace(tokenBody, orderText, orderDashed, 1), nil},
	"braces":                  {pathAPI, strings.Replace(tokenBody, orderText, "{"+orderDashed+"}", 1), nil},
	"parentheses":             {pathAPI, strings.Replace(tokenBody, orderText, "("+orderDashed+")", 1), nil},
	"id in the query":         {pathPayments + "?orderid=" + orderText, `{"PaymentInfo":{"StripeToken":"tok_visa"}}`, nil},
	"id in both, agreeing":    {pathPayments + "?OrderID=" + orderDashed, tokenBody, nil},
	"zero id in the body":     {pathPayments + "?OrderID=" + orderText, strings.Replace(tokenBody, orderText, strings.Repeat("0", 32), 1), nil},
	"zero id in the query":    {pathPayments + "?OrderID=" + strings.Repeat("0", 32), tokenBody, nil},
	"null and empty":          {pathAPI + "?OrderID=&customer=x", `{"Customer":null,"OrderID":"` + orderText + `","PaymentInfo":{"CardNumber":null,"CCV":"","StripeToken":"tok_visa","AgentId":""}}`, nil},
	"unknown members":         {pathAPI, `{"Amount":"0.01","Approved":true,"X":[1,{"y":[]},"z",false,null,-1.5e+3],` + tokenBody[1:], nil},
	"white space and a BOM":   {pathAPI, "\ufeff \r\n\t" + strings.ReplaceAll(tokenBody, ":", " :\n") + " \n", nil},
	"text/plain of a client":  {pathAPI, tokenBody, map[string]string{"Content-Type": "text/plain;charset=UTF-8"}},
	"no type of a client":     {pathReply, tokenBody, map[string]string{"Content-Type": "-"}},
	"suffix, slash and case":  {"/V1/customerPAYMENTS.JSON/", tokenBody, nil},
	"?format and Accept":      {pathPayments + "?format=JSON", tokenBody, map[string]string{"Accept": "application/json"}},
	"unknown format is JSON":  {pathPayments + "?format=yaml&callback=", tokenBody, map[string]string{"Accept": "image/png"}},
	"semicolon in the query":  {pathPayments + "?a;OrderID=bad&=x&%zz=1", tokenBody, nil},
	"override says the same":  {pathPayments, tokenBody, map[string]string{"X-Http-Method-Override": "post"}},
	"numbers of no member":    {pathAPI, `{"a":0,"b":-0.0,"c":1E5,"d":1e-5,` + tokenBody[1:], nil},
	"depth of sixteen":        {pathAPI, `{"a":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `,` + tokenBody[1:], nil},
	"pair of surrogates":      {pathAPI, `{"a":"\ud83d\ude00","b":"\"\\\/\b\f\n\r\t",` + tokenBody[1:], nil},
	"equal names in two":      {pathAPI, `{"a":{"x":1},"b":{"x":1},` + tokenBody[1:], nil},
	"snake case is not known": {pathAPI, `{"order_id":"bad","order_i_d":1,` + tokenBody[1:], nil},
}

// TestRequestReachesService shows that every way to write a request means the same to the Service.
func TestRequestReachesService(t *testing.T) {
	t.Parallel()
	for name, tt := range spellings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: "POST", target: tt.target, body: tt.body, headers: tt.headers}.do(newHandler(t, svc, nil))
			if w.Code != http.StatusOK || w.Body.String() != goldenPaid {
				t.Fatalf("answer %d: %s", w.Code, w.Body)
			}
			if len(svc.pay) != 1 || svc.calls() != 1 {
				t.Fatalf("the service was asked %d times", svc.calls())
			}
			req := svc.pay[0]
			if req.OrderID != orderID || req.Source.Token.Reveal() != "tok_visa" || req.Source.Card != nil {
				t.Errorf("order %v, source %q", req.OrderID, req.Source.Token.Reveal())
			}
			if req.ForAgent == nil || *req.ForAgent != 3 || req.Idempotency != (payments.Idempotency{Principal: "agent"}) {
				t.Errorf("for agent %v, idempotency %v", req.ForAgent, req.Idempotency)
			}
		})
	}
}

func TestRequestMembers(t *testing.T) {
	t.Parallel()
	body := `{"Customer":{"ID":"9","CustomerCode":7,"BusinessName":"Acme","FirstName":"Ann","LastName":"Bee",` +
		`"Email":"ann@example.com","UID":"{` + orderDashed + `}","AgentId":3},"OrderID":"` + orderText + `",` +
		`"PaymentInfo":{"PaymentType":"CARD","CardNumber":4242424242424242,"ExpDate":"12/30","CCV":123,"AgentId":"3"}}`
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	h := newHandler(t, svc, nil)
	key := map[string]string{"Idempotency-Key": `"a\"b"`}
	for _, method := range []string{"POST", "PUT"} {
		if w := (call{method: method, target: pathAPI, body: body, headers: key}).do(h); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", method, w.Code, w.Body)
		}
	}
	pay, complete := svc.pay[0], svc.complete[0]
	if pay.Type != payments.TypeCard {
		t.Errorf("type %d", pay.Type)
	}
	for name, payer := range map[string]payments.Payer{"pay": pay.Payer, "complete": complete.Payer} {
		if payer != (payments.Payer{CustomerID: 9, Name: "Ann Bee", Email: "ann@example.com"}) {
			t.Errorf("%s: payer %+v", name, payer)
		}
	}
	for name, source := range map[string]payments.Source{"pay": pay.Source, "complete": complete.Source} {
		card := source.Card
		if card == nil || card.Number.Reveal() != "4242424242424242" || card.CVC.Reveal() != "123" ||
			card.Expiry != (payments.Expiry{Month: 12, Year: 2030}) || !source.Token.IsZero() {
			t.Errorf("%s: the card did not arrive", name)
		}
	}
	want := payments.Idempotency{Key: `a"b`, Principal: "agent"}
	if pay.Idempotency != want || complete.Idempotency != want {
		t.Errorf("idempotency %v and %v", pay.Idempotency, complete.Idempotency)
	}
}

func TestPayerName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ business, first, last, want string }{
		"nobody":   {"", "", "", ""},
		"business": {"Acme", "", "", "Acme"},
		"person":   {"Acme", "Ann", "", "Ann"},
		"last":     {"", "", "Bee", "Bee"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in request
			in.customer.business, in.customer.first, in.customer.last = tt.business, tt.first, tt.last
			if got := in.payer().Name; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPaymentType(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want payments.PaymentType
		http int
	}{
		``: {payments.TypeUnspecified, 200}, `card`: {payments.TypeCard, 200}, `Token`: {payments.TypeToken, 200},
		`INTENT`: {payments.TypeIntent, 200}, `subscription`: {payments.TypeSubscription, 200},
		`bank`: {payments.TypeBank, 200}, `Credit Card`: {payments.TypeCard, 200}, `String`: {0, 400}, `1`: {0, 400},
		`card `: {0, 400},
	}
	for kind, tt := range tests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: with(payments.StatusDeclined)}}
			h := newHandler(t, svc, func(o *Options) {
				o.PaymentTypeAliases = map[string]payments.PaymentType{"credit card": payments.TypeCard}
			})
			body := `{"OrderID":"` + orderText + `","PaymentInfo":{"PaymentType":"` + kind + `"}}`
			w := call{method: "POST", target: pathPayments, body: body}.do(h)
			if w.Code != tt.http {
				t.Fatalf("answer %d: %s", w.Code, w.Body)
			}
			if tt.http == 200 && svc.pay[0].Type != tt.want {
				t.Errorf("type %d, want %d", svc.pay[0].Type, tt.want)
			}
			if tt.http == 400 && !strings.Contains(w.Body.String(), `"FieldName":"PaymentInfo.PaymentType"`) {
				t.Errorf("the field is not named: %s", w.Body)
			}
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	nested := "?customer=%7BID:5%7D&PaymentInfo=%7B%22AgentId%22:3%7D"
	for name, target := range map[string]string{
		"path":              pathPayment,
		"dashed":            "/v1/CustomerPayments/" + orderDashed,
		"braces":            "/v1/CustomerPayments/%7B" + orderDashed + "%7D",
		"suffix":            pathPayment + ".json",
		"suffix and slash":  pathPayment + ".JSON/",
		"another suffix":    pathPayment + ".xml",
		"case":              "/v1/customerpayments/" + strings.ToUpper(orderText),
		"query repeats it":  pathPayment + "?OrderID=" + orderText,
		"query is empty":    pathPayment + "?OrderID=&Customer=",
		"api":               pathAPI + "?OrderID=" + orderText,
		"api, path case":    "/API/customerpaymentsREQUEST?ORDERID=" + orderDashed,
		"reply":             pathReply + "?orderID=" + orderText,
		"nested":            pathPayment + nested,
		"nested on the api": pathAPI + nested + "&orderID=" + orderText,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"GET", "HEAD"} {
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				w := call{method: method, target: target}.do(newHandler(t, svc, nil))
				if w.Code != http.StatusOK || w.Body.String() != goldenPaid {
					t.Fatalf("%s: answer %d: %s", method, w.Code, w.Body)
				}
				if len(svc.find) != 1 || svc.find[0].OrderID != orderID || *svc.find[0].ForAgent != 3 {
					t.Errorf("%s: asked %+v", method, svc.find)
				}
			}
		})
	}
}

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, override string
		http             int
		pay, put, find   int
	}{
		"POST as PUT":     {"POST", "PUT", 200, 0, 1, 0},
		"any case":        {"POST", "put", 200, 0, 1, 0},
		"POST as DELETE":  {"POST", "DELETE", 405, 0, 0, 0},
		"POST as GET":     {"POST", "GET", 405, 0, 0, 0},
		"GET as PUT":      {"GET", "PUT", 200, 0, 0, 1},
		"PUT as POST":     {"PUT", "POST", 200, 0, 1, 0},
		"not in the path": {"POST", "", 200, 1, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			target := pathAPI + "?X-Http-Method-Override=PUT&OrderID=" + orderText
			w := call{method: tt.method, target: target, headers: map[string]string{"X-Http-Method-Override": tt.override}}.
				do(newHandler(t, svc, nil))
			if w.Code != tt.http || len(svc.pay) != tt.pay || len(svc.complete) != tt.put || len(svc.find) != tt.find {
				t.Errorf("answer %d, asked %d %d %d: %s", w.Code, len(svc.pay), len(svc.complete), len(svc.find), w.Body)
			}
		})
	}
}
