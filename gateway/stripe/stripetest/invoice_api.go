package stripetest

import "net/http"

// invoiceOf is the invoice of the path.
func (s *Server) invoiceOf(c *call) (*invoice, *apiError) {
	inv, ok := get[*invoice](s, c.account, c.id)
	if !ok {
		return nil, noSuch("invoice", c.id, "invoice")
	}
	return inv, nil
}

func retrieveInvoice(s *Server, c *call) (obj, *apiError) {
	inv, err := s.invoiceOf(c)
	if err != nil {
		return nil, err
	}
	return s.renderInvoice(inv), nil
}

func listInvoices(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindInvoice, func(e entity) bool {
		inv := e.(*invoice)
		return (!p.has("subscription") || inv.Subscription == p.str("subscription")) &&
			(!p.has("customer") || inv.Customer == p.str("customer")) && (!p.has("status") || inv.Status == p.str("status"))
	})
}

func searchInvoices(s *Server, c *call) (obj, *apiError) { return s.search(c, kindInvoice) }

func finalizeInvoiceByAPI(s *Server, c *call) (obj, *apiError) {
	inv, err := s.invoiceOf(c)
	if err != nil {
		return nil, err
	}
	if inv.Status != invoiceDraft {
		return nil, refuse("invoice_not_editable", "", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	}
	if s.finalize(inv, c.now) != nil {
		inv.NextAttempt = c.now.Add(draftTime).Unix()
		s.put(inv)
	}
	return s.renderInvoice(inv), nil
}

func payInvoiceByAPI(s *Server, c *call) (obj, *apiError) {
	inv, err := s.invoiceOf(c)
	if err != nil {
		return nil, err
	}
	switch inv.Status {
	case invoicePaid:
		return nil, refuse("", "", "Invoice is already paid")
	case invoiceVoid:
		return nil, refuse("", "", "Invoice is voided and cannot be paid")
	case invoiceDraft:
		if s.finalize(inv, c.now) == nil {
			return s.renderInvoice(inv), nil
		}
	}
	in := own[*intent](s, inv.Intent)
	if c.params.bool("paid_out_of_band") {
		inv.OutOfBand = true
		s.cancel(in, "void_invoice", c.now)
		s.markPaid(inv, nil, c.now)
		return s.renderInvoice(inv), nil
	}
	if id := c.params.str("payment_method"); id != "" {
		m, err := s.methodByID(c, id)
		if err != nil {
			return nil, err
		}
		if m.Customer != "" && m.Customer != inv.Customer {
			return nil, notTheCustomers(m.ID, "payment_method")
		}
		in.Method = m.ID
	}
	// The payer of an invoice is away, unless the caller says otherwise.
	offSession := !c.params.has("off_session") || c.params.bool("off_session")
	if err := s.payInvoice(inv, try{now: c.now, offSession: offSession}); err != nil {
		err.extra = nil
		return nil, err
	}
	if in.Status == needsAction {
		e := refuse("invoice_payment_intent_requires_action", "", "Payment for this invoice requires additional user action before it can be "+
			"completed successfully. Payment can be completed using the PaymentIntent associated with the invoice. For more details see: "+
			"https://stripe.com/docs/billing/subscriptions/overview#requires-action")
		e.status, e.kind = http.StatusPaymentRequired, typeCard
		return nil, e
	}
	return s.renderInvoice(inv), nil
}

func voidInvoiceByAPI(s *Server, c *call) (obj, *apiError) {
	inv, err := s.invoiceOf(c)
	if err != nil {
		return nil, err
	}
	if inv.Status != invoiceOpen {
		return nil, refuse("", "", "You can only pass in open invoices. This invoice isn't open.")
	}
	if in := own[*intent](s, inv.Intent); in != nil && in.Status == processing {
		return nil, refuse("", "", "This invoice's payment is processing, and can't be called back.")
	}
	s.voidInvoice(inv, c.now)
	return s.renderInvoice(inv), nil
}

// renderInvoice is an Invoice as the API answers it.
func (s *Server) renderInvoice(inv *invoice) obj {
	lines := make([]any, len(inv.Lines))
	for i, l := range inv.Lines {
		lines[i] = obj{"id": l.ID, "object": "line_item", "amount": l.Amount, "amount_excluding_tax": l.Amount, "currency": inv.Currency,
			"description": l.Text, "discountable": true, "discount_amounts": []any{}, "discounts": []any{}, "livemode": false,
			"metadata": textMap(inv.Metadata), "period": obj{"start": l.Start, "end": l.End}, "price": s.renderPrice(own[*price](s, l.Price)),
			"proration": false, "proration_details": obj{"credited_items": nil}, "quantity": l.Quantity, "subscription": inv.Subscription,
			"subscription_item": l.Item, "tax_amounts": []any{}, "tax_rates": []any{}, "type": "subscription", "invoice": inv.ID}
	}
	cus := own[*customer](s, inv.Customer)
	remaining := inv.Total - inv.AmountPaid
	url := any(nil)
	if inv.FinalizedAt > 0 {
		url = "https://invoice.stripe.com/i/" + s.derive("invoice:"+inv.ID, 24)
	}
	return obj{"id": inv.ID, "object": "invoice", "created": inv.created(), "livemode": false, "status": inv.Status, "currency": inv.Currency,
		"customer": inv.Customer, "customer_email": orNull(cus.Email), "customer_name": orNull(cus.Name), "customer_phone": orNull(cus.Phone),
		"subscription": orNull(inv.Subscription), "subscription_details": obj{"metadata": textMap(inv.Metadata)},
		"billing_reason": inv.Reason, "payment_intent": orNull(inv.Intent), "charge": orNull(inv.Charge), "number": orNull(inv.Number),
		"amount_due": inv.Total, "amount_paid": inv.AmountPaid, "amount_remaining": remaining, "amount_shipping": 0, "subtotal": inv.Total,
		"subtotal_excluding_tax": inv.Total, "total": inv.Total, "total_excluding_tax": inv.Total, "paid": inv.Status == invoicePaid,
		"paid_out_of_band": inv.OutOfBand, "attempt_count": inv.Attempts, "attempted": inv.Attempts > 0,
		"auto_advance": inv.NextAttempt > 0, "next_payment_attempt": numOrNull(inv.NextAttempt), "period_start": inv.PeriodStart,
		"period_end": inv.PeriodEnd, "effective_at": numOrNull(inv.FinalizedAt), "hosted_invoice_url": url, "invoice_pdf": nil,
		"status_transitions": obj{"finalized_at": numOrNull(inv.FinalizedAt), "paid_at": numOrNull(inv.PaidAt),
			"voided_at": numOrNull(inv.VoidedAt), "marked_uncollectible_at": nil},
		"lines":            obj{"object": "list", "data": lines, "has_more": false, "url": "/v1/invoices/" + inv.ID + "/lines"},
		"payment_settings": obj{"default_mandate": nil, "payment_method_options": nil, "payment_method_types": nil},
		"metadata":         obj{}, "collection_method": "charge_automatically", "account_country": "US", "account_name": "stripetest",
		"automatic_tax": obj{"enabled": false, "liability": nil, "status": nil}, "default_payment_method": nil, "description": nil,
		"discounts": []any{}, "due_date": nil, "ending_balance": 0, "starting_balance": 0, "last_finalization_error": nil, "tax": nil,
		"total_discount_amounts": []any{}, "total_tax_amounts": []any{}, "default_tax_rates": []any{}, "test_clock": nil,
		"post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "receipt_number": nil, "webhooks_delivered_at": nil,
		"issuer": obj{"type": "self"}}
}
