package httpadapter

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/trendsic/payments"
)

// maxDepth is how deep objects and arrays may be nested, the document itself being the first.
const maxDepth = 16

// maxUnknown is how many members that nobody reads one object may have: each costs memory for as long as the object is read.
const maxUnknown = 1000

// bindError is a request that cannot be read.
type bindError struct {
	// field is the member that is wrong, empty when it is the whole document.
	field string
	// message says what is wrong with the field.
	message string
}

// Error says which field is wrong; callers are told by [unbound].
func (e *bindError) Error() string { return "httpadapter: the request cannot be read: " + e.field }

// malformed is a document that is not JSON, or not the kind of JSON that is taken.
var malformed = &bindError{}

// request is what a CustomerPaymentsRequest says. Cards, codes and tokens go from the body's bytes straight into the types
// that redact themselves.
type request struct {
	order    payments.OrderID
	customer struct {
		id, agent                    int64
		business, first, last, email string
	}
	payment struct {
		kind, expiry string
		number       payments.CardNumber
		cvc          payments.CVC
		token        payments.Token
		agent        int64
	}
}

// decoder reads one document into a request.
type decoder struct {
	scanner
	req *request
	// lenient lets names stand twice in what is skipped, because it is read again.
	lenient bool
}

// document reads a whole body: one object and nothing after it.
func (d *decoder) document(body []byte, members []member) *bindError {
	d.data, d.pos = bytes.TrimPrefix(body, []byte("\ufeff")), 0
	if !utf8.Valid(d.data) || d.next() != '{' {
		return malformed
	}
	if err := d.object(1, members); err != nil {
		return err
	}
	if !d.end() {
		return malformed
	}
	return nil
}

// object reads an object whose members are known, or an unknown one for nil. A name may stand once, in whatever case: which
// of two would count is a question that nobody should have to ask about money.
func (d *decoder) object(depth int, members []member) *bindError {
	if depth > maxDepth {
		return malformed
	}
	d.pos++
	if d.next() == '}' {
		d.pos++
		return nil
	}
	var known uint32
	var others map[string]struct{}
	for {
		if d.next() != '"' {
			return malformed
		}
		name, ok := d.str()
		if !ok {
			return malformed
		}
		i := find(members, name)
		var twice bool
		if i >= 0 {
			twice = known&(1<<i) != 0
			known |= 1 << i
		} else if !d.lenient {
			others, twice = seen(others, name)
		}
		if twice {
			return duplicate(members, i)
		}
		if d.next() != ':' {
			return malformed
		}
		d.pos++
		var err *bindError
		if i >= 0 {
			err = d.value(depth, &members[i])
		} else {
			err = d.skip(depth)
		}
		if err != nil {
			return err
		}
		switch d.next() {
		case ',':
			d.pos++
		case '}':
			d.pos++
			return nil
		default:
			return malformed
		}
	}
}

// seen adds an unknown name to the names of its object and reports whether it was there, or is one too many.
func seen(names map[string]struct{}, name []byte) (map[string]struct{}, bool) {
	if names == nil {
		names = make(map[string]struct{})
	}
	key := strings.ToLower(string(name))
	_, twice := names[key]
	names[key] = struct{}{}
	return names, twice || len(names) > maxUnknown
}

// duplicate is the error of a name that stands twice. An unknown name is not repeated.
func duplicate(members []member, i int) *bindError {
	if i < 0 {
		return malformed
	}
	path := members[i].path
	return &bindError{field: path, message: "'" + path + "' is given more than once"}
}

// value reads the value of a known member. null is the member's default.
func (d *decoder) value(depth int, m *member) *bindError {
	c := d.next()
	switch {
	case c == 'n':
		if !d.literal("null") {
			return malformed
		}
		return nil
	case c == '{' && m.kind == kindObject:
		return d.object(depth+1, m.members)
	case c == '"' && m.kind != kindObject:
		text, ok := d.str()
		if !ok {
			return malformed
		}
		return d.set(m, text)
	case (c == '-' || '0' <= c && c <= '9') && (m.kind == kindText || m.kind == kindNumber):
		text, ok := d.number()
		if !ok {
			return malformed
		}
		return d.set(m, text)
	default:
		return d.unfit(depth, m)
	}
}

// unfit is the error of a value of a kind that the member does not take, or of no JSON at all.
func (d *decoder) unfit(depth int, m *member) *bindError {
	c := d.next()
	if err := d.skip(depth); err != nil {
		return err
	}
	word := "…"
	switch c {
	case '{':
		word = "{…}"
	case '[':
		word = "[…]"
	case 't':
		word = "true"
	case 'f':
		word = "false"
	}
	return unfitValue(m, word)
}

// skip reads a value that nobody uses.
func (d *decoder) skip(depth int) *bindError {
	ok := false
	switch c := d.next(); c {
	case '{':
		return d.object(depth+1, nil)
	case '[':
		return d.array(depth + 1)
	case '"':
		_, ok = d.str()
	case 't':
		ok = d.literal("true")
	case 'f':
		ok = d.literal("false")
	case 'n':
		ok = d.literal("null")
	default:
		_, ok = d.number()
	}
	if !ok {
		return malformed
	}
	return nil
}

// array reads an array that nobody uses.
func (d *decoder) array(depth int) *bindError {
	if depth > maxDepth {
		return malformed
	}
	d.pos++
	if d.next() == ']' {
		d.pos++
		return nil
	}
	for {
		if err := d.skip(depth); err != nil {
			return err
		}
		switch d.next() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			return nil
		default:
			return malformed
		}
	}
}

// set keeps the text of a member's value. An empty GUID or number is its default.
func (d *decoder) set(m *member, text []byte) *bindError {
	var number int64
	var id payments.OrderID
	ok := true
	switch {
	case m.kind == kindNumber && len(text) > 0:
		number, ok = integer(text)
	case m.kind == kindGUID && len(text) > 0:
		var err error
		id, err = payments.ParseOrderID(string(text))
		ok = err == nil
	}
	if !ok {
		return invalidValue(m.path, string(text), m.secret)
	}
	r := d.req
	switch m.field {
	case fieldIgnored:
	case fieldOrderID:
		r.order = id
	case fieldCustomerID:
		r.customer.id = number
	case fieldBusinessName:
		r.customer.business = string(text)
	case fieldFirstName:
		r.customer.first = string(text)
	case fieldLastName:
		r.customer.last = string(text)
	case fieldEmail:
		r.customer.email = string(text)
	case fieldCustomerAgent:
		r.customer.agent = number
	case fieldPaymentType:
		r.payment.kind = string(text)
	case fieldCardNumber:
		r.payment.number = payments.NewCardNumber(string(text))
	case fieldExpDate:
		r.payment.expiry = string(text)
	case fieldCCV:
		r.payment.cvc = payments.NewCVC(string(text))
	case fieldStripeToken:
		r.payment.token = payments.NewToken(string(text))
	case fieldPaymentAgent:
		r.payment.agent = number
	}
	return nil
}

// integer reads a decimal integer of 64 bits.
func integer(text []byte) (int64, bool) {
	digits, negative := bytes.CutPrefix(text, []byte("-"))
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if n > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), true
}

// invalidValue is the error of a value that is not what its field holds. The value is repeated, as the original does, but
// not where it may be a secret, and not at length.
func invalidValue(path, value string, secret bool) *bindError {
	const most = 64
	switch {
	case secret:
		value = "****"
	case len(value) > most:
		value = strings.ToValidUTF8(value[:most], "") + "…"
	}
	return &bindError{field: path, message: "'" + value + "' is an Invalid value for '" + path + "'"}
}
