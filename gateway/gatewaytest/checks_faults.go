package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trendsic/payments"
)

var secretChecks = []Check{
	{Name: "error-shape", Core: true, Rule: "Every error is a *payments.Error itself, with a code and the gateway's name: nothing may be wrapped around it.",
		make: checkErrorShape},
	{Name: "errors-keep-secrets", Core: true, Rule: "No error prints a token, a card number or a client secret.", make: checkErrorSecrets},
	{Name: "errors-hide-causes", Core: true, Rule: "An error does not print its cause.", make: checkErrorCauses},
}

// mishaps provokes the errors that any gateway must have, each with what must not be printed.
func (p *probe) mishaps() (errs []error, secrets []string) {
	const token = "tok_gatewaytest_canary_51e8"
	add := func(err error) { errs = append(errs, err) }
	ref := p.ref()
	req := p.request(ref, true)
	req.Source = source(payments.NewToken(token))
	_, err := p.Gateway.Authorize(p.ctx, req)
	add(err)
	_, err = p.declineOne(p.ref(), p.key())
	add(err)
	req = p.request(p.ref(), true)
	number := "4000000000000002"
	req.Source = payments.Source{Card: &payments.Card{Number: payments.NewCardNumber(number), CVC: payments.NewCVC("7391"),
		Expiry: payments.Expiry{Month: 11, Year: 2048}}}
	_, err = p.Gateway.Authorize(p.ctx, req)
	add(err)
	_, err = p.Gateway.Fetch(p.ctx, payments.FetchRequest{PaymentRef: p.ref(), Reference: "pi_gatewaytest_none"})
	add(err)
	paid, s := p.pay(true)
	_, err = p.void(paid, s.Reference)
	add(err)
	secrets = []string{token, p.Decline.Reveal(), p.Approve.Reveal(), number, "7391"}
	if p.intents != nil {
		ref := p.ref()
		in := p.prepare(ref, payments.Source{})
		secrets = append(secrets, secretOf(in).Reveal())
		_, err = p.confirm(ref, in.Reference)
		add(err)
		in = p.prepare(ref, source(p.Decline))
		secrets = append(secrets, secretOf(in).Reveal())
		_, err = p.confirm(ref, in.Reference)
		add(err)
	}
	if p.subs != nil && p.intents != nil {
		more, secret := p.subscriptionMishaps()
		errs, secrets = append(errs, more...), append(secrets, secret)
	}
	for _, f := range p.Faults {
		if !f.Hangs {
			p.inject("authorize", f.Name)
			_, err = p.Gateway.Authorize(p.ctx, p.request(p.ref(), true))
			add(err)
		}
	}
	ended, cancel := context.WithCancel(p.ctx)
	cancel()
	_, err = p.Gateway.Authorize(ended, p.request(p.ref(), true))
	add(err)
	return errs, secrets
}

func checkErrorShape(p *probe) {
	errs, _ := p.mishaps()
	for _, err := range errs {
		if err == nil {
			continue // another check's
		}
		e, ok := err.(*payments.Error) //nolint:errorlint // the rule is that nothing is wrapped around it
		if !ok {
			p.errorf("the error %q is a %T", err, err)
			continue
		}
		if e.Code == "" || e.Gateway != p.Gateway.Name() {
			p.errorf("the error %q has the code %q and the gateway %q", err, string(e.Code), e.Gateway)
		}
	}
}

func checkErrorSecrets(p *probe) {
	errs, secrets := p.mishaps()
	for i, err := range errs {
		if err == nil {
			continue
		}
		var e *payments.Error
		text := err.Error()
		if errors.As(err, &e) {
			text += fmt.Sprint(e.Message, e.GatewayCode, e.DeclineCode, e.RequestID, e.Fields)
		}
		for _, secret := range secrets {
			if leaks(text, secret) {
				p.errorf("error %d prints a token, a card number or a client secret", i+1)
			}
		}
	}
}

