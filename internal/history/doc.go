// Package history lets several callers work on one order at once, over several services on one store, with a gateway that fails
// now and then. Its tests check that what the callers saw has an order in which it could have happened one after the other (by porcupine, per
// idempotency key and for what is read of the order), and that the promises of package invariant hold in the end.
package history
