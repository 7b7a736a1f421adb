package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trendsic/payments"
)

var subscribeChecks = []Check{
	{Name: "subscribe", Rule: "Subscribe makes an incomplete subscription that carries our order and payment, and moves no money.", needs: needSubs,
		make: checkSubscribe},
	{Name: "subscribe-first", Rule: "The first invoice's object is for the plan's amount, waits for a way to pay, carries our order and payment and names the subscription.",
		needs: needSubs, make: checkSubscribeFirst},
	{Name: "key-subscribe", Rule: "Subscribe repeated under its key answers the same subscription and the same client secret.", needs: needSubs,
		make: checkKeySubscribe},
	{Name: "subscribe-paid", Rule: "A subscription is active when its first invoice's object is confirmed, and takes the plan's amount once.", needs: needSubs,
		make: checkSubscribePaid},
	{Name: "subscribe-declined", Rule: "A first invoice that is declined leaves the subscription incomplete, and takes another card.", needs: needSubs,
		make: checkSubscribeDeclined},
	{Name: "subscribe-payer", Rule: "The payer pays the first invoice by the subscription's client secret.", needs: all(needSubs, needPayer),
		make: checkSubscribePayer},
	{Name: "subscription-uid", Rule: "FetchSubscription by PaymentUID returns the subscription where no Reference is known.", needs: needSubs,
		make: checkSubscriptionUID},
	{Name: "subscription-missing", Rule: "FetchSubscription of what does not exist answers ErrPaymentNotFound, and to cancel it is refused.", needs: needSubs,
		make: checkSubscriptionMissing},
	{Name: "subscription-renews", Rule: "Each later invoice is paid by an object of its own, which is fetched as any other, names the subscription and carries no order but ours.",
		needs: all(needSubs, needAdvance), make: checkRenews},
	{Name: "subscription-redacted", Rule: "A SubscriptionSnapshot does not print its client secret.", needs: needSubs, make: checkSubscriptionRedacted},
	{Name: "lost-subscribe", Rule: "A lost answer to Subscribe moves no money, and the same key finishes it.", needs: all(needSubs, needFaults),
		make: func(p *probe) { p.eachFault("subscribe", lostSubscribe) }},
	{Name: "lost-fetch-subscription", Rule: "A FetchSubscription whose answer is lost is an error that is not ErrPaymentNotFound.",
		needs: all(needSubs, needFaults), make: func(p *probe) { p.eachFault("fetch_subscription", lostFetchSubscription) }},
}

var (
	needSubs = need("the gateway is no payments.SubscriptionGateway and payments.IntentGateway",
		func(p *probe) bool { return p.subs != nil && p.intents != nil })
	needAdvance = need("the harness cannot move the gateway's time on", func(p *probe) bool { return p.Advance != nil })
)

// period is the plan of the checks, and month a time after which one period has ended and the next has not.
var period = payments.Plan{Interval: "month", Every: 1}

const month = 32 * 24 * time.Hour

// mustSub returns a subscription and ends the check when there is an error instead.
func (p *probe) mustSub(what string) func(payments.SubscriptionSnapshot, error) payments.SubscriptionSnapshot {
	return func(s payments.SubscriptionSnapshot, err error) payments.SubscriptionSnapshot {
		if err != nil {
			p.fatalf("%s: unexpected error: %v", what, err)
		}
		return s
	}
}

// subscription is a request for the plan of the checks.
func (p *probe) subscription(ref payments.PaymentRef) payments.SubscribeRequest {
	return payments.SubscribeRequest{PaymentRef: ref, Key: p.key(), Plan: period, Amount: p.Money}
}

// subscribe makes a subscription.
func (p *probe) subscribe() (payments.PaymentRef, payments.SubscriptionSnapshot) {
	ref := p.ref()
	return ref, p.mustSub("subscribe")(p.subs.Subscribe(p.ctx, p.subscription(ref)))
}

// first returns the id of the first invoice's object.
func (p *probe) first(sub payments.SubscriptionSnapshot) string {
	if len(sub.Invoices) != 1 || !sub.Invoices[0].First || sub.Invoices[0].Payment == "" {
		p.fatalf("the invoices are %+v, and must be a first one that is to be paid", sub.Invoices)
	}
	return sub.Invoices[0].Payment
}

// payFirst pays the first invoice as the Service does.
func (p *probe) payFirst(ref payments.PaymentRef, sub payments.SubscriptionSnapshot, token payments.Token) (payments.Snapshot, error) {
	reference := p.first(sub)
	p.must("prepare the first invoice's object")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: reference,
		Source: source(token), Capture: true}))
	return p.confirm(ref, reference)
}

// active makes a subscription whose first invoice is paid.
func (p *probe) active() (payments.PaymentRef, payments.SubscriptionSnapshot) {
	ref, sub := p.subscribe()
	p.status("the first invoice", p.must("confirm")(p.payFirst(ref, sub, p.Approve)), payments.StatusPaid)
	return ref, p.fetchSub("paid", ref, sub, payments.SubscriptionActive)
}

