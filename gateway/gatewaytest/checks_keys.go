package gatewaytest

import "github.com/trendsic/payments"

var keyChecks = []Check{
	{Name: "key-authorize", Core: true, Rule: "Authorize repeated under its key answers the same payment and takes the money once.", make: checkKeyAuthorize},
	{Name: "key-prepare", Rule: "Prepare repeated under its key answers the same object.", needs: needIntents, make: checkKeyPrepare},
	{Name: "key-confirm", Rule: "Confirm repeated under its key takes the money once.", needs: needIntents, make: checkKeyConfirm},
	{Name: "key-capture", Core: true, Rule: "Capture repeated under its key is no error and takes the money once.", make: checkKeyCapture},
	{Name: "key-void", Core: true, Rule: "Void repeated under its key is no error.", make: checkKeyVoid},
	{Name: "key-refund", Core: true, Rule: "Refund repeated under its key gives the money back once.", make: checkKeyRefund},
	{Name: "key-reused", Rule: "A key that comes with another request has no second effect, and is an error.", make: checkKeyReused},
}

func checkKeyAuthorize(p *probe) {
	ref := p.ref()
	req := p.request(ref, true)
	first := p.must("the first")(p.Gateway.Authorize(p.ctx, req))
	second := p.must("the second")(p.Gateway.Authorize(p.ctx, req))
	if first.Reference != second.Reference {
		p.errorf("the repeat made another payment: %q and %q", first.Reference, second.Reference)
	}
	p.charged("after the repeat", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkKeyPrepare(p *probe) {
	req := payments.PrepareRequest{PaymentRef: p.ref(), Key: p.key(), Amount: p.Money, Source: source(p.Approve), Capture: true}
	first := p.must("the first")(p.intents.Prepare(p.ctx, req))
	second := p.must("the second")(p.intents.Prepare(p.ctx, req))
	if first.Reference != second.Reference {
		p.errorf("the repeat made another object: %q and %q", first.Reference, second.Reference)
	}
}

func checkKeyConfirm(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Approve))
	req := payments.ConfirmRequest{PaymentRef: ref, Key: p.key(), Reference: in.Reference}
	for range 2 {
		p.status("confirmed", p.must("confirm")(p.intents.Confirm(p.ctx, req)), payments.StatusPaid)
	}
	p.charged("after the repeat", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkKeyCapture(p *probe) {
	ref, s := p.pay(false)
	req := payments.CaptureRequest{PaymentRef: ref, Key: p.key(), Reference: s.Reference, Amount: p.Money}
	for range 2 {
		s := p.must("capture")(p.Gateway.Capture(p.ctx, req))
		if s.Captured != p.Money.Amount {
			p.errorf("captured is %d, and must be %d", s.Captured, p.Money.Amount)
		}
	}
	p.charged("after the repeat", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkKeyVoid(p *probe) {
	ref, s := p.pay(false)
	req := payments.VoidRequest{PaymentRef: ref, Key: p.key(), Reference: s.Reference}
	for range 2 {
		p.status("voided", p.must("void")(p.Gateway.Void(p.ctx, req)), payments.StatusCanceled)
	}
	p.charged("after the repeat", ref.OrderID, Charges{})
}

func checkKeyRefund(p *probe) {
	ref, s := p.pay(true)
	req := p.refund(ref, s.Reference, 3)
	for range 2 {
		p.must("refund")(p.Gateway.Refund(p.ctx, req))
	}
	truth := p.fetch(ref, s.Reference)
	if len(truth.Refunds) != 1 || refunds(truth) != 3 {
		p.errorf("there are %d refunds of %d in all, and must be one of 3", len(truth.Refunds), refunds(truth))
	}
	p.charged("after the repeat", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount, Refunded: 3})
}

func checkKeyReused(p *probe) {
	ref := p.ref()
	req := p.request(ref, true)
	p.must("the first")(p.Gateway.Authorize(p.ctx, req))
	req.Amount.Amount--
	_, err := p.Gateway.Authorize(p.ctx, req)
	p.refused("the key with another amount", err)
	p.charged("after the second", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}
