package storetest_test

import (
	"context"
	"fmt"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/memory"
	"github.com/trendsic/payments/storage/storetest"
)

// forgetful loses the hook of each change.
type forgetful struct{ payments.Store }

func (f forgetful) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	c.Hook = nil
	return f.Store.Apply(ctx, c)
}

// Verify names each promise that a store breaks.
func ExampleVerify() {
	err := storetest.Verify(context.Background(), storetest.Harness{Store: forgetful{memory.New(nil)}})
	for _, name := range failed(err) { // Each is a *storetest.CheckError in the joined error.
		fmt.Println(name)
	}
	// Output:
	// events-no-late-comer
	// hook-runs
	// hook-fails
	// hook-panics
}
