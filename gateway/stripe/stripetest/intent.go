package stripetest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// kindIntent is the kind of payment intents.
const kindIntent = "payment_intent"

// The statuses of a payment intent.
const (
	needsMethod  = "requires_payment_method"
	needsConfirm = "requires_confirmation"
	needsAction  = "requires_action"
	processing   = "processing"
	needsCapture = "requires_capture"
	canceled     = "canceled"
	succeeded    = "succeeded"
)

// intent is a PaymentIntent.
type intent struct {
	base
	Amount             int64             `json:"amount"`
	Currency           string            `json:"currency"`
	Status             string            `json:"status"`
	Capturable         int64             `json:"capturable,omitempty"`
	Received           int64             `json:"received,omitempty"`
	CaptureMethod      string            `json:"capture_method"`
	ConfirmationMethod string            `json:"confirmation_method"`
	Customer           string            `json:"customer,omitempty"`
	Method             string            `json:"method,omitempty"`
	LatestCharge       string            `json:"latest_charge,omitempty"`
	Invoice            string            `json:"invoice,omitempty"`
	Review             string            `json:"review,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
	Description        string            `json:"description,omitempty"`
	ReceiptEmail       string            `json:"receipt_email,omitempty"`
	Descriptor         string            `json:"descriptor,omitempty"`
	DescriptorSuffix   string            `json:"descriptor_suffix,omitempty"`
	TransferGroup      string            `json:"transfer_group,omitempty"`
	Shipping           json.RawMessage   `json:"shipping,omitempty"`
	Options            json.RawMessage   `json:"options,omitempty"`
	Types              []string          `json:"types"`
	Automatic          bool              `json:"automatic,omitempty"`  // automatic payment methods are on
	Redirects          string            `json:"redirects,omitempty"`  // what they say of redirects
	Unsettled          bool              `json:"unsettled,omitempty"`  // neither the types nor the automatic ones were given
	ReturnURL          string            `json:"return_url,omitempty"` // of the confirmation
	FutureUsage        string            `json:"future_usage,omitempty"`
	SDK                bool              `json:"sdk,omitempty"` // the action is done by Stripe's script
	Authenticated      bool              `json:"authenticated,omitempty"`
	LastError          *lastError        `json:"last_error,omitempty"`
	CanceledAt         int64             `json:"canceled_at,omitempty"`
	CancelReason       string            `json:"cancel_reason,omitempty"`
	ExpiresAt          int64             `json:"expires_at,omitempty"` // of the authorization
}

// lastError is why the last try failed.
type lastError struct {
	cardError
	Kind   string `json:"kind"`
	Charge string `json:"charge,omitempty"`
	Method string `json:"method,omitempty"`
}

func (*intent) kind() string { return kindIntent }

// due is when reserved money is released.
func (in *intent) due() int64 {
	if in.Status != needsCapture {
		return 0
	}
	return in.ExpiresAt
}

// wake releases money that was reserved for too long.
func (in *intent) wake(s *Server, now time.Time) {
	if ch := own[*charge](s, in.LatestCharge); ch != nil {
		s.release(ch, ch.Amount, now)
		s.emit(now, "charge.expired", ch)
	}
	s.cancel(in, "automatic", now)
}

// open tells whether the intent may still be changed and confirmed.
func (in *intent) open() bool {
	return in.Status == needsMethod || in.Status == needsConfirm || in.Status == needsAction
}

func createIntent(s *Server, c *call) (obj, *apiError) {
	p := c.params
	in := &intent{base: base{Account: c.account, Born: c.now.UnixNano()}, Status: needsMethod, Amount: p.int("amount"),
		CaptureMethod: p.strOr("capture_method", "automatic"), ConfirmationMethod: p.strOr("confirmation_method", "automatic")}
	var err *apiError
	if in.Currency, err = checkCurrency(p.str("currency")); err != nil {
		return nil, err
	}
	if err := checkAmount(in.Amount, in.Currency); err != nil {
		return nil, err
	}
	if err := onlyWithConfirm(p, "PaymentIntent", "error_on_requires_action", "mandate", "off_session", "return_url"); err != nil {
		return nil, err
	}
	if err := s.chooseTypes(in, p); err != nil {
		return nil, err
	}
	if err := s.changeIntent(c, in); err != nil {
		return nil, err
	}
	if p.bool("confirm") {
		if err := in.checkReturnURL(c); err != nil {
			return nil, err
		}
		if err := in.checkOffSession(c); err != nil {
			return nil, err
		}
	}
	// From here on nothing about the request is wrong.
	if err := s.chooseMethod(c, in); err != nil {
		return nil, err
	}
	if p.bool("confirm") && in.Method == "" {
		return nil, refuse(codeUnexpectedState, "", noMethodMessage)
	}
	in.ID = s.newID("pi")
	s.put(in)
	s.emit(c.now, "payment_intent.created", in)
	if p.bool("confirm") {
		return s.confirm(c, in)
	}
	return s.renderIntent(in), nil
}

// onlyWithConfirm refuses parameters that have a meaning only when the intent is confirmed at once.
func onlyWithConfirm(p params, what string, names ...string) *apiError {
	for _, name := range names {
		if p.has(name) && !p.bool("confirm") {
			return badParam(name, "", "The parameter `"+name+"` cannot be passed when creating a "+what+" unless `confirm` is set to true.")
		}
	}
	return nil
}

// chooseTypes settles which kinds of payment methods the intent takes. Since 2023-08-16 they are automatic when nothing is said.
func (s *Server) chooseTypes(in *intent, p params) *apiError {
	automatic := p.sub("automatic_payment_methods")
	types := p.strs("payment_method_types")
	switch {
	case len(types) > 0 && automatic.bool("enabled"):
		return onlyOne("automatic_payment_methods", "payment_method_types")
	case len(types) > 0:
		if err := checkTypes(types); err != nil {
			return err
		}
		in.Types, in.Automatic, in.Redirects, in.Unsettled = types, false, "", false
	case p.has("automatic_payment_methods"):
		in.Types, in.Automatic, in.Redirects = []string{"card"}, automatic.bool("enabled"), automatic.strOr("allow_redirects", "always")
	case in.Types == nil:
		in.Types, in.Unsettled = []string{"card"}, true
		in.Automatic, in.Redirects = !s.opts.AutomaticPaymentMethodsOff, "always"
	}
	return nil
}

// checkTypes takes the kinds of payment methods that Stripe knows; only cards can be charged here.
func checkTypes(types []string) *apiError {
	known := strings.Fields(`acss_debit affirm afterpay_clearpay alipay amazon_pay au_becs_debit bacs_debit bancontact blik boleto card
		card_present cashapp customer_balance eps fpx giropay grabpay ideal interac_present klarna konbini link mobilepay oxxo p24 paynow
		paypal pix promptpay revolut_pay sepa_debit sofort swish twint us_bank_account wechat_pay zip`)
	for _, t := range types {
		if !slices.Contains(known, t) {
			return badParam("payment_method_types", "", "The payment method type \""+t+"\" is invalid. Please ensure the provided type is "+
				"activated in your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any "+
				"preview features that you are trying to use.")
		}
	}
	return nil
}

// changeIntent takes over the parameters that create, update and confirm share and that move no money.
func (s *Server) changeIntent(c *call, in *intent) *apiError {
	p := c.params
	if p.has("customer") {
		if id := p.str("customer"); id != "" {
			if _, ok := get[*customer](s, c.account, id); !ok {
				return noSuchParam("customer", id, "customer")
			}
		}
		if id := p.str("customer"); in.Customer != "" && id != in.Customer {
			return s.unexpected(in, "You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment with a "+
				"different Customer, cancel this PaymentIntent and create a new one.")
		}
		in.Customer = p.str("customer")
	}
	// An invoice's intent is set up by its subscription; that Stripe would unset it is not known, and nobody may rely on it.
	if in.Invoice != "" && in.FutureUsage != "" && p.has("setup_future_usage") && p.str("setup_future_usage") == "" {
		return refuse("", "setup_future_usage", "The setup_future_usage of this PaymentIntent cannot be unset because it belongs to an invoice.")
	}
	for name, to := range map[string]*string{"description": &in.Description, "receipt_email": &in.ReceiptEmail,
		"statement_descriptor": &in.Descriptor, "statement_descriptor_suffix": &in.DescriptorSuffix, "transfer_group": &in.TransferGroup,
		"setup_future_usage": &in.FutureUsage, "return_url": &in.ReturnURL, "capture_method": &in.CaptureMethod} {
		if p.has(name) {
			*to = p.str(name)
		}
	}
	if email := in.ReceiptEmail; email != "" && !strings.Contains(email, "@") {
		return badParam("receipt_email", "email_invalid", "Invalid email address: "+email)
	}
	if p.has("shipping") {
		in.Shipping = p.raw("shipping")
	}
	if p.has("payment_method_options") {
		in.Options = p.raw("payment_method_options")
	}
	in.Metadata = p.merge(in.Metadata)
	return nil
}

// chooseMethod attaches the payment method that the parameters name.
func (s *Server) chooseMethod(c *call, in *intent) *apiError {
	p := c.params
	var m *method
	var err *apiError
	switch id := p.str("payment_method"); {
	case p.has("payment_method_data"):
		m, err = s.methodFrom(c, p.sub("payment_method_data"), "payment_method_data[")
	case id != "":
		m, err = s.methodByID(c, id)
	case p.has("payment_method"): // emptied
		in.Method, in.Status = "", needsMethod
		return nil
	default:
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case m.used() && m.UsedBy != in.ID:
		return s.reused()
	case m.Customer != "" && in.Customer == "":
		return refuse("", "payment_method", "The payment method supplied ("+m.ID+") belongs to a different Customer. Please include the "+
			"Customer in the `customer` parameter on the PaymentIntent.")
	case m.Customer != "" && m.Customer != in.Customer:
		return notTheCustomers(m.ID, "payment_method")
	}
	in.Method, in.Status, in.Authenticated = m.ID, needsConfirm, false
	return nil
}

// intentOf is the intent of the path. A payer's page must know its secret.
func (s *Server) intentOf(c *call) (*intent, *apiError) {
	in, ok := get[*intent](s, c.account, c.id)
	if !ok {
		return nil, noSuch("payment_intent", c.id, "intent")
	}
	if err := s.checkSecret(c, in.ID, "PaymentIntent"); err != nil {
		return nil, err
	}
	return in, nil
}

// checkSecret compares the client secret, which a payer's page must give and anybody may.
func (s *Server) checkSecret(c *call, id, what string) *apiError {
	given := c.params.str("client_secret")
	switch {
	case given == "" && c.page:
		return missingParam("client_secret")
	case given != "" && given != s.clientSecret(id):
		return refuse("payment_intent_invalid_parameter", "client_secret", "The client_secret provided does not match the client_secret "+
			"associated with the "+what+".")
	}
	return nil
}

func retrieveIntent(s *Server, c *call) (obj, *apiError) {
	in, err := s.intentOf(c)
	if err != nil {
		return nil, err
	}
	return s.renderIntent(in), nil
}

func listIntents(s *Server, c *call) (obj, *apiError) {
	return s.list(c, kindIntent, func(e entity) bool {
		return !c.params.has("customer") || e.(*intent).Customer == c.params.str("customer")
	})
}

func searchIntents(s *Server, c *call) (obj, *apiError) { return s.search(c, kindIntent) }

// statusList writes statuses as Stripe's messages do.
func statusList(statuses ...string) string { return strings.Join(statuses, ", ") }
