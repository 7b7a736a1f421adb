package payments

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// A recurring order has one payment that began its subscription, the anchor: the payment of the first invoice, which holds
// the order. Each later invoice is a payment of its own. Both are folded like any other payment; this file brings the
// subscription itself, and the rows of later invoices, up to what the gateway says.

// anchor reports whether the payment began a subscription.
func (p Payment) anchor() bool { return p.Subscription != "" && p.SubscriptionStatus != "" }

// trial reports whether the payment began a subscription that has asked for no money yet: a way to pay is set up by the client
// secret, and a token is of no use.
func (p Payment) trial() bool { return p.anchor() && p.Reference == "" }

// unbegun reports whether the payment made a subscription with a trial that still ends with it: it was not yet let go on.
func (p Payment) unbegun() bool {
	return p.trial() && p.SubscriptionStatus == SubscriptionIncomplete && p.CancelAtPeriodEnd
}

// began reports whether the first invoice was paid and the subscription was not seen to run yet.
func (p Payment) began() bool { return p.SubscriptionStatus == SubscriptionIncomplete && p.Secured() }

// givenUp reports whether the payment will never take money.
func (p Payment) givenUp() bool { return p.Status == StatusCanceled || p.Status == StatusExpired }

// holdsBySubscription reports whether the order is held by a subscription that has not ended, whatever became of the first invoice: that
// may be paid or forgiven past us (in the gateway's dashboard), and then its object is canceled and the subscription charges on.
func (p Payment) holdsBySubscription() bool { return p.anchor() && !p.SubscriptionStatus.Ended() }

// recurring reports why a recurring order cannot be charged, nil when it can.
func (s *Service) recurring(plan Plan) error {
	if _, ok := CapabilityOf[SubscriptionGateway](s.gateway); !ok || s.intents == nil {
		return conflict(ErrUnsupported, "OrderID", "the gateway takes no recurring orders")
	}
	switch {
	case !slices.Contains([]string{"day", "week", "month", "year"}, plan.Interval) || plan.Every < 1:
		return conflict(ErrConflict, "OrderID", "the order's plan has no interval of days, weeks, months or years")
	case plan.TrialDays < 0 || plan.TrialDays > 730:
		return conflict(ErrConflict, "OrderID", "the order's trial is not within two years")
	}
	return nil
}

// callSubscription makes one call about a subscription, with all that call does.
func (s *Service) callSubscription(ctx context.Context, step string, p Payment,
	do func(context.Context, SubscriptionGateway) (SubscriptionSnapshot, error)) (SubscriptionSnapshot, error) {
	gateway, ok := CapabilityOf[SubscriptionGateway](s.gateway)
	if !ok {
		return SubscriptionSnapshot{}, &Error{Code: ErrUnsupported, Outcome: OutcomeNotApplied, Message: "the gateway takes no recurring orders"}
	}
	var sub SubscriptionSnapshot
	_, err := s.call(ctx, step, func(ctx context.Context) (_ Snapshot, err error) {
		sub, err = do(ctx, gateway)
		return Snapshot{}, err
	})
	if err == nil && !s.fits(p, sub) {
		err = &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway's answer does not fit the order"}
	}
	return sub, err
}

// fits reports whether the subscription is this payment's, in a status that we know.
func (s *Service) fits(p Payment, sub SubscriptionSnapshot) bool {
	return sub.Reference != "" && (p.Subscription == "" || p.Subscription == sub.Reference) && sub.Status != "" &&
		sub.PaymentUID == p.UID && sub.OrderID == p.OrderID && sub.LiveMode == s.opts.LiveMode
}

// subscribe makes the subscription, and lets one with a trial go on. Its reference is committed before that, and before anything can
// be paid: what was made and is not known ends by itself.
func (c *charge) subscribe(ctx context.Context, rec *Record) (sub SubscriptionSnapshot, err error) {
	if !rec.Payment.anchor() {
		if sub, err = c.makeSubscription(ctx, rec); err != nil || !rec.Payment.unbegun() {
			return sub, err
		}
	}
	p, tx := rec.Payment, rec.last()
	sub, err = c.subscribing(ctx, "uncancel_subscription", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.UncancelSubscription(ctx, UncancelSubscriptionRequest{PaymentRef: p.ref(), Key: tx.key("uncancel"), Reference: p.Subscription})
	})
	if err == nil && sub.CancelAtPeriodEnd {
		err = &Error{Code: ErrUnavailable, Gateway: c.gateway.Name(), Message: "the gateway does not let the subscription go on"}
	}
	if err == nil {
		*rec, err = c.followed(ctx, *rec, sub)
	}
	return sub, err
}

