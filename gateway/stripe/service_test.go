package stripe_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/canary"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/storage/memory"
)

// virtual is a time that moves only when a test, or a wait, moves it.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// After moves the time and fires at once.
func (v *virtual) After(d time.Duration) <-chan time.Time {
	v.advance(d)
	ch := make(chan time.Time, 1)
	ch <- v.Now()
	return ch
}

func (v *virtual) advance(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}

// world is the Service over gateway/stripe over the emulator.
type world struct {
	*payments.Service
	t      *testing.T
	server *stripetest.Server
	base   string
	// network is how the gateway reaches the server: by sockets that are not kept alive, or near.
	network http.RoundTripper
	store   *memory.Store
	watch   *invariant.Watcher // of the store: I5 at each change
	clock   *virtual
	log     *lockedBuffer
	mu      sync.Mutex
	orders  map[payments.OrderID]payments.Order
	events  []stripetest.Delivery
	direct  bool // events go to the Service at once
	paid    map[payments.OrderID]int
	other   func(store payments.Store, secrets ...string) *payments.Service // another instance
	told    []payments.Status                                               // what OnEvent was told, in its order
	before  func()                                                          // runs before each request is served
	no      int                                                             // how often Pay has answered a decline
	clash   bool                                                            // the test uses keys wrongly on purpose
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu   sync.Mutex
	text []byte
}

// Write appends.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

// Order is the host's.
func (w *world) Order(_ context.Context, id payments.OrderID) (payments.Order, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := w.orders[id]
	if !ok {
		return o, payments.ErrOrderNotFound
	}
	return o, nil
}

// deliver is where the emulator sends its events.
func (w *world) deliver(ctx context.Context, d stripetest.Delivery) error {
	w.mu.Lock()
	w.events = append(w.events, d)
	direct := w.direct
	w.mu.Unlock()
	if !direct {
		return nil
	}
	return w.Webhook(ctx, http.Header{"Stripe-Signature": {d.Header}}, d.Body)
}

// newWorld makes one; change may alter the emulator's and the Service's options.
func newWorld(t *testing.T, change func(*stripetest.Options, *payments.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &virtual{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &lockedBuffer{},
		network: &http.Transport{DisableKeepAlives: true},
		orders:  map[payments.OrderID]payments.Order{}, paid: map[payments.OrderID]int{}}
	eo := stripetest.Options{Clock: w.clock.Now, WebhookSecret: webhookSecret, Deliver: w.deliver, LateAfter: 3}
	so := payments.Options{Clock: w.clock, GatewayTimeout: 20 * time.Second, RequestTimeout: 40 * time.Second,
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnEvent: func(_ context.Context, e payments.Event) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, e.Status)
			if e.Status == payments.StatusPaid && e.Previous != payments.StatusPaid {
				w.paid[e.OrderID]++
			}
			return nil
		}}
	if change != nil {
		change(&eo, &so)
	}
	var err error
	if w.server, err = stripetest.New(eo); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.before != nil {
			w.before()
		}
		w.server.ServeHTTP(rw, r)
	}))
	w.base = web.URL
	w.other = func(store payments.Store, secrets ...string) *payments.Service {
		g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: web.URL, WebhookSecrets: secrets,
			HTTPClient: &http.Client{Transport: w.network, Timeout: 30 * time.Second}, Clock: w.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		s, err := payments.New(store, g, w, &so)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		_ = w.server.Close()
		w.secrets()
		if n := w.server.KeyClashes(); n > 0 && !w.clash {
			t.Errorf("%d keys were used for two things", n)
		}
	})
	w.store = memory.New(w.clock.Now)
	w.watch = invariant.Watch(w.store)
	w.Service = w.other(w.watch, webhookSecret)
	return w
}

// direct calls the emulator as a function.
type direct struct{ http.Handler }

// RoundTrip serves the request.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// near takes the sockets away, for what needs many requests and no fault of a connection.
func (w *world) near() *world {
	w.network = direct{w.server}
	w.Service = w.other(w.watch, webhookSecret)
	return w
}

