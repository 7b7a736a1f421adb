package stripe

import (
	"context"
	"errors"
	"strconv"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// Prepare creates the intent with its payment method and does not confirm it, or puts another card or amount onto the one
// that Reference names. A one-time token is exchanged first, under a key of its own: the same key gives the same payment
// method again.
func (g *Gateway) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	const op = "prepare"
	pm, err := g.paymentMethod(ctx, req.Source, req.Key+":pm", req.Account)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	to, err := g.preparedFor(ctx, req)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	p := &stripego.PaymentIntentParams{Params: g.params(ctx, req.Key+to.step, req.Account), Metadata: metadata(req.PaymentRef), Expand: expanded}
	if req.Amount != (payments.Money{}) {
		n, err := units(req.Amount)
		if err != nil {
			return payments.Snapshot{}, g.failure(op, err)
		}
		p.Amount, p.Currency = stripego.Int64(n), currency(req.Amount.Currency)
	}
	p.PaymentMethod = optional(pm)
	p.Customer, p.SetupFutureUsage = optional(to.customer), setUp(req.Saving)
	if to.forget {
		p.SetupFutureUsage = stripego.String("")
	}
	if req.Reference != "" {
		pi, err := g.api.PaymentIntents.Update(req.Reference, p)
		return g.prepared(op, pi, err)
	}
	g.describe(p, req.Description, req.Payer)
	g.waysToPay(p, req.Capture)
	pi, err := g.api.PaymentIntents.New(p)
	return g.prepared(op, pi, err)
}

// setUp is the setup_future_usage of what is to be saved. What is charged off session is saved already: Stripe refuses the two together.
func setUp(s payments.Saving) *string {
	if !s.Save || s.OffSession {
		return nil
	}
	return stripego.String(string(stripego.PaymentIntentSetupFutureUsageOffSession))
}

// preparation is what Prepare asks for beside its request: the customer, whether to unset what a try before has set up for later, and
// its step, which is part of its key.
type preparation struct {
	customer, step string
	forget         bool
}

// preparedFor reads the intent that is prepared again, and returns the customer that Prepare names. Stripe changes the customer of no
// intent: one that has a customer keeps it and is sent none. What an earlier try was to save is unset unless this one saves too: the
// payer may not want it any more, and Stripe would not charge it off session. An invoice's intent is set up by its subscription, and is
// left so. What is sent differs by what the intent is, and the step with it.
func (g *Gateway) preparedFor(ctx context.Context, req payments.PrepareRequest) (to preparation, err error) {
	if to.step = ":create"; req.Reference != "" {
		pi, err := g.intent(ctx, payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
		if err != nil {
			return to, err
		}
		unset := ""
		if to.forget = pi.SetupFutureUsage != "" && pi.Invoice == nil && setUp(req.Saving) == nil; to.forget {
			unset = ":forget"
		}
		to.step = ":update" + unset
		if pi.Customer != nil && pi.Customer.ID != "" {
			to.step = ":keep" + unset
			return to, nil
		}
	}
	to.customer, err = g.customer(ctx, req.Payer, req.Saving, req.Key+":customer", req.Account)
	return to, err
}

// prepared answers a request that moved no money.
func (g *Gateway) prepared(op string, pi *stripego.PaymentIntent, err error) (payments.Snapshot, error) {
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	return snapshot(pi), nil
}

// waysToPay says how the intent may be paid, and when the money is taken. Without a return URL only cards: since API version
// 2023-08-16 the dashboard's other ways are on by themselves, and confirming then asks for a return URL.
func (g *Gateway) waysToPay(p *stripego.PaymentIntentParams, capture bool) {
	if !capture {
		p.CaptureMethod = stripego.String(string(stripego.PaymentIntentCaptureMethodManual))
	}
	if g.opts.ReturnURL == "" {
		p.PaymentMethodTypes = stripego.StringSlice([]string{"card"})
		return
	}
	p.AutomaticPaymentMethods = &stripego.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripego.Bool(true)}
}

