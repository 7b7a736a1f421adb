package httpadapter

import (
	"strings"
	"unicode/utf8"
)

// validNested reports whether a query parameter is an object in JSON or in JSV, the format in which ServiceStack's C#
// clients put nested members into a query ({ID:5,Name:"a, b"}). It may be no longer than a body.
func validNested(value string) bool {
	if len(value) > DefaultMaxBody || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return false
	}
	var d decoder
	if d.document([]byte(value), nil) == nil {
		return true
	}
	rest, ok := jsvObject(value, 1)
	return ok && rest == ""
}

// jsvValue reads one JSV value and returns what follows it: an object, a list, a quoted text or a bare one.
func jsvValue(s string, depth int) (rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, "{"):
		return jsvObject(s, depth)
	case strings.HasPrefix(s, "["):
		return jsvList(s, depth)
	case strings.HasPrefix(s, `"`):
		return jsvQuoted(s)
	}
	// A bare text ends where it must; what would have had to be quoted does not stand in it.
	end := strings.IndexAny(s, `,{}[]"`)
	if end < 0 {
		return s, false
	}
	return s[end:], true
}

// jsvObject reads {name:value,...}.
func jsvObject(s string, depth int) (rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "{")
	if !ok || depth > maxDepth {
		return s, false
	}
	if rest, ok = strings.CutPrefix(s, "}"); ok {
		return rest, true
	}
	for {
		if s, ok = jsvName(s); !ok {
			return s, false
		}
		if s, ok = jsvValue(s, depth+1); !ok || s == "" {
			return s, false
		}
		if rest, ok = strings.CutPrefix(s, "}"); ok {
			return rest, true
		}
		if s, ok = strings.CutPrefix(s, ","); !ok {
			return s, false
		}
	}
}

// jsvName reads a name, bare or quoted, and the colon after it.
func jsvName(s string) (rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		if s, ok = jsvQuoted(s); !ok {
			return s, false
		}
		return strings.CutPrefix(s, ":")
	}
	end := strings.IndexAny(s, `:,{}[]"`)
	if end < 1 || s[end] != ':' {
		return s, false
	}
	return s[end+1:], true
}

// jsvList reads [value,...].
func jsvList(s string, depth int) (rest string, ok bool) {
	if depth > maxDepth {
		return s, false
	}
	s = s[1:]
	if rest, ok = strings.CutPrefix(s, "]"); ok {
		return rest, true
	}
	for {
		if s, ok = jsvValue(s, depth+1); !ok || s == "" {
			return s, false
		}
		if rest, ok = strings.CutPrefix(s, "]"); ok {
			return rest, true
		}
		if s, ok = strings.CutPrefix(s, ","); !ok {
			return s, false
		}
	}
}

// jsvQuoted reads a text in quotes, in which a quote is doubled.
func jsvQuoted(s string) (rest string, ok bool) {
	for s = s[1:]; ; {
		end := strings.IndexByte(s, '"')
		if end < 0 {
			return s, false
		}
		s = s[end+1:]
		if !strings.HasPrefix(s, `"`) {
			return s, true
		}
		s = s[1:]
	}
}
