package gatewaytest

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

var trialChecks = []Check{
	{Name: "subscribe-trial", Rule: "A trial begins with nothing to pay, and asks the payer by a client secret for a way to pay, until there is one.",
		needs: needSubs, make: checkTrial},
	{Name: "trial-left-alone", Rule: "A trial that nobody let go on says that it ends with its period, and is not charged then.",
		needs: all(needSubs, needPayer, needAdvance), make: checkTrialLeftAlone},
	{Name: "uncancel", Rule: "UncancelSubscription lets a subscription go on that was to end with its period; where nothing was to end it changes nothing.",
		needs: needSubs, make: checkUncancel},
	{Name: "uncancel-renews", Rule: "A subscription that was let go on is charged for the next period.", needs: all(needSubs, needAdvance), make: checkUncancelRenews},
	{Name: "uncancel-ended", Rule: "UncancelSubscription of what has ended, or does not exist, is refused.", needs: needSubs, make: checkUncancelEnded},
	{Name: "lost-uncancel", Rule: lostRule, needs: all(needSubs, needFaults), make: func(p *probe) { p.eachFault("uncancel_subscription", lostUncancel) }},
}

// trial makes a subscription whose first 14 days cost nothing.
func (p *probe) trial() (payments.PaymentRef, payments.SubscriptionSnapshot) {
	ref := p.ref()
	req := p.subscription(ref)
	req.Plan.TrialDays = 14
	return ref, p.mustSub("subscribe")(p.subs.Subscribe(p.ctx, req))
}

// afterTrial is a time after which the trial has ended and the period after it has not.
const afterTrial = 15 * 24 * time.Hour

func (p *probe) uncancel(ref payments.PaymentRef, reference string) (payments.SubscriptionSnapshot, error) {
	return p.subs.UncancelSubscription(p.ctx, payments.UncancelSubscriptionRequest{PaymentRef: ref, Key: p.key(), Reference: reference})
}

// goesOn lets a subscription go on.
func (p *probe) goesOn(ref payments.PaymentRef, sub payments.SubscriptionSnapshot) {
	if got := p.mustSub("uncancel")(p.uncancel(ref, sub.Reference)); got.CancelAtPeriodEnd || got.Reference != sub.Reference {
		p.errorf("uncanceled, the subscription is %+v", got)
	}
}

func checkTrial(p *probe) {
	ref, sub := p.trial()
	if sub.Status != payments.SubscriptionTrialing || actionOf(sub) == "" {
		p.errorf("the subscription is %q, with a client secret: %v", sub.Status, actionOf(sub) != "")
	}
	for _, in := range sub.Invoices {
		if in.Payment != "" || in.Amount.Amount != 0 {
			p.errorf("a trial asks for %v by the payment %q", in.Amount, in.Payment)
		}
	}
	p.goesOn(ref, sub)
	if p.Authenticate != nil {
		p.authenticate(actionOf(sub))
		if got := p.fetchSub("set up", ref, sub, payments.SubscriptionTrialing); got.NextAction != nil {
			p.errorf("the payer is still asked for a way to pay")
		}
	}
	p.charged("in the trial", ref.OrderID, Charges{})
	if p.Authenticate == nil || p.Advance == nil {
		return
	}
	p.advance(afterTrial)
	p.fetchSub("after the trial", ref, sub, payments.SubscriptionActive)
	p.charged("after the trial", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkTrialLeftAlone(p *probe) {
	ref, sub := p.trial()
	p.authenticate(actionOf(sub))
	if got := p.fetchSub("set up", ref, sub, payments.SubscriptionTrialing); !got.CancelAtPeriodEnd {
		p.errorf("it is not said that the subscription ends with its trial: %+v", got)
	}
	p.advance(afterTrial)
	p.ended("left alone", p.fetchSub("after the trial", ref, sub, payments.SubscriptionCanceled))
	p.charged("after the trial", ref.OrderID, Charges{})
}

func checkUncancel(p *probe) {
	ref, sub := p.active()
	p.goesOn(ref, sub)
	p.cancel(ref, sub, true)
	for range 2 {
		p.goesOn(ref, sub)
		if got := p.fetchSub("uncanceled", ref, sub, payments.SubscriptionActive); got.CancelAtPeriodEnd || !got.PeriodEnd.Equal(sub.PeriodEnd) {
			p.errorf("the subscription does not go on as before: %+v", got)
		}
	}
}

func checkUncancelRenews(p *probe) {
	ref, sub := p.active()
	p.cancel(ref, sub, true)
	p.goesOn(ref, sub)
	p.advance(month)
	p.fetchSub("in the next period", ref, sub, payments.SubscriptionActive)
	p.charged("for both periods", ref.OrderID, Charges{Count: 2, Captured: 2 * p.Money.Amount})
}

func checkUncancelEnded(p *probe) {
	ref, sub := p.active()
	p.cancel(ref, sub, false)
	_, err := p.uncancel(ref, sub.Reference)
	p.refused("uncancel what has ended", err)
	p.fetchSub("after it", ref, sub, payments.SubscriptionCanceled)
	_, err = p.uncancel(p.ref(), "sub_gatewaytest_none")
	p.refused("uncancel what does not exist", err)
}

func lostUncancel(p *probe, f Fault, send sending) {
	ref, sub := p.trial()
	req := payments.UncancelSubscriptionRequest{PaymentRef: ref, Key: p.key(), Reference: sub.Reference}
	if send(func(ctx context.Context) error { _, err := p.subs.UncancelSubscription(ctx, req); return err }) != nil {
		p.goesOn(ref, sub)
	}
	if p.fetchSub(f.Name, ref, sub, payments.SubscriptionTrialing).CancelAtPeriodEnd {
		p.errorf("%s: the subscription still ends with its trial", f.Name)
	}
}
