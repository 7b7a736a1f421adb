package stripetest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clause is one condition of a search.
type clause struct {
	path   []string // of the field
	op     string   // ":", "~", ">", "<", ">=", "<="
	value  string
	null   bool
	negate bool
}

// query is a search: its clauses are joined by AND, or all by OR.
type query struct {
	clauses []clause
	any     bool
}

// maxClauses is how many conditions a search may have.
const maxClauses = 10

// badQuery is a search that cannot be read.
func badQuery() *apiError {
	return badParam("query", "", "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for "+
		"metadata or key:\"value\" to query for other fields.")
}

// parseQuery reads Stripe's search language: field:'value', field~'part', field>10, metadata['key']:'value', -field:'value',
// field:null, joined by AND or by OR.
func parseQuery(text string) (query, *apiError) {
	in := &queryReader{rest: text}
	var q query
	for {
		c, ok := in.clause()
		if !ok || len(q.clauses) == maxClauses {
			return query{}, badQuery()
		}
		q.clauses = append(q.clauses, c)
		word := in.word()
		switch {
		case word == "" && strings.TrimSpace(in.rest) == "":
			return q, nil
		case strings.EqualFold(word, "OR"):
			if len(q.clauses) > 1 && !q.any {
				return query{}, badQuery()
			}
			q.any = true
		case !strings.EqualFold(word, "AND"), q.any:
			return query{}, badQuery()
		}
	}
}

// queryReader reads a search from the left to the right.
type queryReader struct{ rest string }

// word reads letters, digits, underscores and dots.
func (in *queryReader) word() string {
	in.rest = strings.TrimLeft(in.rest, " \t\n")
	n := 0
	for n < len(in.rest) && (in.rest[n] == '_' || in.rest[n] == '.' || '0' <= in.rest[n] && in.rest[n] <= '9' ||
		'a' <= in.rest[n]|0x20 && in.rest[n]|0x20 <= 'z') {
		n++
	}
	word := in.rest[:n]
	in.rest = in.rest[n:]
	return word
}

// sign reads one of some signs.
func (in *queryReader) sign(signs ...string) string {
	for _, sign := range signs {
		if rest, ok := strings.CutPrefix(in.rest, sign); ok {
			in.rest = rest
			return sign
		}
	}
	return ""
}

// quoted reads a text in quotation marks, in which a backslash takes the next sign as it is.
func (in *queryReader) quoted() (string, bool) {
	mark := in.sign(`"`, `'`)
	if mark == "" {
		return "", false
	}
	var text strings.Builder
	for i := 0; i < len(in.rest); i++ {
		switch b := in.rest[i]; {
		case b == '\\' && i+1 < len(in.rest):
			i++
			text.WriteByte(in.rest[i])
		case b == mark[0]:
			in.rest = in.rest[i+1:]
			return text.String(), true
		default:
			text.WriteByte(b)
		}
	}
	return "", false
}

// clause reads one condition.
func (in *queryReader) clause() (clause, bool) {
	var c clause
	in.rest = strings.TrimLeft(in.rest, " \t\n")
	c.negate = in.sign("-") != ""
	field := in.word()
	if field == "" {
		return c, false
	}
	c.path = strings.Split(field, ".")
	if in.sign("[") != "" {
		key, ok := in.quoted()
		if !ok || in.sign("]") == "" {
			return c, false
		}
		c.path = append(c.path, key)
	}
	if c.op = in.sign(":", "~", ">=", "<=", ">", "<"); c.op == "" {
		return c, false
	}
	if strings.HasPrefix(in.rest, `"`) || strings.HasPrefix(in.rest, "'") {
		var ok bool
		c.value, ok = in.quoted()
		return c, ok
	}
	c.value = in.sign("-") + in.word()
	c.null = c.value == "null"
	return c, c.value != ""
}

// matches tells whether an object meets the search.
func (q query) matches(o obj) bool {
	for _, c := range q.clauses {
		if c.matches(o) == q.any {
			return q.any
		}
	}
	return !q.any
}

// labelsOf is the metadata of what can be searched.
func labelsOf(e entity) map[string]string {
	switch e := e.(type) {
	case *intent:
		return e.Metadata
	case *charge:
		return e.Metadata
	case *customer:
		return e.Metadata
	case *subscription:
		return e.Metadata
	default:
		return map[string]string{} // an invoice has none of its own
	}
}

// rulesOut tells from its metadata alone that an object does not meet the search, so that it need not be rendered.
func (q query) rulesOut(labels map[string]string) bool {
	if q.any {
		return false
	}
	for _, c := range q.clauses {
		if c.path[0] == "metadata" && !c.matches(obj{"metadata": textMap(labels)}) {
			return true
		}
	}
	return false
}

// matches tells whether an object meets the condition.
func (c clause) matches(o obj) bool {
	text, found := lookUp(o, c.path)
	met := false
	switch c.op {
	case ":":
		met = c.null && !found || found && !c.null && strings.EqualFold(text, c.value)
	case "~":
		met = found && strings.Contains(strings.ToLower(text), strings.ToLower(c.value))
	default:
		have, err1 := strconv.ParseInt(text, 10, 64)
		want, err2 := strconv.ParseInt(c.value, 10, 64)
		if err1 == nil && err2 == nil {
			met = c.op == ">" && have > want || c.op == "<" && have < want || c.op == ">=" && have >= want || c.op == "<=" && have <= want
		}
	}
	return met != c.negate
}

// lookUp finds a field and writes it as a text. What is null is not found.
func lookUp(o obj, path []string) (string, bool) {
	var value any = o
	for _, name := range path {
		switch inner := value.(type) {
		case obj:
			value = inner[name]
		case map[string]string:
			text, ok := inner[name]
			if !ok {
				return "", false
			}
			value = text
		default:
			return "", false
		}
	}
	switch value := value.(type) {
	case string:
		return value, true
	case int64:
		return strconv.FormatInt(value, 10), true
	case int:
		return strconv.Itoa(value), true
	case bool:
		return strconv.FormatBool(value), true
	default:
		return "", false
	}
}

// search is a page of the objects of a kind that meet the query. An object younger than Options.SearchLag is not found yet.
func (s *Server) search(c *call, kind string) (obj, *apiError) {
	q, err := parseQuery(c.params.str("query"))
	if err != nil {
		return nil, err
	}
	limit, err := c.params.limit()
	if err != nil {
		return nil, err
	}
	skip := 0
	if page := c.params.str("page"); page != "" {
		text, bad := base64.RawURLEncoding.DecodeString(page)
		n, bad2 := strconv.Atoi(string(text))
		if bad != nil || bad2 != nil || n < 0 {
			return nil, badParam("page", "", "Invalid page: this page token is no longer valid or never was.")
		}
		skip = n
	}
	data, more := []any{}, any(nil)
	seen := 0
	for _, e := range slices.Backward(s.state.lists[kind]) {
		m := e.meta()
		if m.Account != c.account || m.Deleted || c.now.Sub(time.Unix(0, m.Born)) < s.opts.SearchLag {
			continue
		}
		if q.rulesOut(labelsOf(e)) {
			continue
		}
		o := s.render(e)
		if !q.matches(o) {
			continue
		}
		if seen++; seen <= skip {
			continue
		}
		if len(data) == limit {
			more = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(skip + limit)))
			break
		}
		data = append(data, o)
	}
	return obj{"object": "search_result", "data": data, "has_more": more != nil, "next_page": more, "url": c.path}, nil
}
