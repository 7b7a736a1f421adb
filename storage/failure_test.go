package storage_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
)

func TestMissingTables(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			store, err := storage.New(s.open(t, nil, ""), &storage.Options{TablePrefix: "never_made_"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Apply(t.Context(), payments.Change{Payment: newPayment(t)})
			if !errors.Is(err, payments.ErrUnavailable) || !strings.Contains(err.Error(), "Migrate") {
				t.Errorf("Apply answered %v", err)
			}
			_, err = store.Find(t.Context(), payments.Query{UID: "x"})
			if !errors.Is(err, payments.ErrUnavailable) || !strings.Contains(err.Error(), "Migrate") {
				t.Errorf("Find answered %v", err)
			}
		})
	}
}

// A database that cannot be reached is ErrUnavailable from every method, with a cause that is not printed.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	config := func() *gorm.Config { return &gorm.Config{DisableAutomaticPing: true, Logger: logger.Discard} }
	closed := func(t *testing.T) *gorm.DB {
		db := openSQLite(t, nil, "")
		pool, err := db.DB()
		if err != nil {
			t.Fatal(err)
		}
		_ = pool.Close()
		return db
	}
	for name, open := range map[string]func(t *testing.T) (*gorm.DB, error){
		"closed": func(t *testing.T) (*gorm.DB, error) { return closed(t), nil },
		"postgres": func(*testing.T) (*gorm.DB, error) {
			return gorm.Open(postgres.Open("postgres://u:hidden@127.0.0.1:1/x"), config())
		},
		"mysql": func(*testing.T) (*gorm.DB, error) {
			return gorm.Open(mysql.New(mysql.Config{DSN: "u:hidden@tcp(127.0.0.1:1)/x", SkipInitializeWithVersion: true}), config())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := open(t)
			if err != nil {
				t.Skipf("the driver asks the database when it is opened: %v", err)
			}
			if pool, err := db.DB(); err == nil {
				t.Cleanup(func() { _ = pool.Close() })
			}
			store, err := storage.New(db, nil)
			if err != nil {
				t.Fatal(err)
			}
			for method, err := range answers(t, store) {
				if !errors.Is(err, payments.ErrUnavailable) || errors.Unwrap(err) == nil || strings.Contains(err.Error(), "hidden") {
					t.Errorf("%s answered %v", method, err)
				}
			}
		})
	}
}

// answers returns what each method of a store answers.
func answers(t *testing.T, s *storage.Store) map[string]error {
	t.Helper()
	all := map[string]error{}
	ctx := t.Context()
	_, all["Apply"] = s.Apply(ctx, payments.Change{Payment: newPayment(t)})
	_, all["Find"] = s.Find(ctx, payments.Query{UID: "x"})
	_, all["List"] = s.List(ctx, payments.Filter{Limit: 1})
	_, all["Lease"] = s.Lease(ctx, payments.LeaseRequest{Owner: "a", For: time.Minute, Limit: 1})
	_, all["FindKey"] = s.FindKey(ctx, payments.KeyID{Key: "x"})
	_, all["FindRefund"] = s.FindRefund(ctx, "", "x")
	_, all["Events"] = s.Events(ctx, "", 0, 1)
	_, all["Breaks"] = s.Breaks(ctx, "", 0, 1)
	_, all["Inbox"] = s.Inbox(ctx, "", time.Now(), 1)
	return all
}

// A file that another process has locked is waited for; when it stays locked the answer is ErrUnavailable, and reading works.
func TestSQLiteLockedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	short := "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=1000&_txlock=immediate"
	store, p := migrated(t, opened(t, driver.Open("file:"+path+short), nil), storage.Options{})
	other := opened(t, driver.Open("file:"+path+"?"+safe), nil)
	first := newPayment(t)
	if _, err := store.Apply(t.Context(), payments.Change{Payment: first}); err != nil {
		t.Fatal(err)
	}
	lock := other.Begin()
	lock.Exec("UPDATE " + p + "payments SET tries = 9")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	late := newPayment(t)
	if _, err := store.Apply(ctx, payments.Change{Payment: late}); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("Apply on a locked file answered %v", err)
	}
	if there(t, store, late.UID) || !there(t, store, first.UID) {
		t.Error("reading a locked file does not work")
	}
	done := make(chan error, 1)
	go func() {
		_, err := store.Apply(t.Context(), payments.Change{Payment: late})
		done <- err
	}()
	if err := lock.Commit().Error; err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || !there(t, store, late.UID) {
		t.Errorf("Apply after the lock was freed answered %v", err)
	}
}

