package httpadapter

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// route is one path and what it answers.
type route struct {
	// name is the route in logs: never the path as it came, which the caller writes.
	name string
	// path is what follows the base path, without a slash at its end.
	path string
	// summary says in /metadata what the route is for.
	summary string
	// order tells that one more segment, the OrderID, follows.
	order bool
	// allow is the Allow header: every verb of the route, in the documentation's order.
	allow string
	// client tells that the official clients use the route: a body without a Content-Type, or in text/plain, is JSON.
	client bool
	// batch tells that the body is an array of requests.
	batch bool
	// page makes a description, which is open to everybody and no answer; nil for the payment routes.
	page func(h *Handler) (contentType string, body []byte)
}

// The verbs of the routes.
const (
	allowWrite = "POST, PUT, OPTIONS"
	allowRead  = "GET, HEAD, OPTIONS"
	allowAll   = "GET, HEAD, POST, PUT, OPTIONS"
	allowBatch = "POST, OPTIONS"
)

// The routes, by the groups that a host may leave out. documentedRoutes are those of the seed's page, clientRoutes those of
// the official clients, and descriptions are for people and generators.
var (
	documentedRoutes = []route{
		{name: "payments", path: "/v1/CustomerPayments", allow: allowWrite, summary: "Pay an order (POST) and complete its payment (PUT)."},
		{name: "payment", path: "/v1/CustomerPayments", order: true, allow: allowRead, summary: "Read the payment of an order."},
	}
	clientRoutes = []route{
		{name: "api", path: "/api/CustomerPaymentsRequest", allow: allowAll, client: true, summary: "The same, as the official clients ask by default."},
		{name: "reply", path: "/json/reply/CustomerPaymentsRequest", allow: allowAll, client: true, summary: "The same, as older clients ask by default."},
		{name: "api batch", path: "/api/CustomerPaymentsRequest[]", allow: allowBatch, client: true, batch: true, summary: "Pay several orders, each judged alone."},
		{name: "reply batch", path: "/json/reply/CustomerPaymentsRequest[]", allow: allowBatch, client: true, batch: true, summary: "The same, as older clients ask."},
	}
)

// template is the route's path as descriptions write it.
func (rt *route) template() string {
	if rt.order {
		return rt.path + "/{OrderID}"
	}
	return rt.path
}

// allows reports whether the route answers a verb.
func (rt *route) allows(method string) bool {
	for verb := range strings.SplitSeq(rt.allow, ", ") {
		if verb == method {
			return true
		}
	}
	return false
}

// routes are the routes of all groups.
var routes = slices.Concat(documentedRoutes, clientRoutes, descriptions)

// locate finds the route of a request's path. The base path may stand before it or have been stripped by the host.
func (h *Handler) locate(path string) (rt *route, order, suffix string) {
	if rest, ok := cutPrefixFold(path, h.base); ok {
		rt, order, suffix = match(h.routes, rest)
	}
	if rt == nil && h.base != "" {
		rt, order, suffix = match(h.routes, path)
	}
	return rt, order, suffix
}

// match finds the route of a path, which has the base path already cut off, the OrderID's text in it and the format's
// suffix. Paths match in any case of ASCII letters, with or without a slash at the end and a suffix.
func match(table []route, path string) (rt *route, order, suffix string) {
	path = strings.TrimSuffix(path, "/")
	for i := range table {
		if table[i].page != nil && equalFold(path, table[i].path) {
			return &table[i], "", ""
		}
	}
	path, suffix = cutFormat(path)
	for i := range table {
		rest, ok := cutPrefixFold(path, table[i].path)
		switch {
		case !ok || table[i].page != nil:
		case rest == "" && !table[i].order:
			return &table[i], "", suffix
		case len(rest) > 1 && rest[0] == '/' && table[i].order && !strings.Contains(rest[1:], "/"):
			return &table[i], rest[1:], suffix
		}
	}
	return nil, "", suffix
}

// collision returns an error where two routes answer the same path: the second would never be asked.
func collision(table []route) error {
	for i := range table {
		for j := range table[:i] {
			a, b := &table[i], &table[j]
			if a.name == b.name || a.order == b.order && equalFold(a.path, b.path) {
				return fmt.Errorf("httpadapter: the routes %q (%s) and %q (%s) collide", b.name, b.path, a.name, a.path)
			}
		}
	}
	return nil
}

// overridden returns the verb that a request means. A POST may say by a header that it is a PUT, for callers behind
// proxies that pass nothing else. ok is false for a POST that asks to be anything else: it must not be taken for a POST.
func overridden(r *http.Request) (method string, ok bool) {
	if r.Method != http.MethodPost {
		return r.Method, true
	}
	switch override := r.Header.Get("X-Http-Method-Override"); {
	case override == "" || strings.EqualFold(override, http.MethodPost):
		return http.MethodPost, true
	case strings.EqualFold(override, http.MethodPut):
		return http.MethodPut, true
	default:
		return override, false
	}
}

// cutPrefixFold is strings.CutPrefix in any case of ASCII letters.
func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !equalFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// equalFold compares in any case of ASCII letters only: Unicode's folding would take a Kelvin sign for a k, and two
// spellings that differ in bytes for one member.
func equalFold[T, U string | []byte](a T, b U) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower returns an ASCII letter in lower case, and any other byte as it is.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
