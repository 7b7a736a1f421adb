package crash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

// onDisk is a flow's world over a SQLite file, in this process.
type onDisk struct {
	*world
	db *gorm.DB
}

// inFolder opens the file of a folder, with a gateway that lives as long as the test, or in a file.
func inFolder(dir, name string, gw *fake.Gateway, clock *clocktest.Clock, step invariant.Step) (*onDisk, error) {
	// No real time is waited for: what the driver does not wait for, the store tries again, and its pauses are the bubble's.
	db, err := sqlite.Open(filepath.Join(dir, "payments.db"), &sqlite.Options{BusyTimeout: time.Microsecond, Config: &gorm.Config{Logger: logger.Discard}})
	if err != nil {
		return nil, err
	}
	o := &onDisk{db: db}
	store, err := storage.New(db, &storage.Options{Clock: clock.Now, AllowUnsafeSQLite: true})
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.world = &world{gw: gw, clock: clock, watch: invariant.Watch(store), guard: invariant.Guard(gw, store, "")}
	if err := o.serve(flows[name], clock, step); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func (o *onDisk) close() error {
	pool, err := o.db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// whole fails unless the file is whole and every promise is kept, once the trouble is over.
func (o *onDisk) whole(ctx context.Context, name string) error {
	var said string
	if err := o.db.Raw("PRAGMA integrity_check").Scan(&said).Error; err != nil || said != "ok" {
		return errors.Join(err, errors.New("the file is not whole: "+said))
	}
	if err := o.recover(ctx, flows[name]); err != nil {
		return errors.Join(err, errors.Unwrap(err))
	}
	found, err := o.check(ctx)
	if len(found) > 0 {
		err = errors.Join(err, errBroken, errors.New(found[0].String()))
	}
	return err
}

// folder makes a folder with an empty shop in it.
func (l *lab) folder(t *testing.T, under string) string {
	t.Helper()
	dir := filepath.Join(under, strconv.FormatInt(l.next.Add(1), 10))
	empty, err := os.ReadFile(l.template)
	if err = errors.Join(err, os.Mkdir(dir, 0o700)); err == nil {
		err = os.WriteFile(filepath.Join(dir, "payments.db"), empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func newFake(clock *clocktest.Clock, file string) (*fake.Gateway, error) {
	return fake.New(fake.Options{AllowFake: true, Clock: clock.Now, Seed: 7, WebhookSecret: "crash", StateFile: file})
}

// refusedEnv tells the child to pay over the file of a folder that it may not write, and nothing else.
const refusedEnv = "PAYMENTS_CRASH_REFUSED"

// quiet is a step that does nothing.
func quiet(context.Context, string, bool, error) error { return nil }

// payOver opens the file of a folder and pays; it tells how that was answered, and how many charges the gateway has then.
func payOver(ctx context.Context, dir string) (answer error, charges int, err error) {
	clock := clocktest.New(begin)
	gw, err := newFake(clock, "")
	if err != nil {
		return nil, 0, err
	}
	o, answer := inFolder(dir, "pay", gw, clock, quiet)
	if answer == nil {
		_, answer = o.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
		err = o.close()
	}
	return answer, len(gw.Charges()), err
}

// refusedChild is payOver in a process of its own.
func refusedChild(dir string, out io.Writer) error {
	answer, charges, err := payOver(context.Background(), dir)
	_, _ = fmt.Fprintf(out, "answer %v; charges %d\n", answer, charges)
	return err
}

// forEver is longer than anybody waits.
const forEver = 1000 * time.Hour

// locked is one cell of E2: another connection locks the file before a call of the store's, and lets go after a while.
type locked struct {
	flow  string
	at    int
	hold  time.Duration
	calls int // of the store, so far
	whole int // of the flow
	told  int // calls that were told that the file is locked
	wrong []error

	free  sync.Once
	other *sql.Conn
}

// step locks at the call, and looks at what the store's calls answer meanwhile.
func (c *locked) step(ctx context.Context, call string, after bool, err error) error {
	switch {
	case gatewayCalls[call]:
	case after:
		var said *payments.Error
		if errors.Is(err, payments.ErrUnavailable) {
			c.told++
		}
		ok := err == nil || errors.Is(err, payments.ErrUnavailable) || errors.Is(err, payments.ErrPaymentNotFound) || errors.Is(err, payments.ErrStale)
		if !ok || err != nil && !errors.As(err, &said) {
			c.wrong = append(c.wrong, err)
		}
	default:
		if c.calls++; c.calls == c.at {
			if _, err := c.other.ExecContext(context.WithoutCancel(ctx), "BEGIN EXCLUSIVE"); err != nil {
				c.wrong = append(c.wrong, err)
			}
			time.AfterFunc(c.hold, c.release)
		}
	}
	return nil
}

// release lets go.
func (c *locked) release() {
	c.free.Do(func() {
		if _, err := c.other.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			c.wrong = append(c.wrong, err)
		}
	})
}

// run runs the flow under the lock, and returns what is wrong in the end.
func (c *locked) run(ctx context.Context, dir string) (err error) {
	clock := clocktest.New(begin)
	gw, err := newFake(clock, "")
	if err != nil {
		return err
	}
	o, err := inFolder(dir, c.flow, gw, clock, c.step)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	pool, err := o.db.DB()
	if err != nil {
		return err
	}
	if c.other, err = pool.Conn(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.other.Close()) }()
	if c.flow == "pay" {
		c.answer(ctx, o)
	} else {
		flows[c.flow].run(ctx, o.world)
	}
	c.whole = c.calls
	if c.at > 0 && c.hold == forEver {
		_, _ = o.Reconcile(ctx) // it finds a locked file too
		c.release()
	} else if c.at > 0 {
		time.Sleep(c.hold)
		synctest.Wait()
	}
	return errors.Join(errors.Join(c.wrong...), o.whole(ctx, c.flow))
}

// answer pays, and holds what the payer is told: that nothing was charged only where nothing was, and nothing amiss of a short lock.
func (c *locked) answer(ctx context.Context, o *onDisk) {
	_, err := o.Pay(ctx, payments.PayRequest{OrderID: orderID, Source: payments.Source{Token: payments.NewToken("tok_visa")},
		Idempotency: payments.Idempotency{Key: "k", Principal: "caller"}})
	switch {
	case err == nil, errors.Is(err, payments.ErrUnknown) && c.hold > time.Second:
	case errors.Is(err, payments.ErrUnavailable) && c.hold > time.Second && len(o.gw.Charges()) == 0:
	default:
		c.wrong = append(c.wrong, errors.Join(errors.New("the payer was answered"), err))
	}
}

// TestLockedFile is row E2: another connection holds SQLite's write lock for 1 s, for 10 s and for ever, from each call of the store
// on, in eight flows. A second is waited for; for what is longer the caller is told, nothing is charged without a row, and nothing is
// wrong in the end. All waiting is the bubble's.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it needs minutes under the race detector; CI runs it without")
	}
	l, cells, told := newLab(t), 0, 0
	for _, name := range []string{"pay", "declined", "3ds", "payer confirms", "capture", "void", "refund", "webhook"} {
		bounds := &locked{flow: name}
		synctest.Test(t, func(t *testing.T) {
			if err := bounds.run(t.Context(), l.folder(t, l.root)); err != nil {
				t.Fatal(err)
			}
		})
		for at := 1; at <= bounds.whole; at++ {
			for i, hold := range []time.Duration{time.Second, 10 * time.Second, forEver} {
				if !matrix.Full() && (at+i)%5 != 0 {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					c := &locked{flow: name, at: at, hold: hold}
					if err := c.run(t.Context(), l.folder(t, l.root)); err != nil {
						t.Errorf("%s locked at call %d for %v: %v", name, at, hold, err)
					}
					if c.told > 0 {
						told++
					}
				})
				cells++
			}
		}
	}
	if t.Logf("%d cells, in %d of them the store gave up", cells, told); told < cells/4 {
		t.Error("hardly anybody met the lock: the test tests nothing")
	}
	matrix.Count(t, "E2", cells)
}
