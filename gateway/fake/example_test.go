package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// newGateway makes the examples' gateway and the order that they pay.
func newGateway(o fake.Options) (*fake.Gateway, payments.PaymentRef) {
	o.AllowFake = true
	g, err := fake.New(o)
	if err != nil {
		panic(err)
	}
	order, err := payments.ParseOrderID("0f8fad5b-d9cb-469f-a165-70867728950e")
	if err != nil {
		panic(err)
	}
	return g, payments.PaymentRef{OrderID: order, PaymentUID: "019578a0-0000-7000-8000-000000000001"}
}

// The fake does not run by a mistake.
func ExampleNew() {
	_, err := fake.New(fake.Options{})
	fmt.Println(err)
	// Output: fake: the fake gateway takes no money; set Options.AllowFake to use it on purpose
}

// A token is charged in one request.
func ExampleGateway_Authorize() {
	g, order := newGateway(fake.Options{})
	s, err := g.Authorize(context.Background(), payments.AuthorizeRequest{
		PaymentRef: order, Key: "order-1:authorize", Amount: payments.Money{Amount: 1250, Currency: "USD"},
		Source: payments.Source{Token: payments.NewToken("tok_visa")}, Capture: true,
	})
	fmt.Println(s.Status, s.Amount, s.Method.Brand, s.Method.Last4, err)
	// Output: paid 12.50 USD visa 4242 <nil>
}

// A declined card is an error that says that nothing was taken; the snapshot stands beside it.
func ExampleGateway_Authorize_declined() {
	g, order := newGateway(fake.Options{})
	s, err := g.Authorize(context.Background(), payments.AuthorizeRequest{
		PaymentRef: order, Key: "order-1:authorize", Amount: payments.Money{Amount: 1250, Currency: "USD"},
		Source: payments.Source{Token: payments.NewToken("tok_chargeDeclinedInsufficientFunds")}, Capture: true,
	})
	fmt.Println(s.Status, errors.Is(err, payments.ErrDeclined), payments.OutcomeOf(err))
	fmt.Println(s.Message)
	// Output:
	// declined true not applied
	// The card has insufficient funds. Please try another card.
}

