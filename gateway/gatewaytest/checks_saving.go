package gatewaytest

import (
	"errors"

	"github.com/trendsic/payments"
)

var savingChecks = []Check{
	{Name: "secret-told", Rule: "A Snapshot tells the client secret of its object also when it is paid, declined or canceled.", needs: needIntents,
		make: checkSecretTold},
	{Name: "prepare-leaves-amount", Rule: "Prepare with a Reference and the zero Amount leaves the object's amount.", needs: needIntents,
		make: checkLeavesAmount},
	{Name: "save", Rule: "A way to pay that is saved has an id, and its payment a customer.", needs: needSaving, make: checkSave},
	{Name: "save-customer", Rule: "A way to pay is saved with the customer that Payer names.", needs: needSaving, make: checkSaveCustomer},
	{Name: "save-again", Rule: "Prepare with a Reference leaves the object the customer that it has, whether Payer names another or none.",
		needs: all(needIntents, needSaving), make: checkSaveAgain},
	{Name: "save-no-more", Rule: "An object whose way to pay was to be saved, and is prepared again without Save, saves none: it cannot be charged off session.",
		needs: all(needIntents, needSaving), make: checkSaveNoMore},
	{Name: "off-session", Rule: "A saved way to pay is charged without the payer, as often as is asked.", needs: needSaving, make: checkOffSession},
	{Name: "off-session-stranger", Rule: "A way to pay that is not the customer's is not charged off session: ErrInvalid, naming Source.Token.",
		needs: needSaving, make: checkStranger},
	{Name: "off-session-instead", Rule: "An object whose way to pay was to be saved, and is not paid, is prepared and charged off session.",
		needs: all(needIntents, needSaving), make: checkOffSessionInstead},
	{Name: "off-session-action", Rule: "Where the bank wants the payer of a charge off session all the same, the payment requires action, which is no error.",
		needs: all(needSaving, needAction, needPayer), make: checkOffSessionAction},
}

var needSaving = need("the harness does not say that the gateway saves ways to pay", func(p *probe) bool { return p.Saves })

func checkSecretTold(p *probe) {
	paid, declined, canceled := p.ref(), p.ref(), p.ref()
	same := func(what string, in payments.Snapshot, s payments.Snapshot) {
		if secret := secretOf(in).Reveal(); secret == "" || secretOf(s).Reveal() != secret {
			p.errorf("%s, the object does not tell the client secret that it had", what)
		}
	}
	in := p.prepare(paid, source(p.Approve))
	same("paid", in, p.must("confirm")(p.confirm(paid, in.Reference)))
	same("paid and fetched", in, p.fetch(paid, in.Reference))
	in = p.prepare(declined, source(p.Decline))
	_, err := p.confirm(declined, in.Reference)
	p.definite("a declined card", err, payments.ErrDeclined)
	same("declined and fetched", in, p.fetch(declined, in.Reference))
	in = p.prepare(canceled, payments.Source{})
	p.must("void")(p.void(canceled, in.Reference))
	same("canceled and fetched", in, p.fetch(canceled, in.Reference))
}

