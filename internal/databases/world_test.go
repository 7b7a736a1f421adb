package databases

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a database that several instances open.
type place struct {
	name string
	// at returns how an instance gets there; more is added to PostgreSQL's session.
	at func(t *testing.T, more string) gorm.Dialector
}

// places are SQLite's file, and the servers that the environment names. It says which are skipped.
func places(t *testing.T) []place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.db")
	list := []place{{storage.SQLite, func(*testing.T, string) gorm.Dialector {
		return sqlite.Open("file:" + path + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate")
	}}}
	if dsn := os.Getenv("PAYMENTS_TEST_POSTGRES"); dsn != "" {
		list = append(list, place{storage.PostgreSQL, func(_ *testing.T, more string) gorm.Dialector {
			separator := "?"
			if strings.Contains(dsn, "?") {
				separator = "&"
			}
			return postgres.Open(dsn + separator + "options=" + strings.NewReplacer(" ", "%20", "=", "%3D").Replace("-c deadlock_timeout=50ms"+more))
		}})
	} else {
		t.Log("skipped: PAYMENTS_TEST_POSTGRES is not set")
	}
	if dsn := os.Getenv("PAYMENTS_TEST_MYSQL"); dsn != "" {
		list = append(list, place{storage.MySQL, func(*testing.T, string) gorm.Dialector { return mysql.Open(dsn) }})
	} else {
		t.Log("skipped: PAYMENTS_TEST_MYSQL is not set")
	}
	return list
}

// clock is the time, which a test moves on when its callers have gone.
type clock struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())).UTC() }

