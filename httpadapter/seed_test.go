package httpadapter

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

// The sample request and response of the seed's page, as they stand there.
const (
	seedRequest = `{"Customer":{"ID":0,"CustomerCode":"String","BusinessName":"String","FirstName":"String","LastName":"String",` +
		`"Email":"String","UID":"00000000000000000000000000000000","AgentId":0},"OrderID":"00000000000000000000000000000000",` +
		`"PaymentInfo":{"PaymentType":"String","CardNumber":"String","ExpDate":"String","CCV":"String","StripeToken":"String","AgentId":0}}`
	seedResponse = `{"ResponseStatus":{"ErrorCode":"String","Message":"String","StackTrace":"String","Errors":[{"ErrorCode":"String",` +
		`"FieldName":"String","Message":"String","Meta":{"String":"String"}}],"Meta":{"String":"String"}},"PaymentIntentSuccess":false,` +
		`"PaymentSuccess":false,"SubscriptionSuccess":false,"Message":"String","ReceiptUrl":"String","AgentNumber":"String",` +
		`"ClientSecret":"String","CustomerPayment":{"ID":0,"CustomerID":0,"OrderHeaderID":0,"Amount":"String","Approved":false,` +
		`"AuthCode":"String","CardNumber":"String","Message":"String","ResponseCode":0,"TransactionId":"String",` +
		`"TransactionDate":"0001-01-01T00:00:00.0000000","FullResponse":"String","PaymentStatus":0,"PaymentType":0},"PublicOrderID":"String"}`
)

// TestSeedResponse writes the seed's sample with our own writer and compares it byte for byte, but for the four members that
// are never filled.
func TestSeedResponse(t *testing.T) {
	t.Parallel()
	const s = "String"
	r := response{status: &responseStatus{code: s, message: s, errors: []responseError{{s, s, s}}}, message: s, receiptURL: s,
		agentNumber: s, clientSecret: s, publicOrderID: s, payment: &customerPayment{amount: s, authCode: s, cardNumber: s, message: s,
			transactionID: s, transactionDate: time.Time{}, fullResponse: s}}
	want := strings.ReplaceAll(seedResponse, `"StackTrace":"String"`, `"StackTrace":null`)
	want = strings.ReplaceAll(want, `"Meta":{"String":"String"}`, `"Meta":null`)
	if got := string(appendJSON(nil, &r, jsConfig{nulls: true})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSeedRequest shows that every member of the seed's sample is known, and what becomes of its placeholders.
func TestSeedRequest(t *testing.T) {
	t.Parallel()
	var sample map[string]json.RawMessage
	if err := json.Unmarshal([]byte(seedRequest), &sample); err != nil {
		t.Fatal(err)
	}
	var names, known []string
	for name, value := range sample {
		names = append(names, name)
		var nested map[string]json.RawMessage
		if json.Unmarshal(value, &nested) == nil {
			for inner := range nested {
				names = append(names, name+"."+inner)
			}
		}
	}
	for _, m := range requestMembers {
		known = append(known, m.path)
		for _, inner := range m.members {
			known = append(known, inner.path)
		}
	}
	slices.Sort(names)
	slices.Sort(known)
	if !slices.Equal(names, known) {
		t.Errorf("the seed has %v, we know %v", names, known)
	}
	svc := &fakeService{err: payments.ErrPaymentNotFound}
	w := call{method: "POST", target: pathPayments, body: seedRequest}.do(newHandler(t, svc, nil))
	if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, `"FieldName":"OrderID"`) || svc.calls() != 0 {
		t.Errorf("answer %d: %s", w.Code, body)
	}
}

// TestLongNested shows that a query's nested member has the limit that a body has.
func TestLongNested(t *testing.T) {
	t.Parallel()
	fits := `{"a":"` + strings.Repeat("x", DefaultMaxBody-8) + `"}`
	if len(fits) != DefaultMaxBody || !validNested(fits) || validNested(fits+" ") {
		t.Errorf("a value of %d bytes: %v, one longer: %v", len(fits), validNested(fits), validNested(fits+" "))
	}
}
