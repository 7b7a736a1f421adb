package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// roundsAtOnce is how often an order is posted on each of three databases.
func roundsAtOnce() int {
	if testing.Short() {
		return 2
	}
	return 25
}

// TestAtOnce posts one order 64 times at once, on every database: one charge, and every answer tells the same.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, d.open(t))
			for range roundsAtOnce() {
				id := s.order()
				answers := atOnce(t, 64, func() (answer, error) {
					return again(func() (answer, error) {
						return send(t.Context(), s.url, "agent", "POST", "/v1/CustomerPayments", payBody(id, "tok_visa"))
					})
				})
				for _, a := range answers {
					if a.body != answers[0].body || a.status != http.StatusOK {
						t.Fatalf("answers differ: %d %s, %d %s", answers[0].status, answers[0].body, a.status, a.body)
					}
				}
				if !s.decode(answers[0]).CustomerPayment.Approved || s.ledger()[id].Charges != 1 || s.orderStatus(id) != "paid" {
					t.Fatalf("%s; the ledger %+v; the order is %s", answers[0].body, s.ledger()[id], s.orderStatus(id))
				}
			}
			matrix.Count(t, "C1", roundsAtOnce())
		})
	}
}

// again sends a request until it is not told to come again: on a busy machine the one that pays may need longer than the others
// wait.
func again(do func() (answer, error)) (answer, error) {
	for {
		a, err := do()
		if err != nil || a.status != http.StatusConflict || a.header.Get("Retry-After") == "" {
			return a, err
		}
	}
}

// atOnce does the same from many callers at once.
func atOnce(t *testing.T, n int, do func() (answer, error)) []answer {
	t.Helper()
	answers, errs := make([]answer, n), make([]error, n)
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-ready
			answers[i], errs[i] = do()
		})
	}
	close(ready)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return answers
}

// TestBadInput are the requests that charge nothing, each with its status and the field that it names.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(t.TempDir(), "shop.db"))
	id, foreign, zero := s.order(), s.order(`{"currency":"USD","total":"9","agentId":4}`), s.order(`{"currency":"USD","total":"0","agentId":3}`)
	card := func(number, expiry, cvc string) string {
		return fmt.Sprintf(`{"OrderID":%q,"PaymentInfo":{"CardNumber":%q,"ExpDate":%q,"CCV":%q}}`, id, number, expiry, cvc)
	}
	for _, tt := range []struct {
		name, user, body string
		status           int
		field            string
	}{
		{"no credentials", "", payBody(id, "tok_visa"), 401, ""},
		{"unknown user", "mallory", payBody(id, "tok_visa"), 401, ""},
		{"no role", "nobody", payBody(id, "tok_visa"), 403, ""},
		{"unknown order", "agent", payBody("00000000000000000000000000000001", "tok_visa"), 404, ""},
		{"another agent's order", "agent", payBody(foreign, "tok_visa"), 404, ""},
		{"no order", "agent", `{}`, 400, "OrderID"},
		{"zero order", "agent", payBody("00000000000000000000000000000000", "tok_visa"), 400, "OrderID"},
		{"no GUID", "agent", payBody("12", "tok_visa"), 400, "OrderID"},
		{"no JSON", "agent", `{"OrderID":`, 400, ""},
		{"token and card", "agent", `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"tok_visa","CardNumber":"4242424242424242"}}`, 400, "PaymentInfo.CardNumber"},
		{"not Luhn", "agent", card("4242424242424241", "12/30", "123"), 400, "PaymentInfo.CardNumber"},
		{"expired", "agent", card("4242424242424242", "12/20", "123"), 400, "PaymentInfo.ExpDate"},
		{"short code", "agent", card("4242424242424242", "12/30", "1"), 400, "PaymentInfo.CCV"},
		{"unknown type", "agent", `{"OrderID":"` + id + `","PaymentInfo":{"PaymentType":"barter"}}`, 400, "PaymentInfo.PaymentType"},
		{"no total", "agent", payBody(zero, "tok_visa"), 409, "OrderID"},
	} {
		a := s.do(tt.user, "POST", "/v1/CustomerPayments", tt.body)
		w := s.decode(a)
		if w.status != tt.status || w.ResponseStatus.ErrorCode == "" {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
		if tt.field != "" && (len(w.ResponseStatus.Errors) == 0 || w.ResponseStatus.Errors[0].FieldName != tt.field) {
			t.Errorf("%s: the field is not %s: %s", tt.name, tt.field, a.body)
		}
	}
	there, not := s.do("agent", "GET", "/v1/CustomerPayments/"+foreign, ""), s.do("agent", "GET", "/v1/CustomerPayments/00000000000000000000000000000001", "")
	if there.status != 404 || there.body != not.body {
		t.Errorf("not yours: %s, not there: %s", there.body, not.body)
	}
	if a := s.do("", "GET", "/nowhere", ""); a.status != 404 || s.decode(a).ResponseStatus.ErrorCode != "NotFound" {
		t.Errorf("an unknown path: %d %s", a.status, a.body)
	}
	if a := s.do("", "GET", "/healthz", ""); a.status != 200 {
		t.Errorf("healthz: %d", a.status)
	}
	if len(s.ledger()) != 0 {
		t.Errorf("something was charged: %+v", s.ledger())
	}
	page, err := s.app.payments.Payments(t.Context(), payments.Filter{})
	if err != nil || len(page.Payments) != 0 {
		t.Errorf("something was written: %+v, %v", page, err)
	}
}