// describe sends what the host has asked to be sent.
func (g *Gateway) describe(p *stripego.PaymentIntentParams, description string, payer payments.Payer) {
	if g.opts.SendDescription {
		p.Description = optional(description)
	}
	if g.opts.SendReceiptEmail {
		p.ReceiptEmail = optional(payer.Email)
	}
	p.StatementDescriptorSuffix = optional(g.opts.StatementSuffix)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// paymentMethod returns the id of the way to pay, empty when the payer gives it later. A token is spent by its exchange.
func (g *Gateway) paymentMethod(ctx context.Context, src payments.Source, key, account string) (string, error) {
	card := &stripego.PaymentMethodCardParams{}
	switch token := src.Token.Reveal(); {
	case src.IsZero():
		return "", nil
	case src.Card != nil && !g.opts.RawCards:
		return "", field(payments.ErrUnsupported, "Source.Card", "card numbers are not taken; send a token")
	case src.Card != nil:
		c := src.Card
		card.Number, card.CVC = stripego.String(c.Number.Reveal()), optional(c.CVC.Reveal())
		card.ExpMonth, card.ExpYear = stripego.Int64(int64(c.Expiry.Month)), stripego.Int64(int64(c.Expiry.Year))
	case strings.HasPrefix(token, "pm_") || strings.HasPrefix(token, "card_"):
		return token, nil
	case strings.HasPrefix(token, "tok_"):
		card.Token = stripego.String(token)
	default:
		return "", field(payments.ErrInvalid, "Source.Token", "the token is no token (tok_...) and no payment method (pm_...) of Stripe's")
	}
	pm, err := g.api.PaymentMethods.New(&stripego.PaymentMethodParams{Params: g.params(ctx, key, account),
		Type: stripego.String(string(stripego.PaymentMethodTypeCard)), Card: card})
	if err != nil {
		return "", err
	}
	if pm.ID == "" {
		return "", errors.New("stripe: a payment method without an id")
	}
	return pm.ID, nil
}

// field is a refusal that names a field of the request.
func field(code payments.Code, name, message string) error {
	return &payments.Error{Op: "stripe.payment_method", Code: code, Outcome: payments.OutcomeNotApplied, Message: message,
		Fields: []payments.FieldError{{Field: name, Code: "Token", Message: message}}}
}

// customer returns the customer that the way to pay is saved with, or was; one is made where it is to be saved for the first
// time.
func (g *Gateway) customer(ctx context.Context, payer payments.Payer, saving payments.Saving, key, account string) (string, error) {
	if payer.GatewayCustomer != "" || setUp(saving) == nil {
		return payer.GatewayCustomer, nil
	}
	return g.newCustomer(ctx, payer, key, account)
}

func (g *Gateway) newCustomer(ctx context.Context, payer payments.Payer, key, account string) (string, error) {
	p := &stripego.CustomerParams{Params: g.params(ctx, key, account), Name: optional(payer.Name), Email: optional(payer.Email)}
	if payer.CustomerID != 0 {
		p.Metadata = map[string]string{"customer_id": strconv.FormatInt(payer.CustomerID, 10)}
	}
	c, err := g.api.Customers.New(p)
	if err != nil {
		return "", err
	}
	if c.ID == "" {
		return "", errors.New("stripe: a customer without an id")
	}
	return c.ID, nil
}

// Confirm asks for the money with what Prepare has attached: a bare confirm. An intent that already has an outcome is
// answered with it.
func (g *Gateway) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	p := &stripego.PaymentIntentConfirmParams{Params: g.params(ctx, req.Key, req.Account), Expand: expanded, ReturnURL: optional(g.opts.ReturnURL)}
	if req.OffSession {
		p.OffSession, p.ReturnURL = stripego.Bool(true), nil
	}
	pi, err := g.api.PaymentIntents.Confirm(req.Reference, p)
	return g.charged(ctx, "confirm", payments.FetchRequest{PaymentRef: req.PaymentRef, Reference: req.Reference}, pi, err)
}

