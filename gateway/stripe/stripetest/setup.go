package stripetest

import "time"

// kindSetup is the kind of setup intents.
const kindSetup = "setup_intent"

// setupIntent is a SetupIntent: a card is made ready for later use, and no money moves.
type setupIntent struct {
	base
	Status       string            `json:"status"`
	Customer     string            `json:"customer,omitempty"`
	Method       string            `json:"method,omitempty"`
	Subscription string            `json:"subscription,omitempty"` // that waits for it
	Usage        string            `json:"usage"`
	Description  string            `json:"description,omitempty"`
	ReturnURL    string            `json:"return_url,omitempty"`
	SDK          bool              `json:"sdk,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	LastError    *lastError        `json:"last_error,omitempty"`
	CancelReason string            `json:"cancel_reason,omitempty"`
}

func (*setupIntent) kind() string { return kindSetup }

// open tells whether it may still be confirmed.
func (si *setupIntent) open() bool {
	return si.Status == needsMethod || si.Status == needsConfirm || si.Status == needsAction
}

func createSetup(s *Server, c *call) (obj, *apiError) {
	p := c.params
	if err := onlyWithConfirm(p, "SetupIntent", "return_url", "single_use", "mandate_data"); err != nil {
		return nil, err
	}
	if err := checkTypes(p.strs("payment_method_types")); err != nil {
		return nil, err
	}
	si := &setupIntent{base: base{Account: c.account, Born: c.now.UnixNano()}, Status: needsMethod, Usage: p.strOr("usage", "off_session")}
	if err := s.changeSetup(c, si); err != nil {
		return nil, err
	}
	if p.bool("confirm") && si.Method == "" {
		return nil, refuse("setup_intent_unexpected_state", "", "You cannot confirm this SetupIntent because it's missing a payment method.")
	}
	si.ID = s.newID("seti")
	s.put(si)
	s.emit(c.now, "setup_intent.created", si)
	if p.bool("confirm") {
		return s.confirmSetup(si, c)
	}
	return s.renderSetup(si), nil
}

// changeSetup takes over the parameters that create, update and confirm share.
func (s *Server) changeSetup(c *call, si *setupIntent) *apiError {
	p := c.params
	if p.has("customer") {
		if _, ok := get[*customer](s, c.account, p.str("customer")); !ok {
			return noSuchParam("customer", p.str("customer"), "customer")
		}
		si.Customer = p.str("customer")
	}
	for name, to := range map[string]*string{"description": &si.Description, "return_url": &si.ReturnURL} {
		if p.has(name) {
			*to = p.str(name)
		}
	}
	si.Metadata = p.merge(si.Metadata)
	var m *method
	var err *apiError
	switch {
	case p.has("payment_method_data"):
		m, err = s.methodFrom(c, p.sub("payment_method_data"), "payment_method_data[")
	case p.str("payment_method") != "":
		m, err = s.methodByID(c, p.str("payment_method"))
	default:
		return nil
	}
	switch {
	case err != nil:
		return err
	case m.used():
		return s.reused()
	case m.Customer != "" && m.Customer != si.Customer:
		return notTheCustomers(m.ID, "payment_method")
	}
	si.Method, si.Status = m.ID, needsConfirm
	return nil
}

// setupOf is the setup intent of the path.
func (s *Server) setupOf(c *call) (*setupIntent, *apiError) {
	si, ok := get[*setupIntent](s, c.account, c.id)
	if !ok {
		return nil, noSuch("setupintent", c.id, "intent")
	}
	return si, s.checkSecret(c, si.ID, "SetupIntent")
}

func retrieveSetup(s *Server, c *call) (obj, *apiError) {
	si, err := s.setupOf(c)
	if err != nil {
		return nil, err
	}
	return s.renderSetup(si), nil
}

func updateSetup(s *Server, c *call) (obj, *apiError) {
	si, err := s.setupOf(c)
	if err != nil {
		return nil, err
	}
	draft := *si
	if err := s.changeSetup(c, &draft); err != nil {
		return nil, err
	}
	*si = draft
	s.put(si)
	return s.renderSetup(si), nil
}

// setupUnexpected is a setup intent in a state in which the call cannot be made.
func (s *Server) setupUnexpected(si *setupIntent, verb string) *apiError {
	e := refuse("setup_intent_unexpected_state", "", "You cannot "+verb+" this SetupIntent because it has a status of "+si.Status+".")
	e.extra = obj{"setup_intent": s.renderSetup(si)}
	return e
}

func confirmSetupByAPI(s *Server, c *call) (obj, *apiError) {
	si, err := s.setupOf(c)
	if err != nil {
		return nil, err
	}
	if !si.open() {
		return nil, s.setupUnexpected(si, "confirm")
	}
	draft := *si
	if err := s.changeSetup(c, &draft); err != nil {
		return nil, err
	}
	if draft.Method == "" {
		return nil, s.setupUnexpected(si, "confirm")
	}
	*si = draft
	return s.confirmSetup(si, c)
}

// confirmSetup tries to set the card up.
func (s *Server) confirmSetup(si *setupIntent, c *call) (obj, *apiError) {
	si.SDK = c.params.bool("use_stripe_sdk") || c.page && si.ReturnURL == ""
	if err := s.attemptSetup(si, false, c.now); err != nil {
		return nil, err
	}
	return s.renderSetup(si), nil
}

// attemptSetup asks the bank. Cards that are declined are declined here too, but for the one that can be attached.
func (s *Server) attemptSetup(si *setupIntent, authenticated bool, now time.Time) *apiError {
	m := own[*method](s, si.Method)
	row := m.row()
	switch {
	case row.decline != "" && !row.attaches && row.auth == authNever:
		return s.failSetup(si, m, lastError{cardError: declineOf(row.decline), Kind: typeCard, Method: m.ID}, now)
	case !authenticated && (row.auth == authAlways || row.auth == authUnsetUp):
		si.Status, si.LastError = needsAction, nil
		s.put(si)
		s.emit(now, "setup_intent.requires_action", si)
		return nil
	}
	if cus, ok := get[*customer](s, si.Account, si.Customer); ok && m.Customer == "" {
		m.Customer = cus.ID
		s.emit(now, "payment_method.attached", m)
	}
	m.SetUp = true
	s.put(m)
	si.Status, si.LastError = succeeded, nil
	s.put(si)
	s.emit(now, "setup_intent.succeeded", si)
	s.setupDone(si, now)
	return nil
}

// failSetup takes the payment method off after a try that failed.
func (s *Server) failSetup(si *setupIntent, m *method, reason lastError, now time.Time) *apiError {
	si.Status, si.Method, si.LastError = needsMethod, "", &reason
	s.put(si)
	s.emit(now, "setup_intent.setup_failed", si)
	return reason.apiError(obj{"setup_intent": s.renderSetup(si), "payment_method": s.renderMethod(m)})
}

func (s *Server) authenticateSetup(si *setupIntent, result AuthResult, given string, now time.Time) *apiError {
	if !si.open() {
		return s.setupUnexpected(si, "confirm")
	}
	if si.Status != needsAction {
		id, err := s.methodForPage(si, si.Method, given, now)
		if err != nil {
			return err
		}
		si.Method, si.Status, si.SDK = id, needsConfirm, true
		if err := s.attemptSetup(si, false, now); err != nil || si.Status != needsAction {
			return err
		}
	}
	switch result {
	case AuthPass:
		return s.attemptSetup(si, true, now)
	case AuthFail:
		m := own[*method](s, si.Method)
		return s.failSetup(si, m, lastError{Kind: typeRequest, Method: m.ID, cardError: cardError{Code: "setup_intent_authentication_failure",
			Message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to " +
				"attempt to fulfill this SetupIntent again."}}, now)
	default:
		return nil
	}
}

func cancelSetup(s *Server, c *call) (obj, *apiError) {
	si, err := s.setupOf(c)
	if err != nil {
		return nil, err
	}
	if !si.open() {
		return nil, s.setupUnexpected(si, "cancel")
	}
	si.Status, si.CancelReason = canceled, c.params.str("cancellation_reason")
	s.put(si)
	s.emit(c.now, "setup_intent.canceled", si)
	return s.renderSetup(si), nil
}

func listSetups(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindSetup, func(e entity) bool {
		si := e.(*setupIntent)
		return (!p.has("customer") || si.Customer == p.str("customer")) && (!p.has("payment_method") || si.Method == p.str("payment_method"))
	})
}

// renderSetup is a SetupIntent as the API answers it.
func (s *Server) renderSetup(si *setupIntent) obj {
	action := any(nil)
	if si.Status == needsAction {
		action = s.action(si.ID, si.ReturnURL, si.SDK)
	}
	return obj{"id": si.ID, "object": "setup_intent", "created": si.created(), "livemode": false, "status": si.Status,
		"client_secret": s.clientSecret(si.ID), "customer": orNull(si.Customer), "payment_method": orNull(si.Method), "usage": si.Usage,
		"description": orNull(si.Description), "metadata": textMap(si.Metadata), "next_action": action,
		"last_setup_error": s.renderLastError(si.LastError), "cancellation_reason": orNull(si.CancelReason),
		"payment_method_types": []string{"card"}, "automatic_payment_methods": nil, "application": nil, "flow_directions": nil,
		"latest_attempt": nil, "mandate": nil, "on_behalf_of": nil, "payment_method_configuration_details": nil, "single_use_mandate": nil,
		"payment_method_options": obj{"card": obj{"mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}}}
}
