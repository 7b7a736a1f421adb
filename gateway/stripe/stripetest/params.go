package stripetest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
)

// params are the parameters of a call, after the schema has checked them.
type params struct{ n *node }

// has tells whether a parameter was given, empty or not.
func (p params) has(name string) bool { return p.n.child(name) != nil }

// str is a text, or "".
func (p params) str(name string) string {
	if kid := p.n.child(name); kid != nil && kid.leaf {
		return kid.text
	}
	return ""
}

// strOr is a text, or a default when it was not given or empty.
func (p params) strOr(name, otherwise string) string { return cmp.Or(p.str(name), otherwise) }

// int is a number, or 0.
func (p params) int(name string) int64 {
	n, _ := strconv.ParseInt(p.str(name), 10, 64) // the schema has checked it; nothing given is 0
	return n
}

// bool is a truth value, or false.
func (p params) bool(name string) bool { return p.str(name) == "true" }

// sub are the parameters inside an object.
func (p params) sub(name string) params {
	if kid := p.n.child(name); kid != nil && !kid.leaf {
		return params{kid}
	}
	return params{newNode()}
}

// list are the elements of a list, by their numbers.
func (p params) list(name string) []params {
	kid := p.n.child(name)
	if kid == nil || kid.leaf {
		return nil
	}
	keys := slices.Clone(kid.keys)
	slices.SortStableFunc(keys, func(a, b string) int {
		i, _ := strconv.Atoi(a) // the schema has checked them
		j, _ := strconv.Atoi(b)
		return cmp.Compare(i, j)
	})
	elements := make([]params, 0, len(keys))
	for _, key := range keys {
		elements = append(elements, params{kid.kids[key]})
	}
	return elements
}

// strs are the texts of a list.
func (p params) strs(name string) []string {
	var texts []string
	for _, element := range p.list(name) {
		if element.n.leaf {
			texts = append(texts, element.n.text)
		}
	}
	return texts
}

// merge changes metadata as Stripe does: names that are not given stay, an empty text removes one, an empty parameter all.
func (p params) merge(into map[string]string) map[string]string {
	kid := p.n.child("metadata")
	if kid == nil {
		return into
	}
	if kid.leaf {
		return nil
	}
	merged := map[string]string{}
	for name, value := range into {
		merged[name] = value
	}
	for _, name := range kid.keys {
		if value := kid.kids[name].text; value != "" {
			merged[name] = value
		} else {
			delete(merged, name)
		}
	}
	return merged
}

// raw keeps an object that is only echoed, such as an address, as JSON.
func (p params) raw(name string) json.RawMessage {
	kid := p.n.child(name)
	if kid == nil || kid.leaf {
		return nil
	}
	return mustJSON(kid.plain())
}

// plain is the node as maps and texts.
func (n *node) plain() any {
	if n.leaf {
		return n.text
	}
	m := obj{}
	for name, kid := range n.kids {
		m[name] = kid.plain()
	}
	return m
}

// within tells whether a moment is in the range that a parameter names.
func (p params) within(name string, at int64) bool {
	kid := p.n.child(name)
	if kid == nil {
		return true
	}
	if kid.leaf {
		return at == p.int(name)
	}
	r := params{kid}
	outside := r.has("gt") && at <= r.int("gt") || r.has("gte") && at < r.int("gte") ||
		r.has("lt") && at >= r.int("lt") || r.has("lte") && at > r.int("lte")
	return !outside
}
