package storage_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/storetest"
)

// server is a database to test on.
type server struct {
	name string
	// open returns a handle on the server, with the host's configuration and, for MySQL, more parameters of the DSN.
	open func(t testing.TB, config *gorm.Config, params string) *gorm.DB
}

// safe are the parameters of a SQLite file.
const safe = "_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate"

// servers returns SQLite, and the servers that the environment names. It says which ones are skipped.
func servers(t testing.TB) []server {
	t.Helper()
	all := []server{{storage.SQLite, openSQLite}}
	for name, dsn := range map[string]string{storage.PostgreSQL: "PAYMENTS_TEST_POSTGRES", storage.MySQL: "PAYMENTS_TEST_MYSQL"} {
		if os.Getenv(dsn) == "" {
			t.Logf("skipped: %s is not set", dsn)
			continue
		}
		all = append(all, server{name, func(t testing.TB, config *gorm.Config, params string) *gorm.DB {
			return opened(t, dialector(name, os.Getenv(dsn), params), config)
		}})
	}
	return all
}

func openSQLite(t testing.TB, config *gorm.Config, _ string) *gorm.DB {
	return opened(t, driver.Open("file:"+filepath.Join(t.TempDir(), "test.db")+"?"+safe), config)
}

func dialector(name, dsn, params string) gorm.Dialector {
	if name == storage.PostgreSQL {
		return postgres.Open(dsn)
	}
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	if params != "" {
		dsn += separator + params
	}
	return mysql.Open(dsn)
}

// opened opens a handle and closes it with the test.
func opened(t testing.TB, d gorm.Dialector, config *gorm.Config) *gorm.DB {
	t.Helper()
	if config == nil {
		config = &gorm.Config{}
	}
	if config.Logger == nil {
		config.Logger = logger.Discard
	}
	db, err := gorm.Open(d, config)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(14)
	pool.SetMaxIdleConns(14)
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// prefix returns a new table prefix, and drops its tables with the test.
func prefix(t testing.TB, db *gorm.DB) string {
	t.Helper()
	var b [6]byte
	_, _ = rand.Read(b[:])
	p := "t" + hex.EncodeToString(b[:]) + "_"
	t.Cleanup(func() {
		for _, table := range []string{"payments", "transactions", "refunds", "keys", "events", "breaks", "inbox", "gate", "schema_version"} {
			db.Exec("DROP TABLE IF EXISTS " + p + table)
		}
	})
	return p
}

// migrated returns a store on new tables.
func migrated(t testing.TB, db *gorm.DB, opts storage.Options) (*storage.Store, string) {
	t.Helper()
	opts.TablePrefix = prefix(t, db)
	if err := storage.Migrate(context.Background(), db, &storage.MigrateOptions{TablePrefix: opts.TablePrefix}); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	store, err := storage.New(db, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return store, opts.TablePrefix
}

type clock = clocktest.Clock

func newClock() *clock { return clocktest.New(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)) }

// TestServers says which databases all the tests of this package run on, and skips those that are not named.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"PAYMENTS_TEST_POSTGRES", "PAYMENTS_TEST_MYSQL"} {
		t.Run(dsn, func(t *testing.T) {
			if os.Getenv(dsn) == "" {
				t.Skip(dsn + " is not set: nothing of this package is tested on that database")
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, server := range servers(t) {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			store, _ := migrated(t, server.open(t, nil, ""), storage.Options{Clock: clock.Now})
			storetest.Run(t, storetest.Harness{Store: store, Advance: clock.Advance})
		})
		t.Run(server.name+" by its own clock", func(t *testing.T) {
			t.Parallel()
			store, _ := migrated(t, server.open(t, nil, ""), storage.Options{})
			storetest.Run(t, storetest.Harness{Store: store})
		})
	}
}
