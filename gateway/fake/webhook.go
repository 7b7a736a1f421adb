package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// SignatureHeader is the header of a webhook request that carries the signature of its body.
const SignatureHeader = "Fake-Signature"

// The bounds of webhooks.
const (
	webhookAPIVersion = "2023-10-16"
	webhookTolerance  = 300 * time.Second
	maxHeaderBytes    = 4 << 10
	maxBodyBytes      = 1 << 20
	maxSignatures     = 16
)

// ParseWebhook checks a request of the gateway's events, signed in the header [SignatureHeader], and returns what it is
// about. It refuses what [Gateway.VerifyWebhook] refuses, and a request with several such headers.
func (g *Gateway) ParseWebhook(header http.Header, body []byte) (payments.WebhookEvent, error) {
	signature := header.Values(SignatureHeader)
	if len(signature) != 1 {
		return payments.WebhookEvent{}, g.fail(opWebhook, payments.Error{Code: payments.ErrInvalid,
			Message: "the request must have one header " + SignatureHeader})
	}
	e, err := g.VerifyWebhook(signature[0], body)
	if err != nil {
		return payments.WebhookEvent{}, err
	}
	return payments.WebhookEvent{ID: e.ID, Type: e.Type, Object: e.Object, Payment: e.Reference, Subscription: e.Subscription,
		Invoice: e.Invoice, PaymentUID: e.PaymentUID, OrderID: e.OrderID, Account: e.Account, APIVersion: e.APIVersion,
		LiveMode: e.LiveMode, CreatedAt: e.CreatedAt}, nil
}

// opWebhook is what errors about webhooks name.
const opWebhook Operation = "webhook"

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
	refuse := func(message string) (Event, error) {
		return Event{}, g.fail(opWebhook, payments.Error{Code: payments.ErrInvalid, Message: message})
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
	e := w.event()
	e.Header, e.Body = header, body
	return e, nil
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