// TestRefundedOrder answers 409 to a payment of a refunded order.
func TestRefundedOrder(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(t.TempDir(), "shop.db"))
	id := s.order()
	s.pay(id, "tok_visa")
	order, _ := payments.ParseOrderID(id)
	if _, err := s.app.payments.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: order}, Key: "r"}); err != nil {
		t.Fatal(err)
	}
	if w := s.pay(id, "tok_visa"); w.status != 409 || w.ResponseStatus.Errors[0].FieldName != "OrderID" || s.orderStatus(id) != "refunded" {
		t.Errorf("%+v; the order is %s", w, s.orderStatus(id))
	}
}

// TestRestart closes the shop in the middle of a doubt and opens it again: nothing is lost, and nothing is charged twice.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db, state := d.open(t), filepath.Join(t.TempDir(), "fake.json")
			keep := func(c *config) { c.stateFile = state }
			first := start(t, db, keep)
			paid, doubt := first.order(), first.order()
			first.pay(paid, "tok_visa")
			for _, fault := range []string{`{"operation":"confirm","fault":"drop_after","times":1}`, `{"operation":"fetch","fault":"drop_before","times":100}`} {
				if a := first.do("", "POST", "/fake/faults", fault); a.status != 200 {
					t.Fatal(a.body)
				}
			}
			if w := first.pay(doubt, "tok_visa"); w.status != 202 || w.CustomerPayment.PaymentStatus != 11 {
				t.Fatalf("a lost answer: %+v", w)
			}
			second := start(t, db, keep)
			for _, id := range []string{paid, doubt} {
				if w := second.pay(id, "tok_visa"); w.status != 200 || !w.CustomerPayment.Approved {
					t.Errorf("after the restart: %+v", w)
				}
				if got := second.ledger()[id].Charges; got != 1 {
					t.Errorf("%d charges", got)
				}
			}
		})
	}
}

// TestTwoProcesses starts four shops at once on one fresh database, and posts one order to all of them.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t)
			shops := make([]*app, 4)
			errs := make([]error, len(shops))
			var starting sync.WaitGroup
			for i := range shops {
				state := filepath.Join(t.TempDir(), "fake.json")
				starting.Go(func() {
					shops[i], errs[i] = newApp(t.Context(), config{db: db, gateway: "fake", stateFile: state}, slog.New(slog.DiscardHandler))
				})
			}
			starting.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			for _, a := range shops {
				t.Cleanup(a.close)
			}
			order, _ := payments.ParseOrderID(demoOrder)
			first, err := shops[0].payments.Pay(t.Context(), payments.PayRequest{OrderID: order, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range shops {
				if res, err := a.payments.Pay(t.Context(), payments.PayRequest{OrderID: order}); err != nil || res.Payment.UID != first.Payment.UID {
					t.Errorf("another process answers %+v, %v", res.Payment, err)
				}
			}
		})
	}
}

