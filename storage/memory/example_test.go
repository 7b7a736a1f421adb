package memory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/memory"
)

// The store of tests needs nothing. It is checked by the same suite as the one on SQL databases.
func ExampleNew() {
	store := memory.New(nil)
	order, err := payments.ParseOrderID("0198c5a2-7b1e-7000-8000-000000000001")
	if err != nil {
		log.Fatal(err)
	}
	p, err := store.Apply(context.Background(), payments.Change{Payment: payments.Payment{UID: "0198c5a2-7b1e-7000-8000-0000000000aa",
		OrderID: order, Status: payments.StatusCreated, Amount: payments.Money{Amount: 1250, Currency: "USD"}}})
	fmt.Println(p.ID, p.Version, p.Status, err)
	// Output: 1 1 created <nil>
}
