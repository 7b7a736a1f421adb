package stripe

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/trendsic/payments"
)

// RequiredEvents are the types of events that a webhook endpoint must be subscribed to.
func RequiredEvents() []string {
	return []string{
		"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing", "payment_intent.requires_action",
		"payment_intent.canceled", "payment_intent.amount_capturable_updated",
		"charge.refunded", "charge.refund.updated", "refund.updated",
		"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "review.opened", "review.closed",
		"invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
		"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "setup_intent.succeeded",
	}
}

// The bounds of a webhook request, and how far its time may be from ours, either way.
const (
	maxEvent  = 1 << 20
	maxHeader = 4 << 10
	tolerance = 300 * time.Second
)

// ParseWebhook checks Stripe-Signature over the raw body, with each of the secrets, and returns what the event is about. Any
// api_version is taken: the event is a hint, and the object is read again in our own version.
func (g *Gateway) ParseWebhook(header http.Header, body []byte) (payments.WebhookEvent, error) {
	signature := strings.Join(header.Values("Stripe-Signature"), ",")
	switch {
	case len(g.opts.WebhookSecrets) == 0:
		return payments.WebhookEvent{}, forged("no webhook secret is configured")
	case len(body) == 0 || len(body) > maxEvent:
		return payments.WebhookEvent{}, forged("the event is empty or longer than 1 MiB")
	case len(signature) > maxHeader:
		return payments.WebhookEvent{}, forged("the signature is longer than 4 KiB")
	case !g.fresh(signature):
		return payments.WebhookEvent{}, forged("the signature has not one time, or one more than five minutes from now")
	case !g.signed(signature, body):
		return payments.WebhookEvent{}, forged("the signature does not fit")
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return payments.WebhookEvent{}, forged("the event cannot be read")
	}
	return e.read(), nil
}

func forged(message string) error {
	return &payments.Error{Op: "stripe.webhook", Code: payments.ErrInvalid, Outcome: payments.OutcomeNotApplied, Message: message,
		Fields: []payments.FieldError{{Field: "Stripe-Signature", Code: "Signature", Message: message}}}
}

// fresh compares the signature's time with ours, both ways: stripe-go refuses only what is old. Two times are refused: stripe-go
// checks the signature by the last one, so that an event of any age would pass with a time of now before its own.
func (g *Gateway) fresh(signature string) bool {
	times := 0
	for part := range strings.SplitSeq(signature, ",") {
		value, ok := strings.CutPrefix(part, "t=")
		if !ok {
			continue
		}
		at, err := strconv.ParseInt(value, 10, 64)
		if err != nil || g.opts.Clock().Sub(time.Unix(at, 0)).Abs() > tolerance {
			return false
		}
		times++
	}
	return times == 1
}

// signed tries each secret; several are in use while one is rolled.
func (g *Gateway) signed(signature string, body []byte) bool {
	for _, secret := range g.opts.WebhookSecrets {
		if webhook.ValidatePayloadIgnoringTolerance(body, signature, secret) == nil {
			return true
		}
	}
	return false
}

// event is what is read of an event, in every shape: before and after 2025-03-31.basil, and thin events.
type event struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Account    string          `json:"account"`
	APIVersion string          `json:"api_version"`
	Livemode   bool            `json:"livemode"`
	Created    json.RawMessage `json:"created"` // seconds, or a text in thin events
	Data       *struct {
		Object *object `json:"object"`
	} `json:"data"`
	Related *struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"related_object"`
}

// object is the part of an event's object that names what it belongs to.
type object struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	PaymentIntent reference         `json:"payment_intent"`
	Subscription  reference         `json:"subscription"`
	Invoice       reference         `json:"invoice"`
	Metadata      map[string]string `json:"metadata"`
	Parent        struct {
		Details struct {
			Subscription reference `json:"subscription"`
		} `json:"subscription_details"`
	} `json:"parent"`
	Payments struct {
		Data []struct {
			Payment struct {
				PaymentIntent reference `json:"payment_intent"`
			} `json:"payment"`
		} `json:"data"`
	} `json:"payments"`
}

// reference is an id, or an expanded object with one.
type reference string

// UnmarshalJSON reads either; anything else is none.
func (r *reference) UnmarshalJSON(data []byte) error {
	var id string
	if json.Unmarshal(data, &id) == nil {
		*r = reference(id)
		return nil
	}
	var full struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(data, &full) == nil {
		*r = reference(full.ID)
	}
	return nil
}

// read returns what the event is about.
func (e event) read() payments.WebhookEvent {
	w := payments.WebhookEvent{ID: e.ID, Type: e.Type, Account: e.Account, APIVersion: e.APIVersion, LiveMode: e.Livemode}
	if seconds, err := strconv.ParseInt(string(e.Created), 10, 64); err == nil {
		w.CreatedAt = time.Unix(seconds, 0).UTC()
	}
	if e.Related != nil {
		w.Object = e.Related.ID
	}
	if e.Data == nil || e.Data.Object == nil {
		return w
	}
	o := e.Data.Object
	w.Object = o.ID
	w.PaymentUID = o.Metadata[metaPayment]
	w.OrderID, _ = payments.ParseOrderID(o.Metadata[metaOrder])
	w.Payment, w.Subscription, w.Invoice = string(o.PaymentIntent), string(o.Subscription), string(o.Invoice)
	switch o.Object {
	case "payment_intent":
		w.Payment = o.ID
	case "subscription":
		w.Subscription = o.ID
	case "invoice":
		w.Invoice = o.ID
		w.Subscription = orDefault(w.Subscription, string(o.Parent.Details.Subscription))
		for _, p := range o.Payments.Data {
			w.Payment = orDefault(w.Payment, string(p.Payment.PaymentIntent))
		}
	}
	return w
}

// APIVersion is the version that the gateway speaks.
const APIVersion = stripego.APIVersion