// An event whose transaction stays open is waited for by no reader, and is not passed over either.
func TestEventsWaitForTheGap(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name == storage.SQLite {
			continue // One writer: an event cannot be behind another.
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			store, _ := migrated(t, s.open(t, nil, ""), storage.Options{})
			write := func(hook func(context.Context) error) error {
				p := newPayment(t)
				_, err := store.Apply(t.Context(), payments.Change{Payment: p, Hook: hook,
					Events: []payments.Event{{UID: uid(), Namespace: "test", Type: "payment.paid", PaymentUID: p.UID, OrderID: p.OrderID}}})
				return err
			}
			count := func(after int64) int {
				list, err := store.Events(t.Context(), "test", after, 10)
				if err != nil {
					t.Fatal(err)
				}
				return len(list)
			}
			entered, leave, done := make(chan bool), make(chan bool), make(chan error)
			go func() {
				done <- write(func(context.Context) error {
					close(entered)
					<-leave
					return nil
				})
			}()
			<-entered
			if err := write(nil); err != nil { // Its ID is higher, and it commits first.
				t.Fatal(err)
			}
			if n := count(0); n != 0 {
				t.Errorf("%d events are shown, and one below them is to come", n)
			}
			close(leave)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if n := count(0); n != 2 {
				t.Errorf("%d events are shown after all", n)
			}
		})
	}
}

// MySQL ends the whole transaction of who loses a deadlock. A hook that swallows it must not have its change reported as stored,
// whether it met the deadlock on the handle, through the Store, or through a Store on the handle.
func TestHookSwallowsADeadlock(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name == storage.SQLite {
			continue // One writer: there are no deadlocks.
		}
		for name, write := range deadlocked {
			t.Run(s.name+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newHost(t, s, gorm.Config{}, "")
				for id := range int64(202) {
					h.db.Create(&hostOrder{ID: id + 1})
				}
				p, other := newPayment(t), newPayment(t)
				if _, err := h.store.Apply(t.Context(), payments.Change{Payment: other}); err != nil {
					t.Fatal(err)
				}
				other.Version = 1
				runs := 0
				_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
					if runs++; runs > 1 {
						return nil
					}
					return swallowDeadlock(ctx, t, h, func() error { return write(ctx, h, other) }, other)
				}})
				if (err == nil) != there(t, h.store, p.UID) {
					t.Errorf("Apply answered %v, and the payment is there: %v", err, err != nil)
				}
				if name == "a locking read" && err != nil {
					if !errors.Is(err, payments.ErrHook) {
						t.Errorf("Apply answered %v", err)
					}
					return // It is seen when the hook is over: what a host writes after its own error cannot be kept back.
				}
				if s.name == storage.MySQL && (err != nil || runs != 2 || h.paid(t) != 0) {
					t.Errorf("Apply answered %v after %d runs of the hook, and %d rows of its first run are left", err, runs, h.paid(t))
				}
			})
		}
	}
}

// Whoever waited for the payment's row writes the very version that our change would have written, as soon as the database ended
// our transaction: the row as it is then must not be taken for ours.
func TestHookLosesThePayment(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		if s.name != storage.MySQL {
			continue // Nothing else ends a transaction and goes on.
		}
		h := newHost(t, s, gorm.Config{}, "")
		for id := range int64(202) {
			h.db.Create(&hostOrder{ID: id + 1})
		}
		p, other := newPayment(t), newPayment(t)
		for _, p := range []payments.Payment{p, other} {
			if _, err := h.store.Apply(t.Context(), payments.Change{Payment: p}); err != nil {
				t.Fatal(err)
			}
		}
		p.Version, p.Message = 1, "ours"
		_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
			return swallowDeadlock(ctx, t, h, func() error {
				err := deadlocked["a locking read"](ctx, h, other)
				theirs := p
				theirs.Message = "theirs"
				if _, err := h.store.Apply(t.Context(), payments.Change{Payment: theirs}); err != nil {
					t.Errorf("another change of the payment answered %v", err)
				}
				return err
			}, other)
		}})
		rec, found := h.store.Find(t.Context(), payments.Query{Namespace: "test", UID: p.UID})
		if !errors.Is(err, payments.ErrHook) || found != nil || rec.Payment.Message != "theirs" {
			t.Errorf("Apply answered %v, and the payment is %q, %v", err, rec.Payment.Message, found)
		}
	}
}

