package fake

import (
	"context"
	"slices"
	"time"

	"github.com/trendsic/payments"
)

// subscription is a recurring order at the processor: Stripe's Subscription.
type subscription struct {
	ID         string                      `json:"id"`
	Customer   string                      `json:"customer"`
	PaymentUID string                      `json:"payment_uid"`
	OrderID    payments.OrderID            `json:"order_id"`
	Account    string                      `json:"account,omitempty"`
	Status     payments.SubscriptionStatus `json:"status"`
	Interval   string                      `json:"interval"`
	Every      int                         `json:"every"`
	Amount     int64                       `json:"amount"`
	Currency   payments.Currency           `json:"currency"`
	Method     string                      `json:"method,omitempty"`   // the default one
	Setup      string                      `json:"setup,omitempty"`    // the id of the setup that a trial begins with
	Anchor     time.Time                   `json:"anchor"`             // where the periods are counted from
	Period     int                         `json:"period"`             // which one it is in; 0 is the trial
	PeriodEnd  time.Time                   `json:"period_end"`         // of that period
	Ending     bool                        `json:"ending,omitempty"`   // it ends with the period
	Invoices   []*invoice                  `json:"invoices,omitempty"` // the oldest first
	CreatedAt  time.Time                   `json:"created_at"`
}

// aboutSub makes a request's run from what it does with a subscription.
func (g *Gateway) aboutSub(do func(now time.Time) (*subscription, *payments.Error)) func(time.Time) answer {
	return func(now time.Time) answer {
		sub, err := do(now)
		a := answer{err: err}
		if sub != nil {
			a.sub = g.subSnapshot(sub)
		}
		return a
	}
}

// callSub answers a request about a subscription.
func (g *Gateway) callSub(ctx context.Context, r request) (payments.SubscriptionSnapshot, error) {
	a := g.serve(ctx, r)
	if a.err != nil {
		return a.sub, a.err
	}
	return a.sub, nil
}

// Subscribe makes a subscription that waits for the payment of its first invoice, whose object is prepared, confirmed and
// authenticated like any other and carries the order. It keeps the way to pay that it was paid with, and is active from
// then on. Not paid within 23 hours it ends. With a trial the first invoice is over nothing, and the secret is for
// [Gateway.Authenticate] to set up a way to pay; it ends with the trial unless [Gateway.UncancelSubscription] lets it go on.
func (g *Gateway) Subscribe(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
	return g.callSub(ctx, request{op: OpSubscribe, ref: req.PaymentRef, key: req.Key,
		params: []any{req.Plan, req.Amount, req.Description, req.Payer},
		run:    g.aboutSub(func(now time.Time) (*subscription, *payments.Error) { return g.subscribe(req, now) })})
}

// FetchSubscription reads one subscription, by its Reference or else by its PaymentUID. Of several with one PaymentUID it
// returns the one that has not ended, else the newest.
func (g *Gateway) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return g.callSub(ctx, request{op: OpFetchSubscription, ref: req.PaymentRef,
		run: g.aboutSub(func(now time.Time) (*subscription, *payments.Error) {
			if req.Reference != "" {
				return g.findSub(OpFetchSubscription, req.PaymentRef, req.Reference)
			}
			return g.searchSub(req.PaymentRef, now)
		})})
}

// CancelSubscription ends a subscription, now or with its period. The open invoices of what has ended, by this request or before it, are
// void, and their objects are canceled, so that nothing is charged any more; nothing is refunded.
func (g *Gateway) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return g.callSub(ctx, request{op: OpCancelSubscription, ref: req.PaymentRef, key: req.Key, params: []any{req.Reference, req.AtPeriodEnd},
		run: g.aboutSub(func(now time.Time) (*subscription, *payments.Error) {
			sub, err := g.findSub(OpCancelSubscription, req.PaymentRef, req.Reference)
			switch {
			case err != nil:
				return nil, err
			case sub.Status.Ended():
				g.voidInvoices(sub, now)
			case !req.AtPeriodEnd:
				g.end(sub, payments.SubscriptionCanceled, now)
				g.voidInvoices(sub, now)
			case !sub.Ending:
				g.touchSub(sub)
				sub.Ending = true
				g.emitSub(eventSubUpdated, sub, now)
			}
			return sub, nil
		})})
}

