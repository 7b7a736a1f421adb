package gatewaytest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// partlyBroken are gateways broken on purpose in what is optional, by what is wrong, with the checks that must name them.
var partlyBroken = map[string]brokenGateway{
	"reads another payment from an event": {reads(func(e *payments.WebhookEvent) { e.Payment = "pi_another" }), []string{"webhook-reads"}},
	"reads no type from an event":         {reads(func(e *payments.WebhookEvent) { e.Type = "" }), []string{"webhook-reads"}},
	"reads another order from an event":   {reads(func(e *payments.WebhookEvent) { e.OrderID[0] ^= 1 }), []string{"webhook-reads"}},
	"reads no subscription":               {reads(func(e *payments.WebhookEvent) { e.Subscription = "" }), []string{"webhook-subscription"}},
	"checks no signature": {trusts(func(*fake.Gateway, http.Header, []byte) bool { return true }),
		[]string{"webhook-forged", "webhook-age", "webhook-limits"}},
	"checks no signature where there is none": {trusts(func(_ *fake.Gateway, h http.Header, _ []byte) bool { return h.Get(fake.SignatureHeader) == "" }),
		[]string{"webhook-forged"}},
	"knows no age": {trusts(func(g *fake.Gateway, h http.Header, body []byte) bool {
		_, ok := signedAt(g, h, body)
		return ok
	}), []string{"webhook-age"}},
	"takes the future": {trusts(func(g *fake.Gateway, h http.Header, body []byte) bool {
		age, ok := signedAt(g, h, body)
		return ok && age < 0
	}), []string{"webhook-age"}},
	"knows no difference of clocks": {breaks(func(g *fake.Gateway, p *partly) {
		p.parse = func(header http.Header, body []byte) (payments.WebhookEvent, error) {
			if age, ok := signedAt(g, header, body); ok && age.Abs() > 30*time.Second {
				return payments.WebhookEvent{}, &payments.Error{Code: payments.ErrInvalid, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}
			}
			return g.ParseWebhook(header, body)
		}
	}), []string{"webhook-age"}},
	"knows no limit of a body": {trusts(func(_ *fake.Gateway, _ http.Header, body []byte) bool { return len(body) > 1<<20 }),
		[]string{"webhook-limits"}},
	"knows no limit of a header": {trusts(func(_ *fake.Gateway, h http.Header, _ []byte) bool { return len(h.Get(fake.SignatureHeader)) > 4<<10 }),
		[]string{"webhook-limits"}},
	"prints the signature": {breaks(func(g *fake.Gateway, p *partly) {
		p.parse = func(header http.Header, body []byte) (payments.WebhookEvent, error) {
			e, err := g.ParseWebhook(header, body)
			if err != nil {
				err = &payments.Error{Code: payments.ErrInvalid, Outcome: payments.OutcomeNotApplied, Gateway: "fake", Message: header.Get(fake.SignatureHeader)}
			}
			return e, err
		}
	}), []string{"webhook-forged"}},

	"lists without refunds": {lists(nil, each(func(c *payments.ListedCharge) { c.Refunded = 0 })), []string{"list-charges"}},
	"lists without orders":  {lists(nil, each(func(c *payments.ListedCharge) { c.OrderID = payments.OrderID{} })), []string{"list-charges"}},
	"lists the oldest first": {lists(nil, func(list []payments.ListedCharge) []payments.ListedCharge { slices.Reverse(list); return list }),
		[]string{"list-pages"}},
	"lists only the first page": {lists(func(r *payments.ListChargesRequest) { r.Cursor = "" }, nil), []string{"list-pages"}},
	"lists everything at once":  {lists(func(r *payments.ListChargesRequest) { r.Limit = 100 }, nil), []string{"list-pages"}},
	"lists all times":           {lists(func(r *payments.ListChargesRequest) { r.From, r.Before = time.Time{}, time.Time{} }, nil), []string{"list-span"}},
	"lists another account":     {lists(func(r *payments.ListChargesRequest) { r.Account = "" }, nil), []string{"list-account"}},
	"lists nothing when the answer is lost": {breaks(func(g *fake.Gateway, p *partly) {
		p.list = func(ctx context.Context, r payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
			list, next, err := g.ListCharges(ctx, r)
			if errors.Is(err, payments.ErrUnavailable) {
				err = nil
			}
			return list, next, err
		}
	}), []string{"lost-list"}},

	"hides the client secret of what is paid": {shows(func(_ string, s *payments.Snapshot) {
		if s.Status != payments.StatusCreated && s.Status != payments.StatusRequiresAction {
			s.NextAction = nil
		}
	}), []string{"secret-told"}},
	"takes no amount for a small one": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.PrepareRequest); ok && r.Amount == (payments.Money{}) {
			r.Amount = payments.Money{Amount: 1, Currency: "USD"}
		}
	}), []string{"prepare-leaves-amount"}},
	"never saves": {saves(func(s *payments.Saving, _ *payments.Payer) { s.Save = false }), []string{"save", "off-session"}},
	"saves each with a new customer": {saves(func(s *payments.Saving, p *payments.Payer) {
		if s.Save {
			p.GatewayCustomer = ""
		}
	}), []string{"save-customer"}},
	"saves with another customer when it is tried again": {shows(func(op string, s *payments.Snapshot) {
		if op == "prepare" && s.Customer != "" {
			s.Customer = "cus_1"
		}
	}), []string{"save-again"}},
	"saves once and for all": {breaks(savesAlways), []string{"save-no-more"}},
	"saves all with one customer": {shows(func(_ string, s *payments.Snapshot) {
		if s.Customer != "" {
			s.Customer = "cus_1"
		}
	}), []string{"save"}},
	"charges a stranger's card off session": {saves(func(s *payments.Saving, p *payments.Payer) { s.OffSession, p.GatewayCustomer = false, "" }),
		[]string{"off-session-stranger"}},
	"refuses off session what was to be saved": {refusesSavedOffSession, []string{"off-session-instead"}},
	"declines off session":                     {declinesOffSession(payments.StatusPaid), []string{"off-session"}},
	"declines off session where the bank asks": {declinesOffSession(payments.StatusRequiresAction),
		[]string{"off-session-action"}},

	"subscribes for another payment": {subscribes(func(r *payments.SubscribeRequest) { r.PaymentUID = "another" }),
		[]string{"subscribe", "subscribe-first"}},
	"names no subscription": {shows(func(_ string, s *payments.Snapshot) { s.Subscription = "" }),
		[]string{"subscribe-first", "subscription-renews"}},
	"names one subscription everywhere": {shows(func(_ string, s *payments.Snapshot) { s.Subscription = "sub_1" }),
		[]string{"fetch-reference", "subscribe-first"}},
	"subscribes for a cent more":       {subscribes(func(r *payments.SubscribeRequest) { r.Amount.Amount++ }), []string{"subscribe-first", "subscribe-paid"}},
	"subscribes without a trial":       {subscribes(func(r *payments.SubscribeRequest) { r.Plan.TrialDays = 0 }), []string{"subscribe-trial"}},
	"subscribes by the year":           {subscribes(func(r *payments.SubscribeRequest) { r.Plan.Interval = "year" }), []string{"subscription-renews"}},
	"subscribes and charges":           {answersSubs(subscribesAndCharges), []string{"subscribe", "cancel-incomplete"}},
	"makes new keys for subscriptions": {breaks(freshKeys), []string{"key-subscribe", "lost-subscribe"}},
	"calls every subscription active": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) { s.Status = payments.SubscriptionActive }),
		[]string{"subscribe", "subscribe-declined", "subscribe-trial", "cancel-now"}},
	"calls every subscription incomplete": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) { s.Status = payments.SubscriptionIncomplete }),
		[]string{"subscribe-paid", "subscribe-payer"}},
	"shows no secret of a subscription": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) { s.NextAction = nil }),
		[]string{"subscribe", "key-subscribe", "subscribe-payer", "subscribe-trial"}},
	"shows only the first invoice": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) { s.Invoices = s.Invoices[:min(1, len(s.Invoices))] }),
		[]string{"subscription-renews"}},
	"shows one payment for all invoices": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) {
		s.Invoices = slices.Clone(s.Invoices)
		for i := range s.Invoices {
			s.Invoices[i].Payment = s.Invoices[0].Payment
		}
	}), []string{"subscription-renews"}},
	"finds another's subscription": {answersSubs(func(_ *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error) {
		if op == "fetch" && errors.Is(err, payments.ErrPaymentNotFound) {
			return payments.SubscriptionSnapshot{Reference: "sub_another", Status: payments.SubscriptionActive}, nil
		}
		return s, err
	}), []string{"subscription-missing"}},
	"finds the wrong subscription": {showsSubs(func(op string, s *payments.SubscriptionSnapshot) {
		if op == "fetch" {
			s.Reference = "sub_another"
		}
	}), []string{"subscription-uid", "subscribe"}},
	"stores the secret of a subscription": {showsSubs(func(_ string, s *payments.SubscriptionSnapshot) {
		if s.NextAction != nil {
			s.Customer = s.NextAction.ClientSecret.Reveal()
		}
	}), []string{"subscription-redacted"}},
	"answers lost reads of subscriptions with not found": {failsSubs(func(op string, e payments.Error) error {
		if op == "fetch" {
			e.Code = payments.ErrPaymentNotFound
		}
		return &e
	}), []string{"lost-fetch-subscription"}},
	"says a lost answer about a subscription was not applied": {failsSubs(func(_ string, e payments.Error) error {
		e.Outcome = payments.OutcomeNotApplied
		return &e
	}), []string{"lost-subscribe", "lost-fetch-subscription", "lost-cancel", "lost-uncancel"}},
	"prints the cause about subscriptions": {failsSubs(func(_ string, e payments.Error) error {
		e.Message = "connection reset by 10.0.0.1"
		return payments.NewError(e, errors.New("connection reset by 10.0.0.1"))
	}), []string{"errors-hide-causes"}},
	"prints the secret of a subscription": {breaks(printsSecret), []string{"errors-keep-secrets"}},
	"cancels at the end only":             {cancels(cancelsAtEndOnly), []string{"cancel-incomplete", "cancel-now", "lost-cancel"}},
	"cancels at once only": {cancels(func(ctx context.Context, g *fake.Gateway, r payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
		r.AtPeriodEnd = false
		return g.CancelSubscription(ctx, r)
	}), []string{"cancel-at-end"}},
	"cancels and refunds":              {cancels(cancelsAndRefunds), []string{"cancel-now", "cancel-ends"}},
	"says canceled and charges on":     {cancels(saysCanceled), []string{"cancel-incomplete", "cancel-now", "cancel-at-end", "cancel-ends"}},
	"leaves open what it cancels":      {cancels(cancelsAndLeavesOpen), []string{"cancel-unpaid"}},
	"closes nothing of what has ended": {cancels(closesNothingEnded), []string{"cancel-unpaid"}},
	"lets every trial go on":           {answersSubs(letsTrialsGoOn), []string{"trial-left-alone"}},
	"lets no subscription go on":       {uncancels(neverUncancels), []string{"subscribe-trial", "uncancel", "uncancel-ended", "lost-uncancel"}},
	"says uncanceled and ends":         {uncancels(saysUncanceled), []string{"subscribe-trial", "uncancel", "uncancel-renews", "uncancel-ended", "lost-uncancel"}},
}

