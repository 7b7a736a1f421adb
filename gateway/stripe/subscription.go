package stripe

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// subscriptionExpands is what every request for a subscription expands.
var subscriptionExpands = []*string{stripego.String("latest_invoice.payment_intent"), stripego.String("pending_setup_intent")}

// Subscribe makes the customer, the product where the plan names no price, and the subscription, each under a key of its
// own. The subscription is incomplete (payment_behavior=default_incomplete): its first invoice waits to be paid, and expires
// after 23 hours. The intent of the first invoice gets our metadata. What fails once the subscription is made leaves the outcome unknown,
// so that the same keys finish it: a new key would make another. One with a trial ends with it (cancel_at_period_end), until
// UncancelSubscription lets it go on: Stripe would charge the customer's default way to pay for one that nobody knows of.
func (g *Gateway) Subscribe(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
	const op = "subscribe"
	none := payments.SubscriptionSnapshot{}
	customer := req.Payer.GatewayCustomer
	if customer == "" {
		var err error
		if customer, err = g.newCustomer(ctx, req.Payer, req.Key+":customer", req.Account); err != nil {
			return none, g.failure(op, err)
		}
	}
	item, err := g.item(ctx, req)
	if err != nil {
		return none, g.failure(op, err)
	}
	p := &stripego.SubscriptionParams{Params: g.params(ctx, req.Key+":subscription", req.Account), Customer: stripego.String(customer),
		Items: []*stripego.SubscriptionItemsParams{item}, Metadata: metadata(req.PaymentRef), Expand: subscriptionExpands,
		PaymentBehavior: stripego.String("default_incomplete"),
		PaymentSettings: &stripego.SubscriptionPaymentSettingsParams{SaveDefaultPaymentMethod: stripego.String("on_subscription"),
			PaymentMethodTypes: stripego.StringSlice([]string{"card"})}}
	if req.Plan.TrialDays > 0 {
		p.TrialPeriodDays, p.CancelAtPeriodEnd = stripego.Int64(int64(req.Plan.TrialDays)), stripego.Bool(true)
		p.TrialSettings = &stripego.SubscriptionTrialSettingsParams{EndBehavior: &stripego.SubscriptionTrialSettingsEndBehaviorParams{
			MissingPaymentMethod: stripego.String("cancel")}}
	}
	sub, err := g.api.Subscriptions.New(p)
	if err != nil {
		return none, g.failure(op, err)
	}
	if in := sub.LatestInvoice; in != nil && in.PaymentIntent != nil && in.PaymentIntent.ID != "" {
		_, err := g.api.PaymentIntents.Update(in.PaymentIntent.ID, &stripego.PaymentIntentParams{
			Params: g.params(ctx, req.Key+":metadata", req.Account), Metadata: metadata(req.PaymentRef)})
		if err != nil {
			return none, g.later(op, "Stripe made the subscription, and it does not carry our order yet", err)
		}
	}
	snap, err := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: sub.ID})
	if err != nil {
		return none, g.later(op, "Stripe made the subscription, and cannot be asked how it stands", err)
	}
	return snap, nil
}

// item is what is subscribed to: the gateway's own price, or one made for this subscription alone.
func (g *Gateway) item(ctx context.Context, req payments.SubscribeRequest) (*stripego.SubscriptionItemsParams, error) {
	if req.Plan.GatewayPrice != "" {
		return &stripego.SubscriptionItemsParams{Price: stripego.String(req.Plan.GatewayPrice)}, nil
	}
	n, err := units(req.Amount)
	if err != nil {
		return nil, err
	}
	product, err := g.api.Products.New(&stripego.ProductParams{Params: g.params(ctx, req.Key+":product", req.Account),
		Name: stripego.String(orDefault(req.Description, "Order "+req.OrderID.String())), Metadata: metadata(req.PaymentRef)})
	if err != nil {
		return nil, err
	}
	return &stripego.SubscriptionItemsParams{PriceData: &stripego.SubscriptionItemPriceDataParams{
		Currency: currency(req.Amount.Currency), Product: stripego.String(product.ID), UnitAmount: stripego.Int64(n),
		Recurring: &stripego.SubscriptionItemPriceDataRecurringParams{Interval: stripego.String(req.Plan.Interval),
			IntervalCount: stripego.Int64(int64(max(1, req.Plan.Every)))}}}, nil
}

