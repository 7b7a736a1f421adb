package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/canary"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage"
)

// till is a Service over a database and the fake gateway; every order costs 12.50 USD.
type till struct {
	*payments.Service
	gateway *fake.Gateway
}

func newTill(t *testing.T, store payments.Store, namespace string, gateway *fake.Gateway) till {
	t.Helper()
	if gateway == nil {
		var err error
		if gateway, err = fake.New(fake.Options{AllowFake: true}); err != nil {
			t.Fatal(err)
		}
	}
	orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, AgentID: 3, CustomerID: 7, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	})
	service, err := payments.New(store, gateway, orders, &payments.Options{Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	return till{service, gateway}
}

// hostLog is a host's SQL log.
type hostLog struct {
	name string
	set  func(c *gorm.Config, lc *logger.Config)
}

// hostLogs are the ways in which a host may set GORM and its log so that values of arguments could be told.
var hostLogs = []hostLog{
	{"info", func(*gorm.Config, *logger.Config) {}},
	{"every statement is slow", func(_ *gorm.Config, l *logger.Config) { l.LogLevel, l.SlowThreshold = logger.Warn, time.Nanosecond }},
	{"colourful", func(_ *gorm.Config, l *logger.Config) { l.Colorful = true }},
	{"prepared", func(c *gorm.Config, _ *logger.Config) { c.PrepareStmt = true }},
	{"translated", func(c *gorm.Config, _ *logger.Config) { c.TranslateError = true }},
	{"without transactions of its own", func(c *gorm.Config, _ *logger.Config) { c.SkipDefaultTransaction = true }},
	{"all fields", func(c *gorm.Config, _ *logger.Config) { c.QueryFields = true }},
}

// TestHostLogShowsNoCard is row I5: whatever the host's SQL log tells, with values and all, it has no card number, code, token or client
// secret, because none is ever an argument. The host's own statement beside shows that values are told.
func TestHostLogShowsNoCard(t *testing.T) {
	t.Parallel()
	cases := 0
	for _, s := range servers(t) {
		for _, how := range hostLogs {
			cases++
			t.Run(s.name+" "+how.name, func(t *testing.T) {
				t.Parallel()
				j := &journal{}
				config, settings := gorm.Config{}, logger.Config{LogLevel: logger.Info}
				how.set(&config, &settings)
				config.Logger = logger.New(log.New(j, "", 0), settings)
				db := s.open(t, &config, "")
				store, _ := migrated(t, db, storage.Options{})
				payCanaries(t, newTill(t, store, "", nil))
				db.Exec("SELECT ?", "a value of the host")
				j.mu.Lock()
				defer j.mu.Unlock()
				if !strings.Contains(j.text.String(), "a value of the host") {
					t.Error("the log tells no values: nothing is proved")
				}
				if hits := canary.FindInText(j.text.Bytes()); len(hits) > 0 {
					t.Errorf("the log holds %v", hits)
				}
			})
		}
	}
	matrix.Count(t, "I5", cases)
}

// payCanaries sends every kind of secret through the shop: paid, declined, to be confirmed, refunded, canceled.
func payCanaries(t *testing.T, s till) {
	t.Helper()
	card := func(number string) payments.Source {
		return payments.Source{Card: &payments.Card{Number: payments.NewCardNumber(number), CVC: payments.NewCVC(canary.CVC), Expiry: payments.Expiry{Month: 12, Year: 2034}}}
	}
	token := func(text string) payments.Source { return payments.Source{Token: payments.NewToken(text)} }
	paid := 0
	for i, source := range []payments.Source{card(canary.Amex), card(canary.Number), token(canary.Token), token(canary.Reused), token("tok_threeDSecure2Required"), token("tok_chargeDeclined"), {}} {
		id := payments.OrderID{9, byte(i)}
		for range 2 {
			res, err := s.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: source, Idempotency: payments.Idempotency{Principal: "p", Key: fmt.Sprint("k", i)}})
			if err != nil && !errors.Is(err, payments.ErrDeclined) && !errors.Is(err, payments.ErrInvalid) {
				t.Fatal(err)
			}
			if res.Payment.Status == payments.StatusPaid {
				paid++
			}
		}
		_, _ = s.Complete(t.Context(), payments.CompleteRequest{OrderID: id})
		_, _ = s.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: fmt.Sprint("r", i)})
		_, _ = s.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
	}
	if paid != 4 { // a card and a token, twice each; the other card's code has a digit too many, and the fake has no such saved card
		t.Fatalf("%d answers were of payments with planted values, and not 4", paid)
	}
}

// TestSecretsAreNoArguments is what row I2 says of databases: GORM saves no secret, in whatever place, and its log tells none.
func TestSecretsAreNoArguments(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	db := openSQLite(t, &gorm.Config{Logger: logger.New(log.New(&out, "", 0), logger.Config{LogLevel: logger.Info})}, "")
	if err := db.Exec("CREATE TABLE hosts (n text)").Error; err != nil {
		t.Fatal(err)
	}
	const hidden = "4000001234567899"
	for name, secret := range map[string]any{"number": payments.NewCardNumber(hidden), "code": payments.NewCVC(hidden), "token": payments.NewToken(hidden),
		"client secret": payments.NewClientSecret(hidden)} {
		var rows []map[string]any
		for how, err := range map[string]error{
			"an argument": db.Exec("INSERT INTO hosts (n) VALUES (?)", secret).Error,
			"a row":       db.Table("hosts").Create(map[string]any{"n": secret}).Error,
			"a condition": db.Table("hosts").Where("n = ?", secret).Find(&rows).Error,
			"a change":    db.Table("hosts").Where("1 = 1").Update("n", secret).Error,
		} {
			if err == nil {
				t.Errorf("a %s is taken as %s", name, how)
			}
		}
	}
	var rows int64
	if err := db.Table("hosts").Count(&rows).Error; err != nil || rows != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if text := out.String(); strings.Contains(text, hidden) || !strings.Contains(text, "INSERT INTO hosts") {
		t.Errorf("the log is %s", text)
	}
}

