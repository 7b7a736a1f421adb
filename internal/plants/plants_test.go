package plants

import (
	"context"
	"flag"
	"go/format"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments/internal/matrix"
)

var (
	find  = flag.Bool("plants", false, "plant every bug, and see that it is found: some minutes of compiling")
	limit = flag.Duration("plants.limit", 10*time.Second, "how long a finder may run until it finds its plant")
	only  = flag.String("plants.only", "", "plant only the bugs with this text in their names")
)

// root is the module's.
const root = "../.."

// controlTime is how long a finder may run without a plant: it has to run to its end then.
const controlTime = time.Minute

// TestEveryPlantApplies holds the table against the source: whoever changes code that a bug is planted in carries it along.
func TestEveryPlantApplies(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range All() {
		if names[p.Name] {
			t.Errorf("two plants are named %q", p.Name)
		}
		names[p.Name] = true
		if p.Old == p.New || p.Says == "" || p.Finder.Package == "" {
			t.Errorf("the plant %q changes nothing, or nobody finds it", p.Name)
		}
		text, err := p.planted(root)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := format.Source([]byte(text)); err != nil && strings.HasSuffix(p.File, ".go") {
			t.Errorf("the plant %q is no Go: %v", p.Name, err)
		}
	}
	if len(names) < 30 {
		t.Errorf("%d plants; 30 are the least", len(names))
	}
}

// TestEveryPlantIsFound plants each bug alone: its finder fails within the limit, says why, and passes without the plant.
func TestEveryPlantIsFound(t *testing.T) {
	if !*find {
		t.Skip("it compiles the module once a plant: CI does it in a step of its own, with -plants")
	}
	t.Parallel()
	l := newLab(t, All())
	var mu sync.Mutex
	var slowest, sum time.Duration
	planted := 0
	t.Cleanup(func() {
		t.Logf("%d plants found, the slowest in %.1f s, all in %.1f s of their finders' time", planted, slowest.Seconds(), sum.Seconds())
	})
	for i, p := range l.plants {
		if !strings.Contains(p.Name, *only) {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			took := l.found(t, i+1)
			mu.Lock()
			defer mu.Unlock()
			planted, slowest, sum = planted+1, max(slowest, took), sum+took
			matrix.Count(t, "G3", 1)
		})
	}
}

// found fails unless the plant is found, and returns how long that took.
func (l *lab) found(t *testing.T, n int) time.Duration {
	t.Helper()
	p := l.plants[n-1]
	ctx := context.WithoutCancel(t.Context()) // what one test compiles is another's too
	if err := l.control(ctx, p.Finder); err != nil {
		t.Fatal(err)
	}
	binary, err := l.finder(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.run(ctx, p.Finder, binary, n, *limit)
	switch {
	case err != nil:
		t.Fatal(err)
	case o.late:
		t.Fatalf("%s did not find it within %v:\n%s", p.Finder, *limit, tail(o.out))
	case !o.failed:
		t.Fatalf("%s passes with the bug in it (%.1f s)", p.Finder, o.took.Seconds())
	case !strings.Contains(o.out, p.Says):
		t.Fatalf("%s fails, and does not say %q:\n%s", p.Finder, p.Says, tail(o.out))
	}
	t.Logf("| %s | `%s` | %s | %.1f s |", p.Name, p.File, p.Finder.Package+" "+p.Finder.Run, o.took.Seconds())
	return o.took
}
