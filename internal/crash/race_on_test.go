//go:build race

package crash

// Every fifth boundary is enough to see a race; CI kills at all of them without the detector, which makes processes slow.
const (
	stride       = 5
	defaultPairs = 0
)
