package httpadapter_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// costly is a body that is small to send and dear to read for who is not careful.
type costly struct{ name, target, kind, body string }

// beside is what makes a part of a card count: the rest of it.
var beside = map[string]string{"ExpDate": `,"CardNumber":"4242424242424242"`, "CCV": `,"CardNumber":"4242424242424242","ExpDate":"12/34"`,
	"CardNumber": `,"ExpDate":"12/34"`}

// careful is a real Service, which judges what the routes leave to it, with one order.
func careful(t *testing.T) *payments.Service {
	t.Helper()
	gateway, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		t.Fatal(err)
	}
	service, err := payments.New(memory.New(nil), gateway, payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
		return payments.Order{ID: id, AgentID: 3, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if books := gateway.Ledger(); len(books) != 0 {
			t.Errorf("something was charged: %v", books)
		}
	})
	return service
}

// costlyBodies are those of row H3, in every format: deep, wide, and with one long text in each member that keeps texts.
func costlyBodies() []costly {
	const api, batch = "/api/CustomerPaymentsRequest", "/api/CustomerPaymentsRequest[]"
	var list []costly
	add := func(name, target, kind, body string) { list = append(list, costly{name, target, kind, body}) }
	for _, n := range []int{17, 10_000, 1_000_000} {
		deep := func(text string) string { return strings.Repeat(text, n) }
		add(fmt.Sprintf("%d objects", n), api, "application/json", deep(`{"a":`))
		add(fmt.Sprintf("%d closed objects", n), api, "application/json", deep(`{"a":`)+"1"+deep("}"))
		add(fmt.Sprintf("%d lists", n), api, "application/json", `{"a":`+deep("["))
		add(fmt.Sprintf("%d objects in a member", n), api, "application/json", deep(`{"Customer":`))
		add(fmt.Sprintf("%d lists of a batch", n), batch, "application/json", deep("["))
		add(fmt.Sprintf("%d objects in JSV", n), api, "application/jsv", deep("{a:"))
		add(fmt.Sprintf("%d lists in JSV", n), api, "application/jsv", "{a:"+deep("["))
		add(fmt.Sprintf("%d elements", n), api, "application/xml", `<CustomerPaymentsRequest>`+deep("<a>"))
		add(fmt.Sprintf("%d objects in a form", n), api, "application/x-www-form-urlencoded", "Customer="+deep("%7Ba:"))
		add(fmt.Sprintf("%d JSON lists in a form", n), api, "application/x-www-form-urlencoded", "Customer=%7B%22a%22:"+deep("["))
		add(fmt.Sprintf("%d objects in a CSV cell", n), api, "text/csv", "Customer\r\n"+deep("{a:")+"\r\n")
	}
	var keys, jsv, cells, elements strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&keys, `"k%d":1,`, i)
		fmt.Fprintf(&jsv, `k%d:1,`, i)
		fmt.Fprintf(&cells, `k%d,`, i)
		fmt.Fprintf(&elements, `<k%d/>`, i)
	}
	add("100,000 keys", api, "application/json", `{`+keys.String()+`"x":1}`)
	add("100,000 keys in a member", api, "application/json", `{"Customer":{`+keys.String()+`"x":1}}`)
	add("100,000 keys in JSV", api, "application/jsv", `{`+jsv.String()+`x:1}`)
	add("100,000 columns", api, "text/csv", cells.String()+"x\r\n"+strings.Repeat(",", 100_000)+"\r\n")
	add("100,000 elements", api, "application/xml", `<CustomerPaymentsRequest>`+elements.String()+`</CustomerPaymentsRequest>`)
	long := strings.Repeat("7", 1<<20)
	for _, member := range []string{"OrderID", "Customer.ID", "Customer.BusinessName", "Customer.FirstName", "Customer.LastName", "Customer.Email", "Customer.UID",
		"Customer.AgentId", "PaymentInfo.PaymentType", "PaymentInfo.CardNumber", "PaymentInfo.ExpDate", "PaymentInfo.CCV", "PaymentInfo.StripeToken", "PaymentInfo.AgentId"} {
		body := `{"` + member + `":"` + long + `"}`
		if object, name, nested := strings.Cut(member, "."); nested {
			body = `{"OrderID":"0102030405060708090a0b0c0d0e0f10","` + object + `":{"` + name + `":"` + long + `"` + beside[name] + `}}`
		}
		add("1 MiB in "+member, api, "application/json", body)
	}
	return list
}

// TestCostlyBodies is row H3. By default most of them are over the limit of a body, and cost nothing; where the host has raised the
// limit they are read no further than what is wrong with them, and cost less than 20 ms. The cost is the time that the thread
// ran, the least of some rounds. On a machine with other work memory itself is slow: 20 ms are asked where the test runs alone.
func TestCostlyBodies(t *testing.T) { // not in parallel: it measures
	if httpadapter.RaceEnabled {
		t.Skip("the race detector makes reading twenty times as dear: .ci/run runs this once more without it")
	}
	verified := httpadapter.Basic("payments", verify)
	service := careful(t)
	strict, err := httpadapter.New(service, httpadapter.Options{Authenticate: verified, Formats: formats.All()})
	if err != nil {
		t.Fatal(err)
	}
	wide, err := httpadapter.New(service, httpadapter.Options{Authenticate: verified, Formats: formats.All(), MaxBody: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	bodies, worst, budget := costlyBodies(), time.Duration(0), 10*alone
	if matrix.Full() {
		budget = alone
	}
	for _, c := range bodies {
		status, cost := c.serve(strict, budget)
		if want := wantedStatus(len(c.body)); status != want || cost > budget {
			t.Errorf("%s: answer %d, want %d; %v", c.name, status, want, cost)
		}
		status, cost = c.serve(wide, budget)
		if status != http.StatusBadRequest || cost > budget {
			t.Errorf("%s, where the limit is high: answer %d; %v", c.name, status, cost)
		}
		worst = max(worst, cost)
	}
	t.Logf("the dearest of %d cost %v", len(bodies), worst)
	if matrix.Full() {
		matrix.Count(t, "H3", len(bodies))
	}
}

// wantedStatus is the answer to a costly body of a size by default.
func wantedStatus(size int) int {
	if size > httpadapter.DefaultMaxBody {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// alone is what a body may cost where nothing else runs.
const alone = 20 * time.Millisecond

// serve returns the answer to the body, and the least that it cost: caches and memory are shared with whatever else runs, so that a cost
// above the budget is looked at again.
func (c costly) serve(h http.Handler, budget time.Duration) (status int, cost time.Duration) {
	cost = time.Hour
	for round := 0; round < 5 || round < 30 && cost > budget; round++ {
		r := httptest.NewRequest("POST", c.target, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		r.SetBasicAuth("agent", "p@ss")
		w := httptest.NewRecorder()
		before := threadCPU()
		h.ServeHTTP(w, r)
		cost = min(cost, threadCPU()-before)
		status = w.Code
	}
	return status, cost
}
