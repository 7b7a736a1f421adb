package formats_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
)

var update = flag.Bool("update", false, "write the golden files")

// world is a service that answers what it was told.
type world struct {
	result payments.Result
	err    error
	asked  []payments.PayRequest
}

func (w *world) Pay(_ context.Context, req payments.PayRequest) (payments.Result, error) {
	w.asked = append(w.asked, req)
	return w.result, w.err
}

func (w *world) Complete(context.Context, payments.CompleteRequest) (payments.Result, error) {
	return w.result, w.err
}

func (w *world) PaymentForOrder(context.Context, payments.FindRequest) (payments.Payment, error) {
	return w.result.Payment, w.err
}

const order = "0102030405060708090a0b0c0d0e0f10"

var orderID = payments.OrderID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// whole is a payment with every member, and with what each format must escape.
func whole() payments.Payment {
	return payments.Payment{
		ID: 7, UID: "0190163d-8694-739b-aea5-966c26f8ad91", Gateway: "fake", OrderID: orderID, OrderHeaderID: 12,
		PublicOrderID: `A-12 "é" <1>`, AgentID: 3, AgentNumber: "AG3", CustomerID: 9, Status: payments.StatusRequiresAction,
		Type: payments.TypeToken, Amount: payments.Money{Amount: 1250, Currency: "USD"},
		Reference: "pi_1", Attempt: "ch_1", AuthCode: "123456", ReceiptURL: "https://pay.example/r?a=1&b=<2>",
		Message:   "Confirm, please: {3-D} [Secure]\r\nnow",
		Method:    payments.PaymentMethod{ID: "pm_1", Brand: "visa", Last4: "4242", Expiry: payments.Expiry{Month: 12, Year: 2030}},
		DecidedAt: time.Date(2021, 3, 4, 5, 6, 7, 123456700, time.UTC),
	}
}

// handler makes the routes with every format. A caller's password is its role.
func handler(t testing.TB, svc httpadapter.Service, change func(*httpadapter.Options)) http.Handler {
	t.Helper()
	opts := httpadapter.Options{
		Authenticate: httpadapter.Basic("payments", func(_ context.Context, user, password string) (httpadapter.Principal, error) {
			if user != "agent" {
				return httpadapter.Principal{}, errors.New("unknown")
			}
			return httpadapter.Principal{ID: user, Roles: []string{password}, AgentID: 3}, nil
		}),
		Formats: formats.All(),
	}
	if change != nil {
		change(&opts)
	}
	h, err := httpadapter.New(svc, opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// outcomes are the answers that every format is held to.
var outcomes = map[string]struct {
	result       payments.Result
	err          error
	order        string
	user, role   string
	method, body string
}{
	"success": {result: payments.Result{Payment: whole(),
		NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret("pi_1_secret_2")}}},
	"smallest": {result: payments.Result{Payment: payments.Payment{UID: "u", Status: payments.StatusPaid}}},
	"decline": {result: payments.Result{Payment: payments.Payment{UID: "u", ID: 8, OrderID: orderID, Gateway: "fake", Reference: "pi_2",
		Status: payments.StatusDeclined, DeclineCode: "insufficient_funds", Amount: payments.Money{Amount: 1250, Currency: "USD"},
		DecidedAt: time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)}}, err: payments.ErrDeclined},
	"invalid":   {body: `{"OrderID":"` + order + `","Customer":{"Email":"x"},"PaymentInfo":{"PaymentType":"cheque"}}`, err: payments.ErrPaymentNotFound},
	"unbound":   {order: "x"},
	"nobody":    {user: "-"},
	"forbidden": {role: "Stranger"},
	"notfound":  {err: payments.ErrOrderNotFound},
	"conflict":  {err: payments.ErrConflict},
	"unknown":   {result: payments.Result{Payment: payments.Payment{UID: "u", Status: payments.StatusUnknown}}, err: payments.ErrUnknown},
	"read":      {result: payments.Result{Payment: whole()}, method: "GET"},
	"batch": {result: payments.Result{Payment: payments.Payment{UID: "u", Status: payments.StatusPaid}}, method: "BATCH",
		body: `[{"OrderID":"` + order + `"},{"OrderID":"x"},{}]`},
}

// jsonp is GET only, so that its outcomes are those of a GET.
var goldenFormats = []string{"json", "camel", "jsonp", "xml", "csv", "jsv", "html"}

// ask sends the request of an outcome in a format.
func ask(t *testing.T, name, format string) *httptest.ResponseRecorder {
	t.Helper()
	o := outcomes[name]
	method, body := "POST", o.body
	id := order
	if o.order != "" {
		id = o.order
	}
	if body == "" {
		body = `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"tok_visa"}}`
	}
	target := "/v1/CustomerPayments?format=" + format
	switch format {
	case "camel":
		target = "/v1/CustomerPayments?jsconfig=eccn"
	case "jsonp":
		method, body, target = "GET", "", "/api/CustomerPaymentsRequest?callback=cb&OrderID="+id
	}
	if o.method == "GET" && format != "jsonp" {
		method, body, target = "GET", "", strings.Replace(target, "?", "/"+id+"?", 1)
	}
	if o.method == "BATCH" && format != "jsonp" {
		target = strings.Replace(target, "/v1/CustomerPayments", "/api/CustomerPaymentsRequest[]", 1)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	role := "Agent"
	if o.role != "" {
		role = o.role
	}
	if o.user != "-" {
		r.SetBasicAuth("agent", role)
	}
	w := httptest.NewRecorder()
	handler(t, &world{result: o.result, err: o.err}, nil).ServeHTTP(w, r)
	return w
}

// TestGolden holds every answer in every format, byte for byte, to testdata/golden; -update writes it.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name := range outcomes {
		for _, format := range goldenFormats {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				w := ask(t, name, format)
				header := "HTTP " + w.Result().Status + "\nContent-Type: " + w.Header().Get("Content-Type") + "\n"
				for _, name := range []string{"Content-Disposition", "Vary", "X-Content-Type-Options", "Cache-Control", "WWW-Authenticate",
					"Content-Security-Policy", "X-AutoBatch-Completed"} {
					if values := w.Header()[http.CanonicalHeaderKey(name)]; values != nil {
						header += name + ": " + strings.Join(values, ", ") + "\n"
					}
				}
				got := header + "\n" + w.Body.String()
				file := filepath.Join("testdata", "golden", name+"."+format)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
					return
				}
				want, err := os.ReadFile(file)
				if err != nil || got != string(want) {
					t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, want)
				}
				secret := strings.Contains(got, "pi_1_secret_2")
				if allowed := name == "success" && format != "jsonp" && format != "html"; secret != allowed {
					t.Errorf("client secret: %v, allowed: %v", secret, allowed)
				}
			})
		}
	}
}
