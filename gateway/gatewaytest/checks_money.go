package gatewaytest

import "github.com/trendsic/payments"

var captureChecks = []Check{
	{Name: "capture-full", Core: true, Rule: "Capture takes reserved money and reports StatusPaid.", make: checkCaptureFull},
	{Name: "capture-part", Core: true, Rule: "Capture of a part takes that part and releases the rest.", make: checkCapturePart},
	{Name: "capture-twice", Core: true, Rule: "A capture of what is captured already is no error and takes nothing more.", make: checkCaptureTwice},
	{Name: "capture-too-much", Core: true, Rule: "Capture never takes more than was reserved.", make: checkCaptureTooMuch},
	{Name: "capture-voided", Core: true, Rule: "A voided payment cannot be captured.", make: checkCaptureVoided},
}

func checkCaptureFull(p *probe) {
	ref, s := p.pay(false)
	s = p.must("capture")(p.capture(ref, s.Reference, p.Money.Amount))
	p.status("captured", s, payments.StatusPaid)
	if s.Captured != p.Money.Amount {
		p.errorf("captured is %d, and must be %d", s.Captured, p.Money.Amount)
	}
	p.charged("after the capture", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkCapturePart(p *probe) {
	ref, s := p.pay(false)
	part := p.Money.Amount - 3
	s = p.must("capture")(p.capture(ref, s.Reference, part))
	p.status("captured", s, payments.StatusPaid)
	if s.Captured != part {
		p.errorf("captured is %d, and must be %d", s.Captured, part)
	}
	_, _ = p.capture(ref, s.Reference, 3)
	if truth := p.fetch(ref, s.Reference); truth.Captured != part {
		p.errorf("captured is %d after a second capture, and must be %d: the rest was released", truth.Captured, part)
	}
	p.charged("after the capture", ref.OrderID, Charges{Count: 1, Captured: part})
}

func checkCaptureTwice(p *probe) {
	ref, s := p.pay(false)
	for range 2 {
		s = p.must("capture")(p.capture(ref, s.Reference, p.Money.Amount))
		p.status("captured", s, payments.StatusPaid)
	}
	p.charged("after two captures", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkCaptureTooMuch(p *probe) {
	ref, s := p.pay(false)
	_, err := p.capture(ref, s.Reference, p.Money.Amount+1)
	p.refused("a capture of more than is reserved", err)
	p.status("fetched", p.fetch(ref, s.Reference), payments.StatusAuthorized)
	p.charged("after the refusal", ref.OrderID, Charges{Count: 1})
}

func checkCaptureVoided(p *probe) {
	ref, s := p.pay(false)
	p.must("void")(p.void(ref, s.Reference))
	_, err := p.capture(ref, s.Reference, p.Money.Amount)
	p.refused("a capture of a voided payment", err)
	p.charged("after the refusal", ref.OrderID, Charges{})
}

var voidChecks = []Check{
	{Name: "void-reserved", Core: true, Rule: "Void releases reserved money and reports StatusCanceled.", make: checkVoidReserved},
	{Name: "void-created", Rule: "Void closes an object that nobody has paid.", needs: needIntents, make: checkVoidCreated},
	{Name: "void-twice", Core: true, Rule: "A void of what is canceled already is no error.", make: checkVoidTwice},
	{Name: "void-captured", Core: true, Rule: "A payment that was captured cannot be voided: ErrConflict, not applied.", make: checkVoidCaptured},
	{Name: "void-declined", Rule: "A declined object can be voided.", needs: needIntents, make: checkVoidDeclined},
}

func checkVoidReserved(p *probe) {
	ref, s := p.pay(false)
	p.status("voided", p.must("void")(p.void(ref, s.Reference)), payments.StatusCanceled)
	p.status("fetched", p.fetch(ref, s.Reference), payments.StatusCanceled)
	p.charged("after the void", ref.OrderID, Charges{})
}

func checkVoidCreated(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, payments.Source{})
	s := p.must("void")(p.void(ref, in.Reference))
	p.status("voided", s, payments.StatusCanceled)
}

func checkVoidTwice(p *probe) {
	ref, s := p.pay(false)
	for range 2 {
		p.status("voided", p.must("void")(p.void(ref, s.Reference)), payments.StatusCanceled)
	}
}

func checkVoidCaptured(p *probe) {
	ref, s := p.pay(true)
	_, err := p.void(ref, s.Reference)
	p.definite("a void of a captured payment", err, payments.ErrConflict)
	p.status("fetched", p.fetch(ref, s.Reference), payments.StatusPaid)
	p.charged("after the refusal", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func checkVoidDeclined(p *probe) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Decline))
	_, err := p.confirm(ref, in.Reference)
	p.definite("a declined card", err, payments.ErrDeclined)
	p.status("voided", p.must("void")(p.void(ref, in.Reference)), payments.StatusCanceled)
}

var refundChecks = []Check{
	{Name: "refund-several", Core: true, Rule: "Captured money goes back in several refunds, up to all of it.", make: checkRefundSeveral},
	{Name: "refund-too-much", Core: true, Rule: "More than is left is never refunded.", make: checkRefundTooMuch},
	{Name: "refund-listed", Core: true, Rule: "Each refund is listed with its RefundUID, its reference and its amount.", make: checkRefundListed},
	{Name: "refund-two-keys", Rule: "Two refunds of one amount under two keys are two refunds.", make: checkRefundTwoKeys},
	{Name: "refund-uncaptured", Core: true, Rule: "A payment that has taken no money cannot be refunded.", make: checkRefundUncaptured},
	{Name: "refund-fails-later", Rule: "A refund that fails later is listed as failed and no longer counts.",
		needs: need("the harness cannot let a refund fail", func(p *probe) bool { return p.FailRefund != nil }), make: checkRefundFails},
}

func checkRefundSeveral(p *probe) {
	ref, s := p.pay(true)
	left := p.Money.Amount
	for _, amount := range []int64{1, 4, left - 5} {
		p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, amount)))
	}
	truth := p.fetch(ref, s.Reference)
	p.status("fetched", truth, payments.StatusPaid)
	if len(truth.Refunds) != 3 || refunds(truth) != left || truth.Captured != left {
		p.errorf("there are %d refunds of %d in all of %d captured, and must be 3 of %d", len(truth.Refunds), refunds(truth), truth.Captured, left)
	}
	_, err := p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 1))
	p.refused("a refund when nothing is left", err)
	p.charged("after all refunds", ref.OrderID, Charges{Count: 1, Captured: left, Refunded: left})
}

