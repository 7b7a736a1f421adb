package payments_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// TestAnswers is the table of DESIGN 6.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status                             payments.Status
		code                               int
		approved, intent, success, pending bool
	}{
		{payments.StatusCreated, 0, false, true, false, false},
		{payments.StatusRequiresAction, 4, false, true, false, false},
		{payments.StatusProcessing, 4, false, false, false, false},
		{payments.StatusAuthorized, 1, true, false, true, false},
		{payments.StatusPaid, 1, true, false, true, false},
		{payments.StatusDeclined, 2, false, false, false, false},
		{payments.StatusCanceled, 0, false, false, false, false},
		{payments.StatusPartiallyRefunded, 1, true, false, true, false},
		{payments.StatusRefunded, 1, true, false, false, false},
		{payments.StatusDisputed, 1, true, false, true, false},
		{payments.StatusUnknown, 3, false, false, false, true},
		{payments.StatusExpired, 0, false, false, false, false},
		{payments.StatusHeld, 4, false, false, false, true},
	} {
		a := tt.status.Answer()
		if a.ResponseCode != tt.code || a.Approved() != tt.approved || a.PaymentIntentSuccess != tt.intent || a.PaymentSuccess != tt.success || a.Pending != tt.pending {
			t.Errorf("%v: %+v", tt.status, a)
		}
	}
	if payments.Status(0).String() != "none" || payments.Status(99).Answer() != (payments.Answer{}) {
		t.Error("an unknown status means something")
	}
}

// TestTransitions holds the edges that DESIGN 6 names, and that nothing else goes backward.
func TestTransitions(t *testing.T) {
	t.Parallel()
	line := []payments.Status{payments.StatusCreated, payments.StatusRequiresAction, payments.StatusProcessing, payments.StatusAuthorized,
		payments.StatusPaid, payments.StatusPartiallyRefunded, payments.StatusRefunded}
	backward := map[[2]payments.Status]bool{
		{payments.StatusRefunded, payments.StatusPartiallyRefunded}: true, {payments.StatusRefunded, payments.StatusPaid}: true,
		{payments.StatusPartiallyRefunded, payments.StatusPaid}: true,
	}
	for i, from := range line {
		for j, to := range line {
			want := j >= i || backward[[2]payments.Status{from, to}]
			if from.CanBecome(to) != want {
				t.Errorf("%v to %v: %v", from, to, !want)
			}
		}
	}
	for _, end := range []payments.Status{payments.StatusCanceled, payments.StatusExpired} {
		if len(end.Next()) != 0 || !end.Final() {
			t.Errorf("%v is no end", end)
		}
	}
	if !payments.StatusDisputed.CanBecome(payments.StatusPaid) || !payments.StatusPaid.CanBecome(payments.StatusDisputed) || payments.StatusPaid.CanBecome(payments.StatusDeclined) {
		t.Error("paid, disputed and declined")
	}
	if payments.Status(0).CanBecome(0) || payments.StatusUnknown.Final() {
		t.Error("none stays, or a doubt is final")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("pi_1_secret_x: %w", io.ErrUnexpectedEOF)
	err := error(payments.NewError(payments.Error{Op: "pay", Gateway: "fake", Code: payments.ErrOrderClosed, GatewayCode: "g", DeclineCode: "d",
		Message: "m", Fields: []payments.FieldError{{Field: "F", Code: "C", Message: "n"}}}, cause))
	if !errors.Is(err, payments.ErrOrderClosed) || !errors.Is(err, payments.ErrConflict) || errors.Is(err, payments.ErrDeclined) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("errors.Is")
	}
	if got := err.Error(); got != "payments: pay: fake: order closed (g) (d): m; F: n" {
		t.Errorf("the text is %q", got)
	}
	for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
		if strings.Contains(fmt.Sprintf(verb, err), "secret") {
			t.Errorf("%s prints the cause", verb)
		}
	}
	if !errors.Is(payments.ErrInProgress, payments.ErrConflict) || errors.Is(payments.ErrConflict, payments.ErrInProgress) {
		t.Error("codes do not wrap their more general ones")
	}
	if payments.OutcomeOf(nil) != payments.OutcomeApplied || payments.OutcomeOf(io.EOF) != payments.OutcomeUnknown || payments.OutcomeOf(err) != payments.OutcomeUnknown {
		t.Error("outcomes")
	}
	for o, want := range map[payments.Outcome]string{payments.OutcomeUnknown: "unknown", payments.OutcomeNotApplied: "not applied", payments.OutcomeApplied: "applied"} {
		if o.String() != want {
			t.Errorf("%d prints %q", o, o)
		}
	}
}

// plain is a gateway with no capability of its own.
type plain struct{ payments.Gateway }

// Unwrap returns what it decorates.
func (p plain) Unwrap() payments.Gateway { return p.Gateway }

func TestCapabilityOf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, ok := payments.CapabilityOf[payments.IntentGateway](plain{plain{b.gw}}); !ok {
		t.Error("a decorator loses a capability")
	}
	if _, ok := payments.CapabilityOf[payments.IntentGateway](oneStep{b.gw}); ok {
		t.Error("a capability that is hidden is found")
	}
	if _, ok := payments.CapabilityOf[payments.Limiter](nil); ok {
		t.Error("no gateway has a capability")
	}
}
