package storage_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
)

// uid returns a new random reference.
func uid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// there reports whether the payment is stored.
func there(t *testing.T, s payments.Store, uid string) bool {
	t.Helper()
	_, err := s.Find(context.Background(), payments.Query{Namespace: "test", UID: uid})
	if err != nil && !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Fatal(err, errors.Unwrap(err))
	}
	return err == nil
}

func TestWithTx(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		for name, config := range map[string]gorm.Config{"plain": {}, "prepared": {PrepareStmt: true}} {
			t.Run(s.name+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newHost(t, s, config, "")
				for _, commits := range []bool{false, true} {
					testWithTx(t, h, commits)
				}
			})
		}
	}
}

// testWithTx writes two payments in a transaction of the host's that commits or not; a conflict and a failing hook between
// them leave the transaction usable.
func testWithTx(t *testing.T, h host, commits bool) {
	t.Helper()
	first, second, failing := newPayment(t), newPayment(t), newPayment(t)
	second.OrderID = first.OrderID
	no := errors.New("no")
	err := h.db.Transaction(func(tx *gorm.DB) error {
		store := h.store.WithTx(tx)
		if !store.InTransaction() || h.store.InTransaction() {
			t.Error("InTransaction is not right")
		}
		if err := tx.Create(&hostOrder{ID: 5, Paid: true}).Error; err != nil {
			return err
		}
		stored, err := store.Apply(t.Context(), payments.Change{Payment: first})
		if err != nil {
			return err
		}
		if _, err := store.Apply(t.Context(), payments.Change{Payment: second}); !errors.Is(err, payments.ErrStale) {
			t.Errorf("a second live payment in a transaction: %v", err)
		}
		_, err = store.Apply(t.Context(), payments.Change{Payment: failing, Hook: func(ctx context.Context) error {
			tx, _ := storage.Tx(ctx)
			tx.Create(&hostOrder{ID: 6, Paid: true})
			return no
		}})
		if !errors.Is(err, payments.ErrHook) {
			t.Errorf("a failing hook in a transaction: %v", err)
		}
		stored.Live = false
		if _, err = store.Apply(t.Context(), payments.Change{Payment: stored}); err != nil {
			return err
		}
		if _, err = store.Apply(t.Context(), payments.Change{Payment: second}); err != nil {
			return err
		}
		if list, err := store.List(t.Context(), payments.Filter{Namespace: "test", OrderIDs: []payments.OrderID{first.OrderID}, Limit: 9}); err != nil || len(list) != 2 {
			t.Errorf("the transaction sees %d payments: %v", len(list), err)
		}
		if !commits {
			return no
		}
		return nil
	})
	if commits != (err == nil) {
		t.Fatal(err, errors.Unwrap(err))
	}
	if there(t, h.store, first.UID) != commits || there(t, h.store, second.UID) != commits || there(t, h.store, failing.UID) {
		t.Error("what is stored is not what was committed")
	}
	if n := h.paid(t); n != map[bool]int64{true: 1}[commits] {
		t.Errorf("%d orders are paid", n)
	}
}

func TestWithTxNested(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, s, gorm.Config{}, "")
			outer, inner := newPayment(t), newPayment(t)
			err := h.db.Transaction(func(tx *gorm.DB) error {
				_, err := h.store.WithTx(tx).Apply(t.Context(), payments.Change{Payment: outer, Hook: func(ctx context.Context) error {
					tx, _ := storage.Tx(ctx)
					if _, err := h.store.WithTx(tx).Apply(ctx, payments.Change{Payment: inner}); err != nil {
						return err
					}
					return errors.New("no")
				}})
				if !errors.Is(err, payments.ErrHook) {
					t.Errorf("Apply answered %v", err)
				}
				return nil
			})
			if err != nil || there(t, h.store, outer.UID) || there(t, h.store, inner.UID) {
				t.Errorf("the outer change was not undone: %v", err)
			}
		})
	}
}

func TestWithTxRefuses(t *testing.T) {
	t.Parallel()
	h := newHost(t, servers(t)[0], gorm.Config{}, "")
	for name, db := range map[string]*gorm.DB{"nil": nil, "no transaction": h.db, "DryRun": h.db.Session(&gorm.Session{DryRun: true})} {
		store := h.store.WithTx(db)
		if !store.InTransaction() {
			t.Errorf("%s: a store that cannot be used must not let the gateway be called", name)
		}
		_, err := store.Apply(t.Context(), payments.Change{Payment: newPayment(t)})
		if err == nil {
			t.Errorf("%s: Apply works", name)
		}
		if _, err := store.Find(t.Context(), payments.Query{Namespace: "test", UID: uid()}); err == nil || errors.Is(err, payments.ErrPaymentNotFound) {
			t.Errorf("%s: Find answered %v", name, err)
		}
		if _, err := store.Lease(t.Context(), payments.LeaseRequest{UID: "x", Owner: "a", For: 1}); err == nil {
			t.Errorf("%s: Lease works", name)
		}
	}
}

func TestNewInTransaction(t *testing.T) {
	t.Parallel()
	h := newHost(t, servers(t)[0], gorm.Config{}, "")
	tx := h.db.Begin()
	defer tx.Rollback()
	store, err := storage.New(tx, nil)
	if err != nil || !store.InTransaction() {
		t.Errorf("a store on a transaction is not bound to it: %v", err)
	}
	if err := storage.Migrate(t.Context(), tx, nil); !errors.Is(err, payments.ErrInTransaction) {
		t.Errorf("Migrate in a transaction answered %v", err)
	}
}
