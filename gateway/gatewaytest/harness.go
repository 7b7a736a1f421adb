package gatewaytest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/trendsic/payments"
)

// Harness is what the suite needs to know of a gateway.
type Harness struct {
	// New makes the subject of one check. It is called once for each check, and never shared between two. A gateway
	// over a network may hand out the same account again: the suite never uses a name twice.
	New func(ctx context.Context) (*Subject, error)
	// Parallel lets the checks be made at the same time.
	Parallel bool
	// Skip names checks that are not made, each with the reason. A core check cannot be skipped.
	Skip map[string]string
	// Timeout bounds each check; 30 seconds when it is zero.
	Timeout time.Duration
}

// Subject is one gateway under test, and what the test may do to it. Gateway, Approve and Decline are required.
type Subject struct {
	// Gateway is the gateway.
	Gateway payments.Gateway
	// Money is an amount that the gateway takes, at least 10 minor units; 12.50 USD when it is zero.
	Money payments.Money
	// Approve is a token, usable any number of times, of a card that is approved without a question.
	Approve payments.Token
	// Decline is a token, usable any number of times, of a card that is declined.
	Decline payments.Token
	// Action is a token of a card that asks the payer to authenticate, and then is approved.
	Action payments.Token
	// NoCards tells that the payers pay by other means than cards, so that no snapshot shows one.
	NoCards bool
	// OneTime makes a token of an approved card that can be used once.
	OneTime func() (payments.Token, error)
	// Card is a raw card that is approved, for a gateway that takes them.
	Card *payments.Card
	// Authenticate does what the payer does with a client secret: pass or fail the authentication that was asked for,
	// or, where the object has no way to pay, pay with an approved card. It answers nil when the payer has done it,
	// whatever became of the payment.
	Authenticate func(ctx context.Context, secret payments.ClientSecret, pass bool) error
	// Charges tells what was really charged for an order, past the gateway under test.
	Charges func(ctx context.Context, order payments.OrderID) (Charges, error)
	// Faults are what Inject can do.
	Faults []Fault
	// Inject makes the next call of an operation go wrong: "prepare", "confirm", "authorize", "capture", "void",
	// "refund" or "fetch", and, where the gateway can do it, "subscribe", "fetch_subscription", "cancel_subscription",
	// "uncancel_subscription" or "list_charges".
	Inject func(operation, fault string) error
	// Arrive lets requests arrive that are still on their way after a fault.
	Arrive func(ctx context.Context) error
	// FailRefund lets a refund, by its Reference, fail after it succeeded.
	FailRefund func(ctx context.Context, refundReference string) error
	// DeclineLater makes the later charges of a subscription be declined, whose first invoice is paid.
	DeclineLater func(ctx context.Context, sub payments.SubscriptionSnapshot) error
	// Account is another account of the gateway's than its own, which a [payments.PaymentRef] may name.
	Account string
	// Saves tells that the gateway keeps ways to pay with a customer ([payments.Saving]) and charges them off session.
	Saves bool
	// Event makes a request of an event as the gateway sends it, for a [payments.WebhookGateway].
	Event func(ctx context.Context, spec EventSpec) (http.Header, []byte, error)
	// Now is the gateway's clock, the wall clock when it is nil, and Advance moves the gateway's time on, so that
	// subscriptions are renewed.
	Now     func() time.Time
	Advance func(ctx context.Context, d time.Duration) error
	// Refused is an amount that the gateway does not take, for a gateway that says so by [payments.Limiter].
	Refused payments.Money
	// Close is called when the check is over.
	Close func()
}

// EventSpec says which event is asked of the harness, and how it is signed.
type EventSpec struct {
	// Reference is the payment, or the subscription, that the event is about.
	Reference string
	// Age is how long ago the event was signed; below zero it is signed in the future.
	Age time.Duration
	// Forged tells that it is signed with another secret than the gateway knows.
	Forged bool
	// Pad is how many spaces are put behind the body before it is signed.
	Pad int
}

// Charges is what was really charged for one order; for a recurring order, with all invoices of its subscription.
type Charges struct {
	// Count is how many charges hold or have taken money.
	Count int
	// Captured and Refunded are in minor units.
	Captured, Refunded int64
}

// Fault is a way in which a call can go wrong, so that its answer is an error.
type Fault struct {
	// Name is what Inject is given.
	Name string
	// NotApplied tells that the gateway says definitely that nothing was done (too many requests). Of any other fault
	// the outcome must be unknown.
	NotApplied bool
	// Saved tells that the error is repeated under the same key.
	Saved bool
	// Hangs tells that the call ends only with its context.
	Hangs bool
}

// defaultTimeout bounds a check.
const defaultTimeout = 30 * time.Second

// defaultMoney is what is charged when the harness does not say.
var defaultMoney = payments.Money{Amount: 1250, Currency: "USD"}

// complete fills the subject's zero fields and says what is missing.
func (s *Subject) complete() error {
	switch {
	case s == nil || s.Gateway == nil:
		return errors.New("the harness made no gateway")
	case s.Approve.IsZero() || s.Decline.IsZero():
		return errors.New("the subject needs the tokens Approve and Decline")
	case s.Inject == nil && len(s.Faults) > 0:
		return errors.New("the subject has Faults and no Inject")
	}
	if s.Money == (payments.Money{}) {
		s.Money = defaultMoney
	}
	if s.Money.Amount < 10 {
		return errors.New("the subject's Money must be at least 10 minor units")
	}
	return nil
}