// each changes each charge of a list.
func each(change func(c *payments.ListedCharge)) func([]payments.ListedCharge) []payments.ListedCharge {
	return func(list []payments.ListedCharge) []payments.ListedCharge {
		for i := range list {
			change(&list[i])
		}
		return list
	}
}

// signedAt returns how long ago a body was signed; it is no time at all when the signature is not the gateway's.
func signedAt(g *fake.Gateway, h http.Header, body []byte) (age time.Duration, ok bool) {
	signature := h.Get(fake.SignatureHeader)
	stamp, _, _ := strings.Cut(strings.TrimPrefix(signature, "t="), ",")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	at := time.Unix(seconds, 0)
	return time.Since(at), err == nil && g.SignWebhook(body, at) == signature
}

// declinesOffSession makes a decline of a charge off session with a status.
func declinesOffSession(status payments.Status) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway {
		b := &broken{Gateway: g}
		b.before = func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
			r, ok := req.(*payments.ConfirmRequest)
			if !ok || !r.OffSession {
				return payments.Snapshot{}, nil, false
			}
			s, err := g.Confirm(ctx, *r)
			if s.Status == status {
				err = &payments.Error{Code: payments.ErrDeclined, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}
			}
			return s, err, true
		}
		return b
	}
}

// refusesSavedOffSession charges no object off session whose way to pay was to be saved once.
func refusesSavedOffSession(g *fake.Gateway) payments.Gateway {
	var saved sync.Map
	return &broken{Gateway: g, before: func(_ context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		switch r := req.(type) {
		case *payments.PrepareRequest:
			if r.Save {
				saved.Store(r.PaymentUID, true)
			}
		case *payments.ConfirmRequest:
			if _, ok := saved.Load(r.PaymentUID); ok && r.OffSession {
				return payments.Snapshot{}, &payments.Error{Code: payments.ErrGatewayRejected, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}, true
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

// savesAlways saves also what is prepared again without Save.
func savesAlways(_ *fake.Gateway, p *partly) {
	p.before = func(_ context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.PrepareRequest); ok && r.Reference != "" && !r.OffSession {
			r.Save = true
		}
		return payments.Snapshot{}, nil, false
	}
}
