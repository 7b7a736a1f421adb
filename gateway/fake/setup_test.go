package fake_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type clock = clocktest.Clock

func newClock() *clock { return clocktest.New(start) }

// bench is a gateway under test with what the tests need around it.
type bench struct {
	*fake.Gateway
	t     *testing.T
	clock *clock
	keys  atomic.Int64
	order payments.PaymentRef
}

// setup makes a gateway with a standing clock.
func setup(t *testing.T, o fake.Options) *bench {
	t.Helper()
	b := &bench{t: t, clock: newClock(), order: ref(1)}
	o.AllowFake = true
	if o.Clock == nil {
		o.Clock = b.clock.Now
	}
	g, err := fake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Gateway = g
	return b
}

// ref names the n-th payment.
func ref(n int) payments.PaymentRef {
	id, err := payments.ParseOrderID(fmt.Sprintf("%032x", n))
	if err != nil {
		panic(err)
	}
	return payments.PaymentRef{OrderID: id, PaymentUID: fmt.Sprintf("019578a0-0000-7000-8000-%012d", n)}
}

// usd is an amount in dollars' cents.
func usd(cents int64) payments.Money { return payments.Money{Amount: cents, Currency: "USD"} }

// token is a token as a way to pay.
func token(name string) payments.Source { return payments.Source{Token: payments.NewToken(name)} }

// key makes a new idempotency key.
func (b *bench) key() string { return fmt.Sprintf("key-%d", b.keys.Add(1)) }

// authorize takes 12.50 USD for the bench's order.
func (b *bench) authorize(name string, capture bool) (payments.Snapshot, error) {
	return b.Authorize(b.t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1250),
		Source: token(name), Capture: capture})
}

// paid makes a payment of 12.50 USD that is paid or authorized.
func (b *bench) paid(name string, capture bool) payments.Snapshot {
	b.t.Helper()
	s, err := b.authorize(name, capture)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// prepare makes an object over 12.50 USD.
func (b *bench) prepare(s payments.Source) payments.Snapshot {
	b.t.Helper()
	in, err := b.Prepare(b.t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1250), Source: s, Capture: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return in
}

// confirm confirms an object under a new key.
func (b *bench) confirm(reference string) (payments.Snapshot, error) {
	return b.Confirm(b.t.Context(), payments.ConfirmRequest{PaymentRef: b.order, Key: b.key(), Reference: reference})
}

// refund gives an amount back under a new key.
func (b *bench) refund(reference string, cents int64) (payments.Snapshot, error) {
	n := b.key()
	return b.Refund(b.t.Context(), payments.RefundRequest{PaymentRef: b.order, Key: n, Reference: reference, RefundUID: "refund-" + n, Amount: usd(cents)})
}

// fetch reads a payment.
func (b *bench) fetch(reference string) payments.Snapshot {
	b.t.Helper()
	s, err := b.Fetch(b.t.Context(), payments.FetchRequest{PaymentRef: b.order, Reference: reference})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// entry returns the ledger's entry of the bench's order.
func (b *bench) entry() fake.LedgerEntry { return b.Ledger()[b.order.OrderID.String()] }

// secret returns the client secret of a snapshot.
func secret(t *testing.T, s payments.Snapshot) string {
	t.Helper()
	if s.NextAction == nil {
		t.Fatalf("the snapshot of a %v payment asks nothing of the payer", s.Status)
	}
	return s.NextAction.ClientSecret.Reveal()
}

// problem returns the *payments.Error that err must be.
func problem(t *testing.T, err error) *payments.Error {
	t.Helper()
	var e *payments.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, and must be a *payments.Error", err)
	}
	return e
}

// background is for what runs outside a test.
var background = context.Background()
