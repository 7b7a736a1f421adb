package stripetest

import "time"

// kindSubscription is the kind of subscriptions.
const kindSubscription = "subscription"

// The statuses of a subscription.
const (
	subIncomplete = "incomplete"
	subExpired    = "incomplete_expired"
	subTrialing   = "trialing"
	subActive     = "active"
	subPastDue    = "past_due"
	subCanceled   = "canceled"
	subPaused     = "paused"
)

const (
	// firstPayment is how long the first invoice may wait for its payment.
	firstPayment = 23 * time.Hour
	// trialWarning is how long before its end a trial is announced.
	trialWarning = 3 * 24 * time.Hour
)

// subscription is a Subscription.
type subscription struct {
	base
	Customer      string            `json:"customer"`
	Status        string            `json:"status"`
	Currency      string            `json:"currency"`
	Items         []subItem         `json:"items"`
	Anchor        int64             `json:"anchor"`
	PeriodStart   int64             `json:"period_start"`
	PeriodEnd     int64             `json:"period_end"`
	TrialStart    int64             `json:"trial_start,omitempty"`
	TrialEnd      int64             `json:"trial_end,omitempty"`
	WarnAt        int64             `json:"warn_at,omitempty"` // of the trial's end
	ExpiresAt     int64             `json:"expires_at,omitempty"`
	CancelAt      int64             `json:"cancel_at,omitempty"`
	CancelAtEnd   bool              `json:"cancel_at_end,omitempty"`
	CanceledAt    int64             `json:"canceled_at,omitempty"`
	EndedAt       int64             `json:"ended_at,omitempty"`
	CancelReason  string            `json:"cancel_reason,omitempty"`
	Method        string            `json:"method,omitempty"`
	SaveDefault   string            `json:"save_default,omitempty"`
	EndBehavior   string            `json:"end_behavior"`
	LatestInvoice string            `json:"latest_invoice,omitempty"`
	PendingSetup  string            `json:"pending_setup,omitempty"`
	Description   string            `json:"description,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

// subItem is a SubscriptionItem.
type subItem struct {
	ID       string            `json:"id"`
	Price    string            `json:"price"`
	Quantity int64             `json:"quantity"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

func (*subscription) kind() string { return kindSubscription }

// ended tells whether it is over for good.
func (sub *subscription) ended() bool { return sub.Status == subCanceled || sub.Status == subExpired }

// due is when time changes it next.
func (sub *subscription) due() int64 {
	switch sub.Status {
	case subIncomplete:
		return sub.ExpiresAt
	case subTrialing, subActive, subPastDue:
		at := sub.PeriodEnd
		for _, other := range []int64{sub.CancelAt, sub.WarnAt} {
			if other > 0 {
				at = min(at, other)
			}
		}
		return at
	default:
		return 0
	}
}

// wake is what time does to a subscription.
func (sub *subscription) wake(s *Server, now time.Time) {
	at := now.Unix()
	switch {
	case sub.Status == subIncomplete:
		s.expireSubscription(sub, now)
	case sub.CancelAt > 0 && sub.CancelAt <= at, sub.CancelAtEnd && sub.PeriodEnd <= at:
		s.endSubscription(sub, now, "cancellation_requested")
	case sub.WarnAt > 0 && sub.WarnAt <= at:
		sub.WarnAt = 0
		s.put(sub)
		s.emit(now, "customer.subscription.trial_will_end", sub)
	default:
		s.renew(sub, now)
	}
}

// expireSubscription ends one whose first payment did not come.
func (s *Server) expireSubscription(sub *subscription, now time.Time) {
	sub.Status, sub.EndedAt = subExpired, now.Unix()
	s.put(sub)
	s.voidInvoice(own[*invoice](s, sub.LatestInvoice), now)
	s.emit(now, "customer.subscription.updated", sub)
}

// endSubscription ends one. Its unpaid invoices are not tried again; that of an incomplete one is voided.
func (s *Server) endSubscription(sub *subscription, now time.Time, reason string) {
	wasIncomplete, status := sub.Status == subIncomplete, subCanceled
	if wasIncomplete {
		status = subExpired
	}
	sub.Status, sub.EndedAt, sub.CancelReason = status, now.Unix(), reason
	if sub.CanceledAt == 0 {
		sub.CanceledAt = now.Unix()
	}
	s.put(sub)
	if inv := own[*invoice](s, sub.LatestInvoice); inv != nil {
		inv.NextAttempt = 0
		s.put(inv)
		if wasIncomplete {
			s.voidInvoice(inv, now)
		}
	}
	s.emit(now, "customer.subscription.deleted", sub)
}

// renew begins the next period, or ends the trial.
func (s *Server) renew(sub *subscription, now time.Time) {
	if sub.Status == subTrialing && s.methodOf(sub) == "" {
		switch sub.EndBehavior {
		case "cancel":
			s.endSubscription(sub, now, "payment_failed")
			return
		case "pause":
			sub.Status = subPaused
			s.put(sub)
			s.emit(now, "customer.subscription.paused", sub)
			return
		}
	}
	if sub.Status == subTrialing {
		sub.Status, sub.Anchor = subActive, sub.PeriodEnd
	}
	pc := own[*price](s, sub.Items[0].Price)
	sub.PeriodStart = sub.PeriodEnd
	sub.PeriodEnd = addInterval(time.Unix(sub.PeriodStart, 0), time.Unix(sub.Anchor, 0), pc.Interval, pc.Count).Unix()
	inv := s.newInvoice(sub, "subscription_cycle", false, now)
	inv.NextAttempt = now.Add(draftTime).Unix()
	s.put(inv)
	s.put(sub)
	s.emit(now, "invoice.created", inv)
	s.emit(now, "customer.subscription.updated", sub)
}

// methodOf is what a subscription is paid with: its own payment method, or the customer's.
func (s *Server) methodOf(sub *subscription) string {
	if sub.Method != "" {
		return sub.Method
	}
	return own[*customer](s, sub.Customer).DefaultMethod
}

// activate is the payment of an invoice, seen from the subscription.
func (s *Server) activate(sub *subscription, in *intent, now time.Time) {
	if in != nil && sub.SaveDefault == "on_subscription" {
		sub.Method = in.Method
	}
	if !sub.ended() && sub.Status != subTrialing && sub.Status != subPaused {
		sub.Status, sub.ExpiresAt = subActive, 0
	}
	s.put(sub)
	s.emit(now, "customer.subscription.updated", sub)
}

// setupDone is a card that was set up for a subscription that waited for it.
func (s *Server) setupDone(si *setupIntent, now time.Time) {
	sub := own[*subscription](s, si.Subscription)
	if sub == nil {
		return
	}
	sub.PendingSetup = ""
	if sub.SaveDefault == "on_subscription" {
		sub.Method = si.Method
	}
	s.put(sub)
	s.emit(now, "customer.subscription.updated", sub)
}

// subscriptionOf is the subscription of the path.
func (s *Server) subscriptionOf(c *call) (*subscription, *apiError) {
	sub, ok := get[*subscription](s, c.account, c.id)
	if !ok {
		return nil, noSuch("subscription", c.id, "id")
	}
	return sub, nil
}

func retrieveSubscription(s *Server, c *call) (obj, *apiError) {
	sub, err := s.subscriptionOf(c)
	if err != nil {
		return nil, err
	}
	return s.renderSubscription(sub), nil
}

func listSubscriptions(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindSubscription, func(e entity) bool {
		sub := e.(*subscription)
		switch status := p.str("status"); {
		case p.has("customer") && sub.Customer != p.str("customer"):
			return false
		case status == "all":
			return true
		case status == "ended":
			return sub.ended()
		case status != "":
			return sub.Status == status
		default:
			return sub.Status != subCanceled // as at Stripe, canceled ones must be asked for
		}
	})
}

