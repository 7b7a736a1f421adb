package httpadapter

import (
	"net/http"
	"strings"
)

// route is one path and what it answers.
type route struct {
	// name is the route in logs: never the path as it came, which the caller writes.
	name string
	// path is what follows the base path, without a slash at its end.
	path string
	// order tells that one more segment, the OrderID, follows.
	order bool
	// allow is the Allow header: every verb of the route, in the documentation's order.
	allow string
	// client tells that the official clients use the route: a body without a Content-Type, or in text/plain, is JSON.
	client bool
}

// routes are all the routes; documentedRoutes are those of the seed's page. A batch route ("CustomerPaymentsRequest[]")
// and the descriptions (/types, /metadata) will be further rows.
var (
	routes = []route{
		{name: "payments", path: "/v1/CustomerPayments", allow: "POST, PUT, OPTIONS"},
		{name: "payment", path: "/v1/CustomerPayments", order: true, allow: "GET, HEAD, OPTIONS"},
		{name: "api", path: "/api/CustomerPaymentsRequest", allow: "GET, HEAD, POST, PUT, OPTIONS", client: true},
		{name: "reply", path: "/json/reply/CustomerPaymentsRequest", allow: "GET, HEAD, POST, PUT, OPTIONS", client: true},
	}
	documentedRoutes = routes[:2]
)

// allows reports whether the route answers a verb.
func (rt *route) allows(method string) bool {
	for verb := range strings.SplitSeq(rt.allow, ", ") {
		if verb == method {
			return true
		}
	}
	return false
}

// match finds the route of a path, which has the base path already cut off, and the OrderID's text in it. Paths match in
// any case of ASCII letters, with or without a slash at the end and a format's suffix.
func match(table []route, path string) (rt *route, order string) {
	path = strings.TrimSuffix(path, "/")
	path, _ = cutFormat(path)
	for i := range table {
		rest, ok := cutPrefixFold(path, table[i].path)
		switch {
		case !ok:
		case rest == "" && !table[i].order:
			return &table[i], ""
		case len(rest) > 1 && rest[0] == '/' && table[i].order && !strings.Contains(rest[1:], "/"):
			return &table[i], rest[1:]
		}
	}
	return nil, ""
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
