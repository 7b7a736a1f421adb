package gatewaytest

import (
	"errors"
	"reflect"

	"github.com/trendsic/payments"
)

var fetchChecks = []Check{
	{Name: "fetch-reference", Core: true, Rule: "Fetch by Reference returns the payment, for ever.", make: checkFetchReference},
	{Name: "fetch-uid", Core: true, Rule: "Fetch by PaymentUID returns the payment where no Reference is known; not found is ErrPaymentNotFound.",
		make: checkFetchUID},
	{Name: "fetch-missing", Core: true, Rule: "Fetch of what does not exist answers ErrPaymentNotFound.", make: checkFetchMissing},
	{Name: "fetch-changes-nothing", Core: true, Rule: "Fetch changes nothing.", make: checkFetchTwice},
	{Name: "payments-apart", Core: true, Rule: "Two payments never answer for one another.", make: checkApart},
	{Name: "missing-payment", Core: true, Rule: "Capture, Void, Refund and Confirm of what does not exist are refused.", make: checkMissing},
}

func checkFetchReference(p *probe) {
	ref, s := p.pay(true)
	truth := p.fetch(payments.PaymentRef{}, s.Reference)
	if truth.Reference != s.Reference || truth.PaymentUID != ref.PaymentUID || truth.OrderID != ref.OrderID {
		p.errorf("fetched is %q of payment %q, and must be %q of %q", truth.Reference, truth.PaymentUID, s.Reference, ref.PaymentUID)
	}
	if truth.Subscription != "" {
		p.errorf("it names the subscription %q, and was paid once", truth.Subscription)
	}
	p.status("fetched", truth, payments.StatusPaid)
}

func checkFetchUID(p *probe) {
	ref, s := p.pay(true)
	truth, err := p.Gateway.Fetch(p.ctx, payments.FetchRequest{PaymentRef: ref})
	if errors.Is(err, payments.ErrPaymentNotFound) {
		return // a search may lag behind: that is why not found proves nothing
	}
	truth = p.must("fetch by PaymentUID")(truth, err)
	if truth.Reference != s.Reference {
		p.errorf("found is %q, and must be %q", truth.Reference, s.Reference)
	}
}

func checkFetchMissing(p *probe) {
	_, err := p.Gateway.Fetch(p.ctx, payments.FetchRequest{PaymentRef: p.ref()})
	if !errors.Is(err, payments.ErrPaymentNotFound) {
		p.errorf("by PaymentUID: the error is %v, and must be ErrPaymentNotFound", err)
	}
	_, err = p.Gateway.Fetch(p.ctx, payments.FetchRequest{PaymentRef: p.ref(), Reference: "pi_gatewaytest_none"})
	if !errors.Is(err, payments.ErrPaymentNotFound) {
		p.errorf("by Reference: the error is %v, and must be ErrPaymentNotFound", err)
	}
}

func checkFetchTwice(p *probe) {
	for _, capture := range []bool{true, false} {
		ref, s := p.pay(capture)
		first := p.fetch(ref, s.Reference)
		second := p.fetch(ref, s.Reference)
		first.NextAction, second.NextAction = nil, nil
		if !reflect.DeepEqual(first, second) {
			p.errorf("two reads differ:\n\t%+v\n\t%+v", first, second)
		}
		want := Charges{Count: 1}
		if capture {
			want.Captured = p.Money.Amount
		}
		p.charged("after two reads", ref.OrderID, want)
	}
}

func checkApart(p *probe) {
	refA, a := p.pay(true)
	refB, b := p.pay(true)
	if a.Reference == b.Reference || a.Attempt == b.Attempt {
		p.fatalf("two payments have one reference %q or one attempt %q", a.Reference, a.Attempt)
	}
	p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(refB, b.Reference, 3)))
	if truth := p.fetch(refA, a.Reference); truth.PaymentUID != refA.PaymentUID || len(truth.Refunds) != 0 {
		p.errorf("the first payment shows what belongs to the second: %+v", truth)
	}
	if truth := p.fetch(refB, b.Reference); truth.PaymentUID != refB.PaymentUID || len(truth.Refunds) != 1 {
		p.errorf("the second payment does not show its own refund: %+v", truth)
	}
}