// makeSubscription makes the subscription and commits its reference.
func (c *charge) makeSubscription(ctx context.Context, rec *Record) (SubscriptionSnapshot, error) {
	p, tx := rec.Payment, rec.last()
	sub, err := c.subscribing(ctx, "subscribe", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.Subscribe(ctx, SubscribeRequest{PaymentRef: p.ref(), Key: tx.key("subscribe"), Plan: *c.order.Recurring, Amount: tx.Amount,
			Description: c.order.Description, Payer: c.req.Payer})
	})
	if err != nil {
		return sub, err
	}
	invoice, ok := sub.first()
	if ok && invoice.Payment != "" && invoice.Amount != tx.Amount {
		return sub, &Error{Code: ErrGatewayRejected, Outcome: OutcomeNotApplied, Gateway: c.gateway.Name(),
			Message: "the plan's first invoice is not what the order asks"}
	}
	rec.Payment = subscribed(p, sub)
	tx.Reference = sub.Reference
	return sub, c.hold(ctx, rec, Change{Payment: rec.Payment, Transactions: rec.Transactions[len(rec.Transactions)-1:]})
}

// subscribing makes a request of which nobody is charged, again under the same key when its answer is lost.
func (c *charge) subscribing(ctx context.Context, step string, p Payment,
	do func(context.Context, SubscriptionGateway) (SubscriptionSnapshot, error)) (SubscriptionSnapshot, error) {
	began := c.now()
	for try := 1; ; try++ {
		sub, err := c.callSubscription(ctx, step, p, do)
		if err == nil || !c.prepareAgain(ctx, try, began, err) {
			return sub, err
		}
	}
}

// first returns the invoice that the subscription began with.
func (sub SubscriptionSnapshot) first() (InvoiceSnapshot, bool) {
	i := slices.IndexFunc(sub.Invoices, func(in InvoiceSnapshot) bool { return in.First })
	if i < 0 {
		return InvoiceSnapshot{}, false
	}
	return sub.Invoices[i], true
}

// owned returns the invoice that the anchor is the payment of: the one that it has, or else the first that asks for money
// (a trial begins with an invoice of nothing).
func (sub SubscriptionSnapshot) owned(p Payment) InvoiceSnapshot {
	for _, in := range sub.Invoices {
		if in.Payment != "" && (p.Invoice == "" || p.Invoice == in.Reference) {
			return in
		}
	}
	return InvoiceSnapshot{}
}

// follow brings the anchor's subscription and the payments of its other invoices up to what the gateway says.
func (s *Service) follow(ctx context.Context, rec Record) (Record, SubscriptionSnapshot, error) {
	for range maxFolds {
		p := rec.Payment
		sub, err := s.fetchSubscription(ctx, p)
		if err != nil {
			return rec, sub, err
		}
		rec, err = s.followed(ctx, rec, sub)
		if err == nil {
			closed, err := s.closeInvoices(ctx, rec.Payment, sub)
			return rec, closed, cmp.Or(s.followInvoices(ctx, rec.Payment, closed), err)
		}
		if !errors.Is(err, ErrStale) {
			return rec, sub, err
		}
		if rec, err = s.store.Find(ctx, Query{Namespace: p.Namespace, UID: p.UID}); err != nil {
			return rec, sub, err
		}
	}
	return rec, SubscriptionSnapshot{}, ErrStale
}

// fetchSubscription reads the gateway's truth about the subscription. Where the gateway knows none by the id that it once
// answered, the payment's object names it; else it is asked by our own reference, which a lost attempt's subscription carries too.
func (s *Service) fetchSubscription(ctx context.Context, p Payment) (SubscriptionSnapshot, error) {
	read := func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.FetchSubscription(ctx, FetchSubscriptionRequest{PaymentRef: p.ref(), Reference: p.Subscription})
	}
	sub, err := s.callSubscription(ctx, "fetch_subscription", p, read)
	if !errors.Is(err, ErrPaymentNotFound) {
		return sub, err
	}
	p.Subscription = ""
	if p.Reference != "" {
		snap, err := s.fetch(ctx, p)
		if err != nil && !errors.Is(err, ErrPaymentNotFound) {
			return sub, err
		}
		p.Subscription = snap.Subscription
	}
	return s.callSubscription(ctx, "fetch_subscription", p, read)
}

