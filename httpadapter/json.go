package httpadapter

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// jsonWriter appends JSON as ServiceStack.Text writes it. encoding/json cannot be told to: it escapes U+2028 and U+2029,
// writes escapes in lower case and leaves U+007F to U+009F as they are.
type jsonWriter struct {
	buf []byte
	jsConfig
}

// appendJSON appends an answer in JSON: the seed's order, no spaces, no new line at the end.
func appendJSON(dst []byte, r *response, c jsConfig) []byte {
	w := jsonWriter{buf: dst, jsConfig: c}
	w.response(r)
	return w.buf
}

// appendJSON appends the answer, or those of a batch, in JSON.
func (x *exchange) appendJSON(dst []byte) []byte {
	w := &x.json
	*w = jsonWriter{buf: dst, jsConfig: x.config}
	if x.list == nil {
		w.response(&x.out)
	} else {
		w.buf = append(w.buf, '[')
		for i := range x.list {
			w.element("")
			x.list[i].members(w)
			w.end()
		}
		w.endList()
	}
	dst, w.buf = w.buf, nil
	return dst
}

// response writes one answer.
func (w *jsonWriter) response(r *response) {
	w.open()
	r.members(w)
	w.end()
}

// open begins an object without a name.
func (w *jsonWriter) open() { w.buf = append(w.buf, '{') }

// begin begins a nested object.
func (w *jsonWriter) begin(n name) {
	w.name(n)
	w.open()
}

// end ends an object.
func (w *jsonWriter) end() { w.buf = append(w.buf, '}') }

// beginList begins a list.
func (w *jsonWriter) beginList(n name) {
	w.name(n)
	w.buf = append(w.buf, '[')
}

// element begins an object in a list. JSON does not name its type.
func (w *jsonWriter) element(string) {
	if w.buf[len(w.buf)-1] != '[' {
		w.buf = append(w.buf, ',')
	}
	w.open()
}

// endList ends a list.
func (w *jsonWriter) endList() { w.buf = append(w.buf, ']') }

// name writes a member's name, with a comma before it unless it is the object's first.
func (w *jsonWriter) name(n name) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	if w.camel {
		w.buf = append(w.buf, n.camel...)
	} else {
		w.buf = append(w.buf, n.pascal...)
	}
}

// null writes a member that has no value, where that is asked for.
func (w *jsonWriter) null(n name) {
	if w.nulls {
		w.name(n)
		w.buf = append(w.buf, "null"...)
	}
}

// boolean writes a truth value.
func (w *jsonWriter) boolean(n name, v bool) {
	if !v && w.noDefaults {
		return
	}
	w.name(n)
	w.buf = strconv.AppendBool(w.buf, v)
}

// integer writes a number.
func (w *jsonWriter) integer(n name, v int64) {
	if v == 0 && w.noDefaults {
		return
	}
	w.name(n)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

// date writes a moment in UTC with seven digits, or as milliseconds. The zero time is .NET's minimum date, which has no
// zone.
func (w *jsonWriter) date(n name, t time.Time) {
	if t.IsZero() && w.noDefaults {
		return
	}
	w.name(n)
	switch {
	case w.wcfDates:
		w.buf = append(w.buf, `"\/Date(`...)
		w.buf = strconv.AppendInt(w.buf, t.UnixMilli(), 10)
		w.buf = append(w.buf, `)\/"`...)
	case t.IsZero():
		w.buf = append(w.buf, `"0001-01-01T00:00:00.0000000"`...)
	default:
		w.buf = append(w.buf, '"')
		w.buf = t.UTC().AppendFormat(w.buf, "2006-01-02T15:04:05.0000000Z")
		w.buf = append(w.buf, '"')
	}
}

// text writes a text; an empty one is null.
func (w *jsonWriter) text(n name, s string) {
	if s == "" {
		w.null(n)
		return
	}
	w.name(n)
	w.buf = appendString(w.buf, s)
}

// appendString appends a JSON string. Only quotes, backslashes and control characters, those of Latin-1 among them, are
// escaped. What is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r > 0x9f && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscape appends what stands for a character that may not stand for itself.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	case utf8.RuneError:
		return utf8.AppendRune(dst, r)
	default:
		const digits = "0123456789ABCDEF"
		return append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
	}
}
