package payments_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// flows are what a fault is put into: each begins, does the operation under the fault, and goes on as a caller would.
var flows = []struct {
	name string
	ops  []fake.Operation
	run  func(b *bundle, id payments.OrderID, fault func())
}{
	{"pay", []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		fault()
		_, _ = b.pay(id, "tok_visa__"+id.String())
	}},
	{"pay declined", []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		fault()
		_, _ = b.pay(id, "tok_chargeDeclined")
	}},
	{"pay twice", []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		fault()
		_, _ = b.pay(id, "tok_visa")
		_, _ = b.pay(id, "tok_mastercard")
	}},
	{"3-D Secure", []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		res, err := b.pay(id, "tok_threeDSecure2Required")
		if err != nil {
			b.t.Fatal(err)
		}
		b.authenticate(res, fake.AuthPass, "")
		fault()
		_, _ = b.Complete(b.t.Context(), payments.CompleteRequest{OrderID: id})
	}},
	{"the payer confirms", []fake.Operation{fake.OpPrepare, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		fault()
		res, err := b.pay(id, "")
		if err == nil && res.NextAction != nil && b.gw.Authenticate(b.t.Context(), res.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_visa") != nil {
			res, err = b.pay(id, "") // the secret was another object's: the page asks again
			if err == nil && res.NextAction != nil {
				b.authenticate(res, fake.AuthPass, "tok_visa")
			}
		}
		_, _ = b.Complete(b.t.Context(), payments.CompleteRequest{OrderID: id})
	}},
	{"retry after decline", []fake.Operation{fake.OpPrepare, fake.OpConfirm, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		payWith("tok_chargeDeclined")(b, id)
		b.clock.Advance(time.Second)
		fault()
		_, _ = b.pay(id, "tok_visa")
	}},
	{"void", []fake.Operation{fake.OpVoid, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		b.mustPay(id, "", payments.StatusCreated)
		fault()
		_, _ = b.Void(b.t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	}},
	{"refund a part", []fake.Operation{fake.OpRefund, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		paid(b, id)
		fault()
		cmd := payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "once", Amount: usd(300)}
		_, _ = b.Refund(b.t.Context(), cmd)
		_, _ = b.Refund(b.t.Context(), cmd)
	}},
	{"refund twice", []fake.Operation{fake.OpRefund, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		paid(b, id)
		fault()
		for _, key := range []string{"a", "b"} {
			_, _ = b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: key, Amount: usd(700)})
		}
	}},
}

// manual are the flows over a service that only reserves money.
var manual = []struct {
	name string
	ops  []fake.Operation
	run  func(b *bundle, id payments.OrderID, fault func())
}{
	{"capture", []fake.Operation{fake.OpCapture, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		b.mustPay(id, "tok_visa", payments.StatusAuthorized)
		fault()
		_, _ = b.Capture(b.t.Context(), payments.CaptureCommand{Target: payments.Target{OrderID: id}})
	}},
	{"capture a part", []fake.Operation{fake.OpCapture, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		b.mustPay(id, "tok_visa", payments.StatusAuthorized)
		fault()
		_, _ = b.Capture(b.t.Context(), payments.CaptureCommand{Target: payments.Target{OrderID: id}, Amount: usd(1000)})
	}},
	{"void reserved", []fake.Operation{fake.OpVoid, fake.OpFetch}, func(b *bundle, id payments.OrderID, fault func()) {
		b.mustPay(id, "tok_visa", payments.StatusAuthorized)
		fault()
		_, _ = b.Void(b.t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	}},
}

// TestEveryFault puts every fault of the fake into every operation of every flow, once and three times, lets what is late
// arrive, and reconciles: the gateway's books and the rows agree, nothing is charged twice, nothing stays in doubt.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	cells := 0
	for _, capture := range []bool{true, false} {
		list := flows
		if !capture {
			list = manual
		}
		for _, flow := range list {
			for _, op := range flow.ops {
				for _, f := range fake.Faults() {
					for _, times := range []int{1, 3} {
						cells++
						t.Run(fmt.Sprintf("%s/%s/%s/%d", flow.name, op, f.Fault, times), func(t *testing.T) {
							t.Parallel()
							b := setup(t, impatient(f.Fault), func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.ManualCapture = !capture })
							id := b.order()
							flow.run(b, id, func() {
								if err := b.gw.Fault(op, f.Fault, times); err != nil {
									t.Fatal(err)
								}
							})
							b.settle()
							b.agree()
							b.noSecrets()
						})
					}
				}
			}
		}
	}
	t.Logf("%d cells", cells)
}

