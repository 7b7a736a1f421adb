// Package stripetest is a stateful emulator of Stripe's API at the version 2023-10-16, for tests of any code that speaks to
// Stripe: with stripe-go, with another SDK, or by hand. It is an [http.Handler] made of the standard library alone; it needs no
// network, no account and no Docker.
//
//	emulator, err := stripetest.New(stripetest.Options{})
//	if err != nil { … }
//	backends := &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
//		HTTPClient: &http.Client{Transport: emulator.Transport()},
//	})}
//	api := client.New(stripetest.DefaultSecretKey, backends)
//
// [Server.Transport] reaches it in process. Over a real connection it is served by net/http/httptest.NewServer(emulator) and
// BackendConfig.URL, or as a program of its own: go run ./cmd/stripetest -addr 127.0.0.1:12111.
//
// A test of faults over real connections should set http.Transport.DisableKeepAlives: net/http sends a POST with an
// Idempotency-Key again by itself when a connection that was kept alive dies.
//
// # What is emulated
//
// PaymentIntents (with automatic and manual confirmation and capture), PaymentMethods, SetupIntents, Charges, Refunds, Disputes,
// Reviews, Customers, Products, Prices, Subscriptions and their Invoices (default_incomplete, trials, renewals, retries), Tokens,
// Events, expand[], pagination, and the search by metadata, which lags by Options.SearchLag. Parameters are checked as Stripe
// checks them and refused in its words; what Stripe takes and this package cannot honour is refused by name with the code
// stripetest_not_emulated instead of being ignored. [Operations] lists the operations.
//
// # Ways to pay
//
// Stripe's test cards, tokens and payment methods work by their names (tok_visa, pm_card_visa, tok_chargeDeclined,
// pm_card_authenticationRequired and so on; [TestCards] lists them). Named test tokens can be used for ever and every other
// token once: a name with two underscores and any further text, such as tok_visa__7, is a one-time token that behaves like the
// name. The name stripetest_decline_ and a decline code, as in tok_stripetest_decline_do_not_honor, declines with that code.
// Card numbers are refused as Stripe refuses them, unless Options.AllowRawCards is set or a publishable key sends them.
//
// # What the payer and others do
//
// [Server.Authenticate] is the payer's page: it passes or fails 3-D Secure and confirms what waits for a card.
// [Server.SettleRefund], [Server.OpenDispute], [Server.CloseDispute], [Server.CloseReview], [Server.Settle] and
// [Server.RefundElsewhere] are the steps that happen at Stripe without the merchant. Time is that of Options.Clock and of
// [Server.Advance]; nothing happens by itself, and the package starts no goroutine of its own except one for each request
// through [Server.Transport].
//
// # Idempotency
//
// As Stripe documents it: the first answer of a POST is saved once execution began, a 500 included, and replayed for 24 hours
// with Idempotent-Replayed: true; other parameters under the same key are refused; a key whose request still runs answers 409.
// Refused parameters are not saved. Options.NoIdempotency turns it off, and [Server.KeyClashes] counts wrong uses.
//
// # Faults
//
// [Server.Fault] makes the next calls of an operation go wrong in one of the ways that [Faults] lists: an answer lost before or
// after the effect, a 500 that is replayed under its key for a day, an HTML page of a proxy, a request that arrives late, an
// answer about another order. [Server.RandomFaults] does it at random, by the seed.
//
// # Webhooks
//
// Events are signed as Stripe signs them and handed to Options.Deliver or posted to Options.WebhookURL before the answer of the
// call that caused them. [Server.ScriptWebhooks] makes them late, doubled, out of order, lost or forged.
//
// # What differs from Stripe
//
// Only cards can be charged; there are no fees, no taxes, no prorations, no coupons and no Connect transfers. Invoices exist for
// subscriptions only. A subscription whose renewal is not paid is tried again after 3, 5 and 7 days and then canceled. A search
// finds what an object says now, as soon as the object is older than Options.SearchLag. There are no rate limits unless a fault
// is scripted. Events carry no previous_attributes, and the newest 100,000 are kept, for 30 days. Amounts have at most eight
// digits in every currency. Client secrets and ids are derived from Options.Seed, so they are not secret.
//
// # What was really charged
//
// [Server.Ledger], [Server.Charges], [Server.DoubleCharged] and [Server.Requests] tell what a fault hides.
package stripetest
