package httpadapter

import (
	"reflect"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// sample is a value that each member of the request takes.
var sample = map[string]string{
	"Customer": `{"ID":5}`, "Customer.ID": `5`, "Customer.CustomerCode": `"c"`, "Customer.BusinessName": `"b"`, "Customer.FirstName": `"f"`, "Customer.LastName": `"l"`,
	"Customer.Email": `"a@b.example"`, "Customer.UID": `"` + orderText + `"`, "Customer.AgentId": `3`, "OrderID": `"` + orderText + `"`,
	"PaymentInfo": `{"StripeToken":"tok_visa"}`, "PaymentInfo.PaymentType": `"token"`, "PaymentInfo.CardNumber": `"4242424242424242"`, "PaymentInfo.ExpDate": `"12/30"`,
	"PaymentInfo.CCV": `"123"`, "PaymentInfo.StripeToken": `"tok_visa"`, "PaymentInfo.AgentId": `3`,
}

// leaves returns all members of the request, the nested ones too.
func leaves(members []member) []member {
	var all []member
	for _, m := range members {
		all = append(all, m)
		all = append(all, leaves(m.members)...)
	}
	return all
}

// bodyOf is a body whose member m stands as the text of members says, in the object that holds it.
func bodyOf(m member, members string) string {
	if object, _, nested := strings.Cut(m.path, "."); nested {
		return `{"` + object + `":{` + members + `}}`
	}
	return `{` + members + `}`
}

// TestTwinsAndKinds is row H5 over every member of the request: twice, in another case, spelled by an escape, and of each kind of
// value that the member does not take. The member is named, and the service is not asked.
func TestTwinsAndKinds(t *testing.T) {
	t.Parallel()
	bodies := 0
	refuse := func(body, want string) {
		t.Helper()
		bodies++
		for _, method := range []string{"POST", "PUT"} {
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: method, target: pathAPI, body: body}.do(newHandler(t, svc, nil))
			if w.Code != 400 || w.Body.String() != want || svc.calls() != 0 {
				t.Errorf("%s %s: answer %d\n%s\nwant\n%s", method, body, w.Code, w.Body, want)
			}
		}
	}
	for _, m := range leaves(requestMembers) {
		value, ok := sample[m.path]
		if !ok {
			t.Fatalf("no sample of %s", m.path)
		}
		one := `"` + m.name + `":` + value
		escaped := `"\u00` + hexOf(m.name[0]) + m.name[1:] + `":null`
		for _, other := range []string{one, `"` + strings.ToUpper(m.name) + `":` + value, `"` + camelName(m.name) + `":null`, escaped} {
			refuse(bodyOf(m, one+`,`+other), twice(m.path))
		}
		kinds := map[string]string{`[` + value + `]`: "[…]", `true`: "true", `false`: "false"}
		switch m.kind {
		case kindObject:
			kinds[`"x"`], kinds[`7`] = "…", "…"
		case kindGUID:
			kinds[`{"$gt":""}`], kinds[`7`] = "{…}", "…"
		case kindNumber, kindText:
			kinds[`{"$gt":""}`] = "{…}"
		}
		for kind, word := range kinds {
			refuse(bodyOf(m, `"`+m.name+`":`+kind), wrong(m.path, word))
		}
	}
	matrix.Count(t, "H5", bodies)
}

func hexOf(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// ofTheServer are members that an attacker may hope for: what only the server says, and what no caller is ever asked.
var ofTheServer = []string{
	`"ID":7`, `"Amount":"0.01"`, `"Amount":0.01`, `"Total":1`, `"Currency":"JPY"`, `"Price":1`, `"Approved":true`, `"ResponseCode":1`, `"PaymentStatus":5`, `"Status":"paid"`,
	`"PaymentSuccess":true`, `"PaymentIntentSuccess":true`, `"SubscriptionSuccess":true`, `"ClientSecret":"pi_1_secret_2"`, `"TransactionId":"pi_other"`, `"AuthCode":"1"`,
	`"FullResponse":"{}"`, `"PublicOrderID":"B-1"`, `"OrderHeaderID":99`, `"CustomerPayment":{"Approved":true,"Amount":"0.01","ID":7}`, `"ResponseStatus":{}`, `"Captured":1250`,
	`"Reference":"pi_other"`, `"Gateway":"fake"`, `"Namespace":"other"`, `"ForAgent":4`, `"AgentID":4`, `"Roles":["Admin"]`, `"Principal":{"ID":"boss"}`, `"LiveMode":false`,
	`"__proto__":{"Approved":true}`, `"constructor":{"prototype":{}}`, `"$type":"System.Object"`, `"@class":"x"`, `"order_id":"` + foreignText + `"`, `"Order ID":"` + foreignText + `"`,
}

// TestServerFieldsAreIgnored is the rest of row H5: what only the server decides is not read from a request, at its top or within its
// objects: the service is asked the same as without it.
func TestServerFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	ask := func(body string) (payments.PayRequest, int, string) {
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		w := call{method: "POST", target: pathAPI, body: body}.do(newHandler(t, svc, nil))
		if len(svc.pay) != 1 {
			t.Fatalf("%s: answer %d, asked %d", body, w.Code, len(svc.pay))
		}
		token := svc.pay[0].Source.Token.Reveal()
		svc.pay[0].Source = payments.Source{} // a secret compares by identity
		return svc.pay[0], w.Code, token + w.Body.String()
	}
	const head = `{` + orderMember + `,"Customer":{"Email":"a@b.example"`
	const info, tail = `},"PaymentInfo":{"StripeToken":"tok_visa"`, `}`
	plain, code, text := ask(head + info + tail + tail)
	bodies := 0
	for _, extra := range ofTheServer {
		name, _, _ := strings.Cut(strings.Trim(extra, `"`), `"`)
		list := []string{head + info + tail + `,` + extra + tail}
		if find(requestMembers[0].members, name) < 0 {
			list = append(list, head+`,`+extra+info+tail+tail)
		}
		if find(requestMembers[2].members, name) < 0 {
			list = append(list, head+info+`,`+extra+tail+tail)
		}
		for _, body := range list {
			bodies++
			if got, gotCode, gotText := ask(body); !reflect.DeepEqual(got, plain) || gotCode != code || gotText != text {
				t.Errorf("%s: asked %+v, want %+v: answer %d %s", body, got, plain, gotCode, gotText)
			}
		}
	}
	matrix.Count(t, "H5", bodies)
}
