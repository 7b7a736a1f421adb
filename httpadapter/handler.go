package httpadapter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trendsic/payments"
)

// Service is what the routes are bound to; *payments.Service is one. A host may put its own policy between the two.
//
// A decline is a payment together with an error that is payments.ErrDeclined, and an outcome that is not known one
// together with payments.ErrUnknown; both are answered from the payment. Any other error is answered as an error.
type Service interface {
	// Pay takes the payment of an order, for POST.
	Pay(ctx context.Context, req payments.PayRequest) (payments.Result, error)
	// Complete finds out how the payment of an order ended, for PUT.
	Complete(ctx context.Context, req payments.CompleteRequest) (payments.Result, error)
	// PaymentForOrder reads the payment of an order, for GET.
	PaymentForOrder(ctx context.Context, req payments.FindRequest) (payments.Payment, error)
}

// Handler serves the routes. Make it with [New]. It is safe for concurrent use.
type Handler struct {
	svc          Service
	authenticate func(*http.Request) (Principal, error)
	origins      *http.CrossOriginProtection
	types        map[string]payments.PaymentType
	log          *slog.Logger
	routes       []route
	formats      []*codec
	// cors answers preflight requests and marks answers to allowed pages; it goes on to serve.
	cors http.Handler
	// allowed are the allowed origins, in lower case.
	allowed   map[string]bool
	jsonp     bool
	astray    sync.Once
	config    jsConfig
	base      string
	challenge string
	maxBody   int64
}

// exchange is one request and its answer. Exchanges are used again, and hold nothing of a request between two of them.
type exchange struct {
	*Handler
	w http.ResponseWriter
	r *http.Request

	route     *route
	method    string
	pathOrder string
	parameters
	format  *codec
	key     string
	in      request
	decoder decoder
	// read reads the body in its format; nil is JSON.
	read bodyReader
	// elements are those of a batch's body.
	elements [][]byte
	who      Principal
	// badInfo is what is wrong with PaymentInfo, which does not matter to an order that is paid.
	badInfo []responseError

	config   jsConfig
	replayed bool
	out      response
	payment  customerPayment
	problem  *problem
	// list are the answers of a batch, nil for any other request.
	list []response
	json jsonWriter

	body, answer []byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// maxKept is how large a buffer may be to be kept for the next request.
const maxKept = 16 << 10

// wipe makes an exchange as good as new. The body held a card, and the answer may have held a client secret.
func (x *exchange) wipe() {
	body, answer, text := x.body[:cap(x.body)], x.answer[:cap(x.answer)], x.decoder.text[:cap(x.decoder.text)]
	clear(body)
	clear(answer)
	clear(text)
	*x = exchange{}
	if len(body) <= maxKept {
		x.body, x.decoder.text = body[:0], text[:0]
	}
	if len(answer) <= maxKept {
		x.answer = answer[:0]
	}
}

// release gives an exchange back.
func (x *exchange) release() {
	x.wipe()
	exchanges.Put(x)
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.cors != nil {
		h.cors.ServeHTTP(w, r)
		return
	}
	h.serveHTTP(w, r)
}

// serveHTTP answers one request behind CORS.
func (h *Handler) serveHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	defer x.release()
	x.Handler, x.w, x.r, x.method, x.format = h, w, r, r.Method, &jsonCodec
	x.parameters = h.parameters(r.URL.RawQuery)
	x.config = h.config.with(x.jsconfig)
	ctx := r.Context()
	status := x.guard(ctx, x.serve)
	switch {
	case status == 0:
		x.options()
		return
	case x.route != nil && x.route.page != nil && x.problem == nil:
		x.page()
	default:
		x.write(status)
	}
	x.record(ctx, status)
}

// guard makes a panic below an internal error, and not a connection cut in the middle; only the one that means "cut it"
// goes on.
func (x *exchange) guard(ctx context.Context, serve func(context.Context) int) (status int) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		// The value may be anything, a secret too: its type and the stack are enough to find the defect.
		x.log.LogAttrs(ctx, slog.LevelError, "httpadapter: panic",
			slog.String("type", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
		status = x.fail(internal(x.moves()))
	}()
	return serve(ctx)
}

// serve fills the answer and returns its HTTP status, or 0 where OPTIONS is all that is asked.
func (x *exchange) serve(ctx context.Context) (status int) {
	for _, step := range steps {
		if p := step(x); p != nil {
			return x.fail(p)
		}
		if x.method == http.MethodOptions {
			return 0
		}
		if x.route.page != nil {
			return http.StatusOK
		}
	}
	if x.route.batch {
		return x.serveBatch(ctx)
	}
	return x.serveOne(ctx)
}

// serveOne validates one request and asks the Service.
func (x *exchange) serveOne(ctx context.Context) (status int) {
	if p := x.validate(); p != nil {
		return x.fail(p)
	}
	status, p := x.call(ctx)
	if p != nil {
		return x.fail(p)
	}
	return status
}

