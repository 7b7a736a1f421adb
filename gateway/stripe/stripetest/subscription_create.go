package stripetest

import (
	"net/http"
	"strconv"
	"time"
)

func createSubscription(s *Server, c *call) (obj, *apiError) {
	p := c.params
	cus, ok := get[*customer](s, c.account, p.str("customer"))
	if !ok {
		return nil, noSuchParam("customer", p.str("customer"), "customer")
	}
	sub := &subscription{base: base{Account: c.account, Born: c.now.UnixNano()}, Customer: cus.ID, Description: p.str("description"),
		Metadata: p.merge(nil), CancelAtEnd: p.bool("cancel_at_period_end"), CancelAt: p.int("cancel_at"), EndBehavior: "create_invoice"}
	s.changeSettings(sub, p)
	if err := s.chooseItems(c, sub); err != nil {
		return nil, err
	}
	if err := s.chooseDefaultMethod(c, sub, cus); err != nil {
		return nil, err
	}
	if err := chooseTrial(c, sub); err != nil {
		return nil, err
	}
	behavior := p.strOr("payment_behavior", "allow_incomplete")
	free := sub.TrialEnd > 0 || s.totalOf(sub) == 0
	if !free && behavior != "default_incomplete" && s.methodOf(sub) == "" {
		return nil, noSource()
	}
	if !free {
		if err := checkAmount(s.totalOf(sub), sub.Currency); err != nil {
			return nil, err
		}
	}
	return s.begin(c, sub, cus, behavior)
}

// noSource is a customer with nothing to pay with.
func noSource() *apiError {
	return refuse(codeMissing, "", "This customer has no attached payment source or default payment method. Please consider adding a default "+
		"payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.")
}

// changeSettings takes over the settings that create and update share.
func (s *Server) changeSettings(sub *subscription, p params) {
	if settings := p.sub("payment_settings"); settings.has("save_default_payment_method") {
		sub.SaveDefault = settings.str("save_default_payment_method")
	}
	if behavior := p.sub("trial_settings").sub("end_behavior").str("missing_payment_method"); behavior != "" {
		sub.EndBehavior = behavior
	}
}

