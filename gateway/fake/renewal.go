package fake

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// incompleteLife is how long the first invoice may wait for its payment, as at Stripe.
const incompleteLife = 23 * time.Hour

// opRenew is what errors of the processor's own charges would name; nobody sees them.
const opRenew Operation = "renew"

// Tick does what has become due by the clock, as every call does first: subscriptions are renewed, failed charges are made
// again, trials end, reserved money is released. Each happens at its own moment and in the order of time, however far the
// clock was moved.
func (g *Gateway) Tick(ctx context.Context) error {
	return g.step(ctx, "tick", func(time.Time) *payments.Error { return nil })
}

// renew lets the subscriptions go on to now, in the order of time.
func (g *Gateway) renew(now time.Time) {
	for g.subsMoved || !g.nextSub.IsZero() && !now.Before(g.nextSub) {
		g.subsMoved = false
		var next *subscription
		g.nextSub = time.Time{}
		for _, sub := range g.state.subs {
			if at := g.subDue(sub); !at.IsZero() && (g.nextSub.IsZero() || at.Before(g.nextSub)) {
				next, g.nextSub = sub, at
			}
		}
		if next != nil && !now.Before(g.nextSub) {
			g.advance(next, g.nextSub)
		}
	}
}

// subDue is when a subscription changes by itself next, zero when never.
func (g *Gateway) subDue(sub *subscription) time.Time {
	switch {
	case sub.Status.Ended() || sub.Status == payments.SubscriptionPaused:
		return time.Time{}
	case sub.Status == payments.SubscriptionIncomplete:
		if g.state.byID[sub.Invoices[0].Payment].secured() {
			return time.Time{} // the bank works on it
		}
		return sub.CreatedAt.Add(incompleteLife)
	}
	at := sub.PeriodEnd
	for _, inv := range sub.Invoices {
		at = earlier(at, inv.RetryAt)
	}
	return at
}

// advance does the one thing that is due of a subscription.
func (g *Gateway) advance(sub *subscription, at time.Time) {
	g.touchSub(sub)
	if sub.Status == payments.SubscriptionIncomplete {
		g.end(sub, payments.SubscriptionIncompleteExpired, at)
		return
	}
	i := slices.IndexFunc(sub.Invoices, func(inv *invoice) bool { return inv.RetryAt.Equal(at) && !at.IsZero() })
	if i >= 0 {
		g.collect(sub, sub.Invoices[i], at)
		return
	}
	g.turn(sub, at)
}

// turn begins the next period with its invoice, or ends the subscription where it does not go on.
func (g *Gateway) turn(sub *subscription, at time.Time) {
	switch {
	case sub.Ending:
		g.end(sub, payments.SubscriptionCanceled, at)
		return
	case sub.Method == "" && g.opts.PauseAfterTrial:
		sub.Status = payments.SubscriptionPaused
		g.emitSub(eventSubUpdated, sub, at)
		return
	case sub.Method == "":
		g.end(sub, payments.SubscriptionCanceled, at)
		return
	}
	sub.Period++
	sub.PeriodEnd = sub.periodEnd(sub.Period)
	if sub.Status == payments.SubscriptionUnpaid { // it makes invoices and asks nobody to pay them
		g.newInvoice(sub, invoice{Status: invoiceDraft, Amount: sub.Amount}, at)
		g.emitSub(eventSubUpdated, sub, at)
		return
	}
	if sub.Status != payments.SubscriptionPastDue {
		sub.Status = payments.SubscriptionActive
	}
	inv := g.newInvoice(sub, invoice{Status: invoiceOpen, Amount: sub.Amount}, at)
	g.newInvoiceIntent(sub, inv, at)
	g.emitSub(eventSubUpdated, sub, at)
	g.collect(sub, inv, at)
}

// collect charges an invoice on the default way to pay, without the payer.
func (g *Gateway) collect(sub *subscription, inv *invoice, at time.Time) {
	in := g.state.byID[inv.Payment]
	inv.RetryAt = time.Time{}
	if in.secured() || in.Status == canceled {
		return
	}
	in.attach(g.state.methods[sub.Method])
	// What comes of it, the invoice follows: a decline is told to nobody.
	_ = g.try(opRenew, in, trying{offSession: true}, at)
}

