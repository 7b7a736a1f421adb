package httpadapter

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// unboundAnswer is the answer to a request that cannot be read, for a field and a message or for none.
func unboundAnswer(field, message string) string {
	errors := ""
	if field != "" {
		errors = `{"ErrorCode":"SerializationException","FieldName":"` + field + `","Message":"` + message + `"}`
	}
	return `{"ResponseStatus":{"ErrorCode":"SerializationException",` +
		`"Message":"Unable to bind to request 'CustomerPaymentsRequest'","Errors":[` + errors + `]}}`
}

// wrong is unboundAnswer for a value that the field does not hold.
func wrong(field, value string) string {
	return unboundAnswer(field, "'"+value+"' is an Invalid value for '"+field+"'")
}

// malformedAnswer is the answer to a body that is not JSON.
var malformedAnswer = unboundAnswer("", "")

// orderMember is the order's id as a member of a body.
const orderMember = `"OrderID":"` + orderText + `"`

// differ is the message for two ids that are not the same.
const differ = "'OrderID' is given more than once, with different values"

// twice is the answer to a member that stands twice.
func twice(field string) string {
	return unboundAnswer(field, "'"+field+"' is given more than once")
}

// bindingRefused is what the decoder must not let through (RELIABILITY H1, H3, H4, H5, H8).
var bindingRefused = map[string]struct{ target, body, want string }{
	"not JSON":                  {pathAPI, `hello`, malformedAnswer},
	"white space":               {pathAPI, ` `, malformedAnswer},
	"cut":                       {pathAPI, tokenBody[:len(tokenBody)-1], malformedAnswer},
	"null":                      {pathAPI, `null`, malformedAnswer},
	"array":                     {pathAPI, `[` + tokenBody + `]`, malformedAnswer},
	"second document":           {pathAPI, tokenBody + tokenBody, malformedAnswer},
	"garbage after":             {pathAPI, tokenBody + `x`, malformedAnswer},
	"NUL after":                 {pathAPI, tokenBody + "\x00", malformedAnswer},
	"trailing comma":            {pathAPI, `{` + orderMember + `,}`, malformedAnswer},
	"no comma":                  {pathAPI, `{` + orderMember + ` "a":1}`, malformedAnswer},
	"no colon":                  {pathAPI, `{"a" 1}`, malformedAnswer},
	"name without quotes":       {pathAPI, `{a:1}`, malformedAnswer},
	"single quotes":             {pathAPI, `{'a':1}`, malformedAnswer},
	"comment":                   {pathAPI, `{/**/` + orderMember + `}`, malformedAnswer},
	"leading zero":              {pathAPI, `{"a":01}`, malformedAnswer},
	"bare minus":                {pathAPI, `{"a":-}`, malformedAnswer},
	"plus":                      {pathAPI, `{"a":+1}`, malformedAnswer},
	"point without digits":      {pathAPI, `{"a":1.}`, malformedAnswer},
	"exponent without digits":   {pathAPI, `{"a":1e}`, malformedAnswer},
	"NaN":                       {pathAPI, `{"a":NaN}`, malformedAnswer},
	"True":                      {pathAPI, `{"a":True}`, malformedAnswer},
	"nul":                       {pathAPI, `{"OrderID":nul}`, malformedAnswer},
	"control in a string":       {pathAPI, "{\"a\":\"\n\"}", malformedAnswer},
	"control after an escape":   {pathAPI, "{\"a\":\"\\n\n\"}", malformedAnswer},
	"unknown escape":            {pathAPI, `{"a":"\x41"}`, malformedAnswer},
	"escape cut":                {pathAPI, `{"a":"\`, malformedAnswer},
	"hex cut":                   {pathAPI, `{"a":"\u12"}`, malformedAnswer},
	"not hex":                   {pathAPI, `{"a":"\u12g4"}`, malformedAnswer},
	"string cut":                {pathAPI, `{"a":"b`, malformedAnswer},
	"string with escape cut":    {pathAPI, `{"a":"\n`, malformedAnswer},
	"invalid UTF-8 in a value":  {pathAPI, "{\"a\":\"\xff\"}", malformedAnswer},
	"invalid UTF-8 in a name":   {pathAPI, "{\"\xff\":1}", malformedAnswer},
	"overlong":                  {pathAPI, "{\"a\":\"\xc0\xaf\"}", malformedAnswer},
	"surrogate in bytes":        {pathAPI, "{\"a\":\"\xed\xa0\x80\"}", malformedAnswer},
	"lone high surrogate":       {pathAPI, `{"a":"\ud83d"}`, malformedAnswer},
	"lone low surrogate":        {pathAPI, `{"a":"\ude00"}`, malformedAnswer},
	"surrogates the wrong way":  {pathAPI, `{"a":"\ude00\ud83d"}`, malformedAnswer},
	"escaped NUL":               {pathAPI, `{"a":"\u0000"}`, malformedAnswer},
	"depth of objects":          {pathAPI, strings.Repeat(`{"a":`, 17) + `1` + strings.Repeat(`}`, 17), malformedAnswer},
	"depth of arrays":           {pathAPI, `{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, malformedAnswer},
	"depth of 60,000":           {pathAPI, `{"a":` + strings.Repeat("[", 60000), malformedAnswer},
	"duplicate of an unknown":   {pathAPI, `{"a":1,"a":1}`, malformedAnswer},
	"case twin of an unknown":   {pathAPI, `{"ab":1,"AB":1}`, malformedAnswer},
	"duplicate deep down":       {pathAPI, `{"a":[{"b":1,"b":1}]}`, malformedAnswer},
	"duplicate":                 {pathAPI, `{` + orderMember + `,` + orderMember + `}`, twice("OrderID")},
	"case twin":                 {pathAPI, `{` + orderMember + `,"orderid":"` + foreignText + `"}`, twice("OrderID")},
	"escaped twin":              {pathAPI, `{` + orderMember + `,"\u004frderID":null}`, twice("OrderID")},
	"nested duplicate":          {pathAPI, `{"PaymentInfo":{"CardNumber":"1","cardnumber":"2"}}`, twice("PaymentInfo.CardNumber")},
	"not a GUID":                {pathAPI, `{"OrderID":"x"}`, wrong("OrderID", "x")},
	"GUID with a dash":          {pathAPI, `{"OrderID":"` + orderDashed[:35] + `"}`, wrong("OrderID", orderDashed[:35])},
	"GUID of homoglyphs":        {pathAPI, `{"OrderID":"` + strings.Repeat("а", 32) + `"}`, wrong("OrderID", strings.Repeat("а", 32))},
	"GUID with a line break":    {pathAPI, `{"OrderID":"a\r\nb"}`, wrong("OrderID", `a\r\nb`)},
	"GUID that is long":         {pathAPI, `{"OrderID":"` + strings.Repeat("a", 65) + `"}`, wrong("OrderID", strings.Repeat("a", 64)+"…")},
	"number for a GUID":         {pathAPI, `{"OrderID":1}`, wrong("OrderID", "…")},
	"true for a GUID":           {pathAPI, `{"OrderID":true}`, wrong("OrderID", "true")},
	"object for a GUID":         {pathAPI, `{"OrderID":{"$ne":1}}`, wrong("OrderID", "{…}")},
	"array for a GUID":          {pathAPI, `{"OrderID":["` + orderText + `"]}`, wrong("OrderID", "[…]")},
	"false for a text":          {pathAPI, `{"PaymentInfo":{"CCV":false}}`, wrong("PaymentInfo.CCV", "false")},
	"broken object for a text":  {pathAPI, `{"PaymentInfo":{"CCV":{1}}}`, malformedAnswer},
	"customer's GUID":           {pathAPI, `{"Customer":{"UID":"7"}}`, wrong("Customer.UID", "7")},
	"text for a number":         {pathAPI, `{"Customer":{"ID":"seven"}}`, wrong("Customer.ID", "seven")},
	"fraction for a number":     {pathAPI, `{"Customer":{"ID":7.5}}`, wrong("Customer.ID", "7.5")},
	"exponent for a number":     {pathAPI, `{"Customer":{"ID":1e2}}`, wrong("Customer.ID", "1e2")},
	"number out of range":       {pathAPI, `{"Customer":{"ID":9223372036854775808}}`, wrong("Customer.ID", "9223372036854775808")},
	"number of many digits":     {pathAPI, `{"PaymentInfo":{"AgentId":"99999999999999999999"}}`, wrong("PaymentInfo.AgentId", "99999999999999999999")},
	"minus for a number":        {pathAPI, `{"Customer":{"AgentId":"-"}}`, wrong("Customer.AgentId", "-")},
	"text for an object":        {pathAPI, `{"Customer":"{ID:5}"}`, wrong("Customer", "…")},
	"array for an object":       {pathAPI, `{"PaymentInfo":[]}`, wrong("PaymentInfo", "[…]")},
	"query is no GUID":          {pathPayments + "?orderID=x", tokenBody, wrong("OrderID", "x")},
	"query is badly escaped":    {pathPayments + "?orderID=%zz", tokenBody, wrong("OrderID", "****")},
	"query is not UTF-8":        {pathPayments + "?orderID=%ff", tokenBody, wrong("OrderID", "\ufffd")},
	"query and body differ":     {pathPayments + "?OrderID=" + foreignText, tokenBody, unboundAnswer("OrderID", differ)},
	"query differs from itself": {pathPayments + "?OrderID=" + foreignText + "&orderid=" + orderText, `{}`, unboundAnswer("OrderID", differ)},
}

func TestBindingRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range bindingRefused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, user := range []string{"", "-"} {
				svc := &fakeService{result: payments.Result{Payment: paid()}}
				w := call{method: "POST", target: tt.target, body: tt.body, user: user}.do(newHandler(t, svc, nil))
				if w.Code != http.StatusBadRequest || w.Body.String() != tt.want {
					t.Errorf("answer %d:\n%s\nwant\n%s", w.Code, w.Body, tt.want)
				}
				if svc.calls() != 0 {
					t.Error("the service was asked")
				}
			}
		})
	}
}

func TestGetRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ target, want string }{
		"no GUID":           {"/v1/CustomerPayments/x", wrong("OrderID", "x")},
		"no GUID, suffix":   {"/v1/CustomerPayments/x.y.json", wrong("OrderID", "x.y")},
		"query differs":     {pathPayment + "?OrderID=" + foreignText, unboundAnswer("OrderID", differ)},
		"stringified":       {pathPayment + "?customer=%5Bobject+Object%5D", wrong("Customer", "[object Object]")},
		"neither":           {pathPayment + "?Customer=%7BID%3A5", wrong("Customer", "****")},
		"a card":            {pathPayment + "?PaymentInfo=4242424242424242", wrong("PaymentInfo", "****")},
		"badly escaped":     {pathPayment + "?PaymentInfo=%", wrong("PaymentInfo", "****")},
		"on the api":        {pathAPI + "?customer=x&OrderID=" + orderText, wrong("Customer", "****")},
		"api and no GUID":   {pathAPI + "?OrderID=" + orderText + "0", wrong("OrderID", orderText+"0")},
		"second is no GUID": {pathAPI + "?OrderID=" + orderText + "&OrderID=x", wrong("OrderID", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: "GET", target: tt.target}.do(newHandler(t, svc, nil))
			if w.Code != http.StatusBadRequest || w.Body.String() != tt.want || svc.calls() != 0 {
				t.Errorf("answer %d:\n%s\nwant\n%s", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestValidationRefuses(t *testing.T) {
	t.Parallel()
	info := func(members string) string {
		return `{"OrderID":"` + orderText + `","PaymentInfo":{` + members + `}}`
	}
	customer := func(members string) string {
		return `{"OrderID":"` + orderText + `","Customer":{` + members + `}}`
	}
	long := strings.Repeat("é", 101)
	for name, tt := range map[string]struct{ user, body, code, field string }{
		"no order":             {"", `{}`, "NotEmpty", "OrderID"},
		"empty body":           {"", ``, "NotEmpty", "OrderID"},
		"empty order":          {"", `{"OrderID":""}`, "NotEmpty", "OrderID"},
		"order of zeros":       {"", `{"OrderID":"00000000-0000-0000-0000-000000000000"}`, "NotEmpty", "OrderID"},
		"token and card":       {"", info(`"StripeToken":"tok_visa","CardNumber":"4242424242424242"`), "Empty", "PaymentInfo.CardNumber"},
		"expiry":               {"", info(`"CardNumber":"4242424242424242","ExpDate":"13/30"`), "ExpDate", "PaymentInfo.ExpDate"},
		"type":                 {"", info(`"PaymentType":"cheque"`), "Enum", "PaymentInfo.PaymentType"},
		"token's length":       {"", info(`"StripeToken":"` + strings.Repeat("t", 256) + `"`), "Length", "PaymentInfo.StripeToken"},
		"negative customer":    {"", customer(`"ID":-1`), "GreaterThanOrEqual", "Customer.ID"},
		"business's length":    {"", customer(`"BusinessName":"` + long + `"`), "Length", "Customer.BusinessName"},
		"first name's length":  {"", customer(`"FirstName":"` + long + `"`), "Length", "Customer.FirstName"},
		"last name's length":   {"", customer(`"LastName":"` + long + `"`), "Length", "Customer.LastName"},
		"no e-mail":            {"", customer(`"Email":"String"`), "Email", "Customer.Email"},
		"two e-mails":          {"", customer(`"Email":"a@b.c,d@e.f"`), "Email", "Customer.Email"},
		"line in an e-mail":    {"", customer(`"Email":"a@b.c\r\nBcc: d@e.f"`), "Email", "Customer.Email"},
		"another agent":        {"", customer(`"AgentId":4`), "Equal", "Customer.AgentId"},
		"another agent's card": {"", info(`"AgentId":4`), "Equal", "PaymentInfo.AgentId"},
		"two agents": {"boss", `{"OrderID":"` + orderText + `","Customer":{"AgentId":3},"PaymentInfo":{"AgentId":4}}`,
			"Equal", "PaymentInfo.AgentId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"POST", "PUT"} {
				svc := &fakeService{err: payments.ErrPaymentNotFound}
				w := call{method: method, target: pathPayments, body: tt.body, user: tt.user}.do(newHandler(t, svc, nil))
				head := `{"ResponseStatus":{"ErrorCode":"` + tt.code + `","Message":"`
				entry := `"Errors":[{"ErrorCode":"` + tt.code + `","FieldName":"` + tt.field + `","Message":"`
				const tail = `"}]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}`
				body := w.Body.String()
				if w.Code != http.StatusBadRequest || !strings.HasPrefix(body, head) || !strings.Contains(body, entry) ||
					!strings.HasSuffix(body, tail) || len(svc.pay)+len(svc.complete) != 0 {
					t.Errorf("%s: answer %d: %s", method, w.Code, body)
				}
				// Nobody learns the rules without a role.
				if w := (call{method: method, target: pathPayments, body: tt.body, user: "-"}).do(newHandler(t, svc, nil)); w.Code != 401 {
					t.Errorf("%s: anonymous answer %d", method, w.Code)
				}
			}
		})
	}
}

// TestPaymentInfoOfAPaidOrder shows that what is wrong with PaymentInfo does not matter where it is not used: a payment
// that is secured or under way is answered as it is.
func TestPaymentInfoOfAPaidOrder(t *testing.T) {
	t.Parallel()
	unused := []payments.Status{payments.StatusProcessing, payments.StatusAuthorized, payments.StatusPaid,
		payments.StatusPartiallyRefunded, payments.StatusDisputed, payments.StatusHeld}
	for status := payments.StatusCreated; status <= payments.StatusHeld; status++ {
		t.Run(status.String(), func(t *testing.T) {
			t.Parallel()
			for _, info := range []string{`"PaymentType":"cheque"`, `"CardNumber":"4242424242424242","ExpDate":"never"`,
				`"CardNumber":"4242424242424242","StripeToken":"tok_visa"`} {
				body := `{"OrderID":"` + orderText + `","PaymentInfo":{` + info + `}}`
				for _, method := range []string{"POST", "PUT"} {
					svc := &fakeService{result: payments.Result{Payment: with(status)}}
					w := call{method: method, target: pathPayments, body: body}.do(newHandler(t, svc, nil))
					if refused := w.Code == http.StatusBadRequest; refused == slices.Contains(unused, status) {
						t.Errorf("%s %s: answer %d: %s", method, info, w.Code, w.Body)
					}
					if len(svc.find) != 1 || *svc.find[0].ForAgent != 3 || len(svc.pay) != 0 {
						t.Errorf("%s %s: looked %d times, paid %d times", method, info, len(svc.find), len(svc.pay))
					}
					for _, req := range svc.complete {
						if !req.Source.IsZero() {
							t.Errorf("%s: the way to pay went on", info)
						}
					}
				}
			}
		})
	}
}

// TestSeveralMistakes shows that every field that is wrong has an entry, and that the first one speaks for all.
func TestSeveralMistakes(t *testing.T) {
	t.Parallel()
	body := `{"Customer":{"Email":"x"},"PaymentInfo":{"PaymentType":"x"}}`
	w := call{method: "POST", target: pathPayments, body: body}.do(newHandler(t, &fakeService{}, nil))
	const want = `{"ResponseStatus":{"ErrorCode":"NotEmpty","Message":"'OrderID' must not be empty.","Errors":[` +
		`{"ErrorCode":"NotEmpty","FieldName":"OrderID","Message":"'OrderID' must not be empty."},` +
		`{"ErrorCode":"Email","FieldName":"Customer.Email","Message":"'Customer.Email' is not an e-mail address."},` +
		`{"ErrorCode":"Enum","FieldName":"PaymentInfo.PaymentType","Message":"'PaymentInfo.PaymentType' is not a known way to pay."}` +
		`]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}`
	if got := w.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	pad := func(n int) string { return tokenBody + strings.Repeat(" ", n-len(tokenBody)) }
	tests := map[string]struct {
		limit   int64
		size    int
		chunked bool
		http    int
	}{
		"at the limit":                 {0, DefaultMaxBody, false, 200},
		"at the limit, chunked":        {0, DefaultMaxBody, true, 200},
		"one over":                     {0, DefaultMaxBody + 1, false, 413},
		"one over, chunked":            {0, DefaultMaxBody + 1, true, 413},
		"one over a limit of the host": {128, 129, true, 413},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			h := newHandler(t, svc, func(o *Options) { o.MaxBody = tt.limit })
			var body io.Reader = strings.NewReader(pad(tt.size))
			if tt.chunked {
				body = io.MultiReader(body)
			}
			r := httptest.NewRequest("POST", pathAPI, body)
			r.SetBasicAuth("agent", "pw")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.http {
				t.Fatalf("answer %d: %s", w.Code, w.Body)
			}
			const want = `{"ResponseStatus":{"ErrorCode":"PayloadTooLarge","Message":"The body is too large.","Errors":[]}}`
			if tt.http == 413 && w.Body.String() != want {
				t.Errorf("answer %s", w.Body)
			}
		})
	}
}

