package gatewaytest

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

var cancelChecks = []Check{
	{Name: "cancel-incomplete", Rule: "A subscription canceled before its first payment has ended, and that payment never takes money.", needs: needSubs,
		make: checkCancelIncomplete},
	{Name: "cancel-now", Rule: "A subscription canceled now has ended, nothing is refunded, and a second cancellation is no error.", needs: needSubs,
		make: checkCancelNow},
	{Name: "cancel-at-end", Rule: "A subscription canceled at the end of its period runs until then, and says so.", needs: needSubs, make: checkCancelAtEnd},
	{Name: "cancel-ends", Rule: "A subscription that was canceled, now or at the end of its period, is charged no more.", needs: all(needSubs, needAdvance),
		make: checkCancelEnds},
	{Name: "cancel-unpaid", Rule: "The open invoice of a subscription that is canceled, or has ended before, never takes money once CancelSubscription has answered.",
		needs: all(needSubs, needAdvance, needDeclineLater), make: checkCancelUnpaid},
	{Name: "lost-cancel", Rule: lostRule, needs: all(needSubs, needFaults), make: func(p *probe) { p.eachFault("cancel_subscription", lostCancel) }},
}

var needDeclineLater = need("the harness cannot make later charges be declined", func(p *probe) bool { return p.DeclineLater != nil })

// cancel ends a subscription under a new key.
func (p *probe) cancel(ref payments.PaymentRef, sub payments.SubscriptionSnapshot, atEnd bool) payments.SubscriptionSnapshot {
	return p.mustSub("cancel")(p.subs.CancelSubscription(p.ctx, payments.CancelSubscriptionRequest{PaymentRef: ref, Key: p.key(),
		Reference: sub.Reference, AtPeriodEnd: atEnd}))
}

// ended notes a subscription that has not ended.
func (p *probe) ended(what string, sub payments.SubscriptionSnapshot) {
	if !sub.Status.Ended() {
		p.errorf("%s: the subscription is %q, and must have ended", what, sub.Status)
	}
}

func checkCancelIncomplete(p *probe) {
	ref, sub := p.subscribe()
	p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: p.first(sub),
		Source: source(p.Approve), Capture: true}))
	p.ended("canceled", p.cancel(ref, sub, false))
	_, err := p.confirm(ref, p.first(sub))
	p.refused("confirm after the cancellation", err)
	p.status("fetched", p.fetch(ref, p.first(sub)), payments.StatusCanceled)
	p.charged("after the cancellation", ref.OrderID, Charges{})
}

func checkCancelNow(p *probe) {
	ref, sub := p.active()
	for range 2 {
		if got := p.cancel(ref, sub, false); got.Status != payments.SubscriptionCanceled {
			p.errorf("canceled, the subscription is %q", got.Status)
		}
	}
	p.fetchSub("fetched", ref, sub, payments.SubscriptionCanceled)
	p.charged("after the cancellation", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkCancelAtEnd(p *probe) {
	ref, sub := p.active()
	if sub.CancelAtPeriodEnd {
		p.errorf("the subscription ends with its period before anybody asked for it")
	}
	for range 2 {
		p.cancel(ref, sub, true)
		if got := p.fetchSub("canceled at the end", ref, sub, payments.SubscriptionActive); !got.CancelAtPeriodEnd || !got.PeriodEnd.Equal(sub.PeriodEnd) {
			p.errorf("it is not said that the subscription ends at %v: %+v", sub.PeriodEnd, got)
		}
	}
}

func checkCancelEnds(p *probe) {
	for _, atEnd := range []bool{true, false} {
		ref, sub := p.active()
		p.cancel(ref, sub, atEnd)
		p.advance(month)
		p.fetchSub("after the period", ref, sub, payments.SubscriptionCanceled)
		p.charged("after the period", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func checkCancelUnpaid(p *probe) {
	for what, after := range map[string]time.Duration{"canceled": 0, "ended by itself": 2 * month} {
		ref, sub := p.active()
		if err := p.DeclineLater(p.ctx, sub); err != nil {
			p.fatalf("the harness cannot make later charges be declined: %v", err)
		}
		p.advance(month)
		sub = p.mustSub("declined")(p.subs.FetchSubscription(p.ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: sub.Reference}))
		if len(sub.Invoices) != 2 || sub.Status.Ended() {
			p.fatalf("after a decline the subscription is %q with the invoices %+v", sub.Status, sub.Invoices)
		}
		p.advance(after)
		got, unpaid := p.cancel(ref, sub, false), sub.Invoices[1].Payment
		p.ended(what, got)
		for _, in := range got.Invoices {
			if in.Status == "open" {
				p.errorf("%s: the invoice %s is open", what, in.Reference)
			}
		}
		anyones := payments.PaymentRef{Account: ref.Account}
		p.status(what, p.fetch(anyones, unpaid), payments.StatusCanceled)
		_, err := p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: unpaid, Source: source(p.Approve), Capture: true})
		if err == nil {
			_, err = p.confirm(ref, unpaid)
		}
		p.refused(what+": pay what is left", err)
		p.charged(what, ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func lostCancel(p *probe, f Fault, send sending) {
	ref, sub := p.active()
	req := payments.CancelSubscriptionRequest{PaymentRef: ref, Key: p.key(), Reference: sub.Reference}
	if send(func(ctx context.Context) error { _, err := p.subs.CancelSubscription(ctx, req); return err }) != nil {
		p.cancel(ref, sub, false)
	}
	p.fetchSub(f.Name, ref, sub, payments.SubscriptionCanceled)
}