// UncancelSubscription lets a subscription go on that was to end with its period. One that has ended it refuses.
func (g *Gateway) UncancelSubscription(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return g.callSub(ctx, request{op: OpUncancelSubscription, ref: req.PaymentRef, key: req.Key, params: []any{req.Reference},
		run: g.aboutSub(func(now time.Time) (*subscription, *payments.Error) {
			sub, err := g.findSub(OpUncancelSubscription, req.PaymentRef, req.Reference)
			switch {
			case err != nil:
				return nil, err
			case sub.Status.Ended():
				return nil, g.clash(OpUncancelSubscription, "subscription_canceled", "The subscription has ended.")
			case sub.Ending:
				g.touchSub(sub)
				sub.Ending = false
				g.emitSub(eventSubUpdated, sub, now)
			}
			return sub, nil
		})})
}

// findSub returns the subscription with an id in the account that a request names.
func (g *Gateway) findSub(op Operation, ref payments.PaymentRef, id string) (*subscription, *payments.Error) {
	if sub, ok := g.state.subByID[id]; ok && sub.Account == ref.Account {
		return sub, nil
	}
	return nil, g.fail(op, payments.Error{Code: payments.ErrPaymentNotFound, GatewayCode: "resource_missing",
		Message: "The gateway knows no such subscription."})
}

// searchSub returns the subscription with our reference: the one that has not ended, else the newest.
func (g *Gateway) searchSub(ref payments.PaymentRef, now time.Time) (*subscription, *payments.Error) {
	id := ""
	for _, sub := range g.state.subs {
		if sub.PaymentUID != ref.PaymentUID || sub.PaymentUID == "" || sub.Account != ref.Account || now.Before(sub.CreatedAt.Add(g.opts.SearchLag)) {
			continue
		}
		if known := g.state.subByID[id]; known == nil || known.Status.Ended() {
			id = sub.ID
		}
	}
	return g.findSub(OpFetchSubscription, ref, id)
}

// maxTrialDays is Stripe's bound of a trial.
const maxTrialDays = 730

// price returns what each period costs.
func (g *Gateway) price(req payments.SubscribeRequest) (payments.Money, *payments.Error) {
	amount := req.Amount
	if name := req.Plan.GatewayPrice; name != "" {
		kept, ok := g.opts.Prices[name]
		if !ok {
			err := g.bad(OpSubscribe, "Plan.GatewayPrice", "NotFound", "the gateway knows no such price")
			err.GatewayCode = "resource_missing"
			return amount, err
		}
		amount = kept
	}
	switch {
	case !slices.Contains([]string{"day", "week", "month", "year"}, req.Plan.Interval):
		return amount, g.bad(OpSubscribe, "Plan.Interval", "Unknown", "the interval must be day, week, month or year")
	case req.Plan.Every < 1:
		return amount, g.bad(OpSubscribe, "Plan.Every", "Range", "the plan must count at least one interval")
	case req.Plan.TrialDays < 0 || req.Plan.TrialDays > maxTrialDays:
		return amount, g.bad(OpSubscribe, "Plan.TrialDays", "Range", "a trial has at most 730 days")
	}
	return amount, g.limit(OpSubscribe, amount)
}

