package payments

import (
	"context"
	"errors"
)

// PaymentForOrder returns the payment of an order: the live one, or the newest. It only reads: no gateway is asked. With
// ForAgent it asks Orders first and answers ErrOrderNotFound for an order that is not there or not the agent's, with the same calls in
// both cases; without it Orders is not asked. It answers ErrPaymentNotFound when the order has no payment, ErrInvalid for no order id and
// ErrUnavailable when order or row cannot be read now.
func (s *Service) PaymentForOrder(ctx context.Context, req FindRequest) (Payment, error) {
	p, err := s.paymentForOrder(ctx, req)
	return p, s.fail("find", err)
}

func (s *Service) paymentForOrder(ctx context.Context, req FindRequest) (Payment, error) {
	if req.OrderID.IsZero() {
		return Payment{}, invalid("OrderID", "NotEmpty", "the order id is missing")
	}
	if req.ForAgent != nil {
		order, err := s.hostOrder(ctx, req.OrderID)
		switch {
		case errors.Is(err, ErrOrderNotFound), (err == nil || errors.Is(err, ErrOrderClosed)) && !visible(order.AgentID, req.ForAgent):
			return Payment{}, &Error{Code: ErrOrderNotFound, Outcome: OutcomeNotApplied, Message: "there is no such order"}
		case err != nil && !errors.Is(err, ErrOrderClosed):
			return Payment{}, NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "the order cannot be read now"}, err)
		}
	}
	rec, err := s.store.Find(ctx, Query{Namespace: s.opts.Namespace, OrderID: req.OrderID})
	return rec.Payment, err
}

// Find returns a payment with its transactions and refunds, or ErrPaymentNotFound. It only reads.
func (s *Service) Find(ctx context.Context, t Target) (Record, error) {
	if t.PaymentUID == "" && t.OrderID.IsZero() {
		return Record{}, s.fail("find", invalid("PaymentUID", "NotEmpty", "name a payment or an order"))
	}
	rec, err := s.store.Find(ctx, t.query(s.opts.Namespace))
	return rec, s.fail("find", err)
}

// Page is one page of a list.
type Page struct {
	// Payments are in descending order of ID.
	Payments []Payment
	// Next is the BeforeID of the next page, 0 when this is the last.
	Next int64
}

// The bounds of a page.
const (
	defaultLimit = 50
	maxLimit     = 1000
)

// Payments lists payments, the newest first. The filter's Namespace is the Service's, whatever it says; a Limit of 0 is 50,
// and 1000 is the most. It only reads.
func (s *Service) Payments(ctx context.Context, f Filter) (Page, error) {
	f.Namespace = s.opts.Namespace
	f.Limit = limit(f.Limit)
	asked := f.Limit
	f.Limit++ // one more tells whether there is a next page
	list, err := s.store.List(ctx, f)
	if err != nil {
		return Page{}, s.fail("list", err)
	}
	page := Page{Payments: list}
	if len(list) > asked {
		page.Payments = list[:asked]
		page.Next = page.Payments[asked-1].ID
	}
	return page, nil
}

// limit bounds the length of a page.
func limit(asked int) int {
	if asked <= 0 {
		return defaultLimit
	}
	return min(asked, maxLimit)
}

// PaymentsForOrders returns the payment of each of the orders that has one: the live one, or the newest. At most 1000
// orders are asked for at once; more is ErrInvalid. It only reads.
func (s *Service) PaymentsForOrders(ctx context.Context, ids []OrderID) (map[OrderID]Payment, error) {
	if len(ids) > maxLimit {
		return nil, s.fail("list", invalid("OrderIDs", "Length", "more than 1000 orders are asked for at once"))
	}
	found := make(map[OrderID]Payment, len(ids))
	f := Filter{OrderIDs: ids, Limit: maxLimit}
	for len(ids) > 0 {
		page, err := s.Payments(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Payments {
			if have, ok := found[p.OrderID]; !ok || p.Live && !have.Live {
				found[p.OrderID] = p
			}
		}
		if f.BeforeID = page.Next; f.BeforeID == 0 {
			break
		}
	}
	return found, nil
}

// Events returns the outbox: the events after the one with the given ID, in the order in which they were written, at most
// limit. A host that delivers events elsewhere keeps the ID of the last one that it has delivered.
func (s *Service) Events(ctx context.Context, afterID int64, most int) ([]Event, error) {
	list, err := s.store.Events(ctx, s.opts.Namespace, afterID, limit(most))
	return list, s.fail("events", err)
}

// Breaks returns what an operator must look at, after the one with the given ID, in the order in which it was found.
func (s *Service) Breaks(ctx context.Context, afterID int64, most int) ([]Break, error) {
	list, err := s.store.Breaks(ctx, s.opts.Namespace, afterID, limit(most))
	return list, s.fail("breaks", err)
}
