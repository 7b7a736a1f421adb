// Package fake is a payment gateway that moves no money: a simulator of a processor that behaves like Stripe, kept in
// memory or in one file. A host's tests and examples run on it without keys or network.
//
//	g, err := fake.New(fake.Options{AllowFake: true})
//
// # Ways to pay
//
// Stripe's test cards, tokens and payment methods work by their names (4242424242424242, tok_visa, pm_card_visa,
// tok_chargeDeclined, pm_card_authenticationRequired and so on; [TestCards] lists them). Any other card number that passes
// the Luhn check is approved. As at Stripe, the named test tokens can be used for ever and every other token once: a name
// with two underscores and any further text, such as tok_visa__7, is a one-time token that behaves like the name, and
// [Gateway.Tokenize] makes one from a card. [Gateway.Chain] makes a token that behaves differently each time it is used.
//
// # What the payer and others do
//
// [Gateway.Authenticate] is the payer's page: it passes or fails 3-D Secure and confirms an object that was prepared
// without a way to pay. [Gateway.SettleRefund], [Gateway.OpenDispute], [Gateway.CloseDispute], [Gateway.CloseReview],
// [Gateway.Settle] and [Gateway.RefundElsewhere] are the steps that happen at a processor without the host. Time comes from
// Options.Clock; nothing happens by itself, and the package starts no goroutine.
//
// # Saved ways to pay and subscriptions
//
// With Save a way to pay is kept with a customer when its payment succeeds, and is charged off session afterwards.
// [Gateway.Subscribe] makes a subscription as Stripe does with payment_behavior=default_incomplete. What is due by the clock,
// renewals above all, happens at the start of each call, or by [Gateway.Tick]: move the clock by a year, and twelve months
// have been charged, each at its own moment. A charge that fails is repeated after 3, 5 and 7 days more;
// [Gateway.SetDefaultMethod] changes the card. It differs from Stripe in this: a later invoice is charged at once and not an
// hour after it was made. A subscription that ends by itself leaves its open invoices open, as at Stripe; [Gateway.CancelSubscription]
// closes them.
//
// # Webhooks
//
// Each effect makes an event, by Stripe's name: [Gateway.Events] takes them, or Options.Deliver is handed them.
// [Gateway.ParseWebhook] reads them where a host receives them, in the header [SignatureHeader]. An event of a charge, a
// refund or a dispute tells of the payment's object.
//
// # Faults
//
// [Gateway.Fault] makes the next calls go wrong in one of the ways that [Faults] lists: an answer lost before or after the
// effect, a 500 that is replayed under its key for a day, a request that arrives late, and so on.
// [Gateway.RandomFaults] does it at random, by the seed.
//
// # What was really charged
//
// [Gateway.Ledger], [Gateway.Charges] and [Gateway.DoubleCharged] tell what a fault hides; [Gateway.ListCharges] tells it as a
// processor does.
//
// The fake refuses to be made unless Options.AllowFake is set: it must not be reachable in production by a mistake.
package fake
