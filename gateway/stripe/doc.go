// Package stripe is the payments gateway for Stripe, on stripe-go v76 and API version 2023-10-16.
//
//	gateway, err := stripe.New(stripe.Options{SecretKey: key, WebhookSecrets: []string{secret}})
//
// A payment is one PaymentIntent, made in two steps: it is created with its payment method and not confirmed, its id is
// stored by the Service, and then it is confirmed. Every doubt is a plain GET by id, for ever: a saved 500 is replayed
// under its key for a day, after 24 hours the key is forgotten, and search lags. Another card goes onto the same intent.
//
// Each intent carries metadata[order_id] (32 hexadecimal digits) and metadata[payment_uid], each refund
// metadata[refund_uid]. Only the parameters that are needed are sent, unless Options asks for more.
//
// Tokens ("tok_...") are exchanged for a payment method once; payment methods ("pm_...") are used as they are; raw card
// numbers are refused unless Options.RawCards allows them.
//
// A restricted key (rk_...) may write customers, payment intents, payment methods and refunds, and read charges, disputes, invoices
// (each intent is read with its invoice, which tells the subscription) and reviews; for recurring orders it may also write products,
// subscriptions and invoices. Stripe answers 403 to what a key may not, and that is [payments.ErrGatewayConfig].
//
// What Stripe answers is read by status and by the intent's state, never by the error's type alone. Everything but a parsed
// 2xx and a definite 4xx is an unknown outcome.
package stripe
