package storage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
)

// outbox is a store with a gap among the events that will never be filled, and one event after it.
type outbox struct {
	store *storage.Store
	// reader is another process's store, with a pool of one connection.
	reader *storage.Store
	pool   *gorm.DB
	gap    error
}

func newOutbox(t *testing.T, s server) outbox {
	t.Helper()
	db, one := s.open(t, nil, ""), s.open(t, nil, "")
	store, p := migrated(t, db, storage.Options{})
	pool, err := one.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	reader, err := storage.New(one, &storage.Options{TablePrefix: p})
	if err != nil {
		t.Fatal(err)
	}
	o := outbox{store: store, reader: reader, pool: one, gap: errors.New("a gap")}
	if err := o.write(t, func(context.Context) error { return o.gap }); !errors.Is(err, o.gap) {
		t.Fatal(err)
	}
	if err := o.write(t, nil); err != nil {
		t.Fatal(err)
	}
	return o
}

// write writes a payment with one event.
func (o outbox) write(t *testing.T, hook func(context.Context) error) error {
	p := newPayment(t)
	_, err := o.store.Apply(t.Context(), payments.Change{Payment: p, Hook: hook,
		Events: []payments.Event{{UID: uid(), Namespace: "test", Type: "payment.paid", PaymentUID: p.UID, OrderID: p.OrderID}}})
	return err
}

// restored ends the test when the reader's connection does not wait for locks as it did.
func (o outbox) restored(t *testing.T) {
	t.Helper()
	query := "SELECT @@SESSION.innodb_lock_wait_timeout = @@GLOBAL.innodb_lock_wait_timeout"
	if o.pool.Name() == storage.PostgreSQL {
		query = "SELECT CASE WHEN current_setting('lock_timeout') = '0' THEN 1 ELSE 0 END"
	}
	var same int
	if err := o.pool.Raw(query).Scan(&same).Error; err != nil || same != 1 {
		t.Errorf("the connection's setting is not as it was: %v", err)
	}
}

// gated are the databases whose readers need the gate.
func gated(t *testing.T) (list []server) {
	t.Helper()
	for _, s := range servers(t) {
		if s.name != storage.SQLite {
			list = append(list, s)
		}
	}
	return list
}

// Under a load that never lets the gate be empty, a reader has its turn all the same, and no writer fails for it.
func TestEventsUnderSteadyLoad(t *testing.T) {
	t.Parallel()
	for _, s := range gated(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t, s)
			const writers = 12
			slow := "SELECT SLEEP(0.1)"
			if s.name == storage.PostgreSQL {
				slow = "SELECT pg_sleep(0.1)"
			}
			var wg, inside sync.WaitGroup
			inside.Add(writers)
			over := make(chan struct{})
			for range writers {
				entered := sync.OnceFunc(inside.Done)
				wg.Go(func() {
					for {
						err := o.write(t, func(ctx context.Context) error {
							entered()
							tx, _ := storage.Tx(ctx)
							return tx.Exec(slow).Error
						})
						if err != nil {
							t.Errorf("a writer's Apply answered %v: %v", err, errors.Unwrap(err))
						}
						select {
						case <-over:
							return
						default:
						}
					}
				})
			}
			inside.Wait()
			// The first call does, but on a machine where commits take a second.
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			defer cancel()
			for {
				list, err := o.reader.Events(ctx, "test", 0, 1)
				if err != nil || len(list) == 1 {
					if err != nil {
						t.Errorf("the reader is shown nothing: %v", err)
					}
					break
				}
			}
			close(over)
			wg.Wait()
			o.restored(t)
		})
	}
}

// A writer in the gate may wait for a row of one who is about to enter it, and now stands behind the reader: it is the reader who
// gives way.
func TestEventsReaderGivesWay(t *testing.T) {
	t.Parallel()
	for _, s := range gated(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t, s)
			h := newHost(t, s, gorm.Config{}, "")
			h.db.Create(&hostOrder{ID: 1})
			o.store = h.store
			reader, err := storage.New(o.pool, &storage.Options{TablePrefix: h.tables})
			if err != nil {
				t.Fatal(err)
			}
			if err := o.write(t, func(context.Context) error { return o.gap }); !errors.Is(err, o.gap) {
				t.Fatal(err)
			}
			if err := o.write(t, nil); err != nil {
				t.Fatal(err)
			}
			theirs := h.db.Begin()
			theirs.Model(&hostOrder{ID: 1}).Update("paid", true)
			var wg sync.WaitGroup
			entered, queued := make(chan bool), make(chan bool)
			once := sync.OnceFunc(func() { close(entered) })
			wg.Go(func() {
				if err := o.write(t, func(ctx context.Context) error {
					once()
					<-queued
					tx, _ := storage.Tx(ctx)
					return tx.Model(&hostOrder{ID: 1}).Update("paid", false).Error
				}); err != nil {
					t.Errorf("who stands in the gate: %v: %v", err, errors.Unwrap(err))
				}
			})
			<-entered
			wg.Go(func() {
				if _, err := reader.Events(t.Context(), "test", 0, 9); err != nil {
					t.Errorf("the reader: %v: %v", err, errors.Unwrap(err))
				}
			})
			query := "SELECT COUNT(*) FROM information_schema.processlist WHERE info = ?"
			if s.name == storage.PostgreSQL {
				query = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query = ?"
			}
			for n := 0; n == 0 && t.Context().Err() == nil; {
				h.db.Raw(query, storage.QueueText(h.store)).Scan(&n)
			}
			close(queued)
			p := newPayment(t)
			if _, err := h.store.WithTx(theirs).Apply(t.Context(), payments.Change{Payment: p,
				Events: []payments.Event{{UID: uid(), Namespace: "test", Type: "payment.paid", PaymentUID: p.UID, OrderID: p.OrderID}}}); err != nil {
				t.Errorf("who comes to the gate: %v: %v", err, errors.Unwrap(err))
			}
			if err := theirs.Commit().Error; err != nil {
				t.Error(err)
			}
			wg.Wait()
			o.restored(t)
		})
	}
}

// While somebody stays in the gate a reader queues once, for a short while, and then lets the writers alone for some time; and its
// connection is as it was, also when it was told to give up.
func TestEventsBehindALongTransaction(t *testing.T) {
	t.Parallel()
	for _, s := range gated(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t, s)
			entered, leave, done := make(chan bool), make(chan bool), make(chan error)
			go func() {
				done <- o.write(t, func(context.Context) error {
					close(entered)
					<-leave
					return nil
				})
			}()
			<-entered
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if list, err := o.reader.Events(ctx, "test", 0, 9); !errors.Is(err, payments.ErrUnavailable) {
				t.Errorf("a reader who gave up is shown %d events, %v", len(list), err)
			}
			o.restored(t)
			var took []time.Duration
			for range 3 {
				start := time.Now()
				if list, err := o.reader.Events(t.Context(), "test", 0, 9); err != nil || len(list) != 0 {
					t.Errorf("the reader is shown %d events, %v", len(list), err)
				}
				took = append(took, time.Since(start))
			}
			if took[0] < 900*time.Millisecond || took[1] > took[0] || took[2] > took[0] {
				t.Errorf("the reader waited %v", took)
			}
			if err := o.write(t, nil); err != nil {
				t.Error(err)
			}
			o.restored(t)
			close(leave)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if list, err := o.reader.Events(t.Context(), "test", 0, 9); err != nil || len(list) != 3 {
				t.Errorf("the reader is shown %d events after all, %v", len(list), err)
			}
		})
	}
}