// followed writes what changed of the anchor's subscription.
func (s *Service) followed(ctx context.Context, rec Record, sub SubscriptionSnapshot) (Record, error) {
	after, change := foldSubscription(rec, sub, s.now())
	if after.Payment == rec.Payment && len(change.Transactions) == 0 {
		return rec, nil
	}
	change.Payment.DueAt = s.later(0) // the payments of the invoices are still to be looked at
	if rec.Payment.LeaseOwner != "" {
		change.Lease, change.LeaseOwner = s.leaseTime(), rec.Payment.LeaseOwner
	}
	p, err := s.persist(ctx, rec.Payment, change)
	if err != nil {
		return rec, err
	}
	after.Payment = p
	return after, nil
}

// followInvoices gives each invoice that the anchor is not the payment of a payment of its own, and folds what is not
// final yet.
func (s *Service) followInvoices(ctx context.Context, anchor Payment, sub SubscriptionSnapshot) error {
	var failed error
	for _, in := range sub.Invoices {
		if in.Payment == "" || in.Reference == anchor.Invoice || in.Payment == anchor.Reference {
			continue // an invoice's id may be answered otherwise: the object that is paid says whose it is
		}
		rec, err := s.invoicePayment(ctx, anchor, in)
		if err == nil && !rec.Payment.Status.Final() && !rec.Payment.LeaseUntil.After(s.now()) {
			_, _, err = s.refresh(ctx, rec)
		}
		failed = cmp.Or(failed, err) // one that cannot be read must not hide those after it
	}
	return failed
}

// invoicePayment returns the payment of an invoice, begun where there is none. It does not hold the order: the anchor does.
func (s *Service) invoicePayment(ctx context.Context, anchor Payment, in InvoiceSnapshot) (Record, error) {
	q := Query{Namespace: anchor.Namespace, Gateway: anchor.Gateway, Reference: in.Payment}
	rec, err := s.store.Find(ctx, q)
	if err == nil || !errors.Is(err, ErrPaymentNotFound) {
		return rec, err
	}
	if in.Amount.Currency != anchor.Amount.Currency { // a subscription has one, its first invoice's
		return rec, &Error{Code: ErrUnavailable, Gateway: s.gateway.Name(), Message: "the gateway's answer does not fit the subscription"}
	}
	now := s.now()
	p := Payment{UID: newUID(now), Namespace: anchor.Namespace, Gateway: anchor.Gateway, Account: anchor.Account,
		OrderID: anchor.OrderID, OrderHeaderID: anchor.OrderHeaderID, PublicOrderID: anchor.PublicOrderID, AgentID: anchor.AgentID,
		AgentNumber: anchor.AgentNumber, CustomerID: anchor.CustomerID, Subscription: anchor.Subscription, Invoice: in.Reference,
		GatewayCustomer: anchor.GatewayCustomer, Status: StatusCreated, Type: TypeSubscription, Amount: in.Amount, Reference: in.Payment,
		DueAt: s.later(0), CreatedAt: now, UpdatedAt: now}
	if _, err := s.store.Apply(ctx, Change{Payment: p}); err != nil && !errors.Is(err, ErrStale) {
		return rec, err
	}
	return s.store.Find(ctx, q)
}

// errUnfinished makes a payment due again soon.
var errUnfinished = errors.New("payments: more is to be looked at")

// CancelSubscriptionCommand asks to end the subscription of a recurring order.
type CancelSubscriptionCommand struct {
	// Target names the payment that began the subscription, or its order.
	Target
	// AtPeriodEnd lets the period that is paid run out; otherwise the subscription ends now.
	AtPeriodEnd bool
}

// CancelSubscription ends the subscription of a recurring order, now or with the period that is paid. Nothing is refunded. It
// answers the payment that began it; of a subscription that has ended already too. It answers ErrConflict for an order
// without a subscription, and ErrUnknown while it is not known whether the gateway did it: Reconcile finds out.
func (s *Service) CancelSubscription(ctx context.Context, cmd CancelSubscriptionCommand) (Payment, error) {
	var done Payment
	err := s.operate(ctx, cmd.Target, func(ctx context.Context, owner string, rec Record) error {
		p := rec.Payment
		if p.Status == StatusUnknown || rec.open(KindAuthorize, KindCancel) { // a refund in doubt may stay so, and the customer be charged on
			if err := s.clear(ctx, owner, rec); err != nil {
				return err
			}
		}
		switch {
		case !p.anchor():
			return conflict(ErrConflict, "PaymentUID", "the payment began no subscription")
		case p.SubscriptionStatus.Ended() || cmd.AtPeriodEnd && p.CancelAtPeriodEnd && !p.unbegun():
			done = p
			return nil
		}
		reason := reasonNow
		if cmd.AtPeriodEnd && !p.unbegun() { // what lets it go on may still be under way
			reason = reasonPeriodEnd
		}
		ctx, cancel := s.detach(ctx)
		defer cancel()
		after, err := s.endSubscription(ctx, owner, rec, reason)
		if errors.Is(err, ErrUnknown) {
			after, _, err = s.seek(ctx, owner, after)
		}
		done = after.Payment
		if ended := done.SubscriptionStatus.Ended() || reason == reasonPeriodEnd && done.CancelAtPeriodEnd; ended && errors.Is(err, ErrUnknown) && !after.open(KindCancel) {
			err = nil // what stays in doubt is a refund
		}
		return stale(err)
	})
	return done, s.fail("cancel_subscription", err)
}

