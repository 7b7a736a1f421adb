package httpadapter

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/matrix"
)

// inside is what an answer must not tell: what errors of databases, gateways and panics say.
var inside = regexp.MustCompile(`(?i)stacktrace|goroutine|\.go:\d|panic|runtime error|select |insert into|update .* set|from payments|pq:|sqlite|gorm|mysql|` +
	`SQLSTATE|dial tcp|10\.0\.0\.7|hunter2|sk_live|whsec_|raw text|drop_|_saved|502 |bad gateway|nginx|fake:|stripe-go|req_`)

// texts are what foreign errors say.
func texts() map[string]error {
	return map[string]error{
		"postgres": errors.New(`pq: duplicate key value violates unique constraint "payments_live" (SQLSTATE 23505): INSERT INTO payments (uid, last4) VALUES ('x','4242')`),
		"sqlite":   errors.New("database is locked (5): SELECT * FROM payments WHERE namespace = '' AND order_id = '01'"),
		"network":  errors.New("dial tcp 10.0.0.7:5432: connect: connection refused (user=shop password=hunter2)"),
		"stack":    errors.New("runtime error: invalid memory address\ngoroutine 7 [running]:\n/srv/shop/store.go:99 +0x1"),
		"down": payments.NewError(payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied, Message: "raw text of the database"},
			errors.New("SELECT 1: dial tcp 10.0.0.7:5432")),
		"stripe": payments.NewError(payments.Error{Code: payments.ErrGatewayRejected, Gateway: "fake", GatewayCode: "parameter_unknown", RequestID: "req_1",
			Message: "raw text of the gateway"}, errors.New(`{"error":{"message":"raw text","request_log_url":"https://dashboard.stripe.com/req_1"}} sk_live_1`)),
	}
}

// answered checks the answers to a shop's three verbs while something is broken, and returns how many were errors or doubts.
func answered(t *testing.T, name string, shop *real) (bad int) {
	t.Helper()
	for _, verb := range []string{"POST", "PUT", "GET"} {
		for _, query := range []string{"", "format=html", "format=xml", "jsconfig=eccn,inv"} {
			c := call{method: verb, target: pathAPI + "?OrderID=" + orderText + "&" + query, body: tokenBody}
			if verb == "GET" {
				c.body = ""
			}
			w := c.do(shop)
			body := w.Body.String()
			if query == "jsconfig=eccn,inv" { // null members are asked for, the name of one that is always null among them
				body = strings.ReplaceAll(body, `"stackTrace":null`, "")
			}
			if found := inside.FindString(body + fmt.Sprint(w.Header())); found != "" {
				t.Errorf("%s: %s %s: %d tells %q: %s", name, verb, query, w.Code, found, body)
			}
			if w.Code >= 400 && query == "" && !strings.HasPrefix(body, `{"ResponseStatus":{"ErrorCode":"`) {
				t.Errorf("%s: %s: %d %s", name, verb, w.Code, body)
			}
			if w.Code >= 400 || w.Code == 202 {
				bad = 1
			}
		}
	}
	return bad
}

// TestErrorsTellNothingOfTheInside is row K6: the errors of row E1, in each call of the store and of the gateway, before and after
// its effect; and the faults of row B1, in each operation. A cell counts when it made an answer an error or a doubt.
func TestErrorsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for gateways that hang; it runs without -short")
	}
	quick := payments.Options{GatewayTimeout: 30 * time.Millisecond, RequestTimeout: 300 * time.Millisecond, WaitTimeout: time.Second}
	xml := func(o *Options) { o.Formats = plainFormats() }
	cells := 0
	for _, op := range []string{"Apply", "Find", "Lease", "FindKey", "List", "prepare", "confirm", "fetch", "void", "authorize"} {
		for what, err := range texts() {
			for _, before := range []bool{true, false} {
				for _, paid := range []bool{true, false} {
					shop := newReal(t, quick, xml)
					if paid {
						shop.pay(t)
					}
					shop.calls.set(func(name string) (bool, error) {
						if name == op {
							return before, err
						}
						return false, nil
					})
					cells += answered(t, fmt.Sprint(op, " ", what, " before ", before, " paid ", paid), shop)
				}
			}
		}
	}
	for _, op := range []string{"prepare", "confirm", "fetch"} {
		for _, f := range fake.Faults() {
			shop := newReal(t, quick, xml)
			operation, err := fake.ParseOperation(op)
			if err != nil {
				t.Fatal(err)
			}
			if err := shop.fake.Fault(operation, f.Fault, 100); err != nil {
				t.Fatal(err)
			}
			cells += answered(t, fmt.Sprint(op, " ", f.Fault), shop)
		}
	}
	matrix.Count(t, "K6", cells)
}
