package httpadapter_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
)

// shop stands for the *payments.Service of a host: it has one paid order.
type shop struct{}

func (shop) Pay(_ context.Context, req payments.PayRequest) (payments.Result, error) {
	payment := payments.Payment{ID: 1, UID: "0190163d-8694-739b-aea5-966c26f8ad91", OrderID: req.OrderID,
		Status: payments.StatusPaid, Amount: payments.Money{Amount: 1250, Currency: "USD"}}
	if req.Source.Token.Reveal() == "tok_chargeDeclined" {
		payment.Status = payments.StatusDeclined
		return payments.Result{Payment: payment}, payments.ErrDeclined
	}
	return payments.Result{Payment: payment}, nil
}

func (s shop) Complete(ctx context.Context, req payments.CompleteRequest) (payments.Result, error) {
	return s.Pay(ctx, payments.PayRequest{OrderID: req.OrderID})
}

func (shop) PaymentForOrder(context.Context, payments.FindRequest) (payments.Payment, error) {
	return payments.Payment{}, payments.ErrPaymentNotFound
}

// verify knows one user.
func verify(_ context.Context, user, password string) (httpadapter.Principal, error) {
	if user != "agent" || subtle.ConstantTimeCompare([]byte(password), []byte("p@ss")) != 1 {
		return httpadapter.Principal{}, fmt.Errorf("unknown user")
	}
	return httpadapter.Principal{ID: user, Roles: []string{httpadapter.RoleAgent}, AgentID: 3}, nil
}

// send sends a request as the agent and prints the answer.
func send(h http.Handler, method, target, body string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("agent", "p@ss")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

const payOrder = `{"OrderID":"0102030405060708090a0b0c0d0e0f10","PaymentInfo":{"StripeToken":"tok_visa"}}`

// Mount the routes and pay an order.
func Example() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify)})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/", h)
	send(mux, "POST", "/v1/CustomerPayments", payOrder)
	// Output:
	// 200 {"PaymentIntentSuccess":false,"PaymentSuccess":true,"SubscriptionSuccess":false,"CustomerPayment":{"ID":1,"CustomerID":0,"OrderHeaderID":0,"Amount":"12.50","Approved":true,"ResponseCode":1,"TransactionDate":"0001-01-01T00:00:00.0000000","PaymentStatus":5,"PaymentType":0}}
}

// There is no way to open the routes by leaving something out.
func ExampleNew() {
	_, err := httpadapter.New(shop{}, httpadapter.Options{})
	fmt.Println(err)
	// Output:
	// httpadapter: no Options.Authenticate is given; the routes are never open to everybody
}

// A host that keeps other things at its root gives the routes a place of their own.
func ExampleOptions_basePath() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{
		Authenticate: httpadapter.Basic("payments", verify),
		BasePath:     "/pay",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/pay/", h)
	send(mux, "GET", "/pay/v1/CustomerPayments/0102030405060708090a0b0c0d0e0f10.json", "")
	// Output:
	// 404 {"ResponseStatus":{"ErrorCode":"NotFound","Message":"The order or its payment was not found.","Errors":[]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}
}

// The official Python client reads camelCase only. A host may answer everybody so, and a caller may ask for it.
func ExampleOptions_casing() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{
		Authenticate: httpadapter.Basic("payments", verify),
		Casing:       httpadapter.Camel,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	send(h, "POST", "/api/CustomerPaymentsRequest?jsconfig=edv", payOrder)
	// Output:
	// 200 {"paymentSuccess":true,"customerPayment":{"id":1,"amount":"12.50","approved":true,"responseCode":1,"paymentStatus":5}}
}

// A decline is an answer, not an error: 200, and Approved is false.
func ExampleHandler_decline() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify)})
	if err != nil {
		fmt.Println(err)
		return
	}
	send(h, "POST", "/v1/CustomerPayments?jsconfig=edv", strings.Replace(payOrder, "tok_visa", "tok_chargeDeclined", 1))
	// Output:
	// 200 {"Message":"The card was declined.","CustomerPayment":{"ID":1,"Amount":"12.50","Message":"The card was declined.","ResponseCode":2,"PaymentStatus":6}}
}

// A request that is not right is told field by field.
func ExampleHandler_invalid() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify)})
	if err != nil {
		fmt.Println(err)
		return
	}
	send(h, "POST", "/v1/CustomerPayments", `{"OrderID":"not-a-guid"}`)
	// Output:
	// 400 {"ResponseStatus":{"ErrorCode":"SerializationException","Message":"Unable to bind to request 'CustomerPaymentsRequest'","Errors":[{"ErrorCode":"SerializationException","FieldName":"OrderID","Message":"'not-a-guid' is an Invalid value for 'OrderID'"}]}}
}