// After is real: somebody else's work is waited for.
func (c *clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// world is a host with several instances on one database, and one gateway.
type world struct {
	t        *testing.T
	gw       *fake.Gateway
	guard    *invariant.Guarded
	watches  []*invariant.Watcher
	services []*payments.Service
	stores   []*storage.Store
	dbs      []*gorm.DB
	clock    *clock
	prefix   string
	orders   atomic.Uint64
	// conflicts counts the deadlocks and serialization failures that statements of the hook and of the host met.
	conflicts atomic.Int64

	mu     sync.Mutex
	told   map[string]int // how often the host heard each event, in transactions that were committed or not
	met    map[string]int // how often its hook met a conflict at each
	events []fake.Event
}

// patient are the bounds of a test that no slow machine may fail. What is left half done on one is taken over after its lease, a minute.
func patient() payments.Options {
	return payments.Options{GatewayTimeout: 30 * time.Second, RequestTimeout: time.Minute, WaitTimeout: 30 * time.Second}
}

// newWorld opens as many instances as asked, each with a pool of its own of so many connections.
func newWorld(t *testing.T, p place, more string, instances, conns int, opts payments.Options) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{}, prefix: "w" + randomName() + "_", told: map[string]int{}, met: map[string]int{}}
	var err error
	if w.gw, err = fake.New(fake.Options{AllowFake: true, Clock: w.clock.Now, Seed: 7, WebhookSecret: "databases"}); err != nil {
		t.Fatal(err)
	}
	for range instances {
		db, err := gorm.Open(p.at(t, more), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			t.Fatal(err)
		}
		pool, err := db.DB()
		if err != nil {
			t.Fatal(err)
		}
		pool.SetMaxOpenConns(conns)
		pool.SetMaxIdleConns(conns)
		t.Cleanup(func() { _ = pool.Close() })
		w.dbs = append(w.dbs, db)
	}
	w.tables()
	for _, db := range w.dbs {
		store, err := storage.New(db, &storage.Options{TablePrefix: w.prefix, Clock: w.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		w.stores = append(w.stores, store)
		w.serve(store, opts)
	}
	return w
}

// serve adds an instance over a store.
func (w *world) serve(store payments.Store, opts payments.Options) {
	w.t.Helper()
	watch := invariant.Watch(store)
	if w.guard == nil {
		w.guard = invariant.Guard(w.gw, store, "")
	}
	opts.Clock, opts.OnEvent = w.clock, w.onEvent
	s, err := payments.New(watch, w.guard, payments.OrdersFunc(w.order), &opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.watches, w.services = append(w.watches, watch), append(w.services, s)
}

// tables makes the module's tables, and the host's beside them; all are dropped with the test.
func (w *world) tables() {
	w.t.Helper()
	db := w.dbs[0]
	w.t.Cleanup(func() {
		for _, table := range []string{"payments", "transactions", "refunds", "keys", "events", "breaks", "inbox", "gate", "schema_version", "sales", "sums"} {
			db.Exec("DROP TABLE IF EXISTS " + w.prefix + table)
		}
	})
	if err := storage.Migrate(w.t.Context(), db, &storage.MigrateOptions{TablePrefix: w.prefix}); err != nil {
		w.t.Fatal(err)
	}
	for _, text := range []string{"CREATE TABLE " + w.prefix + "sales (id VARCHAR(32) NOT NULL PRIMARY KEY, paid INT NOT NULL)",
		"CREATE TABLE " + w.prefix + "sums (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", "INSERT INTO " + w.prefix + "sums VALUES (1, 0)"} {
		if err := db.Exec(text).Error; err != nil {
			w.t.Fatal(err)
		}
	}
}

func randomName() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// newOrder makes an order of the host's.
func (w *world) newOrder() payments.OrderID {
	w.t.Helper()
	var id payments.OrderID
	binary.BigEndian.PutUint64(id[:], w.orders.Add(1))
	if len(w.dbs) > 0 {
		if err := insistent(w.t.Context(), func() error {
			return w.dbs[0].Exec("INSERT INTO "+w.prefix+"sales VALUES (?, 0)", id.String()).Error
		}); err != nil {
			w.t.Error(err)
		}
	}
	return id
}

// insistent does the host's own work again where the database asks for it: at SERIALIZABLE even what only reads is refused. What is in a
// transaction of the module's is the module's to do again, and what is not is the host's.
func insistent(ctx context.Context, do func() error) error {
	err := do()
	for conflict(err) && ctx.Err() == nil {
		err = do()
	}
	return err
}

// order prices an order. Over a database it is read there, by the pool that the store uses too.
func (w *world) order(ctx context.Context, id payments.OrderID) (payments.Order, error) {
	if len(w.dbs) > 0 {
		var n int
		if err := insistent(ctx, func() error {
			return w.dbs[0].WithContext(ctx).Raw("SELECT COUNT(*) FROM "+w.prefix+"sales WHERE id = ?", id.String()).Scan(&n).Error
		}); err != nil {
			return payments.Order{}, err
		}
		if n == 0 {
			return payments.Order{}, payments.ErrOrderNotFound
		}
	}
	return payments.Order{ID: id, AgentID: 3, CustomerID: 9, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
}

// onEvent is the host's hook: it marks the sale and counts it, both in the change's transaction.
func (w *world) onEvent(ctx context.Context, e payments.Event) error {
	w.mu.Lock()
	w.told[e.UID]++
	w.mu.Unlock()
	tx, ok := storage.Tx(ctx)
	if !ok {
		return nil
	}
	paid := 0
	if e.Type == "payment.paid" {
		paid = 1
	}
	if err := tx.Exec("UPDATE "+w.prefix+"sales SET paid = paid + ? WHERE id = ?", paid, e.OrderID.String()).Error; err != nil {
		return w.meets(e, err)
	}
	return w.meets(e, tx.Exec("UPDATE "+w.prefix+"sums SET n = n + ? WHERE id = 1", paid).Error)
}

// meets counts a conflict that the hook met at an event, and hands it on.
func (w *world) meets(e payments.Event, err error) error {
	if conflict(err) {
		w.conflicts.Add(1)
		w.mu.Lock()
		w.met[e.UID]++
		w.mu.Unlock()
	}
	return err
}

// recent is how many events are delivered again and again.
const recent = 12

// deliver hands the latest events to an instance, those too that came before.
func (w *world) deliver(ctx context.Context, s *payments.Service) (errs []error) {
	w.mu.Lock()
	w.events = append(w.events, w.gw.Events()...)
	if n := len(w.events); n > recent {
		w.events = w.events[n-recent:]
	}
	events := append([]fake.Event{}, w.events...)
	w.mu.Unlock()
	for _, e := range events {
		errs = append(errs, s.Webhook(ctx, http.Header{fake.SignatureHeader: {w.gw.SignWebhook(e.Body, w.clock.Now())}}, e.Body))
	}
	return errs
}

// settle reconciles until everything had its time, and fails where a promise is broken, or the host's rows are not the module's.
func (w *world) settle() {
	t := w.t
	t.Helper()
	for _, d := range []time.Duration{time.Minute, 20 * time.Minute, time.Hour, 25 * time.Hour, 25 * time.Hour} {
		w.clock.ahead.Add(int64(d))
		if _, err := w.services[0].Reconcile(t.Context()); err != nil {
			t.Fatal(err, errors.Unwrap(err))
		}
	}
	found, err := invariant.Check(t.Context(), w.services[0], w.gw, invariant.Settled)
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, w.guard.Violations()...)
	for _, watch := range w.watches {
		found = append(found, watch.Violations()...)
	}
	for i, v := range found {
		if i < 10 {
			t.Error(v)
		}
	}
	if len(w.dbs) > 0 {
		w.sold()
	}
}

// outbox returns all events that were committed.
func (w *world) outbox() (all []payments.Event) {
	w.t.Helper()
	for after := int64(0); ; after = all[len(all)-1].ID {
		list, err := w.services[0].Events(w.t.Context(), after, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		if all = append(all, list...); len(list) == 0 {
			return all
		}
	}
}

// sold fails unless what the hook wrote is committed exactly with what the module wrote.
func (w *world) sold() {
	t := w.t
	t.Helper()
	paid := map[string]int{}
	total := 0
	for _, e := range w.outbox() {
		if e.Type == "payment.paid" {
			paid[e.OrderID.String()]++
			total++
		}
	}
	var sales []struct {
		ID   string
		Paid int
	}
	var sum int
	if err := errors.Join(w.dbs[0].Raw("SELECT id, paid FROM "+w.prefix+"sales").Scan(&sales).Error,
		w.dbs[0].Raw("SELECT n FROM "+w.prefix+"sums WHERE id = 1").Scan(&sum).Error); err != nil {
		t.Fatal(err)
	}
	for _, s := range sales {
		if s.Paid != paid[s.ID] {
			t.Errorf("sale %s was marked %d times, and is paid by %d events", s.ID, s.Paid, paid[s.ID])
		}
	}
	if sum != total {
		t.Errorf("%d sales were counted, %d were paid", sum, total)
	}
}

// later reports whether the caller is told to come again.
func later(err error) bool {
	return errors.Is(err, payments.ErrUnknown) || errors.Is(err, payments.ErrInProgress) || errors.Is(err, payments.ErrUnavailable)
}

// again asks until the answer is final: a slow machine may need longer than the module waits.
func again(ctx context.Context, do func() (payments.Result, error)) (payments.Result, error) {
	for {
		res, err := do()
		if !later(err) || ctx.Err() != nil {
			return res, err
		}
	}
}
