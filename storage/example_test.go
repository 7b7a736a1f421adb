package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

// shop opens a new SQLite file with the module's tables in it.
func shop() (*gorm.DB, *storage.Store, func()) {
	folder, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(folder, "shop.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := storage.Migrate(context.Background(), db, nil); err != nil {
		log.Fatal(err)
	}
	store, err := storage.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}
	return db, store, func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
		_ = os.RemoveAll(folder)
	}
}

// begun is a payment as the Service begins it.
func begun() payments.Payment {
	order, err := payments.ParseOrderID("0198c5a2-7b1e-7000-8000-000000000001")
	if err != nil {
		log.Fatal(err)
	}
	return payments.Payment{UID: "0198c5a2-7b1e-7000-8000-0000000000aa", OrderID: order, Gateway: "fake", Live: true,
		Status: payments.StatusCreated, Amount: payments.Money{Amount: 1250, Currency: "USD"}}
}

// Open the embedded database, make the tables, and use the store.
func Example() {
	folder, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	ctx := context.Background()

	db, err := sqlite.Open(filepath.Join(folder, "shop.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if err := storage.Migrate(ctx, db, nil); err != nil { // Once, when you deploy; repeating it does nothing.
		log.Fatal(err)
	}
	store, err := storage.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}

	p, err := store.Apply(ctx, payments.Change{Payment: begun()})
	fmt.Println(p.ID, p.Version, p.Amount, err)
	// Output: 1 1 12.50 USD <nil>
}

// A second live payment of one order is refused by the database itself.
func ExampleStore_Apply() {
	_, store, closeShop := shop()
	defer closeShop()
	ctx := context.Background()

	first, second := begun(), begun()
	second.UID = "0198c5a2-7b1e-7000-8000-0000000000bb"
	_, err := store.Apply(ctx, payments.Change{Payment: first})
	fmt.Println(err)
	_, err = store.Apply(ctx, payments.Change{Payment: second})
	fmt.Println(errors.Is(err, payments.ErrStale))
	// Output:
	// <nil>
	// true
}

// What a hook writes on Tx commits with the change, or not at all.
func ExampleTx() {
	db, store, closeShop := shop()
	defer closeShop()
	type Order struct {
		ID   int64
		Paid bool
	}
	if err := db.AutoMigrate(&Order{}); err != nil {
		log.Fatal(err)
	}
	db.Create(&Order{ID: 7})

	_, err := store.Apply(context.Background(), payments.Change{Payment: begun(), Hook: func(ctx context.Context) error {
		tx, _ := storage.Tx(ctx)
		if err := tx.Model(&Order{}).Where("id = ?", 7).Update("paid", true).Error; err != nil {
			return err
		}
		fmt.Println("a hook cannot commit:", tx.Commit().Error != nil)
		return errors.New("the stock is gone")
	}})
	fmt.Println(errors.Is(err, payments.ErrHook))
	var order Order
	db.First(&order, 7)
	fmt.Println("paid:", order.Paid)
	// Output:
	// a hook cannot commit: true
	// true
	// paid: false
}

// The host's own transaction holds the payment and whatever else the host writes.
func ExampleStore_WithTx() {
	db, store, closeShop := shop()
	defer closeShop()
	ctx := context.Background()

	err := db.Transaction(func(tx *gorm.DB) error {
		bound := store.WithTx(tx)
		fmt.Println("in a transaction:", bound.InTransaction())
		if _, err := bound.Apply(ctx, payments.Change{Payment: begun()}); err != nil {
			return err
		}
		return errors.New("the host changed its mind")
	})
	fmt.Println(err)
	_, err = store.Find(ctx, payments.Query{UID: begun().UID})
	fmt.Println(errors.Is(err, payments.ErrPaymentNotFound))
	// Output:
	// in a transaction: true
	// the host changed its mind
	// true
}

// The same tables, for a DBA.
func ExampleSQL() {
	script, err := storage.SQL(storage.PostgreSQL, "billing_")
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "CREATE TABLE") {
			fmt.Print(line)
		}
	}
	// Output:
	// CREATE TABLE billing_schema_version (
	// CREATE TABLE billing_payments (
	// CREATE TABLE billing_transactions (
	// CREATE TABLE billing_refunds (
	// CREATE TABLE billing_keys (
	// CREATE TABLE billing_events (
	// CREATE TABLE billing_breaks (
	// CREATE TABLE billing_inbox (
}

// Two workers never hold one payment.
func ExampleStore_Lease() {
	_, store, closeShop := shop()
	defer closeShop()
	ctx := context.Background()
	p := begun()
	p.DueAt = time.Now().Add(-time.Minute)
	if _, err := store.Apply(ctx, payments.Change{Payment: p}); err != nil {
		log.Fatal(err)
	}
	for _, owner := range []string{"one", "two"} {
		work, err := store.Lease(ctx, payments.LeaseRequest{DueBefore: time.Now(), Owner: owner, For: time.Minute, Limit: 10})
		fmt.Println(owner, len(work), err)
	}
	// Output:
	// one 1 <nil>
	// two 0 <nil>
}
