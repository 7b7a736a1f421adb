package main

import (
	"strings"
	"testing"

	"github.com/trendsic/payments/internal/matrix"
)

func TestRead(t *testing.T) {
	t.Parallel()
	figures := map[string]int{}
	text := "=== NAME  TestX\n    x_test.go:1: matrix: B8 29\n    x_test.go:2: matrix: B8 1\nmatrix: D3 100\nmatrix: B1 12 of them\nmatrix: Z1 4"
	if err := read(figures, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if figures["B8"] != 30 || figures["D3"] != 100 || len(figures) != 2 {
		t.Errorf("figures %v", figures)
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
