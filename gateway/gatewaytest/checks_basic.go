package gatewaytest

import (
	"errors"

	"github.com/trendsic/payments"
)

var basicChecks = []Check{
	{Name: "name", Core: true, Rule: "Name is not empty and never changes.", make: checkName},
	{Name: "pays", Core: true, Rule: "An approved Authorize with Capture takes the whole amount once and reports StatusPaid.", make: checkPays},
	{Name: "reserves", Core: true, Rule: "An approved Authorize without Capture reserves the money, reports StatusAuthorized and has captured nothing.",
		make: checkReserves},
	{Name: "snapshot-complete", Core: true, Rule: "A Snapshot carries the reference, the amount, our order and payment, the attempt and the card.",
		make: checkSnapshot},
	{Name: "raw-card", Rule: "A gateway that takes raw cards charges one, and any other refuses it definitely.", make: checkRawCard},
	{Name: "unknown-token", Rule: "A token that the gateway does not know is refused definitely: nothing was done.", make: checkUnknownToken},
	{Name: "one-time-token", Rule: "A one-time token is charged once: a second payment with it is refused definitely.", needs: needOneTime,
		make: checkOneTime},
}

func checkName(p *probe) {
	name := p.Gateway.Name()
	if name == "" {
		p.errorf("the name is empty")
	}
	p.pay(true)
	if again := p.Gateway.Name(); again != name {
		p.errorf("the name was %q and is %q", name, again)
	}
}

