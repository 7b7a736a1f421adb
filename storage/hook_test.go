package storage_test

import (
	"context"
	"errors"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// hostOrder is a model of a host's. Its table has the name that the host's naming strategy gives it.
type hostOrder struct {
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Paid bool
}

// host is a database of a host's with tables of its own beside ours.
type host struct {
	db    *gorm.DB
	store *storage.Store
	// tables is the prefix of the module's tables.
	tables string
}

// newHost opens the server with a naming strategy that has a prefix of its own, so that tests meet nowhere.
func newHost(t *testing.T, s server, config gorm.Config, params string) host {
	t.Helper()
	naming := prefix(t, s.open(t, nil, params))
	config.NamingStrategy = schema.NamingStrategy{TablePrefix: naming, SingularTable: true}
	db := s.open(t, &config, params)
	if err := db.AutoMigrate(&hostOrder{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Migrator().DropTable(&hostOrder{}) })
	store, tables := migrated(t, db, storage.Options{})
	return host{db, store, tables}
}

// paid returns how many orders the host has as paid.
func (h host) paid(t *testing.T) (n int64) {
	t.Helper()
	if err := h.db.Model(&hostOrder{}).Where("paid = ?", true).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// newPayment returns a live payment of a new order.
func newPayment(t testing.TB) payments.Payment {
	t.Helper()
	u := uid()
	order, err := payments.ParseOrderID(u)
	if err != nil {
		t.Fatal(err)
	}
	return payments.Payment{UID: u, Namespace: "test", Gateway: "fake", OrderID: order, Status: payments.StatusCreated, Live: true,
		Amount: payments.Money{Amount: 1250, Currency: "USD"}}
}

// ending are ways in which a hook may try to end the transaction. Each must fail, and the change with it.
var ending = map[string]func(tx *gorm.DB) error{
	"Commit":              func(tx *gorm.DB) error { return tx.Commit().Error },
	"Rollback":            func(tx *gorm.DB) error { return tx.Rollback().Error },
	"COMMIT":              func(tx *gorm.DB) error { return tx.Exec("COMMIT").Error },
	"a comment first":     func(tx *gorm.DB) error { return tx.Exec("/* done */ -- now\n commit").Error },
	"ROLLBACK":            func(tx *gorm.DB) error { return tx.Exec("ROLLBACK").Error },
	"two statements":      func(tx *gorm.DB) error { return tx.Exec("SELECT 1; COMMIT").Error },
	"a query":             func(tx *gorm.DB) error { return tx.Raw("COMMIT").Scan(new(int)).Error },
	"Row":                 func(tx *gorm.DB) error { return tx.Raw("COMMIT").Row().Scan(new(int)) },
	"a prepared session":  func(tx *gorm.DB) error { return tx.Session(&gorm.Session{PrepareStmt: true}).Exec("COMMIT").Error },
	"prepared and Commit": func(tx *gorm.DB) error { return tx.Session(&gorm.Session{PrepareStmt: true}).Commit().Error },
}

func TestHookCannotEndTheTransaction(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			for name, end := range ending {
				var inner error
				p := newPayment(t)
				_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
					tx, _ := storage.Tx(ctx)
					if err := tx.Create(&hostOrder{ID: 1, Paid: true}).Error; err != nil {
						return err
					}
					// The hook ignores that it was refused.
					inner = end(tx)
					return nil
				}})
				if inner == nil || !errors.Is(err, payments.ErrHook) {
					t.Errorf("%s: the handle answered %v and Apply %v", name, inner, err)
				}
				if _, err := h.store.Find(t.Context(), payments.Query{Namespace: "test", UID: p.UID}); !errors.Is(err, payments.ErrPaymentNotFound) || h.paid(t) != 0 {
					t.Errorf("%s: something is stored (%v)", name, err)
				}
			}
		})
	}
}

func TestHookWritesHostRows(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		for name, config := range map[string]gorm.Config{"plain": {}, "prepared": {PrepareStmt: true}, "no transactions": {SkipDefaultTransaction: true}} {
			t.Run(s.name+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newHost(t, s, config, "")
				p := newPayment(t)
				change := payments.Change{Payment: p, Hook: func(ctx context.Context) error {
					rec, err := h.store.Find(ctx, payments.Query{Namespace: "test", UID: p.UID})
					if err != nil || rec.Payment.Version != 1 {
						t.Errorf("the hook does not see the change: %v", err)
					}
					tx, ok := storage.Tx(ctx)
					if !ok {
						t.Error("there is no transaction in the hook's context")
					}
					return inHook(tx)
				}}
				if _, err := h.store.Apply(t.Context(), change); err != nil {
					t.Fatal(err, errors.Unwrap(err))
				}
				if n := h.paid(t); n != 2 {
					t.Errorf("%d orders are paid", n)
				}
			})
		}
	}
}

