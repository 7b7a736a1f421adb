//go:build !race

package sim

// seeds is how many are run by default.
const seeds = 1000
