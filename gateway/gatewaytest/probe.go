package gatewaytest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/trendsic/payments"
)

// halt ends a check after a problem that makes the rest of it pointless.
type halt struct{}

// probe is one check at work on one subject.
type probe struct {
	*Subject
	ctx     context.Context // one check's own; a probe does not outlive it
	intents payments.IntentGateway
	subs    payments.SubscriptionGateway
	lister  payments.ChargeLister
	hooks   payments.WebhookGateway

	mu       sync.Mutex
	problems []string
}

func newProbe(ctx context.Context, s *Subject) *probe {
	p := &probe{Subject: s, ctx: ctx}
	p.intents, _ = payments.CapabilityOf[payments.IntentGateway](s.Gateway)
	p.subs, _ = payments.CapabilityOf[payments.SubscriptionGateway](s.Gateway)
	p.lister, _ = payments.CapabilityOf[payments.ChargeLister](s.Gateway)
	p.hooks, _ = payments.CapabilityOf[payments.WebhookGateway](s.Gateway)
	return p
}

// errorf notes a problem.
func (p *probe) errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// fatalf notes a problem and ends the check.
func (p *probe) fatalf(format string, args ...any) {
	p.errorf(format, args...)
	panic(halt{})
}

// seen returns the problems.
func (p *probe) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// must returns a snapshot and ends the check when there is an error instead.
func (p *probe) must(what string) func(payments.Snapshot, error) payments.Snapshot {
	return func(s payments.Snapshot, err error) payments.Snapshot {
		if err != nil {
			p.fatalf("%s: unexpected error: %v", what, err)
		}
		return s
	}
}

// status notes a snapshot with another status.
func (p *probe) status(what string, s payments.Snapshot, want payments.Status) {
	if s.Status != want {
		p.errorf("%s: the status is %v (%d), and must be %v", what, s.Status, s.Status, want)
	}
}

// refused notes a request that was not refused, or whose refusal says that it took effect.
func (p *probe) refused(what string, err error) {
	if err == nil {
		p.errorf("%s: there is no error", what)
	} else if payments.OutcomeOf(err) == payments.OutcomeApplied {
		p.errorf("%s: the error says that the request was applied", what)
	}
}

// definite notes an error that is not of the code, or does not say that nothing was done.
func (p *probe) definite(what string, err error, code payments.Code) {
	if !errors.Is(err, code) {
		p.errorf("%s: the error is %v, and must be %s", what, err, string(code))
	} else if o := payments.OutcomeOf(err); o != payments.OutcomeNotApplied {
		p.errorf("%s: the error's outcome is %q, and must be \"not applied\"", what, o)
	}
}

// key makes an idempotency key.
func (p *probe) key() string { return "gatewaytest-" + rand.Text() }

// uid makes a reference in the form of a UUIDv7.
func (p *probe) uid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ref makes the names of a payment.
func (p *probe) ref() payments.PaymentRef {
	ref := payments.PaymentRef{PaymentUID: p.uid()}
	_, _ = rand.Read(ref.OrderID[:])
	return ref
}

// source is a token as a way to pay.
func source(t payments.Token) payments.Source { return payments.Source{Token: t} }

// request is an Authorize with the approved token.
func (p *probe) request(ref payments.PaymentRef, capture bool) payments.AuthorizeRequest {
	return payments.AuthorizeRequest{PaymentRef: ref, Key: p.key(), Amount: p.Money, Source: source(p.Approve), Capture: capture}
}

// pay makes a payment that is paid, or authorized.
func (p *probe) pay(capture bool) (payments.PaymentRef, payments.Snapshot) {
	ref := p.ref()
	s := p.must("authorize")(p.Gateway.Authorize(p.ctx, p.request(ref, capture)))
	want := payments.StatusAuthorized
	if capture {
		want = payments.StatusPaid
	}
	if s.Status != want {
		p.fatalf("authorize: the status is %v, and must be %v", s.Status, want)
	}
	return ref, s
}

// prepare makes an object with a way to pay.
func (p *probe) prepare(ref payments.PaymentRef, s payments.Source) payments.Snapshot {
	return p.must("prepare")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(), Amount: p.Money,
		Source: s, Capture: true}))
}

