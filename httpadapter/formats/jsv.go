package formats

import (
	"strconv"
	"strings"

	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// jsvFormat is JSV, ServiceStack's own: JSON without the quotes that are not needed.
type jsvFormat struct{}

// JSV returns the format JSV.
func JSV() httpadapter.Format { return jsvFormat{} }

// Name is the suffix and the value of ?format=.
func (jsvFormat) Name() string { return "jsv" }

// ContentType is that of answers.
func (jsvFormat) ContentType() string { return "application/jsv; charset=utf-8" }

// MediaTypes are what Accept and Content-Type call it.
func (jsvFormat) MediaTypes() []string { return []string{"application/jsv", "text/jsv"} }

// Disposition is empty: the answer is read, not saved.
func (jsvFormat) Disposition() string { return "" }

// Append appends an answer.
func (jsvFormat) Append(dst []byte, answer *wire.Node) []byte { return appendJSV(dst, answer) }

// Read reads a body.
func (jsvFormat) Read(body []byte, into wire.Sink) error { return wire.ReadJSV(nil, body, into) }

// appendJSV appends a value. Members without one are left out.
func appendJSV(dst []byte, n *wire.Node) []byte {
	switch n.Kind {
	case wire.Null:
	case wire.Text:
		return appendJSVText(dst, n.Text)
	case wire.Bool:
		return appendBool(dst, n.Bool)
	case wire.Int:
		return strconv.AppendInt(dst, n.Int, 10)
	case wire.Date:
		return appendDate(dst, n.Time)
	case wire.List:
		dst = append(dst, '[')
		for i := range n.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSV(dst, &n.Members[i])
		}
		return append(dst, ']')
	case wire.Object:
		dst = append(dst, '{')
		first := true
		for i := range n.Members {
			if n.Members[i].Kind == wire.Null {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, n.Members[i].Name...), ':')
			dst = appendJSV(dst, &n.Members[i])
		}
		return append(dst, '}')
	}
	return dst
}

// appendBool appends a truth value as .NET spells it.
func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, "True"...)
	}
	return append(dst, "False"...)
}

// appendJSVText appends a text, in quotes where it has what ends a bare one.
func appendJSVText(dst []byte, s string) []byte {
	s = strings.ToValidUTF8(s, "\ufffd")
	if s != "" && !strings.ContainsAny(s, "\":,{}[]\r\n") {
		return append(dst, s...)
	}
	return appendQuoted(dst, s)
}

// appendQuoted appends a text in quotes, in which a quote is doubled.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		before, after, found := strings.Cut(s, `"`)
		dst = append(dst, before...)
		if !found {
			return append(dst, '"')
		}
		dst = append(dst, `""`...)
		s = after
	}
}
