package fake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
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
)

// Event is a webhook event as it goes over the wire, and what it says.
type Event struct {
	// ID is the event's id, to dedupe by.
	ID string
	// Type is its kind, such as "payment_intent.succeeded".
	Type string
	// Reference is the id of the payment's object, which is what to Fetch: an event is a hint, not the truth.
	Reference string
	// Account is the account of the payment, where it has one.
	Account string
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

// wireObject is the payment in an event's body. For every kind of event it is the payment's own object.
type wireObject struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Amount   int64             `json:"amount"`
	Received int64             `json:"amount_received"`
	Currency string            `json:"currency"`
	Status   intentStatus      `json:"status"`
	LiveMode bool              `json:"livemode"`
	Metadata map[string]string `json:"metadata"`
}

// The bounds of webhooks.
const (
	webhookAPIVersion = "2023-10-16"
	webhookTolerance  = 300 * time.Second
	maxHeaderBytes    = 4 << 10
	maxBodyBytes      = 1 << 20
	maxSignatures     = 16
	maxQueuedEvents   = 10_000
)

// emit makes an event of the call that runs.
func (g *Gateway) emit(kind string, in *intent, now time.Time) {
	w := wireEvent{ID: g.newID("evt"), Object: "event", APIVersion: webhookAPIVersion, Account: in.Account, Created: now.Unix(),
		LiveMode: g.opts.LiveMode, Type: kind}
	w.Data.Object = wireObject{ID: in.ID, Object: "payment_intent", Amount: in.Amount, Received: in.captured(),
		Currency: strings.ToLower(string(in.Currency)), Status: in.Status, LiveMode: g.opts.LiveMode,
		Metadata: map[string]string{"order_id": in.OrderID.String(), "payment_uid": in.PaymentUID}}
	body, err := json.Marshal(w)
	if err != nil {
		panic("fake: an event cannot be written: " + err.Error()) // plain values only
	}
	e := Event{ID: w.ID, Type: kind, Reference: in.ID, Account: in.Account, LiveMode: w.LiveMode, CreatedAt: now, Body: body}
	if g.opts.WebhookSecret != "" {
		e.Header = g.SignWebhook(body, now)
	}
	g.fresh = append(g.fresh, e)
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

// SignWebhook returns the signature header of a body at a time: t=…,v1=… with HMAC-SHA256, as Stripe does it.
func (g *Gateway) SignWebhook(body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(g.signature(t, body))
}

func (g *Gateway) signature(t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(g.opts.WebhookSecret))
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// VerifyWebhook checks an event's signature and reads it. It accepts a timestamp at most five minutes before or after the
// clock. Everything else is ErrInvalid, as is any event while Options.WebhookSecret is empty.
func (g *Gateway) VerifyWebhook(header string, body []byte) (Event, error) {
	const op Operation = "webhook"
	refuse := func(message string) (Event, error) {
		return Event{}, g.fail(op, payments.Error{Code: payments.ErrInvalid, Message: message})
	}
	if g.opts.WebhookSecret == "" {
		return refuse("there is no webhook secret, so no event is accepted")
	}
	if len(body) > maxBodyBytes {
		return refuse("the event is too large")
	}
	t, signatures, err := parseSignature(header)
	if err != nil {
		return refuse(err.Error())
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return refuse("the signature has no time")
	}
	want, good := g.signature(t, body), false
	for _, s := range signatures {
		good = hmac.Equal(s, want) || good
	}
	if !good {
		return refuse("the signature is not right")
	}
	if age := g.now().Sub(time.Unix(seconds, 0)); age > webhookTolerance || age < -webhookTolerance {
		return refuse("the signature is too old, or from the future")
	}
	var w wireEvent
	if err := json.Unmarshal(body, &w); err != nil || w.ID == "" || w.Type == "" || w.Data.Object.ID == "" {
		return refuse("the event cannot be read")
	}
	return Event{ID: w.ID, Type: w.Type, Reference: w.Data.Object.ID, Account: w.Account, LiveMode: w.LiveMode,
		CreatedAt: time.Unix(w.Created, 0).UTC(), Header: header, Body: body}, nil
}

// parseSignature reads the header t=…,v1=…[,v1=…]. Signatures of other versions are skipped.
func parseSignature(header string) (t string, signatures [][]byte, err error) {
	if len(header) > maxHeaderBytes {
		return "", nil, fmt.Errorf("the signature is too long")
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if t != "" {
				return "", nil, fmt.Errorf("the signature has two times")
			}
			t = value
		case "v1":
			if s, err := hex.DecodeString(value); err == nil && len(s) == sha256.Size {
				signatures = append(signatures, s)
			}
		}
	}
	if t == "" || len(signatures) == 0 || len(signatures) > maxSignatures {
		return "", nil, fmt.Errorf("the signature is missing or not of the form t=…,v1=…")
	}
	return t, signatures, nil
}
