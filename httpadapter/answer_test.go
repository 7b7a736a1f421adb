package httpadapter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

// goldenPaid is the answer for paid(), byte for byte.
const goldenPaid = `{"PaymentIntentSuccess":false,"PaymentSuccess":true,"SubscriptionSuccess":false,` +
	`"ReceiptUrl":"https://pay.example/r?a=1&b=<2>","AgentNumber":"AG3","CustomerPayment":{"ID":7,"CustomerID":9,` +
	`"OrderHeaderID":12,"Amount":"12.50","Approved":true,"AuthCode":"123456","CardNumber":"************4242",` +
	`"ResponseCode":1,"TransactionId":"pi_1","TransactionDate":"2021-03-04T05:06:07.1234567Z",` +
	`"FullResponse":"{\"gateway\":\"fake\",\"reference\":\"pi_1\",\"status\":\"paid\",\"brand\":\"visa\",` +
	`\"last4\":\"4242\",\"exp\":\"12/2030\"}","PaymentStatus":5,"PaymentType":2},"PublicOrderID":"A-12"}`

// goldenCamel is the same in camelCase.
const goldenCamel = `{"paymentIntentSuccess":false,"paymentSuccess":true,"subscriptionSuccess":false,` +
	`"receiptUrl":"https://pay.example/r?a=1&b=<2>","agentNumber":"AG3","customerPayment":{"id":7,"customerID":9,` +
	`"orderHeaderID":12,"amount":"12.50","approved":true,"authCode":"123456","cardNumber":"************4242",` +
	`"responseCode":1,"transactionId":"pi_1","transactionDate":"2021-03-04T05:06:07.1234567Z",` +
	`"fullResponse":"{\"gateway\":\"fake\",\"reference\":\"pi_1\",\"status\":\"paid\",\"brand\":\"visa\",` +
	`\"last4\":\"4242\",\"exp\":\"12/2030\"}","paymentStatus":5,"paymentType":2},"publicOrderID":"A-12"}`