func checkErrorCauses(p *probe) {
	errs, _ := p.mishaps()
	for _, err := range errs {
		for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
			if leaks(err.Error(), cause.Error()) {
				p.errorf("the error prints its cause, a %T", cause)
			}
		}
	}
}

var contextChecks = []Check{
	{Name: "context-ended", Core: true, Rule: "A call whose context has ended comes back with an error that says nothing was applied only if that is certain.",
		make: checkContextEnded},
	{Name: "context-ends", Rule: "A call ends when its context ends, and its outcome is unknown then.",
		needs: all(needFaults, need("the harness has no fault that hangs", func(p *probe) bool { return p.hanging() != "" })), make: checkContextEnds},
}

// hanging returns the name of a fault that hangs.
func (p *probe) hanging() string {
	for _, f := range p.Faults {
		if f.Hangs {
			return f.Name
		}
	}
	return ""
}

// returns runs a call and reports whether it came back in time after its context ended.
func (p *probe) returns(call func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.guard(call)
	}()
	select {
	case <-done:
		return true
	case <-time.After(grace):
		return false
	}
}

func checkContextEnded(p *probe) {
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	ref := p.ref()
	var err error
	if !p.returns(func() { _, err = p.Gateway.Authorize(ctx, p.request(ref, true)) }) {
		p.fatalf("the call did not come back")
	}
	p.refused("a call whose context has ended", err)
	if payments.OutcomeOf(err) == payments.OutcomeNotApplied {
		p.charged("after the call", ref.OrderID, Charges{})
	}
	if _, err := p.Gateway.Fetch(ctx, payments.FetchRequest{PaymentRef: ref}); err == nil {
		p.errorf("Fetch does not mind that its context has ended")
	}
}

func checkContextEnds(p *probe) {
	p.inject("authorize", p.hanging())
	ctx, cancel := context.WithTimeout(p.ctx, hangTime)
	defer cancel()
	var err error
	if !p.returns(func() { _, err = p.Gateway.Authorize(ctx, p.request(p.ref(), true)) }) {
		p.fatalf("the call did not end with its context")
	}
	p.refused("a call that hangs", err)
	if o := payments.OutcomeOf(err); o != payments.OutcomeUnknown {
		p.errorf("the error's outcome is %q, and must be \"unknown\"", o)
	}
}

// hangTime is the deadline of a call that hangs.
const hangTime = 50 * time.Millisecond

// inject asks the harness for a fault.
func (p *probe) inject(operation, fault string) {
	if err := p.Inject(operation, fault); err != nil {
		p.fatalf("the harness cannot inject %s at %s: %v", fault, operation, err)
	}
}

var faultChecks = []Check{
	{Name: "lost-authorize", Rule: lostRule, needs: needFaults, make: func(p *probe) { p.eachFault("authorize", lostAuthorize) }},
	{Name: "lost-prepare", Rule: "A lost answer to Prepare moves no money, and the same key finishes it.", needs: all(needFaults, needIntents),
		make: func(p *probe) { p.eachFault("prepare", lostPrepare) }},
	{Name: "lost-confirm", Rule: lostRule, needs: all(needFaults, needIntents), make: func(p *probe) { p.eachFault("confirm", lostConfirm) }},
	{Name: "lost-capture", Rule: lostRule, needs: needFaults, make: func(p *probe) { p.eachFault("capture", lostCapture) }},
	{Name: "lost-void", Rule: lostRule, needs: needFaults, make: func(p *probe) { p.eachFault("void", lostVoid) }},
	{Name: "lost-refund", Rule: lostRule, needs: needFaults, make: func(p *probe) { p.eachFault("refund", lostRefund) }},
	{Name: "lost-fetch", Rule: "A Fetch whose answer is lost is an error that is not ErrPaymentNotFound, and the next one answers.", needs: needFaults,
		make: func(p *probe) { p.eachFault("fetch", lostFetch) }},
}

const lostRule = "The outcome of a request whose answer is lost is unknown (and not applied when the gateway says so), " +
	"and the same request under the same key has one effect in all."

