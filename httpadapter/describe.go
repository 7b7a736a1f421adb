package httpadapter

import (
	_ "embed" // openapi.json is served as it was written
	"html"
	"net/http"
	"strings"
)

// openAPI describes the routes in OpenAPI 3.1. It is written by hand, once; tests hold it to the route table and every
// exchange of the test suite to it.
//
//go:embed openapi.json
var openAPI []byte

// descriptions are the routes that describe the others. They say nothing of anybody and are open.
var descriptions = []route{
	{name: "types python", path: "/types/python", allow: allowRead, page: python, summary: "DTOs for the Python client."},
	{name: "types typescript", path: "/types/typescript", allow: allowRead, page: typescript, summary: "DTOs for the TypeScript client."},
	{name: "types csharp", path: "/types/csharp", allow: allowRead, page: csharp, summary: "DTOs for the C# clients."},
	{name: "metadata", path: "/metadata", allow: allowRead, page: metadata, summary: "A page for people: routes, formats, members."},
	{name: "openapi", path: "/openapi.json", allow: allowRead, page: openapi, summary: "The routes in OpenAPI 3.1."},
}

// openapi answers the OpenAPI document.
func openapi(*Handler) (contentType string, body []byte) {
	return "application/json; charset=utf-8", openAPI
}

// page answers a description.
func (x *exchange) page() {
	kind, body := x.route.page(x.Handler)
	h := x.headers(kind)
	if strings.HasPrefix(kind, "text/html") {
		h.Set("Content-Security-Policy", pagePolicy)
	}
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// metadata answers a page for people: the routes, the formats and the DTOs.
func metadata(h *Handler) (contentType string, body []byte) {
	var b strings.Builder
	b.WriteString("<p>To override the Content-type in your clients, use the HTTP Accept Header, append a suffix (.json) or ?format=json.")
	if h.jsonp {
		b.WriteString(" To embed the response in a jsonp callback, append ?callback=myCallback.")
	}
	b.WriteString("</p>\n<p>Formats:")
	for _, c := range h.formats {
		b.WriteString(" <code>" + html.EscapeString(c.name) + "</code>")
	}
	b.WriteString("</p>\n<h2>Routes</h2>\n<table>\n<tr><th>Path</th><th>Verbs</th><th></th></tr>\n")
	for _, rt := range h.routes {
		b.WriteString("<tr><td><code>" + html.EscapeString(h.base+rt.template()) + "</code></td><td>" + rt.allow + "</td><td>" +
			html.EscapeString(rt.summary) + "</td></tr>\n")
	}
	b.WriteString("</table>\n<p>Requires any of the roles: Agent, Administrator.</p>\n")
	words := map[shapeKind]string{shapeText: "text", shapeNumber: "number", shapeTruth: "true or false", shapeDate: "date",
		shapeGUID: "GUID", shapeMap: "map"}
	for _, s := range shapes() {
		b.WriteString("<h2>" + s.name + "</h2>\n<table>\n")
		for _, m := range s.members {
			word := words[m.kind]
			if m.of != "" {
				word = m.of
			}
			if m.kind == shapeList {
				word = "list of " + m.of
			}
			b.WriteString("<tr><th>" + h.member(m) + "</th><td>" + word + "</td></tr>\n")
		}
		b.WriteString("</table>\n")
	}
	body = appendPage(nil, "Customer payments")
	body = append(append(body, b.String()...), pageTail...)
	return "text/html; charset=utf-8", body
}
