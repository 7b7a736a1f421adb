package databases

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// clients is how many pay at once over one connection.
const clients = 64

// TestOneConnection is row E7: the module, the host's hook and the host's orders share a pool of one connection. Whoever holds it while
// it asks for another, or while the gateway is called, waits for itself for ever.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			w := newWorld(t, p, "", 1, 1, patient())
			// Alone, nobody waits for anybody else: the first answer is final.
			if err := onOneConnection(ctx, w, func(err error) bool { return false }); err != nil {
				t.Fatalf("alone: %v", err)
			}
			var wg sync.WaitGroup
			for range clients {
				wg.Go(func() {
					if err := onOneConnection(ctx, w, later); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			w.settle()
			matrix.Count(t, "E7", clients)
		})
	}
}

// onOneConnection pays an order, reads it, and gives a part of it back; it comes again while more says so.
func onOneConnection(ctx context.Context, w *world, more func(error) bool) error {
	s, id := w.services[0], w.newOrder()
	for _, do := range []func() error{
		func() error {
			_, err := s.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("tok_visa")},
				Idempotency: payments.Idempotency{Key: id.String(), Principal: "caller"}})
			return err
		},
		func() error {
			_, err := s.Complete(ctx, payments.CompleteRequest{OrderID: id})
			return err
		},
		func() error {
			_, err := s.Refund(ctx, payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: id.String(), Amount: payments.Money{Amount: 300, Currency: "USD"}})
			return err
		},
		func() error {
			return errors.Join(w.deliver(ctx, s)...)
		},
	} {
		err := do()
		for more(err) && ctx.Err() == nil {
			err = do()
		}
		if err != nil {
			return errors.Join(err, errors.Unwrap(err))
		}
	}
	return nil
}

// TestInsideTheHostsTransaction is the rest of row E6, rule I14 over each database: what would call the gateway inside an open transaction
// of the host's is refused, and the transaction stays usable; a payment begins and is read there.
func TestInsideTheHostsTransaction(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p, "", 1, 2, patient())
			id := w.newOrder()
			order, err := w.order(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			err = w.dbs[0].WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
				s := w.services[0].WithStore(w.stores[0].WithTx(tx))
				for name, err := range callsOf(t.Context(), s, id) {
					if !errors.Is(err, payments.ErrInTransaction) {
						t.Errorf("%s inside a transaction answers %v", name, err)
					}
				}
				if _, err := s.Begin(t.Context(), payments.BeginRequest{Order: order}); err != nil {
					return err
				}
				_, err := s.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id})
				return err
			})
			if err != nil || len(w.gw.Charges()) != 0 {
				t.Errorf("the transaction ends with %v, and the gateway has %+v", err, w.gw.Charges())
			}
			if err := onOneConnection(t.Context(), w, later); err != nil {
				t.Errorf("after it: %v", err)
			}
			matrix.Count(t, "E6", 1)
		})
	}
}

// callsOf makes every call that may reach the gateway, and returns its error.
func callsOf(ctx context.Context, s *payments.Service, id payments.OrderID) map[string]error {
	target, errs := payments.Target{OrderID: id}, map[string]error{}
	_, errs["Pay"] = s.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	_, errs["Complete"] = s.Complete(ctx, payments.CompleteRequest{OrderID: id})
	_, errs["Capture"] = s.Capture(ctx, payments.CaptureCommand{Target: target})
	_, errs["Void"] = s.Void(ctx, payments.VoidCommand{Target: target})
	_, errs["Refund"] = s.Refund(ctx, payments.RefundCommand{Target: target, Key: "k"})
	_, errs["Reconcile"] = s.Reconcile(ctx)
	errs["Webhook"] = s.Webhook(ctx, nil, nil)
	return errs
}
