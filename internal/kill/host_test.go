package kill

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// ordersALife is how many orders are new in each life of the host.
const ordersALife = 8

// warm is how many answers a host gives before it is ready to be killed: a cold one does nothing yet that could be cut.
const warm = 8

// runHost is a host under load that ends only when it is killed. It says how many requests it finds in doubt.
func runHost(j task) error {
	c := &clock{}
	c.advance(j.Later)
	store, _, err := openStore(j.Dir, c)
	if err != nil {
		return err
	}
	gw, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: j.Gateway, Clock: c.Now})
	if err != nil {
		return err
	}
	s, err := newShop(store, gw, payments.Options{Clock: c})
	if err != nil {
		return err
	}
	doubts, err := inDoubt(context.Background(), s.direct)
	if err != nil {
		return err
	}
	answers := atomic.Int64{}
	s.load(context.Background(), j.Seed+uint64(j.Life)<<16, func() int { return j.Life * ordersALife }, func(answer) {
		if answers.Add(1) == warm {
			sayReady(doubts)
		}
	})
	return nil
}

// inDoubt counts the newest payments with a request whose end nobody knows.
func inDoubt(ctx context.Context, svc *payments.Service) (int, error) {
	page, err := svc.Payments(ctx, payments.Filter{Limit: 2 * clients})
	doubts := 0
	for _, p := range page.Payments {
		rec, findErr := svc.Find(ctx, payments.Target{PaymentUID: p.UID})
		if findErr != nil {
			return 0, findErr
		}
		for _, tx := range rec.Transactions {
			if tx.Open() && tx.Sent {
				doubts++
			}
		}
	}
	return doubts, err
}

// movesMoney reports whether a request to Stripe can move money.
func movesMoney(method, path string) bool {
	return method == http.MethodPost && (strings.HasSuffix(path, "/confirm") || strings.HasSuffix(path, "/capture") ||
		strings.HasSuffix(path, "/cancel") || path == "/v1/refunds" || path == "/v1/subscriptions")
}

// listening notes the key of each request that can move money, and which of them were carried out.
func (s *sent) listening(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if movesMoney(r.Method, r.URL.Path) {
			s.add(key)
		}
		seen := &heard{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status == http.StatusOK && w.Header().Get("Idempotent-Replayed") == "" {
			s.confirmed(r.URL.Path, key)
		}
	})
}

// heard is an answer whose status is kept.
type heard struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the status.
func (h *heard) WriteHeader(status int) {
	h.status = status
	h.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (h *heard) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// TestHostKilled kills a host with -9, again and again, after 1 to 50 ms under the load of 32 clients; between two lives a minute
// goes by. In the end rows and the emulator's ledger agree: nobody is charged twice, each charge has its row, nothing is in doubt.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	kills, dir, c, asked := 0, memoryDir(t), &clock{}, &sent{}
	migrate(t, dir)
	emulator, err := stripetest.New(stripetest.Options{Clock: c.Now, Seed: *seed})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(asked.listening(emulator))
	rng, doubtful, doubts := rand.New(rand.NewPCG(*seed, 3)), 0, 0
	for ; kills < figure(200) || doubtful == 0 && kills < 2000; kills++ {
		host, text := spawn(t, task{Role: "host", Dir: dir, Gateway: web.URL, Life: kills, Seed: *seed, Later: time.Duration(c.ahead.Load())})
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		if doubts += n; n > 0 {
			doubtful++
		}
		time.Sleep(time.Millisecond + time.Duration(rng.Int64N(int64(49*time.Millisecond)))) // the moment of death is any
		host.kill(t)
		c.advance(time.Minute)
	}
	web.Close() // what the dead had sent has arrived
	s := survivor(t, dir, emulator, c, asked)
	f := settle(t, s, c, kills*ordersALife, ledger{emulator, asked}, asked)
	if doubtful == 0 || len(emulator.DoubleCharged()) != 0 || emulator.KeyClashes() != 0 {
		t.Errorf("%d lives began in doubt; charged twice: %v; %d keys clash", doubtful, emulator.DoubleCharged(), emulator.KeyClashes())
	}
	t.Logf("%d kills (seed %d) in %v: %d lives began with %d requests in doubt in all; %v", kills, *seed,
		time.Since(begun).Round(time.Second), doubtful, doubts, f)
	matrix.Count(t, "A3", kills)
}

// survivor is the last process, which is this one: it opens the database of the dead over a gateway that is reached again.
func survivor(t *testing.T, dir string, emulator *stripetest.Server, c *clock, asked *sent) *shop {
	t.Helper()
	web := httptest.NewServer(asked.listening(emulator))
	t.Cleanup(web.Close)
	store, pool, err := openStore(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	gw, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: web.URL, Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newShop(store, gw, payments.Options{Clock: c, WaitTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
