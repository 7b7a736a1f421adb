//go:build race

package sim

// seeds is how many are run by default. The race detector keeps 1.7 MB for each.
const seeds = 300
