package fake

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// The kinds of webhook events, by Stripe's names.
const (
	eventSucceeded      = "payment_intent.succeeded"
	eventFailed         = "payment_intent.payment_failed"
	eventProcessing     = "payment_intent.processing"
	eventRequiresAction = "payment_intent.requires_action"
	eventCanceled       = "payment_intent.canceled"
	eventCapturable     = "payment_intent.amount_capturable_updated"
	eventRefunded       = "charge.refunded"
	eventRefundUpdated  = "charge.refund.updated"
	eventDisputeCreated = "charge.dispute.created"
	eventDisputeClosed  = "charge.dispute.closed"
	eventReviewClosed   = "review.closed"

	eventSubscribed     = "customer.subscription.created"
	eventSubUpdated     = "customer.subscription.updated"
	eventSubDeleted     = "customer.subscription.deleted"
	eventInvoicePaid    = "invoice.paid"
	eventInvoiceFailed  = "invoice.payment_failed"
	eventInvoiceAction  = "invoice.payment_action_required"
	eventSetupSucceeded = "setup_intent.succeeded"
)

// Event is a webhook event as it goes over the wire, and what it says.
type Event struct {
	// ID is the event's id, to dedupe by.
	ID string
	// Type is its kind, such as "payment_intent.succeeded".
	Type string
	// Object is the id of the object that it tells of: of a payment, a subscription, an invoice or a setup.
	Object string
	// Reference is the id of the payment's object, which is what to Fetch: an event is a hint, not the truth. It is empty for an
	// event of no payment.
	Reference string
	// Subscription and Invoice are the ids that the event names beside it.
	Subscription, Invoice string
	// OrderID and PaymentUID are what the object carries.
	OrderID    payments.OrderID
	PaymentUID string
	// Account is the account of the payment, where it has one.
	Account string
	// APIVersion is the version in which the body is written.
	APIVersion string
	// LiveMode is Options.LiveMode of the gateway that made it.
	LiveMode bool
	// CreatedAt is the moment of the event.
	CreatedAt time.Time
	// Header is the signature, empty without a secret.
	Header string
	// Body is the raw body. It holds no secret.
	Body []byte
}

// wireEvent is the body of an event, in Stripe's form.
type wireEvent struct {
	ID         string `json:"id"`
	Object     string `json:"object"`
	APIVersion string `json:"api_version"`
	Account    string `json:"account,omitempty"`
	Created    int64  `json:"created"`
	LiveMode   bool   `json:"livemode"`
	Type       string `json:"type"`
	Data       struct {
		Object wireObject `json:"object"`
	} `json:"data"`
}

// The kinds of objects in an event's body.
const (
	objectPayment      = "payment_intent"
	objectSubscription = "subscription"
	objectInvoice      = "invoice"
	objectSetup        = "setup_intent"
)

// wireObject is what an event tells of. For every kind of event of a payment it is the payment's own object.
type wireObject struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Amount   int64             `json:"amount,omitempty"`
	Received int64             `json:"amount_received,omitempty"`
	Due      int64             `json:"amount_due,omitempty"`
	Currency string            `json:"currency,omitempty"`
	Status   string            `json:"status"`
	LiveMode bool              `json:"livemode"`
	Customer string            `json:"customer,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`

	Payment       string `json:"payment_intent,omitempty"` // of an invoice
	Invoice       string `json:"invoice,omitempty"`        // of a payment
	Subscription  string `json:"subscription,omitempty"`   // of an invoice
	LatestInvoice string `json:"latest_invoice,omitempty"` // of a subscription
}

// maxQueuedEvents bounds the queue of events.
const maxQueuedEvents = 10_000

// metadata is what an object carries of ours; a later invoice's carries nothing.
func metadata(order payments.OrderID, uid string) map[string]string {
	if order.IsZero() && uid == "" {
		return nil
	}
	return map[string]string{"order_id": order.String(), "payment_uid": uid}
}

// emit makes an event of a payment.
func (g *Gateway) emit(kind string, in *intent, at time.Time) {
	g.emitObject(kind, in.Account, wireObject{ID: in.ID, Object: objectPayment, Amount: in.Amount, Received: in.captured(),
		Currency: strings.ToLower(string(in.Currency)), Status: string(in.Status), Customer: in.Customer,
		Metadata: metadata(in.OrderID, in.PaymentUID), Invoice: in.Invoice}, at)
}

// emitObject makes an event of the call that runs. It is signed now, whenever it happened: that is when it is sent.
func (g *Gateway) emitObject(kind, account string, o wireObject, at time.Time) {
	o.LiveMode = g.opts.LiveMode
	w := wireEvent{ID: g.newID("evt"), Object: "event", APIVersion: webhookAPIVersion, Account: account, Created: at.Unix(),
		LiveMode: g.opts.LiveMode, Type: kind}
	w.Data.Object = o
	body, err := json.Marshal(w)
	if err != nil {
		panic("fake: an event cannot be written: " + err.Error()) // plain values only
	}
	e := w.event()
	e.CreatedAt, e.Body = at, body
	if g.opts.WebhookSecret != "" {
		e.Header = g.SignWebhook(body, g.now())
	}
	g.fresh = append(g.fresh, e)
}

// event returns what a body says.
func (w wireEvent) event() Event {
	o := w.Data.Object
	e := Event{ID: w.ID, Type: w.Type, Object: o.ID, Account: w.Account, APIVersion: w.APIVersion, LiveMode: w.LiveMode,
		CreatedAt: time.Unix(w.Created, 0).UTC(), PaymentUID: o.Metadata["payment_uid"]}
	if id, err := payments.ParseOrderID(o.Metadata["order_id"]); err == nil {
		e.OrderID = id
	}
	switch o.Object {
	case objectSubscription:
		e.Subscription, e.Invoice = o.ID, o.LatestInvoice
	case objectInvoice:
		e.Invoice, e.Reference, e.Subscription = o.ID, o.Payment, o.Subscription
	case objectSetup: // it names nothing else, as at Stripe
	default:
		e.Reference, e.Invoice = o.ID, o.Invoice
	}
	return e
}

// deliver hands the events of a call to Options.Deliver, or queues them.
func (g *Gateway) deliver(ctx context.Context, events []Event) {
	for _, e := range events {
		if g.opts.Deliver != nil && g.opts.Deliver(ctx, e.Header, e.Body) == nil {
			continue
		}
		g.mu.Lock()
		g.events = append(g.events, e)
		if n := len(g.events) - maxQueuedEvents; n > 0 {
			g.events = append([]Event(nil), g.events[n:]...)
		}
		g.mu.Unlock()
	}
}

// Events takes the events out of the queue, the oldest first. The queue holds what was not delivered, at most the newest
// 10,000; it is not kept in the state file.
func (g *Gateway) Events() []Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	events := g.events
	g.events = nil
	return events
}