// deadlocked are the ways in which a hook writes what another transaction has locked.
var deadlocked = map[string]func(ctx context.Context, h host, other payments.Payment) error{
	"on the handle": func(ctx context.Context, _ host, _ payments.Payment) error {
		tx, _ := storage.Tx(ctx)
		return tx.Model(&hostOrder{ID: 2}).Update("paid", true).Error
	},
	"a change through the store": func(ctx context.Context, h host, other payments.Payment) error {
		_, err := h.store.Apply(ctx, payments.Change{Payment: other})
		return err
	},
	"a lease through the store": func(ctx context.Context, h host, other payments.Payment) error {
		_, err := h.store.Lease(ctx, payments.LeaseRequest{Namespace: "test", UID: other.UID, Owner: "a", For: time.Minute})
		return err
	},
	// The answer begins before the rows are locked: the pool sees no failure of it.
	"a locking read": func(ctx context.Context, _ host, _ payments.Payment) error {
		tx, _ := storage.Tx(ctx)
		var list []hostOrder
		return tx.Raw("SELECT * FROM " + tx.NamingStrategy.TableName("host_order") + " WHERE id BETWEEN 2 AND 9 FOR UPDATE").Scan(&list).Error
	},
	"through a store on the handle": func(ctx context.Context, h host, other payments.Payment) error {
		tx, _ := storage.Tx(ctx)
		_, err := h.store.WithTx(tx).Apply(ctx, payments.Change{Payment: other})
		return err
	},
}

// swallowDeadlock meets another transaction in a deadlock. The other one has changed more rows, so that ours is the victim.
func swallowDeadlock(ctx context.Context, t *testing.T, h host, write func() error, other payments.Payment) error {
	t.Helper()
	ours, _ := storage.Tx(ctx)
	ours.Model(&hostOrder{ID: 1}).Update("paid", true)
	theirs := h.db.Begin()
	theirs.Model(&hostOrder{}).Where("id > ?", 1).Update("paid", true)
	if err := theirs.Exec("UPDATE "+h.tables+"payments SET tries = 9 WHERE uid = ?", other.UID).Error; err != nil {
		return err
	}
	waiting := make(chan bool)
	go func() {
		defer close(waiting)
		theirs.Model(&hostOrder{ID: 1}).Update("paid", true)
		theirs.Rollback()
	}()
	err := write()
	if h.db.Name() != storage.MySQL {
		return nil
	}
	if err == nil {
		t.Error("the hook lost no deadlock")
	}
	<-waiting
	// Ours is over: this would be committed by itself.
	ours.Model(&hostOrder{ID: 1}).Update("paid", true)
	return nil
}

// A full disk loses no payment that was answered, charges none that was not stored, and is over when there is space again.
func TestSQLiteFullDisk(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, nil, "")
	store, _ := migrated(t, db, storage.Options{})
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	var pages int
	db.Raw("PRAGMA page_count").Scan(&pages)
	db.Raw("PRAGMA max_page_count = " + strconv.Itoa(pages)).Scan(&pages)
	var stored []string
	full := false
	for range 2000 {
		p := newPayment(t)
		_, err := store.Apply(t.Context(), payments.Change{Payment: p})
		if err == nil {
			stored = append(stored, p.UID)
			continue
		}
		if !errors.Is(err, payments.ErrUnavailable) || there(t, store, p.UID) {
			t.Fatalf("Apply on a full disk answered %v", err)
		}
		full = true
		break
	}
	if !full {
		t.Fatal("the disk never became full")
	}
	db.Raw("PRAGMA max_page_count = 1000000").Scan(&pages)
	if _, err := store.Apply(t.Context(), payments.Change{Payment: newPayment(t)}); err != nil {
		t.Errorf("Apply with space again answered %v", err)
	}
	for _, u := range stored {
		if !there(t, store, u) {
			t.Error("a payment is lost")
		}
	}
	var check string
	if db.Raw("PRAGMA integrity_check").Scan(&check); check != "ok" {
		t.Errorf("the file is not whole: %s", check)
	}
}
