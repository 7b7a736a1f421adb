package payments

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// AuditReport counts what an Audit found.
type AuditReport struct {
	// Charges is how many the gateway listed, Foreign how many of them carry no order that the host knows.
	Charges, Foreign int
	// Folded is how many payments changed because their charge said more than their row; Breaks is how many charges have no
	// payment.
	Folded, Breaks int
}

// Audit compares what the gateway charged in a span of time (from included, before not) with the rows. A payment that the
// gateway holds money of, or has given other money back of than its row says, is folded. A charge for an order of the host's that no payment has becomes a Break of kind
// BreakCharge, once: only an operator can tell whether to give it back. It answers ErrUnsupported for a gateway that lists no
// charges. Give a request under way an hour before it is looked at.
func (s *Service) Audit(ctx context.Context, from, before time.Time) (AuditReport, error) {
	report, err := s.auditSpan(ctx, from, before, func() {})
	return report, s.fail("audit", err)
}

// auditSpan is Audit, and calls between after each page of charges.
func (s *Service) auditSpan(ctx context.Context, from, before time.Time, between func()) (AuditReport, error) {
	var report AuditReport
	lister, ok := CapabilityOf[ChargeLister](s.gateway)
	err := s.enter(ctx)
	if err == nil && !ok {
		err = &Error{Code: ErrUnsupported, Outcome: OutcomeNotApplied, Message: "the gateway lists no charges"}
	}
	var unread error // of charges that the others need not wait for
	for cursor := ""; err == nil; {
		var list []ListedCharge
		page := ListChargesRequest{Account: s.opts.Account, From: from, Before: before, Cursor: cursor, Limit: 100} // the same when it is asked again
		_, err = s.call(ctx, "list_charges", func(ctx context.Context) (_ Snapshot, err error) {
			list, cursor, err = lister.ListCharges(ctx, page)
			return Snapshot{}, err
		})
		for i := 0; err == nil && i < len(list); i++ {
			if err = s.audit(ctx, list[i], &report); errors.Is(err, errUnread) {
				unread, err = err, nil
			}
		}
		if cursor == "" {
			break
		}
		between()
	}
	return report, cmp.Or(err, unread)
}

// errUnread is a charge's payment that cannot be read now, and that nothing but the next audit would read.
var errUnread = errors.New("payments: a payment could not be read")

// audit looks at one charge.
func (s *Service) audit(ctx context.Context, c ListedCharge, report *AuditReport) error {
	report.Charges++
	rec, err := s.chargeOf(ctx, c)
	switch {
	case err == nil && (rec.Payment.agrees(c) || rec.Payment.LeaseUntil.After(s.now())):
		return nil
	case err == nil:
		p := rec.Payment
		before := p.Version
		after, _, err := s.refresh(ctx, rec)
		switch {
		case err != nil && (p.DueAt.IsZero() || p.Reference == "" && !p.anchor()): // Reconcile asks for no object that is not known
			return NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "a payment could not be read; audit again"}, errors.Join(errUnread, err))
		case err == nil && after.Payment.Version != before:
			report.Folded++
		}
		return nil // what cannot be read now and is due is read without us
	case !errors.Is(err, ErrPaymentNotFound):
		return err
	}
	ours, err := s.orderOf(ctx, c)
	if err != nil || !ours {
		report.Foreign++
		return err
	}
	told, err := s.tellCharge(ctx, Payment{UID: c.PaymentUID, Namespace: s.opts.Namespace, OrderID: c.OrderID}, c.Reference, c.Amount)
	if told {
		report.Breaks++
	}
	return err
}

// tellCharge makes a break of a charge that no payment has, and reports whether it did: its UID is made of the charge, so that it is
// told once.
func (s *Service) tellCharge(ctx context.Context, p Payment, reference string, amount Money) (bool, error) {
	b := s.newBreak(BreakCharge, p, "the gateway charged "+amount.String()+", and no payment has that charge")
	b.UID, b.Reference = digestUID(digest(s.opts.Namespace, s.gateway.Name(), reference)), reference
	_, err := s.store.Apply(ctx, Change{Breaks: []Break{b}})
	if errors.Is(err, ErrStale) {
		return false, nil
	}
	return err == nil, err
}

