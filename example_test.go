package payments_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/storage/memory"
)

// orderID is the order of the examples: 12.50 USD.
var orderID, _ = payments.ParseOrderID("0f8fad5b-d9cb-469f-a165-70867728950e")

// exampleOrders stands for the host's table of orders.
func exampleOrders(_ context.Context, id payments.OrderID) (payments.Order, error) {
	if id != orderID {
		return payments.Order{}, payments.ErrOrderNotFound
	}
	return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
}

// newExample returns a service over the fake gateway and a store in memory.
func newExample(opts *payments.Options) (*payments.Service, *fake.Gateway) {
	gateway, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		panic(err)
	}
	service, err := payments.New(memory.New(nil), gateway, payments.OrdersFunc(exampleOrders), opts)
	if err != nil {
		panic(err)
	}
	return service, gateway
}

// A host that pays one order with the fake gateway, without a database and without keys.
func Example() {
	ctx := context.Background()
	gateway, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		panic(err)
	}
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	service, err := payments.New(memory.New(nil), gateway, orders, nil)
	if err != nil {
		panic(err)
	}

	id, _ := payments.ParseOrderID("0f8fad5b-d9cb-469f-a165-70867728950e")
	res, err := service.Pay(ctx, payments.PayRequest{
		OrderID: id,
		Source:  payments.Source{Token: payments.NewToken("tok_visa")},
	})
	fmt.Println(res.Payment.Status, res.Payment.Amount, err)

	again, err := service.Pay(ctx, payments.PayRequest{OrderID: id})
	fmt.Println(again.Payment.UID == res.Payment.UID, gateway.Ledger()[id.String()].Charges, err)
	// Output:
	// paid 12.50 USD <nil>
	// true 1 <nil>
}

func ExampleService_Pay() {
	service, _ := newExample(nil)
	res, err := service.Pay(context.Background(), payments.PayRequest{
		OrderID: orderID,
		Source:  payments.Source{Token: payments.NewToken("tok_chargeDeclinedInsufficientFunds")},
	})
	// A decline is an error, and a recorded payment: the order may be tried again with another card.
	var e *payments.Error
	if errors.As(err, &e) && errors.Is(err, payments.ErrDeclined) {
		fmt.Println(res.Payment.Status, e.DeclineCode, e.Outcome)
	}
	// Output:
	// declined insufficient_funds not applied
}

// The payer must authenticate: the page gets the client secret, and the host asks how it ended.
func ExampleService_Complete() {
	ctx := context.Background()
	service, gateway := newExample(nil)
	res, _ := service.Pay(ctx, payments.PayRequest{
		OrderID: orderID,
		Source:  payments.Source{Token: payments.NewToken("tok_threeDSecure2Required")},
	})
	fmt.Println(res.Payment.Status, "secret:", res.NextAction.ClientSecret)

	// This is what the payer's page does.
	if err := gateway.Authenticate(ctx, res.NextAction.ClientSecret.Reveal(), fake.AuthPass, ""); err != nil {
		panic(err)
	}

	res, err := service.Complete(ctx, payments.CompleteRequest{OrderID: orderID})
	fmt.Println(res.Payment.Status, err)
	// Output:
	// requires_action secret: ****
	// paid <nil>
}

func ExampleService_Refund() {
	ctx := context.Background()
	service, _ := newExample(nil)
	if _, err := service.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}}); err != nil {
		panic(err)
	}
	for range 2 { // the same key refunds once
		res, err := service.Refund(ctx, payments.RefundCommand{
			Target: payments.Target{OrderID: orderID},
			Key:    "return-17",
			Amount: payments.Money{Amount: 250, Currency: "USD"},
		})
		fmt.Println(res.Refund.Status, res.Payment.Status, res.Payment.Refundable(), err)
	}
	// Output:
	// succeeded partially_refunded 10.00 USD <nil>
	// succeeded partially_refunded 10.00 USD <nil>
}

// Reserve now and take the money when the goods leave.
func ExampleService_Capture() {
	ctx := context.Background()
	service, _ := newExample(&payments.Options{ManualCapture: true})
	res, _ := service.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	fmt.Println(res.Payment.Status)
	p, err := service.Capture(ctx, payments.CaptureCommand{Target: payments.Target{PaymentUID: res.Payment.UID}})
	fmt.Println(p.Status, err)
	// Output:
	// authorized
	// paid <nil>
}

