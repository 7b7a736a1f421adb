package gatewaytest

import (
	"fmt"
	"sync"

	"github.com/trendsic/payments"
)

var intentChecks = []Check{
	{Name: "prepare-moves-nothing", Rule: "Prepare makes an object, reports StatusCreated and moves no money.", needs: needIntents, make: checkPrepare},
	{Name: "prepare-updates", Rule: "Prepare with a Reference changes that object's amount and makes no other.", needs: needIntents, make: checkPrepareUpdates},
	{Name: "prepare-unknown", Rule: "Prepare with a Reference that names nothing is refused and makes nothing.", needs: needIntents, make: checkPrepareUnknown},
	{Name: "confirm-once", Rule: "One object succeeds at most once, under whatever keys it is confirmed.", needs: needIntents, make: checkConfirmOnce},
	{Name: "confirm-at-once", Rule: "One object confirmed by many at the same time succeeds once.", needs: needIntents, make: checkConfirmAtOnce},
	{Name: "confirm-nothing", Rule: "An object without a way to pay is not charged by Confirm.", needs: needIntents, make: checkConfirmNothing},
	{Name: "confirm-voided", Rule: "A voided object never takes money: Confirm is refused.", needs: needIntents, make: checkConfirmVoided},
	{Name: "confirm-reserves", Rule: "An object prepared without Capture is reserved by Confirm, not taken.", needs: needIntents, make: checkConfirmReserves},
	{Name: "payer-confirms", Rule: "An object prepared without a way to pay shows a client secret, and the payer pays by it.",
		needs: all(needIntents, needPayer), make: checkPayerConfirms},
}

func checkPrepare(p *probe) {
	ref := p.ref()
	s := p.prepare(ref, source(p.Approve))
	p.status("prepared", s, payments.StatusCreated)
	truth := p.fetch(ref, s.Reference)
	p.status("fetched", truth, payments.StatusCreated)
	if truth.Captured != 0 || truth.Attempt != "" {
		p.errorf("captured is %d and the attempt %q before anything was confirmed", truth.Captured, truth.Attempt)
	}
	if s.Amount != p.Money || s.OrderID != ref.OrderID || s.PaymentUID != ref.PaymentUID {
		p.errorf("the object is for %v, order %v, payment %q, which is not what was asked", s.Amount, s.OrderID, s.PaymentUID)
	}
	p.charged("after Prepare", ref.OrderID, Charges{})
}

func checkPrepareUpdates(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, payments.Source{})
	less := p.money(p.Money.Amount - 1)
	changed := p.must("prepare again")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(),
		Reference: in.Reference, Amount: less, Source: source(p.Approve), Capture: true}))
	if changed.Reference != in.Reference || changed.Amount != less {
		p.errorf("the object %q over %v became %q over %v, and must be over %v", in.Reference, in.Amount, changed.Reference, changed.Amount, less)
	}
	s := p.must("confirm")(p.confirm(ref, in.Reference))
	p.status("confirmed", s, payments.StatusPaid)
	if s.Captured != less.Amount {
		p.errorf("captured is %d, and must be %d", s.Captured, less.Amount)
	}
}

func checkPrepareUnknown(p *probe) {
	_, err := p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: p.ref(), Key: p.key(), Reference: "pi_gatewaytest_none",
		Amount: p.Money, Source: source(p.Approve), Capture: true})
	p.refused("a reference that names nothing", err)
}

func checkConfirmOnce(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Approve))
	p.status("confirmed", p.must("confirm")(p.confirm(ref, in.Reference)), payments.StatusPaid)
	for range 3 {
		if s, err := p.confirm(ref, in.Reference); err == nil {
			p.status("confirmed again", s, payments.StatusPaid)
		}
	}
	truth := p.fetch(ref, in.Reference)
	p.status("fetched", truth, payments.StatusPaid)
	if truth.Captured != p.Money.Amount {
		p.errorf("captured is %d, and must be %d", truth.Captured, p.Money.Amount)
	}
	p.charged("after four confirms", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkConfirmAtOnce(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Approve))
	p.together(8, func(int) {
		if s, err := p.confirm(ref, in.Reference); err == nil && s.Reference != in.Reference {
			p.errorf("confirming %q answered %q", in.Reference, s.Reference)
		}
	})
	truth := p.fetch(ref, in.Reference)
	p.status("fetched", truth, payments.StatusPaid)
	if truth.Captured != p.Money.Amount {
		p.errorf("captured is %d, and must be %d", truth.Captured, p.Money.Amount)
	}
	p.charged("after eight confirms at once", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

// together runs n parts at the same time and waits for them.
func (p *probe) together(n int, part func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { p.guard(func() { part(i) }) })
	}
	wg.Wait()
}

func checkConfirmNothing(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, payments.Source{})
	_, err := p.confirm(ref, in.Reference)
	p.refused("an object without a way to pay", err)
	p.charged("after the refusal", ref.OrderID, Charges{})
}

