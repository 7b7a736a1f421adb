package httpadapter

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// bind reads path, query, headers and body. Nobody is known yet: all that fails here is the request's own form.
func (x *exchange) bind() *problem {
	if err := x.checkParameters(); err != nil {
		x.format, x.callback = &jsonCodec, ""
		return unbound(err)
	}
	if x.moves() {
		var ok bool
		if x.key, ok = idempotencyKey(x.r.Header["Idempotency-Key"]); !ok {
			return unbound(&bindError{field: "Idempotency-Key",
				message: "'Idempotency-Key' is not one text of 1 to 255 printable ASCII characters"})
		}
		if p := x.readBody(); p != nil {
			return p
		}
	}
	var err *bindError
	if x.route.batch {
		err = x.split()
	} else {
		err = x.bindOne(x.body)
	}
	if err != nil {
		return unbound(err)
	}
	return nil
}

// checkParameters refuses parameters that cannot be meant.
func (x *exchange) checkParameters() *bindError {
	switch {
	case x.twin != "":
		return &bindError{field: x.twin, message: "'" + x.twin + "' is given more than once, with different values"}
	case x.callback == "":
		return nil
	case x.moves():
		return &bindError{field: "callback", message: "'callback' is for GET only"}
	case !validCallback(x.callback):
		return &bindError{field: "callback", message: "'callback' is not the name of a function"}
	}
	return nil
}

// bindOne reads one request: its body, and what path and query say.
func (x *exchange) bindOne(body []byte) *bindError {
	x.decoder.req = &x.in
	if len(body) > 0 {
		if err := x.read.into(&x.decoder, body); err != nil {
			return err
		}
	}
	if x.route.order {
		if err := x.nameOrder(x.pathOrder); err != nil {
			return err
		}
	}
	return x.bindQuery()
}

// bodyReader reads a body of a format other than JSON.
type bodyReader func(d *decoder, body []byte) *bindError

// into reads a body; without a reader it is JSON.
func (read bodyReader) into(d *decoder, body []byte) *bindError {
	if read == nil {
		return d.document(body, requestMembers)
	}
	return read(d, body)
}

// nameOrder takes one more spelling of the order's id. An empty one and one of zeros name none; two that differ are
// refused, because the caller and whatever stands before us may have read different ones.
func (x *exchange) nameOrder(text string) *bindError {
	if text == "" {
		return nil
	}
	id, err := payments.ParseOrderID(text)
	switch {
	case err != nil:
		return invalidValue(fieldNameOrder, strings.ToValidUTF8(text, "\ufffd"), false)
	case id.IsZero() || id == x.in.order:
		return nil
	case !x.in.order.IsZero():
		return &bindError{field: fieldNameOrder, message: "'OrderID' is given more than once, with different values"}
	}
	x.in.order = id
	return nil
}

// bindQuery reads the query's members. Of a GET the nested ones are ignored once they parse: C# clients send them.
func (x *exchange) bindQuery() *bindError {
	if x.r.URL.RawQuery == "" {
		return nil
	}
	for p := (pairs{x.r.URL.RawQuery}); ; {
		name, value, clean, ok := p.next()
		if !ok {
			return nil
		}
		i := find(requestMembers, name)
		if i < 0 || value == "" && clean {
			continue
		}
		m := &requestMembers[i]
		switch {
		case m.kind == kindObject && x.moves():
			// The body speaks for them.
		case !clean:
			return invalidValue(m.path, "", true)
		case m.field == fieldOrderID:
			if err := x.nameOrder(value); err != nil {
				return err
			}
		case !validNested(value):
			return invalidValue(m.path, stringified, value != stringified)
		}
	}
}

// readBody reads the body into x.body, if its type and size are taken.
func (x *exchange) readBody() *problem {
	if x.r.ContentLength > x.maxBody {
		return tooLarge()
	}
	if x.r.Body != nil && x.r.Body != http.NoBody && x.r.ContentLength != 0 {
		body := http.MaxBytesReader(x.w, x.r.Body, x.maxBody)
		if err := x.drain(body); err != nil {
			var limit *http.MaxBytesError
			if errors.As(err, &limit) {
				return tooLarge()
			}
			return unbound(malformed)
		}
	}
	if !x.takes() {
		return bare(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "A body of this Content-Type is not read here.")
	}
	return nil
}

// takes reports whether a body of the request's Content-Type is read here, and sets its reader. An encoded body is none of
// ours: what it unpacks to has no limit. A batch is an array, which only JSON has.
func (x *exchange) takes() bool {
	if encoding := x.r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	kind := mediaType(x.r.Header.Get("Content-Type"))
	switch kind {
	case "application/json", "text/json":
		return true
	case "":
		return x.route.client || len(x.body) == 0
	case "text/plain":
		return x.route.client
	case "application/x-www-form-urlencoded":
		x.read = func(d *decoder, body []byte) *bindError { return d.form(body, requestMembers) }
		return !x.route.batch
	}
	for _, c := range x.formats {
		if c.read != nil && slices.Contains(c.types, kind) {
			x.read = c.body
			return !x.route.batch
		}
	}
	return false
}

// body reads a body in the format.
func (c *codec) body(d *decoder, body []byte) *bindError {
	if !utf8.Valid(body) {
		return malformed
	}
	b := binder{decoder: d, root: requestMembers}
	return b.read(func(into wire.Sink) error { return c.read(body, into) })
}

// drain reads all of a body into the buffer that is used again.
func (x *exchange) drain(body io.Reader) error {
	if cap(x.body) == 0 {
		x.body = make([]byte, 0, 1<<10)
	}
	for {
		if len(x.body) == cap(x.body) {
			x.body = grow(x.body)
		}
		n, err := body.Read(x.body[len(x.body):cap(x.body)])
		x.body = x.body[:len(x.body)+n]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow returns the bytes in a larger buffer and wipes the old one, which may hold a card.
func grow(b []byte) []byte {
	larger := make([]byte, len(b), 2*cap(b))
	copy(larger, b)
	clear(b)
	return larger
}

// tooLarge is the problem of a body over the limit.
func tooLarge() *problem {
	return bare(http.StatusRequestEntityTooLarge, "PayloadTooLarge", "The body is too large.")
}