// periodEnd is when the n-th period ends. Months and years are counted from the anchor: a day that a month does not have is
// its last one, and the month after has it again.
func (sub *subscription) periodEnd(n int) time.Time {
	n *= sub.Every
	switch sub.Interval {
	case "day":
		return sub.Anchor.AddDate(0, 0, n)
	case "week":
		return sub.Anchor.AddDate(0, 0, 7*n)
	case "year":
		n *= 12
	}
	a := sub.Anchor
	first := time.Date(a.Year(), a.Month()+time.Month(n), 1, a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(a.Day(), last)-1)
}

// settingUp reports whether a way to pay is to be set up.
func (sub *subscription) settingUp() bool {
	return sub.Setup != "" && sub.Method == "" && !sub.Status.Ended()
}

// bySetupSecret finds the subscription whose setup a client secret is for.
func (g *Gateway) bySetupSecret(secret string) (*subscription, bool) {
	id, _, _ := strings.Cut(secret, secretMark)
	i := slices.IndexFunc(g.state.subs, func(sub *subscription) bool { return sub.Setup != "" && sub.Setup == id })
	if i < 0 || !g.isSecretOf(secret, id) {
		return nil, false
	}
	return g.state.subs[i], true
}

// setUp is the payer's page for a trial: it keeps a way to pay that is charged when the trial ends. As at Stripe a card that
// would be declined cannot be set up, but for the one that is made for it.
func (g *Gateway) setUp(op Operation, sub *subscription, result AuthResult, token string, at time.Time) *payments.Error {
	if !sub.settingUp() {
		return g.clash(op, "setup_intent_unexpected_state", "There is no way to pay to set up any more.")
	}
	if token == "" {
		token = tokenPrefix + approvedName
	}
	m, err := g.exchange(op, payments.Source{Token: payments.NewToken(token)}, at)
	if err != nil {
		return err
	}
	does := m.does()
	switch {
	case does.auth != authNone && result == AuthAbandon:
		return nil
	case does.auth != authNone && result == AuthFail:
		return g.fail(op, payments.Error{Code: payments.ErrDeclined, GatewayCode: "setup_intent_authentication_failure", Message: authFailure.Message})
	case does.decline != "" && m.Acts != attachableName:
		f := declineOf(does.decline)
		return g.fail(op, payments.Error{Code: payments.ErrDeclined, GatewayCode: f.Code, DeclineCode: f.DeclineCode, Message: f.Message})
	}
	g.emitObject(eventSetupSucceeded, sub.Account, wireObject{ID: sub.Setup, Object: objectSetup, Status: string(succeeded), Customer: sub.Customer}, at)
	g.payWith(sub, m, at)
	return nil
}

// SetDefaultMethod gives a subscription another way to pay for its later charges, by a token or a payment method that the
// payer has set up: the next charge is made on it, also the repeat of one that failed. A paused subscription goes on.
func (g *Gateway) SetDefaultMethod(ctx context.Context, subscriptionReference, token string) error {
	const op Operation = "set_default_method"
	return g.step(ctx, op, func(now time.Time) *payments.Error {
		sub, ok := g.state.subByID[subscriptionReference]
		switch {
		case !ok:
			_, err := g.findSub(op, payments.PaymentRef{}, "")
			return err
		case sub.Status.Ended():
			return g.clash(op, "subscription_unexpected_state", "The subscription has ended.")
		}
		m, err := g.exchange(op, payments.Source{Token: payments.NewToken(token)}, now)
		switch {
		case err != nil:
			return err
		case m == nil || m.Customer != "" && m.Customer != sub.Customer:
			return g.notTheirs(op)
		}
		g.payWith(sub, m, now)
		return nil
	})
}

// payWith makes m, set up by the payer, the default way to pay.
func (g *Gateway) payWith(sub *subscription, m *method, at time.Time) {
	g.touchSub(sub)
	sub.Method = g.saveMethod(m, sub.Customer, true).ID
	if sub.Status != payments.SubscriptionPaused {
		g.emitSub(eventSubUpdated, sub, at)
		return
	}
	sub.Anchor, sub.Period = at, 0
	g.turn(sub, at)
}
