package checks

import (
	"go/ast"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFuzzTargetsKeepTheirCorpus is row H1's other half: what a campaign found of new paths is kept beside its target, so that every run
// of the tests walks them again, and the next campaign begins there.
func TestFuzzTargetsKeepTheirCorpus(t *testing.T) {
	t.Parallel()
	targets := 0
	for _, src := range sources(t) {
		for _, d := range src.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !src.test() || !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			targets++
			kept, err := os.ReadDir(filepath.Join(filepath.Dir(src.path), "testdata", "fuzz", f.Name.Name))
			if err != nil || len(kept) == 0 {
				t.Errorf("%s: %s has no kept corpus: run .ci/fuzz and keep what it found (%v)", src.path, f.Name.Name, err)
			}
		}
	}
	if targets < 30 {
		t.Errorf("only %d targets: the walk is broken", targets)
	}
}