// agrees reports whether the row says of the charge what the gateway's list says, or there is nothing left of it.
func (p Payment) agrees(c ListedCharge) bool {
	if !p.Secured() {
		return c.Captured == c.Refunded
	}
	return p.Refunded == c.Refunded && (p.Captured == c.Captured || p.Status == StatusAuthorized)
}

// chargeOf finds the payment that has the charge, or that waits to hear of it.
func (s *Service) chargeOf(ctx context.Context, c ListedCharge) (Record, error) {
	rec, err := s.store.Find(ctx, Query{Namespace: s.opts.Namespace, Gateway: s.gateway.Name(), Reference: c.Reference})
	if !errors.Is(err, ErrPaymentNotFound) || c.PaymentUID == "" {
		return rec, err
	}
	rec, err = s.store.Find(ctx, Query{Namespace: s.opts.Namespace, UID: c.PaymentUID})
	if err == nil && rec.Payment.Reference != "" {
		return Record{}, ErrPaymentNotFound // it has another one
	}
	return rec, err
}

// orderOf reports whether a charge carries an order of the host's.
func (s *Service) orderOf(ctx context.Context, c ListedCharge) (bool, error) {
	if c.OrderID.IsZero() {
		return false, nil
	}
	_, err := s.hostOrder(ctx, c.OrderID)
	if errors.Is(err, ErrOrderNotFound) {
		return false, nil
	}
	if err == nil || errors.Is(err, ErrOrderClosed) {
		return true, nil
	}
	return false, NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "the order cannot be read now"}, err)
}

// EndBreak notes that an operator has dealt with a break: by is who, note what was done. The end of a BreakRefund says that the
// refund did not happen: it is looked for once more, and closed as failed when the gateway still does not list it. A break that has ended is
// answered as it is. It answers ErrInvalid where by is missing, ErrPaymentNotFound where there is no such break, and ErrUnavailable or
// ErrUnknown while the gateway cannot be asked.
func (s *Service) EndBreak(ctx context.Context, id int64, by, note string) (Break, error) {
	b, err := s.endBreak(ctx, id, by, note)
	return b, s.fail("end_break", err)
}

func (s *Service) endBreak(ctx context.Context, id int64, by, note string) (Break, error) {
	if by == "" {
		return Break{}, invalid("By", "NotEmpty", "who ends the break is missing")
	}
	list, err := s.store.Breaks(ctx, s.opts.Namespace, id-1, 1)
	switch {
	case err != nil:
		return Break{}, err
	case len(list) == 0 || list[0].ID != id:
		return Break{}, &Error{Code: ErrPaymentNotFound, Outcome: OutcomeNotApplied, Message: "there is no such break"}
	case !list[0].EndedAt.IsZero():
		return list[0], nil
	}
	b := list[0]
	if b.Kind == BreakRefund {
		if err := s.endLostRefund(ctx, b); err != nil {
			return b, err
		}
	}
	b.EndedAt, b.EndedBy, b.Note = s.now(), by, note
	_, err = s.store.Apply(ctx, Change{Breaks: []Break{b}})
	if errors.Is(err, ErrStale) { // another has ended it meanwhile: it is answered as it is
		list, err = s.store.Breaks(ctx, s.opts.Namespace, id-1, 1)
		if err == nil && len(list) > 0 {
			b = list[0]
		}
	}
	return b, err
}

// endLostRefund closes a refund that the gateway does not list.
func (s *Service) endLostRefund(ctx context.Context, b Break) error {
	return s.operate(ctx, Target{PaymentUID: b.PaymentUID}, func(ctx context.Context, owner string, rec Record) error {
		rec, _, err := s.refresh(ctx, rec)
		if err != nil {
			return err
		}
		for i, tx := range rec.Transactions {
			if tx.Open() && tx.Kind == KindRefund && tx.RefundUID == b.Reference {
				rec.Transactions = append(append(rec.Transactions[:i:i], rec.Transactions[i+1:]...), tx)
				change := rejected(rec, &Error{GatewayCode: codeLost}, s.now())
				change.Payment.DueAt = s.later(0)
				_, err = s.persist(ctx, rec.Payment, change)
				return err
			}
		}
		return nil
	})
}
