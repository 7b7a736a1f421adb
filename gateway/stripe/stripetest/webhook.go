package stripetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// WebhookMode is what becomes of the delivery of an event.
type WebhookMode string

// The modes of delivery.
const (
	// WebhookAtOnce delivers before the answer of the call that caused the event. It is what happens without a script.
	WebhookAtOnce WebhookMode = "at_once"
	// WebhookTwice delivers at once, and then again.
	WebhookTwice WebhookMode = "twice"
	// WebhookLate delivers after [LateWebhook] has passed on the emulator's clock.
	WebhookLate WebhookMode = "late"
	// WebhookOutOfOrder delivers after the next event, or by [Server.ReleaseWebhooks].
	WebhookOutOfOrder WebhookMode = "out_of_order"
	// WebhookHeld delivers by [Server.ReleaseWebhooks], or when another process goes on with the state file.
	WebhookHeld WebhookMode = "held"
	// WebhookLost never delivers. The list of events still has it.
	WebhookLost WebhookMode = "lost"
	// WebhookForged delivers the event signed with a secret that is not ours. The true one is held.
	WebhookForged WebhookMode = "forged"
	// WebhookStale delivers it with a signature that is 301 seconds old. The true one is held.
	WebhookStale WebhookMode = "stale"
	// WebhookFuture delivers it with a signature of 301 seconds from now. The true one is held.
	WebhookFuture WebhookMode = "future"
)

// WebhookModes lists the modes.
func WebhookModes() []WebhookMode {
	return []WebhookMode{WebhookAtOnce, WebhookTwice, WebhookLate, WebhookOutOfOrder, WebhookHeld, WebhookLost, WebhookForged, WebhookStale,
		WebhookFuture}
}

// LateWebhook is when a late webhook is delivered.
const LateWebhook = time.Minute

// Delivery is one webhook as it is sent.
type Delivery struct {
	// EventID and Type are those of the event, and Object is the id of what it is about.
	EventID string
	Type    string
	Object  string
	// Header is the Stripe-Signature header.
	Header string
	// Body is the raw body. That of an intent holds its client secret, as Stripe's does.
	Body []byte
	// Attempt counts the tries, from 1.
	Attempt int
	// Mode is how it is delivered.
	Mode WebhookMode
}

// outgoing is a delivery that is to be made, and the event that it is of.
type outgoing struct {
	event *event
	mode  WebhookMode
}

// webhookScripts are the modes that wait for their events, and the events that wait.
type webhookScripts struct {
	scripts []*webhookScript
	swapped []*event // out_of_order: go after the next
	held    []*event
	again   []*event // whose time has come
}

type webhookScript struct {
	mode  WebhookMode
	types []string
	times int
}

// ScriptWebhooks makes the next so many events be delivered in a mode; a negative number is until [Server.ClearWebhooks].
// Types narrows it to events of these types. Several scripts take turns in the order of asking.
func (s *Server) ScriptWebhooks(mode WebhookMode, times int, types ...string) error {
	if !slices.Contains(WebhookModes(), mode) {
		return fmt.Errorf("stripetest: %.40q is no mode of delivery; there are %v", string(mode), WebhookModes())
	}
	if times == 0 {
		return errors.New("stripetest: a mode for no event is no script; a negative number is for ever")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.scripts = append(s.hooks.scripts, &webhookScript{mode: mode, types: types, times: times})
	return nil
}

// ClearWebhooks ends all scripts of deliveries. What is held stays so.
func (s *Server) ClearWebhooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.scripts = nil
}

// modeOf takes the mode that waits for an event.
func (h *webhookScripts) modeOf(e *event) WebhookMode {
	for i, script := range h.scripts {
		if len(script.types) > 0 && !slices.Contains(script.types, e.Type) {
			continue
		}
		if script.times > 0 {
			if script.times--; script.times == 0 {
				h.scripts = slices.Delete(h.scripts, i, i+1)
			}
		}
		return script.mode
	}
	return WebhookAtOnce
}

// hasEndpoint tells whether webhooks go anywhere.
func (s *Server) hasEndpoint() bool { return s.opts.Deliver != nil || s.opts.WebhookURL != "" }

// takeOutbox decides about the events that a call has made, and about those whose time has come.
func (s *Server) takeOutbox(now time.Time) []*outgoing {
	fresh, again := s.outbox, s.hooks.again
	s.outbox, s.hooks.again = nil, nil
	if !s.hasEndpoint() {
		return nil
	}
	var out []*outgoing
	for _, e := range again {
		out = append(out, &outgoing{event: e, mode: WebhookAtOnce})
	}
	for _, e := range fresh {
		out = append(out, s.decide(e, now)...)
	}
	return out
}

