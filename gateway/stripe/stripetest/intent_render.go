package stripetest

// renderIntent is a PaymentIntent as the API answers it.
func (s *Server) renderIntent(in *intent) obj {
	o := obj{"id": in.ID, "object": "payment_intent", "created": in.created(), "livemode": false, "amount": in.Amount,
		"amount_capturable": in.Capturable, "amount_received": in.Received, "amount_details": obj{"tip": obj{}}, "currency": in.Currency,
		"status": in.Status, "capture_method": in.CaptureMethod, "confirmation_method": in.ConfirmationMethod,
		"client_secret": s.clientSecret(in.ID), "customer": orNull(in.Customer), "payment_method": orNull(in.Method),
		"latest_charge": orNull(in.LatestCharge), "invoice": orNull(in.Invoice), "review": orNull(in.Review),
		"metadata": textMap(in.Metadata), "description": orNull(in.Description), "receipt_email": orNull(in.ReceiptEmail),
		"statement_descriptor": orNull(in.Descriptor), "statement_descriptor_suffix": orNull(in.DescriptorSuffix),
		"transfer_group": orNull(in.TransferGroup), "shipping": rawOrNull(in.Shipping), "setup_future_usage": orNull(in.FutureUsage),
		"canceled_at": numOrNull(in.CanceledAt), "cancellation_reason": orNull(in.CancelReason), "next_action": s.nextAction(in),
		"last_payment_error": s.renderLastError(in.LastError), "payment_method_types": in.Types,
		"payment_method_configuration_details": nil, "application": nil, "application_fee_amount": nil, "on_behalf_of": nil,
		"processing": nil, "transfer_data": nil, "automatic_payment_methods": nil, "payment_method_options": obj{"card": obj{
			"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}}}
	if in.Automatic {
		o["automatic_payment_methods"] = obj{"enabled": true, "allow_redirects": in.Redirects}
	}
	return o
}

// nextAction is what the payer must do.
func (s *Server) nextAction(in *intent) any {
	if in.Status != needsAction {
		return nil
	}
	return s.action(in.ID, in.ReturnURL, in.SDK)
}

// action is an authentication: by Stripe's script in the page, or by a redirect.
func (s *Server) action(id, returnURL string, sdk bool) obj {
	source := "src_1" + s.derive("source:"+id, 23)
	url := "https://hooks.stripe.com/redirect/authenticate/" + source
	if returnURL != "" && !sdk {
		return obj{"type": "redirect_to_url", "redirect_to_url": obj{"return_url": returnURL, "url": url}}
	}
	return obj{"type": "use_stripe_sdk", "use_stripe_sdk": obj{"type": "three_d_secure_redirect", "source": source, "stripe_js": url,
		"three_d_secure_2_source": source}}
}

// renderLastError is last_payment_error or last_setup_error.
func (s *Server) renderLastError(e *lastError) any {
	if e == nil {
		return nil
	}
	inner, _ := (&apiError{kind: e.Kind, code: e.Code, declineCode: e.DeclineCode, message: e.Message, charge: e.Charge}).body("")["error"].(obj)
	delete(inner, "request_log_url")
	if m := own[*method](s, e.Method); m != nil {
		inner["payment_method"] = s.renderMethod(m)
	}
	return inner
}