// fetchSub reads a subscription, which must have a status.
func (p *probe) fetchSub(what string, ref payments.PaymentRef, sub payments.SubscriptionSnapshot, want payments.SubscriptionStatus) payments.SubscriptionSnapshot {
	got := p.mustSub(what)(p.subs.FetchSubscription(p.ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: sub.Reference}))
	if got.Status != want {
		p.errorf("%s: the subscription is %q, and must be %q", what, got.Status, want)
	}
	return got
}

// actionOf returns the client secret of a subscription, or nothing.
func actionOf(sub payments.SubscriptionSnapshot) string {
	if sub.NextAction == nil {
		return ""
	}
	return sub.NextAction.ClientSecret.Reveal()
}

func checkSubscribe(p *probe) {
	ref, sub := p.subscribe()
	for _, s := range []payments.SubscriptionSnapshot{sub, p.fetchSub("fetched", ref, sub, payments.SubscriptionIncomplete)} {
		if s.Reference == "" || s.Reference != sub.Reference || s.Customer == "" || s.PeriodEnd.IsZero() {
			p.errorf("the subscription is not complete: %+v", s)
		}
		if s.OrderID != ref.OrderID || s.PaymentUID != ref.PaymentUID {
			p.errorf("order %v and payment %q are not ours", s.OrderID, s.PaymentUID)
		}
		if s.Status != payments.SubscriptionIncomplete || actionOf(s) == "" {
			p.errorf("the subscription is %q, with a client secret: %v", s.Status, actionOf(s) != "")
		}
	}
	p.charged("after Subscribe", ref.OrderID, Charges{})
}

func checkSubscribeFirst(p *probe) {
	ref, sub := p.subscribe()
	s := p.fetch(ref, p.first(sub))
	p.status("the first invoice's object", s, payments.StatusCreated)
	if s.Amount != p.Money || sub.Invoices[0].Amount != p.Money || s.LiveMode != sub.LiveMode {
		p.errorf("the invoice is over %v and its object over %v, and must be over %v", sub.Invoices[0].Amount, s.Amount, p.Money)
	}
	if s.OrderID != ref.OrderID || s.PaymentUID != ref.PaymentUID {
		p.errorf("order %v and payment %q of the object are not ours", s.OrderID, s.PaymentUID)
	}
	p.names(s, sub)
}

// names holds that the object of an invoice names its subscription.
func (p *probe) names(s payments.Snapshot, sub payments.SubscriptionSnapshot) {
	if s.Subscription != sub.Reference {
		p.errorf("the invoice's object names the subscription %q, and must name %q", s.Subscription, sub.Reference)
	}
}

func checkKeySubscribe(p *probe) {
	ref := p.ref()
	req := p.subscription(ref)
	first := p.mustSub("the first")(p.subs.Subscribe(p.ctx, req))
	second := p.mustSub("the second")(p.subs.Subscribe(p.ctx, req))
	if first.Reference != second.Reference || p.first(first) != p.first(second) {
		p.errorf("one key made the subscriptions %q and %q", first.Reference, second.Reference)
	}
	if actionOf(first) == "" || actionOf(first) != actionOf(second) {
		p.errorf("the repeat does not tell the same client secret")
	}
}

