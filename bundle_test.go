package payments_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/storage/memory"
)

type clock = clocktest.Clock

func newClock() *clock { return clocktest.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) }

// host is a host's orders in memory.
type host struct {
	mu     sync.Mutex
	orders map[payments.OrderID]payments.Order
	errs   map[payments.OrderID]error
	events []payments.Event
	asked  int
	all    int           // how many questions open the gate
	gate   chan struct{} // closed when so many were asked
	hook   func(context.Context, payments.Event) error
	held   func() // called by the next question for an order
}

// stop holds the next question for an order back, from when coming is closed until resume is.
func (h *host) stop(coming, resume chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = func() {
		close(coming)
		<-resume
	}
}

func (h *host) Order(_ context.Context, id payments.OrderID) (payments.Order, error) {
	h.mu.Lock()
	held := h.held
	h.held = nil
	h.mu.Unlock()
	if held != nil {
		held()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked++; h.asked == h.all {
		close(h.gate)
	}
	o, ok := h.orders[id]
	if !ok {
		return o, payments.ErrOrderNotFound
	}
	return o, h.errs[id]
}

// allAsked returns a channel that is closed when all requests have asked for their order.
func (h *host) allAsked() <-chan struct{} {
	h.gate = make(chan struct{})
	return h.gate
}

func (h *host) onEvent(ctx context.Context, e payments.Event) error {
	if h.hook != nil {
		if err := h.hook(ctx, e); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	return nil
}

// types returns the types of the events told so far.
func (h *host) types() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, e := range h.events {
		list = append(list, e.Type)
	}
	return list
}

// bundle is a service over the fake gateway and a store in memory.
type bundle struct {
	*payments.Service
	t     *testing.T
	host  *host
	gw    *fake.Gateway
	store payments.Store
	clock *clock
	next  byte
}

// setup makes a bundle; configure may change its options, wrap its gateway.
func setup(t *testing.T, configure ...func(*bundle, *payments.Options, *payments.Gateway)) *bundle {
	t.Helper()
	b := &bundle{t: t, clock: newClock(), host: &host{orders: map[payments.OrderID]payments.Order{}, errs: map[payments.OrderID]error{}}}
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: b.clock.Now, Seed: 7, WebhookSecret: "whsec_test"})
	if err != nil {
		t.Fatal(err)
	}
	b.gw, b.store = gw, memory.New(b.clock.Now)
	opts := payments.Options{Clock: b.clock, OnEvent: b.host.onEvent, GatewayTimeout: 10 * time.Second, RequestTimeout: 20 * time.Second}
	var gateway payments.Gateway = gw
	for _, c := range configure {
		c(b, &opts, &gateway)
	}
	if b.Service, err = payments.New(b.store, gateway, b.host, &opts); err != nil {
		t.Fatal(err)
	}
	return b
}

// impatient gives up soon on a gateway that hangs. Any other fault is waited for as long as the machine needs.
func impatient(f fake.Fault) func(*bundle, *payments.Options, *payments.Gateway) {
	return func(_ *bundle, o *payments.Options, _ *payments.Gateway) {
		if strings.HasPrefix(string(f), "slow") {
			o.GatewayTimeout, o.RequestTimeout = 40*time.Millisecond, 400*time.Millisecond
		}
	}
}

// order adds an order of 12.50 USD of agent 3.
func (b *bundle) order(change ...func(*payments.Order)) payments.OrderID {
	b.next++
	id, _ := payments.ParseOrderID(hex.EncodeToString([]byte{b.next, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}))
	o := payments.Order{ID: id, HeaderID: int64(b.next), PublicID: "P-" + id.String()[:2], AgentID: 3, AgentNumber: "A-3", Total: usd(1250)}
	for _, c := range change {
		c(&o)
	}
	b.setOrder(o, nil)
	return id
}

// orderOf adds the order of a number, for tests that make more than a byte counts.
func (b *bundle) orderOf(n int) payments.OrderID {
	var id payments.OrderID
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	b.setOrder(payments.Order{ID: id, AgentID: 3, Total: usd(1250)}, nil)
	return id
}

func (b *bundle) setOrder(o payments.Order, err error) {
	b.host.mu.Lock()
	defer b.host.mu.Unlock()
	b.host.orders[o.ID], b.host.errs[o.ID] = o, err
}

func (b *bundle) reprice(id payments.OrderID, total payments.Money) {
	b.host.mu.Lock()
	o := b.host.orders[id]
	b.host.mu.Unlock()
	o.Total = total
	b.setOrder(o, nil)
}