// TestHook lets the shop's hook fail, panic, and try to end the transaction that is not its own, on every database: the
// gateway's answer is never lost, and order and payment end agreeing.
func TestHook(t *testing.T) {
	t.Parallel()
	misdeeds := map[string]func(tx *gorm.DB) error{
		"fails":   func(*gorm.DB) error { return errors.New("no") },
		"panics":  func(*gorm.DB) error { panic("no") },
		"commits": func(tx *gorm.DB) error { return tx.Commit().Error },
		"says so": func(tx *gorm.DB) error { return tx.Exec("COMMIT").Error },
		"rolls":   func(tx *gorm.DB) error { tx.Rollback(); return nil },
		"bad SQL": func(tx *gorm.DB) error { return tx.Exec("UPDATE nowhere SET x = 1").Error },
		"ignores": func(tx *gorm.DB) error {
			tx.Exec("UPDATE nowhere SET x = 1")
			return errors.New("after a failed statement")
		},
		"half way": func(tx *gorm.DB) error {
			tx.Exec("UPDATE shop_orders SET status = 'lost'")
			return errors.New("half way")
		},
	}
	for _, d := range databases {
		for name, do := range misdeeds {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				hookRound(t, d.open(t), do)
			})
		}
	}
}

func hookRound(t *testing.T, name string, misdeed func(*gorm.DB) error) {
	t.Helper()
	ctx := t.Context()
	db, err := openDatabase(name)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	shop, err := newShop(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Migrate(ctx, db, nil); err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		t.Fatal(err)
	}
	clock, left := &jumpClock{now: time.Now()}, 2
	service, err := payments.New(store, gateway, shop, &payments.Options{Clock: clock, OnEvent: func(ctx context.Context, e payments.Event) error {
		if err := shop.onEvent(ctx, e); err != nil || left == 0 {
			return err
		}
		left--
		tx, _ := storage.Tx(ctx)
		return misdeed(tx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := payments.ParseOrderID(demoOrder)
	res, err := service.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("tok_visa")}})
	if !errors.Is(err, payments.ErrUnknown) || res.Payment.Status != payments.StatusUnknown || res.Payment.Reference == "" {
		t.Fatalf("while the hook misbehaves: %+v, %v", res.Payment, err)
	}
	for range 4 {
		clock.jump(time.Hour)
		if _, err := service.Reconcile(ctx); err != nil {
			t.Fatal(err)
		}
	}
	p, err := service.PaymentForOrder(ctx, payments.FindRequest{OrderID: id})
	var o order
	if err != nil || db.Where("id = ?", demoOrder).Take(&o).Error != nil || p.Status != payments.StatusPaid || o.Status != "paid" {
		t.Errorf("the payment is %v, the order %q, %v", p.Status, o.Status, err)
	}
	if got := gateway.Ledger()[demoOrder]; got.Charges != 1 || got.Captured != 1250 {
		t.Errorf("the ledger says %+v", got)
	}
}

// jumpClock is the time, and jumps.
type jumpClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After is real: somebody else's work is waited for.
func (c *jumpClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c *jumpClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestFlags reads the flags as main does.
func TestFlags(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	c, err := parse([]string{"-db", "x.db", "-casing", "camel", "-origins", "https://a.example, https://b.example"}, &out)
	if err != nil || c.casing != httpadapter.Camel || len(split(c.origins)) != 2 || c.stateFile != "x.db.fake.json" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range [][]string{{"-casing", "snake"}, {"-reconcile-every", "0s"}, {"-nope"}} {
		if _, err := parse(bad, &out); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	if _, err := newApp(t.Context(), config{db: filepath.Join(t.TempDir(), "x.db"), gateway: "nope"}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an unknown gateway is taken")
	}
}

// TestStripeFromEnvironment refuses what cannot be right before anything is started.
func TestStripeFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env map[string]string
		ok  bool
	}{
		"nothing":            {nil, false},
		"a test key":         {map[string]string{"STRIPE_SECRET_KEY": "sk_test_1"}, true},
		"another server":     {map[string]string{"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:12111", "STRIPE_WEBHOOK_SECRET": "whsec_1"}, true},
		"a live key in http": {map[string]string{"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, false},
		"with /v1":           {map[string]string{"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:12111/v1"}, false},
	} {
		if _, err := stripeFromEnvironment(func(key string) string { return tt.env[key] }); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRun starts the whole program, waits for its welcome, and stops it.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log syncBuffer
	welcome := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "shop.db")}, writerFunc(func(p []byte) { welcome <- string(p) }), &log)
	}()
	select {
	case text := <-welcome:
		if strings.Count(text, "curl -s") != 4 {
			t.Errorf("the welcome is %q", text)
		}
	case err := <-done:
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// writerFunc makes a function an io.Writer.
type writerFunc func(p []byte)

// Write calls f.
func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
