package rules

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments/internal/matrix"
)

var (
	whole   = flag.Bool("rules.whole", false, "also search with two crashes and three events")
	crashes = flag.Int("rules.crashes", 0, "search with so many crashes, instead of the table's bounds")
	events  = flag.Int("rules.events", 0, "with so many deliveries of events")
	lost    = flag.Int("rules.lost", 0, "with so many answers lost or requests late")
	looks   = flag.Int("rules.looks", 0, "with so many looks of Reconcile")
	pauses  = flag.Int("rules.pauses", 0, "with so many processes that pause for longer than their lease")
)

// both are the bounds with each of the second client's cards.
func both(list ...Bounds) (all []Bounds) {
	for _, b := range list {
		b.Secure = false
		all = append(all, b)
		b.Secure = true
		all = append(all, b)
	}
	return all
}

// searches returns what is searched.
func searches() []Bounds {
	if *crashes+*events+*lost+*looks+*pauses > 0 {
		u := func(n int) uint8 { return uint8(n) }
		return both(Bounds{Crashes: u(*crashes), Events: u(*events), Lost: u(*lost), Looks: u(*looks), Pauses: u(*pauses)})
	}
	if raceEnabled { // it makes this ten times slower, and there is one goroutine
		return both(Bounds{Crashes: 1, Looks: 1})
	}
	list := append(both(Bounds{Crashes: 1, Looks: 1}, Bounds{Crashes: 1, Events: 1, Lost: 1}), Bounds{Lost: 1, Looks: 1, Pauses: 1})
	if *whole {
		list = append(list, Bounds{Lost: 1, Looks: 1, Pauses: 1, Secure: true}, Bounds{Crashes: 1, Events: 1, Lost: 1, Looks: 1})
		list = append(list, both(Bounds{Crashes: 2, Events: 3})...)
	}
	return list
}

// TestRules searches the rules: no order is charged twice, and from every state on all doubts end.
func TestRules(t *testing.T) {
	states := 0
	for _, b := range searches() {
		begun := time.Now()
		r := Search(b, NoFault)
		t.Logf("%+v: %v in %v", b, r, time.Since(begun).Round(time.Millisecond))
		if r.Broken != "" {
			t.Fail()
		}
		states += r.States
	}
	matrix.Count(t, "G5", states)
}

// TestFaultsAreFound plants each mistake into the rules: the search must find a promise that it breaks.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		name  string
		fault Fault
		in    Bounds
		rule  string
	}{
		{"a second object while the first is in doubt", SecondObject, Bounds{Crashes: 1, Lost: 1}, "I1|I3"},
		{"the marker is cleared before the gateway has canceled", MarkerEarly, Bounds{Lost: 1, Looks: 1, Pauses: 1}, "I1|I3"},
		{"a doubt is given up by a timer", Timer, Bounds{Lost: 1, Looks: 1, Pauses: 1}, "I3"},
		{"what is written meanwhile is overwritten", NoFence, Bounds{Crashes: 1, Events: 1, Looks: 1, Pauses: 1}, "I4"},
		{"a new object with each request", ObjectEachTime, Bounds{Secure: true}, "I1|I2|I3"},
		{"the money is asked for before the row is stored", CallFirst, Bounds{Crashes: 1}, "I1|I2|I3"},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := Search(f.in, f.fault)
			t.Log(r)
			found := false
			for rule := range strings.SplitSeq(f.rule, "|") {
				found = found || strings.Contains(r.Broken, rule+":")
			}
			if !found {
				t.Errorf("it broke %q, not one of %s", r.Broken, f.rule)
			}
		})
	}
}