// subscribe makes a subscription.
func (g *Gateway) subscribe(req payments.SubscribeRequest, now time.Time) (*subscription, *payments.Error) {
	amount, err := g.price(req)
	if err != nil {
		return nil, err
	}
	customerID, err := g.knownCustomer(OpSubscribe, req.PaymentRef, req.Payer.GatewayCustomer)
	if err != nil {
		return nil, err
	}
	if customerID == "" {
		customerID = g.newCustomer(req.Account, now).ID
	}
	sub := &subscription{ID: g.newID("sub"), Customer: customerID, PaymentUID: req.PaymentUID, OrderID: req.OrderID, Account: req.Account,
		Interval: req.Plan.Interval, Every: req.Plan.Every, Amount: amount.Amount, Currency: amount.Currency, CreatedAt: now}
	g.state.subs = append(g.state.subs, sub)
	g.state.subByID[sub.ID] = sub
	g.touchSub(sub)
	if req.Plan.TrialDays > 0 {
		sub.Status, sub.Anchor, sub.Setup = payments.SubscriptionTrialing, now.AddDate(0, 0, req.Plan.TrialDays), g.newID("seti")
		sub.PeriodEnd, sub.Ending = sub.Anchor, true
		g.newInvoice(sub, invoice{First: true, Status: invoicePaid}, now)
	} else {
		sub.Status, sub.Anchor, sub.Period = payments.SubscriptionIncomplete, now, 1
		sub.PeriodEnd = sub.periodEnd(1)
		first := g.newInvoice(sub, invoice{First: true, Status: invoiceOpen, Amount: sub.Amount}, now)
		in := g.newInvoiceIntent(sub, first, now)
		in.PaymentUID, in.OrderID = sub.PaymentUID, sub.OrderID
		g.state.byUID[in.PaymentUID] = append(g.state.byUID[in.PaymentUID], in)
	}
	g.emitSub(eventSubscribed, sub, now)
	return sub, nil
}

// end ends a subscription. As at Stripe the first invoice of an incomplete one is void; any other open invoice is charged no more by
// itself, and can still be paid until CancelSubscription closes it.
func (g *Gateway) end(sub *subscription, status payments.SubscriptionStatus, at time.Time) {
	g.touchSub(sub)
	if sub.Status == payments.SubscriptionIncomplete {
		g.voidInvoices(sub, at)
	}
	sub.Status = status
	for _, inv := range sub.Invoices {
		inv.RetryAt = time.Time{}
	}
	kind := eventSubUpdated // at Stripe an incomplete one is not deleted: it expires
	if status == payments.SubscriptionCanceled {
		kind = eventSubDeleted
	}
	g.emitSub(kind, sub, at)
}

// voidInvoices closes what is not paid of a subscription's invoices.
func (g *Gateway) voidInvoices(sub *subscription, at time.Time) {
	g.touchSub(sub)
	for _, inv := range sub.Invoices {
		g.voidInvoice(inv, at)
	}
}

// subSnapshot tells the full truth about a subscription.
func (g *Gateway) subSnapshot(sub *subscription) payments.SubscriptionSnapshot {
	s := payments.SubscriptionSnapshot{Reference: sub.ID, Customer: sub.Customer, Status: sub.Status, OrderID: sub.OrderID,
		PaymentUID: sub.PaymentUID, LiveMode: g.opts.LiveMode, PeriodEnd: sub.PeriodEnd, CancelAtPeriodEnd: sub.Ending}
	for _, inv := range sub.Invoices {
		s.Invoices = append(s.Invoices, payments.InvoiceSnapshot{Reference: inv.ID, Payment: inv.Payment, Status: inv.Status,
			Amount: payments.Money{Amount: inv.Amount, Currency: sub.Currency}, First: inv.First, CreatedAt: inv.CreatedAt})
	}
	switch {
	case sub.Status == payments.SubscriptionIncomplete:
		s.NextAction = g.nextAction(sub.Invoices[0].Payment)
	case sub.settingUp():
		s.NextAction = g.nextAction(sub.Setup)
	}
	return s
}

// emitSub makes an event of a subscription.
func (g *Gateway) emitSub(kind string, sub *subscription, at time.Time) {
	g.emitObject(kind, sub.Account, wireObject{ID: sub.ID, Object: objectSubscription, Status: string(sub.Status), Customer: sub.Customer,
		Metadata: metadata(sub.OrderID, sub.PaymentUID), LatestInvoice: sub.Invoices[len(sub.Invoices)-1].ID}, at)
}
