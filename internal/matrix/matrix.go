// Package matrix counts the cases of each row of the test matrix (docs/reliability.md), so that a row's figure is what was run.
// A test counts with [Count]; internal/matrix/table adds up what a run's logs say, and fails where a row has less than its gate.
package matrix

import (
	"os"
	"testing"
)

// Count tells that n cases of a row ran in t and held. It takes effect when t ends, and not at all if t failed or was skipped.
// Counts of several tests of one row add up; of a test that runs more than once, the larger is taken.
func Count(t testing.TB, row string, n int) {
	t.Helper()
	if _, ok := find(row); !ok {
		t.Fatalf("the matrix has no row %q", row)
	}
	t.Cleanup(func() {
		if !t.Failed() && !t.Skipped() {
			t.Logf("matrix: %s %d of %s", row, n, t.Name())
		}
	})
}

// Full says whether every case of the long rows is asked for, as CI does (PAYMENTS_TEST_FULL). Else a test takes a sample, so that
// the README's command ends within two minutes on two cores.
func Full() bool { return os.Getenv("PAYMENTS_TEST_FULL") != "" }

func find(id string) (Row, bool) {
	for _, r := range Rows {
		if r.ID == id {
			return r, true
		}
	}
	return Row{}, false
}
