package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
	"github.com/trendsic/payments/storage/storetest"
)

// open opens a file and closes it with the test.
func open(t *testing.T, path string, opts *sqlite.Options) *gorm.DB {
	t.Helper()
	db, err := sqlite.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return db
}

func TestOpenPassesTheSuite(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]*sqlite.Options{"nil": nil, "one connection": {MaxOpenConns: 1},
		"a host's configuration": {Config: &gorm.Config{PrepareStmt: true, TranslateError: true}, BusyTimeout: 2 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, filepath.Join(t.TempDir(), "a b?c#d%20.db"), opts)
			if err := storage.Migrate(t.Context(), db, nil); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
			store, err := storage.New(db, &storage.Options{Clock: func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return now
			}})
			if err != nil {
				t.Fatal(err)
			}
			storetest.Run(t, storetest.Harness{Store: store, Advance: func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				now = now.Add(d)
			}})
		})
	}
}

func TestOpenMakesTheFileThatWasNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders 100%?x=1#y.db")
	db := open(t, path, nil)
	if err := db.Exec("CREATE TABLE t (a int)").Error; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// Each connection of the pool has the safe settings, not only the first.
func TestOpenSettings(t *testing.T) {
	t.Parallel()
	pool, err := open(t, filepath.Join(t.TempDir(), "x.db"), nil).DB()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		conn, err := pool.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000"} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, not %s (%v)", pragma, got, want, err)
			}
		}
	}
}

// A transaction has the write lock from its beginning: one that reads first and writes then could not get it any more.
func TestOpenBeginsWithTheWriteLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	first := open(t, path, nil)
	if err := first.Exec("CREATE TABLE t (a int)").Error; err != nil {
		t.Fatal(err)
	}
	tx := first.Begin()
	t.Cleanup(func() { tx.Rollback() })
	var n int
	if err := tx.Raw("SELECT count(*) FROM t").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	second := open(t, path, &sqlite.Options{BusyTimeout: time.Millisecond})
	if err := second.Exec("INSERT INTO t VALUES (1)").Error; err == nil {
		t.Error("another connection writes while a transaction is open")
	}
	if err := tx.Exec("INSERT INTO t VALUES (2)").Error; err != nil {
		t.Errorf("a transaction that has read cannot write: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", ":memory:", "file:x.db", "file::memory:?cache=shared"} {
		if _, err := sqlite.Open(path, nil); err == nil {
			t.Errorf("Open takes %q", path)
		}
	}
	if _, err := sqlite.Open("x.db", &sqlite.Options{MaxOpenConns: -1}); err == nil {
		t.Error("Open takes a negative bound")
	}
	if _, err := sqlite.Open(filepath.Join(t.TempDir(), "no", "such", "folder.db"), nil); err == nil {
		t.Error("Open makes a file in a folder that is not there")
	}
}

// TestOpenAtOnce opens a new file from several places at once, as the processes of a host do that start together: whoever makes it the
// file's first connections, the others wait.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), "new.db")
		var opening sync.WaitGroup
		for range 8 {
			opening.Go(func() {
				db, err := sqlite.Open(path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Exec("CREATE TABLE IF NOT EXISTS t (a int)").Error; err != nil {
					t.Error(err)
				}
				pool, err := db.DB()
				if err == nil {
					err = pool.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		opening.Wait()
	}
}
