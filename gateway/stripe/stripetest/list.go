package stripetest

import (
	"iter"
	"slices"
	"strconv"
)

// The number of objects on a page.
const (
	defaultLimit = 10
	maxLimit     = 100
)

// limit reads how many objects a page has.
func (p params) limit() (int, *apiError) {
	if !p.has("limit") {
		return defaultLimit, nil
	}
	n := p.int("limit")
	switch {
	case n < 1:
		return 0, badParam("limit", codeInvalidInteger, "This value must be greater than or equal to 1.")
	case n > maxLimit:
		return 0, badParam("limit", codeInvalidInteger, "This value must be less than or equal to 100 (it currently is '"+
			strconv.FormatInt(n, 10)+"').")
	}
	return int(n), nil
}

// list is a page of the objects of a kind that a filter keeps, the newest first.
func (s *Server) list(c *call, kind string, keep func(entity) bool) (obj, *apiError) {
	limit, err := c.params.limit()
	if err != nil {
		return nil, err
	}
	all, err := s.after(c, kind)
	if err != nil {
		return nil, err
	}
	var page []entity
	more := false
	for e := range all {
		m := e.meta()
		if m.Account != c.account || m.Deleted || !c.params.within("created", m.created()) || !keep(e) {
			continue
		}
		if more = len(page) == limit; more {
			break
		}
		page = append(page, e)
	}
	if c.params.has("ending_before") {
		slices.Reverse(page)
	}
	data := make([]any, len(page))
	for i, e := range page {
		data[i] = s.render(e)
	}
	return obj{"object": "list", "data": data, "has_more": more, "url": c.path}, nil
}

// after lists the objects of a kind from the cursor on: from the newest to the oldest, or the other way round towards what
// ending_before names.
func (s *Server) after(c *call, kind string) (iter.Seq[entity], *apiError) {
	p, list := c.params, s.state.lists[kind]
	if p.has("starting_after") && p.has("ending_before") {
		return nil, onlyOne("ending_before", "starting_after")
	}
	for _, name := range []string{"starting_after", "ending_before"} {
		if !p.has(name) {
			continue
		}
		e, ok := s.state.byID[p.str(name)]
		i := slices.Index(list, e)
		if !ok || i < 0 || e.meta().Account != c.account {
			return nil, noSuchParam(kind, p.str(name), name)
		}
		if name == "ending_before" {
			return slices.Values(list[i+1:]), nil
		}
		list = list[:i]
	}
	return func(yield func(entity) bool) {
		for _, e := range slices.Backward(list) {
			if !yield(e) {
				return
			}
		}
	}, nil
}
