package checks

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/trendsic/payments/internal/matrix"
)

// leakless are the packages of the root module whose tests need no goleak, each because nothing in it, nor in its tests, can leave a
// goroutine, a connection or a statement behind for a host.
var leakless = map[string]string{
	"gateway":                   "is a text and its example",
	"httpadapter/internal/wire": "is types and tables",
	"internal/canary":           "searches bytes",
	"internal/canary/scan":      "reads files and ends",
	"internal/checks":           "reads the source",
	"internal/matrix/table":     "reads logs and ends",
	"internal/model/rules":      "searches plain values, and waits for its workers",
	"internal/plants":           "starts other tests and waits for them; each of them has its own",
	"internal/statedoc":         "prints a table",
	"storage/internal/normal":   "is functions over values",
}

// TestNoGoroutineIsLeft is row C7: the tests of every package that can leave a goroutine behind end with goleak, which fails them where
// one is left. It counts the packages; that none of them leaks is their own tests' to say.
func TestNoGoroutineIsLeft(t *testing.T) {
	t.Parallel()
	tested, looked := map[string]bool{}, map[string]bool{}
	for _, src := range sources(t) {
		dir, err := filepath.Rel(root, filepath.Dir(src.path))
		if err != nil {
			t.Fatal(err)
		}
		if !src.test() || ofAnotherModule(dir) {
			continue
		}
		tested[dir] = true
		looked[dir] = looked[dir] || strings.Contains(src.text, "goleak.VerifyTestMain(") && !strings.HasPrefix(dir, "internal/checks")
	}
	packages := 0
	for dir := range tested {
		switch why, exempt := leakless[dir]; {
		case looked[dir] && exempt:
			t.Errorf("%s ends with goleak, and is told not to need it: it %s", dir, why)
		case !looked[dir] && !exempt:
			t.Errorf("%s has tests that do not end with goleak.VerifyTestMain", dir)
		case looked[dir]:
			packages++
		}
	}
	matrix.Count(t, "C7", packages)
	for dir := range leakless {
		if !tested[dir] {
			t.Errorf("%s is excused from goleak and has no tests", dir)
		}
	}
}

// ofAnotherModule reports whether the folder belongs to a module of its own, which counts for itself.
func ofAnotherModule(dir string) bool {
	for _, m := range []string{"integrations/jwtauth", "integrations/resilience", "httpadapter/internal/mounting", "httpadapter/internal/contract", "internal/isogen"} {
		if dir == m || strings.HasPrefix(dir, m+"/") {
			return true
		}
	}
	return false
}
