package gatewaytest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
)

// Verify checks a gateway outside a test.
func ExampleVerify() {
	err := gatewaytest.Verify(context.Background(), gatewaytest.Harness{
		Parallel: true,
		New: func(context.Context) (*gatewaytest.Subject, error) {
			g, err := fake.New(fake.Options{AllowFake: true})
			return &gatewaytest.Subject{
				Gateway: g,
				Approve: payments.NewToken("tok_visa"),
				Decline: payments.NewToken("tok_chargeDeclined"),
			}, err
		},
	})
	fmt.Println(err)
	// Output: <nil>
}

// forgetful is a gateway that loses the order's id.
type forgetful struct{ *fake.Gateway }

// Authorize is the fake's, without the order.
func (f forgetful) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	req.OrderID = payments.OrderID{}
	return f.Gateway.Authorize(ctx, req)
}

// A violation names the check and the rule of the contract.
func ExampleViolation() {
	err := gatewaytest.Verify(context.Background(), gatewaytest.Harness{New: func(context.Context) (*gatewaytest.Subject, error) {
		g, err := fake.New(fake.Options{AllowFake: true})
		return &gatewaytest.Subject{Gateway: forgetful{g}, Approve: payments.NewToken("tok_visa"),
			Decline: payments.NewToken("tok_chargeDeclined")}, err
	}})
	var v *gatewaytest.Violation
	if errors.As(err, &v) {
		fmt.Println(v.Check)
		fmt.Println(v.Rule)
	}
	// Output:
	// snapshot-complete
	// A Snapshot carries the reference, the amount, our order and payment, the attempt and the card.
}