func checkMissing(p *probe) {
	const none = "pi_gatewaytest_none"
	_, err := p.capture(p.ref(), none, 1)
	p.refused("capture", err)
	_, err = p.void(p.ref(), none)
	p.refused("void", err)
	ref := p.ref()
	_, err = p.Gateway.Refund(p.ctx, p.refund(ref, none, 1))
	p.refused("refund", err)
	if p.intents != nil {
		_, err = p.confirm(p.ref(), none)
		p.refused("confirm", err)
	}
}

var limitChecks = []Check{
	{Name: "limits", Rule: "Limit answers ErrUnsupported for a currency or an amount that is not taken, and nil for one that is.",
		needs: needLimits, make: checkLimits},
	{Name: "limits-hold", Rule: "What Limit refuses is refused by Authorize and Prepare too, definitely.", needs: needLimits, make: checkLimitsHold},
	{Name: "currencies", Rule: "An amount is in ISO 4217 minor units of its currency, also where the currency has no digits or three.", make: checkCurrencies},
}

var needLimits = need("the gateway is no payments.Limiter", func(p *probe) bool {
	_, ok := payments.CapabilityOf[payments.Limiter](p.Gateway)
	return ok
})

// refusedMoney are amounts that no gateway takes, and the harness's own.
func (p *probe) refusedMoney() []payments.Money {
	list := []payments.Money{p.money(0), p.money(-1), {Amount: 100, Currency: "XXX"}, {Amount: 100}}
	if p.Refused != (payments.Money{}) {
		list = append(list, p.Refused)
	}
	return list
}

func checkLimits(p *probe) {
	limiter, _ := payments.CapabilityOf[payments.Limiter](p.Gateway)
	if err := limiter.Limit(p.Money); err != nil {
		p.errorf("%v is refused: %v", p.Money, err)
	}
	for _, m := range p.refusedMoney() {
		p.definite("the amount "+m.String(), limiter.Limit(m), payments.ErrUnsupported)
	}
}

func checkLimitsHold(p *probe) {
	for _, m := range p.refusedMoney() {
		ref := p.ref()
		req := p.request(ref, true)
		req.Amount = m
		_, err := p.Gateway.Authorize(p.ctx, req)
		p.refused("authorize "+m.String(), err)
		if payments.OutcomeOf(err) != payments.OutcomeNotApplied {
			p.errorf("authorize %v: the error's outcome is %q, and must be \"not applied\"", m, payments.OutcomeOf(err))
		}
		if p.intents != nil {
			_, err = p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Amount: m, Capture: true})
			p.refused("prepare "+m.String(), err)
		}
		p.charged("after the refusal", ref.OrderID, Charges{})
	}
}

func checkCurrencies(p *probe) {
	limiter, _ := payments.CapabilityOf[payments.Limiter](p.Gateway)
	for _, m := range []payments.Money{{Amount: 500, Currency: "JPY"}, {Amount: 5120, Currency: "KWD"}, {Amount: 500, Currency: "ISK"},
		{Amount: 10_000, Currency: "UGX"}, {Amount: 100_000, Currency: "MGA"}, {Amount: 1999, Currency: "EUR"}} {
		if limiter != nil && limiter.Limit(m) != nil {
			continue
		}
		ref := p.ref()
		req := p.request(ref, true)
		req.Amount = m
		s, err := p.Gateway.Authorize(p.ctx, req)
		if errors.Is(err, payments.ErrUnsupported) {
			continue
		}
		s = p.must("authorize "+m.String())(s, err)
		if s.Amount != m || s.Captured != m.Amount {
			p.errorf("%v was asked, and %v is the amount, of which %d is captured", m, s.Amount, s.Captured)
		}
		p.charged("after "+m.String(), ref.OrderID, Charges{Count: 1, Captured: m.Amount})
	}
}
