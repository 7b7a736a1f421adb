package gatewaytest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
)

func TestVerifyNamesBrokenGateways(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it is the whole suite a hundred times; it runs without -short")
	}
	for name, test := range allBroken() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fakeHarness(test.wrap, fake.Options{})
			h.Timeout = 5 * time.Second // for the gateway that never comes back
			named := violated(gatewaytest.Verify(t.Context(), h))
			for _, want := range test.want {
				if !slices.Contains(named, want) {
					t.Errorf("a gateway that %s must violate %s, and violates %v", name, want, named)
				}
			}
		})
	}
}

// violated returns the names of the checks that err says are violated.
func violated(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			names = append(names, violated(e)...)
		}
		return names
	}
	var v *gatewaytest.Violation
	if errors.As(err, &v) {
		names = append(names, v.Check)
	}
	return names
}

func TestEveryCheckIsProven(t *testing.T) {
	t.Parallel()
	proven := map[string]bool{}
	for _, test := range allBroken() {
		for _, name := range test.want {
			proven[name] = true
		}
	}
	var missing []string
	for _, c := range gatewaytest.Checks() {
		if !proven[c.Name] {
			missing = append(missing, c.Name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no broken gateway proves that these checks bite: %s", strings.Join(missing, ", "))
	}
}
