package stripetest

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a form. Stripe has bounds of its own; these only keep a broken test from eating the machine.
const (
	maxFormBytes = 1 << 20
	maxFormPairs = 2000
	maxFormDepth = 10
)

// node is one value of a form: a text, or children by name. Stripe nests its forms with brackets, as Rack does:
// a[b][0]=c.
type node struct {
	text string
	leaf bool
	kids map[string]*node
	keys []string // the names of kids, in the order of arrival
}

// newNode makes a node that has children.
func newNode() *node { return &node{kids: map[string]*node{}} }

// child returns the child with a name, or nil.
func (n *node) child(name string) *node {
	if n == nil || n.kids == nil {
		return nil
	}
	return n.kids[name]
}

// parseForm reads a form, or a query string.
func parseForm(raw string) (*node, *apiError) {
	root := newNode()
	if len(raw) > maxFormBytes {
		return nil, badForm("The request is too large.")
	}
	pairs := 0
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if pairs++; pairs > maxFormPairs {
			return nil, badForm("The request has too many parameters.")
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, badForm("Invalid request: a parameter's name is not properly encoded.")
		}
		value, err = url.QueryUnescape(value)
		if err != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, badForm("Invalid request: a parameter is not properly encoded.")
		}
		path, ok := splitName(name)
		if !ok {
			return nil, badForm("Invalid request: a parameter's name cannot be read.")
		}
		if err := root.set(path, value); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// splitName splits a[b][c] into a, b and c. Empty brackets stay empty: they append to a list.
func splitName(name string) ([]string, bool) {
	head, rest, nested := strings.Cut(name, "[")
	if head == "" || strings.Contains(head, "]") {
		return nil, false
	}
	path := []string{head}
	for nested {
		part, after, closed := strings.Cut(rest, "]")
		if !closed || strings.Contains(part, "[") || len(path) >= maxFormDepth {
			return nil, false
		}
		path = append(path, part)
		if after == "" {
			return path, true
		}
		if after[0] != '[' {
			return nil, false
		}
		rest = after[1:]
	}
	return path, true
}

// set puts a text at the end of a path. The last one wins, as it does at Stripe.
func (n *node) set(path []string, value string) *apiError {
	at := n
	for i, name := range path {
		last := i == len(path)-1
		if name == "" {
			name = at.nextIndex(path[i+1:])
		}
		kid := at.kids[name]
		if kid == nil {
			kid = &node{leaf: last}
			if !last {
				kid.kids = map[string]*node{}
			}
			at.kids[name] = kid
			at.keys = append(at.keys, name)
		}
		if kid.leaf != last {
			return badForm("Invalid request: the parameter " + paramName(path[:i+1]) + " is both a value and an object.")
		}
		if last {
			kid.text = value
			return nil
		}
		at = kid
	}
	return nil
}

// nextIndex is where empty brackets append: a[][b]=1&a[][c]=2 is one element, and a second a[][b] begins the next one.
func (n *node) nextIndex(rest []string) string {
	if len(rest) > 0 && len(n.keys) > 0 {
		last := n.keys[len(n.keys)-1]
		if kid := n.kids[last]; kid.kids != nil && kid.kids[rest[0]] == nil {
			return last
		}
	}
	for i := len(n.keys); ; i++ {
		if _, taken := n.kids[strconv.Itoa(i)]; !taken {
			return strconv.Itoa(i)
		}
	}
}

// paramName writes a path as Stripe names a parameter: a[b][c].
func paramName(path []string) string {
	if len(path) == 1 {
		return path[0]
	}
	return path[0] + "[" + strings.Join(path[1:], "][") + "]"
}
