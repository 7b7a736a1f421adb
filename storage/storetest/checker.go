package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/trendsic/payments"
)

// checker is what one check works with.
type checker struct {
	context.Context
	store     payments.Store
	advance   func(time.Duration)
	namespace string
}

func newChecker(ctx context.Context, h Harness) *checker {
	return &checker{Context: ctx, store: h.Store, advance: h.Advance, namespace: "test-" + uid()}
}

// other returns a checker in another namespace of the same store.
func (c *checker) other() *checker {
	o := *c
	o.namespace = "test-" + uid()
	return &o
}

// found ends a check: it is what the check found wrong.
type found struct{ error }

// fail ends the check.
func (c *checker) fail(format string, args ...any) { panic(found{fmt.Errorf(format, args...)}) }

// must ends the check when there is an error that should not be.
func (c *checker) must(err error, what string) {
	if err != nil {
		// The error of the module prints no cause; here its author wants to see it.
		c.fail("%s: %w (cause: %v)", what, err, errors.Unwrap(err))
	}
}

// is ends the check when err is not the code.
func (c *checker) is(err error, code payments.Code, what string) {
	if !errors.Is(err, code) {
		c.fail("%s answered %v, not %q", what, err, code)
	}
}

// same ends the check when two values differ.
func (c *checker) same(got, want any, what string) {
	if !reflect.DeepEqual(got, want) {
		c.fail("%s is\n\t%+v, not\n\t%+v", what, got, want)
	}
}

// uid returns a new UUIDv7.
func uid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	ms := time.Now().UnixMilli() //nolint:forbidigo // The time orders the uids, and nothing is decided by it.
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // The lowest eight bits are meant.
	}
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// day is a moment with all its microseconds.
var day = time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, time.UTC)

// payment returns a new live payment in which no field is zero that a new one may have.
func (c *checker) payment() payments.Payment {
	var o payments.OrderID
	_, _ = rand.Read(o[:])
	return payments.Payment{
		UID: uid(), Namespace: c.namespace, Gateway: "fake", Account: "acct_1", OrderID: o, OrderHeaderID: 1 << 40,
		PublicOrderID: "A-7", AgentID: 11, AgentNumber: "0011", CustomerID: 12, Subscription: "sub_" + uid(), Invoice: "in_1",
		Status: payments.StatusPaid, Type: payments.TypeToken, Amount: payments.Money{Amount: 1250, Currency: "USD"},
		Captured: 1250, Refunded: 50, Live: true, Reference: "pi_" + uid(), Attempt: "ch_1",
		Method:   payments.PaymentMethod{ID: "pm_1", Brand: "visa", Last4: "4242", Expiry: payments.Expiry{Month: 12, Year: 2030}},
		AuthCode: "123456", ReceiptURL: "https://pay.example/r?a=1&b=2", DeclineCode: "do_not_honor", GatewayCode: "card_declined",
		Message: "Thank you.", LiveMode: true, DecidedAt: day, GatewayCustomer: "cus_1",
		SubscriptionStatus: payments.SubscriptionActive, PeriodEnd: day.Add(720 * time.Hour), CancelAtPeriodEnd: true, DueAt: day.Add(time.Hour), Tries: 3,
		CreatedAt: day.Add(-time.Hour), UpdatedAt: day.Add(-time.Minute),
	}
}

// transaction returns a new open transaction of the payment.
func (c *checker) transaction(p payments.Payment) payments.Transaction {
	return payments.Transaction{UID: uid(), PaymentUID: p.UID, RefundUID: uid(), Kind: payments.KindAuthorize, Amount: p.Amount,
		Fingerprint: "f-1", PriorAttempt: "ch_0", OffSession: true, CreatedAt: day}
}

// refund returns a new refund of the payment.
func (c *checker) refund(p payments.Payment) payments.Refund {
	return payments.Refund{UID: uid(), PaymentUID: p.UID, Key: "key-" + uid(), Amount: payments.Money{Amount: 50, Currency: "USD"},
		Status: payments.RefundPending, Reference: "re_" + uid(), Reason: "asked", CreatedAt: day, UpdatedAt: day}
}

// event returns a new event of the payment.
func (c *checker) event(p payments.Payment) payments.Event {
	return payments.Event{UID: uid(), Namespace: c.namespace, Type: "payment.paid", PaymentUID: p.UID, OrderID: p.OrderID,
		Previous: payments.StatusCreated, Status: payments.StatusPaid, Amount: p.Amount, Captured: 1250, Refunded: 7,
		SubscriptionStatus: payments.SubscriptionActive, CreatedAt: day}
}

// mismatch returns a new break of the payment.
func (c *checker) mismatch(p payments.Payment) payments.Break {
	return payments.Break{UID: uid(), Namespace: c.namespace, Kind: payments.BreakMismatch, PaymentUID: p.UID, OrderID: p.OrderID,
		Reference: "pi_1", Detail: "the amounts differ", CreatedAt: day}
}

// key returns a new idempotency record.
func (c *checker) key() payments.KeyRecord {
	return payments.KeyRecord{KeyID: payments.KeyID{Namespace: c.namespace, Principal: "agent:11", Verb: "pay", Key: uid()},
		Fingerprint: "f-1", PaymentUID: uid(), Answer: []byte{0, 1, 0xff, '"'}, CreatedAt: day, ExpiresAt: day.Add(time.Hour)}
}

// begin stores a new payment with nothing else.
func (c *checker) begin() payments.Payment { return c.apply(payments.Change{Payment: c.payment()}) }

// apply stores a change that must be right.
func (c *checker) apply(change payments.Change) payments.Payment {
	p, err := c.store.Apply(c, change)
	c.must(err, "Apply")
	return p
}

// find returns what is stored of the payment.
func (c *checker) find(uid string) payments.Record {
	rec, err := c.store.Find(c, payments.Query{Namespace: c.namespace, UID: uid})
	c.must(err, "Find")
	return rec
}

// events returns the whole outbox.
func (c *checker) events() []payments.Event {
	list, err := c.store.Events(c, c.namespace, 0, 1000)
	c.must(err, "Events")
	return list
}

// breaks returns all breaks.
func (c *checker) breaks() []payments.Break {
	list, err := c.store.Breaks(c, c.namespace, 0, 1000)
	c.must(err, "Breaks")
	return list
}

// list returns the payments of a filter in the check's namespace.
func (c *checker) list(f payments.Filter) []payments.Payment {
	f.Namespace = c.namespace
	if f.Limit == 0 {
		f.Limit = 1000
	}
	list, err := c.store.List(c, f)
	c.must(err, "List")
	return list
}

// lease asks for work in the check's namespace.
func (c *checker) lease(req payments.LeaseRequest) []payments.Payment {
	req.Namespace = c.namespace
	if req.Limit == 0 {
		req.Limit = 100
	}
	list, err := c.store.Lease(c, req)
	c.must(err, "Lease")
	return list
}

// race runs n goroutines at once and returns what each answered.
func race(n int, work func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = work(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// one ends the check unless exactly one of the answers is nil and the others are ErrStale.
func (c *checker) one(errs []error, what string) {
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		if !errors.Is(err, payments.ErrStale) {
			c.must(err, what)
		}
	}
	if won != 1 {
		c.fail("%s succeeded %d times of %d, not once", what, won, len(errs))
	}
}