func checkLeavesAmount(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, payments.Source{})
	changed := p.must("prepare again")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: in.Reference,
		Source: source(p.Approve), Capture: true}))
	if changed.Reference != in.Reference || changed.Amount != p.Money {
		p.errorf("the object %q over %v became %q over %v", in.Reference, in.Amount, changed.Reference, changed.Amount)
	}
	s := p.must("confirm")(p.confirm(ref, in.Reference))
	p.status("confirmed", s, payments.StatusPaid)
	p.charged("after confirming", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

// save pays and keeps the way to pay, authenticated where its bank asks for it.
func (p *probe) save(token payments.Token, customer string) payments.Snapshot {
	ref := p.ref()
	req := p.request(ref, true)
	req.Source, req.Save, req.Payer.GatewayCustomer = source(token), true, customer
	s := p.must("a payment that is saved")(p.Gateway.Authorize(p.ctx, req))
	if s.Status == payments.StatusRequiresAction && p.Authenticate != nil {
		if err := p.Authenticate(p.ctx, secretOf(s), true); err != nil {
			p.fatalf("the harness cannot do the payer's part: %v", err)
		}
	}
	s = p.fetch(ref, s.Reference)
	p.status("saved", s, payments.StatusPaid)
	if s.Customer == "" || s.Method.ID == "" {
		p.fatalf("the payment has the customer %q and the method %q", s.Customer, s.Method.ID)
	}
	return s
}

// offSession is a charge without the payer.
func (p *probe) offSession(ref payments.PaymentRef, method, customer string) payments.AuthorizeRequest {
	req := p.request(ref, true)
	req.Source, req.OffSession, req.Payer.GatewayCustomer = source(payments.NewToken(method)), true, customer
	return req
}

// offSessionTwoStep makes the charge by an object, where the gateway makes one first.
func (p *probe) offSessionTwoStep(req payments.AuthorizeRequest) (payments.Snapshot, error) {
	if p.intents == nil {
		return p.Gateway.Authorize(p.ctx, req)
	}
	in, err := p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: req.PaymentRef, Key: req.Key, Amount: req.Amount, Source: req.Source,
		Capture: req.Capture, Payer: req.Payer, Saving: req.Saving})
	if err != nil {
		return in, err
	}
	return p.intents.Confirm(p.ctx, payments.ConfirmRequest{PaymentRef: req.PaymentRef, Key: p.key(), Reference: in.Reference, OffSession: true})
}

func checkSave(p *probe) {
	s := p.save(p.Approve, "")
	other := p.save(p.Approve, "")
	if s.Customer == other.Customer || s.Method.ID == other.Method.ID {
		p.errorf("two payers share the customer %q or the method %q", s.Customer, s.Method.ID)
	}
}

func checkSaveCustomer(p *probe) {
	first := p.save(p.Approve, "")
	second := p.save(p.Approve, first.Customer)
	if second.Customer != first.Customer {
		p.errorf("the customer is %q, and must be %q", second.Customer, first.Customer)
	}
	for _, method := range []string{first.Method.ID, second.Method.ID} {
		s := p.must("off session")(p.Gateway.Authorize(p.ctx, p.offSession(p.ref(), method, first.Customer)))
		p.status("off session", s, payments.StatusPaid)
	}
}

func checkSaveAgain(p *probe) {
	another := p.save(p.Approve, "").Customer
	for _, customer := range []string{"", another} {
		ref := p.ref()
		prepare := func(reference, customer string, token payments.Token) payments.Snapshot {
			return p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: reference, Amount: p.Money,
				Source: source(token), Capture: true, Payer: payments.Payer{GatewayCustomer: customer}, Saving: payments.Saving{Save: true}}))
		}
		in := prepare("", "", p.Decline)
		_, err := p.confirm(ref, in.Reference)
		p.definite("a declined card", err, payments.ErrDeclined)
		first := p.fetch(ref, in.Reference).Customer
		again := prepare(in.Reference, customer, p.Approve)
		s := p.must("confirm")(p.confirm(ref, in.Reference))
		p.status("saved", s, payments.StatusPaid)
		if first == "" || again.Customer != first || s.Customer != first {
			p.errorf("the object of the customer %q has the customer %q when it is prepared again, and %q when it is paid", first, again.Customer, s.Customer)
		}
		p.charged("saved", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func checkSaveNoMore(p *probe) {
	ref := p.ref()
	in := p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Amount: p.Money, Source: source(p.Decline),
		Capture: true, Saving: payments.Saving{Save: true}}))
	_, err := p.confirm(ref, in.Reference)
	p.definite("a declined card", err, payments.ErrDeclined)
	p.change(ref, in.Reference, source(p.Approve))
	s := p.must("confirm")(p.confirm(ref, in.Reference))
	p.status("without Save", s, payments.StatusPaid)
	another := p.ref()
	_, err = p.offSessionTwoStep(p.offSession(another, s.Method.ID, s.Customer))
	p.refused("off session, with a way to pay that the payer did not save", err)
	p.charged("after the refusal", another.OrderID, Charges{})
}