func searchSubscriptions(s *Server, c *call) (obj, *apiError) { return s.search(c, kindSubscription) }

// renderSubscription is a Subscription as the API answers it.
func (s *Server) renderSubscription(sub *subscription) obj {
	items := make([]any, len(sub.Items))
	for i, item := range sub.Items {
		items[i] = obj{"id": item.ID, "object": "subscription_item", "created": sub.created(), "metadata": textMap(item.Metadata),
			"price": s.renderPrice(own[*price](s, item.Price)), "quantity": item.Quantity, "subscription": sub.ID, "tax_rates": []any{},
			"billing_thresholds": nil}
	}
	return obj{"id": sub.ID, "object": "subscription", "created": sub.created(), "livemode": false, "customer": sub.Customer,
		"status": sub.Status, "currency": sub.Currency, "current_period_start": sub.PeriodStart, "current_period_end": sub.PeriodEnd,
		"trial_start": numOrNull(sub.TrialStart), "trial_end": numOrNull(sub.TrialEnd), "start_date": sub.created(),
		"billing_cycle_anchor": sub.Anchor, "cancel_at": numOrNull(sub.CancelAt), "cancel_at_period_end": sub.CancelAtEnd,
		"canceled_at": numOrNull(sub.CanceledAt), "ended_at": numOrNull(sub.EndedAt),
		"cancellation_details":   obj{"comment": nil, "feedback": nil, "reason": orNull(sub.CancelReason)},
		"default_payment_method": orNull(sub.Method), "latest_invoice": orNull(sub.LatestInvoice),
		"pending_setup_intent": orNull(sub.PendingSetup), "description": orNull(sub.Description), "metadata": textMap(sub.Metadata),
		"items": obj{"object": "list", "data": items, "has_more": false,
			"url": "/v1/subscription_items?subscription=" + sub.ID},
		"payment_settings": obj{"payment_method_options": nil, "payment_method_types": nil,
			"save_default_payment_method": orNull(sub.SaveDefault)},
		"trial_settings":    obj{"end_behavior": obj{"missing_payment_method": sub.EndBehavior}},
		"collection_method": "charge_automatically", "automatic_tax": obj{"enabled": false, "liability": nil}, "application": nil,
		"application_fee_percent": nil, "billing_cycle_anchor_config": nil, "billing_thresholds": nil, "days_until_due": nil,
		"default_source": nil, "default_tax_rates": []any{}, "discount": nil, "next_pending_invoice_item_invoice": nil, "on_behalf_of": nil,
		"pause_collection": nil, "pending_invoice_item_interval": nil, "pending_update": nil, "schedule": nil, "test_clock": nil,
		"transfer_data": nil}
}