// sending makes a call whose answer is lost.
type sending func(call func(context.Context) error) error

// eachFault runs a part for each fault.
func (p *probe) eachFault(operation string, part func(p *probe, f Fault, send sending)) {
	for _, f := range p.Faults {
		part(p, f, func(call func(context.Context) error) error { return p.lose(operation, f, call) })
	}
}

// lose makes a call whose answer is lost, checks its outcome, and makes it again, when the error is not saved under its key.
// Then requests on their way arrive.
func (p *probe) lose(operation string, f Fault, call func(context.Context) error) error {
	p.inject(operation, f.Name)
	ctx, cancel := p.ctx, context.CancelFunc(func() {})
	if f.Hangs {
		ctx, cancel = context.WithTimeout(p.ctx, hangTime)
	}
	var err error
	back := true
	if f.Hangs {
		back = p.returns(func() { err = call(ctx) })
	} else {
		err = call(ctx) // it ends by itself, when the machine lets it, or with the check
	}
	cancel()
	if !back {
		p.fatalf("%s at %s: the call did not end with its context", f.Name, operation)
	}
	want := payments.OutcomeUnknown
	if f.NotApplied {
		want = payments.OutcomeNotApplied
	}
	if o := payments.OutcomeOf(err); err == nil || o != want {
		p.errorf("%s at %s: the error is %v with the outcome %q, which must be %q", f.Name, operation, err, o, want)
	}
	if f.Saved {
		return err
	}
	if err = p.again(f, call); err != nil {
		p.errorf("%s at %s: the same request again: %v", f.Name, operation, err)
	}
	if p.Arrive != nil {
		if err := p.Arrive(p.ctx); err != nil {
			p.fatalf("the harness cannot let requests arrive: %v", err)
		}
	}
	return err
}

// again makes a call again. On a slow machine the deadline of a call that was to hang may have come before the call met the
// fault: then the fault still waits, and meets this one. Or the gateway still works on the first one and says so: then it is asked
// again a little later, as any caller has to.
func (p *probe) again(f Fault, call func(context.Context) error) error {
	if !f.Hangs {
		return call(p.ctx)
	}
	for range maxAgain {
		ctx, cancel := context.WithTimeout(p.ctx, grace)
		err := call(ctx)
		ended := ctx.Err() != nil
		cancel()
		switch {
		case ended:
			return call(p.ctx)
		case err == nil || payments.OutcomeOf(err) != payments.OutcomeUnknown:
			return err
		}
		select {
		case <-time.After(hangTime):
		case <-p.ctx.Done():
		}
	}
	return call(p.ctx)
}

// maxAgain bounds how often a gateway that still works on a request is asked again.
const maxAgain = 20

func lostAuthorize(p *probe, f Fault, send sending) {
	ref := p.ref()
	req := p.request(ref, true)
	if send(func(ctx context.Context) error { _, err := p.Gateway.Authorize(ctx, req); return err }) == nil {
		p.charged(f.Name, ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
	}
}

func lostPrepare(p *probe, f Fault, send sending) {
	ref := p.ref()
	req := payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Amount: p.Money, Source: source(p.Approve), Capture: true}
	_ = send(func(ctx context.Context) error { _, err := p.intents.Prepare(ctx, req); return err })
	p.charged(f.Name, ref.OrderID, Charges{})
}

