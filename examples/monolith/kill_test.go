package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// TestKilled runs two shops on one PostgreSQL under load, against Stripe's emulator in a third process, and kills the shops with
// -9 at random, ten times. Afterwards the emulator's ledger and the database agree to the row, nobody is charged twice, and
// nothing is in doubt.
func TestKilled(t *testing.T) {
	if os.Getenv("PAYMENTS_TEST_KILL") == "" {
		t.Skip("PAYMENTS_TEST_KILL is not set; .ci/run sets it: the test takes two minutes")
	}
	db := postgresDatabase(t)
	dir, stripe := startStripe(t)
	shops := [2]*victim{}
	for i := range shops {
		shops[i] = &victim{dir: dir, db: db, stripe: stripe, addr: freeAddress(t)}
		shops[i].start(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	var work sync.WaitGroup
	for client := range 16 {
		work.Go(func() { load(ctx, shops, rand.New(rand.NewPCG(7, uint64(client)))) })
	}
	rng := rand.New(rand.NewPCG(7, 99))
	for range 10 {
		pauseFor(ctx, time.Duration(500+rng.IntN(2500))*time.Millisecond)
		for _, s := range shops {
			if rng.IntN(3) > 0 {
				s.kill()
				s.start(t)
			}
		}
	}
	cancel()
	work.Wait()
	agreeAfterKills(t, db, stripe)
}

// startStripe builds the shop and Stripe's emulator into a folder, and starts the emulator at an address.
func startStripe(t *testing.T) (dir, address string) {
	t.Helper()
	dir, address = t.TempDir(), freeAddress(t)
	for _, cmd := range []string{"monolith", "stripetest"} {
		pkg := map[string]string{"monolith": ".", "stripetest": "../../cmd/stripetest"}[cmd]
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, cmd), pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	launch(t, dir, "stripetest", nil, "-addr", address)
	waitFor(t, "http://"+address+"/_test")
	return dir, address
}

// victim is a shop in a process of its own.
type victim struct {
	dir, db, stripe, addr string
	mu                    sync.Mutex
	cmd                   *exec.Cmd
}

func (v *victim) start(t *testing.T) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	env := []string{"STRIPE_SECRET_KEY=sk_test_stripetest", "STRIPE_API_BASE=http://" + v.stripe, "STRIPE_WEBHOOK_SECRET=whsec_stripetest"}
	v.cmd = launch(t, v.dir, "monolith", env, "-addr", v.addr, "-db", v.db, "-gateway", "stripe", "-reconcile-every", "500ms")
	waitFor(t, "http://"+v.addr+"/healthz")
}

func (v *victim) kill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.cmd.Process.Signal(syscall.SIGKILL)
	_ = v.cmd.Wait()
}

// launch starts a program that ends with the test.
func launch(t *testing.T, dir, name string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, name), args...) //nolint:noctx // it is killed, not canceled
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() })
	return cmd
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it was never used
	return l.Addr().String()
}

// waitFor waits until something answers.
func waitFor(t *testing.T, url string) {
	t.Helper()
	for range 200 {
		if res, err := http.Get(url); err == nil { //nolint:noctx // loopback
			_ = res.Body.Close()
			return
		}
		pauseFor(t.Context(), 50*time.Millisecond)
	}
	t.Fatalf("nothing answers at %s", url)
}

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// load makes orders and pays each until a shop answers, as a client whose connections break.
func load(ctx context.Context, shops [2]*victim, rng *rand.Rand) {
	tokens := []string{"pm_card_visa", "tok_visa", "tok_chargeDeclined", "pm_card_mastercard"}
	for ctx.Err() == nil {
		base := func() string { return "http://" + shops[rng.IntN(2)].addr }
		a, err := send(ctx, base(), "agent", "POST", "/orders", `{"currency":"USD","total":"12.50","agentId":3}`)
		var o shownOrder
		if err != nil || json.Unmarshal([]byte(a.body), &o) != nil || o.OrderID == "" {
			pauseFor(ctx, 20*time.Millisecond)
			continue
		}
		token := tokens[rng.IntN(len(tokens))]
		for range 5 {
			a, err := send(ctx, base(), "agent", "POST", "/v1/CustomerPayments", payBody(o.OrderID, token), "Idempotency-Key", o.OrderID)
			if err == nil && a.status == http.StatusOK {
				break
			}
			pauseFor(ctx, 50*time.Millisecond)
		}
	}
}

// books are what the emulator charged for an order.
type books struct{ Charges, Captured, Refunded int64 }

// agreeAfterKills waits until nothing is in doubt, and compares each row with the emulator's ledger.
func agreeAfterKills(t *testing.T, name, stripe string) {
	t.Helper()
	db, err := gorm.Open(postgres.Open(name), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if pool, err := db.DB(); err == nil {
		t.Cleanup(func() { _ = pool.Close() })
	}
	deadline := time.Now().Add(2 * time.Minute)
	for doubts := int64(-1); doubts != 0; {
		if err := db.Raw("SELECT count(*) FROM pay_transactions WHERE closed_at IS NULL").Scan(&doubts).Error; err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests stay in doubt", doubts)
		}
		pauseFor(t.Context(), 200*time.Millisecond)
	}
	var rows []struct {
		OrderID  string
		Payments int64
		Captured int64
	}
	err = db.Raw("SELECT order_id, sum(CASE WHEN status IN (4,5,8,9,10,13) THEN 1 ELSE 0 END) AS payments, sum(captured) AS captured FROM pay_payments GROUP BY order_id").Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := readLedger(t.Context(), stripe)
	if err != nil {
		t.Fatal(err)
	}
	charged := 0
	for _, r := range rows {
		if b := ledger[r.OrderID]; b.Charges != r.Payments || b.Captured != r.Captured || b.Charges > 1 {
			t.Errorf("order %s: the rows say %+v, the ledger %+v", r.OrderID, r, b)
		} else if b.Charges == 1 {
			charged++
		}
		delete(ledger, r.OrderID)
	}
	for id, b := range ledger {
		if b.Charges > 0 {
			t.Errorf("order %s has %+v and no row", id, b)
		}
	}
	var disagree int64
	err = db.Raw("SELECT count(*) FROM shop_orders o JOIN pay_payments p ON p.order_id = o.id WHERE p.status = 5 AND o.status <> 'paid'").Scan(&disagree).Error
	if err != nil || disagree != 0 {
		t.Errorf("%d orders do not follow their payments, %v", disagree, err)
	}
	if charged == 0 {
		t.Error("nothing was charged: the test tests nothing")
	}
	t.Logf("%d orders, %d charged, the ledger and the database agree", len(rows), charged)
}

func readLedger(ctx context.Context, stripe string) (map[string]books, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+stripe+"/_test/ledger", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var ledger map[string]books
	if err := json.Unmarshal(text, &ledger); err != nil {
		return nil, errors.Join(err, fmt.Errorf("the ledger is %.200q", text))
	}
	return ledger, nil
}