// The payer's page pays by the client secret; with a 3-D Secure card the payer authenticates.
func ExampleGateway_Authenticate() {
	ctx := context.Background()
	g, order := newGateway(fake.Options{})
	in, err := g.Prepare(ctx, payments.PrepareRequest{PaymentRef: order, Key: "order-1:prepare",
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Capture: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Status, in.NextAction.ClientSecret) // a secret does not print itself

	err = g.Authenticate(ctx, in.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_threeDSecure2Required")
	s, _ := g.Fetch(ctx, payments.FetchRequest{PaymentRef: order, Reference: in.Reference})
	fmt.Println(s.Status, err)
	// Output:
	// created ****
	// paid <nil>
}

// The answer is lost after the effect: the outcome is unknown, and the same key finds out.
func ExampleGateway_Fault() {
	ctx := context.Background()
	g, order := newGateway(fake.Options{})
	if err := g.Fault(fake.OpAuthorize, fake.FaultDropAfter, 1); err != nil {
		fmt.Println(err)
	}
	req := payments.AuthorizeRequest{PaymentRef: order, Key: "order-1:authorize", Amount: payments.Money{Amount: 1250, Currency: "USD"},
		Source: payments.Source{Token: payments.NewToken("tok_visa")}, Capture: true}
	_, err := g.Authorize(ctx, req)
	fmt.Println("first:", payments.OutcomeOf(err))
	s, err := g.Authorize(ctx, req)
	fmt.Println("again:", s.Status, err)
	fmt.Println("charges:", g.Ledger()[order.OrderID.String()].Charges)
	// Output:
	// first: unknown
	// again: paid <nil>
	// charges: 1
}

// A request that arrives late can still take money after its caller was told of an error.
func ExampleGateway_DeliverLate() {
	ctx := context.Background()
	g, order := newGateway(fake.Options{})
	in, _ := g.Prepare(ctx, payments.PrepareRequest{PaymentRef: order, Key: "order-1:prepare", Capture: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	_ = g.Fault(fake.OpConfirm, fake.FaultLate, 1)
	_, err := g.Confirm(ctx, payments.ConfirmRequest{PaymentRef: order, Key: "order-1:confirm", Reference: in.Reference})
	s, _ := g.Fetch(ctx, payments.FetchRequest{PaymentRef: order, Reference: in.Reference})
	fmt.Println(payments.OutcomeOf(err), "- not paid yet proves nothing:", s.Status)

	n, _ := g.DeliverLate(ctx)
	s, _ = g.Fetch(ctx, payments.FetchRequest{PaymentRef: order, Reference: in.Reference})
	fmt.Println(n, "arrived:", s.Status)
	// Output:
	// unknown - not paid yet proves nothing: created
	// 1 arrived: paid
}

// A chained token is declined twice and then pays.
func ExampleGateway_Chain() {
	g, order := newGateway(fake.Options{})
	if err := g.Chain("tok_third_time_lucky", "tok_chargeDeclined", "tok_chargeDeclined", "tok_visa"); err != nil {
		fmt.Println(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		s, _ := g.Authorize(context.Background(), payments.AuthorizeRequest{PaymentRef: order, Key: key, Capture: true,
			Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_third_time_lucky")}})
		fmt.Println(s.Status)
	}
	// Output:
	// declined
	// declined
	// paid
}

// A refund of tok_refundFail succeeds, and fails later.
func ExampleGateway_SettleRefund() {
	ctx := context.Background()
	g, order := newGateway(fake.Options{})
	s, _ := g.Authorize(ctx, payments.AuthorizeRequest{PaymentRef: order, Key: "pay", Capture: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_refundFail")}})
	s, _ = g.Refund(ctx, payments.RefundRequest{PaymentRef: order, Key: "refund", Reference: s.Reference, RefundUID: "our-refund-1",
		Amount: payments.Money{Amount: 250, Currency: "USD"}})
	fmt.Println(s.Refunds[0].RefundUID, s.Refunds[0].Status)

	err := g.SettleRefund(ctx, s.Refunds[0].Reference, false)
	s, _ = g.Fetch(ctx, payments.FetchRequest{PaymentRef: order, Reference: s.Reference})
	fmt.Println(s.Refunds[0].Status, err)
	// Output:
	// our-refund-1 succeeded
	// failed <nil>
}

// The ledger tells what was really charged.
func ExampleGateway_Ledger() {
	g, order := newGateway(fake.Options{})
	_, _ = g.Authorize(context.Background(), payments.AuthorizeRequest{PaymentRef: order, Key: "pay", Capture: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	text, _ := json.Marshal(g.Ledger())
	fmt.Println(string(text))
	// Output: {"0f8fad5bd9cb469fa16570867728950e":{"charges":1,"captured":1250,"refunded":0,"currency":"USD"}}
}

// A recurring order is renewed as the clock moves on.
func ExampleGateway_Subscribe() {
	ctx := context.Background()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	g, order := newGateway(fake.Options{Clock: func() time.Time { return now }})
	sub, err := g.Subscribe(ctx, payments.SubscribeRequest{PaymentRef: order, Key: "order-1:subscribe",
		Plan: payments.Plan{Interval: "month", Every: 1}, Amount: payments.Money{Amount: 1250, Currency: "USD"}})
	fmt.Println(sub.Status, err)

	// The payer pays the first invoice by its secret.
	err = g.Authenticate(ctx, sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_visa")
	show := func() {
		sub, _ = g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: order, Reference: sub.Reference})
		fmt.Println(sub.Status, "with", len(sub.Invoices), "invoices until", sub.PeriodEnd.Format(time.DateOnly), err)
	}
	show()
	now = now.AddDate(0, 2, 0)
	show()

	// The card fails, and another one takes its place before the next try.
	err = g.SetDefaultMethod(ctx, sub.Reference, "tok_chargeCustomerFail")
	now = sub.PeriodEnd
	show()
	err = g.SetDefaultMethod(ctx, sub.Reference, "tok_mastercard")
	now = now.AddDate(0, 0, 3)
	show()
	fmt.Println(g.Ledger()[order.OrderID.String()].Charges, "charges")
	// Output:
	// incomplete <nil>
	// active with 1 invoices until 2026-02-28 <nil>
	// active with 3 invoices until 2026-04-30 <nil>
	// past_due with 4 invoices until 2026-05-31 <nil>
	// active with 4 invoices until 2026-05-31 <nil>
	// 4 charges
}

// A request of an event is read to what it is about; the truth is fetched.
func ExampleGateway_ParseWebhook() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g, order := newGateway(fake.Options{WebhookSecret: "whsec_example", Clock: func() time.Time { return now }})
	s, _ := g.Authorize(context.Background(), payments.AuthorizeRequest{PaymentRef: order, Key: "pay", Capture: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	sent := g.Events()[0]

	e, err := g.ParseWebhook(http.Header{fake.SignatureHeader: {sent.Header}}, sent.Body)
	fmt.Println(e.Type, e.Payment == s.Reference, e.OrderID == order.OrderID, err)
	_, err = g.ParseWebhook(http.Header{fake.SignatureHeader: {sent.Header}}, []byte("{}"))
	fmt.Println(err)
	// Output:
	// payment_intent.succeeded true true <nil>
	// payments: fake.webhook: fake: invalid: the signature is not right
}

// Events are signed as Stripe signs them.
func ExampleGateway_VerifyWebhook() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g, order := newGateway(fake.Options{WebhookSecret: "whsec_example", Clock: func() time.Time { return now }})
	_, _ = g.Authorize(context.Background(), payments.AuthorizeRequest{PaymentRef: order, Key: "pay", Capture: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	sent := g.Events()[0]

	e, err := g.VerifyWebhook(sent.Header, sent.Body)
	fmt.Println(e.Type, err)

	now = now.Add(time.Hour)
	_, err = g.VerifyWebhook(sent.Header, sent.Body)
	fmt.Println(err)
	// Output:
	// payment_intent.succeeded <nil>
	// payments: fake.webhook: fake: invalid: the signature is too old, or from the future
}
