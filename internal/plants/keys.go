package plants

// keys are bugs of the callers' idempotency keys.
var keys = []Plant{
	{"a stored answer is not repeated", "idempotency.go",
		`case len(rec.Answer) == 0:`, `case len(rec.Answer) < 1<<20:`,
		tests(".", "TestIdempotency"), "--- FAIL: TestIdempotencyKey"},
	{"a key with another request is not refused", "idempotency.go",
		`case rec.Fingerprint != c.requestFingerprint():`, `case rec.Fingerprint == "":`,
		tests(".", "TestIdempotency"), "--- FAIL: TestIdempotencyKey"},
	{"two principals share a key", "idempotency.go",
		`Principal: c.req.Idempotency.Principal, Verb`, `Principal: "", Verb`,
		tests(".", "TestIdempotency"), "--- FAIL: TestIdempotencyKey"},
	{"a held payment is stored as the answer", "idempotency.go",
		` || !final || res.Payment.Status.Answer().Pending {`, ` || !final {`,
		tests(".", "TestHeldIsNoFinalAnswer"), "--- FAIL: TestHeldIsNoFinalAnswer"},
	{"the key is not claimed with the attempt", "idempotency.go",
		"	claimed := *c.key\n	claimed.PaymentUID = p.UID\n	return &claimed", "	return nil",
		tests(".", "TestIdempotency"), "--- FAIL: TestIdempotency"},
	{"the token is not part of the fingerprint", "idempotency.go",
		`return digest("token", order.String(), src.Token.Reveal())`, `return digest("token", order.String())`,
		tests(".", "TestIdempotency"), "--- FAIL: TestIdempotencyKey"},
	{"two lists of parts have one digest", "idempotency.go",
		`b.WriteString(strconv.Itoa(len(p)) + ":" + p)`, `b.WriteString(p)`,
		tests(".", "TestKeyOfAnotherRequest"), "--- FAIL: TestKeyOfAnotherRequest"},
}
