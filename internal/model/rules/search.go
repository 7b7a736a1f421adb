package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds say what may happen.
type Bounds struct {
	// Crashes, Events, Lost and Looks are how often at most a process dies, an event is delivered, the answer to a request for the
	// money is lost or the request late, Reconcile looks at a payment, and a process pauses for longer than its lease.
	Crashes, Events, Lost, Looks, Pauses uint8
	// Secure lets the second client's card ask for 3-D Secure; otherwise it is declined.
	Secure bool
}

// Result is what a search came to.
type Result struct {
	// States counts the distinct states, Edges the ways between them, and Depth the steps to the farthest one.
	States, Edges, Depth int
	// Broken is the promise that was found broken, and Path the shortest way there.
	Broken string
	Path   []string
}

// String tells the result.
func (r Result) String() string {
	s := fmt.Sprintf("%d states, %d edges, depth %d", r.States, r.Edges, r.Depth)
	if r.Broken != "" {
		s += "\n  " + r.Broken + "\n  after\n    " + strings.Join(r.Path, "\n    ")
	}
	return s
}

// from is where a state was first come from, and by which way.
type from struct {
	parent uint32
	choice uint16
}

// search is one search at work.
type search struct {
	cards [clients]card
	fault Fault
	known map[state]uint32 // the number of each state
	ways  []from           // to each, by its number
	ended map[state]string
}

// Search looks at every state within the bounds, the nearest first, until a promise is broken.
func Search(b Bounds, f Fault) (r Result) {
	s := search{cards: [clients]card{good, bad}, fault: f, known: map[state]uint32{}, ended: map[state]string{}}
	if b.Secure {
		s.cards[1] = secure
	}
	first := state{crashes: b.Crashes, events: b.Events, lost: b.Lost, looks: b.Looks, pauses: b.Pauses}
	s.known[first], s.ways = 0, []from{{}}
	for level := []state{first}; len(level) > 0 && r.Broken == ""; r.Depth++ {
		var further []state
		for _, at := range level {
			for i, n := range next(at, s.cards, f) {
				r.Edges++
				n.state.forget()
				if _, known := s.known[n.state]; known || r.Broken != "" {
					continue
				}
				number := uint32(len(s.ways)) //nolint:gosec // memory ends first
				s.known[n.state] = number
				s.ways = append(s.ways, from{s.known[at], uint16(i)}) //nolint:gosec // a handful of ways
				further = append(further, n.state)
				if r.Broken = s.check(at, n.state); r.Broken != "" {
					r.Path = s.path(first, number)
				}
			}
		}
		level = further
	}
	r.States = len(s.known)
	return r
}

// check holds the promises on the way to a state, in it, and from it on.
func (s *search) check(before, at state) string {
	if broken := at.broken(); broken != "" {
		return broken
	}
	if broken := moved(before, at); broken != "" {
		return broken
	}
	return at.settled(s.cards, s.fault, s.ended)
}

// path tells the way to a state, by going it again.
func (s *search) path(first state, number uint32) (names []string) {
	var choices []uint16
	for ; number != 0; number = s.ways[number].parent {
		choices = append(choices, s.ways[number].choice)
	}
	at := first
	for _, c := range slices.Backward(choices) {
		n := next(at, s.cards, s.fault)[c]
		names, at = append(names, n.name()), n.state
		at.forget()
	}
	return names
}