// chooseItems reads what is subscribed to. All items have one currency and one interval.
func (s *Server) chooseItems(c *call, sub *subscription) *apiError {
	items := c.params.list("items")
	if len(items) == 0 {
		return missingParam("items")
	}
	first := (*price)(nil)
	for i, item := range items {
		name := "items[" + strconv.Itoa(i) + "]"
		pc, err := s.priceOfItem(c, item, name)
		switch {
		case err != nil:
			return err
		case pc.Interval == "":
			return refuse("", name+"[price]", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.")
		case first != nil && (pc.Currency != first.Currency || pc.Interval != first.Interval || pc.Count != first.Count):
			return refuse("", name+"[price]", "All prices of a subscription must have the same currency and the same interval.")
		}
		first = pc
		quantity := int64(1)
		if item.has("quantity") {
			quantity = item.int("quantity")
		}
		if quantity < 0 {
			return badParam(name+"[quantity]", codeInvalidInteger, "This value must be greater than or equal to 0.")
		}
		sub.Items = append(sub.Items, subItem{ID: s.newID("si"), Price: pc.ID, Quantity: quantity, Metadata: item.merge(nil)})
		sub.Currency = pc.Currency
	}
	return nil
}

// priceOfItem is a price by its id, or one that is made for the item.
func (s *Server) priceOfItem(c *call, item params, name string) (*price, *apiError) {
	data := item.sub("price_data")
	switch {
	case item.has("price") && item.has("price_data"):
		return nil, onlyOne(name+"[price]", name+"[price_data]")
	case item.has("price_data"):
		return s.newPrice(c, data, data.str("product"), name+"[price_data]")
	case !item.has("price"):
		return nil, missingParam(name + "[price]")
	}
	pc, ok := get[*price](s, c.account, item.str("price"))
	switch {
	case !ok:
		return nil, noSuchParam("price", item.str("price"), name+"[price]")
	case !pc.Active:
		return nil, refuse("", name+"[price]", "The price specified is inactive. This field only accepts active prices.")
	}
	return pc, nil
}

// chooseDefaultMethod reads the payment method of a subscription, which must be the customer's.
func (s *Server) chooseDefaultMethod(c *call, sub *subscription, cus *customer) *apiError {
	if !c.params.has("default_payment_method") {
		return nil
	}
	id := c.params.str("default_payment_method")
	m, ok := get[*method](s, c.account, id)
	switch {
	case !ok:
		return noSuchParam("PaymentMethod", id, "default_payment_method")
	case m.Customer != cus.ID:
		return notTheCustomers(id, "default_payment_method")
	}
	sub.Method = id
	return nil
}

// chooseTrial reads how long nothing is paid.
func chooseTrial(c *call, sub *subscription) *apiError {
	p := c.params
	now := c.now.Unix()
	switch end := p.str("trial_end"); {
	case p.has("trial_period_days") && end != "":
		return onlyOne("trial_end", "trial_period_days")
	case p.has("trial_period_days"):
		days := p.int("trial_period_days")
		switch {
		case days < 1:
			return badParam("trial_period_days", codeInvalidInteger, "This value must be greater than or equal to 1.")
		case days > 730:
			return badParam("trial_period_days", codeInvalidInteger, "The maximum number of trial period days is 730 (2 years).")
		}
		sub.TrialEnd = c.now.Add(time.Duration(days) * 24 * time.Hour).Unix()
	case end != "" && end != "now":
		at, err := strconv.ParseInt(end, 10, 64)
		switch {
		case err != nil:
			return badParam("trial_end", "", "Invalid timestamp: must be an integer Unix timestamp or the string now")
		case at <= now:
			return badParam("trial_end", "", "Invalid timestamp: must be a Unix timestamp in the future.")
		}
		sub.TrialEnd = at
	}
	return nil
}

// totalOf is what a period costs.
func (s *Server) totalOf(sub *subscription) int64 {
	sum := int64(0)
	for _, item := range sub.Items {
		sum += own[*price](s, item.Price).Amount * item.Quantity
	}
	return sum
}

// begin makes the subscription and its first invoice, and tries to take the money where the behavior says so.
func (s *Server) begin(c *call, sub *subscription, cus *customer, behavior string) (obj, *apiError) {
	pc := own[*price](s, sub.Items[0].Price)
	sub.ID, sub.PeriodStart, sub.Anchor = s.newID("sub"), c.now.Unix(), c.now.Unix()
	sub.PeriodEnd = addInterval(c.now, c.now, pc.Interval, pc.Count).Unix()
	sub.Status, sub.ExpiresAt = subIncomplete, c.now.Add(firstPayment).Unix()
	free := s.totalOf(sub) == 0
	if free {
		sub.Status, sub.ExpiresAt = subActive, 0
	}
	if sub.TrialEnd > 0 {
		sub.Status, sub.ExpiresAt, sub.TrialStart, sub.PeriodEnd, sub.Anchor = subTrialing, 0, sub.PeriodStart, sub.TrialEnd, sub.TrialEnd
		sub.WarnAt, free = max(c.now.Unix()+1, sub.TrialEnd-int64(trialWarning/time.Second)), true
	}
	cus.Currency = sub.Currency
	s.put(cus)
	inv := s.newInvoice(sub, "subscription_create", sub.TrialEnd > 0, c.now)
	s.put(sub)
	before := len(s.outbox)
	s.emit(c.now, "customer.subscription.created", sub)
	s.emit(c.now, "invoice.created", inv)
	if free {
		s.finalize(inv, c.now)
		s.askForSetup(sub, c)
		return s.renderSubscription(sub), nil
	}
	in := s.finalize(inv, c.now)
	if behavior == "default_incomplete" {
		return s.renderSubscription(sub), nil
	}
	err := s.attempt(in, try{now: c.now, offSession: c.params.bool("off_session")})
	if behavior == "error_if_incomplete" && (err != nil || in.Status != succeeded) {
		return nil, s.takeBackSubscription(sub, inv, in, err, before)
	}
	// A decline leaves an incomplete subscription, which is the answer.
	return s.renderSubscription(sub), nil
}

// takeBackSubscription undoes one that was to be an error if it is incomplete. The payment intent of the try stays at Stripe's;
// here it is canceled, so that it cannot be paid.
func (s *Server) takeBackSubscription(sub *subscription, inv *invoice, in *intent, err *apiError, events int) *apiError {
	for _, e := range s.outbox[events:] {
		if e.Object == sub.ID || e.Object == inv.ID {
			s.drop(e)
		}
	}
	kept := s.outbox[:events]
	for _, e := range s.outbox[events:] {
		if e.Object != sub.ID && e.Object != inv.ID {
			kept = append(kept, e)
		}
	}
	s.outbox = kept
	s.drop(sub)
	s.drop(inv)
	in.Invoice = ""
	s.cancel(in, "void_invoice", s.clock())
	if err == nil {
		err = refuse("subscription_payment_intent_requires_action", "", "Payment for this subscription requires additional user action before it "+
			"can be completed successfully. Payment can be completed using the PaymentIntent associated with `subscription.latest_invoice`.")
		err.status, err.kind = http.StatusPaymentRequired, typeCard
	}
	err.extra = nil
	return err
}

// askForSetup makes the setup intent by which a subscription that costs nothing yet asks for a card, or for the payer's
// authentication of the one it has.
func (s *Server) askForSetup(sub *subscription, c *call) {
	id := s.methodOf(sub)
	m := own[*method](s, id)
	if c.params.bool("off_session") || m != nil && (m.SetUp || !m.row().mustAuthenticate(m, try{})) {
		return
	}
	si := &setupIntent{base: s.newBase("seti", sub.Account, c.now), Status: needsMethod, Customer: sub.Customer, Subscription: sub.ID,
		Usage: "off_session"}
	s.put(si)
	sub.PendingSetup = si.ID
	s.put(sub)
	s.emit(c.now, "setup_intent.created", si)
	if m != nil {
		si.Method, si.SDK = m.ID, true
		// Only cards that ask for authentication come here, so there is no decline to tell.
		_ = s.attemptSetup(si, false, c.now)
	}
}
