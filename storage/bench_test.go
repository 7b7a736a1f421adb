package storage_test

import (
	"context"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
)

// BenchmarkPayment is what one payment asks of the store: the attempt before the gateway is called, and its outcome with an
// event after it, each durable. "floor" is the same rows and commits by hand on database/sql.
func BenchmarkPayment(b *testing.B) {
	for _, s := range servers(b) {
		for name, config := range map[string]gorm.Config{"": {}, " prepared": {PrepareStmt: true}} {
			store, _ := migrated(b, s.open(b, &config, ""), storage.Options{})
			b.Run(s.name+name+"/one", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := onePayment(b, store); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(s.name+name+"/64", func(b *testing.B) {
				b.SetParallelism(32)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := onePayment(b, store); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// onePayment begins a payment and ends it.
func onePayment(b *testing.B, store *storage.Store) error {
	b.Helper()
	ctx := context.Background()
	now := time.Now()
	p := newPayment(b)
	p.CreatedAt, p.UpdatedAt, p.DueAt = now, now, now.Add(time.Minute)
	t := []payments.Transaction{{UID: uid(), PaymentUID: p.UID, Kind: payments.KindAuthorize, Amount: p.Amount, Sent: true, CreatedAt: now}}
	p, err := store.Apply(ctx, payments.Change{Payment: p, Transactions: t, Lease: time.Minute, LeaseOwner: "bench"})
	if err != nil {
		return err
	}
	p.Status, p.Captured, p.Reference, p.DecidedAt, p.DueAt = payments.StatusPaid, 1250, "pi_1", now, time.Time{}
	t[0].Outcome, t[0].ClosedAt, t[0].Reference = payments.OutcomeApplied, now, "ch_1"
	e := payments.Event{UID: uid(), Namespace: "test", Type: "payment.paid", PaymentUID: p.UID, OrderID: p.OrderID, Status: p.Status, CreatedAt: now}
	_, err = store.Apply(ctx, payments.Change{Payment: p, Transactions: t, Events: []payments.Event{e}})
	return err
}
