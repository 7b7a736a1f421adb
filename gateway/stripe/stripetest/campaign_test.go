package stripetest_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// payStubbornly pays an order as a careful caller does: in two steps, with keys of its own, and again with the same keys until
// there is an answer that decides. A saved 500 is followed by a read of the intent.
func payStubbornly(b *bundle, order string) error {
	create := newIntent(order, "pm_card_visa")
	create.SetIdempotencyKey(order + ":create")
	var in *stripe.PaymentIntent
	for try := 0; in == nil; try++ {
		made, err := b.api.PaymentIntents.New(create)
		var e *stripe.Error
		switch {
		case err == nil:
			in = made
		case try > 200:
			return err
		case errors.As(err, &e) && e.HTTPStatusCode == http.StatusInternalServerError:
			// The 500 may be saved under the key; making another intent moves no money.
			create.SetIdempotencyKey(fmt.Sprintf("%s:create:%d", order, try))
		}
	}
	for try := 0; ; try++ {
		p := &stripe.PaymentIntentConfirmParams{}
		p.SetIdempotencyKey(fmt.Sprintf("%s:confirm:%d", order, try))
		if got, err := b.api.PaymentIntents.Confirm(in.ID, p); err == nil && got.Status == stripe.PaymentIntentStatusSucceeded {
			return nil
		} else if try > 200 {
			return err
		}
		if got, err := b.api.PaymentIntents.Get(in.ID, nil); err == nil && got.Status == stripe.PaymentIntentStatusSucceeded {
			return nil
		}
	}
}

// TestRandomFaults shows that a careful caller charges each order once whatever goes wrong, by the emulator's own ledger, which
// another emulator then reads from the state file.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	o := stripetest.Options{Seed: 7, StateFile: filepath.Join(t.TempDir(), "state"), LateAfter: 5}
	b := setup(t, o)
	if err := b.RandomFaults("*", 30); err != nil {
		t.Fatal(err)
	}
	const clients, orders = 8, 25
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := range orders {
				if err := payStubbornly(b, fmt.Sprintf("order-%d-%d", c, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ClearFaults()
	b.DeliverLate(ctx)
	check := func(b *bundle) {
		t.Helper()
		paid := 0
		for order, entry := range b.Ledger() {
			if order != "" && entry.Charges == 1 && entry.Captured == 1999 {
				paid++
			}
		}
		if paid != clients*orders || len(b.DoubleCharged()) != 0 || b.KeyClashes() != 0 {
			t.Errorf("%d orders are paid once, %v twice; %d keys clash", paid, b.DoubleCharged(), b.KeyClashes())
		}
	}
	check(b)
	check(reopen(t, b, o))
}

// BenchmarkConfirm is a payment in two steps, in process.
func BenchmarkConfirm(bench *testing.B) {
	s, err := stripetest.New(stripetest.Options{})
	if err != nil {
		bench.Fatal(err)
	}
	api := newAPI(s)
	for n := 0; bench.Loop(); n++ {
		in, err := api.PaymentIntents.New(newIntent(fmt.Sprint(n), "pm_card_visa"))
		if err != nil {
			bench.Fatal(err)
		}
		if _, err := api.PaymentIntents.Confirm(in.ID, nil); err != nil {
			bench.Fatal(err)
		}
	}
}
