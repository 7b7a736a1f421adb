package plants

// folding are bugs of how the gateway's truth becomes the payment's status, and of who is told.
var folding = []Plant{
	{"what is held is over what was asked", "fold.go",
		`if f.held != "" && to == StatusHeld {
		p.Amount = snap.Amount`, `if f.held == "" && to == StatusHeld {
		p.Amount = snap.Amount`,
		tests(".", "TestHeldIsWhatWasConfirmed"), "--- FAIL: TestHeldIsWhatWasConfirmed"},
	{"nobody is told of money on what was given up when the order asks another amount", "fold.go",
		`if to = truth(f.snap); (from`, `if (from`,
		tests(".", "TestAuditFindsTheRow"), "--- FAIL: TestAuditFindsTheRow"},
	{"two answers that are wrong alike decide a renewal's amount", "settle.go",
		`case p.Subscription != "" && !p.anchor(): // no`, `case p.Subscription == "-" && !p.anchor(): // no`,
		tests(".", "TestRenewalAmount"), "--- FAIL: TestRenewalAmount"},
	{"a renewal is in another currency than its subscription", "subscription.go",
		`in.Amount.Currency != anchor.Amount.Currency`, `in.Amount.Currency == ""`,
		tests(".", "TestRenewalAmount"), "--- FAIL: TestRenewalAmount"},
	{"an end that is proved is told as a doubt", "subscription.go",
		`ended && errors.Is(err, ErrUnknown) && !after`, `ended && errors.Is(err, ErrStale) && !after`,
		tests(".", "TestRenewalBesideALostRefund"), "--- FAIL: TestRenewalBesideALostRefund"},
	{"a subscription whose answer was lost is not taken on", "settle.go",
		`case p.Live && p.Reference == "" && p.Subscription == "" && snap`, `case !p.Live && p.Reference == "" && p.Subscription == "" && snap`,
		tests(".", "TestAdoptedSubscription"), "--- FAIL: TestAdoptedSubscription"},
	{"what settles an invoice is taken for what is paid once", "settle.go",
		`if p.Live && p.Subscription == "" && snap`, `if p.Live && p.Subscription == "" && p.Invoice != "" && snap`,
		tests(".", "TestWhatReplacesAnObject"), "--- FAIL: TestWhatReplacesAnObject"},
	{"a doubt that stays hides what the subscription charges", "reconcile.go",
		`errors.Is(err, ErrUnknown) && rec.Payment.holdsBySubscription()`, `errors.Is(err, ErrUnknown) && rec.Payment.unbegun()`,
		tests(".", "TestRenewalBesideALostRefund"), "--- FAIL: TestRenewalBesideALostRefund"},
	{"a subscription whose object carries nothing is not taken on", "left.go",
		`case !sub.Status.Ended() && unheard && p.Live:`, `case !sub.Status.Ended() && unheard && p.Reference != "":`,
		tests("./gateway/stripe", "TestSubscriptionLeft"), "--- FAIL: TestSubscriptionLeft"},
	{"a subscription beside the payment's own goes on", "left.go",
		`	case !sub.Status.Ended():
`, `	case !sub.Status.Ended() && p.Reference == "":
`,
		tests("./gateway/stripe", "TestSubscriptionLeft"), "--- FAIL: TestSubscriptionLeft"},
	{"money of a subscription beside the payment's own is told to nobody", "left.go",
		`in.Status == invoicePaid && in.Payment != ""`, `in.Status == invoicePaid && in.Payment == ""`,
		tests("./gateway/stripe", "TestSubscriptionLeft"), "--- FAIL: TestSubscriptionLeft"},
	{"a subscription that was left goes on once its payment is given up", "left.go",
		`unheard := errors.Is(err, ErrPaymentNotFound) && p.Reference`, `unheard := errors.Is(err, ErrPaymentNotFound) && p.Live && p.Reference`,
		tests("./gateway/stripe", "TestSubscriptionLeft"), "--- FAIL: TestSubscriptionLeft"},
	{"a subscription is ended beside the process that begins it", "left.go",
		`	held, err := s.lease(ctx, rec, newUID(s.now()))
`, `	if rec.Payment.LeaseOwner != "" {
		return rec, s.disown(ctx, rec.Payment, reference)
	}
	held, err := s.lease(ctx, rec, newUID(s.now()))
`,
		tests(".", "TestEndsNothingThatIsBegun"), "--- FAIL: TestEndsNothingThatIsBegun"},
	{"a subscription that was left and paid is ended for its price", "left.go",
		`sub.owned(p).Status == invoicePaid)`, `sub.owned(p).Status == "-")`,
		tests("./gateway/stripe", "TestSubscriptionLeft"), "--- FAIL: TestSubscriptionLeft"},
	{"a subscription that was paid is ended for its price", "pay.go",
		`if rec.Payment.Status != p.Status || rec.Payment.Live != p.Live {`, `if rec.Payment.Live != p.Live {`,
		tests(".", "TestSubscribe"), "--- FAIL: TestSubscribe"},
	{"the next card of a payer who wants it saved is not saved", "complete.go",
		`if last.saves() {`, `if last.saves() && last.OffSession {`,
		tests(".", "TestSavedByTheNextCard"), "--- FAIL: TestSavedByTheNextCard"},
	{"a way to pay that was not saved is listed", "record.go",
		`!last.OffSession && !last.saves() {`, `!last.OffSession && !last.saves() && last.Fingerprint == "-" {`,
		tests(".", "TestNotSaved"), "--- FAIL: TestNotSaved"},
	{"a subscription of another price is taken on", "left.go",
		`case sub.owned(p).Amount != p.Amount && !paid`, `case sub.owned(p).Amount != p.Amount && p.anchor() && !paid`,
		tests(".", "TestAdoptsNoOtherPrice"), "--- FAIL: TestAdoptsNoOtherPrice"},
	{"half of a subscription is taken on when the hook fails", "commit.go",
		`if answered.Subscription == before.Subscription {`, `if answered.Subscription != "-" {`,
		tests(".", "TestAdoptionIsTold"), "--- FAIL: TestAdoptionIsTold"},
	{"a subscription of an order that is paid once by now is taken for paid", "settle.go",
		`case p.anchor() && order.Recurring == nil:`, `case p.anchor() && order.Recurring == nil && p.Live == false:`,
		tests(".", "TestConfirmsAnotherKind"), "--- FAIL: TestConfirmsAnotherKind"},
	{"a panic of the host's orders goes through", "charge.go",
		`			err = &Error{Code: ErrInternal, Outcome: OutcomeNotApplied, Message: "the order cannot be read"}
`, `			panic(r)
`,
		tests(".", "TestOrdersPanic"), "panic: tok_canary"},
	{"what is due waits for a store that cannot hasten", "reconcile.go",
		`			hastened = err // what is due is looked at all the same
`, `			return report, s.fail("reconcile", err)
`,
		tests(".", "TestOutageIsNotForgotten"), "--- FAIL: TestOutageIsNotForgotten"},
	{"a refund in doubt keeps its subscription from being ended", "subscription.go",
		`if p.Status == StatusUnknown || rec.open(KindAuthorize, KindCancel) {`, `if p.Status == StatusUnknown || rec.open() {`,
		tests(".", "TestRenewalBesideALostRefund"), "--- FAIL: TestRenewalBesideALostRefund"},
	{"an audit of a page that was refused begins anew", "audit.go",
		`			list, cursor, err = lister.ListCharges(ctx, page)
`, `			page.Cursor = cursor
			list, cursor, err = lister.ListCharges(ctx, page)
`,
		tests(".", "TestAuditGoesOn"), "--- FAIL: TestAuditGoesOn"},
	{"money that went back elsewhere is not audited", "audit.go",
		`return p.Refunded == c.Refunded && (p`, `return p.Refunded >= 0 && (p`,
		tests(".", "TestAuditFindsRefunds"), "--- FAIL: TestAuditFindsRefunds"},
	{"an invoice that cannot be read hides those after it", "subscription.go",
		`		failed = cmp.Or(failed, err) // one`, `		if failed = cmp.Or(failed, err); failed != nil {
			break
		} // one`,
		tests(".", "TestInvoiceUnread"), "--- FAIL: TestInvoiceUnread"},
	{"a trial that begins is told to nobody", "subscription.go",
		`		*rec, err = c.followed(ctx, *rec, sub)
	}
	return sub, err
}

// makeSubscription`, `		rec.Payment = subscribed(p, sub)
	}
	return sub, err
}

// makeSubscription`,
		tests(".", "TestTrialIsTold"), "--- FAIL: TestTrialIsTold"},
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
		`		err = s.hear(ctx, rec, in.Event.Subscription)
`,
		`		if p := rec.Payment; in.Event.Type == "payment_intent.succeeded" {
			_, _, err = s.foldIn(ctx, rec, Snapshot{Reference: p.Reference, Status: StatusPaid, Amount: p.Amount,
				Captured: p.Amount.Amount, OrderID: p.OrderID, PaymentUID: p.UID, Attempt: p.Attempt}, folding{})
		} else {
			err = s.hear(ctx, rec, in.Event.Subscription)
		}
`,
		simulator, "I3 order"},
	{"an event that was not stored is answered as taken", "webhook.go",
		"	if _, err := s.store.Apply(ctx, Change{Inbox: in}); err != nil {\n		return err\n	}\n	if in[0]",
		"	if _, err := s.store.Apply(ctx, Change{Inbox: in}); err != nil {\n		return nil\n	}\n	if in[0]",
		simulator, "answered as taken and is not stored"},
	{"an event of a payment that is not there yet is dropped", "webhook.go",
		"		return errForeign\n", "		err = nil\n",
		tests("./gateway/stripe", "TestEventOfUnknownPayment"), "--- FAIL: TestEventOfUnknownPayment"},
	{"an event is given up for its age", "webhook.go",
		`vain := in.Tries >= ownTries ||`, `vain := in.Tries > 0 ||`,
		tests(".", "TestOldEvents"), "--- FAIL: TestOldEvents"},
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
