package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"testing"

	"gorm.io/driver/postgres"
	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/storetest"
)

// settings are the choices of a host that must change nothing.
var settings = []struct {
	name string
	set  func(c *gorm.Config)
}{
	{"TranslateError", func(c *gorm.Config) { c.TranslateError = true }},
	{"PrepareStmt", func(c *gorm.Config) { c.PrepareStmt = true }},
	{"SkipDefaultTransaction", func(c *gorm.Config) { c.SkipDefaultTransaction = true }},
	{"NamingStrategy", func(c *gorm.Config) {
		c.NamingStrategy = schema.NamingStrategy{TablePrefix: "Host.", SingularTable: true, NoLowerCase: true,
			NameReplacer: strings.NewReplacer("payment", "x", "id", "y")}
	}},
	{"QueryFields", func(c *gorm.Config) {
		c.QueryFields, c.AllowGlobalUpdate, c.DisableNestedTransaction = true, true, true
	}},
	{"ReadReplica", func(c *gorm.Config) { c.Plugins = map[string]gorm.Plugin{"replica": replica{}} }},
}

// replica sends what GORM reads to another database, as gorm.io/plugin/dbresolver does. Here it is one that is behind for ever.
type replica struct{}

// Name implements gorm.Plugin.
func (replica) Name() string { return "replica" }

// Initialize implements gorm.Plugin.
func (replica) Initialize(db *gorm.DB) error {
	elsewhere := func(tx *gorm.DB) { tx.Statement.ConnPool = behind{} }
	return errors.Join(db.Callback().Query().Before("*").Register("replica:query", elsewhere),
		db.Callback().Row().Before("*").Register("replica:row", elsewhere))
}

// behind is a replica that nothing may be read of.
type behind struct{ gorm.ConnPool }

var errBehind = errors.New("the replica was asked")

// PrepareContext, like the others, answers nothing.
func (behind) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, errBehind }

// QueryContext runs no query.
func (behind) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, errBehind }

// A replica that is never asked because it is not there proves nothing: GORM itself asks this one.
func TestReplicaIsAsked(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, &gorm.Config{Plugins: map[string]gorm.Plugin{"replica": replica{}}}, "")
	if err := db.Raw("SELECT 1").Scan(new(int)).Error; !errors.Is(err, errBehind) {
		t.Errorf("GORM read elsewhere: %v", err)
	}
}

// combination returns the configuration of the settings whose bits are set, and its name.
func combination(bits int) (gorm.Config, string) {
	config, names := gorm.Config{}, []string{}
	for i, s := range settings {
		if bits&(1<<i) != 0 {
			s.set(&config)
			names = append(names, s.name)
		}
	}
	return config, "with " + strings.Join(names, "+")
}

// journal is a log that is read later.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// noisy returns a host's logger at its loudest.
func (j *journal) noisy() logger.Interface {
	return logger.New(log.New(j, "", 0), logger.Config{LogLevel: logger.Info})
}

func (j *journal) check(t *testing.T) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, value := range []string{"do_not_honor", "pi_", "agent:11", "Thank you", "4242", "https://pay.example"} {
		if strings.Contains(j.text.String(), value) {
			t.Errorf("the host's log has the value %q", value)
		}
	}
}

// TestHostSettings is row E6: none, each one, and all together have every pair. With PAYMENTS_TEST_FULL it is the whole product.
func TestHostSettings(t *testing.T) {
	t.Parallel()
	var had []int
	for _, s := range servers(t) {
		for bits := range 1 << len(settings) {
			if single := bits&(bits-1) == 0; !matrix.Full() && !single && bits != 1<<len(settings)-1 {
				continue
			}
			config, name := combination(bits)
			t.Run(s.name+" "+name, func(t *testing.T) {
				t.Parallel()
				j := &journal{}
				config.Logger = j.noisy()
				clock := newClock()
				store, _ := migrated(t, s.open(t, &config, ""), storage.Options{Clock: clock.Now})
				if err := storetest.Verify(t.Context(), storetest.Harness{Store: store, Advance: clock.Advance}); err != nil {
					t.Error(err)
				}
				j.check(t)
			})
			had = append(had, bits)
		}
	}
	matrix.Count(t, "E6", pairsIn(had)*len(servers(t)))
}

// pairsIn returns how many pairs of two settings' values, on and off, the combinations have together.
func pairsIn(combinations []int) int {
	pairs := map[[4]int]bool{}
	for _, bits := range combinations {
		for i := range settings {
			for j := range i {
				pairs[[4]int{i, bits >> i & 1, j, bits >> j & 1}] = true
			}
		}
	}
	return len(pairs)
}

// What a host may ask of MySQL's driver must change nothing either.
func TestMySQLParameters(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name != storage.MySQL {
			continue
		}
		for _, params := range []string{"clientFoundRows=true&loc=America%2FNew_York", "parseTime=false&time_zone=%27%2B05%3A00%27",
			"tx_isolation=%27SERIALIZABLE%27",
			"clientFoundRows=true&parseTime=false&loc=Local&interpolateParams=true&sql_mode=%27%27&multiStatements=true"} {
			t.Run(params, func(t *testing.T) {
				t.Parallel()
				store, _ := migrated(t, s.open(t, nil, params), storage.Options{})
				if err := storetest.Verify(t.Context(), storetest.Harness{Store: store}); err != nil {
					t.Error(err)
				}
				matrix.Count(t, "E6", 1)
			})
		}
	}
}

