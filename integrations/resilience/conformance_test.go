package resilience_test

import (
	"context"
	"errors"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
	"github.com/trendsic/payments/integrations/resilience"
)

// TestConformance holds that a gateway behind a breaker is as good as the one beneath.
func TestConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, gatewaytest.Harness{Parallel: true, New: func(context.Context) (*gatewaytest.Subject, error) {
		g, err := fake.New(fake.Options{AllowFake: true, WebhookSecret: "whsec_1"})
		if err != nil {
			return nil, err
		}
		decorated, err := resilience.New(g, &resilience.Options{Failures: 100}) // the checks' faults are no outage
		return subject(g, decorated), err
	}})
}

// subject is what the suite needs of the fake beneath.
func subject(g *fake.Gateway, decorated payments.Gateway) *gatewaytest.Subject {
	return &gatewaytest.Subject{Gateway: decorated, Approve: payments.NewToken("tok_visa"), Decline: payments.NewToken("tok_chargeDeclined"),
		Faults: []gatewaytest.Fault{{Name: string(fake.FaultDropBefore)}, {Name: string(fake.FaultDropAfter)}, {Name: string(fake.FaultLate)},
			{Name: string(fake.Fault429), NotApplied: true}},
		Inject: func(operation, fault string) error { return g.Fault(fake.Operation(operation), fake.Fault(fault), 1) },
		Arrive: func(ctx context.Context) error {
			_, err := g.DeliverLate(ctx)
			return err
		},
		Authenticate: func(ctx context.Context, secret payments.ClientSecret, pass bool) error {
			how := map[bool]fake.AuthResult{true: fake.AuthPass, false: fake.AuthFail}[pass]
			err := g.Authenticate(ctx, secret.Reveal(), how, "tok_visa")
			if !pass && errors.Is(err, payments.ErrDeclined) {
				return nil
			}
			return err
		},
		Charges: func(_ context.Context, order payments.OrderID) (gatewaytest.Charges, error) {
			e := g.Ledger()[order.String()]
			return gatewaytest.Charges{Count: e.Charges, Captured: e.Captured, Refunded: e.Refunded}, nil
		}}
}
