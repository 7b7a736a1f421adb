package fake

import (
	"slices"
	"time"

	"github.com/trendsic/payments"
)

// ChargeStatus is where one try to take money stands.
type ChargeStatus string

// The states of a charge.
const (
	// ChargePending is a charge that the bank works on.
	ChargePending ChargeStatus = "pending"
	// ChargeFailed is a charge that was declined.
	ChargeFailed ChargeStatus = "failed"
	// ChargeAuthorized is a charge that holds reserved money.
	ChargeAuthorized ChargeStatus = "authorized"
	// ChargeReleased is a charge whose reserved money was given back.
	ChargeReleased ChargeStatus = "released"
	// ChargeCaptured is a charge that has taken money.
	ChargeCaptured ChargeStatus = "captured"
)

// LedgerEntry is what was really charged for one order. Amounts are in minor units.
type LedgerEntry struct {
	// Charges counts the charges that hold or have taken money; those that were declined or released do not count.
	Charges int `json:"charges"`
	// Captured and Refunded are what was taken, and what of it is gone or on its way back.
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	// Authorized is what is reserved and neither captured nor released.
	Authorized int64 `json:"authorized,omitempty"`
	// Currency is that of the order's latest charge.
	Currency payments.Currency `json:"currency"`
}

// Ledger tells what was really charged, by the order's id in 32 hexadecimal digits. An order for which no money ever was
// reserved or taken has no entry. What the invoices of a recurring order's subscription took is the order's.
func (g *Gateway) Ledger() map[string]LedgerEntry {
	ledger := map[string]LedgerEntry{}
	for _, c := range g.Charges() {
		if c.Status == ChargeFailed || c.Status == ChargePending {
			continue
		}
		e := ledger[c.OrderID.String()]
		e.Currency = c.Amount.Currency
		e.Captured += c.Captured
		e.Refunded += c.Refunded
		if c.Status != ChargeReleased {
			e.Charges++
		}
		if c.Status == ChargeAuthorized {
			e.Authorized += c.Amount.Amount
		}
		ledger[c.OrderID.String()] = e
	}
	return ledger
}

// Charge is one try to take money, with all that an invariant checker wants to know of it.
type Charge struct {
	// ID is the charge's id, which snapshots show as Attempt.
	ID string `json:"id"`
	// Reference and PaymentUID are of its object, OrderID too; for a later invoice, whose object carries none, it is the order
	// of the subscription.
	Reference  string           `json:"reference"`
	OrderID    payments.OrderID `json:"order_id"`
	PaymentUID string           `json:"payment_uid"`
	// Subscription and Invoice are the ids of what it settles, empty for an order that is paid once.
	Subscription string `json:"subscription,omitempty"`
	Invoice      string `json:"invoice,omitempty"`
	// Status is where it stands.
	Status ChargeStatus `json:"status"`
	// Amount is what was asked for.
	Amount payments.Money `json:"amount"`
	// Captured and Refunded are what was taken and what of it is gone or on its way back, in minor units.
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	// RefundUIDs are our references of the refunds that count, empty for those made elsewhere.
	RefundUIDs []string `json:"refund_uids,omitempty"`
	// Key is the idempotency key of the request that asked for it, empty where the payer or a subscription did.
	Key string `json:"key,omitempty"`
	// At is the moment of the try.
	At time.Time `json:"at"`
}

// Charges lists every try to take money, also those that were declined, in the order in which their objects were made.
func (g *Gateway) Charges() []Charge {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.charges()
}

// charges is Charges under the lock.
func (g *Gateway) charges() []Charge {
	var list []Charge
	for _, in := range g.state.intents {
		for _, c := range in.Charges {
			item := Charge{ID: c.ID, Reference: in.ID, OrderID: in.OrderID, PaymentUID: in.PaymentUID, Status: c.Status,
				Subscription: in.Subscription, Invoice: in.Invoice,
				Amount: payments.Money{Amount: c.Amount, Currency: in.Currency}, Captured: c.Captured, Key: c.Key, At: c.At}
			if sub := g.state.subByID[in.Subscription]; sub != nil {
				item.OrderID = sub.OrderID
			}
			if c.Status == ChargeCaptured {
				// An object has at most one charge that took money, so the refunds are of this one.
				item.Refunded = in.refunded()
				for _, r := range in.Refunds {
					if r.Status.Counts() {
						item.RefundUIDs = append(item.RefundUIDs, r.UID)
					}
				}
			}
			list = append(list, item)
		}
	}
	return list
}

// DoubleCharged lists the orders, in 32 hexadecimal digits and ascending, that were charged more than once: more than one
// charge holds or has kept money. Of a recurring order one charge of each invoice of one subscription is right. It is empty
// as long as all is well.
func (g *Gateway) DoubleCharged() []string {
	type once struct{ order, what string }
	charges, whats := map[once]int{}, map[string]int{}
	for _, c := range g.Charges() {
		if c.Status != ChargeAuthorized && c.Status != ChargePending && (c.Status != ChargeCaptured || c.Captured <= c.Refunded) {
			continue
		}
		order := c.OrderID.String()
		if c.Subscription == "" {
			whats[order]++
			continue
		}
		if charges[once{order, c.Subscription}]++; charges[once{order, c.Subscription}] == 1 {
			whats[order]++
		}
		charges[once{order, c.Invoice}]++
		if charges[once{order, c.Invoice}] > 1 {
			whats[order]++
		}
	}
	var doubled []string
	for id, n := range whats {
		if n > 1 {
			doubled = append(doubled, id)
		}
	}
	slices.Sort(doubled)
	return doubled
}
