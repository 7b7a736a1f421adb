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
// # Faults
//
// [Gateway.Fault] makes the next calls go wrong in one of the ways that [Faults] lists: an answer lost before or after the
// effect, a 500 that is replayed under its key for a day, a request that arrives late, and so on.
// [Gateway.RandomFaults] does it at random, by the seed.
//
// # What was really charged
//
// [Gateway.Ledger], [Gateway.Charges] and [Gateway.DoubleCharged] tell what a fault hides.
//
// The fake refuses to be made unless Options.AllowFake is set: it must not be reachable in production by a mistake.
package fake
