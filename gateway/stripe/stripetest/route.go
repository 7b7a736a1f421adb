package stripetest

import (
	"net/http"
	"strings"
)

// route is one operation of the API.
type route struct {
	op      string
	method  string
	pattern []string // the steps of the path; {} is the id
	schema  *schema
	page    bool // may be used with a publishable key
	run     func(*Server, *call) (obj, *apiError)
}

// at makes a route.
func at(op, method, path, params string, run func(*Server, *call) (obj, *apiError)) route {
	return route{op: op, method: method, pattern: strings.Split(strings.TrimPrefix(path, "/v1/"), "/"), schema: schemaOf(params), run: run}
}

// forPages lets a payer's page use the route.
func (r route) forPages() route {
	r.page = true
	return r
}

const (
	read = http.MethodGet
	post = http.MethodPost
	del  = http.MethodDelete
)

// routes are the operations that are emulated. Where a fixed step and an id fit, the fixed step comes first.
var routes = []route{
	at("payment_intents.create", post, "/v1/payment_intents", createIntentParams, createIntent),
	at("payment_intents.list", read, "/v1/payment_intents", listParams+"\ncustomer id", listIntents),
	at("payment_intents.search", read, "/v1/payment_intents/search", searchParams, searchIntents),
	at("payment_intents.retrieve", read, "/v1/payment_intents/{}", "client_secret id", retrieveIntent).forPages(),
	at("payment_intents.update", post, "/v1/payment_intents/{}", updateIntentParams, updateIntent),
	at("payment_intents.confirm", post, "/v1/payment_intents/{}/confirm", confirmIntentParams, confirmIntent).forPages(),
	at("payment_intents.capture", post, "/v1/payment_intents/{}/capture", captureIntentParams, captureIntent),
	at("payment_intents.cancel", post, "/v1/payment_intents/{}/cancel", "cancellation_reason "+cancelReasons, cancelIntent),

	at("payment_methods.create", post, "/v1/payment_methods", createMethodParams, createMethod).forPages(),
	at("payment_methods.list", read, "/v1/payment_methods", pageParams+"\ncustomer,type id", listMethods),
	at("payment_methods.retrieve", read, "/v1/payment_methods/{}", "", retrieveMethod),
	at("payment_methods.update", post, "/v1/payment_methods/{}", updateMethodParams, updateMethod),
	at("payment_methods.attach", post, "/v1/payment_methods/{}/attach", "customer id!", attachMethod),
	at("payment_methods.detach", post, "/v1/payment_methods/{}/detach", "", detachMethod),
	at("tokens.create", post, "/v1/tokens", createTokenParams, createToken).forPages(),
	at("tokens.retrieve", read, "/v1/tokens/{}", "", retrieveToken),

	at("setup_intents.create", post, "/v1/setup_intents", createSetupParams, createSetup),
	at("setup_intents.list", read, "/v1/setup_intents", listParams+"\ncustomer,payment_method id\nattach_to_self off", listSetups),
	at("setup_intents.retrieve", read, "/v1/setup_intents/{}", "client_secret id", retrieveSetup).forPages(),
	at("setup_intents.update", post, "/v1/setup_intents/{}", updateSetupParams, updateSetup),
	at("setup_intents.confirm", post, "/v1/setup_intents/{}/confirm", confirmSetupParams, confirmSetupByAPI).forPages(),
	at("setup_intents.cancel", post, "/v1/setup_intents/{}/cancel", "cancellation_reason enum:abandoned|duplicate|requested_by_customer",
		cancelSetup),

	at("charges.list", read, "/v1/charges", listParams+"\ncustomer,payment_intent id\ntransfer_group off", listCharges),
	at("charges.search", read, "/v1/charges/search", searchParams, searchCharges),
	at("charges.retrieve", read, "/v1/charges/{}", "", retrieveCharge),
	at("charges.update", post, "/v1/charges/{}", "description,receipt_email str\nmetadata map\n"+
		"customer,fraud_details,shipping,transfer_group off", updateCharge),
	at("refunds.create", post, "/v1/refunds", createRefundParams, createRefund),
	at("refunds.list", read, "/v1/refunds", listParams+"\ncharge,payment_intent id", listRefunds),
	at("refunds.retrieve", read, "/v1/refunds/{}", "", retrieveRefund),
	at("refunds.update", post, "/v1/refunds/{}", "metadata map", updateRefund),
	at("refunds.cancel", post, "/v1/refunds/{}/cancel", "", cancelRefund),
	at("disputes.list", read, "/v1/disputes", listParams+"\ncharge,payment_intent id", listDisputes),
	at("disputes.retrieve", read, "/v1/disputes/{}", "", retrieveDispute),
	at("disputes.close", post, "/v1/disputes/{}/close", "", closeDisputeByAPI),
	at("reviews.list", read, "/v1/reviews", listParams, listReviews),
	at("reviews.retrieve", read, "/v1/reviews/{}", "", retrieveReview),

	at("customers.create", post, "/v1/customers", createCustomerParams, createCustomer),
	at("customers.list", read, "/v1/customers", listParams+"\nemail id\ntest_clock off", listCustomers),
	at("customers.search", read, "/v1/customers/search", searchParams, searchCustomers),
	at("customers.retrieve", read, "/v1/customers/{}", "", retrieveCustomer),
	at("customers.update", post, "/v1/customers/{}", updateCustomerParams, updateCustomer),
	at("customers.delete", del, "/v1/customers/{}", "", deleteCustomer),
	at("customers.payment_methods", read, "/v1/customers/{}/payment_methods", pageParams+"\ntype id", listMethods),

	at("products.create", post, "/v1/products", createProductParams, createProduct),
	at("products.list", read, "/v1/products", listParams+"\nactive bool\nids []str\nshippable,url off", listProducts),
	at("products.retrieve", read, "/v1/products/{}", "", retrieveProduct),
	at("products.update", post, "/v1/products/{}", updateProductParams, updateProduct),
	at("prices.create", post, "/v1/prices", createPriceParams, createPrice),
	at("prices.list", read, "/v1/prices", listParams+"\nactive bool\nproduct,currency id\nlookup_keys,recurring,type off", listPrices),
	at("prices.retrieve", read, "/v1/prices/{}", "", retrievePrice),
	at("prices.update", post, "/v1/prices/{}", updatePriceParams, updatePrice),

	at("subscriptions.create", post, "/v1/subscriptions", createSubscriptionParams, createSubscription),
	at("subscriptions.list", read, "/v1/subscriptions", listSubscriptionsParams, listSubscriptions),
	at("subscriptions.search", read, "/v1/subscriptions/search", searchParams, searchSubscriptions),
	at("subscriptions.retrieve", read, "/v1/subscriptions/{}", "", retrieveSubscription),
	at("subscriptions.update", post, "/v1/subscriptions/{}", updateSubscriptionParams, updateSubscription),
	at("subscriptions.cancel", del, "/v1/subscriptions/{}", cancelSubscriptionParams, cancelSubscription),
	at("invoices.list", read, "/v1/invoices", listInvoicesParams, listInvoices),
	at("invoices.search", read, "/v1/invoices/search", searchParams, searchInvoices),
	at("invoices.retrieve", read, "/v1/invoices/{}", "", retrieveInvoice),
	at("invoices.finalize", post, "/v1/invoices/{}/finalize", "auto_advance bool", finalizeInvoiceByAPI),
	at("invoices.pay", post, "/v1/invoices/{}/pay", payInvoiceParams, payInvoiceByAPI),
	at("invoices.void", post, "/v1/invoices/{}/void", "", voidInvoiceByAPI),

	at("events.list", read, "/v1/events", listParams+"\ntype id\ntypes []str\ndelivery_success bool", listEvents),
	at("events.retrieve", read, "/v1/events/{}", "", retrieveEvent),
	at("balance.retrieve", read, "/v1/balance", "", retrieveBalance),
}

