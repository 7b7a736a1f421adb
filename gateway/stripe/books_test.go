package stripe_test

import (
	"slices"
	"strings"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/invariant"
)

// books are the emulator's, in the form that the invariants are checked on.
type books struct{ *stripetest.Server }

var _ invariant.Books = books{}

// Charges lists every try to take money.
func (b books) Charges() []fake.Charge {
	var list []fake.Charge
	for _, ch := range b.Server.Charges() {
		order, _ := payments.ParseOrderID(ch.Order)
		item := fake.Charge{ID: ch.ID, Reference: ch.Intent, OrderID: order, PaymentUID: ch.Metadata["payment_uid"], Invoice: ch.Invoice,
			Status: fake.ChargeStatus(ch.Status), Captured: ch.Captured, Refunded: ch.Refunded,
			Amount: payments.Money{Amount: ch.Amount, Currency: payments.Currency(strings.ToUpper(ch.Currency))}}
		for _, r := range ch.Refunds {
			if r.Status != "failed" && r.Status != "canceled" {
				item.RefundUIDs = append(item.RefundUIDs, r.Metadata["refund_uid"])
			}
		}
		list = append(list, item)
	}
	return list
}

// hold fails for each of I1 to I6 and I8 that is broken, now that the faults are over and Reconcile had its time.
func (w *world) hold() {
	w.t.Helper()
	found, err := invariant.Check(w.t.Context(), w, books{w.server}, invariant.Settled)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, v := range append(found, w.watch.Violations()...) {
		w.t.Error(v)
	}
}

// confirmed lists the objects that were asked for money, by the paths of their requests.
func (w *world) confirmed() []string {
	var paths []string
	for _, r := range w.server.Requests() {
		if r.Op == "payment_intents.confirm" && !slices.Contains(paths, r.Path) {
			paths = append(paths, r.Path)
		}
	}
	return paths
}
