//go:build !race

package crash

const (
	stride       = 1
	defaultPairs = 100
)
