package plants

import (
	"errors"
	"strings"
	"testing"
)

// TestWeave holds that a woven file has the original and each twin of a function, and that what is not one function is refused.
func TestWeave(t *testing.T) {
	t.Parallel()
	const original = `package p

type s struct{ n int }

var limit = 3

func (*s) add(a, b int, _ string, more ...int) (sum int, err error) { return a + b + len(more), nil }

func quiet() {}
`
	for _, tt := range []struct {
		name, old, now string
		want           []string
	}{
		{"a method", "a + b", "a - b", []string{
			"func (*s) plantNone_add(a, b int, _ string, more ...int) (sum int, err error) {\n\treturn a + b + len(more), nil\n}",
			"func (*s) plant7_add(a, b int, _ string, more ...int) (sum int, err error) {\n\treturn a - b + len(more), nil\n}",
			"func (plantOn *s) add(plantArg0 int, plantArg1 int, plantArg2 string, plantArg3 ...int) (sum int, err error) {",
			"return plantOn.plant7_add(plantArg0, plantArg1, plantArg2, plantArg3...)"}},
		{"a function without results", "quiet() {}", "quiet() { limit++ }", []string{"func plant7_quiet() { limit++ }", "\t\tplant7_quiet()\n"}},
		{"a variable", "limit = 3", "limit = 4", nil},
		{"two functions", "nil }\n\nfunc quiet() {", "err }\n\nfunc quiet() { limit++", nil},
		{"nothing", "limit = 3", "limit = 3", nil},
		{"one more function", "func quiet() {}", "func quiet() {}\n\nfunc more() {}", nil},
	} {
		woven, err := weave(original, map[int]string{7: strings.Replace(original, tt.old, tt.now, 1)})
		if tt.want == nil && !errors.Is(err, errAlone) || tt.want != nil && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(string(woven), want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, woven)
			}
		}
	}
}
