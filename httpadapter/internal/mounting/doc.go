// Package mounting runs one suite over httpadapter's routes under every mux that hosts use. It is a module of its own, so
// that chi and gin are nobody's dependency.
package mounting
