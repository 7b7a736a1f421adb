// Package plants proves that the checks bite: it is a table of bugs that are planted into the module one at a time, each with
// the check that must find it. A plant is a text of one source file and what stands there instead; the tree itself is never
// touched, for the compiler is given the changed file by an overlay.
//
// A plant whose text no longer stands in its file exactly once fails the package's test: whoever changes that code carries
// the plant along. A plant that is not found is a fault of the simulator, the checker or the suites; they are to be
// strengthened, for its whole family.
package plants
