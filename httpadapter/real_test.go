package httpadapter

import (
	"context"
	"encoding/hex"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/storage/memory"
)

// journal keeps the names of the calls that a store and a gateway got, and may let one fail.
type journal struct {
	mu    sync.Mutex
	calls []string
	// fail answers an error to a call, before its effect or after it.
	fail func(name string) (before bool, err error)
}

// do makes one call.
func do[T any](j *journal, name string, f func() (T, error)) (T, error) {
	j.mu.Lock()
	j.calls = append(j.calls, name)
	fail := j.fail
	j.mu.Unlock()
	var zero T
	if fail == nil {
		return f()
	}
	before, err := fail(name)
	if err == nil {
		return f()
	}
	if !before {
		_, _ = f()
	}
	return zero, err
}

// take returns the calls since the last time.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := j.calls
	j.calls = nil
	return calls
}

// set makes calls fail from now on; nil mends them.
func (j *journal) set(fail func(name string) (bool, error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = fail
}

// watchedStore is a store whose calls are in the journal: those that a request makes.
type watchedStore struct {
	payments.Store
	j *journal
}

func (s watchedStore) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	return do(s.j, "Apply", func() (payments.Payment, error) { return s.Store.Apply(ctx, c) })
}

func (s watchedStore) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	return do(s.j, "Find", func() (payments.Record, error) { return s.Store.Find(ctx, q) })
}

func (s watchedStore) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	return do(s.j, "Lease", func() ([]payments.Payment, error) { return s.Store.Lease(ctx, req) })
}

func (s watchedStore) FindKey(ctx context.Context, id payments.KeyID) (payments.KeyRecord, error) {
	return do(s.j, "FindKey", func() (payments.KeyRecord, error) { return s.Store.FindKey(ctx, id) })
}

func (s watchedStore) List(ctx context.Context, f payments.Filter) ([]payments.Payment, error) {
	return do(s.j, "List", func() ([]payments.Payment, error) { return s.Store.List(ctx, f) })
}

// watchedGateway is a gateway whose calls are in the journal.
type watchedGateway struct {
	*fake.Gateway
	j *journal
}

func (g watchedGateway) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	return do(g.j, "prepare", func() (payments.Snapshot, error) { return g.Gateway.Prepare(ctx, req) })
}

func (g watchedGateway) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	return do(g.j, "confirm", func() (payments.Snapshot, error) { return g.Gateway.Confirm(ctx, req) })
}

func (g watchedGateway) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	return do(g.j, "authorize", func() (payments.Snapshot, error) { return g.Gateway.Authorize(ctx, req) })
}

func (g watchedGateway) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return do(g.j, "fetch", func() (payments.Snapshot, error) { return g.Gateway.Fetch(ctx, req) })
}

func (g watchedGateway) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return do(g.j, "void", func() (payments.Snapshot, error) { return g.Gateway.Void(ctx, req) })
}

// jumpClock is a time that moves by waiting for it: nobody waits.
type jumpClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *jumpClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	ch := make(chan time.Time, 1)
	ch <- c.now
	return ch
}

// real is the routes over a real Service, a store in memory and the fake gateway.
type real struct {
	*Handler
	service *payments.Service
	fake    *fake.Gateway
	calls   *journal
}

// newReal makes one; it has the tests' order, of agent 3, and no other.
func newReal(t testing.TB, options payments.Options, change func(*Options)) *real {
	t.Helper()
	j, clock := new(journal), &jumpClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	options.Clock = clock
	gw, err := fake.New(fake.Options{AllowFake: true, Seed: 9, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		if id != orderID {
			return payments.Order{}, payments.ErrOrderNotFound
		}
		return payments.Order{ID: id, AgentID: 3, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	service, err := payments.New(watchedStore{memory.New(clock.Now), j}, watchedGateway{gw, j}, orders, &options)
	if err != nil {
		t.Fatal(err)
	}
	return &real{Handler: newHandler(t, service, change), service: service, fake: gw, calls: j}
}

// pay pays the tests' order, whoever asks for it later.
func (r *real) pay(t testing.TB) {
	t.Helper()
	if _, err := r.service.Pay(t.Context(), payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}}); err != nil {
		t.Fatal(err)
	}
	r.calls.take()
}

// charges returns how often the order was charged.
func (r *real) charges() int { return r.fake.Ledger()[hex.EncodeToString(orderID[:])].Charges }