// match finds the route of a request, and the id in its path.
func match(method, path string) (*route, string) {
	rest, ok := strings.CutPrefix(path, "/v1/")
	if !ok {
		return nil, ""
	}
	steps := strings.Split(rest, "/")
	for i := range routes {
		r := &routes[i]
		if r.method != method || len(r.pattern) != len(steps) {
			continue
		}
		if id, ok := r.fits(steps); ok {
			return r, id
		}
	}
	return nil, ""
}

// fits compares a path with the route's.
func (r *route) fits(steps []string) (id string, ok bool) {
	for i, step := range r.pattern {
		switch {
		case step == "{}" && steps[i] != "":
			id = steps[i]
		case step != steps[i]:
			return "", false
		}
	}
	return id, true
}

// retrieveBalance tells what was taken and not given back, by currency, as available. There are no fees.
func retrieveBalance(s *Server, c *call) (obj, *apiError) {
	sums := map[string]int64{}
	for _, e := range s.state.lists[kindCharge] {
		if ch := e.(*charge); ch.Account == c.account {
			captured, refunded := s.taken(ch)
			sums[ch.Currency] += captured - refunded
		}
	}
	available := []any{}
	for _, currency := range currencies {
		if sum, ok := sums[currency]; ok {
			available = append(available, obj{"amount": sum, "currency": currency, "source_types": obj{"card": sum}})
		}
	}
	return obj{"object": "balance", "available": available, "pending": []any{}, "livemode": false}, nil
}
