// Package httpadapter serves the documented payment routes on net/http.
//
// The routes are those of the service that existing callers already use, so that it is a drop-in for them:
//
//	POST, PUT       {base}/v1/CustomerPayments
//	GET             {base}/v1/CustomerPayments/{OrderID}
//	POST, PUT, GET  {base}/api/CustomerPaymentsRequest           the official clients' default
//	POST, PUT, GET  {base}/json/reply/CustomerPaymentsRequest    older clients' default
//
//	POST            {base}/api/CustomerPaymentsRequest[]         several at once; also below /json/reply
//	GET             {base}/types/python, /types/typescript, /types/csharp, /metadata, /openapi.json
//
// Each answers OPTIONS to anybody, HEAD where it answers GET, and may end in a slash; those of payments may end in a format's
// suffix (".json"). Paths match in any case. POST pays an order, PUT completes a payment, GET reads it. The descriptions are open to everybody.
// docs/wire.md tells all of it.
//
// [New] makes one [http.Handler] of a [Service], which *payments.Service is, and [Options]. It refuses to work without an
// authenticator: there is no way to open the routes by leaving something out. Mount the handler at the root, behind
// [http.StripPrefix], or under [Options.BasePath]:
//
//	h, err := httpadapter.New(service, httpadapter.Options{
//		Authenticate: httpadapter.Basic("payments", verify),
//		BasePath:     "/pay",
//	})
//	...
//	err = h.Mount(mux)
//
// # Answers
//
// What a payment's state means to a caller is payments.Status.Answer, in one table: a decline is 200 with Approved false,
// a payment in doubt or under review is 202. Everything else that goes wrong is an error with a ResponseStatus. The answer
// is never a guess: an error that leaves it open whether money moved is 202 with PaymentStatus 11, or, where nothing at all
// is known, 500 with a message that says to ask for the payment's state before paying again.
//
// A request is checked in this order: route and verb, origin (browsers on foreign pages), binding (400, 413, 415), who
// calls (401), their role (403), the members' values (400), ownership (404), and then the Service.
//
// # Formats
//
// JSON, JSONP and HTML are built in; package formats has XML, CSV and JSV, for [Options.Formats]. The path's suffix chooses,
// then ?callback=, then ?format=, then Accept; what is not known is JSON. Forms are read, too.
//
// # Browsers
//
// Pages of other origins can do nothing, whatever credentials the browser adds for them, unless [Options.AllowedOrigins]
// names them: it is the list for writes, for CORS and for JSONP. A client secret is never in JSONP, on a page, or on GET.
package httpadapter
