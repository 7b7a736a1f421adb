// Package checks holds the rules that this module's source keeps, as tests over the source itself.
package checks