func checkPays(p *probe) {
	ref, s := p.pay(true)
	if s.Captured != p.Money.Amount {
		p.errorf("captured is %d, and must be %d", s.Captured, p.Money.Amount)
	}
	p.charged("after paying", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkReserves(p *probe) {
	ref, s := p.pay(false)
	if s.Captured != 0 {
		p.errorf("captured is %d, and must be 0", s.Captured)
	}
	p.charged("after reserving", ref.OrderID, Charges{Count: 1})
}

func checkSnapshot(p *probe) {
	ref, s := p.pay(true)
	for _, s := range []payments.Snapshot{s, p.fetch(ref, s.Reference)} {
		if s.Reference == "" || s.Attempt == "" {
			p.errorf("the reference %q or the attempt %q is empty", s.Reference, s.Attempt)
		}
		if s.Amount != p.Money {
			p.errorf("the amount is %v, and must be %v", s.Amount, p.Money)
		}
		if s.OrderID != ref.OrderID || s.PaymentUID != ref.PaymentUID {
			p.errorf("order %v and payment %q are not ours", s.OrderID, s.PaymentUID)
		}
		if s.Disputed || s.UnderReview || len(s.Refunds) > 0 {
			p.errorf("a plain payment is disputed, under review or refunded")
		}
		if !p.NoCards && (s.Method.Brand == "" || len(s.Method.Last4) != 4 || s.Method.Expiry.IsZero()) {
			p.errorf("the card is not complete: %+v", s.Method)
		}
	}
}

func checkRawCard(p *probe) {
	raw, _ := payments.CapabilityOf[payments.RawCardGateway](p.Gateway)
	takes := raw != nil && raw.TakesRawCards()
	card := p.Card
	if card == nil {
		if takes {
			return // the harness names none
		}
		card = &payments.Card{Number: payments.NewCardNumber("4242424242424242"), Expiry: payments.Expiry{Month: 12, Year: 2049}}
	}
	ref := p.ref()
	req := p.request(ref, true)
	req.Source = payments.Source{Card: card}
	s, err := p.Gateway.Authorize(p.ctx, req)
	if !takes {
		p.definite("a raw card", err, payments.ErrUnsupported)
		p.charged("after the refusal", ref.OrderID, Charges{})
		return
	}
	s = p.must("a raw card")(s, err)
	p.status("a raw card", s, payments.StatusPaid)
	if s.Method.Last4 != card.Number.Last4() {
		p.errorf("the last four digits are %q, and must be %q", s.Method.Last4, card.Number.Last4())
	}
}

func checkUnknownToken(p *probe) {
	ref := p.ref()
	req := p.request(ref, true)
	req.Source = source(payments.NewToken("tok_gatewaytest_unknown_7c1f"))
	_, err := p.Gateway.Authorize(p.ctx, req)
	p.refused("a token that nobody knows", err)
	if o := payments.OutcomeOf(err); o != payments.OutcomeNotApplied {
		p.errorf("the error's outcome is %q, and must be \"not applied\"", o)
	}
	p.charged("after the refusal", ref.OrderID, Charges{})
}

func checkOneTime(p *probe) {
	token, err := p.OneTime()
	if err != nil {
		p.fatalf("the harness makes no token: %v", err)
	}
	first, second := p.ref(), p.ref()
	req := p.request(first, true)
	req.Source = source(token)
	paid := p.must("the first use")(p.Gateway.Authorize(p.ctx, req))
	p.status("the first use", paid, payments.StatusPaid)
	again := p.must("the first use, repeated")(p.Gateway.Authorize(p.ctx, req))
	if again.Reference != paid.Reference {
		p.errorf("the repeat under the same key made another payment")
	}
	req = p.request(second, true)
	req.Source = source(token)
	_, err = p.Gateway.Authorize(p.ctx, req)
	p.refused("the second use", err)
	if payments.OutcomeOf(err) != payments.OutcomeNotApplied || errors.Is(err, payments.ErrDeclined) {
		p.errorf("the second use: the error is %v, and must be a definite refusal that is no decline", err)
	}
	p.charged("after the second use", second.OrderID, Charges{})
}

var declineChecks = []Check{
	{Name: "decline-outcome", Core: true, Rule: "A decline is an error with ErrDeclined, outcome not applied, and a message fit for the payer.",
		make: checkDecline},
	{Name: "decline-truth", Core: true, Rule: "A declined payment has taken nothing, and Fetch says so: StatusDeclined where the gateway keeps an object.",
		make: checkDeclineTruth},
	{Name: "decline-retry", Rule: "After a decline the same object takes another card and is paid.", needs: needIntents, make: checkDeclineRetry},
	{Name: "decline-attempt", Rule: "Each try to take money has an attempt of its own: a second decline shows another one.", needs: needIntents,
		make: checkDeclineAttempt},
	{Name: "decline-replay", Rule: "A declined request repeated under its key is declined again and makes no new try.", make: checkDeclineReplay},
}

// declineOne makes a payment that is declined and returns what is told beside the error.
func (p *probe) declineOne(ref payments.PaymentRef, key string) (payments.Snapshot, error) {
	req := p.request(ref, true)
	req.Key, req.Source = key, source(p.Decline)
	return p.Gateway.Authorize(p.ctx, req)
}

func checkDecline(p *probe) {
	ref := p.ref()
	_, err := p.declineOne(ref, p.key())
	p.definite("a declined card", err, payments.ErrDeclined)
	var e *payments.Error
	if errors.As(err, &e) && (e.Message == "" || e.DeclineCode == "" && e.GatewayCode == "") {
		p.errorf("the error has no message (%q) or no code", e.Message)
	}
	if p.intents == nil {
		return
	}
	in := p.prepare(p.ref(), source(p.Decline))
	_, err = p.confirm(payments.PaymentRef{OrderID: in.OrderID, PaymentUID: in.PaymentUID}, in.Reference)
	p.definite("a declined card, confirmed", err, payments.ErrDeclined)
}

func checkDeclineTruth(p *probe) {
	ref := p.ref()
	s, err := p.declineOne(ref, p.key())
	p.definite("a declined card", err, payments.ErrDeclined)
	if s.Reference != "" {
		p.status("beside the decline", s, payments.StatusDeclined)
		truth := p.fetch(ref, s.Reference)
		p.status("fetched after the decline", truth, payments.StatusDeclined)
		if truth.Captured != 0 {
			p.errorf("captured is %d after a decline", truth.Captured)
		}
		if truth.Message == "" {
			p.errorf("the snapshot of a decline has no message")
		}
	}
	p.charged("after the decline", ref.OrderID, Charges{})
}

func checkDeclineRetry(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Decline))
	_, err := p.confirm(ref, in.Reference)
	p.definite("the first card", err, payments.ErrDeclined)
	changed := p.change(ref, in.Reference, source(p.Approve))
	if changed.Reference != in.Reference {
		p.errorf("another card made another object")
	}
	s := p.must("the second card")(p.confirm(ref, changed.Reference))
	p.status("the second card", s, payments.StatusPaid)
	p.charged("after the second card", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkDeclineAttempt(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Decline))
	seen := map[string]bool{"": true}
	for range 2 {
		_, err := p.confirm(ref, in.Reference)
		p.definite("a declined card", err, payments.ErrDeclined)
		attempt := p.fetch(ref, in.Reference).Attempt
		if seen[attempt] {
			p.errorf("the attempt %q is empty or was seen before", attempt)
		}
		seen[attempt] = true
		p.change(ref, in.Reference, source(p.Decline))
	}
}

func checkDeclineReplay(p *probe) {
	ref, key := p.ref(), p.key()
	first, err := p.declineOne(ref, key)
	p.definite("a declined card", err, payments.ErrDeclined)
	second, err := p.declineOne(ref, key)
	p.definite("the same request again", err, payments.ErrDeclined)
	if first.Reference != second.Reference || first.Attempt != second.Attempt {
		p.errorf("the repeat made another try: %q %q and %q %q", first.Reference, first.Attempt, second.Reference, second.Attempt)
	}
}
