package gatewaytest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// partly is a fake gateway that does one optional thing wrong. What is nil is the fake's, by way of broken.
type partly struct {
	*broken
	parse     func(http.Header, []byte) (payments.WebhookEvent, error)
	list      func(context.Context, payments.ListChargesRequest) ([]payments.ListedCharge, string, error)
	subscribe func(context.Context, payments.SubscribeRequest) (payments.SubscriptionSnapshot, error)
	fetch     func(context.Context, payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error)
	cancel    func(context.Context, payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error)
	uncancel  func(context.Context, payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error)
}

func (p *partly) ParseWebhook(header http.Header, body []byte) (payments.WebhookEvent, error) {
	if p.parse != nil {
		return p.parse(header, body)
	}
	return p.Gateway.ParseWebhook(header, body)
}

func (p *partly) ListCharges(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	if p.list != nil {
		return p.list(ctx, req)
	}
	return p.Gateway.ListCharges(ctx, req)
}

func (p *partly) Subscribe(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
	if p.subscribe != nil {
		return p.subscribe(ctx, req)
	}
	return p.Gateway.Subscribe(ctx, req)
}

func (p *partly) FetchSubscription(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	if p.fetch != nil {
		return p.fetch(ctx, req)
	}
	return p.Gateway.FetchSubscription(ctx, req)
}

func (p *partly) CancelSubscription(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	if p.cancel != nil {
		return p.cancel(ctx, req)
	}
	return p.Gateway.CancelSubscription(ctx, req)
}

func (p *partly) UncancelSubscription(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	if p.uncancel != nil {
		return p.uncancel(ctx, req)
	}
	return p.Gateway.UncancelSubscription(ctx, req)
}

// breaks makes a gateway that is broken in part.
func breaks(spoil func(g *fake.Gateway, p *partly)) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway {
		p := &partly{broken: &broken{Gateway: g}}
		spoil(g, p)
		return p
	}
}

// reads is a gateway broken in what it makes of an event.
func reads(change func(e *payments.WebhookEvent)) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.parse = func(header http.Header, body []byte) (payments.WebhookEvent, error) {
			e, err := g.ParseWebhook(header, body)
			if err == nil {
				change(&e)
			}
			return e, err
		}
	})
}

// trusts is a gateway that signs what it cannot verify itself, and so accepts it. Whether it does is asked of it.
func trusts(trusted func(g *fake.Gateway, header http.Header, body []byte) bool) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.parse = func(header http.Header, body []byte) (payments.WebhookEvent, error) {
			if trusted(g, header, body) {
				body = []byte(strings.TrimRight(string(body), " "))
				header = http.Header{fake.SignatureHeader: {g.SignWebhook(body, time.Now())}}
			}
			return g.ParseWebhook(header, body)
		}
	})
}

// lists is a gateway broken in its list of charges.
func lists(change func(req *payments.ListChargesRequest), after func([]payments.ListedCharge) []payments.ListedCharge) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.list = func(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
			if change != nil {
				change(&req)
			}
			list, next, err := g.ListCharges(ctx, req)
			if after != nil {
				list = after(list)
			}
			return list, next, err
		}
	})
}

// showsSubs is a gateway broken in its subscriptions' snapshots.
func showsSubs(change func(op string, s *payments.SubscriptionSnapshot)) func(*fake.Gateway) payments.Gateway {
	return answersSubs(func(_ *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error) {
		change(op, &s)
		return s, err
	})
}

// failsSubs is a gateway broken in its errors about subscriptions.
func failsSubs(change func(op string, e payments.Error) error) func(*fake.Gateway) payments.Gateway {
	return answersSubs(func(_ *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error) {
		var e *payments.Error
		if errors.As(err, &e) {
			err = change(op, *e)
		}
		return s, err
	})
}

// answersSubs is a gateway broken in what it answers about subscriptions.
func answersSubs(after func(g *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error)) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.subscribe = func(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
			s, err := g.Subscribe(ctx, req)
			return after(g, "subscribe", s, err)
		}
		p.fetch = func(ctx context.Context, req payments.FetchSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
			s, err := g.FetchSubscription(ctx, req)
			return after(g, "fetch", s, err)
		}
		p.cancel = func(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
			s, err := g.CancelSubscription(ctx, req)
			return after(g, "cancel", s, err)
		}
		p.uncancel = func(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
			s, err := g.UncancelSubscription(ctx, req)
			return after(g, "uncancel", s, err)
		}
	})
}

// subscribes is a gateway broken in how it subscribes.
func subscribes(change func(req *payments.SubscribeRequest)) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.subscribe = func(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
			change(&req)
			return g.Subscribe(ctx, req)
		}
	})
}

// cancels is a gateway broken in how it cancels.
func cancels(instead func(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error)) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.cancel = func(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
			return instead(ctx, g, req)
		}
	})
}

