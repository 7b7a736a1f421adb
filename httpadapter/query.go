package httpadapter

import (
	"net/url"
	"strings"
)

// pairs walks over a query without the maps of url.Values, and tells a value that is badly escaped from one that is not
// there. A semicolon is no separator.
type pairs struct{ rest string }

// longestValue is how long a value may be as it stands in a query or a form: no member takes as much, and what nobody can take is not
// unescaped.
const longestValue = 1 << 20

// next returns the next pair; ok is false at the end, and clean is false for a value that cannot be unescaped, or is too long. A
// name that cannot be is no name of ours and is skipped.
func (p *pairs) next() (name, value string, clean, ok bool) {
	for p.rest != "" {
		var pair string
		pair, p.rest, _ = strings.Cut(p.rest, "&")
		name, value, _ = strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" {
			continue
		}
		if len(value) > longestValue {
			return name, "", false, true
		}
		value, err = url.QueryUnescape(value)
		return name, value, err == nil, true
	}
	return "", "", false, false
}

// parameters are what the query says of the answer. Their names match in any case, an empty value is none.
type parameters struct {
	callback, formatName, jsconfig string
	// twin is one that is given twice, with different values: whatever stands before us may have read the other one.
	twin string
}

// parameters reads the query's parameters.
func (h *Handler) parameters(query string) parameters {
	var found parameters
	for p := (pairs{query}); ; {
		name, value, clean, ok := p.next()
		if !ok {
			return found
		}
		var into *string
		switch {
		case !clean || value == "":
			continue
		case h.jsonp && equalFold(name, "callback"):
			into = &found.callback
		case equalFold(name, "format"):
			into = &found.formatName
		case equalFold(name, "jsconfig"):
			into = &found.jsconfig
		default:
			continue
		}
		switch {
		case *into == "":
			*into = value
		case *into != value:
			found.twin = strings.ToLower(name)
		}
	}
}
