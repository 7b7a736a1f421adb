package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// attempt authorizes once with a context that ends when the call hangs, and recovers a scripted panic.
func (b *bench) attempt(req payments.AuthorizeRequest, f fake.FaultInfo) (s payments.Snapshot, err error) {
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	if strings.HasPrefix(string(f.Fault), "slow") {
		ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
	}
	defer b.ClearFaults() // a context that ended before the call began has left the fault waiting
	defer func() {
		if r := recover(); r != nil {
			err = payments.NewError(payments.Error{Code: payments.ErrUnknown}, fmt.Errorf("%v", r))
		}
	}()
	return b.Authorize(ctx, req)
}

func TestFaultsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, f := range fake.Faults() {
		t.Run(string(f.Fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			if err := b.Fault(fake.OpAuthorize, f.Fault, 1); err != nil {
				t.Fatal(err)
			}
			req := payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1250), Source: token("tok_visa"), Capture: true}
			s, err := b.attempt(req, f)
			if f.Lost != (err != nil) || err != nil && payments.OutcomeOf(err) != f.Outcome {
				t.Errorf("the error is %v with the outcome %v", err, payments.OutcomeOf(err))
			}
			if !f.Lost && s.Reference == "" {
				t.Error("a wrong answer names no object at all")
			}
			slow := strings.HasPrefix(string(f.Fault), "slow") // its context may have ended before the request was sent
			if got := b.entry().Charges == 1; got != f.Effect && !slow {
				t.Errorf("charged: %v, and must be: %v", got, f.Effect)
			}
			checkRepeat(t, b, req, f)
		})
	}
}

// checkRepeat sends the request again under its key, and a request that is late arrives: there is one charge in all.
func checkRepeat(t *testing.T, b *bench, req payments.AuthorizeRequest, f fake.FaultInfo) {
	t.Helper()
	s, err := b.Authorize(t.Context(), req)
	saved := strings.HasPrefix(string(f.Fault), "500_saved")
	if saved {
		if e := problem(t, err); !e.Replayed || e.Outcome != payments.OutcomeUnknown {
			t.Errorf("the saved 500 is not replayed: %v", err)
		}
	} else if err != nil || s.Status != payments.StatusPaid || s.OrderID != b.order.OrderID || s.Amount != usd(1250) {
		t.Errorf("again, it is %+v (%v)", s, err)
	}
	late, err := b.DeliverLate(t.Context())
	if err != nil || late > 1 || (late == 1) != (f.Fault == fake.FaultLate) {
		t.Errorf("%d late requests arrived (%v)", late, err)
	}
	want := 1
	if f.Fault == fake.Fault500SavedBefore {
		want = 0
	}
	if got := b.entry().Charges; got != want || len(b.DoubleCharged()) != 0 {
		t.Errorf("there are %d charges, and must be %d; charged twice: %v", got, want, b.DoubleCharged())
	}
}

func TestSlowTakesEffectAndHangs(t *testing.T) {
	t.Parallel()
	for fault, charges := range map[fake.Fault]int{fake.FaultSlow: 1, fake.FaultSlowBefore: 0} {
		delivered := make(chan struct{}, 1)
		b := setup(t, fake.Options{WebhookSecret: "whsec_test", Deliver: func(context.Context, string, []byte) error {
			delivered <- struct{}{}
			return nil
		}})
		if err := b.Fault(fake.OpAuthorize, fault, 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		req := payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1250), Source: token("tok_visa"), Capture: true}
		go func() { _, err := b.Authorize(ctx, req); done <- err }()
		if charges == 1 {
			<-delivered // the effect has happened, and the call hangs
			_, err := b.Authorize(t.Context(), req)
			if e := problem(t, err); e.GatewayCode != "idempotency_key_in_use" || e.Outcome != payments.OutcomeUnknown || e.RetryAfter <= 0 {
				t.Errorf("while the key is in use: %v", err)
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) && charges == 1 || payments.OutcomeOf(err) != payments.OutcomeUnknown {
			t.Errorf("%s: the error is %v", fault, err)
		}
		if got := b.entry().Charges; got != charges {
			t.Errorf("%s: there are %d charges", fault, got)
		}
	}
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	for _, f := range fake.Faults() {
		if f.Lost {
			continue
		}
		if err := b.Fault(fake.OpFetch, f.Fault, 1); err != nil {
			t.Fatal(err)
		}
		wrong, right := b.fetch(paid.Reference), b.fetch(paid.Reference)
		same := wrong.Status == right.Status && wrong.Amount == right.Amount && wrong.OrderID == right.OrderID &&
			wrong.LiveMode == right.LiveMode && wrong.PaymentUID == right.PaymentUID && wrong.Reference == right.Reference
		if same || right.Status != payments.StatusPaid {
			t.Errorf("%s: the answer is right: %+v", f.Fault, wrong)
		}
	}
}

// TestWrongReference holds that the answer is another object's altogether: nobody can pay by its secret.
func TestWrongReference(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	if err := b.Fault(fake.OpPrepare, fake.FaultWrongReference, 1); err != nil {
		t.Fatal(err)
	}
	req := payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1)}
	wrong, err := b.Prepare(t.Context(), req)
	if err != nil || !strings.HasPrefix(wrong.NextAction.ClientSecret.Reveal(), wrong.Reference) {
		t.Fatalf("the answer is %+v, %v", wrong, err)
	}
	if err := b.Authenticate(t.Context(), wrong.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_visa"); !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("the error is %v", err)
	}
	right, err := b.Prepare(t.Context(), req)
	if err != nil || right.Reference == wrong.Reference || !strings.HasPrefix(right.NextAction.ClientSecret.Reveal(), right.Reference) {
		t.Errorf("the answer to the same key is %+v, %v", right, err)
	}
}

