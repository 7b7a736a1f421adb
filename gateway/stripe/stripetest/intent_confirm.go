package stripetest

import "time"

func confirmIntent(s *Server, c *call) (obj, *apiError) {
	in, err := s.intentOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.mayConfirm(c, in); err != nil {
		return nil, err
	}
	if c.page && in.ConfirmationMethod == "manual" {
		return nil, s.unexpected(in, "This PaymentIntent requires confirmation from your server because it was created with "+
			"confirmation_method=manual: a publishable key cannot confirm it.")
	}
	draft := *in // so that a refused request changes nothing
	if err := s.chooseTypes(&draft, c.params); err != nil {
		return nil, err
	}
	if err := s.changeIntent(c, &draft); err != nil {
		return nil, err
	}
	if err := draft.checkReturnURL(c); err != nil {
		return nil, err
	}
	if err := draft.checkOffSession(c); err != nil {
		return nil, err
	}
	if err := s.chooseMethod(c, &draft); err != nil {
		return nil, err
	}
	*in = draft
	return s.confirm(c, in)
}

// noMethodMessage is for a confirmation without a payment method.
const noMethodMessage = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent " +
	"with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken."

// mayConfirm refuses an intent that cannot be confirmed as it stands.
func (s *Server) mayConfirm(c *call, in *intent) *apiError {
	given := c.params.str("payment_method") != "" || c.params.has("payment_method_data")
	switch {
	case in.Status == succeeded:
		return s.unexpected(in, "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	case !in.open():
		return s.unexpected(in, "You cannot confirm this PaymentIntent because it has a status of "+in.Status+". Only a PaymentIntent with "+
			"one of the following statuses may be confirmed: "+statusList(needsConfirm, needsAction)+".")
	case in.Method == "" && !given:
		return s.unexpected(in, noMethodMessage)
	}
	return nil
}

// checkReturnURL is the trap of 2023-08-16: automatic payment methods may redirect, so a confirmation needs a return_url.
func (in *intent) checkReturnURL(c *call) *apiError {
	if !in.Automatic || in.Redirects == "never" || in.ReturnURL != "" || c.offSession() || c.page || c.params.bool("use_stripe_sdk") {
		return nil
	}
	return refuse("", "", "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "+
		"payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept "+
		"redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "+
		"`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
}

// checkOffSession refuses to charge a payer who is away while the way to pay is to be set up for later, of which Stripe's own words are
// known (https://github.com/artsy/exchange/pull/484) and no code.
func (in *intent) checkOffSession(c *call) *apiError {
	if !c.offSession() || in.FutureUsage == "" {
		return nil
	}
	return refuse("", "", "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the PaymentIntent "+
		"because you cannot set up future usages when processing payments off-session.")
}

// offSession tells whether the call says that the payer is away.
func (c *call) offSession() bool {
	return c.params.has("off_session") && c.params.str("off_session") != "false"
}

// try is one confirmation.
type try struct {
	now           time.Time
	offSession    bool
	refusesAction bool // error_on_requires_action
	authenticated bool
}

// confirm tries to take the money. The call's parameters are those of a confirmation.
func (s *Server) confirm(c *call, in *intent) (obj, *apiError) {
	p := c.params
	in.SDK = p.bool("use_stripe_sdk") || c.page && in.ReturnURL == ""
	t := try{now: c.now, refusesAction: p.bool("error_on_requires_action"), offSession: c.offSession()}
	if in.Authenticated && in.ConfirmationMethod == "manual" {
		t.authenticated = true
	}
	if err := s.attempt(in, t); err != nil {
		return nil, err
	}
	return s.renderIntent(in), nil
}

// attempt tries to take the intent's money from its payment method. Everything that confirms ends here, so an intent takes
// money at most once: it must be open, and it is not open afterwards.
func (s *Server) attempt(in *intent, t try) *apiError {
	m := own[*method](s, in.Method)
	row := m.row()
	if row.mustAuthenticate(m, t) {
		switch {
		case t.offSession || t.refusesAction:
			return s.decline(in, m, codeAuthRequired, t.now)
		default:
			in.Status, in.LastError, in.Authenticated = needsAction, nil, false
			s.put(in)
			s.emit(t.now, "payment_intent.requires_action", in)
			s.invoiceNeedsAction(in, t.now)
			return nil
		}
	}
	if row.decline != "" {
		return s.decline(in, m, row.decline, t.now)
	}
	ch := s.newCharge(in, m, t)
	in.LatestCharge, in.LastError = ch.ID, nil
	if row.processing {
		ch.Status, in.Status = chargePending, processing
		s.put(ch)
		s.put(in)
		s.emit(t.now, "charge.pending", ch)
		s.emit(t.now, "payment_intent.processing", in)
		return nil
	}
	s.approve(in, ch, t.now)
	return nil
}

// mustAuthenticate tells whether the payer is asked for 3-D Secure.
func (row card) mustAuthenticate(m *method, t try) bool {
	if t.authenticated {
		return false
	}
	switch row.auth {
	case authAlways:
		return true
	case authUnsetUp:
		return !m.SetUp
	case authOnlyHere:
		return !t.offSession
	default:
		return false
	}
}

// decline records a try that the bank refused. The payment method is taken off, and the intent may be tried again.
func (s *Server) decline(in *intent, m *method, code string, now time.Time) *apiError {
	reason := declineOf(code)
	ch := s.newCharge(in, m, try{now: now})
	ch.Status, ch.Paid, ch.FailureCode, ch.FailureMessage, ch.DeclineCode = chargeFailed, false, reason.Code, reason.Message, code
	s.put(ch)
	in.LatestCharge = ch.ID
	s.emit(now, "charge.failed", ch)
	return s.failIntent(in, m, lastError{cardError: reason, Kind: typeCard, Charge: ch.ID, Method: m.ID}, now)
}

// failIntent takes the payment method off after a try that failed, and answers the error.
func (s *Server) failIntent(in *intent, m *method, reason lastError, now time.Time) *apiError {
	in.Status, in.Method, in.Authenticated, in.LastError = needsMethod, "", false, &reason
	s.put(in)
	s.emit(now, "payment_intent.payment_failed", in)
	s.invoiceFailed(in, now)
	e := reason.apiError(obj{"payment_intent": s.renderIntent(in), "payment_method": s.renderMethod(m)})
	e.charge = reason.Charge
	return e
}

// approve records a try that the bank allowed: the money is reserved, or taken at once.
func (s *Server) approve(in *intent, ch *charge, now time.Time) {
	m := own[*method](s, in.Method)
	ch.Status, ch.Paid = chargeSucceeded, true
	if m.Customer == "" {
		m.UsedBy = in.ID
	}
	if in.FutureUsage != "" {
		m.SetUp = true
		if cus, ok := get[*customer](s, in.Account, in.Customer); ok && m.Customer == "" {
			m.Customer = cus.ID
			s.emit(now, "payment_method.attached", m)
		}
	}
	s.put(m)
	s.put(ch)
	if m.row().review {
		s.openReview(in, ch, now)
	}
	if in.CaptureMethod == "manual" {
		in.Status, in.Capturable, in.ExpiresAt = needsCapture, in.Amount, now.Add(s.opts.AuthorizationLife).Unix()
		s.put(in)
		s.emit(now, "charge.succeeded", ch)
		s.emit(now, "payment_intent.amount_capturable_updated", in)
		return
	}
	s.emit(now, "charge.succeeded", ch)
	s.take(in, ch, in.Amount, now)
}