func TestBodyThatBreaks(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", pathAPI, io.MultiReader(strings.NewReader(`{`), brokenReader{}))
	r.SetBasicAuth("agent", "pw")
	w := httptest.NewRecorder()
	newHandler(t, &fakeService{}, nil).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, fmt.Errorf("cut") }

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target, kind, encoding, body string
		http                         int
	}{
		{pathPayments, "text/plain", "", tokenBody, 415},
		{pathPayments, "-", "", tokenBody, 415},
		{pathPayments, "-", "", "", 400},
		{pathAPI, "-", "", "", 400},
		{pathAPI + "[]", "application/x-www-form-urlencoded", "", "OrderID=" + orderText, 415},
		{pathAPI, "application/xml", "", "<a/>", 415},
		{pathAPI, "application/jsv", "", "{}", 415},
		{pathAPI, "application/json", "gzip", tokenBody, 415},
		{pathAPI, "application/jsonp", "", tokenBody, 415},
		{pathAPI, "multipart/form-data; boundary=x", "", tokenBody, 415},
	} {
		t.Run(tt.target+" "+tt.kind+" "+tt.encoding, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			headers := map[string]string{"Content-Type": tt.kind}
			if tt.encoding != "" {
				headers["Content-Encoding"] = tt.encoding
			}
			w := call{method: "POST", target: tt.target, body: tt.body, headers: headers}.do(newHandler(t, svc, nil))
			if w.Code != tt.http || svc.calls() != 0 {
				t.Fatalf("answer %d: %s", w.Code, w.Body)
			}
			if tt.http == 415 && !strings.HasPrefix(w.Body.String(), `{"ResponseStatus":{"ErrorCode":"UnsupportedMediaType",`) {
				t.Errorf("answer %s", w.Body)
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values []string
		want   string
		ok     bool
	}{
		"none":                 {nil, "", true},
		"bare":                 {[]string{"8e03978e-40d5-43e8-bc93-6894a57f9324"}, "8e03978e-40d5-43e8-bc93-6894a57f9324", true},
		"quoted":               {[]string{`"8e03978e"`}, "8e03978e", true},
		"escapes":              {[]string{`"a\"b\\c"`}, `a"b\c`, true},
		"a space inside":       {[]string{"a b"}, "a b", true},
		"space around":         {[]string{" \ta\t "}, "a", true},
		"255 bytes":            {[]string{strings.Repeat("k", 255)}, strings.Repeat("k", 255), true},
		"255 bytes, quoted":    {[]string{`"` + strings.Repeat("k", 255) + `"`}, strings.Repeat("k", 255), true},
		"256 bytes":            {[]string{strings.Repeat("k", 256)}, "", false},
		"empty":                {[]string{""}, "", false},
		"blank":                {[]string{"  "}, "", false},
		"empty quoted":         {[]string{`""`}, "", false},
		"two":                  {[]string{"a", "a"}, "", false},
		"not ASCII":            {[]string{"é"}, "", false},
		"control":              {[]string{"a\tb"}, "", false},
		"delete":               {[]string{"a\x7f"}, "", false},
		"one quote":            {[]string{`"`}, "", false},
		"not closed":           {[]string{`"a`}, "", false},
		"closed by an escape":  {[]string{`"a\"`}, "", false},
		"quote inside":         {[]string{`"a"b"`}, "", false},
		"parameters":           {[]string{`"a";x=1`}, "", false},
		"escape of a letter":   {[]string{`"\a"`}, "", false},
		"control in the quote": {[]string{"\"a\nb\""}, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := idempotencyKey(tt.values); got != tt.want || ok != tt.ok {
				t.Errorf("got %q %v", got, ok)
			}
		})
	}
}

func TestBadIdempotencyKeyIsRefused(t *testing.T) {
	t.Parallel()
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	h := newHandler(t, svc, nil)
	headers := map[string]string{"Idempotency-Key": `"a`}
	w := call{method: "POST", target: pathAPI, body: tokenBody, headers: headers}.do(h)
	want := unboundAnswer("Idempotency-Key", "'Idempotency-Key' is not one text of 1 to 255 printable ASCII characters")
	if w.Code != 400 || w.Body.String() != want || svc.calls() != 0 {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
	if w := (call{method: "GET", target: pathPayment, headers: headers}).do(h); w.Code != 200 {
		t.Errorf("GET has no key to be wrong, but the answer is %d", w.Code)
	}
}
