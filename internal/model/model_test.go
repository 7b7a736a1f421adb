package model

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/trendsic/payments/internal/matrix"
)

var (
	whole      = flag.Bool("model.whole", false, "also search the bounds that take longer")
	crashes    = flag.Int("model.crashes", 0, "search with so many crashes, instead of the table's bounds")
	lost       = flag.Int("model.lost", 0, "with so many lost answers")
	late       = flag.Int("model.late", 0, "with so many late requests")
	events     = flag.Int("model.events", 0, "with so many deliveries of events")
	jumps      = flag.Int("model.jumps", 0, "with time passing so often while calls are under way")
	reconciles = flag.Int("model.reconciles", 0, "with so many Reconciles")
	most       = flag.Int("model.most", 0, "end after so many states; 0 is all")
)

// cards are what the two clients pay with.
var cards = map[string][]string{
	"one is declined":  {"tok_visa", "tok_chargeDeclined"},
	"one needs 3DS":    {"tok_visa", "tok_threeDSecure2Required"},
	"both are good":    {"tok_visa", "tok_mastercard"},
	"both are refused": {"tok_chargeDeclined", "tok_chargeDeclined"},
	"one alone":        {"tok_visa"},
}

// bounded is one search.
type bounded struct {
	Bounds
	who []string // names of cards
}

// two are the clients of a search that is small enough for all of them.
var two = []string{"one is declined", "one needs 3DS", "both are good", "both are refused"}

// searches returns what is searched.
func searches() []bounded {
	b := Bounds{Crashes: *crashes, Lost: *lost, Late: *late, Events: *events, Jumps: *jumps, Reconciles: *reconciles}
	switch {
	case *crashes+*lost+*late+*events+*jumps+*reconciles > 0:
		return []bounded{{b, two}}
	case *whole:
		return []bounded{{Bounds{Lost: 1}, two}, {Bounds{Late: 1}, two}, {Bounds{Crashes: 1}, two}, {Bounds{Events: 1}, two},
			{Bounds{Events: 2}, two[:1]}, {Bounds{Crashes: 1, Events: 1}, two[:1]},
			{Bounds{Late: 1, Jumps: 1, Reconciles: 1}, []string{"one alone"}}, {Bounds{Crashes: 1, Jumps: 1, Reconciles: 1}, []string{"one alone"}}}
	case raceEnabled: // it makes this ten times slower, and one goroutine runs at a time
		return []bounded{{Bounds{Lost: 1}, two}, {Bounds{Events: 1}, two[:1]}}
	default:
		return []bounded{{Bounds{Lost: 1}, two}, {Bounds{Late: 1}, two}, {Bounds{Crashes: 1}, two[:1]}, {Bounds{Events: 1}, two[:1]}}
	}
}

// TestModel searches the module itself: whatever happens, and in every state in which it may end, its promises hold.
func TestModel(t *testing.T) {
	states := 0
	for _, b := range searches() {
		for _, name := range b.who {
			b.Tokens = cards[name]
			begun := time.Now()
			r := Search(b.Bounds, runtime.GOMAXPROCS(0), *most)
			t.Logf("%s, %+v: %v in %v", name, b.Bounds, r, time.Since(begun).Round(time.Millisecond))
			if len(r.Broken) > 0 || !r.Whole && *most == 0 {
				t.Fail()
			}
			states += r.States
		}
	}
	matrix.Count(t, "G5", states)
}

// TestSamePathSameState holds that a path can be gone again: ids are random, and states must not be.
func TestSamePathSameState(t *testing.T) {
	t.Parallel()
	a := Search(Bounds{Tokens: cards["one needs 3DS"], Lost: 1}, 1, 0)
	b := Search(Bounds{Tokens: cards["one needs 3DS"], Lost: 1}, 3, 0)
	if a.States != b.States || a.Ends != b.Ends || a.States < 100 {
		t.Errorf("one search found %v, the other %v", a, b)
	}
}

// TestTextSeesTheRows holds that what decides is part of a state: two worlds that differ in one choice differ in their states,
// but where the choices lead to the same.
func TestTextSeesTheRows(t *testing.T) {
	t.Parallel()
	seen := map[state]string{}
	w := newWorld(Bounds{Tokens: cards["one is declined"]}, plant{})
	defer w.close()
	for i := 0; ; i++ {
		acts := w.acts()
		at := w.state()
		if before, known := seen[at]; known {
			t.Fatalf("after %d steps the state is as before %s", i, before)
		}
		if len(acts) == 0 {
			break
		}
		seen[at] = acts[0].name
		acts[0].do()
	}
	if len(seen) < 10 {
		t.Error("the path is too short to tell: " + fmt.Sprint(len(seen)))
	}
}