// change gives an object another way to pay.
func (p *probe) change(ref payments.PaymentRef, reference string, s payments.Source) payments.Snapshot {
	return p.must("prepare again")(p.intents.Prepare(p.ctx, payments.PrepareRequest{PaymentRef: ref, Key: p.key(),
		Reference: reference, Amount: p.Money, Source: s, Capture: true}))
}

// confirm confirms an object under a new key.
func (p *probe) confirm(ref payments.PaymentRef, reference string) (payments.Snapshot, error) {
	return p.intents.Confirm(p.ctx, payments.ConfirmRequest{PaymentRef: ref, Key: p.key(), Reference: reference})
}

// capture takes an amount under a new key.
func (p *probe) capture(ref payments.PaymentRef, reference string, amount int64) (payments.Snapshot, error) {
	return p.Gateway.Capture(p.ctx, payments.CaptureRequest{PaymentRef: ref, Key: p.key(), Reference: reference, Amount: p.money(amount)})
}

// void cancels under a new key.
func (p *probe) void(ref payments.PaymentRef, reference string) (payments.Snapshot, error) {
	return p.Gateway.Void(p.ctx, payments.VoidRequest{PaymentRef: ref, Key: p.key(), Reference: reference})
}

// refund is a Refund of an amount under a new key.
func (p *probe) refund(ref payments.PaymentRef, reference string, amount int64) payments.RefundRequest {
	return payments.RefundRequest{PaymentRef: ref, Key: p.key(), Reference: reference, RefundUID: p.uid(), Amount: p.money(amount)}
}

// money is an amount in the subject's currency.
func (p *probe) money(amount int64) payments.Money {
	return payments.Money{Amount: amount, Currency: p.Money.Currency}
}

// fetch reads a payment by the gateway's reference.
func (p *probe) fetch(ref payments.PaymentRef, reference string) payments.Snapshot {
	return p.must("fetch")(p.Gateway.Fetch(p.ctx, payments.FetchRequest{PaymentRef: ref, Reference: reference}))
}

// charged notes another truth than was expected, where the harness can tell it.
func (p *probe) charged(what string, order payments.OrderID, want Charges) {
	if p.Charges == nil {
		return
	}
	got, err := p.Charges(p.ctx, order)
	if err != nil {
		p.fatalf("%s: the harness cannot tell what was charged: %v", what, err)
	}
	if got != want {
		p.errorf("%s: really charged was %+v, and must be %+v", what, got, want)
	}
}

// refunds sums up what is gone, or on its way.
func refunds(s payments.Snapshot) int64 {
	var sum int64
	for _, r := range s.Refunds {
		if r.Status.Counts() {
			sum += r.Amount
		}
	}
	return sum
}

// secretOf returns the client secret of a snapshot, or nothing.
func secretOf(s payments.Snapshot) payments.ClientSecret {
	if s.NextAction == nil {
		return payments.ClientSecret{}
	}
	return s.NextAction.ClientSecret
}

// all joins reasons to skip: the first that is not empty.
func all(needs ...func(*probe) string) func(*probe) string {
	return func(p *probe) string {
		for _, need := range needs {
			if reason := need(p); reason != "" {
				return reason
			}
		}
		return ""
	}
}

// need makes a reason to skip from a condition.
func need(reason string, ok func(*probe) bool) func(*probe) string {
	return func(p *probe) string {
		if ok(p) {
			return ""
		}
		return reason
	}
}

var (
	needIntents = need("the gateway is no payments.IntentGateway", func(p *probe) bool { return p.intents != nil })
	needAction  = need("the harness has no token that asks for authentication", func(p *probe) bool { return !p.Action.IsZero() })
	needPayer   = need("the harness cannot do the payer's part", func(p *probe) bool { return p.Authenticate != nil })
	needFaults  = need("the harness has no faults", func(p *probe) bool { return len(p.Faults) > 0 })
	needOneTime = need("the harness makes no one-time tokens", func(p *probe) bool { return p.OneTime != nil })
)

// leaks reports whether a text holds a secret.
func leaks(text, secret string) bool { return secret != "" && strings.Contains(text, secret) }
