package httpadapter

import "net/http"

// descriptions are the routes that describe the others.
var descriptions = []route{}

// page answers a description.
func (x *exchange) page() {
	kind, body := x.route.page(x.Handler)
	x.headers(kind)
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}