func usd(minor int64) payments.Money { return payments.Money{Amount: minor, Currency: "USD"} }

func token(s string) payments.Source { return payments.Source{Token: payments.NewToken(s)} }

func (b *bundle) pay(id payments.OrderID, tok string) (payments.Result, error) {
	b.t.Helper()
	req := payments.PayRequest{OrderID: id}
	if tok != "" {
		req.Source = token(tok)
	}
	return b.Pay(b.t.Context(), req)
}

func (b *bundle) mustPay(id payments.OrderID, tok string, want payments.Status) payments.Result {
	b.t.Helper()
	res, err := b.pay(id, tok)
	b.want(res.Payment, want)
	if err != nil && !errors.Is(err, payments.ErrDeclined) {
		b.t.Fatalf("pay: %v", err)
	}
	return res
}

func (b *bundle) complete(id payments.OrderID, want payments.Status) payments.Result {
	b.t.Helper()
	res, err := b.Complete(b.t.Context(), payments.CompleteRequest{OrderID: id})
	b.want(res.Payment, want)
	if err != nil && !errors.Is(err, payments.ErrDeclined) {
		b.t.Fatalf("complete: %v", err)
	}
	return res
}

func (b *bundle) authenticate(res payments.Result, how fake.AuthResult, tok string) {
	b.t.Helper()
	if res.NextAction == nil {
		b.t.Fatal("there is no next action")
	}
	err := b.gw.Authenticate(b.t.Context(), res.NextAction.ClientSecret.Reveal(), how, tok)
	if err != nil && !errors.Is(err, payments.ErrDeclined) {
		b.t.Fatalf("authenticate: %v", err)
	}
}

func (b *bundle) reconcile() payments.Report {
	b.t.Helper()
	r, err := b.Reconcile(b.t.Context())
	if err != nil {
		b.t.Fatalf("reconcile: %v", err)
	}
	return r
}

func (b *bundle) record(id payments.OrderID) payments.Record {
	b.t.Helper()
	rec, err := b.Find(b.t.Context(), payments.Target{OrderID: id})
	if err != nil {
		b.t.Fatalf("find: %v", err)
	}
	return rec
}

func (b *bundle) want(p payments.Payment, want payments.Status) {
	b.t.Helper()
	if p.Status != want {
		b.t.Fatalf("the payment is %v, not %v", p.Status, want)
	}
}

// ledger returns what was really charged for the order.
func (b *bundle) ledger(id payments.OrderID) fake.LedgerEntry { return b.gw.Ledger()[id.String()] }

// agree fails unless the rows and the gateway's books tell the same, nothing is charged twice and nothing is in doubt.
func (b *bundle) agree() {
	b.t.Helper()
	ctx := b.t.Context()
	page, err := b.Payments(ctx, payments.Filter{Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	type sums struct{ charges, captured, refunded, authorized int64 }
	rows := map[string]sums{}
	for _, p := range page.Payments {
		rec, err := b.Find(ctx, payments.Target{PaymentUID: p.UID})
		if err != nil {
			b.t.Fatal(err)
		}
		for _, tx := range rec.Transactions {
			if tx.Open() {
				b.t.Errorf("%s transaction of a payment that is %v is open", tx.Kind, p.Status)
			}
		}
		if p.Status == payments.StatusUnknown {
			b.t.Errorf("payment %s stays in doubt", p.UID)
		}
		s := rows[p.OrderID.String()]
		if p.Secured() || p.Status == payments.StatusHeld {
			s.charges++
		}
		s.captured += p.Captured
		s.refunded += p.Refunded
		if p.Status == payments.StatusAuthorized {
			s.authorized += p.Amount.Amount
		}
		rows[p.OrderID.String()] = s
	}
	books := map[string]sums{}
	for id, e := range b.gw.Ledger() {
		books[id] = sums{int64(e.Charges), e.Captured, e.Refunded, e.Authorized}
		if e.Charges > 1 {
			b.t.Errorf("order %s has %d charges", id, e.Charges)
		}
	}
	maps.DeleteFunc(rows, func(_ string, s sums) bool { return s == sums{} })
	maps.DeleteFunc(books, func(_ string, s sums) bool { return s == sums{} })
	if !maps.Equal(rows, books) {
		b.t.Errorf("rows and books differ:\nrows  %+v\nbooks %+v", rows, books)
	}
}