func checkConfirmVoided(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Approve))
	p.status("voided", p.must("void")(p.void(ref, in.Reference)), payments.StatusCanceled)
	_, err := p.confirm(ref, in.Reference)
	p.refused("a voided object", err)
	p.status("fetched", p.fetch(ref, in.Reference), payments.StatusCanceled)
	p.charged("after the refusal", ref.OrderID, Charges{})
}

func checkConfirmReserves(p *probe) {
	ref := p.ref()
	in := p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Amount: p.Money,
		Source: source(p.Approve)}))
	s := p.must("confirm")(p.confirm(ref, in.Reference))
	p.status("confirmed", s, payments.StatusAuthorized)
	p.charged("after reserving", ref.OrderID, Charges{Count: 1})
}

func checkPayerConfirms(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, payments.Source{})
	p.status("prepared", in, payments.StatusCreated)
	secret := secretOf(in)
	if secret.IsZero() {
		p.fatalf("the object shows no client secret")
	}
	if secretOf(p.fetch(ref, in.Reference)).Reveal() != secret.Reveal() {
		p.errorf("Fetch does not show the same client secret")
	}
	if err := p.Authenticate(p.ctx, secret, true); err != nil {
		p.fatalf("the harness cannot do the payer's part: %v", err)
	}
	p.status("fetched after the payer paid", p.fetch(ref, in.Reference), payments.StatusPaid)
	p.charged("after the payer paid", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

var actionChecks = []Check{
	{Name: "action-asked", Rule: "An action asked of the payer is no error: StatusRequiresAction and a client secret, and nothing is taken.",
		needs: needAction, make: checkActionAsked},
	{Name: "action-passed", Rule: "A payer who authenticates has paid.", needs: all(needAction, needPayer), make: checkActionPassed},
	{Name: "action-failed", Rule: "A payer who fails the authentication is declined: nothing is taken, and the object takes another card.",
		needs: all(needAction, needPayer), make: checkActionFailed},
	{Name: "action-read-again", Rule: "Fetch shows the client secret as long as the action is asked for.", needs: needAction, make: checkActionAgain},
	{Name: "action-voided", Rule: "A payment that waits for an action can be voided.", needs: needAction, make: checkActionVoided},
	{Name: "action-redacted", Rule: "A Snapshot does not print its client secret.", needs: needAction, make: checkActionRedacted},
}

// ask makes a payment that waits for the payer's authentication.
func (p *probe) ask() (payments.PaymentRef, payments.Snapshot) {
	ref := p.ref()
	if p.intents != nil {
		in := p.prepare(ref, source(p.Action))
		return ref, p.must("confirm")(p.confirm(ref, in.Reference))
	}
	req := p.request(ref, true)
	req.Source = source(p.Action)
	return ref, p.must("authorize")(p.Gateway.Authorize(p.ctx, req))
}

func checkActionAsked(p *probe) {
	ref, s := p.ask()
	p.status("asked", s, payments.StatusRequiresAction)
	if secretOf(s).IsZero() && (s.NextAction == nil || s.NextAction.RedirectURL.IsZero()) {
		p.errorf("neither a client secret nor a page tells the payer what to do")
	}
	p.charged("while the action is asked for", ref.OrderID, Charges{})
}

func checkActionPassed(p *probe) {
	ref, s := p.ask()
	if err := p.Authenticate(p.ctx, secretOf(s), true); err != nil {
		p.fatalf("the harness cannot do the payer's part: %v", err)
	}
	truth := p.fetch(ref, s.Reference)
	p.status("after authentication", truth, payments.StatusPaid)
	p.charged("after authentication", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkActionFailed(p *probe) {
	ref, s := p.ask()
	if err := p.Authenticate(p.ctx, secretOf(s), false); err != nil {
		p.fatalf("the harness cannot do the payer's part: %v", err)
	}
	p.status("after the failure", p.fetch(ref, s.Reference), payments.StatusDeclined)
	p.charged("after the failure", ref.OrderID, Charges{})
	if p.intents == nil {
		return
	}
	p.change(ref, s.Reference, source(p.Approve))
	p.status("with another card", p.must("confirm")(p.confirm(ref, s.Reference)), payments.StatusPaid)
}

func checkActionAgain(p *probe) {
	ref, s := p.ask()
	truth := p.fetch(ref, s.Reference)
	p.status("fetched", truth, payments.StatusRequiresAction)
	if secretOf(truth).IsZero() || secretOf(truth).Reveal() != secretOf(s).Reveal() {
		p.errorf("Fetch does not show the same client secret")
	}
}

func checkActionVoided(p *probe) {
	ref, s := p.ask()
	p.status("voided", p.must("void")(p.void(ref, s.Reference)), payments.StatusCanceled)
	p.charged("after the void", ref.OrderID, Charges{})
}

func checkActionRedacted(p *probe) {
	_, s := p.ask()
	secret := secretOf(s).Reveal()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if leaks(fmt.Sprintf(verb, s), secret) || s.NextAction != nil && leaks(fmt.Sprintf(verb, *s.NextAction), secret) {
			p.errorf("%s prints the client secret", verb)
		}
	}
	if leaks(s.Message+s.Reference+s.ReceiptURL+s.Attempt, secret) {
		p.errorf("a field that is stored holds the client secret")
	}
}