// FetchSubscription reads the subscription and all its invoices. By PaymentUID it searches the metadata, which lags.
func (g *Gateway) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	const op = "fetch_subscription"
	none := payments.SubscriptionSnapshot{}
	sub, err := g.subscription(ctx, req)
	if err != nil {
		return none, g.failure(op, err)
	}
	if sub == nil {
		return none, &payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrPaymentNotFound,
			Outcome: payments.OutcomeNotApplied, Message: "Stripe's search finds no such subscription"}
	}
	snap := subscriptionSnapshot(sub)
	list := g.api.Invoices.List(&stripego.InvoiceListParams{ListParams: g.listParams(ctx, req.Account), Subscription: stripego.String(sub.ID)})
	for list.Next() {
		snap.Invoices = append([]payments.InvoiceSnapshot{invoice(list.Invoice())}, snap.Invoices...)
	}
	if err := list.Err(); err != nil {
		return none, g.failure(op, err)
	}
	return snap, nil
}

func (g *Gateway) subscription(ctx context.Context, req payments.FetchSubscriptionRequest) (*stripego.Subscription, error) {
	if req.Reference != "" {
		return g.api.Subscriptions.Get(req.Reference, &stripego.SubscriptionParams{Params: g.params(ctx, "", req.Account), Expand: subscriptionExpands})
	}
	found := g.api.Subscriptions.Search(&stripego.SubscriptionSearchParams{SearchParams: stripego.SearchParams{Context: ctx,
		Query: byUID(req.PaymentUID), Limit: stripego.Int64(1), StripeAccount: g.params(ctx, "", req.Account).StripeAccount, Single: true},
		Expand: []*string{stripego.String("data.latest_invoice.payment_intent"), stripego.String("data.pending_setup_intent")}})
	for found.Next() {
		return found.Subscription(), nil
	}
	return nil, found.Err()
}

// CancelSubscription ends the subscription now, or lets the period that is paid run out. The invoices that Stripe leaves open at the end
// are voided, also those of a subscription that had ended before.
func (g *Gateway) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	const op = "cancel_subscription"
	var err error
	if req.AtPeriodEnd {
		_, err = g.api.Subscriptions.Update(req.Reference, &stripego.SubscriptionParams{Params: g.params(ctx, req.Key, req.Account),
			CancelAtPeriodEnd: stripego.Bool(true)})
	} else {
		_, err = g.api.Subscriptions.Cancel(req.Reference, &stripego.SubscriptionCancelParams{Params: g.params(ctx, req.Key, req.Account)})
	}
	failure := g.failure(op, err)
	if err != nil && payments.OutcomeOf(failure) == payments.OutcomeUnknown {
		return payments.SubscriptionSnapshot{}, failure
	}
	snap, readErr := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	switch {
	case readErr != nil && (err == nil || mayHaveEnded(err) && !errors.Is(readErr, payments.ErrPaymentNotFound)):
		return payments.SubscriptionSnapshot{}, g.later(op, "the subscription may be canceled, and Stripe cannot be asked how it stands", readErr)
	case err != nil && (readErr != nil || !snap.Status.Ended() && (!req.AtPeriodEnd || !snap.CancelAtPeriodEnd)):
		return payments.SubscriptionSnapshot{}, failure
	}
	if snap, err = g.voidInvoices(ctx, req, snap); err != nil {
		return payments.SubscriptionSnapshot{}, g.later(op, "the subscription has ended, and what became of its invoices is not known", err)
	}
	return snap, nil
}

// mayHaveEnded reports whether a cancellation is refused as one of what has ended is: Stripe answers 404 for a subscription that is
// canceled already, and 400 for a change of one. The end may be this request's own: Stripe honours no key of a DELETE, and net/http
// sends one again when its connection dies.
func mayHaveEnded(err error) bool {
	var e *stripego.Error
	return errors.As(err, &e) && (e.HTTPStatusCode == http.StatusNotFound || e.HTTPStatusCode == http.StatusBadRequest)
}

