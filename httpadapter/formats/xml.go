package formats

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// DefaultNamespace is the XML namespace of the service that the routes were taken from.
const DefaultNamespace = "http://schemas.datacontract.org/2004/07/CRM.AgencyPlatform.API.Internal"

const (
	namespaceTypes    = "http://schemas.servicestack.net/types"
	namespaceInstance = "http://www.w3.org/2001/XMLSchema-instance"
	declaration       = `<?xml version="1.0" encoding="utf-8"?>`
)

// xmlFormat is XML as .NET's DataContractSerializer writes it.
type xmlFormat struct{ namespace string }

// XML returns the format XML, whose DTOs are in a namespace; an empty one is [DefaultNamespace].
func XML(namespace string) httpadapter.Format {
	if namespace == "" {
		namespace = DefaultNamespace
	}
	return xmlFormat{namespace}
}

// Name is the suffix and the value of ?format=.
func (xmlFormat) Name() string { return "xml" }

// ContentType is that of answers.
func (xmlFormat) ContentType() string { return "application/xml; charset=utf-8" }

// MediaTypes are what Accept and Content-Type call it.
func (xmlFormat) MediaTypes() []string { return []string{"application/xml", "text/xml"} }

// Disposition is empty: the answer is read, not saved.
func (xmlFormat) Disposition() string { return "" }

// Append appends an answer.
func (f xmlFormat) Append(dst []byte, answer *wire.Node) []byte {
	w := xmlWriter{buf: append(dst, declaration...)}
	root := answer.Name
	if answer.Kind == wire.List {
		root = "ArrayOf" + root
	}
	w.buf = append(append(append(w.buf, '<'), root...), ` xmlns:i="`+namespaceInstance+`" xmlns="`...)
	if root == errorRoot {
		w.buf = append(append(w.buf, namespaceTypes...), `">`...)
		w.own = true
	} else {
		w.buf = append(w.buf, strings.ReplaceAll(string((&xmlWriter{}).escape(f.namespace)), `"`, "&quot;")...)
		w.buf = append(w.buf, `">`...)
	}
	w.content(answer)
	return append(append(append(w.buf, "</"...), root...), '>')
}

// errorRoot is the root of an error from before the DTO existed. It is ServiceStack's own type, in its own namespace.
const errorRoot = "ErrorResponse"

// xmlWriter appends elements.
type xmlWriter struct {
	buf []byte
	// own tells that ServiceStack's namespace is the default one, and prefix what it is called where it is not.
	own    bool
	prefix string
}

// content appends what stands within an element.
func (w *xmlWriter) content(n *wire.Node) {
	switch n.Kind {
	case wire.Null:
	case wire.Text:
		w.buf = w.escape(n.Text)
	case wire.Bool:
		w.buf = strconv.AppendBool(w.buf, n.Bool)
	case wire.Int:
		w.buf = strconv.AppendInt(w.buf, n.Int, 10)
	case wire.Date:
		w.buf = appendXMLDate(w.buf, n.Time)
	case wire.List:
		for i := range n.Members {
			w.element(&n.Members[i])
		}
	case wire.Object:
		for _, m := range sorted(n) {
			w.element(m)
		}
	}
}

// sorted returns the members of an object in the order of its data contract: by name, but for ServiceStack's own types,
// whose members have an order.
func sorted(n *wire.Node) []*wire.Node {
	members := make([]*wire.Node, len(n.Members))
	for i := range n.Members {
		members[i] = &n.Members[i]
	}
	if n.Name != "ResponseStatus" && n.Name != "ResponseError" {
		slices.SortStableFunc(members, func(a, b *wire.Node) int { return strings.Compare(a.Name, b.Name) })
	}
	return members
}

// element appends a member.
func (w *xmlWriter) element(n *wire.Node) {
	name := w.prefix + n.Name
	w.buf = append(append(w.buf, '<'), name...)
	switch {
	case n.Kind == wire.Null:
		w.buf = append(w.buf, ` i:nil="true" />`...)
		return
	case n.Kind == wire.List && len(n.Members) == 0:
		w.buf = append(w.buf, " />"...)
		return
	case n.Name == "ResponseStatus" && !w.own:
		w.buf = append(w.buf, ` xmlns:d2p1="`+namespaceTypes+`"`...)
		w.prefix = "d2p1:"
		defer func() { w.prefix = "" }()
	}
	w.buf = append(w.buf, '>')
	w.content(n)
	w.buf = append(append(append(w.buf, "</"...), name...), '>')
}

// appendXMLDate appends a moment as XML Schema's dateTime, with no more digits than it has. The zero time is .NET's
// minimum date, which has no zone.
func appendXMLDate(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "0001-01-01T00:00:00"...)
	}
	return t.UTC().Truncate(100*time.Nanosecond).AppendFormat(dst, "2006-01-02T15:04:05.9999999Z")
}

// escape appends a text. What XML 1.0 cannot hold at all becomes U+FFFD.
func (w *xmlWriter) escape(s string) []byte {
	dst := w.buf
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '\r':
			// A reader would turn a bare one into a new line.
			dst = append(dst, "&#xD;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff, r == utf8.RuneError && size == 1:
			dst = append(dst, "\ufffd"...)
		default:
			dst = append(dst, s[i:i+size]...)
		}
		i += size
	}
	return dst
}
