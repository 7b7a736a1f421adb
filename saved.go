package payments

import (
	"context"
	"slices"
)

// SavedMethod is a way to pay that a customer saved: it may be charged again, also without the payer.
type SavedMethod struct {
	// PaymentMethod is what may be shown of it; its ID is the token to pay with.
	PaymentMethod
	// GatewayCustomer is the gateway's customer that it belongs to.
	GatewayCustomer string
}

// SavedMethods returns the ways to pay that a customer of the host's has saved by a payment with Save, the latest first; it looks at
// the customer's latest 1000 payments. To charge one without the payer, Pay with OffSession and the method's ID as the token. It only reads.
func (s *Service) SavedMethods(ctx context.Context, customerID int64) ([]SavedMethod, error) {
	list, err := s.savedMethods(ctx, customerID)
	return list, s.fail("saved_methods", err)
}

func (s *Service) savedMethods(ctx context.Context, customerID int64) ([]SavedMethod, error) {
	if customerID == 0 {
		return nil, invalid("CustomerID", "NotEmpty", "the customer is missing")
	}
	saved, err := s.savedBy(ctx, customerID)
	var list []SavedMethod
	seen := map[string]bool{}
	for _, p := range saved {
		if !seen[p.Method.ID] {
			seen[p.Method.ID] = true
			list = append(list, SavedMethod{p.Method, p.GatewayCustomer})
		}
	}
	return list, err
}

// savedBy lists the payments with which a customer has saved a way to pay, the latest first.
func (s *Service) savedBy(ctx context.Context, customerID int64) ([]Payment, error) {
	page, err := s.store.List(ctx, Filter{Namespace: s.opts.Namespace, CustomerID: customerID, Gateway: s.gateway.Name(), Limit: maxLimit})
	return slices.DeleteFunc(page, func(p Payment) bool { return p.GatewayCustomer == "" || p.Method.ID == "" || !p.Secured() }), err
}

// customer looks up the gateway's customer for a request that saves a way to pay, or charges a saved one, and for a recurring
// order, whose subscription belongs to a customer.
func (c *charge) customer(ctx context.Context) error {
	if !c.req.Save && !c.req.OffSession && c.order.Recurring == nil || c.order.CustomerID == 0 {
		return nil
	}
	list, err := c.savedBy(ctx, c.order.CustomerID)
	if err != nil {
		return err
	}
	owns := func(p Payment) bool { return p.Method.ID == c.req.Source.Token.Reveal() }
	// Stripe lets one customer have subscriptions of one currency only.
	fits := func(p Payment) bool { return c.order.Recurring == nil || p.Amount.Currency == c.order.Total.Currency }
	i := slices.IndexFunc(list, owns)
	if i < 0 && c.req.OffSession {
		return invalid("Source.Token", "NotFound", "the customer has saved no such way to pay")
	}
	if i < 0 {
		i = slices.IndexFunc(list, fits)
	}
	if i >= 0 {
		c.req.Payer.GatewayCustomer = list[i].GatewayCustomer
	}
	return nil
}
