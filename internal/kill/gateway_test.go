package kill

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// socket is where the gateway of a directory listens: a path is free again at once, a port might be somebody else's by then.
func socket(dir string) string { return filepath.Join(dir, "socket") }

// stateOf is the file with the gateway's state.
func stateOf(dir string) string { return filepath.Join(dir, "state") }

// runGateway serves the emulator until it is killed.
func runGateway(j task) error {
	emulator, err := stripetest.New(stripetest.Options{StateFile: stateOf(j.Dir), Seed: j.Seed})
	if err != nil {
		return err
	}
	if err := os.Remove(socket(j.Dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", socket(j.Dir))
	if err != nil {
		return err
	}
	sayReady("")
	return http.Serve(l, emulator)
}

// tally keeps what the clients were told.
type tally struct {
	mu                         sync.Mutex
	answers, unknown, declines int
	declined                   map[int]string // by order, by what it was told
	want                       int
	reached                    chan struct{}
}

// told notes an answer.
func (y *tally) told(a answer) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.answers++
	if a.unknown() {
		y.unknown++
	}
	if a.declined() {
		y.declines++
		y.declined[a.order] = a.op
	}
	if y.reached != nil && y.answers >= y.want {
		close(y.reached)
		y.reached = nil
	}
}

// wait waits for n more answers.
func (y *tally) wait(t *testing.T, n int) {
	t.Helper()
	y.mu.Lock()
	reached := make(chan struct{})
	y.want, y.reached = y.answers+n, reached
	y.mu.Unlock()
	select {
	case <-reached:
	case <-time.After(patience):
		t.Fatal("the clients hang")
	}
}

func (y *tally) seen() (answers, unknown, declines int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.answers, y.unknown, y.declines
}

// answersAnOrder is how many answers there are for each new order.
const answersAnOrder = 8

// base is the number of the next new order.
func (y *tally) base() int {
	answers, _, _ := y.seen()
	return answers / answersAnOrder
}

// TestGatewayKilled kills the gateway with -9 and starts it again while 32 clients pay: whoever was told that a payment was
// declined had a bank that declined it (I11), each charge has its row (I2), and nothing stays in doubt (I4).
func TestGatewayKilled(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	dir, c, asked := memoryDir(t), &clock{}, &sent{}
	migrate(t, dir)
	store, pool, err := openStore(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // nothing is lost
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket(dir))
	}
	gw, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: "http://127.0.0.1", Clock: c.Now,
		HTTPClient: &http.Client{Transport: noting{&http.Transport{DialContext: dial, MaxIdleConnsPerHost: clients}, asked}, Timeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newShop(store, gw, payments.Options{Clock: c, WaitTimeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	y := &tally{declined: map[int]string{}}
	kills := killGateways(t, s, y, dir)
	emulator, err := stripetest.New(stripetest.Options{StateFile: stateOf(dir), Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer emulator.Close() //nolint:errcheck // nothing is lost
	answers, unknown, declines := y.seen()
	f := settle(t, survivor(t, dir, emulator, c, asked), c, answers/answersAnOrder, ledger{emulator, asked}, asked)
	for n, op := range y.declined {
		if !f.declinedAtBank[n] {
			t.Errorf("I11: %s of order %d was answered as declined, and no bank declined it", op, n)
		}
	}
	if unknown == 0 || declines == 0 || len(emulator.DoubleCharged()) != 0 || emulator.KeyClashes() != 0 {
		t.Errorf("%d answers were unknown, %d declines; charged twice: %v; %d keys clash", unknown, declines, emulator.DoubleCharged(), emulator.KeyClashes())
	}
	t.Logf("%d kills (seed %d) in %v: %d answers, %d of them unknown, %d declines; %v", kills, *seed,
		time.Since(begun).Round(time.Second), answers, unknown, declines, f)
	matrix.Count(t, "A4", kills)
}

// killGateways lets the clients work while the gateway dies and rises, until it died often enough, some answer was lost, and some payment
// declined.
func killGateways(t *testing.T, s *shop, y *tally, dir string) (kills int) {
	t.Helper()
	j := task{Role: "gateway", Dir: dir, Seed: *seed}
	v, _ := spawn(t, j)
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer func() { stop(); work.Wait(); v.kill(t) }()
	work.Go(func() {
		s.load(ctx, *seed, y.base, y.told)
	})
	rng := rand.New(rand.NewPCG(*seed, 4))
	for lost, declines := 0, 0; kills < figure(20) || (lost == 0 || declines == 0) && kills < 500; kills++ {
		y.wait(t, 50)
		time.Sleep(time.Duration(rng.Int64N(int64(20 * time.Millisecond)))) // the moment of death is any
		v.kill(t)
		y.wait(t, clients) // calls run while it is down
		v, _ = spawn(t, j)
		_, lost, declines = y.seen()
	}
	y.wait(t, 50)
	return kills
}

// noting notes the key of each request that can move money, on the side of the one who asks.
type noting struct {
	next  http.RoundTripper
	asked *sent
}

// RoundTrip makes the request.
func (n noting) RoundTrip(r *http.Request) (*http.Response, error) {
	if movesMoney(r.Method, r.URL.Path) {
		n.asked.add(r.Header.Get("Idempotency-Key"))
	}
	res, err := n.next.RoundTrip(r)
	if err == nil && res.StatusCode == http.StatusOK && res.Header.Get("Idempotent-Replayed") == "" {
		n.asked.confirmed(r.URL.Path, r.Header.Get("Idempotency-Key"))
	}
	return res, err
}
