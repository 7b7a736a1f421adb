package model

import (
	"fmt"
	"strings"
	"sync"

	"github.com/trendsic/payments/internal/invariant"
)

// Result is what a search came to.
type Result struct {
	// States counts the distinct states, Ends those of them in which the faults ended, Paths how often the world was begun anew,
	// and Steps all that happened in those.
	States, Ends, Paths, Steps int
	// Deepest is the longest path.
	Deepest int
	// Broken are the first promises that were found broken, and Path what led there; none when all is well.
	Broken []invariant.Violation
	Path   []string
	// Whole tells that nothing was left out.
	Whole bool
}

// String tells the result in a few lines.
func (r Result) String() string {
	s := fmt.Sprintf("%d states, %d of them ends, %d paths, %d steps, the deepest %d", r.States, r.Ends, r.Paths, r.Steps, r.Deepest)
	if len(r.Broken) == 0 {
		return s
	}
	for _, v := range r.Broken {
		s += "\n  " + v.String()
	}
	return s + "\n  after\n    " + strings.Join(r.Path, "\n    ")
}

// search is one search at work.
type search struct {
	bounds Bounds
	plant  plant
	most   int // states; 0 is all

	mu      sync.Mutex
	idle    *sync.Cond
	todo    [][]uint16 // paths of which the last choice was not made yet
	working int
	seen    map[state]struct{}
	result  Result
}

// Search explores every state within the bounds, by so many workers, until one is broken or most states are seen; 0 is all.
func Search(b Bounds, workers, most int) Result { return explore(b, plant{}, workers, most) }

func explore(b Bounds, p plant, workers, most int) Result {
	s := &search{bounds: b, plant: p, most: most, seen: map[state]struct{}{}, todo: [][]uint16{nil}}
	s.idle = sync.NewCond(&s.mu)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(s.work)
	}
	wg.Wait()
	s.result.States = len(s.seen)
	s.result.Whole = len(s.todo) == 0 && len(s.result.Broken) == 0
	return s.result
}

// work takes one path after another.
func (s *search) work() {
	for {
		s.mu.Lock()
		for len(s.todo) == 0 && s.working > 0 {
			s.idle.Wait()
		}
		if len(s.todo) == 0 || len(s.result.Broken) > 0 || s.most > 0 && len(s.seen) >= s.most {
			s.mu.Unlock()
			s.idle.Broadcast()
			return
		}
		last := len(s.todo) - 1
		path := s.todo[last]
		s.todo = s.todo[:last]
		s.working++
		s.mu.Unlock()
		s.follow(path)
		s.mu.Lock()
		s.working--
		s.mu.Unlock()
		s.idle.Broadcast()
	}
}

// follow makes the choices of a path, and from there on the first of each state that is new, leaving the others for later.
func (s *search) follow(path []uint16) {
	w := newWorld(s.bounds, s.plant)
	defer w.close()
	var names []string
	make := func(a act) {
		names = append(names, a.name)
		a.do()
	}
	for _, choice := range path {
		make(w.acts()[choice])
	}
	for {
		broken := w.violations(invariant.Always)
		acts := w.acts()
		if !s.claim(w, names, broken, path, len(acts)) || len(acts) == 0 {
			return
		}
		make(acts[0])
		path = append(path[:len(path):len(path)], 0)
	}
}

// claim notes a state, and reports whether it is new. Its further choices are left for later.
func (s *search) claim(w *world, names []string, broken []invariant.Violation, path []uint16, acts int) bool {
	at := w.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(broken) > 0 && len(s.result.Broken) == 0 {
		s.result.Broken, s.result.Path = broken, names
	}
	_, known := s.seen[at]
	if acts == 0 || known {
		s.result.Paths++
		s.result.Steps += len(names)
		s.result.Deepest = max(s.result.Deepest, len(names))
	}
	if known || len(broken) > 0 {
		return false
	}
	s.seen[at] = struct{}{}
	if w.ended {
		s.result.Ends++
	}
	for i := acts - 1; i > 0; i-- {
		s.todo = append(s.todo, append(path[:len(path):len(path)], uint16(i))) //nolint:gosec // a handful of choices
	}
	s.idle.Broadcast()
	return true
}
