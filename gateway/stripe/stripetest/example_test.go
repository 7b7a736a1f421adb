package stripetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// newAPI makes a stripe-go client that reaches an emulator in process.
func newAPI(emulator *stripetest.Server) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		HTTPClient:        &http.Client{Transport: emulator.Transport()},
		MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return client.New(stripetest.DefaultSecretKey, &stripe.Backends{API: backend})
}

// newIntent are the parameters of an intent for an order.
func newIntent(order, method string) *stripe.PaymentIntentParams {
	p := &stripe.PaymentIntentParams{Amount: stripe.Int64(1999), Currency: stripe.String("usd"), PaymentMethod: stripe.String(method),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"})}
	p.AddMetadata("order_id", order)
	return p
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Take a payment in two steps, without network or keys.
func Example() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)

	in, err := api.PaymentIntents.New(newIntent("order-1", "pm_card_visa"))
	must(err)
	fmt.Println(in.Status)
	in, err = api.PaymentIntents.Confirm(in.ID, nil)
	must(err)
	fmt.Println(in.Status, in.AmountReceived)
	// Output:
	// requires_confirmation
	// succeeded 1999
}

// Serve it over a real connection, as for code that is given a base URL.
func ExampleServer_ServeHTTP() {
	emulator, err := stripetest.New(stripetest.Options{SecretKeys: []string{"sk_test_mine"}})
	must(err)
	server := httptest.NewServer(emulator)
	defer server.Close()

	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: stripe.String(server.URL)})
	api := client.New("sk_test_mine", &stripe.Backends{API: backend})
	cus, err := api.Customers.New(&stripe.CustomerParams{Email: stripe.String("jo@example.com")})
	must(err)
	fmt.Println(cus.Email)
	// Output: jo@example.com
}

// Lose an answer: the caller sees a broken connection, and the money was taken all the same.
func ExampleServer_Fault() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)
	in, err := api.PaymentIntents.New(newIntent("order-1", "pm_card_visa"))
	must(err)

	must(emulator.Fault("confirm", stripetest.FaultDropAfter, 1))
	_, err = api.PaymentIntents.Confirm(in.ID, nil)
	fmt.Println("failed:", err != nil)
	fmt.Println("captured:", emulator.Ledger()["order-1"].Captured)
	// Output:
	// failed: true
	// captured: 1999
}

// Decline a card: the error is stripe-go's own.
func ExampleTestCards() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)
	in, err := api.PaymentIntents.New(newIntent("order-1", "pm_card_chargeDeclinedInsufficientFunds"))
	must(err)

	_, err = api.PaymentIntents.Confirm(in.ID, nil)
	var e *stripe.Error
	if errors.As(err, &e) {
		fmt.Println(e.HTTPStatusCode, e.Code, e.DeclineCode)
		fmt.Println(e.PaymentIntent.Status)
	}
	fmt.Println(stripetest.TestCards()[0].Token)
	// Output:
	// 402 card_declined insufficient_funds
	// requires_payment_method
	// tok_visa
}

// Be the payer, who passes 3-D Secure on the page.
func ExampleServer_Authenticate() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)
	in, err := api.PaymentIntents.New(newIntent("order-1", "pm_card_authenticationRequired"))
	must(err)
	in, err = api.PaymentIntents.Confirm(in.ID, nil)
	must(err)
	fmt.Println(in.Status, in.NextAction.Type)

	must(emulator.Authenticate(context.Background(), in.ClientSecret, stripetest.AuthPass, ""))
	in, err = api.PaymentIntents.Get(in.ID, nil)
	must(err)
	fmt.Println(in.Status)
	// Output:
	// requires_action use_stripe_sdk
	// succeeded
}

// Receive webhooks, and check them as in production.
func ExampleOptions_deliver() {
	emulator, err := stripetest.New(stripetest.Options{Deliver: func(_ context.Context, d stripetest.Delivery) error {
		event, err := webhook.ConstructEvent(d.Body, d.Header, stripetest.DefaultWebhookSecret)
		if err != nil {
			return err
		}
		fmt.Println(event.Type)
		return nil
	}})
	must(err)
	api := newAPI(emulator)
	in, err := api.PaymentIntents.New(newIntent("order-1", "pm_card_visa"))
	must(err)
	_, err = api.PaymentIntents.Confirm(in.ID, nil)
	must(err)
	// Output:
	// payment_intent.created
	// charge.succeeded
	// payment_intent.succeeded
}

// Deliver one webhook twice, as Stripe may.
func ExampleServer_ScriptWebhooks() {
	emulator, err := stripetest.New(stripetest.Options{Deliver: func(_ context.Context, d stripetest.Delivery) error {
		fmt.Println(d.Type, d.Attempt)
		return nil
	}})
	must(err)
	must(emulator.ScriptWebhooks(stripetest.WebhookTwice, 1))
	_, err = newAPI(emulator).PaymentIntents.New(newIntent("order-1", "pm_card_visa"))
	must(err)
	// Output:
	// payment_intent.created 1
	// payment_intent.created 2
}

// Move the clock: reserved money that nobody takes is released after seven days.
func ExampleServer_Advance() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)
	p := newIntent("order-1", "pm_card_visa")
	p.CaptureMethod, p.Confirm = stripe.String("manual"), stripe.Bool(true)
	in, err := api.PaymentIntents.New(p)
	must(err)
	fmt.Println(in.Status, emulator.Ledger()["order-1"].Authorized)

	must(emulator.Advance(context.Background(), 7*24*time.Hour))
	in, err = api.PaymentIntents.Get(in.ID, nil)
	must(err)
	fmt.Println(in.Status, emulator.Ledger()["order-1"].Authorized)
	// Output:
	// requires_capture 1999
	// canceled 0
}

// Find what went wrong although every call succeeded.
func ExampleServer_DoubleCharged() {
	emulator, err := stripetest.New(stripetest.Options{})
	must(err)
	api := newAPI(emulator)
	for range 2 {
		p := newIntent("order-1", "pm_card_visa")
		p.Confirm = stripe.Bool(true)
		_, err := api.PaymentIntents.New(p)
		must(err)
	}
	fmt.Println(emulator.DoubleCharged())
	// Output: [order-1]
}