// settle ends the faults, lets late requests arrive at different times, and reconciles until nothing is due.
func (b *bundle) settle() {
	b.t.Helper()
	b.gw.ClearFaults()
	b.clock.Advance(time.Minute)
	b.reconcile()
	if _, err := b.gw.DeliverLate(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	for range 6 {
		b.clock.Advance(time.Hour)
		b.reconcile()
	}
}

// noSecrets fails when an error that reached the host printed a secret. The bundle's log is kept by TestNothingLeaks.
func (b *bundle) noSecrets() {
	b.t.Helper()
	for _, e := range b.host.types() {
		if strings.Contains(e, "secret") || strings.Contains(e, "tok_") {
			b.t.Errorf("an event says %q", e)
		}
	}
}

// TestUnknownIsNotFailed holds rule 3: a lost answer is answered as a doubt, never as a decline, and is never tried on
// another object.
func TestUnknownIsNotFailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpConfirm, fake.FaultDropAfter, 1)
	b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
	res, err := b.pay(id, "tok_visa")
	if !errors.Is(err, payments.ErrUnknown) || payments.OutcomeOf(err) != payments.OutcomeUnknown {
		t.Fatalf("the error is %v", err)
	}
	b.want(res.Payment, payments.StatusUnknown)
	if _, err = b.pay(id, "tok_mastercard"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("a second pay in doubt: %v", err)
	}
	if n := len(b.gw.Charges()); n != 1 {
		t.Errorf("%d tries to take money", n)
	}
	b.gw.ClearFaults()
	b.mustPay(id, "tok_mastercard", payments.StatusPaid)
	b.agree()
}

func (b *bundle) fault(op fake.Operation, f fake.Fault, times int) {
	b.t.Helper()
	if err := b.gw.Fault(op, f, times); err != nil {
		b.t.Fatal(err)
	}
}

// TestGivesUpInDoubt holds that a doubt which cannot be completed is canceled after CancelAfter, and that the request that
// arrives later charges nobody.
func TestGivesUpInDoubt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.fault(fake.OpConfirm, fake.FaultLate, -1)
	if _, err := b.pay(id, "tok_visa"); !errors.Is(err, payments.ErrUnknown) {
		t.Fatalf("the error is %v", err)
	}
	b.clock.Advance(20 * time.Minute)
	b.reconcile()
	b.want(b.record(id).Payment, payments.StatusCanceled)
	if _, err := b.gw.DeliverLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.ledger(id).Charges; got != 0 {
		t.Errorf("%d charges after giving up", got)
	}
	b.gw.ClearFaults()
	b.mustPay(id, "tok_visa", payments.StatusPaid)
	b.agree()
}

func TestExpires(t *testing.T) {
	t.Parallel()
	for _, tok := range []string{"", "tok_threeDSecure2Required", "tok_chargeDeclined"} {
		b := setup(t)
		id := b.order()
		payWith(tok)(b, id)
		for range 8 {
			b.clock.Advance(4 * time.Hour)
			b.reconcile()
		}
		p := b.record(id).Payment
		b.want(p, payments.StatusExpired)
		if p.Live {
			t.Error("an expired payment holds its order")
		}
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.agree()
	}
}

// TestReconcileFindsThePayment holds that a payment that the payer confirmed is found without a Complete.
func TestReconcileFindsThePayment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
	b.clock.Advance(time.Minute)
	if r := b.reconcile(); r.Looked != 1 || r.Resolved != 1 {
		t.Errorf("the report is %+v", r)
	}
	b.want(b.record(id).Payment, payments.StatusPaid)
	if got := b.host.types(); len(got) != 1 || got[0] != "payment.paid" {
		t.Errorf("the events are %v", got)
	}
	b.agree()
}

// oneStep hides what the fake can do in two steps.
type oneStep struct{ payments.Gateway }

