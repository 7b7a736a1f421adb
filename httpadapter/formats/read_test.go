package formats_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

const dashed = "01020304-0506-0708-090A-0B0C0D0E0F10"

// post sends a body of a type to the documented route as the agent.
func post(t testing.TB, svc *world, kind, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/CustomerPayments", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.SetBasicAuth("agent", "Agent")
	w := httptest.NewRecorder()
	handler(t, svc, nil).ServeHTTP(w, r)
	return w
}

const (
	xmlHead = `<?xml version="1.0" encoding="utf-8"?><CustomerPaymentsRequest xmlns:i="http://www.w3.org/2001/XMLSchema-instance" ` +
		`xmlns="http://schemas.datacontract.org/2004/07/CRM.AgencyPlatform.API.Internal">`
	xmlTail = `</CustomerPaymentsRequest>`
	xmlBody = `<Customer><AgentId>3</AgentId><CustomerCode i:nil="true" /><Email>ann@example.com</Email><FirstName>Ann, &amp; "B"</FirstName><ID>9</ID>` +
		`<UID>` + order + `</UID></Customer><OrderID>` + dashed + `</OrderID><PaymentInfo><StripeToken>tok_visa</StripeToken></PaymentInfo>`
	jsvBody = `{Customer:{ID:9,AgentId:3,Email:ann@example.com,FirstName:"Ann, & ""B""",UID:` + order + `},OrderID:` + dashed + `,PaymentInfo:{StripeToken:tok_visa}}`
	csvBody = "Customer,OrderID,PaymentInfo\r\n" + `"{ID:9,AgentId:3,Email:ann@example.com,FirstName:""Ann, & """"B"""""",UID:` + order + `}",` +
		dashed + `,{StripeToken:tok_visa}` + "\r\n"
	formBody = "OrderID=" + dashed + "&PaymentInfo=%7BStripeToken:tok_visa%7D&Customer=%7BID:9,AgentId:3,Email:ann%40example.com," +
		"FirstName:%22Ann,+%26+%22%22B%22%22%22%7D"
)

// requests are ways to write one request.
var requests = map[string]struct{ kind, body string }{
	"xml":                       {"application/xml", xmlHead + xmlBody + xmlTail},
	"xml, text":                 {"text/xml; charset=utf-8", xmlHead + xmlBody + xmlTail},
	"xml with a prefix":         {"application/xml", `<a:CustomerPaymentsRequest xmlns:a="urn:x" xmlns:i="urn:i">` + prefixed(xmlBody) + `</a:CustomerPaymentsRequest>`},
	"xml without a declaration": {"application/xml", `<customerpaymentsrequest>` + strings.ReplaceAll(xmlBody, "OrderID", "ORDERID") + `</customerpaymentsrequest>`},
	"xml with comments":         {"application/xml", "\ufeff" + xmlHead + "<!-- a -->\n  " + strings.Replace(xmlBody, "Ann", "<![CDATA[A]]>n<!-- b -->n", 1) + "\n" + xmlTail + "<!-- c -->\n"},
	"xml with unknown members":  {"application/xml", xmlHead + `<Items><Item>1</Item><Item><x>2</x></Item></Items><Amount>0.01</Amount>` + xmlBody + xmlTail},
	"xml with empty members":    {"application/xml", xmlHead + strings.Replace(xmlBody, "<ID>", "<BusinessName></BusinessName><LastName />\n<ID>", 1) + xmlTail},
	"jsv":                       {"application/jsv", jsvBody},
	"jsv, text":                 {"TEXT/JSV", strings.ToLower(jsvBody[:10]) + jsvBody[10:]},
	"jsv with unknown members":  {"application/jsv", `{Items:[1,{a:b},"c",[]],Amount:,"Odd ""name""":{x:1},` + jsvBody[1:]},
	"jsv, everything quoted":    {"application/jsv", strings.NewReplacer("tok_visa", `"tok_visa"`, "OrderID", `"OrderID"`).Replace(jsvBody)},
	"csv":                       {"text/csv", csvBody},
	"csv without returns":       {"text/csv; header=present", strings.ReplaceAll(csvBody, "\r\n", "\n")},
	"csv with unknown columns":  {"text/csv", "\ufeffAmount,Empty," + strings.Replace(csvBody, "\r\n", "\r\n0.01,,", 1)},
	"form":                      {"application/x-www-form-urlencoded", formBody},
	"form with JSON within": {"application/x-www-form-urlencoded", "ORDERID=" + order + "&x=1&x=2&PaymentInfo=%7B%22StripeToken%22:%22tok_visa%22%7D" +
		"&Customer=%7B%22ID%22:9,%22AgentId%22:3,%22Email%22:%22ann@example.com%22,%22FirstName%22:%22Ann,+%26+%5C%22B%5C%22%22%7D"},
	"form, charset": {"application/x-www-form-urlencoded; charset=UTF-8", formBody + "&"},
}

// prefixed gives every element a prefix.
func prefixed(body string) string {
	return strings.NewReplacer("</", "</a:", "<", "<a:").Replace(body)
}