// voidInvoices voids what is open of the invoices of a subscription that has ended: Stripe only ceases to collect them, and their intents,
// which cannot be canceled themselves, would take money as before. A draft has no intent, and none is made of it any more. What Stripe
// refuses to void is left open.
func (g *Gateway) voidInvoices(ctx context.Context, req payments.CancelSubscriptionRequest, snap payments.SubscriptionSnapshot) (payments.SubscriptionSnapshot, error) {
	asked := false
	for _, in := range snap.Invoices {
		if !snap.Status.Ended() || in.Status != string(stripego.InvoiceStatusOpen) && in.Status != string(stripego.InvoiceStatusUncollectible) {
			continue
		}
		_, err := g.api.Invoices.VoidInvoice(in.Reference, &stripego.InvoiceVoidInvoiceParams{
			Params: g.params(ctx, req.Key+":void:"+in.Reference, req.Account)})
		if err != nil && !neverVoids(err) {
			return payments.SubscriptionSnapshot{}, err
		}
		asked = true
	}
	if !asked {
		return snap, nil
	}
	return g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
}

// neverVoids reports whether Stripe refuses an invoice's void for good: it was paid meanwhile or the bank works on it (400), the key may
// not (403, a restricted one), or Stripe knows it no more (404). How the invoice stands is read all the same.
func neverVoids(err error) bool {
	var e *stripego.Error
	return errors.As(err, &e) && slices.Contains([]int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound}, e.HTTPStatusCode)
}

// UncancelSubscription lets a subscription go on that was to end with its period.
func (g *Gateway) UncancelSubscription(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	const op = "uncancel_subscription"
	_, err := g.api.Subscriptions.Update(req.Reference, &stripego.SubscriptionParams{Params: g.params(ctx, req.Key, req.Account),
		CancelAtPeriodEnd: stripego.Bool(false)})
	if err != nil {
		return payments.SubscriptionSnapshot{}, g.failure(op, err)
	}
	snap, err := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if err != nil {
		return payments.SubscriptionSnapshot{}, g.later(op, "Stripe lets the subscription go on, and cannot be asked how it stands", err)
	}
	return snap, nil
}

// subscriptionSnapshot reads a subscription. The secret is the first invoice's until it is paid, or that of the way to pay
// that a trial still lacks.
func subscriptionSnapshot(sub *stripego.Subscription) payments.SubscriptionSnapshot {
	s := payments.SubscriptionSnapshot{Reference: sub.ID, Status: subscriptionStatus(sub.Status), PaymentUID: sub.Metadata[metaPayment],
		LiveMode: sub.Livemode, CancelAtPeriodEnd: sub.CancelAtPeriodEnd}
	s.OrderID, _ = payments.ParseOrderID(sub.Metadata[metaOrder])
	if sub.Customer != nil {
		s.Customer = sub.Customer.ID
	}
	if sub.CurrentPeriodEnd > 0 {
		s.PeriodEnd = time.Unix(sub.CurrentPeriodEnd, 0).UTC()
	}
	switch in, setup := sub.LatestInvoice, sub.PendingSetupIntent; {
	case setup != nil && setup.ClientSecret != "":
		s.NextAction = &payments.NextAction{ClientSecret: payments.NewClientSecret(setup.ClientSecret)}
	case sub.Status == stripego.SubscriptionStatusIncomplete && in != nil && in.PaymentIntent != nil:
		s.NextAction = nextAction(in.PaymentIntent)
	}
	return s
}

// subscriptionStatus maps the status; one that we do not know is none.
func subscriptionStatus(s stripego.SubscriptionStatus) payments.SubscriptionStatus {
	switch known := payments.SubscriptionStatus(s); known {
	case payments.SubscriptionIncomplete, payments.SubscriptionIncompleteExpired, payments.SubscriptionTrialing, payments.SubscriptionActive,
		payments.SubscriptionPastDue, payments.SubscriptionUnpaid, payments.SubscriptionCanceled, payments.SubscriptionPaused:
		return known
	default:
		return ""
	}
}

// invoice reads an invoice.
func invoice(in *stripego.Invoice) payments.InvoiceSnapshot {
	s := payments.InvoiceSnapshot{Reference: in.ID, Status: string(in.Status), Amount: money(in.AmountDue, in.Currency),
		First: in.BillingReason == stripego.InvoiceBillingReasonSubscriptionCreate, CreatedAt: time.Unix(in.Created, 0).UTC()}
	if in.PaymentIntent != nil {
		s.Payment = in.PaymentIntent.ID
	}
	return s
}
