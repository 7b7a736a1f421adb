package httpadapter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

// The order of most tests, in its forms.
const (
	orderText   = "0102030405060708090a0b0c0d0e0f10"
	orderDashed = "01020304-0506-0708-090A-0B0C0D0E0F10"
	foreignText = "ffffffffffffffffffffffffffffffff"
)

var orderID = payments.OrderID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// fakeService remembers what it was asked and answers what it was told.
type fakeService struct {
	mu       sync.Mutex
	pay      []payments.PayRequest
	complete []payments.CompleteRequest
	find     []payments.FindRequest

	result payments.Result
	err    error
	hook   func()
}

func (f *fakeService) answer() (payments.Result, error) {
	if f.hook != nil {
		f.hook()
	}
	return f.result, f.err
}

func (f *fakeService) Pay(_ context.Context, req payments.PayRequest) (payments.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pay = append(f.pay, req)
	return f.answer()
}

func (f *fakeService) Complete(_ context.Context, req payments.CompleteRequest) (payments.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.complete = append(f.complete, req)
	return f.answer()
}

func (f *fakeService) PaymentForOrder(_ context.Context, req payments.FindRequest) (payments.Payment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.find = append(f.find, req)
	result, err := f.answer()
	return result.Payment, err
}

// calls returns how often the service was asked.
func (f *fakeService) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pay) + len(f.complete) + len(f.find)
}

// paid returns a payment with every field that the wire shows.
func paid() payments.Payment {
	return payments.Payment{
		ID: 7, UID: "0190163d-8694-739b-aea5-966c26f8ad91", Gateway: "fake", OrderID: orderID, OrderHeaderID: 12,
		PublicOrderID: "A-12", AgentID: 3, AgentNumber: "AG3", CustomerID: 9, Status: payments.StatusPaid,
		Type: payments.TypeToken, Amount: payments.Money{Amount: 1250, Currency: "USD"}, Captured: 1250,
		Reference: "pi_1", Attempt: "ch_1", AuthCode: "123456", ReceiptURL: "https://pay.example/r?a=1&b=<2>",
		Method:    payments.PaymentMethod{ID: "pm_1", Brand: "visa", Last4: "4242", Expiry: payments.Expiry{Month: 12, Year: 2030}},
		DecidedAt: time.Date(2021, 3, 4, 5, 6, 7, 123456700, time.UTC),
	}
}

// with returns the paid payment in another status, as a fresh one has it.
func with(status payments.Status) payments.Payment {
	p := paid()
	p.Status, p.ReceiptURL, p.AuthCode = status, "", ""
	return p
}

// The callers that the tests know; each one's password is "pw".
var principals = map[string]Principal{
	"agent":  {ID: "agent", Roles: []string{RoleAgent}, AgentID: 3},
	"other":  {ID: "other", Roles: []string{RoleAgent}, AgentID: 4},
	"zero":   {ID: "zero", Roles: []string{RoleAgent}},
	"boss":   {ID: "boss", Roles: []string{RoleAdministrator}},
	"admin":  {ID: "admin", Roles: []string{RoleAdmin}},
	"both":   {ID: "both", Roles: []string{RoleAgent, RoleAdministrator}, AgentID: 3},
	"nobody": {ID: "nobody"},
	"lower":  {ID: "lower", Roles: []string{"agent", "administrator", "admin"}},
	"noid":   {Roles: []string{RoleAdmin}},
}

func verify(_ context.Context, user, password string) (Principal, error) {
	switch {
	case user == "outage":
		return Principal{}, payments.NewError(payments.Error{Code: payments.ErrUnavailable}, errors.New("secret cause"))
	case password != "pw":
		return Principal{}, errors.New("wrong password")
	}
	who, ok := principals[user]
	if !ok {
		return Principal{}, errors.New("unknown user")
	}
	return who, nil
}

// newHandler makes a handler over the service with the tests' callers.
func newHandler(t testing.TB, svc Service, change func(*Options)) *Handler {
	t.Helper()
	opts := Options{Authenticate: Basic("payments", verify)}
	if change != nil {
		change(&opts)
	}
	h, err := New(svc, opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return h
}

// call is one request of a test. An empty user is the agent, "-" is nobody.
type call struct {
	method, target, body, user string
	headers                    map[string]string
}

// do sends the request as its sender would and returns the answer. The Content-Type is JSON unless another one is given;
// "-" sends none.
func (c call) do(h http.Handler) *httptest.ResponseRecorder {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, c.target, body)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range c.headers {
		if value == "-" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, value)
	}
	switch c.user {
	case "":
		r.SetBasicAuth("agent", "pw")
	case "-":
	default:
		r.SetBasicAuth(c.user, "pw")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	c.record(h, r, w)
	return w
}

// The paths of the tests.
const (
	pathPayments = "/v1/CustomerPayments"
	pathPayment  = "/v1/CustomerPayments/" + orderText
	pathAPI      = "/api/CustomerPaymentsRequest"
	pathReply    = "/json/reply/CustomerPaymentsRequest"
)

// tokenBody is the plainest payment.
const tokenBody = `{"OrderID":"` + orderText + `","PaymentInfo":{"StripeToken":"tok_visa"}}`