// TestNamespacesOnOneDatabase is row J5: two shops with namespaces of their own on one database and one gateway's account, over orders whose
// ids differ, are the same, and are each other's. Neither sees, changes or is kept from anything by the other.
func TestNamespacesOnOneDatabase(t *testing.T) {
	t.Parallel()
	orders := 1000
	if !matrix.Full() {
		orders = 100
	}
	for _, server := range servers(t) {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			n := orders
			if server.name != storage.SQLite {
				n = 100 // the rows and the statements are the same
			}
			store, _ := migrated(t, server.open(t, nil, ""), storage.Options{})
			one := newTill(t, store, "one", nil)
			two := newTill(t, store, "two", nil)
			apart(t, one, two, n)
		})
	}
	matrix.Count(t, "J5", orders)
}

// apart makes n orders of the first shop, half of which the second has too, and looks from both sides.
func apart(t *testing.T, one, two till, n int) {
	t.Helper()
	ids := orderIDs(n)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 8)
	for i, id := range ids {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			theirs := i%2 == 0
			if err := oneOrder(t.Context(), one, two, id, theirs); err != nil {
				t.Errorf("order %s, of both %v: %v", id, theirs, err)
			}
		})
	}
	wg.Wait()
	for _, tt := range []struct {
		till    till
		ours    string
		theirs  string
		charges int
	}{{one, "one", "two", n}, {two, "two", "one", (n + 1) / 2}} {
		page, err := tt.till.Payments(t.Context(), payments.Filter{Namespace: tt.theirs, CustomerID: 7, Limit: 1000})
		if err != nil || len(page.Payments) != tt.charges {
			t.Errorf("%s sees %d payments, %v", tt.ours, len(page.Payments), err)
		}
		for _, p := range page.Payments {
			if p.Namespace != tt.ours {
				t.Errorf("%s sees a payment of %q", tt.ours, p.Namespace)
			}
		}
		if books := tt.till.gateway.Ledger(); len(books) != tt.charges {
			t.Errorf("%s charged %d orders, not %d", tt.ours, len(books), tt.charges)
		}
	}
}

// oneOrder pays an order in the first shop, and in the second one where it is theirs too, and asks each for the other's.
func oneOrder(ctx context.Context, one, two till, id payments.OrderID, theirs bool) error {
	key := payments.Idempotency{Principal: "p", Key: id.String()} // the same in both
	pay := func(s till) (payments.Payment, error) {
		res, err := s.Pay(ctx, payments.PayRequest{OrderID: id, Source: payments.Source{Token: payments.NewToken("tok_visa")}, Idempotency: key})
		return res.Payment, err
	}
	first, err := pay(one)
	if err != nil || first.Status != payments.StatusPaid {
		return fmt.Errorf("the first is %v: %w", first.Status, err)
	}
	foreign := payments.Target{PaymentUID: first.UID}
	for name, err := range map[string]error{
		"find":   second(two.Find(ctx, foreign)),
		"refund": second(two.Refund(ctx, payments.RefundCommand{Target: foreign, Key: id.String()})),
		"void":   second(two.Void(ctx, payments.VoidCommand{Target: foreign})),
		"order":  second(two.PaymentForOrder(ctx, payments.FindRequest{OrderID: id})),
	} {
		if !errors.Is(err, payments.ErrPaymentNotFound) {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !theirs {
		return nil
	}
	own, err := pay(two)
	if err != nil || own.UID == first.UID || own.Status != payments.StatusPaid || own.Namespace != "two" {
		return fmt.Errorf("the second is %v of %q: %w", own.Status, own.Namespace, err)
	}
	if _, err := two.Refund(ctx, payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: id.String()}); err != nil {
		return err
	}
	still, err := one.PaymentForOrder(ctx, payments.FindRequest{OrderID: id})
	if err != nil || still.Status != payments.StatusPaid || still.Version != first.Version {
		return fmt.Errorf("the first became %v: %w", still.Status, err)
	}
	return nil
}

func second[T any](_ T, err error) error { return err }

// orderIDs returns ids that differ by one bit, by their order, by what databases fold or cut, and at random.
func orderIDs(n int) []payments.OrderID {
	rng := rand.New(rand.NewPCG(5, 1000))
	ids := map[payments.OrderID]bool{{15: 1}: true, {0: 1}: true}
	base := payments.OrderID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for len(ids) < n {
		id := base
		switch rng.IntN(3) {
		case 0:
			id[rng.IntN(16)] ^= 1 << rng.IntN(8)
		case 1:
			id[rng.IntN(16)], id[rng.IntN(16)] = byte(rng.IntN(256)), byte(rng.IntN(256))
		default:
			for i := range id {
				id[i] = byte(rng.IntN(256))
			}
		}
		ids[id] = true
	}
	return slices.Collect(maps.Keys(ids))
}