// Authorize creates and confirms an intent in one request. The Service prefers Prepare and Confirm.
func (g *Gateway) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	const op = "authorize"
	pm, err := g.paymentMethod(ctx, req.Source, req.Key+":pm", req.Account)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	customer, err := g.customer(ctx, req.Payer, req.Saving, req.Key+":customer", req.Account)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	n, err := units(req.Amount)
	if err != nil {
		return payments.Snapshot{}, g.failure(op, err)
	}
	p := &stripego.PaymentIntentParams{Params: g.params(ctx, req.Key+":create", req.Account), Amount: stripego.Int64(n),
		Currency: currency(req.Amount.Currency), Confirm: stripego.Bool(true), PaymentMethod: optional(pm), Customer: optional(customer),
		SetupFutureUsage: setUp(req.Saving), Metadata: metadata(req.PaymentRef), Expand: expanded}
	if g.opts.ReturnURL != "" && !req.OffSession {
		p.ReturnURL = stripego.String(g.opts.ReturnURL)
	}
	if req.OffSession {
		p.OffSession = stripego.Bool(true)
	}
	g.describe(p, req.Description, req.Payer)
	g.waysToPay(p, req.Capture)
	pi, err := g.api.PaymentIntents.New(p)
	return g.charged(ctx, op, payments.FetchRequest{PaymentRef: req.PaymentRef}, pi, err)
}

// charged answers a request that moves money. A decline keeps its intent and is answered with it, whether Stripe says so by a
// 402 or, as some servers do, by a 200. What was replayed is an old truth, and what may have been done before is no error
// until it is read: both are read again.
func (g *Gateway) charged(ctx context.Context, op string, again payments.FetchRequest, pi *stripego.PaymentIntent, err error) (payments.Snapshot, error) {
	if err == nil {
		if replayed(pi.LastResponse) {
			again.Reference = pi.ID
			return g.reread(ctx, op, again, nil)
		}
		return answer(g.Name(), op, snapshot(pi))
	}
	var e *stripego.Error
	if !errors.As(err, &e) || e.HTTPStatusCode >= 500 {
		return payments.Snapshot{}, g.failure(op, err)
	}
	if e.PaymentIntent != nil && e.PaymentIntent.ID != "" {
		again.Reference = e.PaymentIntent.ID
	}
	failure := g.failure(op, err)
	if again.Reference != "" && (inDoubt(e) || errors.Is(failure, payments.ErrDeclined)) {
		return g.reread(ctx, op, again, failure)
	}
	return payments.Snapshot{}, failure
}

// reread answers with the object as it is now. Where that is no answer to the request, failure is.
func (g *Gateway) reread(ctx context.Context, op string, req payments.FetchRequest, failure error) (payments.Snapshot, error) {
	snap, err := g.Fetch(ctx, req)
	switch {
	case err != nil && failure == nil:
		return payments.Snapshot{}, payments.NewError(payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrUnavailable,
			Replayed: true, Message: "Stripe repeated an old answer, and cannot be asked for the new one"}, err)
	case err != nil:
		return payments.Snapshot{}, failure
	case snap.Status == payments.StatusCreated && failure != nil:
		return payments.Snapshot{}, failure
	default:
		return answer(g.Name(), op, snap)
	}
}

// answer makes a decline, and an intent that is canceled, an error beside its snapshot.
func answer(name, op string, snap payments.Snapshot) (payments.Snapshot, error) {
	switch snap.Status {
	case payments.StatusDeclined:
	case payments.StatusCanceled:
		return snap, ended(name, op, "the payment was canceled")
	default:
		return snap, nil
	}
	return snap, &payments.Error{Op: "stripe." + op, Gateway: name, Code: payments.ErrDeclined, Outcome: payments.OutcomeNotApplied,
		DeclineCode: snap.DeclineCode, GatewayCode: snap.GatewayCode, Message: snap.Message}
}

// ended is the refusal of a request for which the intent's state is too late.
func ended(name, op, message string) error {
	return &payments.Error{Op: "stripe." + op, Gateway: name, Code: payments.ErrConflict, Outcome: payments.OutcomeNotApplied, Message: message}
}
