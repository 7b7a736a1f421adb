package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments/httpadapter"
)

// databases are what the tests over a database run on: a SQLite file, and the servers that the environment names.
var databases = []struct {
	name string
	open func(t *testing.T) string
}{
	{"sqlite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "shop.db") }},
	{"postgres", postgresDatabase},
	{"mysql", mysqlDatabase},
}

// postgresDatabase makes a database of its own on the server that PAYMENTS_TEST_POSTGRES names.
func postgresDatabase(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("PAYMENTS_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PAYMENTS_TEST_POSTGRES is not set; .ci/run sets it")
	}
	name := randomName()
	execute(t, postgres.Open(dsn), "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, postgres.Open(dsn), "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("PAYMENTS_TEST_POSTGRES is not a URL")
	}
	u.Path = "/" + name
	return u.String()
}

// mysqlDatabase makes a database of its own on the server that PAYMENTS_TEST_MYSQL names.
func mysqlDatabase(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("PAYMENTS_TEST_MYSQL")
	if dsn == "" {
		t.Skip("PAYMENTS_TEST_MYSQL is not set; .ci/run sets it")
	}
	name := randomName()
	execute(t, mysql.Open(dsn), "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, mysql.Open(dsn), "DROP DATABASE "+name) })
	user, rest, _ := strings.Cut(dsn, "@tcp(")
	host, _, _ := strings.Cut(rest, ")")
	return "mysql://" + user + "@" + host + "/" + name
}

func randomName() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return "pay_test_" + hex.EncodeToString(b)
}

func execute(t *testing.T, d gorm.Dialector, sql string) {
	t.Helper()
	db, err := gorm.Open(d, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatalf("the database server cannot be reached: %v", err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // nothing can be done about it
	if err := db.Exec(sql).Error; err != nil {
		t.Fatal(err)
	}
}

// shopServer is a running shop.
type shopServer struct {
	t   *testing.T
	app *app
	url string
	log *syncBuffer
}

// start runs a shop on a database.
func start(t *testing.T, db string, change ...func(*config)) *shopServer {
	t.Helper()
	c := config{db: db, gateway: "fake", casing: httpadapter.Pascal, stateFile: filepath.Join(t.TempDir(), "fake.json")}
	for _, f := range change {
		f(&c)
	}
	log := &syncBuffer{}
	a, err := newApp(t.Context(), c, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.handler)
	t.Cleanup(func() { server.Close(); a.close() })
	return &shopServer{t: t, app: a, url: server.URL, log: log}
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
}

// do sends a request as a user.
func (s *shopServer) do(user, method, path, body string, headers ...string) answer {
	s.t.Helper()
	a, err := send(s.t.Context(), s.url, user, method, path, body, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func send(ctx context.Context, base, user, method, path, body string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		req.SetBasicAuth(user, "p@ss")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(text), res.Header}, err
}

// order makes an order of 12.50 USD for agent 3 and returns its id.
func (s *shopServer) order(body ...string) string {
	s.t.Helper()
	text := `{"currency":"USD","total":"12.50","agentId":3}`
	if len(body) > 0 {
		text = body[0]
	}
	a := s.do("agent", "POST", "/orders", text)
	var o shownOrder
	if err := json.Unmarshal([]byte(a.body), &o); err != nil || a.status != http.StatusCreated || len(o.OrderID) != 32 {
		s.t.Fatalf("POST /orders answers %d %s", a.status, a.body)
	}
	return o.OrderID
}

// pay posts a payment with a token.
func (s *shopServer) pay(id, token string) wire {
	s.t.Helper()
	return s.decode(s.do("agent", "POST", "/v1/CustomerPayments", payBody(id, token)))
}

func payBody(id, token string) string {
	return `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"` + token + `"}}`
}

// wire is what the tests read of an answer.
type wire struct {
	status              int
	ClientSecret        string
	PaymentSuccess      bool
	SubscriptionSuccess bool
	CustomerPayment     struct {
		ID            int64
		Approved      bool
		ResponseCode  int
		PaymentStatus int
	}
	ResponseStatus struct {
		ErrorCode, Message string
		Errors             []struct{ ErrorCode, FieldName, Message string }
	}
}

func (s *shopServer) decode(a answer) wire {
	s.t.Helper()
	var w wire
	if err := json.Unmarshal([]byte(a.body), &w); err != nil {
		s.t.Fatalf("the answer is no JSON: %q", a.body)
	}
	w.status = a.status
	return w
}

// ledger reads the fake's books.
func (s *shopServer) ledger() map[string]struct{ Charges, Captured, Refunded int64 } {
	s.t.Helper()
	var books map[string]struct{ Charges, Captured, Refunded int64 }
	if err := json.Unmarshal([]byte(s.do("", "GET", "/fake/ledger", "").body), &books); err != nil {
		s.t.Fatal(err)
	}
	return books
}

// orderStatus reads the shop's own status.
func (s *shopServer) orderStatus(id string) string {
	s.t.Helper()
	var o shownOrder
	if err := json.Unmarshal([]byte(s.do("nobody", "GET", "/orders/"+id, "").body), &o); err != nil {
		s.t.Fatal(err)
	}
	return o.Status
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends.
func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// Bytes returns what was written so far.
func (b *syncBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}
