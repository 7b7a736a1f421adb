package gatewaytest

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

var webhookChecks = []Check{
	{Name: "webhook-reads", Rule: "An event that the gateway signed is read: its id, type and mode, the payment, and what of ours the payment carries.",
		needs: needEvents, make: checkWebhookReads},
	{Name: "webhook-subscription", Rule: "An event of a subscription names the subscription.", needs: all(needEvents, needSubs), make: checkWebhookSubscription},
	{Name: "webhook-forged", Rule: "An event without a signature, with another's or over another body is ErrInvalid.", needs: needEvents, make: checkWebhookForged},
	{Name: "webhook-age", Rule: "An event signed long ago, or far in the future, is ErrInvalid; a minute's difference of the clocks, either way, is none.",
		needs: needEvents, make: checkWebhookAge},
	{Name: "webhook-limits", Rule: "A body above 1 MiB and a header above 4 KiB are ErrInvalid, however well they are signed.", needs: needEvents,
		make: checkWebhookLimits},
}

var needEvents = need("the gateway is no payments.WebhookGateway, or the harness makes no events",
	func(p *probe) bool { return p.hooks != nil && p.Event != nil })

// event asks the harness for a request of an event.
func (p *probe) event(spec EventSpec) (http.Header, []byte) {
	header, body, err := p.Event(p.ctx, spec)
	if err != nil {
		p.fatalf("the harness makes no event about %s: %v", spec.Reference, err)
	}
	return header, body
}

// unsigned notes an event that is accepted, or refused otherwise than as not valid.
func (p *probe) unsigned(what string, header http.Header, body []byte) {
	e, err := p.hooks.ParseWebhook(header, body)
	p.definite(what, err, payments.ErrInvalid)
	if e != (payments.WebhookEvent{}) {
		p.errorf("%s: something of it is told: %+v", what, e)
	}
	if err == nil {
		return
	}
	for _, values := range header {
		for _, value := range values {
			if leaks(err.Error(), value) {
				p.errorf("%s: the error prints the signature", what)
			}
		}
	}
}

func checkWebhookReads(p *probe) {
	ref, s := p.pay(true)
	header, body := p.event(EventSpec{Reference: s.Reference})
	for range 2 { // the same event may come again
		e, err := p.hooks.ParseWebhook(header, body)
		if err != nil {
			p.fatalf("the event is refused: %v", err)
		}
		if e.ID == "" || e.Type == "" || e.Object == "" {
			p.errorf("the event has no id, type or object: %+v", e)
		}
		if e.Payment != s.Reference || e.LiveMode != s.LiveMode {
			p.errorf("the event is about the payment %q in live mode %v, and must be about %q in %v", e.Payment, e.LiveMode, s.Reference, s.LiveMode)
		}
		if e.PaymentUID != "" && e.PaymentUID != ref.PaymentUID || !e.OrderID.IsZero() && e.OrderID != ref.OrderID {
			p.errorf("the event carries order %v and payment %q, which are not ours", e.OrderID, e.PaymentUID)
		}
	}
}

func checkWebhookSubscription(p *probe) {
	_, sub := p.subscribe()
	e, err := p.hooks.ParseWebhook(p.event(EventSpec{Reference: sub.Reference}))
	if err != nil || e.Subscription != sub.Reference {
		p.errorf("the event names the subscription %q, and must name %q: %v", e.Subscription, sub.Reference, err)
	}
}

func checkWebhookForged(p *probe) {
	_, s := p.pay(true)
	header, body := p.event(EventSpec{Reference: s.Reference})
	if _, err := p.hooks.ParseWebhook(header, body); err != nil {
		p.fatalf("the event as it is signed is refused: %v", err)
	}
	p.unsigned("no header", nil, body)
	p.unsigned("no header but others", http.Header{"Content-Type": {"application/json"}}, body)
	empty := header.Clone()
	for name := range empty {
		empty[name] = []string{""}
	}
	p.unsigned("an empty header", empty, body)
	p.unsigned("no body", header, nil)
	p.unsigned("a body that is longer", header, append(bytes.Clone(body), ' '))
	changed := bytes.Replace(body, []byte(s.Reference), []byte(strings.Repeat("x", len(s.Reference))), 1)
	p.unsigned("a body about another payment", header, changed)
	p.unsigned("another's signature", header, []byte(`{}`))
	forged, body := p.event(EventSpec{Reference: s.Reference, Forged: true})
	p.unsigned("another secret", forged, body)
}

func checkWebhookAge(p *probe) {
	_, s := p.pay(true)
	for _, age := range []time.Duration{time.Minute, -time.Minute} {
		header, body := p.event(EventSpec{Reference: s.Reference, Age: age})
		if _, err := p.hooks.ParseWebhook(header, body); err != nil {
			p.errorf("an event signed %v ago is refused: %v", age, err)
		}
	}
	for _, age := range []time.Duration{10 * time.Minute, 24 * time.Hour, -10 * time.Minute, -24 * time.Hour} {
		header, body := p.event(EventSpec{Reference: s.Reference, Age: age})
		p.unsigned("signed "+age.String()+" ago", header, body)
	}
}

func checkWebhookLimits(p *probe) {
	_, s := p.pay(true)
	header, body := p.event(EventSpec{Reference: s.Reference, Pad: 1 << 20})
	p.unsigned("a large body", header, body)
	header, body = p.event(EventSpec{Reference: s.Reference})
	long := header.Clone()
	for name, values := range long {
		for i := range values {
			long[name][i] += "," + strings.Repeat("v9=00,", 1000)
		}
	}
	p.unsigned("a long header", long, body)
}
