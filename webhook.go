package payments

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Webhook takes one event of the gateway's: it checks the signature, stores what the event is about, and then reads the
// object from the gateway and folds it. An event is a hint, in any order and any number: what it says of money is never
// trusted.
//
// It answers nil once the event is stored: whatever becomes of it then, Reconcile goes on with it. It answers ErrInvalid for a
// request that the gateway did not sign, ErrUnsupported for a gateway without webhooks, and ErrUnavailable when the event
// could not be stored: the gateway sends it again.
func (s *Service) Webhook(ctx context.Context, header http.Header, body []byte) error {
	return s.fail("webhook", s.webhook(ctx, header, body))
}

func (s *Service) webhook(ctx context.Context, header http.Header, body []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	hooks, ok := CapabilityOf[WebhookGateway](s.gateway)
	if !ok {
		return &Error{Code: ErrUnsupported, Outcome: OutcomeNotApplied, Message: "the gateway sends no events"}
	}
	e, err := hooks.ParseWebhook(header, body)
	if err != nil {
		return err
	}
	now := s.now()
	in := []InboxEvent{{Namespace: s.opts.Namespace, Gateway: s.gateway.Name(), Event: e, ReceivedAt: now, DueAt: now}}
	if _, err := s.store.Apply(ctx, Change{Inbox: in}); err != nil {
		return err
	}
	if in[0].ID == 0 {
		return nil // it came before, and is done or due
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	if err := s.handle(ctx, in[0]); err != nil {
		s.opts.Logger.WarnContext(ctx, "an event is looked at again later", "event", e.ID, "type", e.Type, "err", err)
	}
	return nil
}

// inboxLife is how long an event that belongs to no payment of ours is kept due: Stripe sends an event again for three days.
const inboxLife = 72 * time.Hour

// The tries after which an old event is given up: one of no payment after fewer, for nothing is lost with it; one that cannot be folded
// after as many days. An event that nobody looked at for days, or that came before an outage of days, is not lost by its age.
const (
	foreignTries = 5
	ownTries     = 30
)

// inboxBatch is how many events are read at a time.
const inboxBatch = 50

// drain handles the events that are due.
func (s *Service) drain(ctx context.Context, due time.Time) error {
	for ctx.Err() == nil {
		due = earlier(due, s.now())
		list, err := s.store.Inbox(ctx, s.opts.Namespace, due, inboxBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, in := range list {
			if err := s.drainOne(ctx, in); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// drainOne handles one event within a time of its own. Its error is the store's.
func (s *Service) drainOne(ctx context.Context, in InboxEvent) error {
	ctx, cancel := s.detach(ctx)
	defer cancel()
	err := s.handle(ctx, in)
	if err == nil {
		return nil
	}
	in.Tries++
	in.DueAt = s.later(in.Tries)
	vain := in.Tries >= ownTries || in.Tries >= foreignTries && errors.Is(err, errForeign)
	if vain && s.now().Sub(in.ReceivedAt) > inboxLife {
		in.DoneAt = s.now()
		s.opts.Logger.ErrorContext(ctx, "an event was given up", "event", in.Event.ID, "type", in.Event.Type, "err", err)
	}
	again, done := afresh(ctx) // an event that took all its time must not be the first one again at each Reconcile
	defer done()
	_, err = s.store.Apply(again, Change{Inbox: []InboxEvent{in}})
	return err
}

// errForeign is why an event of no payment of ours is not done.
var errForeign = fmt.Errorf("payments: the event is of no payment that is there: %w", ErrPaymentNotFound)

// handle folds what the event's object is by now, and marks the event as done. The error says why it is not.
func (s *Service) handle(ctx context.Context, in InboxEvent) error {
	rec, err := s.locate(ctx, in.Event)
	if errors.Is(err, ErrPaymentNotFound) {
		return errForeign
	}
	if err == nil && rec.Payment.UID != "" {
		if rec.Payment.LeaseUntil.After(s.now()) {
			return errBusy
		}
		err = s.hear(ctx, rec, in.Event.Subscription)
	}
	if err != nil {
		return err
	}
	in.DoneAt = s.now()
	_, err = s.store.Apply(ctx, Change{Inbox: []InboxEvent{in}})
	return err
}

// locate finds the payment that an event belongs to. It finds none, without an error, for an event of no payment at all;
// ErrPaymentNotFound is that of a payment that is not ours, or not committed yet.
func (s *Service) locate(ctx context.Context, e WebhookEvent) (Record, error) {
	q := Query{Namespace: s.opts.Namespace, Gateway: s.gateway.Name()}
	var queries []Query
	if e.Payment != "" {
		q.Reference = e.Payment
		queries = append(queries, q)
	}
	if e.Subscription != "" {
		queries = append(queries, Query{Namespace: q.Namespace, Gateway: q.Gateway, Subscription: e.Subscription})
	}
	if e.PaymentUID != "" {
		queries = append(queries, Query{Namespace: q.Namespace, UID: e.PaymentUID})
	}
	for i, q := range queries {
		rec, err := s.store.Find(ctx, q)
		if err == nil || !errors.Is(err, ErrPaymentNotFound) || i == len(queries)-1 {
			return rec, err
		}
	}
	return Record{}, nil
}