func checkSubscribePaid(p *probe) {
	ref, sub := p.active()
	if len(sub.Invoices) != 1 || sub.Invoices[0].Status != "paid" || sub.NextAction != nil {
		p.errorf("the subscription is %+v", sub)
	}
	for range 2 {
		if s, err := p.confirm(ref, p.first(sub)); err == nil {
			p.status("confirmed again", s, payments.StatusPaid)
		}
	}
	p.charged("after three confirms", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkSubscribeDeclined(p *probe) {
	ref, sub := p.subscribe()
	_, err := p.payFirst(ref, sub, p.Decline)
	p.definite("a declined card", err, payments.ErrDeclined)
	sub = p.fetchSub("declined", ref, sub, payments.SubscriptionIncomplete)
	p.charged("after the decline", ref.OrderID, Charges{})
	p.status("another card", p.must("confirm")(p.payFirst(ref, sub, p.Approve)), payments.StatusPaid)
	p.fetchSub("paid with another card", ref, sub, payments.SubscriptionActive)
	p.charged("after another card", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkSubscribePayer(p *probe) {
	ref, sub := p.subscribe()
	p.authenticate(actionOf(sub))
	p.fetchSub("after the payer paid", ref, sub, payments.SubscriptionActive)
	p.status("the first invoice's object", p.fetch(ref, p.first(sub)), payments.StatusPaid)
	p.charged("after the payer paid", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

// authenticate does the payer's part.
func (p *probe) authenticate(secret string) {
	if err := p.Authenticate(p.ctx, payments.NewClientSecret(secret), true); err != nil {
		p.fatalf("the harness cannot do the payer's part: %v", err)
	}
}

// advance moves the gateway's time on.
func (p *probe) advance(d time.Duration) {
	if err := p.Advance(p.ctx, d); err != nil {
		p.fatalf("the harness cannot move the time on: %v", err)
	}
}

func checkSubscriptionUID(p *probe) {
	ref, sub := p.subscribe()
	got, err := p.subs.FetchSubscription(p.ctx, payments.FetchSubscriptionRequest{PaymentRef: ref})
	if errors.Is(err, payments.ErrPaymentNotFound) {
		return // a search may lag behind
	}
	if err != nil || got.Reference != sub.Reference {
		p.errorf("found is %q, and must be %q: %v", got.Reference, sub.Reference, err)
	}
}

func checkSubscriptionMissing(p *probe) {
	for what, req := range map[string]payments.FetchSubscriptionRequest{"by PaymentUID": {PaymentRef: p.ref()},
		"by Reference": {PaymentRef: p.ref(), Reference: "sub_gatewaytest_none"}} {
		if _, err := p.subs.FetchSubscription(p.ctx, req); !errors.Is(err, payments.ErrPaymentNotFound) {
			p.errorf("%s: the error is %v, and must be ErrPaymentNotFound", what, err)
		}
	}
	_, err := p.subs.CancelSubscription(p.ctx, payments.CancelSubscriptionRequest{PaymentRef: p.ref(), Key: p.key(), Reference: "sub_gatewaytest_none"})
	p.refused("cancel", err)
}

func checkRenews(p *probe) {
	ref, sub := p.active()
	p.advance(month)
	got := p.fetchSub("after a period", ref, sub, payments.SubscriptionActive)
	if len(got.Invoices) != 2 || got.Invoices[0].Reference != sub.Invoices[0].Reference || !got.PeriodEnd.After(sub.PeriodEnd) {
		p.fatalf("after a period the invoices are %+v until %v, and must be two", got.Invoices, got.PeriodEnd)
	}
	first, later := got.Invoices[0], got.Invoices[1]
	if later.First || later.Payment == "" || later.Payment == first.Payment || later.Amount != p.Money {
		p.fatalf("the later invoice is %+v", later)
	}
	s := p.fetch(payments.PaymentRef{Account: ref.Account}, later.Payment)
	p.status("the later invoice's object", s, payments.StatusPaid)
	if s.Captured != p.Money.Amount {
		p.errorf("captured is %d, and must be %d", s.Captured, p.Money.Amount)
	}
	if !s.OrderID.IsZero() && s.OrderID != ref.OrderID || s.PaymentUID != "" && s.PaymentUID != ref.PaymentUID {
		p.errorf("the later invoice's object carries order %v and payment %q", s.OrderID, s.PaymentUID)
	}
	p.names(s, sub)
	p.charged("after a period", ref.OrderID, Charges{Count: 2, Captured: 2 * p.Money.Amount})
}

func checkSubscriptionRedacted(p *probe) {
	_, sub := p.subscribe()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if leaks(fmt.Sprintf(verb, sub), actionOf(sub)) {
			p.errorf("%s prints the client secret", verb)
		}
	}
	text := sub.Reference + sub.Customer
	for _, in := range sub.Invoices {
		text += in.Reference + in.Payment + in.Status
	}
	if leaks(text, actionOf(sub)) {
		p.errorf("a field that is stored holds the client secret")
	}
}

// subscriptionMishaps provokes the errors about subscriptions that any gateway must have.
func (p *probe) subscriptionMishaps() (errs []error, secret string) {
	ref, sub := p.subscribe()
	_, err := p.confirm(ref, p.first(sub))
	errs = append(errs, err)
	_, err = p.payFirst(ref, sub, p.Decline)
	errs = append(errs, err)
	req := p.subscription(p.ref())
	req.Amount = p.money(0)
	_, err = p.subs.Subscribe(p.ctx, req)
	errs = append(errs, err)
	_, err = p.subs.FetchSubscription(p.ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: "sub_gatewaytest_none"})
	errs = append(errs, err)
	_, err = p.subs.CancelSubscription(p.ctx, payments.CancelSubscriptionRequest{PaymentRef: ref, Key: p.key(), Reference: "sub_gatewaytest_none"})
	return append(errs, err), actionOf(sub)
}

func lostSubscribe(p *probe, f Fault, send sending) {
	ref := p.ref()
	req := p.subscription(ref)
	seen := map[string]bool{}
	err := send(func(ctx context.Context) error {
		sub, err := p.subs.Subscribe(ctx, req)
		if err == nil {
			seen[sub.Reference] = true
		}
		return err
	})
	if err == nil {
		sub := p.mustSub("the same request again")(p.subs.Subscribe(p.ctx, req))
		if seen[sub.Reference] = true; len(seen) != 1 {
			p.errorf("%s: one key made the subscriptions %v", f.Name, seen)
		}
	}
	p.charged(f.Name, ref.OrderID, Charges{})
}

func lostFetchSubscription(p *probe, f Fault, send sending) {
	ref, sub := p.subscribe()
	_ = send(func(ctx context.Context) error {
		_, err := p.subs.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: ref, Reference: sub.Reference})
		if errors.Is(err, payments.ErrPaymentNotFound) {
			p.errorf("%s: a lost answer says that there is no such subscription", f.Name)
		}
		return err
	})
}