// PostgreSQL at its strictest asks for many repeats, and they are made inside; the simple protocol has no types.
func TestPostgreSQLSettings(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name != storage.PostgreSQL {
			continue
		}
		for name, set := range map[string]func(c *postgres.Config){
			"serializable": func(c *postgres.Config) { c.DSN += "&options=-c%20default_transaction_isolation%3Dserializable" },
			"repeatable read": func(c *postgres.Config) {
				c.DSN += "&options=-c%20default_transaction_isolation%3Drepeatable%5C%20read"
			},
			"simple protocol": func(c *postgres.Config) { c.PreferSimpleProtocol = true },
			"time zone":       func(c *postgres.Config) { c.DSN += "&timezone=Asia/Kolkata" },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				plain, ok := s.open(t, nil, "").Dialector.(*postgres.Dialector)
				if !ok {
					t.Fatal("not a PostgreSQL dialector")
				}
				config := postgres.Config{DSN: plain.DSN}
				set(&config)
				store, _ := migrated(t, opened(t, postgres.New(config), nil), storage.Options{})
				if err := storetest.Verify(t.Context(), storetest.Harness{Store: store}); err != nil {
					t.Error(err)
				}
				matrix.Count(t, "E6", 1)
			})
		}
	}
}

// What PostgreSQL answers before it is on the disk is lost when it crashes, and an order is charged twice.
func TestPostgreSQLAnswersTooEarly(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name != storage.PostgreSQL {
			continue
		}
		plain, ok := s.open(t, nil, "").Dialector.(*postgres.Dialector)
		if !ok {
			t.Fatal("not a PostgreSQL dialector")
		}
		for setting, good := range map[string]bool{"off": false, "local": true, "on": true} {
			db := opened(t, postgres.Open(plain.DSN+"&synchronous_commit="+setting), nil)
			store, _ := migrated(t, db, storage.Options{})
			_, err := store.Apply(t.Context(), payments.Change{Payment: newPayment(t)})
			if good != (err == nil) || err != nil && !strings.Contains(err.Error(), "synchronous_commit") {
				t.Errorf("synchronous_commit=%s: Apply answered %v", setting, err)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, nil, "")
	failed := db.Session(&gorm.Session{NewDB: true, Initialized: true})
	_ = failed.AddError(gorm.ErrInvalidData)
	for name, refused := range map[string]func() (*storage.Store, error){
		"nil":       func() (*storage.Store, error) { return storage.New(nil, nil) },
		"not open":  func() (*storage.Store, error) { return storage.New(&gorm.DB{}, nil) },
		"DryRun":    func() (*storage.Store, error) { return storage.New(db.Session(&gorm.Session{DryRun: true}), nil) },
		"an error":  func() (*storage.Store, error) { return storage.New(failed, nil) },
		"prefix":    func() (*storage.Store, error) { return storage.New(db, &storage.Options{TablePrefix: "a;b"}) },
		"uppercase": func() (*storage.Store, error) { return storage.New(db, &storage.Options{TablePrefix: "Pay_"}) },
		"long": func() (*storage.Store, error) {
			return storage.New(db, &storage.Options{TablePrefix: strings.Repeat("a", 25)})
		},
	} {
		if store, err := refused(); err == nil || store != nil {
			t.Errorf("New takes %s", name)
		}
	}
}

// New does no I/O: a file that is not there is not made.
func TestNewDoesNothing(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(driver.Open("/no/such/folder/x.db"), &gorm.Config{DisableAutomaticPing: true, Logger: logger.Discard})
	if err != nil {
		t.Skip("the driver asks the database when it is opened")
	}
	if pool, err := db.DB(); err == nil {
		t.Cleanup(func() { _ = pool.Close() })
	}
	if _, err := storage.New(db, nil); err != nil {
		t.Error(err)
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params string
		good   bool
	}{
		{safe, true},
		{"_journal_mode=DELETE&_synchronous=FULL&_busy_timeout=5000", true},
		{"_journal_mode=WAL&_synchronous=EXTRA&_busy_timeout=1000", true},
		{"", false}, // The driver's own is NORMAL, which is not durable in any journal mode.
		{"_journal_mode=WAL&_busy_timeout=5000", false},
		{"_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000", false},
		{"_journal_mode=MEMORY&_synchronous=FULL&_busy_timeout=5000", false},
		{"_journal_mode=OFF&_synchronous=FULL&_busy_timeout=5000", false},
		{"_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10", false},
	} {
		t.Run(fmt.Sprintf("%q", tt.params), func(t *testing.T) {
			t.Parallel()
			db := opened(t, driver.Open("file:"+t.TempDir()+"/test.db?"+tt.params), nil)
			for _, unsafe := range []bool{false, true} {
				store, _ := migrated(t, db, storage.Options{AllowUnsafeSQLite: unsafe})
				_, err := store.Apply(context.Background(), payments.Change{Payment: newPayment(t)})
				if want := tt.good || unsafe; want != (err == nil) {
					t.Errorf("unsafe allowed %v: Apply answered %v", unsafe, err)
				}
				if err != nil && !strings.Contains(err.Error(), "storage/sqlite") {
					t.Errorf("the error does not help: %v", err)
				}
			}
		})
	}
}

// Without immediate transactions the store writes first, so that none has to be upgraded.
func TestSQLiteWithoutImmediate(t *testing.T) {
	t.Parallel()
	path := "file:" + t.TempDir() + "/test.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000"
	clock := newClock()
	store, _ := migrated(t, opened(t, driver.Open(path), nil), storage.Options{Clock: clock.Now})
	if err := storetest.Verify(t.Context(), storetest.Harness{Store: store, Advance: clock.Advance}); err != nil {
		t.Error(err)
	}
}
