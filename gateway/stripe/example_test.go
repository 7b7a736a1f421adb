package stripe_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/storage/memory"
)

// The change from the fake to Stripe: these lines make the gateway, and the rest of the host stays as it is. Here an emulator
// stands in for Stripe; in production HTTPClient is left out.
func ExampleNew() {
	emulator, err := stripetest.New(stripetest.Options{})
	if err != nil {
		panic(err)
	}
	secretKey, webhookSecret := stripetest.DefaultSecretKey, stripetest.DefaultWebhookSecret
	httpClient := &http.Client{Transport: emulator.Transport()}

	gateway, err := stripe.New(stripe.Options{
		SecretKey:      secretKey,
		WebhookSecrets: []string{webhookSecret},
		HTTPClient:     httpClient, // nil in production
	})
	if err != nil {
		panic(err)
	}

	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	service, err := payments.New(memory.New(nil), gateway, orders, &payments.Options{LiveMode: gateway.LiveMode()})
	if err != nil {
		panic(err)
	}
	id, _ := payments.ParseOrderID("0f8fad5b-d9cb-469f-a165-70867728950e")
	res, err := service.Pay(context.Background(), payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("pm_card_visa")}})
	fmt.Println(res.Payment.Status, res.Payment.Method.Brand, emulator.Ledger()[id.String()].Captured, err)
	// Output:
	// paid visa 1250 <nil>
}

// What Stripe does not take is refused before anything is sent.
func ExampleGateway_Limit() {
	gateway, err := stripe.New(stripe.Options{SecretKey: "sk_test_123"})
	if err != nil {
		panic(err)
	}
	for _, m := range []payments.Money{{Amount: 1250, Currency: "USD"}, {Amount: 49, Currency: "USD"}, {Amount: 5124, Currency: "KWD"}} {
		fmt.Println(m, gateway.Limit(m))
	}
	// Output:
	// 12.50 USD <nil>
	// 0.49 USD payments: stripe.limit: stripe: unsupported: Stripe takes no less than 0.50 USD
	// 5.124 KWD payments: stripe.limit: stripe: unsupported: the last digit of an amount in KWD must be zero
}

func ExampleRequiredEvents() {
	fmt.Println(stripe.RequiredEvents()[0], len(stripe.RequiredEvents()))
	// Output:
	// payment_intent.succeeded 21
}
