package crash

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

// getsBudget is how often the gateway may be asked for one payment in three days of an outage: at once, after 5 s, 30 s, 5 min, 1 h
// and each day, in each look for two rounds, each by its id and by our own reference.
const getsBudget = 36

// TestSchedule ends an outage in each gap of the schedule, on a SQLite file, for three days in all: the gateway is
// asked seldom, and a quarter of an hour after its first answer to anybody nothing is in doubt.
func TestSchedule(t *testing.T) {
	t.Parallel()
	const days = 72 * time.Hour
	for _, outage := range []time.Duration{2 * time.Second, 20 * time.Second, 3 * time.Minute, 30 * time.Minute, 12 * time.Hour, 36 * time.Hour, days} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			w, gets := scheduled(t)
			w.fault(t, fake.OpConfirm, fake.FaultDropAfter, 1)
			w.fault(t, fake.OpFetch, fake.FaultDropBefore, -1)
			if p := pay(t.Context(), w, "k", "tok_visa").Payment; p.Status != payments.StatusUnknown {
				t.Fatalf("the payment is %v", p.Status)
			}
			begun := w.clock.Now()
			reconcileUntil(t, w, begun.Add(outage), 10*time.Minute)
			w.gw.ClearFaults()
			if _, err := w.Audit(t.Context(), begun, begun); err != nil { // somebody's call, which is answered
				t.Fatal(err)
			}
			end := w.clock.Now()
			reconcileUntil(t, w, end.Add(15*time.Minute), time.Minute)
			rec, err := w.Find(t.Context(), target)
			if err != nil || rec.Payment.Status != payments.StatusPaid {
				t.Errorf("a quarter of an hour after the outage the payment is %v, %v", rec.Payment.Status, err)
			}
			reconcileUntil(t, w, begun.Add(days), 10*time.Minute)
			if *gets > getsBudget {
				t.Errorf("the gateway was asked %d times in three days", *gets)
			}
			if found, err := w.check(t.Context()); len(found) > 0 || err != nil {
				t.Errorf("broken: %v, %v", found, err)
			}
		})
	}
	matrix.Count(t, "F1", int(days/time.Hour))
}

func (w *world) fault(t *testing.T, op fake.Operation, f fake.Fault, times int) {
	t.Helper()
	if err := w.gw.Fault(op, f, times); err != nil {
		t.Fatal(err)
	}
}

func reconcileUntil(t *testing.T, w *world, end time.Time, every time.Duration) {
	t.Helper()
	for ; w.clock.Now().Before(end); w.clock.Advance(every) {
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// scheduled returns a world on a SQLite file, and the number of fetches so far.
func scheduled(t *testing.T) (*world, *int) {
	t.Helper()
	clock := clocktest.New(begin)
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "payments.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	if err := storage.Migrate(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(db, &storage.Options{Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: clock.Now, Seed: 7, WebhookSecret: "crash"})
	if err != nil {
		t.Fatal(err)
	}
	gets := 0
	w := &world{gw: gw, clock: clock, watch: invariant.Watch(store), guard: invariant.Guard(gw, store, "")}
	err = w.serve(flows["pay"], clock, func(_ context.Context, call string, after bool, _ error) error {
		if call == "fetch" && after {
			gets++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, &gets
}