// steps are what a request passes before its values are looked at, in the order in which it may fail.
var steps = []func(*exchange) *problem{
	(*exchange).resolve, (*exchange).sameOrigin, (*exchange).scriptOrigin, (*exchange).bind,
	(*exchange).identify, (*exchange).authorize,
}

// moves reports whether the request may move money.
func (x *exchange) moves() bool { return x.method == http.MethodPost || x.method == http.MethodPut }

// resolve finds the route, the verb and the answer's format.
func (x *exchange) resolve() *problem {
	var suffix string
	x.route, x.pathOrder, suffix = x.locate(x.r.URL.Path)
	x.negotiate(suffix)
	if x.route == nil {
		x.hint(x.r.URL.Path)
		return bare(http.StatusNotFound, "NotFound", "There is no such route.")
	}
	var ok bool
	if x.method, ok = overridden(x.r); !ok || !x.route.allows(x.method) {
		p := bare(http.StatusMethodNotAllowed, "NotSupported", "The verb is not supported here.")
		p.allow = x.route.allow
		return p
	}
	if x.method == http.MethodHead {
		// HEAD is GET; the server leaves the body out.
		x.method = http.MethodGet
	}
	return nil
}

// sameOrigin refuses what a browser sends from a foreign page, whatever the credentials: browsers send Basic credentials
// and cookies by themselves. Programs are not touched by it.
func (x *exchange) sameOrigin() *problem {
	if x.moves() && x.origins.Check(x.r) != nil {
		return bare(http.StatusForbidden, "Forbidden", "Requests from this origin are not allowed.")
	}
	return nil
}

// fail makes a problem the answer.
func (x *exchange) fail(p *problem) int {
	x.problem = p
	x.out = response{status: &p.status, bare: p.bare}
	return p.http
}

// write sends the answer.
func (x *exchange) write(status int) {
	x.answer = x.format.appendTo(x, x.answer[:0])
	h := x.headers(x.format.contentType)
	if x.format.disposition != "" {
		h.Set("Content-Disposition", x.format.disposition)
	}
	if x.format == &htmlCodec {
		h.Set("Content-Security-Policy", pagePolicy)
	}
	if x.list != nil {
		h.Set("X-AutoBatch-Completed", strconv.Itoa(len(x.list)))
	}
	if x.replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	if p := x.problem; p != nil {
		if p.allow != "" {
			h.Set("Allow", p.allow)
		}
		if p.challenge != "" {
			h.Set("WWW-Authenticate", p.challenge)
		}
		if p.retryAfter > 0 {
			// Rounded up: a caller that comes too early is refused again.
			h.Set("Retry-After", strconv.FormatInt(int64((p.retryAfter+time.Second-1)/time.Second), 10))
		}
	}
	x.w.WriteHeader(status)
	// An error here is the caller's connection; there is nobody left to tell.
	_, _ = x.w.Write(x.answer)
}

// headers sets what stands on every answer. Vary is added to, for the host's own middleware may have set it. The values
// share one array, each cut off so that nobody's append reaches the next.
func (x *exchange) headers(contentType string) http.Header {
	h := x.w.Header()
	v := []string{"Accept", "Origin", "nosniff", "no-store", contentType}
	switch vary := h["Vary"]; {
	case vary == nil:
		h["Vary"] = v[0:2:2]
	case slices.ContainsFunc(vary, func(v string) bool { return strings.HasPrefix(v, "Origin") }):
		h["Vary"] = append(vary, v[0])
	default:
		h["Vary"] = append(vary, v[:2]...)
	}
	h["X-Content-Type-Options"] = v[2:3:3]
	h["Cache-Control"] = v[3:4:4]
	if contentType != "" {
		h["Content-Type"] = v[4:5:5]
	}
	return h
}

// options answers OPTIONS, to anybody.
func (x *exchange) options() {
	h := x.headers("")
	h.Set("Allow", x.route.allow)
	preflighted(h)
	x.w.WriteHeader(http.StatusOK)
}

// record writes the request's log record. Of the request it holds only what the adapter itself has understood.
func (x *exchange) record(ctx context.Context, status int) {
	if !x.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.Int("status", status))
	if x.route != nil {
		attrs = append(attrs, slog.String("route", x.route.name))
		if x.route.allows(x.method) {
			attrs = append(attrs, slog.String("method", x.method))
		}
	}
	if !x.in.order.IsZero() {
		attrs = append(attrs, slog.String("order", x.in.order.String()))
	}
	if x.out.status != nil {
		attrs = append(attrs, slog.String("error", x.out.status.code))
	}
	x.log.LogAttrs(ctx, slog.LevelDebug, "httpadapter: request", attrs...)
}
