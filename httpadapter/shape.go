package httpadapter

import (
	"strings"
	"time"
)

// shape is one DTO as the descriptions know it.
type shape struct {
	name    string
	members []shapeMember
	// own tells that the DTO is this service's; the others are ServiceStack's, which official clients bring along.
	own bool
}

// shapeKind is what a member of a DTO holds.
type shapeKind int

const (
	shapeText shapeKind = iota
	shapeNumber
	shapeTruth
	shapeDate
	shapeGUID
	shapeObject
	shapeList
	shapeMap
)

// shapeMember is one member of a DTO.
type shapeMember struct {
	pascal, camel string
	kind          shapeKind
	// of is the name of a nested DTO, or that of a list's elements.
	of string
}

// camelName spells a name as camelCase does: a name of capitals only is all in lower case.
func camelName(pascal string) string {
	if strings.ToUpper(pascal) == pascal {
		return strings.ToLower(pascal)
	}
	return strings.ToLower(pascal[:1]) + pascal[1:]
}

// snakeName spells a name as the Python DTOs do, which the client turns back into camelCase: "customer_i_d".
func snakeName(pascal string) string {
	var b strings.Builder
	for _, c := range []byte(camelName(pascal)) {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			c = lower(c)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// shapes returns every DTO in the seed's order. Those of answers are found by writing one with every member; those of
// requests are the members that are read: there is no second list that could differ.
func shapes() []shape {
	w := &shapeWriter{shapes: []*shape{{name: "CustomerPaymentsResponse", own: true}}}
	w.open = w.shapes[:1:1]
	whole := response{status: &responseStatus{errors: make([]responseError, 1)}, payment: new(customerPayment)}
	whole.members(w)
	byName := map[string]shape{}
	for _, s := range w.shapes {
		byName[s.name] = *s
	}
	byName["CustomerPaymentsRequest"] = shapeOf("CustomerPaymentsRequest", requestMembers, byName)
	var all []shape
	for _, name := range []string{"ResponseError", "ResponseStatus", "CustomerPayment", "CustomerPaymentsResponse", "Customer",
		"PaymentInfo", "CustomerPaymentsRequest"} {
		all = append(all, byName[name])
	}
	return all
}

// shapeOf returns the DTO of members that are read, and adds the nested ones to the others.
func shapeOf(name string, members []member, byName map[string]shape) shape {
	s := shape{name: name, own: true}
	for _, m := range members {
		sm := shapeMember{pascal: m.name, camel: camelName(m.name)}
		switch m.kind {
		case kindText:
			sm.kind = shapeText
		case kindNumber:
			sm.kind = shapeNumber
		case kindGUID:
			sm.kind = shapeGUID
		case kindObject:
			sm.kind, sm.of = shapeObject, m.name
			byName[m.name] = shapeOf(m.name, m.members, byName)
		}
		s.members = append(s.members, sm)
	}
	return s
}

// shapeWriter takes an answer's members down.
type shapeWriter struct {
	shapes, open []*shape
}

// add takes one member down.
func (w *shapeWriter) add(n name, kind shapeKind, of string) {
	top := w.open[len(w.open)-1]
	camel := strings.Trim(n.camel, `":`)
	top.members = append(top.members, shapeMember{pascal: n.plain, camel: camel, kind: kind, of: of})
}

// push begins a nested DTO.
func (w *shapeWriter) push(name string, own bool) {
	s := &shape{name: name, own: own}
	w.shapes, w.open = append(w.shapes, s), append(w.open, s)
}

func (w *shapeWriter) begin(n name) {
	w.add(n, shapeObject, n.plain)
	w.push(n.plain, n.plain != nameResponseStatus.plain)
}

func (w *shapeWriter) end() { w.open = w.open[:len(w.open)-1] }

func (w *shapeWriter) beginList(n name)         { w.add(n, shapeList, "ResponseError") }
func (w *shapeWriter) element(typ string)       { w.push(typ, false) }
func (w *shapeWriter) endList()                 {}
func (w *shapeWriter) boolean(n name, _ bool)   { w.add(n, shapeTruth, "") }
func (w *shapeWriter) integer(n name, _ int64)  { w.add(n, shapeNumber, "") }
func (w *shapeWriter) date(n name, _ time.Time) { w.add(n, shapeDate, "") }
func (w *shapeWriter) text(n name, _ string)    { w.add(n, shapeText, "") }

// null is a member that never has a value here: a stack trace, or a map of meta data.
func (w *shapeWriter) null(n name) {
	if n == nameMeta {
		w.add(n, shapeMap, "")
		return
	}
	w.add(n, shapeText, "")
}
