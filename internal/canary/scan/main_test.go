package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trendsic/payments/internal/canary"
)

func TestScan(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files    map[string]string
		find     func([]byte) []string
		unmarked bool
		ok       bool
	}{
		"clean":                    {map[string]string{"a": "k-" + canary.Mark, "b": "x"}, canary.Find, false, true},
		"nothing planted":          {map[string]string{"a": "x"}, canary.Find, false, false},
		"nothing planted, allowed": {map[string]string{"a": "x"}, canary.Find, true, true},
		"nothing there":            {nil, canary.Find, true, false},
		"a number":                 {map[string]string{"a": canary.Mark, "b": "x" + canary.Number}, canary.Find, false, false},
		"a code in a text":         {map[string]string{"a": canary.Mark, "b": `"CCV":"7391"`}, canary.FindInText, false, false},
		"a code in no text":        {map[string]string{"a": canary.Mark, "b": `"CCV":"7391"`}, canary.Find, false, true},
	} {
		dir := t.TempDir()
		for file, text := range tt.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var out, hits strings.Builder
		err := scan([]string{dir}, tt.find, tt.unmarked, &out, &hits)
		if (err == nil) != tt.ok || strings.Contains(out.String(), "matrix: I1 ") != tt.ok {
			t.Errorf("%s: %v, %q", name, err, out.String())
		}
	}
	if err := scan([]string{filepath.Join(t.TempDir(), "not there")}, canary.Find, true, &strings.Builder{}, &strings.Builder{}); err == nil {
		t.Error("a folder that is not there is scanned")
	}
}
