package matrix

// A Row is one of the test matrix: what is done, in which unit it is counted, and the figure that every CI run must reach.
type Row struct {
	// ID is the row's name, Does what is done, and Unit what is counted.
	ID, Does, Unit string
	// Gate is how many every CI run must count.
	Gate int
}

// Rows are those of RELIABILITY.md's matrix. A gate that says "all" or "yes" there is the number of cells that were found.
var Rows = []Row{
	{ID: "A1", Does: "killed before and after each store and gateway call", Unit: "cells", Gate: 398},
	{ID: "A2", Does: "killed again inside the recovery", Unit: "random pairs", Gate: 1000},
	{ID: "A3", Does: "killed at random under the load of 32 clients", Unit: "kills", Gate: 200},
	{ID: "A4", Does: "the gateway killed and started again while calls run", Unit: "kills", Gate: 20},
	{ID: "A5", Does: "PostgreSQL stopped at once, the answer to COMMIT lost", Unit: "stops", Gate: 20},
	{ID: "A6", Does: "the row's fsync comes before the first byte to the gateway", Unit: "flows traced", Gate: 9},
	{ID: "A7", Does: "panic in gateway, store, hook, Orders and handler", Unit: "call sites", Gate: 398},

	{ID: "B1", Does: "each fault at each operation, first, first three, last and every third", Unit: "cells", Gate: 1160},
	{ID: "B2", Does: "30 % faults, 32 clients, then none", Unit: "orders", Gate: 1000},
	{ID: "B3", Does: "the same, of a Stripe that honours no idempotency key", Unit: "orders", Gate: 200},
	{ID: "B4", Does: "a saved 500, with and without its effect, in every flow", Unit: "cells", Gate: 62},
	{ID: "B5", Does: "gateway down for 1, 24, 25 and 73 hours", Unit: "outages", Gate: 4},
	{ID: "B6", Does: "slow gateway: 10 ms a byte, 4 s, 30 s, 90 s, never", Unit: "cells", Gate: 5},
	{ID: "B7", Does: "key used for another amount, of 256 characters, with line breaks", Unit: "cases", Gate: 47},
	{ID: "B8", Does: "cards and tokens: declines, 3-D Secure, authentication required", Unit: "cards", Gate: 30},
	{ID: "B9", Does: "answers of another order, amount, currency, status, shape", Unit: "mutations", Gate: 40},
	{ID: "B10", Does: "which error means declined, invalid, unknown, later", Unit: "rows", Gate: 12},

	{ID: "C1", Does: "one POST, 64 at once", Unit: "rounds", Gate: 50},
	{ID: "C2", Does: "the same over two and over four processes on one PostgreSQL", Unit: "rounds", Gate: 20},
	{ID: "C3", Does: "pay, cancel, refund, webhook and reconcile on one order", Unit: "histories", Gate: 1000},
	{ID: "C4", Does: "histories are linearizable (porcupine)", Unit: "histories", Gate: 1000},
	{ID: "C5", Does: "PUT finalises while the webhook does", Unit: "races", Gate: 680},
	{ID: "C6", Does: "64 workers on 8 orders, deadlocks, both isolation levels", Unit: "seconds", Gate: 60},
	{ID: "C7", Does: "no goroutine is left (goleak)", Unit: "packages", Gate: 20},

	{ID: "D1", Does: "event before the answer of the create", Unit: "orders", Gate: 100},
	{ID: "D2", Does: "event of a row that is not committed, or of no order", Unit: "events", Gate: 100},
	{ID: "D3", Does: "each event 64 times at once, two instances", Unit: "events", Gate: 100},
	{ID: "D4", Does: "the events of a payment in every order", Unit: "orders of events", Gate: 3600},
	{ID: "D5", Does: "forged, wrong or old secrets, v0, no header, huge headers", Unit: "cases", Gate: 40},
	{ID: "D6", Does: "stale, from the future, replayed", Unit: "cases", Gate: 10},
	{ID: "D7", Does: "other API versions, thin events, null, unknown types, 1 MiB", Unit: "cases", Gate: 30},
	{ID: "D8", Does: "all events lost for 24 hours", Unit: "orders", Gate: 1000},

	{ID: "E1", Does: "each call of the store fails before and after its effect, once and for ever", Unit: "cells", Gate: 796},
	{ID: "E2", Does: "SQLite locked by another connection for 1 s, 10 s and for ever", Unit: "cases", Gate: 195},
	{ID: "E3", Does: "disk full at each write", Unit: "writes", Gate: 89},
	{ID: "E4", Does: "read-only, no permission, corrupt page, half a WAL", Unit: "cases", Gate: 70},
	{ID: "E5", Does: "two migrations at once", Unit: "rounds", Gate: 65},
	{ID: "E6", Does: "the host's GORM settings: pairs of values, each database; each driver's", Unit: "settings", Gate: 191},
	{ID: "E7", Does: "a pool of one connection", Unit: "clients", Gate: 192},

	{ID: "F1", Does: "the schedule of doubts: an outage that ends in each gap", Unit: "hours", Gate: 72},
	{ID: "F2", Does: "clocks that differ and jump", Unit: "cases", Gate: 50},
	{ID: "F3", Does: "lease holder stopped, then woken after another took over", Unit: "cases", Gate: 20},
	{ID: "F4", Does: "dates and expiries", Unit: "rows", Gate: 60},

	{ID: "G1", Does: "safety simulator", Unit: "seeds", Gate: 20000},
	{ID: "G2", Does: "liveness: faults stop at a random time", Unit: "seeds", Gate: 5000},
	{ID: "G3", Does: "planted bugs, each found within 10 s", Unit: "bugs", Gate: 30},
	{ID: "G4", Does: "mutations killed", Unit: "%", Gate: 80},
	{ID: "G5", Does: "model of the state machine, every path", Unit: "states", Gate: 2025615},
	{ID: "G6", Does: "coverage of the root package's statements", Unit: "%", Gate: 90},

	{ID: "H1", Does: "malformed input (fuzz), each decoder", Unit: "seconds a target", Gate: 30},
	{ID: "H2", Does: "bodies: one byte too many, 1 GiB, endless, gzip bomb", Unit: "cases", Gate: 20},
	{ID: "H3", Does: "nesting, 100,000 keys, 1 MiB in a field", Unit: "cases", Gate: 52},
	{ID: "H4", Does: "order ids: UTF-8, surrogates, NUL, twins, homoglyphs", Unit: "ids", Gate: 60},
	{ID: "H5", Does: "duplicates, case twins, wrong types, the server's own fields", Unit: "bodies", Gate: 60},
	{ID: "H6", Does: "money against math/big", Unit: "cases", Gate: 100000},
	{ID: "H7", Does: "header and log injection over a raw socket", Unit: "cases", Gate: 40},
	{ID: "H8", Does: "the id in path, query and body at once", Unit: "cases", Gate: 30},
	{ID: "H9", Does: "verbs, media types, HTTP/1.0, 100-continue, slow clients", Unit: "cases", Gate: 40},

	{ID: "I1", Does: "planted secrets in any artefact", Unit: "files read", Gate: 20},
	{ID: "I2", Does: "secrets print masked, all exported types", Unit: "types", Gate: 14},
	{ID: "I3", Does: "at most the last four digits", Unit: "numbers", Gate: 10000},
	{ID: "I4", Does: "FullResponse holds what is listed and no more", Unit: "keys tried", Gate: 46},
	{ID: "I5", Does: "the host's SQL log shows no number", Unit: "settings", Gate: 21},
	{ID: "I6", Does: "no card in a heap dump after the call", Unit: "dumps", Gate: 1},
	{ID: "I7", Does: "keys and addresses that are refused", Unit: "cases", Gate: 22},

	{ID: "J1", Does: "every role at every route", Unit: "cells", Gate: 180},
	{ID: "J2", Does: "not yours and not there are one answer, by the same calls", Unit: "cases", Gate: 60},
	{ID: "J3", Does: "no authoriser, no adapter", Unit: "cases", Gate: 6},
	{ID: "J4", Does: "client secret on POST and PUT only", Unit: "cells", Gate: 108},
	{ID: "J5", Does: "two namespaces on one database", Unit: "orders", Gate: 1000},

	{ID: "K1", Does: "headers of every answer", Unit: "answers", Gate: 467},
	{ID: "K2", Does: "cross-site requests are refused before any effect", Unit: "cases", Gate: 20},
	{ID: "K3", Does: "JSONP's fence", Unit: "callbacks", Gate: 60},
	{ID: "K4", Does: "CORS: no wildcard, no echo", Unit: "cases", Gate: 27},
	{ID: "K5", Does: "no address of a request is fetched, no redirect followed", Unit: "cases", Gate: 178},
	{ID: "K6", Does: "errors tell nothing of the inside", Unit: "errors", Gate: 92},
}