// secrets fails when the log holds one.
func (w *world) secrets() {
	if hits := canary.Find(w.log.text); len(hits) > 0 {
		w.t.Errorf("the log holds %v", hits)
	}
}

// order adds an order of 12.50 USD.
func (w *world) order(change ...func(*payments.Order)) payments.OrderID {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.orders) + 1
	id, _ := payments.ParseOrderID(hex.EncodeToString([]byte{byte(n >> 8), byte(n), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}))
	o := payments.Order{ID: id, PublicID: fmt.Sprint("P-", n), AgentID: 3, Total: payments.Money{Amount: 1250, Currency: "USD"}}
	for _, f := range change {
		f(&o)
	}
	w.orders[id] = o
	return id
}

func (w *world) pay(ctx context.Context, id payments.OrderID, token string) (payments.Result, error) {
	req := payments.PayRequest{OrderID: id}
	if token != "" {
		req.Source.Token = payments.NewToken(token)
	}
	res, err := w.Pay(ctx, req)
	if errors.Is(err, payments.ErrDeclined) {
		w.mu.Lock()
		w.no++
		w.mu.Unlock()
	}
	return res, err
}

func (w *world) mustPay(id payments.OrderID, token string, want payments.Status) payments.Result {
	w.t.Helper()
	res, err := w.pay(w.t.Context(), id, token)
	if res.Payment.Status != want || err != nil && !errors.Is(err, payments.ErrDeclined) {
		w.t.Fatalf("pay: %v, %v; want %v", res.Payment.Status, err, want)
	}
	return res
}

func (w *world) authenticate(res payments.Result, how stripetest.AuthResult, method string) {
	w.t.Helper()
	if res.NextAction == nil {
		w.t.Fatal("there is no next action")
	}
	if err := w.server.Authenticate(w.t.Context(), res.NextAction.ClientSecret.Reveal(), how, method); err != nil && !errors.Is(err, stripetest.ErrDeclined) {
		w.t.Fatal(err)
	}
}

// settle ends the faults, lets what is late arrive, and reconciles until nothing is due.
func (w *world) settle() {
	w.t.Helper()
	w.server.ClearFaults()
	for i := range 8 {
		w.clock.advance(time.Duration(1+i*10) * time.Minute)
		w.server.DeliverLate(w.t.Context())
		if _, err := w.Reconcile(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// agree compares the rows with the emulator's ledger, to the cent, and checks the invariants.
func (w *world) agree() {
	w.t.Helper()
	w.hold()
	type sums struct{ charges, captured, refunded, authorized int64 }
	rows, books := map[string]sums{}, map[string]sums{}
	f := payments.Filter{Limit: 1000}
	for {
		page, err := w.Payments(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range page.Payments {
			s := rows[p.OrderID.String()]
			if p.Status == payments.StatusUnknown {
				w.t.Errorf("payment %s stays in doubt", p.UID)
			}
			if p.Secured() || p.Status == payments.StatusHeld {
				s.charges++
			}
			s.captured, s.refunded = s.captured+p.Captured, s.refunded+p.Refunded
			if p.Status == payments.StatusAuthorized {
				s.authorized += p.Amount.Amount
			}
			rows[p.OrderID.String()] = s
		}
		if f.BeforeID = page.Next; f.BeforeID == 0 {
			break
		}
	}
	for id, e := range w.server.Ledger() {
		books[id] = sums{int64(e.Charges), e.Captured, e.Refunded, e.Authorized}
	}
	maps.DeleteFunc(rows, func(_ string, s sums) bool { return s == sums{} })
	maps.DeleteFunc(books, func(_ string, s sums) bool { return s == sums{} })
	if !maps.Equal(rows, books) {
		for id := range books {
			if rows[id] != books[id] {
				w.t.Errorf("order %s: the rows say %+v, the books %+v", id, rows[id], books[id])
			}
		}
		for id := range rows {
			if _, ok := books[id]; !ok {
				w.t.Errorf("order %s: the rows say %+v, the books nothing", id, rows[id])
			}
		}
	}
	if double := w.server.DoubleCharged(); len(double) > 0 {
		w.t.Errorf("charged twice: %v", double)
	}
}