func TestFaultsTakeTurns(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	for _, err := range []error{b.Fault(fake.OpFetch, fake.Fault429, 2), b.Fault(fake.OpAny, fake.Fault500Before, 1), b.Fault(fake.OpVoid, fake.FaultDropBefore, -1)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var codes []string
	for range 4 {
		_, err := b.Fetch(t.Context(), payments.FetchRequest{PaymentRef: b.order, Reference: paid.Reference})
		var e *payments.Error
		errors.As(err, &e)
		if e == nil {
			codes = append(codes, "")
			continue
		}
		codes = append(codes, e.GatewayCode)
	}
	if want := []string{"rate_limit", "rate_limit", "api_error", ""}; !slices.Equal(codes, want) {
		t.Errorf("the codes are %q, and must be %q", codes, want)
	}
	void := payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: paid.Reference}
	for range 3 {
		if _, err := b.Void(t.Context(), void); !errors.Is(err, payments.ErrUnknown) {
			t.Errorf("a fault for ever has ended: %v", err)
		}
	}
	b.ClearFaults()
	if _, err := b.Void(t.Context(), void); !errors.Is(err, payments.ErrConflict) {
		t.Errorf("the fault was not cleared: %v", err)
	}
}

func TestFaultEvery(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	if err := b.FaultEvery(fake.OpFetch, fake.Fault429, 3); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 9; i++ {
		_, err := b.Fetch(t.Context(), payments.FetchRequest{PaymentRef: b.order, Reference: paid.Reference})
		if (err != nil) != (i%3 == 0) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if err := b.FaultEvery(fake.OpFetch, fake.Fault429, 0); err == nil {
		t.Error("every 0th call is no error")
	}
}

func TestLateRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{LateAfter: 2})
	in := b.prepare(token("tok_visa"))
	if err := b.Fault(fake.OpConfirm, fake.FaultLate, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.confirm(in.Reference); payments.OutcomeOf(err) != payments.OutcomeUnknown {
		t.Fatal(err)
	}
	if s := b.fetch(in.Reference); s.Status != payments.StatusCreated {
		t.Errorf("it has arrived already: %v", s.Status)
	}
	if s := b.fetch(in.Reference); s.Status != payments.StatusPaid {
		t.Errorf("it has not arrived at the second call: %v", s.Status)
	}
}

func TestLateAfterVoid(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(token("tok_visa"))
	if err := b.Fault(fake.OpConfirm, fake.FaultLate, 1); err != nil {
		t.Fatal(err)
	}
	_, _ = b.confirm(in.Reference)
	if _, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference}); err != nil {
		t.Fatal(err)
	}
	if n, err := b.DeliverLate(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if s := b.fetch(in.Reference); s.Status != payments.StatusCanceled || b.entry().Charges != 0 {
		t.Errorf("a voided payment is %v, and the ledger says %+v", s.Status, b.entry())
	}
}

// storm sends requests with random faults and returns what happened.
func storm(t *testing.T, seed uint64) string {
	t.Helper()
	b := setup(t, fake.Options{Seed: seed})
	if err := b.RandomFaults(40); err != nil {
		t.Fatal(err)
	}
	var trace []string
	for i := range 60 {
		req := payments.AuthorizeRequest{PaymentRef: ref(i), Key: b.key(), Amount: usd(100), Source: token("tok_visa"), Capture: true}
		for range 3 {
			s, err := b.Authorize(t.Context(), req)
			trace = append(trace, fmt.Sprint(s.Reference, err))
		}
	}
	b.ClearFaults()
	if _, err := b.DeliverLate(t.Context()); err != nil {
		t.Error(err)
	}
	if doubled := b.DoubleCharged(); len(doubled) > 0 {
		t.Errorf("charged twice under one key: %v", doubled)
	}
	return strings.Join(trace, "\n")
}

func TestRandomFaultsFollowTheSeed(t *testing.T) {
	t.Parallel()
	one, again, other := storm(t, 1), storm(t, 1), storm(t, 2)
	if one != again {
		t.Error("one seed gave two traces")
	}
	if one == other {
		t.Error("two seeds gave one trace")
	}
	if !strings.Contains(one, "api_error") {
		t.Error("there were no faults")
	}
}

func TestFaultRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	for name, err := range map[string]error{
		"operation": b.Fault("pay", fake.Fault429, 1), "fault": b.Fault(fake.OpAny, "broken", 1), "never": b.Fault(fake.OpAny, fake.Fault429, 0),
		"percent": b.RandomFaults(101), "below": b.RandomFaults(-1), "random": b.RandomFaults(1, "broken"),
	} {
		if err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
}

func TestFaultsByJSON(t *testing.T) {
	t.Parallel()
	var order struct {
		Operation fake.Operation `json:"operation"`
		Fault     fake.Fault     `json:"fault"`
		Times     int            `json:"times"`
	}
	if err := json.Unmarshal([]byte(`{"operation":"confirm","fault":"drop_after","times":1}`), &order); err != nil ||
		order.Operation != fake.OpConfirm || order.Fault != fake.FaultDropAfter {
		t.Errorf("read is %+v (%v)", order, err)
	}
	for _, bad := range []string{`{"operation":"pay"}`, `{"fault":"nothing"}`} {
		if err := json.Unmarshal([]byte(bad), &order); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range fake.Faults() {
		if !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s has no sentence: %q", f.Fault, f.Doc)
		}
	}
}
