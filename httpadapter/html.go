package httpadapter

import (
	"html"
	"strconv"
	"strings"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// pagePolicy is the Content-Security-Policy of the pages: no script, nothing from elsewhere, in nobody's frame.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	pageHead = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>`
	pageStyle = `</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border:1px solid #ccc;overflow-wrap:anywhere}
th{white-space:nowrap;background:#f4f4f4}
code{background:#f4f4f4}
</style></head><body>
`
	pageTail = "</body></html>\n"
)

// appendPage begins a page of a title, which must be safe.
func appendPage(dst []byte, title string) []byte {
	dst = append(append(append(dst, pageHead...), title...), pageStyle...)
	return append(append(append(dst, "<h1>"...), title...), "</h1>\n"...)
}

// appendHTML appends the answer as a page that a person can read.
func (x *exchange) appendHTML(dst []byte) []byte {
	title := "Customer payment"
	if x.problem != nil {
		title = "Error " + strconv.Itoa(x.problem.http)
	}
	dst = appendPage(dst, title)
	dst = appendValue(dst, x.tree())
	dst = x.appendLinks(dst)
	return append(dst, pageTail...)
}

// appendLinks appends where the same payment is in the other formats: beside it, by its suffix, which goes before all else.
func (x *exchange) appendLinks(dst []byte) []byte {
	if x.route == nil || !x.route.order || x.in.order.IsZero() {
		return dst
	}
	beside := x.in.order.String() + "."
	if strings.HasSuffix(x.r.URL.Path, "/") {
		beside = "../" + beside
	}
	dst = append(dst, "<p>Other formats:"...)
	for _, c := range x.formats {
		if c.name != "html" {
			dst = append(dst, ` <a href="`+beside+c.name+`">`+c.name+"</a>"...)
		}
	}
	return append(dst, "</p>\n"...)
}

// appendValue appends a member's value. Members without one are left out of their object.
func appendValue(dst []byte, n *wire.Node) []byte {
	switch n.Kind {
	case wire.Null:
	case wire.Text:
		dst = append(dst, html.EscapeString(strings.ToValidUTF8(n.Text, "\ufffd"))...)
	case wire.Bool:
		dst = append(dst, map[bool]string{false: "no", true: "yes"}[n.Bool]...)
	case wire.Int:
		dst = strconv.AppendInt(dst, n.Int, 10)
	case wire.Date:
		if !n.Time.IsZero() {
			dst = n.Time.UTC().AppendFormat(dst, "2006-01-02 15:04:05 UTC")
		}
	case wire.List:
		for i := range n.Members {
			dst = appendValue(dst, &n.Members[i])
		}
	case wire.Object:
		dst = append(dst, "<table>\n"...)
		for i := range n.Members {
			if n.Members[i].Kind == wire.Null {
				continue
			}
			dst = append(append(append(dst, "<tr><th>"...), n.Members[i].Name...), "</th><td>"...)
			dst = append(appendValue(dst, &n.Members[i]), "</td></tr>\n"...)
		}
		dst = append(dst, "</table>\n"...)
	}
	return dst
}
