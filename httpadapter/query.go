package httpadapter

import (
	"net/url"
	"strings"
)

// pairs walks over a query without the maps of url.Values, and tells a value that is badly escaped from one that is not
// there. A semicolon is no separator.
type pairs struct{ rest string }

// next returns the next pair; ok is false at the end, and clean is false for a value that cannot be unescaped. A name that
// cannot be is no name of ours and is skipped.
func (p *pairs) next() (name, value string, clean, ok bool) {
	for p.rest != "" {
		var pair string
		pair, p.rest, _ = strings.Cut(p.rest, "&")
		name, value, _ = strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" {
			continue
		}
		value, err = url.QueryUnescape(value)
		return name, value, err == nil, true
	}
	return "", "", false, false
}

// queryValue returns the first value of a parameter that is not empty. Its name matches in any case.
func queryValue(query, wanted string) string {
	for p := (pairs{query}); ; {
		name, value, clean, ok := p.next()
		if !ok {
			return ""
		}
		if clean && value != "" && equalFold(name, wanted) {
			return value
		}
	}
}
