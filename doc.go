// Package payments takes payments for a host application's orders, once or not at all.
//
// A Go monolith imports it, hands it a [Store] (package storage, on the host's own database), a [Gateway] (gateway/stripe in
// production, gateway/fake in tests) and its [Orders], and mounts the documented routes (package httpadapter) on its own
// mux. No server is to be run.
//
//	service, err := payments.New(store, gateway, orders, nil)
//	res, err := service.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: token}})
//
// # How a payment goes
//
// [Service.Pay] asks the host for the order and its price, and the store for the order's payment. Where none holds the order
// it begins one: the row is committed first, then the gateway makes its object, then that object's id is committed, and only
// then is the money asked for. The gateway's answer is folded into the payment by one function, in one transaction with the
// host's own change (Options.OnEvent). Where the payer must act, the caller gets a [NextAction], and [Service.Complete] asks
// how it ended. [Service.Capture], [Service.Void], [Service.Refund] and [Service.Accept] are the operator's.
//
// # What is not known
//
// A time-out is not a failure. A lost answer leaves the payment in [StatusUnknown], and only evidence from the gateway ends
// that: the same object is asked, confirmed again (it takes the money at most once), or canceled when the payer has long
// gone. Pay, Complete and [Service.Reconcile] do it; start [Service.Run] in as many processes as you like, or call Reconcile,
// [Service.Prune] and [Service.Audit] from jobs of your own. [Service.Webhook] takes the gateway's events.
//
// # Errors
//
// Every error of an operation is a [*Error] with a [Code] for errors.Is and an [Outcome] that says whether money may have moved; its zero
// value is unknown. The text of an error is safe to log: it never holds the cause's text. A decline is an error beside a
// recorded payment.
//
// # Money and secrets
//
// [Money] counts minor units in an int64, by ISO 4217. Card numbers, verification codes, one-time tokens and client secrets
// are held in types that print as "****" and are never stored.
//
// The states of a payment are in docs/state-machine.md, the reasons of the design in docs/design.md.
package payments
