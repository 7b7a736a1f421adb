package formats_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
)

// shop stands for the *payments.Service of a host.
type shop struct{}

func (shop) Pay(context.Context, payments.PayRequest) (payments.Result, error) {
	return payments.Result{Payment: payments.Payment{ID: 1, UID: "u", Status: payments.StatusPaid}}, nil
}

func (s shop) Complete(ctx context.Context, _ payments.CompleteRequest) (payments.Result, error) {
	return s.Pay(ctx, payments.PayRequest{})
}

func (s shop) PaymentForOrder(ctx context.Context, _ payments.FindRequest) (payments.Payment, error) {
	r, err := s.Pay(ctx, payments.PayRequest{})
	return r.Payment, err
}

func anybody(*http.Request) (httpadapter.Principal, error) {
	return httpadapter.Principal{ID: "agent", Roles: []string{httpadapter.RoleAdministrator}}, nil
}

// Add every format to the routes, and read a payment in JSV.
func ExampleAll() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: anybody, Formats: formats.All()})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/CustomerPayments/0102030405060708090a0b0c0d0e0f10.jsv", nil))
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// application/jsv; charset=utf-8
	// {PaymentIntentSuccess:False,PaymentSuccess:True,SubscriptionSuccess:False,CustomerPayment:{ID:1,CustomerID:0,OrderHeaderID:0,Approved:True,ResponseCode:1,TransactionDate:0001-01-01,PaymentStatus:5,PaymentType:0}}
}

// A host whose callers have another namespace in their XML names it, and leaves out what nobody asks for.
func ExampleXML() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: anybody, Formats: []httpadapter.Format{formats.XML("urn:shop")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/CustomerPayments", strings.NewReader(
		`<CustomerPaymentsRequest xmlns="urn:shop"><OrderID>01020304-0506-0708-090a-0b0c0d0e0f10</OrderID></CustomerPaymentsRequest>`))
	r.Header.Set("Content-Type", "application/xml")
	r.Header.Set("Accept", "application/xml")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body := w.Body.String()
	fmt.Println(w.Code, body[strings.Index(body, "xmlns=\""):strings.Index(body, "<ClientSecret")])
	// Output:
	// 200 xmlns="urn:shop"><AgentNumber i:nil="true" />
}

// A spreadsheet opens the answer as a file.
func ExampleCSV() {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: anybody, Formats: []httpadapter.Format{formats.CSV()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/CustomerPayments/0102030405060708090a0b0c0d0e0f10?format=csv", nil))
	fmt.Println(w.Header().Get("Content-Disposition"))
	fmt.Println(strings.Split(w.Body.String(), "\r\n")[0])
	// Output:
	// attachment; filename="CustomerPaymentsRequest.csv"
	// ResponseStatus,PaymentIntentSuccess,PaymentSuccess,SubscriptionSuccess,Message,ReceiptUrl,AgentNumber,ClientSecret,CustomerPayment,PublicOrderID
}