func checkRefundTooMuch(p *probe) {
	ref, s := p.pay(true)
	p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 4)))
	for _, amount := range []int64{p.Money.Amount, p.Money.Amount - 3} {
		_, err := p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, amount))
		p.refused("a refund of more than is left", err)
	}
	if got := refunds(p.fetch(ref, s.Reference)); got != 4 {
		p.errorf("refunded is %d, and must be 4", got)
	}
	p.charged("after the refusals", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount, Refunded: 4})
}

func checkRefundListed(p *probe) {
	ref, s := p.pay(true)
	req := p.refund(ref, s.Reference, 4)
	for what, s := range map[string]payments.Snapshot{
		"answered": p.must("refund")(p.Gateway.Refund(p.ctx, req)),
		"fetched":  p.fetch(ref, s.Reference),
	} {
		if len(s.Refunds) != 1 {
			p.fatalf("%s: there are %d refunds, and must be one", what, len(s.Refunds))
		}
		r := s.Refunds[0]
		if r.RefundUID != req.RefundUID || r.Reference == "" || r.Amount != 4 || !r.Status.Counts() {
			p.errorf("%s: the refund is %+v, and must carry our %q, a reference and the amount 4", what, r, req.RefundUID)
		}
	}
}

func checkRefundTwoKeys(p *probe) {
	ref, s := p.pay(true)
	for range 2 {
		p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 2)))
	}
	if truth := p.fetch(ref, s.Reference); len(truth.Refunds) != 2 || refunds(truth) != 4 {
		p.errorf("there are %d refunds of %d in all, and must be 2 of 4", len(truth.Refunds), refunds(truth))
	}
}

func checkRefundUncaptured(p *probe) {
	ref, s := p.pay(false)
	_, err := p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 1))
	p.refused("a refund of reserved money", err)
	p.charged("after the refusal", ref.OrderID, Charges{Count: 1})
}

func checkRefundFails(p *probe) {
	ref, s := p.pay(true)
	s = p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 4)))
	if len(s.Refunds) != 1 {
		p.fatalf("there are %d refunds, and must be one", len(s.Refunds))
	}
	if err := p.FailRefund(p.ctx, s.Refunds[0].Reference); err != nil {
		p.fatalf("the harness cannot let the refund fail: %v", err)
	}
	truth := p.fetch(ref, s.Reference)
	if len(truth.Refunds) != 1 || truth.Refunds[0].Status != payments.RefundFailed || refunds(truth) != 0 {
		p.errorf("the refunds are %+v, and must be one that failed", truth.Refunds)
	}
	p.must("another refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, p.Money.Amount)))
}
