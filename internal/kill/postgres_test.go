package kill

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// noted is a fake gateway that notes the key of each request that can move money.
type noted struct {
	*fake.Gateway
	asked *sent
}

// Unwrap returns the gateway beneath.
func (n noted) Unwrap() payments.Gateway { return n.Gateway }

// Confirm asks for the money.
func (n noted) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	n.asked.add(req.Key)
	return n.Gateway.Confirm(ctx, req)
}

// Capture takes reserved money.
func (n noted) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	n.asked.add(req.Key)
	return n.Gateway.Capture(ctx, req)
}

// Void cancels.
func (n noted) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	n.asked.add(req.Key)
	return n.Gateway.Void(ctx, req)
}

// Refund gives money back.
func (n noted) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	n.asked.add(req.Key)
	return n.Gateway.Refund(ctx, req)
}

// assassin kills a backend of PostgreSQL's in the middle of a transaction: that which writes what the gateway has answered, of
// which the host is being told.
type assassin struct {
	armed atomic.Bool
	done  chan struct{}
}

// onEvent is the host's hook. It is inside the transaction.
func (a *assassin) onEvent(ctx context.Context, _ payments.Event) error {
	if !a.armed.CompareAndSwap(true, false) {
		return nil
	}
	var pid int
	tx, _ := storage.Tx(ctx)
	err := tx.Raw("SELECT pg_backend_pid()").Scan(&pid).Error
	if err == nil && pid > 1 {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		a.armed.Store(true) // the connection was not there any more: it is somebody else's turn
		return err
	}
	a.done <- struct{}{}
	return nil
}

// kill waits until a backend was killed.
func (a *assassin) kill(t *testing.T) {
	t.Helper()
	a.armed.Store(true)
	select {
	case <-a.done:
	case <-time.After(patience):
		t.Fatal("nothing is written: the clients hang")
	}
}

// serveOn makes the shop over a database and the fake.
func serveOn(t *testing.T, db *gorm.DB, gw *fake.Gateway, c *clock, asked *sent, o payments.Options) *shop {
	t.Helper()
	store, err := storage.New(db, &storage.Options{Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	o.Clock = c
	s, err := newShop(store, noted{gw, asked}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDatabaseStopped stops PostgreSQL as a loss of power would, and kills a backend with -9 in the middle of a transaction, by turns,
// while 32 clients pay. What was committed before a request went out is there after every crash (I9), and I1 to I4 hold.
func TestDatabaseStopped(t *testing.T) {
	t.Parallel()
	if !*full {
		t.Skip("-kill is not given: it starts a PostgreSQL of its own")
	}
	begun := time.Now()
	pg := newCluster(t)
	db := open(t, pg.dir)
	if err := storage.Migrate(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	c, asked := &clock{}, &sent{}
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: c.Now, Seed: *seed})
	if err != nil {
		t.Fatal(err)
	}
	killer := &assassin{done: make(chan struct{}, 1)}
	s := serveOn(t, db, gw, c, asked, payments.Options{OnEvent: killer.onEvent, WaitTimeout: 500 * time.Millisecond, GatewayTimeout: 5 * time.Second,
		RequestTimeout: 10 * time.Second})
	y := &tally{declined: map[int]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() {
		s.load(ctx, *seed, y.base, y.told)
	})
	rng, stops := rand.New(rand.NewPCG(*seed, 5)), max(2, figure(20))
	for n := range stops {
		y.wait(t, 50)
		if n%2 == 0 {
			time.Sleep(time.Duration(rng.Int64N(int64(20 * time.Millisecond)))) // the moment of the stop is any
			pg.stop(t)
			y.wait(t, clients) // calls run while it is down
			pg.start(t)
		} else {
			killer.kill(t)
		}
		waitReady(t, db)
		c.advance(time.Minute) // the leases of calls that were cut are over
	}
	y.wait(t, 50)
	stop()
	work.Wait()
	answers, unknown, _ := y.seen()
	s = serveOn(t, db, gw, c, asked, payments.Options{WaitTimeout: patience})
	f := settle(t, s, c, answers/answersAnOrder, gw, asked)
	for n, op := range y.declined {
		if !f.declinedAtBank[n] {
			t.Errorf("I11: %s of order %d was answered as declined, and no bank declined it", op, n)
		}
	}
	t.Logf("%d stops (seed %d) in %v: %d answers, %d of them unknown; %v", stops, *seed, time.Since(begun).Round(time.Second), answers, unknown, f)
	matrix.Count(t, "A5", stops)
}