// TestOneStepGateway pays over a gateway that makes its object only by charging.
func TestOneStepGateway(t *testing.T) {
	t.Parallel()
	hide := func(b *bundle, _ *payments.Options, g *payments.Gateway) { *g = oneStep{b.gw} }
	t.Run("pays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, hide)
		id := b.order()
		b.mustPay(id, "tok_chargeDeclined", payments.StatusDeclined)
		b.clock.Advance(time.Second)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
		b.agree()
	})
	t.Run("needs a token", func(t *testing.T) {
		t.Parallel()
		b := setup(t, hide)
		_, err := b.pay(b.order(), "")
		wantField(t, err, payments.ErrInvalid, "Source.Token")
	})
	t.Run("takes no recurring order", func(t *testing.T) {
		t.Parallel()
		b := setup(t, hide)
		_, err := b.pay(b.order(monthly(0)), "tok_visa")
		wantField(t, err, payments.ErrUnsupported, "OrderID")
	})
	t.Run("takes no card", func(t *testing.T) {
		t.Parallel()
		b := setup(t, hide)
		_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.order(), Source: payments.Source{Card: &payments.Card{}}})
		wantField(t, err, payments.ErrInvalid, "Source.Card")
	})
	for _, f := range fake.Faults() {
		t.Run("lost/"+string(f.Fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t, hide, impatient(f.Fault))
			id := b.order()
			b.fault(fake.OpAuthorize, f.Fault, 1)
			res, err := b.pay(id, "tok_visa")
			b.settle()
			if p := b.record(id).Payment; p.Status == payments.StatusUnknown {
				// Nothing at the gateway proves that the request will not arrive: the doubt stays, and nobody is charged again.
				if f.Effect || len(b.gw.Charges()) != 0 {
					t.Errorf("in doubt, though the gateway has %v (%v, %v)", b.gw.Charges(), res.Payment.Status, err)
				}
				return
			}
			b.agree()
		})
	}
}

// panicky panics at one step.
type panicky struct {
	*fake.Gateway
}

// Confirm panics with a secret.
func (p panicky) Confirm(context.Context, payments.ConfirmRequest) (payments.Snapshot, error) {
	panic("pi_1_secret_canary")
}

func TestGatewayPanics(t *testing.T) {
	t.Parallel()
	b := setup(t, func(b *bundle, _ *payments.Options, g *payments.Gateway) { *g = panicky{b.gw} })
	res, err := b.pay(b.order(), "tok_visa")
	if !errors.Is(err, payments.ErrUnknown) || strings.Contains(fmt.Sprintf("%v %+v", err, res), "canary") {
		t.Fatalf("the error is %v", err)
	}
	b.want(res.Payment, payments.StatusUnknown)
}

// TestToldOfLastingDoubt holds that an operator is told of a doubt that outlives CancelAfter, once, and not of a shorter one.
func TestToldOfLastingDoubt(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(b *bundle, id payments.OrderID){
		"authorize": func(b *bundle, id payments.OrderID) {
			b.fault(fake.OpConfirm, fake.FaultDropAfter, 1)
			b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
			_, _ = b.pay(id, "tok_visa")
		},
		"refund": func(b *bundle, id payments.OrderID) {
			b.mustPay(id, "tok_visa", payments.StatusPaid)
			b.fault(fake.OpRefund, fake.FaultDropAfter, -1)
			b.fault(fake.OpFetch, fake.FaultDropBefore, -1)
			_, _ = b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r", Amount: usd(300)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			begin(b, id)
			for i, want := range []int{0, 1, 1, 1} { // after 10, 20, 30 and 100 minutes
				b.clock.Advance([]time.Duration{10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 70 * time.Minute}[i])
				b.reconcile()
				breaks, err := b.Breaks(t.Context(), 0, 10)
				if err != nil || len(breaks) != want || want == 1 && (breaks[0].Kind != payments.BreakDoubt || breaks[0].OrderID != id) {
					t.Errorf("at look %d the breaks are %+v, %v", i, breaks, err)
				}
			}
			b.gw.ClearFaults()
			b.clock.Advance(24 * time.Hour)
			b.reconcile()
			b.agree()
		})
	}
}
