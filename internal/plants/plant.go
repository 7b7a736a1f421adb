package plants

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Plant is one bug.
type Plant struct {
	// Name says what is wrong.
	Name string
	// File is the source file, from the module's root.
	File string
	// Old stands in the file exactly once, and New instead of it where the bug is planted.
	Old, New string
	// Finder must fail on the plant, and pass without it.
	Finder Finder
	// Says is what the Finder must print on the plant, so that it fails for the right reason.
	Says string
}

// A Finder is a command that finds bugs: the test binary of a package, or a program.
type Finder struct {
	// Package is its package, from the module's root.
	Package string
	// Run selects the tests; it is empty for a program.
	Run string
	// Args are given to it.
	Args []string
}

// String returns the command that repeats the Finder without a plant.
func (f Finder) String() string {
	words := []string{"go run", f.Package}
	if f.Run != "" {
		words = []string{"go test", f.Package, "-run", "'" + f.Run + "'"}
	}
	return strings.Join(append(words, f.Args...), " ")
}

// simulator runs seeds until the first one that fails. None of them fails without a plant.
var simulator = Finder{Package: "./cmd/sim", Args: []string{"-seed", "2000", "-seeds", "2000", "-failures", "1", "-shrink=false"}}

// tests are tests of a package.
func tests(pkg, run string) Finder { return Finder{Package: pkg, Run: run} }

// All returns every plant.
func All() []Plant {
	return slices.Concat(charging, doubts, folding, operations, keys, reading, stored, stripe, routes)
}

// planted returns the text of the plant's file with the bug in it.
func (p Plant) planted(root string) (string, error) {
	source, err := os.ReadFile(filepath.Join(root, p.File)) //nolint:gosec // a file of the table
	if err != nil {
		return "", fmt.Errorf("the plant %q no longer applies: %w", p.Name, err)
	}
	if n := strings.Count(string(source), p.Old); n != 1 {
		return "", fmt.Errorf("the plant %q no longer applies: its text stands %d times in %s, not once: carry it along with the code, and see that it is still found",
			p.Name, n, p.File)
	}
	return strings.Replace(string(source), p.Old, p.New, 1), nil
}
