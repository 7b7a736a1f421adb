package main

import (
	"strings"
	"testing"

	"github.com/trendsic/payments/internal/matrix"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	var logs []counts
	for _, text := range []string{
		"=== NAME  TestX\n    x_test.go:1: matrix: B8 29 of TestX\n    x_test.go:2: matrix: B8 1 of TestY\nmatrix: D3 100\nmatrix: B1 12 of them all\nmatrix: Z1 4",
		"    x_test.go:1: matrix: B8 7 of TestX\n    x_test.go:1: matrix: B8 3 of TestX\n    x_test.go:2: matrix: B8 2 of TestY\n",
		"matrix: D3 90",
	} {
		c, err := read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, c)
	}
	if got := figures(logs); got["B8"] != 31 || got["D3"] != 100 || len(got) != 2 {
		t.Errorf("figures %v", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	figures := map[string]int{}
	for _, r := range matrix.Rows {
		figures[r.ID] = r.Gate
	}
	var out strings.Builder
	if short := table(&out, figures, nil); short != 0 || strings.Contains(out.String(), "SHORT") {
		t.Errorf("%d rows are short of a full table:\n%s", short, out.String())
	}
	figures["B8"]--
	if short := table(&out, figures, []string{"B7"}); short != 1 || !strings.Contains(out.String(), "SHORT") {
		t.Errorf("a row below its gate: %d short", short)
	}
	if short := table(&out, figures, []string{"B8"}); short != 0 {
		t.Errorf("a row that the run does not make: %d short", short)
	}
}
