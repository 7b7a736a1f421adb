package storage_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// rounds is how often several migrate one new database at once.
const rounds = 20

// versions returns how often each version is recorded.
func versions(t *testing.T, db *gorm.DB, prefix string) map[int64]int {
	t.Helper()
	var list []int64
	if err := db.Table(prefix+"schema_version").Order("version_id").Pluck("version_id", &list).Error; err != nil {
		t.Fatal(err)
	}
	counts := map[int64]int{}
	for _, v := range list {
		counts[v]++
	}
	return counts
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for range rounds {
				// Two handles with pools of their own, as two processes have.
				one := s.open(t, nil, "")
				var two *gorm.DB
				if s.name == storage.SQLite {
					path := filepath.Join(t.TempDir(), "same.db")
					one = opened(t, driver.Open("file:"+path+"?"+safe), nil)
					two = opened(t, driver.Open("file:"+path), nil)
				} else {
					two = s.open(t, nil, "")
				}
				opts := &storage.MigrateOptions{TablePrefix: prefix(t, one)}
				hosts := opts.TablePrefix + "of_the_host"
				for _, statement := range []string{"CREATE TABLE " + hosts + " (id INT)", "INSERT INTO " + hosts + " VALUES (7)"} {
					if err := one.Exec(statement).Error; err != nil {
						t.Fatal(err)
					}
				}
				var wg sync.WaitGroup
				for _, db := range []*gorm.DB{one, two, one, two} {
					wg.Go(func() {
						if err := storage.Migrate(context.Background(), db, opts); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if got := versions(t, one, opts.TablePrefix); len(got) != 3 || got[0] != 1 || got[1] != 1 || got[2] != 1 {
					t.Errorf("the recorded versions are %v", got)
				}
				var left int
				if err := one.Raw("SELECT SUM(id) FROM " + hosts).Scan(&left).Error; err != nil || left != 7 {
					t.Errorf("of the host's rows %d are left, %v", left, err)
				}
				one.Exec("DROP TABLE " + hosts)
			}
			matrix.Count(t, "E5", rounds)
		})
	}
}

// TestMigrateInProcesses starts this test binary again, twice, on one SQLite file.
func TestMigrateInProcesses(t *testing.T) {
	t.Parallel()
	if path := os.Getenv("PAYMENTS_TEST_MIGRATE"); path != "" {
		if err := storage.Migrate(t.Context(), opened(t, driver.Open("file:"+path), nil), nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	for range rounds / 4 {
		path := filepath.Join(t.TempDir(), "test.db")
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMigrateInProcesses$") //nolint:gosec // It is this very binary.
				cmd.Env = append(os.Environ(), "PAYMENTS_TEST_MIGRATE="+path)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		wg.Wait()
		if got := versions(t, opened(t, driver.Open("file:"+path), nil), storage.DefaultTablePrefix); got[1] != 1 || got[2] != 1 {
			t.Errorf("the recorded versions are %v", got)
		}
	}
	matrix.Count(t, "E5", rounds/4)
}

// A migration leaves the host's tables alone, may be repeated, and needs one connection.
func TestMigrateBesideHostTables(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{PrepareStmt: true}, "parseTime=false")
			pool, err := h.db.DB()
			if err != nil {
				t.Fatal(err)
			}
			pool.SetMaxOpenConns(1)
			h.db.Create(&hostOrder{ID: 1, Paid: true})
			opts := &storage.MigrateOptions{TablePrefix: prefix(t, h.db)}
			for range 3 {
				if err := storage.Migrate(t.Context(), h.db, opts); err != nil {
					t.Fatal(err)
				}
			}
			if h.paid(t) != 1 {
				t.Error("the host's row is gone")
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := storage.Migrate(ctx, h.db, opts); err == nil {
				t.Error("Migrate works after its context has ended")
			}
			if err := h.db.Create(&hostOrder{ID: 2}).Error; err != nil {
				t.Errorf("the connection is not usable after it: %v", err)
			}
		})
	}
}

// Tables of the first version get what came later, also where the second version was stopped before it was recorded.
func TestMigrateGoesOn(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			db := s.open(t, nil, "")
			p := prefix(t, db)
			opts, index := &storage.MigrateOptions{TablePrefix: p}, p+"transactions_open_idx"
			drop := "DROP INDEX " + index
			if s.name == storage.MySQL {
				index = "open_idx"
				drop = "DROP INDEX open_idx ON " + p + "transactions"
			}
			for _, back := range []string{"SELECT 1", drop, "SELECT 1"} {
				if err := storage.Migrate(t.Context(), db, opts); err != nil {
					t.Fatal(err)
				}
				if got := versions(t, db, p); got[2] != 1 || !db.Migrator().HasIndex(p+"transactions", index) {
					t.Fatalf("the recorded versions are %v, or the index is missing", got)
				}
				if back == drop || s.name == storage.MySQL { // Elsewhere a version and its record are one transaction.
					db.Exec(back)
					db.Exec("DELETE FROM " + p + "schema_version WHERE version_id = 2")
				}
			}
		})
	}
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, nil, "")
	for name, err := range map[string]error{
		"nil":    storage.Migrate(t.Context(), nil, nil),
		"DryRun": storage.Migrate(t.Context(), db.Session(&gorm.Session{DryRun: true}), nil),
		"prefix": storage.Migrate(t.Context(), db, &storage.MigrateOptions{TablePrefix: "1"}),
	} {
		if err == nil {
			t.Errorf("Migrate takes %s", name)
		}
	}
}

// What SQL exports can be run by hand, and Migrate finds it done.
func TestSQLIsTheMigration(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			db := s.open(t, nil, "")
			p := prefix(t, db)
			script, err := storage.SQL(s.name, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, statement := range strings.Split(script, ";\n") {
				if strings.TrimSpace(statement) == "" {
					continue
				}
				if err := db.Exec(statement).Error; err != nil {
					t.Fatalf("%v\n%s", err, statement)
				}
			}
			if err := storage.Migrate(t.Context(), db, &storage.MigrateOptions{TablePrefix: p}); err != nil {
				t.Fatal(err)
			}
			store, err := storage.New(db, &storage.Options{TablePrefix: p})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Apply(t.Context(), payments.Change{Payment: newPayment(t)}); err != nil {
				t.Error(err)
			}
			if got := versions(t, db, p); got[1] != 1 || got[2] != 1 {
				t.Errorf("the recorded versions are %v", got)
			}
		})
	}
	if _, err := storage.SQL("oracle", ""); err == nil {
		t.Error("SQL knows a database that the store does not")
	}
	if _, err := storage.SQL(storage.SQLite, "a b"); err == nil {
		t.Error("SQL takes a prefix that is not a name")
	}
}

// The package imports no driver: a host on PostgreSQL compiles no SQLite.
func TestImportsNoDriver(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/trendsic/payments/storage").Output()
	if err != nil {
		t.Skipf("go list does not run here: %v", err)
	}
	for _, driver := range []string{"gorm.io/driver", "go-sql-driver", "jackc/pgx", "lib/pq", "sqlite3", "modernc.org", "testing\n"} {
		if bytes.Contains(out, []byte(driver)) {
			t.Errorf("the package imports %s", driver)
		}
	}
}