func lostConfirm(p *probe, f Fault, send sending) {
	ref := p.ref()
	in := p.prepare(ref, source(p.Approve))
	req := payments.ConfirmRequest{PaymentRef: ref, Key: p.key(), Reference: in.Reference}
	if send(func(ctx context.Context) error { _, err := p.intents.Confirm(ctx, req); return err }) != nil {
		// The error is saved under the key: another key is safe, for one object succeeds at most once.
		_, _ = p.confirm(ref, in.Reference)
	}
	p.status(f.Name, p.fetch(ref, in.Reference), payments.StatusPaid)
	p.charged(f.Name, ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func lostCapture(p *probe, f Fault, send sending) {
	ref, s := p.pay(false)
	req := payments.CaptureRequest{PaymentRef: ref, Key: p.key(), Reference: s.Reference, Amount: p.Money}
	if send(func(ctx context.Context) error { _, err := p.Gateway.Capture(ctx, req); return err }) != nil {
		p.must("capture under another key")(p.capture(ref, s.Reference, p.Money.Amount))
	}
	p.charged(f.Name, ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}

func lostVoid(p *probe, f Fault, send sending) {
	ref, s := p.pay(false)
	req := payments.VoidRequest{PaymentRef: ref, Key: p.key(), Reference: s.Reference}
	if send(func(ctx context.Context) error { _, err := p.Gateway.Void(ctx, req); return err }) != nil {
		p.must("void under another key")(p.void(ref, s.Reference))
	}
	p.status(f.Name, p.fetch(ref, s.Reference), payments.StatusCanceled)
	p.charged(f.Name, ref.OrderID, Charges{})
}

func lostRefund(p *probe, f Fault, send sending) {
	ref, s := p.pay(true)
	req := p.refund(ref, s.Reference, 3)
	err := send(func(ctx context.Context) error { _, err := p.Gateway.Refund(ctx, req); return err })
	truth := p.fetch(ref, s.Reference)
	n := 0
	for _, r := range truth.Refunds {
		if r.RefundUID == req.RefundUID {
			n++
		}
	}
	if n > 1 || n != len(truth.Refunds) || err == nil && n != 1 {
		p.errorf("%s: the refund is listed %d times by our reference, of %d", f.Name, n, len(truth.Refunds))
	}
}

func lostFetch(p *probe, f Fault, send sending) {
	ref, s := p.pay(true)
	_ = send(func(ctx context.Context) error {
		_, err := p.Gateway.Fetch(ctx, payments.FetchRequest{PaymentRef: ref, Reference: s.Reference})
		if errors.Is(err, payments.ErrPaymentNotFound) {
			p.errorf("%s: a lost answer says that there is no such payment", f.Name)
		}
		return err
	})
	p.fetch(ref, s.Reference)
}

var parallelChecks = []Check{
	{Name: "many-at-once", Core: true, Rule: "Every method is safe for concurrent use: payments made at the same time do not mix.", make: checkMany},
	{Name: "one-key-at-once", Rule: "One request sent many times at once under one key takes the money once; the others answer the same, or that the outcome is unknown.",
		make: checkOneKeyAtOnce},
}

func checkMany(p *probe) {
	p.together(8, func(i int) {
		ref := p.ref()
		req := p.request(ref, true)
		req.Amount.Amount += int64(i)
		s := p.must("authorize")(p.Gateway.Authorize(p.ctx, req))
		p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, int64(i+1))))
		truth := p.fetch(ref, s.Reference)
		if s.OrderID != ref.OrderID || truth.PaymentUID != ref.PaymentUID || truth.Amount != req.Amount || refunds(truth) != int64(i+1) {
			p.errorf("payment %d shows what belongs to another: %+v", i+1, truth)
		}
		p.charged("after the refund", ref.OrderID, Charges{Count: 1, Captured: req.Amount.Amount, Refunded: int64(i + 1)})
	})
}

func checkOneKeyAtOnce(p *probe) {
	ref := p.ref()
	req := p.request(ref, true)
	references := make([]string, 8)
	p.together(len(references), func(i int) {
		s, err := p.Gateway.Authorize(p.ctx, req)
		if err != nil && payments.OutcomeOf(err) != payments.OutcomeUnknown {
			p.errorf("one of many has the outcome %q: %v", payments.OutcomeOf(err), err)
		}
		if err == nil {
			references[i] = s.Reference
		}
	})
	seen := map[string]bool{}
	for _, r := range references {
		if r != "" {
			seen[r] = true
		}
	}
	if len(seen) != 1 {
		p.errorf("there are %d payments under one key", len(seen))
	}
	p.charged("after all", ref.OrderID, Charges{Count: 1, Captured: p.Money.Amount})
}