// TestRequestsMeanTheSame reads one request in every format.
func TestRequestsMeanTheSame(t *testing.T) {
	t.Parallel()
	for name, tt := range requests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &world{result: payments.Result{Payment: whole()}}
			w := post(t, svc, tt.kind, tt.body)
			if w.Code != http.StatusOK || len(svc.asked) != 1 {
				t.Fatalf("answer %d %s", w.Code, w.Body)
			}
			got := svc.asked[0]
			want := payments.Payer{CustomerID: 9, Name: `Ann, & "B"`, Email: "ann@example.com"}
			if got.OrderID != orderID || got.Payer != want || got.Source.Token.Reveal() != "tok_visa" || got.AgentID != 3 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// refused are bodies that must not be taken (RELIABILITY H1, H3, H4, H5).
var refused = map[string]struct{ kind, body, field string }{
	"xml, empty":               {"application/xml", " ", ""},
	"xml, another root":        {"application/xml", "<a></a>", ""},
	"xml, cut":                 {"application/xml", xmlHead + xmlBody, ""},
	"xml, two roots":           {"application/xml", xmlHead + xmlTail + xmlHead + xmlTail, ""},
	"xml, text after":          {"application/xml", xmlHead + xmlTail + "x", ""},
	"xml, text before":         {"application/xml", "x" + xmlHead + xmlTail, ""},
	"xml, text between":        {"application/xml", xmlHead + "x" + xmlBody + xmlTail, ""},
	"xml, text and a member":   {"application/xml", xmlHead + "<PaymentInfo>x<CCV>1</CCV></PaymentInfo>" + xmlTail, ""},
	"xml, wrong end":           {"application/xml", xmlHead + "<OrderID></orderid>" + xmlTail, ""},
	"xml, document type":       {"application/xml", `<!DOCTYPE a [<!ENTITY x "y">]>` + xmlHead + xmlTail, ""},
	"xml, external entity":     {"application/xml", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + xmlHead + "<OrderID>&x;</OrderID>" + xmlTail, ""},
	"xml, unknown entity":      {"application/xml", xmlHead + "<OrderID>&x;</OrderID>" + xmlTail, ""},
	"xml, another encoding":    {"application/xml", strings.Replace(xmlHead, "utf-8", "utf-16", 1) + xmlTail, ""},
	"xml, not UTF-8":           {"application/xml", xmlHead + "<a>\xff</a>" + xmlTail, ""},
	"xml, NUL":                 {"application/xml", xmlHead + "<a>\x00</a>" + xmlTail, ""},
	"xml, NUL as a reference":  {"application/xml", xmlHead + "<a>&#0;</a>" + xmlTail, ""},
	"xml, twice":               {"application/xml", xmlHead + "<OrderID>" + order + "</OrderID><OrderID>" + order + "</OrderID>" + xmlTail, "OrderID"},
	"xml, twice, nil":          {"application/xml", xmlHead + "<OrderID>" + order + `</OrderID><orderid i:nil="true"/>` + xmlTail, "OrderID"},
	"xml, twice, object":       {"application/xml", xmlHead + "<PaymentInfo><CCV>1</CCV></PaymentInfo><PaymentInfo><CCV>1</CCV></PaymentInfo>" + xmlTail, "PaymentInfo"},
	"xml, unknown twice":       {"application/xml", xmlHead + "<a>1</a><A>2</A>" + xmlTail, ""},
	"xml, no GUID":             {"application/xml", xmlHead + "<OrderID>x</OrderID>" + xmlTail, "OrderID"},
	"xml, object for a text":   {"application/xml", xmlHead + "<OrderID><a>1</a></OrderID>" + xmlTail, "OrderID"},
	"xml, text for an object":  {"application/xml", xmlHead + "<Customer>9</Customer>" + xmlTail, "Customer"},
	"xml, deep":                {"application/xml", xmlHead + strings.Repeat("<a>", 17) + strings.Repeat("</a>", 17) + xmlTail, ""},
	"xml, deeper":              {"application/xml", xmlHead + strings.Repeat("<a>", 9000), ""},
	"xml, nil with a member":   {"application/xml", xmlHead + `<a i:nil="true">` + strings.Repeat("<a>", 17) + strings.Repeat("</a>", 18) + xmlTail, ""},
	"jsv, empty":               {"application/jsv", " ", ""},
	"jsv, list":                {"application/jsv", "[" + jsvBody + "]", ""},
	"jsv, text":                {"application/jsv", "OrderID:" + order, ""},
	"jsv, cut":                 {"application/jsv", jsvBody[:len(jsvBody)-1], ""},
	"jsv, two":                 {"application/jsv", jsvBody + jsvBody, ""},
	"jsv, not UTF-8":           {"application/jsv", "{a:\xff}", ""},
	"jsv, NUL":                 {"application/jsv", "{a:\x00}", ""},
	"jsv, NUL in a name":       {"application/jsv", "{a\x00:1}", ""},
	"jsv, twice":               {"application/jsv", "{OrderID:" + order + ",orderid:" + order + "}", "OrderID"},
	"jsv, unknown twice":       {"application/jsv", "{a:1,A:2}", ""},
	"jsv, list for a text":     {"application/jsv", "{OrderID:[" + order + "]}", "OrderID"},
	"jsv, object for a number": {"application/jsv", "{Customer:{ID:{a:1}}}", "Customer.ID"},
	"jsv, text for an object":  {"application/jsv", "{PaymentInfo:x}", "PaymentInfo"},
	"jsv, deep":                {"application/jsv", strings.Repeat("{a:", 17) + strings.Repeat("}", 17), ""},
	"jsv, deep list":           {"application/jsv", "{a:" + strings.Repeat("[", 16) + strings.Repeat("]", 16) + "}", ""},
	"jsv, deeper":              {"application/jsv", strings.Repeat("{a:", 20000), ""},
	"csv, empty":               {"text/csv", " ", ""},
	"csv, header only":         {"text/csv", "OrderID\r\n", ""},
	"csv, two rows":            {"text/csv", "OrderID\r\n" + order + "\r\n" + order + "\r\n", ""},
	"csv, fewer fields":        {"text/csv", "OrderID,a\r\n" + order + "\r\n", ""},
	"csv, more fields":         {"text/csv", "OrderID\r\n" + order + ",1\r\n", ""},
	"csv, open quote":          {"text/csv", "OrderID\r\n\"" + order, ""},
	"csv, bare quote":          {"text/csv", "OrderID\r\na\"b\r\n", ""},
	"csv, twice":               {"text/csv", "OrderID,orderID\r\n" + order + "," + order + "\r\n", "OrderID"},
	"csv, broken within":       {"text/csv", "PaymentInfo\r\n{CCV:1\r\n", ""},
	"csv, object for a text":   {"text/csv", "OrderID\r\n{a:1}\r\n", "OrderID"},
	"csv, not UTF-8":           {"text/csv", "OrderID\r\n\xff\r\n", ""},
	"form, twice":              {"application/x-www-form-urlencoded", "OrderID=" + order + "&orderid=" + order, "OrderID"},
	"form, twice, empty":       {"application/x-www-form-urlencoded", "OrderID=&OrderID=" + order, "OrderID"},
	"form, no GUID":            {"application/x-www-form-urlencoded", "OrderID=x", "OrderID"},
	"form, bad escape":         {"application/x-www-form-urlencoded", "OrderID=%zz", "OrderID"},
	"form, not UTF-8":          {"application/x-www-form-urlencoded", "OrderID=%ff", ""},
	"form, NUL":                {"application/x-www-form-urlencoded", "PaymentInfo=%7Ba:%00%7D", ""},
	"form, no object":          {"application/x-www-form-urlencoded", "PaymentInfo=%5Bobject+Object%5D", "PaymentInfo"},
	"form, half JSON":          {"application/x-www-form-urlencoded", "PaymentInfo=%7B%22CCV%22:1%7D%7D", "PaymentInfo"},
	"form, wrong within":       {"application/x-www-form-urlencoded", "Customer=%7BID:x%7D", "Customer.ID"},
	"form, twice within":       {"application/x-www-form-urlencoded", "Customer=%7B%22ID%22:1,%22id%22:2%7D", "Customer.ID"},
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	if len(refused) < 60 {
		t.Errorf("%d cases are not the 60 of the gate", len(refused))
	}
	for name, tt := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &world{result: payments.Result{Payment: whole()}}
			w := post(t, svc, tt.kind, tt.body)
			body := w.Body.String()
			field := strings.Contains(body, `"FieldName":"`+tt.field+`"`)
			if w.Code != http.StatusBadRequest || !strings.Contains(body, `{"ErrorCode":"SerializationException"`) || len(svc.asked) != 0 ||
				field != (tt.field != "") || tt.field == "" && !strings.HasSuffix(body, `"Errors":[]}}`) {
				t.Errorf("answer %d %s", w.Code, body)
			}
		})
	}
}

// TestCardsAreNotRepeated shows that what is wrong with a card is said without it, in every format.
func TestCardsAreNotRepeated(t *testing.T) {
	t.Parallel()
	const card = "4242424242424242"
	for kind, body := range map[string]string{
		"application/xml":                   xmlHead + "<PaymentInfo>" + card + "</PaymentInfo>" + xmlTail,
		"text/xml":                          xmlHead + "<PaymentInfo><CardNumber><a>" + card + "</a></CardNumber></PaymentInfo>" + xmlTail,
		"application/jsv":                   "{PaymentInfo:" + card + "}",
		"text/jsv":                          "{PaymentInfo:{CardNumber:[" + card + "]}}",
		"text/csv":                          "PaymentInfo\r\n" + card + "\r\n",
		"application/x-www-form-urlencoded": "PaymentInfo=" + card,
	} {
		svc := &world{}
		if w := post(t, svc, kind, body); w.Code != 400 || strings.Contains(w.Body.String(), card) || len(svc.asked) != 0 {
			t.Errorf("%s: answer %d %s", kind, w.Code, w.Body)
		}
	}
}
