package httpadapter

import (
	"net/http"
	"net/url"
	"strings"
)

// maxCallback is how long the name of a JSONP callback may be.
const maxCallback = 64

// validCallback reports whether a text is the name of a function and can be nothing else: a name that is free text is a
// script of the caller's own, served from our origin (CVE-2014-4671).
func validCallback(name string) bool {
	if name == "" || len(name) > maxCallback {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= lower(c) && lower(c) <= 'z', c == '_', c == '$':
		case i > 0 && ('0' <= c && c <= '9' || c == '.'):
		default:
			return false
		}
	}
	return true
}

// appendJSONP appends the answer as a call of the callback. The comment before it keeps the body from being anything but a
// script, whatever the name looks like.
func (x *exchange) appendJSONP(dst []byte) []byte {
	dst = append(dst, "/**/"...)
	dst = append(dst, x.callback...)
	dst = append(dst, '(')
	dst = x.appendJSON(dst)
	return append(dst, ')')
}

// scriptOrigin refuses JSONP to pages that may not read it. A script is not held to its page's origin, and the browser
// adds the payer's cookies or Basic credentials to the request by itself, so that neither proves anything.
func (x *exchange) scriptOrigin() *problem {
	if x.format != &jsonpCodec || x.method == http.MethodOptions || x.ownPage() {
		return nil
	}
	return bare(http.StatusForbidden, "Forbidden", "Requests from this origin are not allowed.")
}

// ownPage reports whether a script was asked for by no page at all, by a page of this host, or by one of an origin that is
// allowed. Sec-Fetch-Site tells; browsers that do not send it, for they are old or the connection is not secure, tell by
// their Referer.
func (x *exchange) ownPage() bool {
	site := x.r.Header.Get("Sec-Fetch-Site")
	if site == "same-origin" || site == "none" {
		return true
	}
	referer := x.r.Header.Get("Referer")
	if referer == "" {
		return site == ""
	}
	page, err := url.Parse(referer)
	if err != nil || page.Host == "" {
		return false
	}
	return x.allowed[strings.ToLower(page.Scheme+"://"+page.Host)] || site == "" && strings.EqualFold(page.Host, x.r.Host)
}
