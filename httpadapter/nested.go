package httpadapter

import (
	"strings"
	"unicode/utf8"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// validNested reports whether a query parameter is an object in JSON or in JSV, the format in which ServiceStack's C#
// clients put nested members into a query ({ID:5,Name:"a, b"}). It may be no longer than a body.
func validNested(value string) bool {
	if len(value) > DefaultMaxBody {
		return false
	}
	d := decoder{req: new(request)}
	return d.nested(value, nil) == nil
}

// nested reads an object in JSON or, where it is not JSON, in JSV. What is wrong with a member of a JSON object is said;
// what is neither leaves the request as it was.
func (d *decoder) nested(value string, members []member) *bindError {
	if !utf8.ValidString(value) || strings.IndexByte(value, 0) >= 0 {
		return malformed
	}
	before := *d.req
	err := d.document([]byte(value), members)
	if err != malformed {
		return err
	}
	*d.req = before
	b := binder{decoder: d, root: members}
	return b.read(func(into wire.Sink) error { return wire.ReadJSV(nil, []byte(value), into) })
}

// form reads a body of application/x-www-form-urlencoded. The members stand at its top, the nested ones as JSON or JSV.
// An empty value is none.
func (d *decoder) form(body []byte, members []member) *bindError {
	var known uint32
	for p := (pairs{string(body)}); ; {
		name, value, clean, ok := p.next()
		if !ok {
			return nil
		}
		i := find(members, name)
		if i < 0 {
			continue
		}
		m := &members[i]
		if known&(1<<i) != 0 {
			return duplicate(members, i)
		}
		known |= 1 << i
		switch {
		case !clean:
			return invalidValue(m.path, "", true)
		case value == "":
			continue
		case !utf8.ValidString(value) || strings.IndexByte(value, 0) >= 0:
			return malformed
		}
		if err := d.formValue(m, value); err != nil {
			return err
		}
	}
}

// formValue keeps one value of a form.
func (d *decoder) formValue(m *member, value string) *bindError {
	if m.kind != kindObject {
		return d.set(m, []byte(value))
	}
	err := d.nested(value, m.members)
	if err == malformed {
		// What JavaScript makes of an object is worth repeating; anything else may be personal.
		return invalidValue(m.path, stringified, value != stringified)
	}
	return err
}

// stringified is what JavaScript makes of an object that nobody has turned into a text.
const stringified = "[object Object]"