// Why a subscription is canceled, as its transaction keeps it.
const (
	reasonNow       = "now"
	reasonPeriodEnd = "at period end"
)

// endSubscription commits that the subscription is to end, and asks the gateway for it.
func (s *Service) endSubscription(ctx context.Context, owner string, rec Record, reason string) (Record, error) {
	p := rec.Payment
	tx := s.newTransaction(p, KindCancel, p.Amount)
	tx.Message = reason
	rec.Transactions = append(rec.Transactions, tx)
	if err := s.hold(ctx, owner, &rec, Change{Payment: s.underWay(p), Transactions: rec.Transactions[len(rec.Transactions)-1:]}); err != nil {
		return rec, err
	}
	return s.sendCancel(ctx, rec, *rec.last(), false)
}

// sendCancel asks the gateway to end the subscription, and folds its answer. What refuses a repeat says nothing of the request
// before it, unless it is the subscription's state that refuses.
func (s *Service) sendCancel(ctx context.Context, rec Record, tx Transaction, repeat bool) (Record, error) {
	p := rec.Payment
	sub, err := s.callSubscription(ctx, "cancel_subscription", p, func(ctx context.Context, g SubscriptionGateway) (SubscriptionSnapshot, error) {
		return g.CancelSubscription(ctx, CancelSubscriptionRequest{PaymentRef: p.ref(), Key: tx.key("cancel"), Reference: p.Subscription,
			AtPeriodEnd: tx.Message == reasonPeriodEnd})
	})
	switch {
	case err == nil:
		rec, err = s.followed(ctx, rec, sub)
		if err != nil {
			return rec, s.unwritten(ctx, rec, err)
		}
		// The objects of the invoices tell whether they were paid before the end. When they cannot be read now, they are soon.
		if after, _, err := s.refresh(ctx, rec); err == nil {
			rec = after
		}
		if rec.Payment.LeaseOwner != "" {
			rec.Payment, err = s.postpone(ctx, rec, errUnfinished)
		}
		return rec, err
	case OutcomeOf(err) == OutcomeNotApplied && (!repeat || errors.Is(err, ErrConflict)):
		rec.Transactions = append(slices.DeleteFunc(slices.Clone(rec.Transactions), func(t Transaction) bool { return t.UID == tx.UID }), tx)
		change := rejected(rec, err, s.now())
		change.Payment.DueAt = s.later(change.Payment.Tries)
		p, storeErr := s.persist(ctx, rec.Payment, change)
		if storeErr != nil {
			return rec, unknown(rec.Payment)
		}
		rec.Payment = p
		return rec, err
	default:
		return rec, unknown(rec.Payment)
	}
}

// resolveCancel seeks evidence for a cancellation in doubt: what the subscription is now, and then the same request again.
func (s *Service) resolveCancel(ctx context.Context, owner string, rec Record) (Record, error) {
	rec, _, err := s.follow(ctx, rec)
	if err != nil || !rec.open(KindCancel) {
		return rec, err
	}
	i := slices.IndexFunc(rec.Transactions, func(t Transaction) bool { return t.Open() && t.Kind == KindCancel })
	tx := rec.Transactions[i]
	if rec, err = s.leaseOpen(ctx, owner, rec, tx); err != nil {
		return rec, err
	}
	rec, err = s.sendCancel(ctx, rec, tx, true)
	if !errors.Is(err, ErrUnknown) {
		return rec, err
	}
	tx.Round++ // the gateway may replay an error that it saved under the key; a subscription ends at most once
	if holdErr := s.hold(ctx, owner, &rec, Change{Payment: rec.Payment, Transactions: []Transaction{tx}}); holdErr != nil {
		return rec, holdErr
	}
	return rec, err
}