// saves is a gateway broken in how ways to pay are saved and charged.
func saves(change func(s *payments.Saving, payer *payments.Payer)) func(*fake.Gateway) payments.Gateway {
	return asks(func(_ string, req any) {
		switch r := req.(type) {
		case *payments.AuthorizeRequest:
			change(&r.Saving, &r.Payer)
		case *payments.PrepareRequest:
			change(&r.Saving, &r.Payer)
		case *payments.ConfirmRequest:
			s := payments.Saving{OffSession: r.OffSession}
			change(&s, &payments.Payer{})
			r.OffSession = s.OffSession
		}
	})
}

// subscribesAndCharges takes the first payment without being asked.
func subscribesAndCharges(g *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error) {
	if op == "subscribe" && err == nil && s.NextAction != nil {
		_ = g.Authenticate(context.Background(), s.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_visa")
	}
	return s, err
}

// uncancels is a gateway broken in how it lets subscriptions go on.
func uncancels(instead func(ctx context.Context, g *fake.Gateway, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error)) func(*fake.Gateway) payments.Gateway {
	return breaks(func(g *fake.Gateway, p *partly) {
		p.uncancel = func(ctx context.Context, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
			return instead(ctx, g, req)
		}
	})
}

// neverUncancels answers what is, and changes nothing.
func neverUncancels(ctx context.Context, g *fake.Gateway, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	return g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
}

// saysUncanceled says that a subscription goes on, and changes nothing.
func saysUncanceled(ctx context.Context, g *fake.Gateway, req payments.UncancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	s, err := neverUncancels(ctx, g, req)
	s.CancelAtPeriodEnd = false
	return s, err
}

// letsTrialsGoOn makes subscriptions that nothing ends after their trial.
func letsTrialsGoOn(g *fake.Gateway, op string, s payments.SubscriptionSnapshot, err error) (payments.SubscriptionSnapshot, error) {
	if op == "subscribe" && err == nil && s.Status == payments.SubscriptionTrialing {
		return g.UncancelSubscription(context.Background(), payments.UncancelSubscriptionRequest{Key: rand.Text(), Reference: s.Reference})
	}
	return s, err
}

// cancelsAtEndOnly lets every subscription run out.
func cancelsAtEndOnly(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	req.AtPeriodEnd = true
	return g.CancelSubscription(ctx, req)
}

// cancelsAndRefunds gives the money of a canceled subscription back.
func cancelsAndRefunds(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	s, err := g.CancelSubscription(ctx, req)
	if err == nil && s.Invoices[0].Status == "paid" {
		_ = g.RefundElsewhere(ctx, s.Invoices[0].Payment, 1)
	}
	return s, err
}

// saysCanceled says that a subscription is canceled, and lets it run on.
func saysCanceled(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	s, err := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	s.Status, s.CancelAtPeriodEnd = payments.SubscriptionCanceled, req.AtPeriodEnd
	return s, err
}

// cancelsAndLeavesOpen says that a subscription with an invoice to be paid is canceled, and closes nothing.
func cancelsAndLeavesOpen(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	s, err := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if err != nil || s.Status != payments.SubscriptionPastDue {
		return g.CancelSubscription(ctx, req)
	}
	s.Status = payments.SubscriptionCanceled
	return s, nil
}

// closesNothingEnded answers what has ended as it is.
func closesNothingEnded(ctx context.Context, g *fake.Gateway, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
	s, err := g.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: req.PaymentRef, Reference: req.Reference})
	if err != nil || !s.Status.Ended() {
		return g.CancelSubscription(ctx, req)
	}
	return s, nil
}

// printsSecret tells the client secret of the latest subscription when a cancellation fails.
func printsSecret(g *fake.Gateway, p *partly) {
	var mu sync.Mutex
	secret := ""
	p.subscribe = func(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
		s, err := g.Subscribe(ctx, req)
		mu.Lock()
		defer mu.Unlock()
		if s.NextAction != nil {
			secret = s.NextAction.ClientSecret.Reveal()
		}
		return s, err
	}
	p.cancel = func(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
		s, err := g.CancelSubscription(ctx, req)
		mu.Lock()
		defer mu.Unlock()
		var e *payments.Error
		if errors.As(err, &e) {
			e.Message = "cannot cancel " + secret
		}
		return s, err
	}
}

// freshKeys makes a new key for each request about a subscription.
func freshKeys(g *fake.Gateway, p *partly) {
	p.subscribe = func(ctx context.Context, req payments.SubscribeRequest) (payments.SubscriptionSnapshot, error) {
		req.Key = rand.Text()
		return g.Subscribe(ctx, req)
	}
	p.cancel = func(ctx context.Context, req payments.CancelSubscriptionRequest) (payments.SubscriptionSnapshot, error) {
		req.Key = rand.Text()
		return g.CancelSubscription(ctx, req)
	}
}

// allBroken are the gateways of both tables.
func allBroken() map[string]brokenGateway {
	all := maps.Clone(brokenGateways)
	maps.Copy(all, partlyBroken)
	return all
}
