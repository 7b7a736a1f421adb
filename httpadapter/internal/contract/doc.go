// Package contract holds every exchange of httpadapter's test suite to the OpenAPI document that the adapter serves. It is
// a module of its own, so that the validator is nobody's dependency.
package contract
