package gatewaytest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
)

func TestSkipsAreBounded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		skip map[string]string
		want string // a part of the error, empty for none
	}{
		"by name with a reason": {map[string]string{"currencies": "the sandbox knows one"}, ""},
		"a core check":          {map[string]string{"pays": "it does not"}, "core check pays cannot be skipped"},
		"no such check":         {map[string]string{"pay": "a slip"}, "there is no check pay"},
		"without a reason":      {map[string]string{"currencies": " "}, "gives no reason"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fakeHarness(nil, fake.Options{})
			h.Skip = test.skip
			err := gatewaytest.Verify(t.Context(), h)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the error is %v, and must say %q", err, test.want)
			}
		})
	}
}

func TestSkippedCheckIsNotMade(t *testing.T) {
	t.Parallel()
	h := fakeHarness(brokenGateways["counts yen in hundredths"].wrap, fake.Options{})
	h.Skip = map[string]string{"currencies": "the sandbox knows one"}
	if err := gatewaytest.Verify(t.Context(), h); err != nil {
		t.Errorf("the skipped check was made: %v", err)
	}
}

func TestIncompleteSubjects(t *testing.T) {
	t.Parallel()
	tests := map[string]func(s *gatewaytest.Subject){
		"no gateway":       func(s *gatewaytest.Subject) { s.Gateway = nil },
		"no token":         func(s *gatewaytest.Subject) { s.Decline = payments.Token{} },
		"faults, no door":  func(s *gatewaytest.Subject) { s.Inject = nil },
		"too little money": func(s *gatewaytest.Subject) { s.Money = payments.Money{Amount: 9, Currency: "USD"} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fakeHarness(nil, fake.Options{})
			whole := h.New
			h.New = func(ctx context.Context) (*gatewaytest.Subject, error) {
				s, err := whole(ctx)
				spoil(s)
				return s, err
			}
			var v *gatewaytest.Violation
			if err := gatewaytest.Verify(t.Context(), h); !errors.As(err, &v) || !strings.Contains(v.Rule, "harness") {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if err := gatewaytest.Verify(t.Context(), gatewaytest.Harness{}); err == nil {
		t.Error("a harness without New is no error")
	}
}

// TestLeanSubject leaves out all that is optional: only what a plain payments.Gateway can do is checked.
func TestLeanSubject(t *testing.T) {
	t.Parallel()
	h := gatewaytest.Harness{New: func(context.Context) (*gatewaytest.Subject, error) {
		g, err := fake.New(fake.Options{AllowFake: true})
		return &gatewaytest.Subject{Gateway: struct{ payments.Gateway }{g}, Approve: payments.NewToken("tok_visa"),
			Decline: payments.NewToken("tok_chargeDeclined")}, err
	}}
	err := gatewaytest.Verify(t.Context(), h)
	// The wrapper hides that the fake takes raw cards: that is what the suite must see, and nothing else.
	if got := violated(err); !slices.Equal(got, []string{"raw-card"}) {
		t.Errorf("violated are %v: %v", got, err)
	}
}

func TestSubjectIsClosed(t *testing.T) {
	t.Parallel()
	made, closed := 0, 0
	h := fakeHarness(nil, fake.Options{})
	h.Parallel = false
	whole := h.New
	h.New = func(ctx context.Context) (*gatewaytest.Subject, error) {
		s, err := whole(ctx)
		made++
		s.Close = func() { closed++ }
		return s, err
	}
	if err := gatewaytest.Verify(t.Context(), h); err != nil || made == 0 || made != closed {
		t.Errorf("%d subjects were made and %d closed: %v", made, closed, err)
	}
}
