package httpadapter

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// asked is what a role gets of a route's operation: its status, and whether the order's own rows may be looked at.
var asked = map[string]int{
	"-":      http.StatusUnauthorized, // no credentials
	"nope":   http.StatusUnauthorized, // unknown
	"nobody": http.StatusForbidden,    // a customer: known, without a role
	"lower":  http.StatusForbidden,    // another customer, whose roles are nearly ours
	"zero":   http.StatusNotFound,     // an agent that owns nothing
	"other":  http.StatusNotFound,     // another agent
	"agent":  http.StatusOK,
	"boss":   http.StatusOK,
	"admin":  http.StatusOK,
	"both":   http.StatusOK,
}

// targets returns the request of a route and a verb for an order.
func ask(rt *route, verb, order string) call {
	c := call{method: verb, target: strings.ReplaceAll(routed[rt.name].target, orderText, order)}
	if verb == "POST" || verb == "PUT" {
		c.body = `{"OrderID":"` + order + `","PaymentInfo":{"StripeToken":"tok_visa"}}`
		if rt.batch {
			c.body = "[" + c.body + "]"
		}
	}
	return c
}

// TestRolesOfARealShop is row J1: every role at every route with every verb, over a real Service. Who may not gets neither a row nor a
// call of the gateway: none is made. The table comes from the routes, so that a route cannot be left out.
func TestRolesOfARealShop(t *testing.T) {
	t.Parallel()
	cells := 0
	for i := range routes {
		rt := &routes[i]
		if rt.page != nil {
			continue
		}
		for user, want := range asked {
			for _, verb := range []string{"GET", "POST", "PUT"} {
				cells++
				for _, paid := range []bool{false, true} {
					shop := newReal(t, payments.Options{}, nil)
					if paid {
						shop.pay(t)
					}
					roleCell(t, shop, rt, user, verb, want, paid)
				}
			}
		}
	}
	matrix.Count(t, "J1", cells)
}

// roleCell is one cell of the table, over an order that is paid or not.
func roleCell(t *testing.T, shop *real, rt *route, user, verb string, want int, paid bool) {
	t.Helper()
	name := fmt.Sprintf("%s %s by %s, paid %v", verb, rt.name, user, paid)
	before := shop.charges()
	c := ask(rt, verb, orderText)
	c.user = user
	w := c.do(shop)
	calls := shop.calls.take()
	status := want
	switch {
	case !slices.Contains(strings.Split(rt.allow, ", "), verb):
		status = http.StatusMethodNotAllowed
	case want == http.StatusOK && verb != "POST" && !paid:
		status = http.StatusNotFound // nothing was begun that could be read or completed
	case want == http.StatusOK && verb == "PUT" && !paid:
		status = http.StatusNotFound
	}
	element := status
	if rt.batch && (status == http.StatusOK || status == http.StatusNotFound) {
		status = http.StatusOK // each request of a batch is told alone
	}
	body := w.Body.String()
	if w.Code != status || (element == http.StatusOK) != strings.Contains(body, `"PaymentSuccess":true`) {
		t.Errorf("%s: answer %d, want %d: %s", name, w.Code, status, body)
	}
	allowed := want == http.StatusOK && status != http.StatusMethodNotAllowed
	if allowed != (len(calls) > 0) {
		t.Errorf("%s: the calls %v", name, calls)
	}
	if charged := shop.charges() - before; charged > 0 && (!allowed || paid || verb != "POST") || !allowed && strings.Contains(body, `"Amount"`) {
		t.Errorf("%s: %d charges, %s", name, charged, body)
	}
}

// TestNotYoursByTheSameCalls is row J2 over a real Service: an order of another agent and one that is not there get the same status,
// headers and body, by the same calls of the store and the gateway, in every form of an answer.
func TestNotYoursByTheSameCalls(t *testing.T) {
	t.Parallel()
	cases := 0
	for i := range routes {
		rt := &routes[i]
		if rt.page != nil {
			continue
		}
		for _, verb := range []string{"GET", "HEAD", "POST", "PUT"} {
			if !slices.Contains(strings.Split(rt.allow, ", "), verb) {
				continue
			}
			for _, query := range []string{"", "format=html", "format=xml", "jsconfig=eccn,inv", "callback=cb"} {
				if query == "callback=cb" && (verb == "POST" || verb == "PUT") || query == "format=xml" && rt.batch {
					continue
				}
				cases++
				var seen []string
				for _, order := range []string{orderText, foreignText} { // the other agent's, which is paid; and none
					shop := newReal(t, payments.Options{}, func(o *Options) { o.Formats = plainFormats() })
					shop.pay(t)
					c := ask(rt, verb, order)
					c.user = "other"
					sep := "?"
					if strings.Contains(c.target, "?") {
						sep = "&"
					}
					c.target += sep + query
					c.headers = map[string]string{"Idempotency-Key": "k"}
					w := c.do(shop)
					var b strings.Builder
					_ = w.Result().Header.Write(&b)
					seen = append(seen, fmt.Sprint(w.Code, shop.calls.take(), b.String(), strings.ReplaceAll(w.Body.String(), order, "ORDER")))
				}
				if seen[0] != seen[1] || !strings.HasPrefix(seen[0], "404 []") && !rt.batch {
					t.Errorf("%s %s %s:\n%s\n%s", verb, rt.name, query, seen[0], seen[1])
				}
			}
		}
	}
	matrix.Count(t, "J2", cases)
}