// decide is what happens to one event.
func (s *Server) decide(e *event, now time.Time) []*outgoing {
	mode := s.hooks.modeOf(e)
	switch mode {
	case WebhookLost:
		e.Lost = true
		s.put(e)
		return nil
	case WebhookHeld:
		s.hooks.held = append(s.hooks.held, e)
		return nil
	case WebhookOutOfOrder:
		s.hooks.swapped = append(s.hooks.swapped, e)
		return nil
	case WebhookLate:
		e.NextTry = now.Add(LateWebhook).Unix()
		s.put(e)
		return nil
	case WebhookForged, WebhookStale, WebhookFuture:
		s.hooks.held = append(s.hooks.held, e)
		return []*outgoing{{event: e, mode: mode}}
	default: // at once, and perhaps twice
	}
	out := []*outgoing{{event: e, mode: mode}}
	if mode == WebhookTwice {
		out = append(out, &outgoing{event: e, mode: mode})
	}
	for _, other := range s.hooks.swapped {
		out = append(out, &outgoing{event: other, mode: WebhookOutOfOrder})
	}
	s.hooks.swapped = nil
	return out
}

// ReleaseWebhooks delivers the events that are held or wait for the next one, and returns how many there were.
func (s *Server) ReleaseWebhooks(ctx context.Context) int {
	s.mu.Lock()
	held := append(s.hooks.swapped, s.hooks.held...)
	s.hooks.swapped, s.hooks.held = nil, nil
	s.mu.Unlock()
	out := make([]*outgoing, len(held))
	for i, e := range held {
		out[i] = &outgoing{event: e, mode: WebhookHeld}
	}
	s.deliver(ctx, out)
	return len(held)
}

// Redeliver delivers an event once more, by its id, as a person can ask in the dashboard. It returns the error of the
// delivery.
func (s *Server) Redeliver(ctx context.Context, eventID string) error {
	s.mu.Lock()
	e, ok := s.state.byID[eventID].(*event)
	s.mu.Unlock()
	if !ok {
		return errUnknown(eventID)
	}
	return s.deliverOne(ctx, &outgoing{event: e, mode: WebhookAtOnce})
}

// retryDelays is when a delivery that failed is tried again: for three days, as at Stripe.
var retryDelays = []time.Duration{5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 12 * time.Hour,
	12 * time.Hour, 12 * time.Hour, 12 * time.Hour}

// deliver makes deliveries in their order. The lock is not held, so that the receiver can call the API.
func (s *Server) deliver(ctx context.Context, out []*outgoing) {
	for _, o := range out {
		// A delivery that fails is noted with its event and tried again.
		_ = s.deliverOne(ctx, o)
	}
}

// deliverOne makes one delivery and notes what became of it.
func (s *Server) deliverOne(ctx context.Context, o *outgoing) error {
	if !s.hasEndpoint() {
		return errors.New("stripetest: webhooks go nowhere: neither Options.Deliver nor Options.WebhookURL is set")
	}
	s.mu.Lock()
	d := s.delivery(o)
	s.mu.Unlock()
	err := s.hand(ctx, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := o.event
	e.Attempts++
	switch {
	case o.mode == WebhookForged || o.mode == WebhookStale || o.mode == WebhookFuture:
		e.Attempts-- // it was not the event itself
	case err == nil:
		e.Delivered, e.NextTry = true, 0
	case e.Attempts <= len(retryDelays):
		e.NextTry = s.clock().Add(retryDelays[e.Attempts-1]).Unix()
	}
	s.put(e)
	return errors.Join(err, s.flush())
}

// delivery signs an event.
func (s *Server) delivery(o *outgoing) Delivery {
	at, secrets := s.clock(), append([]string{s.opts.WebhookSecret}, s.opts.PreviousWebhookSecrets...)
	switch o.mode {
	case WebhookForged:
		secrets = []string{"whsec_forged"}
	case WebhookStale:
		at = at.Add(-301 * time.Second)
	case WebhookFuture:
		at = at.Add(301 * time.Second)
	default: // signed as it should be
	}
	body := mustJSON(s.eventAt(o.event, s.opts.WebhookVersion))
	return Delivery{EventID: o.event.ID, Type: o.event.Type, Object: o.event.Object, Body: body, Attempt: o.event.Attempts + 1, Mode: o.mode,
		Header: Sign(body, at, secrets...)}
}

// hand gives a delivery to the receiver.
func (s *Server) hand(ctx context.Context, d Delivery) error {
	// The call that caused the event may be given up; Stripe delivers all the same.
	ctx = context.WithoutCancel(ctx)
	if s.opts.Deliver != nil {
		return s.opts.Deliver(ctx, d)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.WebhookURL, bytes.NewReader(d.Body))
	if err != nil {
		return fmt.Errorf("stripetest: the webhook cannot be sent: %w", err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	r.Header.Set("Stripe-Signature", d.Header)
	answer, err := s.opts.WebhookClient.Do(r)
	if err != nil {
		return fmt.Errorf("stripetest: the webhook was not delivered: %w", err)
	}
	_ = answer.Body.Close() // nothing is read from it
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("stripetest: the webhook was answered with %d", answer.StatusCode)
	}
	return nil
}

// Sign is the Stripe-Signature header of a body at a moment: t=…,v1=…, with one v1 for each secret.
func Sign(body []byte, at time.Time, secrets ...string) string {
	header := "t=" + strconv.FormatInt(at.Unix(), 10)
	for _, secret := range secrets {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(strconv.FormatInt(at.Unix(), 10) + "."))
		h.Write(body)
		header += ",v1=" + hex.EncodeToString(h.Sum(nil))
	}
	return header
}