func ExampleService_Void() {
	ctx := context.Background()
	service, _ := newExample(nil)
	if _, err := service.Pay(ctx, payments.PayRequest{OrderID: orderID}); err != nil {
		panic(err)
	}
	p, err := service.Void(ctx, payments.VoidCommand{Target: payments.Target{OrderID: orderID}})
	fmt.Println(p.Status, err)
	// Output:
	// canceled <nil>
}

// An answer is lost after the money moved. The caller is told that nobody knows; nothing is charged again; and the first
// look after the outage finds out.
func ExampleService_Reconcile() {
	ctx := context.Background()
	c := newClock()
	service, gateway := newExample(&payments.Options{Clock: c})
	_ = gateway.Fault(fake.OpConfirm, fake.FaultDropAfter, 1)
	_ = gateway.Fault(fake.OpFetch, fake.FaultDropBefore, -1)
	res, err := service.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	fmt.Println(res.Payment.Status, errors.Is(err, payments.ErrUnknown))

	gateway.ClearFaults()
	c.Advance(time.Minute)
	report, err := service.Reconcile(ctx)
	p, _ := service.PaymentForOrder(ctx, payments.FindRequest{OrderID: orderID})
	fmt.Println(report.Resolved, p.Status, gateway.Ledger()[orderID.String()].Charges, err)
	// Output:
	// unknown true
	// 1 paid 1 <nil>
}

func ExampleService_PaymentForOrder() {
	service, _ := newExample(nil)
	_, err := service.PaymentForOrder(context.Background(), payments.FindRequest{OrderID: orderID})
	fmt.Println(errors.Is(err, payments.ErrPaymentNotFound))
	// Output:
	// true
}

func ExampleService_Payments() {
	ctx := context.Background()
	service, _ := newExample(nil)
	if _, err := service.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}}); err != nil {
		panic(err)
	}
	page, err := service.Payments(ctx, payments.Filter{Statuses: []payments.Status{payments.StatusPaid}})
	for _, p := range page.Payments {
		fmt.Println(p.OrderID, p.Status, p.Method.Brand, p.Method.Last4)
	}
	fmt.Println(page.Next, err)
	// Output:
	// 0f8fad5bd9cb469fa16570867728950e paid visa 4242
	// 0 <nil>
}

// The host is told of each change inside the transaction that writes it.
func ExampleOptions_onEvent() {
	service, _ := newExample(&payments.Options{OnEvent: func(_ context.Context, e payments.Event) error {
		fmt.Println(e.Type, e.OrderID, e.Amount) // with storage: update the order through storage.Tx(ctx)
		return nil
	}})
	_, _ = service.Pay(context.Background(), payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	// Output:
	// payment.paid 0f8fad5bd9cb469fa16570867728950e 12.50 USD
}

func ExampleParseMoney() {
	m, err := payments.ParseMoney("12.50", "USD")
	fmt.Println(m.Amount, m, err)
	_, err = payments.ParseMoney("12.505", "USD")
	fmt.Println(err)
	// Output:
	// 1250 12.50 USD <nil>
	// payments: invalid: the amount has more digits after the point than its currency
}

func ExampleParseOrderID() {
	id, err := payments.ParseOrderID("{0F8FAD5B-D9CB-469F-A165-70867728950E}")
	fmt.Println(id, err)
	// Output:
	// 0f8fad5bd9cb469fa16570867728950e <nil>
}

func ExampleCardNumber() {
	n := payments.NewCardNumber("4242 4242 4242 4242")
	fmt.Printf("%v %#v %s %s %v\n", n, n, n.Last4(), n.Brand(), n.Valid())
	// Output:
	// **** **** 4242 visa true
}

func ExampleOutcomeOf() {
	fmt.Println(payments.OutcomeOf(nil))
	fmt.Println(payments.OutcomeOf(context.DeadlineExceeded)) // money may have moved
	fmt.Println(payments.OutcomeOf(&payments.Error{Code: payments.ErrDeclined, Outcome: payments.OutcomeNotApplied}))
	// Output:
	// applied
	// unknown
	// not applied
}

func ExampleStatus_Answer() {
	for _, s := range []payments.Status{payments.StatusPaid, payments.StatusDeclined, payments.StatusUnknown} {
		a := s.Answer()
		fmt.Println(s, a.ResponseCode, a.Approved(), a.Pending)
	}
	// Output:
	// paid 1 true false
	// declined 2 false false
	// unknown 3 false true
}