func checkOffSession(p *probe) {
	saved := p.save(p.Approve, "")
	for _, charge := range []func(payments.AuthorizeRequest) (payments.Snapshot, error){
		p.offSessionTwoStep, p.offSessionTwoStep,
		func(req payments.AuthorizeRequest) (payments.Snapshot, error) { return p.Gateway.Authorize(p.ctx, req) },
	} {
		ref := p.ref()
		s := p.must("off session")(charge(p.offSession(ref, saved.Method.ID, saved.Customer)))
		p.status("off session", s, payments.StatusPaid)
		if s.Method.Last4 != saved.Method.Last4 || s.Customer != saved.Customer {
			p.errorf("charged is %q of %q, and must be %q of %q", s.Method.Last4, s.Customer, saved.Method.Last4, saved.Customer)
		}
		p.charged("off session", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func checkOffSessionInstead(p *probe) {
	saved := p.save(p.Approve, "")
	payer := payments.Payer{GatewayCustomer: saved.Customer}
	for _, declined := range []bool{true, false} {
		ref := p.ref()
		prepare := func(reference string, token payments.Token, saving payments.Saving) payments.Snapshot {
			return p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Reference: reference, Amount: p.Money,
				Source: source(token), Capture: true, Payer: payer, Saving: saving}))
		}
		in := prepare("", p.Decline, payments.Saving{Save: true})
		if declined {
			_, err := p.confirm(ref, in.Reference)
			p.definite("a declined card", err, payments.ErrDeclined)
		}
		again := prepare(in.Reference, payments.NewToken(saved.Method.ID), payments.Saving{OffSession: true})
		s := p.must("off session")(p.intents.Confirm(p.ctx, payments.ConfirmRequest{PaymentRef: ref, Key: p.key(), Reference: again.Reference, OffSession: true}))
		p.status("off session", s, payments.StatusPaid)
		if again.Reference != in.Reference || s.Customer != saved.Customer {
			p.errorf("charged is the object %q of %q, and must be %q of %q", again.Reference, s.Customer, in.Reference, saved.Customer)
		}
		p.charged("off session", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func checkStranger(p *probe) {
	saved, other := p.save(p.Approve, ""), p.save(p.Approve, "")
	for _, customer := range []string{other.Customer, ""} {
		ref := p.ref()
		_, err := p.offSessionTwoStep(p.offSession(ref, saved.Method.ID, customer))
		p.definite("another customer's way to pay", err, payments.ErrInvalid)
		var e *payments.Error
		if errors.As(err, &e) && (len(e.Fields) != 1 || e.Fields[0].Field != "Source.Token") {
			p.errorf("the error names %v, and must name Source.Token", e.Fields)
		}
		p.charged("after the refusal", ref.OrderID, Charges{})
	}
}

func checkOffSessionAction(p *probe) {
	saved := p.save(p.Action, "")
	ref := p.ref()
	s := p.must("off session")(p.offSessionTwoStep(p.offSession(ref, saved.Method.ID, saved.Customer)))
	if s.Status != payments.StatusPaid { // a bank may be content with the first authentication
		p.status("off session", s, payments.StatusRequiresAction)
		p.charged("while the action is asked for", ref.OrderID, Charges{})
		if err := p.Authenticate(p.ctx, secretOf(s), true); err != nil {
			p.fatalf("the payer cannot authenticate: %v", err)
		}
	}
	p.status("fetched", p.fetch(ref, s.Reference), payments.StatusPaid)
	p.charged("in the end", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}
