// Package invariant checks what this module promises, on the rows that it wrote and on the books of a simulated gateway: an
// order is charged once or not at all, and the rows tell the truth. The crash proof, the simulator and other tests use it.
//
// [Check] looks at one moment. [Watch] looks at each change while it is written, and [Guard] at each call of the gateway.
// The numbers I1 to I9 are those of docs/reliability.md. Nothing here uses the module's own transition table: a mistake there
// must be seen.
package invariant

import (
	"context"
	"fmt"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// Violation is one promise that was broken.
type Violation struct {
	// Rule is the invariant's number, such as "I1".
	Rule string
	// Order and Payment name what it is about, as far as it is about one.
	Order   payments.OrderID
	Payment string
	// Detail tells what is wrong.
	Detail string
}

// String tells the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s order %.8s payment %s: %s", v.Rule, v.Order, v.Payment, v.Detail)
}

// Reader reads the rows; [payments.Service] is one.
type Reader interface {
	// Payments lists payments, the newest first.
	Payments(ctx context.Context, f payments.Filter) (payments.Page, error)
	// Find returns a payment with all that belongs to it.
	Find(ctx context.Context, t payments.Target) (payments.Record, error)
	// Events returns the outbox.
	Events(ctx context.Context, afterID int64, most int) ([]payments.Event, error)
	// Breaks returns what an operator must look at.
	Breaks(ctx context.Context, afterID int64, most int) ([]payments.Break, error)
}

var _ Reader = (*payments.Service)(nil)

// Books tells what really happened at the gateway; [fake.Gateway] does.
type Books interface {
	// Charges lists every try to take money.
	Charges() []fake.Charge
}

var _ Books = (*fake.Gateway)(nil)

// Moment says what can be asked of the rows.
type Moment int

// The moments.
const (
	// Always is any moment: calls may be under way, and rows may be behind the gateway, but never ahead of it.
	Always Moment = iota
	// Settled is after all faults have ended and Reconcile had its time: rows and books agree, and nothing is in doubt.
	Settled
)
