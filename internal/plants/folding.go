package plants

// folding are bugs of how the gateway's truth becomes the payment's status, and of who is told.
var folding = []Plant{
	{"what is held is over what was asked", "fold.go",
		`if f.held != "" {
		p.Amount = snap.Amount`, `if f.held == "" {
		p.Amount = snap.Amount`,
		tests(".", "TestHeldIsWhatWasConfirmed"), "--- FAIL: TestHeldIsWhatWasConfirmed"},
	{"two wrong answers end a hold", "settle.go",
		`err != nil || snap.Amount == p.Amount {`, `err != nil || snap.Amount != p.Amount {`,
		tests(".", "TestHeldIsWhatWasConfirmed"), "--- FAIL: TestHeldIsWhatWasConfirmed"},
	{"the version is not compared", "commit.go",
		"	change.Hook = s.hook(change.Events)\n",
		"	change.Hook = s.hook(change.Events)\n	if now, err := s.store.Find(ctx, Query{Namespace: before.Namespace, UID: before.UID}); err == nil {\n		change.Payment.Version = now.Payment.Version\n	}\n",
		simulator, " order 00000000 payment"}, // which promise is broken first depends on the seed
	{"the gateway is not read again when the payment moved", "settle.go",
		"		if snap, err = s.fetch(ctx, rec.Payment); err != nil {\n			return rec, snap, err\n		}\n	}\n	return rec, snap, ErrStale",
		"	}\n	return rec, snap, ErrStale",
		tests(".", "TestOlderTruth"), "--- FAIL: TestOlderTruth"},
	{"an answer about another object is believed", "settle.go",
		`return snap.Reference != "" && (p.Reference == "" || p.Reference == snap.Reference)`, `return snap.Reference != ""`,
		simulator, "I3 order"},
	{"the order of an answer is not compared", "settle.go",
		`return snap.PaymentUID == p.UID && snap.OrderID == p.OrderID`, `return snap.PaymentUID == p.UID || !snap.OrderID.IsZero()`,
		tests(".", "TestAnswersOfAnother"), "--- FAIL: TestAnswersOfAnother"},
	{"live and test mode are not compared", "settle.go",
		`case snap.LiveMode != liveMode:`, `case snap.LiveMode && liveMode && snap.Reference == "":`,
		tests(".", "TestPriceChanges"), "--- FAIL: TestPriceChanges/the_wrong_mode"},
	{"the event's word is taken for the payment", "webhook.go",
		`		_, _, err = s.refresh(ctx, rec)
`,
		`		if p := rec.Payment; in.Event.Type == "payment_intent.succeeded" {
			_, _, err = s.foldIn(ctx, rec, Snapshot{Reference: p.Reference, Status: StatusPaid, Amount: p.Amount,
				Captured: p.Amount.Amount, OrderID: p.OrderID, PaymentUID: p.UID, Attempt: p.Attempt}, folding{})
		} else {
			_, _, err = s.refresh(ctx, rec)
		}
`,
		simulator, "I3 order"},
	{"an event that was not stored is answered as taken", "webhook.go",
		"	if _, err := s.store.Apply(ctx, Change{Inbox: in}); err != nil {\n		return err\n	}\n	if in[0]",
		"	if _, err := s.store.Apply(ctx, Change{Inbox: in}); err != nil {\n		return nil\n	}\n	if in[0]",
		simulator, "answered as taken and is not stored"},
	{"an event of a payment that is not there yet is dropped", "webhook.go",
		"	if err != nil {\n		return err\n	}\n	in.DoneAt = s.now()",
		"	if err != nil && !errors.Is(err, ErrPaymentNotFound) {\n		return err\n	}\n	in.DoneAt = s.now()",
		tests("./gateway/stripe", "TestEventOfUnknownPayment"), "--- FAIL: TestEventOfUnknownPayment"},
	{"hook outside the transaction", "commit.go",
		"	change.Hook = s.hook(change.Events)\n	p, err := s.store.Apply(ctx, change)\n",
		"	p, err := s.store.Apply(ctx, change)\n	if hook := s.hook(change.Events); err == nil && hook != nil {\n		_ = hook(ctx)\n	}\n",
		simulator, "I8 order"},
	{"the hook is not run on a refund", "fold.go",
		`if p.Status == f.before.Status && p.Refunded == f.before.Refunded {`, `if p.Status == f.before.Status {`,
		simulator, "I8 order"},
	{"a hook that failed is not tried again", "commit.go",
		"	case answered.Reference != \"\":\n		p.Status, p.Message = StatusUnknown, \"\"",
		"	case answered.Reference != \"\":\n		p.Status, p.Message = answered.Status, \"\"",
		simulator, "I8 order"},
	{"no break is recorded for a mismatch", "fold.go",
		`if f.held != "" && p.Status == StatusHeld {`, `if f.held != "" && p.Status != StatusHeld {`,
		simulator, "no operator was told"},
	{"a refunded payment can be paid again", "payment.go",
		`[]Status{StatusPartiallyRefunded, StatusPaid}},
	StatusDisputed`,
		`[]Status{StatusPartiallyRefunded, StatusPaid, StatusCreated, StatusCanceled}},
	StatusDisputed`,
		tests(".", "TestTransitions"), "--- FAIL: TestTransitions"},
}
