package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments/internal/matrix"
)

// roundsOfProcesses is how often an order is posted to two processes, and to four: 1563 make 100,000 posts to each.
var (
	roundsOfProcesses = flag.Int("processes.rounds", 10, "how many rounds of 64 posts at once go to two processes, and to four")
	fourProcesses     = flag.Bool("processes.four", true, "whether rounds go to four processes too")
)

// TestAtOnceInProcesses is row C2: one POST 64 times at once, over two and over four shops, each a process of its own, on one
// PostgreSQL and one Stripe. There is one charge, and all 64 are answered with the same bytes, some of them after they were told to
// come again. Half of the rounds come under a key, which is then refused to another request.
func TestAtOnceInProcesses(t *testing.T) {
	if os.Getenv("PAYMENTS_TEST_KILL") == "" {
		t.Skip("PAYMENTS_TEST_KILL is not set; .ci/run sets it: the test builds and starts programs")
	}
	db := postgresDatabase(t)
	dir, stripe := startStripe(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	shops := make([]*victim, 4)
	for i := range shops {
		shops[i] = &victim{dir: dir, db: db, stripe: stripe, addr: freeAddress(t)}
		shops[i].start(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	orders, waited := map[string]bool{}, 0
	groups := []int{2, 4}
	if !*fourProcesses {
		groups = groups[:1]
	}
	for _, n := range groups {
		for round := range *roundsOfProcesses {
			id, told := postToAll(ctx, t, shops[:n], round%2 == 0)
			orders[id] = true
			waited += told
		}
	}
	ledger, err := readLedger(t.Context(), stripe)
	if err != nil {
		t.Fatal(err)
	}
	for id := range orders {
		if b := ledger[id]; b.Charges != 1 || b.Captured != 1250 {
			t.Errorf("order %s: the ledger says %+v", id, b)
		}
	}
	if len(ledger) != len(orders) {
		t.Errorf("%d orders were paid, the ledger has %d", len(orders), len(ledger))
	}
	t.Logf("%d rounds, %d of their requests were told to come again", len(orders), waited)
	matrix.Count(t, "C2", len(orders))
}

// postToAll posts one new order 64 times at once, to the shops in turn, and returns it and how often a request was told to come again.
func postToAll(ctx context.Context, t *testing.T, shops []*victim, keyed bool) (id string, told int) {
	t.Helper()
	a, err := send(ctx, "http://"+shops[0].addr, "agent", "POST", "/orders", `{"currency":"USD","total":"12.50","agentId":3}`)
	var o shownOrder
	if err != nil || json.Unmarshal([]byte(a.body), &o) != nil || o.OrderID == "" {
		t.Fatalf("no order: %d %s, %v", a.status, a.body, err)
	}
	var headers []string
	if keyed {
		headers = []string{"Idempotency-Key", o.OrderID}
	}
	var next, calls atomic.Int64
	answers := atOnce(t, 64, func() (answer, error) {
		shop := shops[next.Add(1)%int64(len(shops))]
		return again(func() (answer, error) {
			calls.Add(1)
			return send(ctx, "http://"+shop.addr, "agent", "POST", "/v1/CustomerPayments", payBody(o.OrderID, "pm_card_visa"), headers...)
		})
	})
	var w wire
	if err := json.Unmarshal([]byte(answers[0].body), &w); err != nil || !w.CustomerPayment.Approved {
		t.Fatalf("the payment is answered with %d %s", answers[0].status, answers[0].body)
	}
	for _, a := range answers {
		if a.status != http.StatusOK || a.body != answers[0].body {
			t.Fatalf("answers differ: %d %s, %d %s", answers[0].status, answers[0].body, a.status, a.body)
		}
	}
	for i, shop := range shops {
		if !keyed {
			break
		}
		a, err := send(ctx, "http://"+shop.addr, "agent", "POST", "/v1/CustomerPayments", payBody(o.OrderID, fmt.Sprintf("pm_card_mastercard_%d", i)), headers...)
		if err != nil || a.status != http.StatusConflict && a.status != http.StatusUnprocessableEntity {
			t.Errorf("the key with another request is answered with %d %s, %v", a.status, a.body, err)
		}
	}
	return o.OrderID, int(calls.Load()) - 64
}