// Any scheme will do: an authenticator is a function, and its error names the challenge.
func ExampleUnauthorizedError() {
	bearer := func(r *http.Request) (httpadapter.Principal, error) {
		if r.Header.Get("Authorization") != "Bearer good" {
			return httpadapter.Principal{}, &httpadapter.UnauthorizedError{Challenge: `Bearer realm="payments"`}
		}
		return httpadapter.Principal{ID: "service", Roles: []string{httpadapter.RoleAdministrator}}, nil
	}
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: bearer})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/v1/CustomerPayments/0102030405060708090a0b0c0d0e0f10", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output:
	// 401 Bearer realm="payments"
}

// closed is a policy of the host's own between the routes and the service.
type closed struct{ httpadapter.Service }

func (closed) Pay(context.Context, payments.PayRequest) (payments.Result, error) {
	return payments.Result{}, payments.NewError(payments.Error{Code: payments.ErrConflict, Outcome: payments.OutcomeNotApplied,
		Fields: []payments.FieldError{{Field: "OrderID", Code: "Conflict", Message: "The shop is closed on Sundays."}}}, nil)
}

// A host puts its own policy between the routes and the service by wrapping one method.
func ExampleService() {
	h, err := httpadapter.New(closed{shop{}}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify)})
	if err != nil {
		fmt.Println(err)
		return
	}
	send(h, "POST", "/v1/CustomerPayments", payOrder)
	// Output:
	// 409 {"ResponseStatus":{"ErrorCode":"Conflict","Message":"The shop is closed on Sundays.","Errors":[{"ErrorCode":"Conflict","FieldName":"OrderID","Message":"The shop is closed on Sundays."}]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}
}

// Pages of an allowed origin may pay from a browser, with the payer's own credentials: the browser asks first.
func ExampleOptions_allowedOrigins() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{
		Authenticate:     httpadapter.Basic("payments", verify),
		AllowedOrigins:   []string{"https://shop.example"},
		AllowCredentials: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, origin := range []string{"https://shop.example", "https://elsewhere.example"} {
		r := httptest.NewRequest("OPTIONS", "/v1/CustomerPayments", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%d %q %q\n", w.Code, w.Header().Get("Access-Control-Allow-Origin"), w.Header().Get("Access-Control-Allow-Methods"))
	}
	// Output:
	// 200 "https://shop.example" "GET, POST, PUT, OPTIONS"
	// 200 "" ""
}

// JSONP is for pages of this host and of the allowed origins; a host that has no such pages turns it off.
func ExampleOptions_jsonp() {
	const target = "/v1/CustomerPayments/0102030405060708090a0b0c0d0e0f10?callback=show"
	for _, off := range []bool{false, true} {
		h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify), NoJSONP: off})
		if err != nil {
			fmt.Println(err)
			return
		}
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	// Output:
	// 403 text/javascript; charset=utf-8 /**/show({"ResponseStatus":{"ErrorCode":"Forbidden","Message":"Requests from this origin are not allowed.","Errors":[]}})
	// 401 application/json; charset=utf-8 {"ResponseStatus":{"ErrorCode":"Unauthorized","Message":"Not Authenticated","Errors":[]}}
}

// Several orders in one request: each is judged alone.
func ExampleHandler_batch() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify)})
	if err != nil {
		fmt.Println(err)
		return
	}
	send(h, "POST", "/api/CustomerPaymentsRequest[]?jsconfig=edv", "["+payOrder+`,{"OrderID":"x"}]`)
	// Output:
	// 200 [{"PaymentSuccess":true,"CustomerPayment":{"ID":1,"Amount":"12.50","Approved":true,"ResponseCode":1,"PaymentStatus":5}},{"ResponseStatus":{"ErrorCode":"SerializationException","Message":"Unable to bind to request 'CustomerPaymentsRequest'","Errors":[{"ErrorCode":"SerializationException","FieldName":"OrderID","Message":"'x' is an Invalid value for 'OrderID'"}]}}]
}

// Mount answers an error where the mux has something else at that place.
func ExampleHandler_Mount() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify), BasePath: "/pay"})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	fmt.Println(h.Mount(mux))
	fmt.Println(h.Mount(mux) != nil)
	// Output:
	// <nil>
	// true
}
