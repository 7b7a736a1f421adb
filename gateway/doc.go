// Package gateway tells how to write a payment gateway for the module, and holds the gateways that come with it:
// [github.com/trendsic/payments/gateway/stripe] for production, [github.com/trendsic/payments/gateway/fake] for tests and
// demonstrations. The package itself has no code.
//
// # What to write
//
// A gateway is a type with the six methods of [payments.Gateway]: Name, Authorize, Capture, Void, Refund and Fetch. The
// test of this package has a whole one in 200 lines, which pays with vouchers. Everything else is an optional interface, to
// be implemented only by who can:
//
//   - [payments.IntentGateway], when the processor makes its object before money moves. Implement it wherever possible: the
//     object's id is stored before the request that moves money, and every doubt becomes a question about a known object.
//   - [payments.RawCardGateway], when card numbers are taken. Everybody else refuses them with ErrUnsupported.
//   - [payments.ModeGateway], when the key says whether real money moves: New then refuses a key of the wrong mode.
//   - [payments.Limiter], when it is known beforehand which currencies and amounts are taken.
//   - [payments.WebhookGateway], when the processor tells of events over HTTP.
//   - [payments.SubscriptionGateway], when the processor charges recurring orders by itself; it must be an IntentGateway too.
//   - [payments.ChargeLister], when the processor lists what it has charged.
//
// A decorator implements Unwrap() payments.Gateway, and loses none of these. A gateway that keeps ways to pay needs no
// interface for it: it does what [payments.Saving] asks, and one that cannot refuses it with ErrUnsupported.
//
// # What the optional ones must get right
//
//   - ParseWebhook calls nobody, and answers ErrInvalid for whatever is not well signed over the raw body: another secret,
//     no secret at all, a signature older or newer than a few minutes, several signature headers, a body above 1 MiB, a header
//     above 4 KiB. It compares in constant time. Name in the event only what the event names: the object is fetched again.
//   - Subscribe moves no money. The first invoice's object carries PaymentUID and OrderID and is prepared, with the zero
//     Amount, and confirmed like any other; the objects of later invoices need not carry anything, for they are found by the
//     subscription. A subscription that nobody pays must end by itself, and one that is canceled before its first payment
//     must never take it.
//   - With Save the way to pay is kept with Payer.GatewayCustomer, or with a customer made for it, once the payment succeeds:
//     Snapshot.Customer and Method.ID are what a later request off session names. Off session a way to pay that is not that
//     customer's is ErrInvalid, naming Source.Token; where the bank wants the payer, the payment requires action.
//   - A Snapshot tells the client secret of its object as long as the object has one, also when it is paid or canceled.
//   - ListCharges goes on where its cursor stands while new charges come: none is told twice, and none is left out.
//
// # What happened to the money
//
// The one thing that a gateway must get right is the Outcome of its errors:
//
//   - No error: the request was applied.
//   - OutcomeNotApplied: the processor said definitely that it did not do it, and will not: a decline (ErrDeclined, with the
//     Snapshot beside it where there is an object), a refusal of the request (400, 401, 403, 404), too many requests (429,
//     ErrRateLimited).
//   - OutcomeUnknown, the zero value: everything else. A time-out, a cut connection, an ended context, a 5xx, an HTML page of
//     a proxy, an empty, cut or unreadable 200, a key that is in use (409) or came with another request, and any answer of
//     which it is not certain what it means.
//
// An unknown outcome is never an accident for the caller: the Service asks by Fetch until there is evidence. A wrong "not
// applied" charges a customer twice. An action asked of the payer (3-D Secure) is no error: the Snapshot has
// StatusRequiresAction and a NextAction.
//
// # Rules
//
//   - Send exactly the Key that the request carries as the processor's idempotency key. Where one method needs several
//     requests, derive a key for each from it ("key:method", "key:create"). Make no key of your own.
//   - Store PaymentUID, OrderID (its String, 32 hexadecimal digits) and RefundUID with the processor's objects, and return
//     them in every Snapshot: it is by them that a lost answer is found again and a foreign object is told from ours.
//   - Answer from what the processor says, never from what was asked: amount, currency, status and order of a Snapshot are
//     compared with the payment.
//   - A status that you do not know is a zero Status, not the nearest known one.
//   - Attempt changes with each try to take money. It is the evidence that a decline is new.
//   - Amounts are in ISO 4217 minor units. Convert at the border where the processor counts otherwise.
//   - A capture of what is captured, and a void of what is canceled, is no error. A void of what is captured is ErrConflict.
//   - Every error is a [*payments.Error], made with [payments.NewError] when there is a cause, and nothing is wrapped around
//     it. Its Message is for the payer. Never copy a cause's text into it: an SDK prints secrets there.
//   - End when the context ends. Be safe for concurrent use. Keep no state that a second process would miss.
//
// # How to know that it is right
//
// Run [github.com/trendsic/payments/gateway/gatewaytest] against the processor's sandbox, or against the fake that your
// tests have of it:
//
//	gatewaytest.Run(t, gatewaytest.Harness{New: func(ctx context.Context) (*gatewaytest.Subject, error) {
//		g, err := mygateway.New(...)
//		return &gatewaytest.Subject{Gateway: g, Approve: ..., Decline: ...}, err
//	}})
//
// Each check has a name and prints its rule when it is violated. The more the harness can do (inject faults, tell what was
// really charged, play the payer), the more is checked.
package gateway
