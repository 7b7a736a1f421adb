package databases

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// seconds is how long the load lasts, over all databases. The matrix asks for 60, which .ci/run gives.
var seconds = flag.Int("databases.seconds", 6, "how many seconds the load on the databases lasts")

// The load of C6.
const (
	workers   = 64
	slots     = 8  // orders that are worked on at a time
	perOrder  = 40 // operations until a new order takes the place of an old one
	instances = 4
)

// load is one database under load.
type load struct {
	*world
	slots [slots]atomic.Pointer[slot]
	ops   atomic.Int64
	mu    sync.Mutex
	shown []string
}

// slot is an order that is worked on.
type slot struct {
	id     payments.OrderID
	used   atomic.Int64
	mu     sync.Mutex
	secret payments.ClientSecret
}

// TestDeadlocks is row C6: 64 workers do anything to 8 orders, over four instances on one database, while the host locks the rows that
// its hook writes in the other order. What the database asks to do again is done again inside: no caller ever sees it.
func TestDeadlocks(t *testing.T) {
	for _, p := range places(t) { // one after the other: they share the machine
		switch p.name {
		case storage.PostgreSQL:
			t.Run("postgres read committed", func(t *testing.T) { underLoad(t, p, "", *seconds/3) })
			t.Run("postgres serializable", func(t *testing.T) {
				underLoad(t, p, " -c default_transaction_isolation=serializable", *seconds/3)
			})
		default:
			t.Run(p.name, func(t *testing.T) { underLoad(t, p, "", *seconds/6) })
		}
	}
}

// underLoad loads two worlds, each for half of the time: one captures by hand, and one at once.
func underLoad(t *testing.T, p place, more string, length int) {
	t.Helper()
	var whole time.Duration
	for _, manual := range []bool{false, true} {
		opts := payments.Options{ManualCapture: manual, WaitTimeout: 2 * time.Second} // so that nobody waits for long, and the load goes on
		l := &load{world: newWorld(t, p, more, instances, 8, opts)}
		for i := range l.slots {
			l.slots[i].Store(&slot{id: l.newOrder()})
		}
		whole += l.run(time.Duration(length)*time.Second/2, p.name != storage.SQLite)
		for i, s := range l.shown {
			if i < 10 {
				t.Error(s)
			}
		}
		l.settle()
		l.toldAgain()
		t.Logf("%d operations on %d orders; %d deadlocks and serialization failures met the hook or the host", l.ops.Load(), l.orders.Load(), l.conflicts.Load())
	}
	matrix.Count(t, "C6", int(whole/time.Second))
}

// toldAgain holds that a conflict which the hook met is done again inside, hook and all: the host hears the same event again. A conflict that
// is taken for the hook's own failure is told later, as another event, each of them. Some are anyway: where another instance changed the
// payment before the second try, or the machine stood still for the five seconds in which the store tries.
func (l *load) toldAgain() {
	lost := 0
	for uid, n := range l.met {
		if l.told[uid] <= n {
			lost++
		}
	}
	if len(l.met) >= 8 && lost > len(l.met)/2 {
		l.t.Errorf("of %d events at which the hook met a conflict %d were not told again", len(l.met), lost)
	}
	l.t.Logf("the hook met conflicts at %d events; %d of them were not told again inside", len(l.met), lost)
}

// run works for at least so long, and until there was a conflict where there can be one; it returns how long that was.
func (l *load) run(length time.Duration, meets bool) time.Duration {
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Minute)
	defer cancel()
	begun := time.Now()
	over := func() bool {
		return ctx.Err() != nil || time.Since(begun) >= length && (!meets || l.conflicts.Load() > 0)
	}
	var wg sync.WaitGroup
	for n := range workers {
		rng := rand.New(rand.NewPCG(11, uint64(n)))
		wg.Go(func() {
			for !over() {
				l.operate(ctx, rng)
			}
		})
	}
	wg.Wait()
	if meets && l.conflicts.Load() == 0 {
		l.t.Error("nothing ever met in a deadlock: the test tests nothing")
	}
	return time.Since(begun)
}