func TestAnswerGolden(t *testing.T) {
	t.Parallel()
	small := payments.Payment{UID: "u", Status: payments.StatusPaid}
	big := payments.Payment{UID: "u", Status: payments.StatusPaid, ID: 1 << 31, CustomerID: 1 << 40, OrderHeaderID: -1 << 40}
	const smallTail = `"CustomerPayment":{"ID":0,"CustomerID":0,"OrderHeaderID":0,"Approved":true,"ResponseCode":1,` +
		`"TransactionDate":"0001-01-01T00:00:00.0000000","PaymentStatus":5,"PaymentType":0}}`
	tests := map[string]struct {
		payment payments.Payment
		query   string
		camel   bool
		want    string
	}{
		"pascal":                      {paid(), "", false, goldenPaid},
		"camel by option":             {paid(), "", true, goldenCamel},
		"camel by jsconfig":           {paid(), "?jsconfig=eccn", false, goldenCamel},
		"camel by the long name":      {paid(), "?JSCONFIG=EmitCamelCaseNames:true", false, goldenCamel},
		"pascal against the option":   {paid(), "?jsconfig=eccn:false", true, goldenPaid},
		"unknown jsconfig is ignored": {paid(), "?jsconfig=abc,dh:nothing,eccn:maybe,,:", false, goldenPaid},
		"ISO8601 is what it is":       {paid(), "?jsconfig=dh:ISO8601", false, goldenPaid},
		"WCF date": {paid(), "?jsconfig=dh:DCJSCompatible", false,
			strings.Replace(goldenPaid, `2021-03-04T05:06:07.1234567Z`, `\/Date(1614834367123)\/`, 1)},
		"nothing set": {small, "", false,
			`{"PaymentIntentSuccess":false,"PaymentSuccess":true,"SubscriptionSuccess":false,` + smallTail},
		"numbers past 32 bits": {big, "", false,
			`{"PaymentIntentSuccess":false,"PaymentSuccess":true,"SubscriptionSuccess":false,` + smallTail},
		"without defaults": {small, "?jsconfig=edv", false,
			`{"PaymentSuccess":true,"CustomerPayment":{"Approved":true,"ResponseCode":1,"PaymentStatus":5}}`},
		"with nulls": {small, "?jsconfig=inv", false,
			`{"ResponseStatus":null,"PaymentIntentSuccess":false,"PaymentSuccess":true,"SubscriptionSuccess":false,` +
				`"Message":null,"ReceiptUrl":null,"AgentNumber":null,"ClientSecret":null,"CustomerPayment":{"ID":0,` +
				`"CustomerID":0,"OrderHeaderID":0,"Amount":null,"Approved":true,"AuthCode":null,"CardNumber":null,` +
				`"Message":null,"ResponseCode":1,"TransactionId":null,"TransactionDate":"0001-01-01T00:00:00.0000000",` +
				`"FullResponse":null,"PaymentStatus":5,"PaymentType":0},"PublicOrderID":null}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: tt.payment}}
			h := newHandler(t, svc, func(o *Options) {
				if tt.camel {
					o.Casing = Camel
				}
			})
			w := call{method: "GET", target: pathPayment + tt.query}.do(h)
			if w.Code != http.StatusOK || w.Body.String() != tt.want {
				t.Errorf("answer %d:\n%s\nwant\n%s", w.Code, w.Body, tt.want)
			}
		})
	}
}

// TestAnswerOfEveryStatus holds the adapter to the table of the design, status by status.
func TestAnswerOfEveryStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status       payments.Status
		http         int
		code         string
		intent, done bool
		approved     bool
	}{
		{payments.StatusCreated, 200, "0", true, false, false},
		{payments.StatusRequiresAction, 200, "4", true, false, false},
		{payments.StatusProcessing, 200, "4", false, false, false},
		{payments.StatusAuthorized, 200, "1", false, true, true},
		{payments.StatusPaid, 200, "1", false, true, true},
		{payments.StatusDeclined, 200, "2", false, false, false},
		{payments.StatusCanceled, 200, "0", false, false, false},
		{payments.StatusPartiallyRefunded, 200, "1", false, true, true},
		{payments.StatusRefunded, 200, "1", false, false, true},
		{payments.StatusDisputed, 200, "1", false, true, true},
		{payments.StatusUnknown, 202, "3", false, false, false},
		{payments.StatusExpired, 200, "0", false, false, false},
		{payments.StatusHeld, 202, "4", false, false, false},
	}
	truth := map[bool]string{true: "true", false: "false"}
	for _, tt := range tests {
		t.Run(tt.status.String(), func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"GET", "POST", "PUT"} {
				svc := &fakeService{result: payments.Result{Payment: with(tt.status),
					NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret("pi_1_secret_2")}}}
				w := call{method: method, target: pathAPI + "?OrderID=" + orderText}.do(newHandler(t, svc, nil))
				body := w.Body.String()
				if w.Code != tt.http {
					t.Errorf("%s: status %d, want %d", method, w.Code, tt.http)
				}
				for _, part := range []string{`"PaymentIntentSuccess":` + truth[tt.intent], `"PaymentSuccess":` + truth[tt.done],
					`"SubscriptionSuccess":false`, `"ResponseCode":` + tt.code + `,`, `"Approved":` + truth[tt.approved]} {
					if !strings.Contains(body, part) {
						t.Errorf("%s: no %s in %s", method, part, body)
					}
				}
				// The client secret is for who may pay, and only while there is something to do.
				want := tt.intent && method != "GET"
				if got := strings.Contains(body, "pi_1_secret_2"); got != want {
					t.Errorf("%s: client secret %v, want %v", method, got, want)
				}
				if message := tt.status.Answer().Message; message != "" && strings.Count(body, message) != 2 {
					t.Errorf("%s: the status's message does not stand twice: %s", method, body)
				}
			}
		})
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"plain":                {"a b", `"a b"`},
		"quote and backslash":  {`a"b\c`, `"a\"b\\c"`},
		"short escapes":        {"\b\t\n\f\r", `"\b\t\n\f\r"`},
		"upper-case escapes":   {"\x00\x0b\x1f\x7f", `"\u0000\u000B\u001F\u007F"`},
		"latin-1 controls":     {"\u0080\u0085\u009f\u00a0", "\"\\u0080\\u0085\\u009F\u00a0\""},
		"html stays":           {"</script>&'", `"</script>&'"`},
		"line separators stay": {"\u2028\u2029", "\"\u2028\u2029\""},
		"astral stays":         {"a😀b", `"a😀b"`},
		"not UTF-8":            {"a\xffb\xc3", "\"a\ufffdb\ufffd\""},
		"a real U+FFFD":        {"\ufffd", "\"\ufffd\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(appendString(nil, tt.in)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 2*60*60)
	tests := map[string]struct {
		in        time.Time
		iso, dcjs string
	}{
		"zero":        {time.Time{}, "0001-01-01T00:00:00.0000000", `\/Date(-62135596800000)\/`},
		"whole":       {time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02T03:04:05.0000000Z", `\/Date(1767323045000)\/`},
		"other zone":  {time.Date(2026, 1, 2, 3, 4, 5, 0, zone), "2026-01-02T01:04:05.0000000Z", `\/Date(1767315845000)\/`},
		"nanoseconds": {time.Date(2026, 1, 2, 3, 4, 5, 999999999, time.UTC), "2026-01-02T03:04:05.9999999Z", `\/Date(1767323045999)\/`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for form, want := range map[bool]string{false: tt.iso, true: tt.dcjs} {
				w := jsonWriter{buf: []byte("{"), jsConfig: jsConfig{wcfDates: form}}
				w.date(same("D"), tt.in)
				if got := string(w.buf[1:]); got != `"D":"`+want+`"` {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

// TestFullResponseIsAList shows that nothing of a payment but the listed keys reaches FullResponse.
func TestFullResponseIsAList(t *testing.T) {
	t.Parallel()
	p := paid()
	p.GatewayCode, p.DeclineCode, p.Account, p.Message = "card_declined", "insufficient_funds", "acct_1", "private"
	const want = `{"gateway":"fake","reference":"pi_1","status":"paid","code":"card_declined",` +
		`"decline_code":"insufficient_funds","brand":"visa","last4":"4242","exp":"12/2030"}`
	if got := fullResponse(&p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