// A change without a payment is looked at like any other after a hook whose statements nobody could watch.
func TestHookOfAChangeWithoutPayment(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			p := newPayment(t)
			id := int64(0)
			for name, change := range map[string]payments.Change{
				"key":   {Key: &payments.KeyRecord{KeyID: payments.KeyID{Namespace: "test", Key: "k"}}},
				"event": {Events: []payments.Event{{UID: uid(), Namespace: "test", PaymentUID: p.UID}}},
				"break": {Breaks: []payments.Break{{UID: uid(), Namespace: "test", PaymentUID: p.UID}}},
				"none":  {},
			} {
				id++
				change.Hook = func(ctx context.Context) error {
					tx, _ := storage.Tx(ctx)
					return tx.Session(&gorm.Session{PrepareStmt: true}).Create(&hostOrder{ID: id, Paid: true}).Error
				}
				if _, err := h.store.Apply(t.Context(), change); err != nil {
					t.Errorf("%s: Apply answered %v: %v", name, err, errors.Unwrap(err))
				}
			}
			if n := h.paid(t); n != id {
				t.Errorf("%d orders are paid", n)
			}
		})
	}
}

// A hook may change the payment once more through the Store, after a statement of its failed.
func TestHookChangesThePayment(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			p := newPayment(t)
			_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
				if _, err := h.store.Apply(ctx, payments.Change{Payment: p}); !errors.Is(err, payments.ErrStale) {
					t.Errorf("the payment for the second time answered %v", err)
				}
				again := p
				again.Version, again.Message = 1, "again"
				_, err := h.store.Apply(ctx, payments.Change{Payment: again})
				return err
			}})
			rec, found := h.store.Find(t.Context(), payments.Query{Namespace: "test", UID: p.UID})
			if err != nil || found != nil || rec.Payment.Message != "again" || rec.Payment.Version != 2 {
				t.Errorf("Apply answered %v, and the payment is %q of version %d, %v", err, rec.Payment.Message, rec.Payment.Version, found)
			}
		})
	}
}

// inHook writes one order, one in a nested transaction, one in a prepared session, and rolls one back to a savepoint.
func inHook(tx *gorm.DB) error {
	if err := tx.Create(&hostOrder{ID: 1, Paid: true}).Error; err != nil {
		return err
	}
	if err := tx.Session(&gorm.Session{PrepareStmt: true}).Create(&hostOrder{ID: 2}).Error; err != nil {
		return err
	}
	if err := tx.Transaction(func(tx *gorm.DB) error {
		return tx.Model(&hostOrder{ID: 2}).Update("paid", true).Error
	}); err != nil {
		return err
	}
	failed := errors.New("no")
	if err := tx.Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&hostOrder{ID: 3, Paid: true}).Error; err != nil {
			return err
		}
		return failed
	}); !errors.Is(err, failed) {
		return errors.New("the nested transaction did not fail")
	}
	return nil
}

func TestHookRollsBackHostRows(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			failure := errors.New("no")
			for _, end := range []func() error{func() error { return failure }, func() error { panic(failure) }} {
				_, err := h.store.Apply(t.Context(), payments.Change{Payment: newPayment(t), Hook: func(ctx context.Context) error {
					tx, _ := storage.Tx(ctx)
					tx.Create(&hostOrder{ID: 1, Paid: true})
					return end()
				}})
				if !errors.Is(err, payments.ErrHook) || !errors.Is(err, failure) || h.paid(t) != 0 {
					t.Errorf("Apply answered %v, and %d orders are paid", err, h.paid(t))
				}
			}
			matrix.Count(t, "A7", 1)
		})
	}
}

// A statement that failed in the hook, and that the hook swallowed, must never end in a change that is reported as stored
// and is not.
func TestHookSwallowsAFailure(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			p := newPayment(t)
			_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
				tx, _ := storage.Tx(ctx)
				tx.Exec("INSERT INTO there_is_no_such_table VALUES (1)")
				return nil
			}})
			_, found := h.store.Find(t.Context(), payments.Query{Namespace: "test", UID: p.UID})
			if (err == nil) != (found == nil) {
				t.Errorf("Apply answered %v and Find %v", err, found)
			}
			if err != nil && !errors.Is(err, payments.ErrHook) {
				t.Errorf("Apply answered %v", err)
			}
		})
	}
}

func TestTxAfterTheHook(t *testing.T) {
	t.Parallel()
	if _, ok := storage.Tx(t.Context()); ok {
		t.Error("there is a transaction in a context of nobody's")
	}
	h := newHost(t, servers(t)[0], gorm.Config{}, "")
	var kept *gorm.DB
	if _, err := h.store.Apply(t.Context(), payments.Change{Payment: newPayment(t), Hook: func(ctx context.Context) error {
		kept, _ = storage.Tx(ctx)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	if err := kept.Create(&hostOrder{ID: 9, Paid: true}).Error; err == nil || h.paid(t) != 0 {
		t.Error("the handle works after the hook")
	}
}

// A pool of one connection must do: nothing in a change asks for a second one.
func TestPoolOfOneConnection(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			pool, err := h.db.DB()
			if err != nil {
				t.Fatal(err)
			}
			pool.SetMaxOpenConns(1)
			done := make(chan error, 64)
			for range cap(done) {
				p := newPayment(t)
				go func() {
					_, err := h.store.Apply(t.Context(), payments.Change{Payment: p, Hook: func(ctx context.Context) error {
						// The store, asked in the hook, works in the hook's transaction, also for another change.
						other := newPayment(t)
						if _, err := h.store.Apply(ctx, payments.Change{Payment: other}); err != nil {
							return err
						}
						_, err := h.store.List(ctx, payments.Filter{Namespace: "test", Limit: 1})
						return err
					}})
					done <- err
				}()
			}
			for range cap(done) {
				if err := <-done; err != nil {
					t.Error(err, errors.Unwrap(err))
				}
			}
		})
	}
}