// operate does one random operation on a random order, and looks at its error.
func (l *load) operate(ctx context.Context, rng *rand.Rand) {
	place := &l.slots[rng.IntN(slots)]
	s := place.Load()
	if s.used.Add(1) == perOrder {
		place.Store(&slot{id: l.newOrder()})
	}
	service, target := l.services[rng.IntN(instances)], payments.Target{OrderID: s.id}
	var err error
	op := rng.IntN(21) / 2 // the host works half as often
	switch op {
	case 0, 1, 2:
		err = l.pay(ctx, service, s, []string{"tok_visa", "tok_visa", "tok_chargeDeclined", "tok_threeDSecure2Required", ""}[rng.IntN(5)])
	case 3:
		_, err = service.Complete(ctx, payments.CompleteRequest{OrderID: s.id})
	case 4:
		_, err = service.Void(ctx, payments.VoidCommand{Target: target})
	case 5:
		_, err = service.Refund(ctx, payments.RefundCommand{Target: target, Key: s.id.String() + string(rune('a'+rng.IntN(3))),
			Amount: payments.Money{Amount: 300, Currency: "USD"}})
	case 6:
		_, err = service.Capture(ctx, payments.CaptureCommand{Target: target})
	case 7:
		err = l.payer(ctx, s)
	case 8:
		err = errors.Join(l.deliver(ctx, service)...)
	case 9:
		_, err = service.Reconcile(ctx)
	default:
		err = l.restock(ctx, l.dbs[rng.IntN(instances)])
	}
	l.ops.Add(1)
	l.look(op, err)
}

// pay asks for the money.
func (l *load) pay(ctx context.Context, service *payments.Service, s *slot, token string) error {
	req := payments.PayRequest{OrderID: s.id}
	if token != "" {
		req.Source.Token = payments.NewToken(token)
	}
	res, err := service.Pay(ctx, req)
	if res.NextAction != nil {
		s.mu.Lock()
		s.secret = res.NextAction.ClientSecret
		s.mu.Unlock()
	}
	return err
}

// payer does what the last answer asked of the payer. What the gateway says to the payer is nothing of the module's.
func (l *load) payer(ctx context.Context, s *slot) error {
	s.mu.Lock()
	secret := s.secret
	s.mu.Unlock()
	if !secret.IsZero() {
		_ = l.gw.Authenticate(ctx, secret.Reveal(), fake.AuthPass, "tok_visa")
	}
	return nil
}

// restock is the host's own work on all that is sold, in the other order than its hook's. Its conflicts are the host's to try again.
func (l *load) restock(ctx context.Context, db *gorm.DB) error {
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE " + l.prefix + "sums SET n = n + 0 WHERE id = 1").Error; err != nil {
			return err
		}
		for i := range l.slots {
			if err := tx.Exec("UPDATE "+l.prefix+"sales SET paid = paid + 0 WHERE id = ?", l.slots[i].Load().id.String()).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if conflict(err) {
		l.conflicts.Add(1)
		return nil
	}
	return err
}

// look keeps an error that no caller may see: a conflict of the database's, and whatever says that there is a defect.
func (l *load) look(op int, err error) {
	var e *payments.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !conflict(err):
		return // a machine that is too slow to answer is no conflict
	case !conflict(err) && errors.As(err, &e) && !errors.Is(err, payments.ErrInternal) && !errors.Is(err, payments.ErrStale):
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	l.shown = append(l.shown, "operation "+string(rune('0'+op))+" was answered with "+text)
}

// conflict reports whether a database asked to do a transaction again, anywhere in the error.
func conflict(err error) bool {
	if err == nil {
		return false
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01") {
		return true
	}
	for _, text := range []string{"Error 1213", "Error 1205", "Error 1020", "database is locked", "SQLSTATE 40"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	switch causes := err.(type) { //nolint:errorlint // each cause is looked at by itself
	case interface{ Unwrap() []error }:
		for _, cause := range causes.Unwrap() {
			if conflict(cause) {
				return true
			}
		}
		return false
	default:
		return conflict(errors.Unwrap(err))
	}
}
