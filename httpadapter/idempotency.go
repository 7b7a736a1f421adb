package httpadapter

import "strings"

// maxKey is how many bytes an idempotency key may have.
const maxKey = 255

// idempotencyKey reads the values of the Idempotency-Key header: none, a bare text, or the quoted string of
// draft-ietf-httpapi-idempotency-key-header (RFC 8941). Both spellings of one text are one key. A header that is there but
// is no key is not ignored, because its sender believes to be protected.
func idempotencyKey(values []string) (key string, ok bool) {
	if len(values) == 0 {
		return "", true
	}
	if len(values) > 1 {
		return "", false
	}
	v := strings.Trim(values[0], " \t")
	if strings.HasPrefix(v, `"`) {
		if v, ok = unquote(v); !ok {
			return "", false
		}
	}
	if v == "" || len(v) > maxKey {
		return "", false
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return "", false
		}
	}
	return v, true
}

// unquote reads an sf-string: a backslash may stand before a quote and a backslash only, and nothing follows the end.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	if !strings.ContainsAny(s, `"\`) {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '"' {
			return "", false
		}
		if c == '\\' {
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
			c = s[i]
		}
		b = append(b, c)
	}
	return string(b), true
}
