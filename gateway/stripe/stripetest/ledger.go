package stripetest

import (
	"cmp"
	"slices"
)

// LedgerEntry is what was really charged for one order, which is named by metadata[order_id] of its intents or of its
// subscription. Amounts are in minor units.
type LedgerEntry struct {
	// Charges counts the charges that hold or have taken money; those that were declined or released do not count.
	Charges int `json:"charges"`
	// Intents counts the intents that were made, whatever became of them.
	Intents int `json:"intents"`
	// Authorized is what is reserved and neither captured nor released.
	Authorized int64 `json:"authorized,omitempty"`
	// Captured and Refunded are what was taken, and what of it is gone or on its way back, lost disputes included.
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	// Currency is that of the order's latest charge.
	Currency string `json:"currency"`
}

// orderOf is the order that an intent is for.
func (s *Server) orderOf(in *intent) string {
	if id := in.Metadata["order_id"]; id != "" || in.Invoice == "" {
		return id
	}
	if sub := own[*subscription](s, own[*invoice](s, in.Invoice).Subscription); sub != nil {
		return sub.Metadata["order_id"]
	}
	return ""
}

// taken is what of a charge was taken and given back.
func (s *Server) taken(ch *charge) (captured, refunded int64) {
	refunded = s.refunded(ch) - ch.Released
	if ch.DisputeLost {
		refunded = ch.AmountCaptured
	}
	return ch.AmountCaptured, refunded
}

// Ledger tells what was really charged, by order. Intents without an order are under "".
func (s *Server) Ledger() map[string]LedgerEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	ledger := map[string]LedgerEntry{}
	for _, e := range s.state.lists[kindIntent] {
		order := s.orderOf(e.(*intent))
		entry := ledger[order]
		entry.Intents++
		ledger[order] = entry
	}
	for _, e := range s.state.lists[kindCharge] {
		ch := e.(*charge)
		if ch.Status != chargeSucceeded {
			continue
		}
		in := own[*intent](s, ch.Intent)
		order := s.orderOf(in)
		entry := ledger[order]
		captured, refunded := s.taken(ch)
		entry.Currency = ch.Currency
		entry.Captured += captured
		entry.Refunded += refunded
		if in.Status == needsCapture {
			entry.Authorized += in.Capturable
		}
		if ch.Captured || in.Status == needsCapture {
			entry.Charges++
		}
		ledger[order] = entry
	}
	return ledger
}

// DoubleCharged lists the orders for which more than one charge holds or has kept money, ascending; for each invoice of a
// subscription one is right. It is empty as long as all is well.
func (s *Server) DoubleCharged() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	type debt struct{ order, invoice string }
	holding := map[debt]int{}
	for _, e := range s.state.lists[kindCharge] {
		ch := e.(*charge)
		in := own[*intent](s, ch.Intent)
		captured, refunded := s.taken(ch)
		if ch.Status == chargePending || in.Status == needsCapture && ch.Status == chargeSucceeded || captured > refunded {
			holding[debt{s.orderOf(in), in.Invoice}]++
		}
	}
	var doubled []string
	for d, n := range holding {
		if n > 1 && d.order != "" && !slices.Contains(doubled, d.order) {
			doubled = append(doubled, d.order)
		}
	}
	slices.Sort(doubled)
	return doubled
}

// Charge is one try to take money, with all that an invariant checker wants to know of it.
type Charge struct {
	// ID is the charge's id, and Intent, Invoice and Order are what it is for.
	ID      string `json:"id"`
	Intent  string `json:"intent"`
	Invoice string `json:"invoice,omitempty"`
	Order   string `json:"order"`
	// Status is "pending", "failed", "authorized", "released" or "captured".
	Status string `json:"status"`
	// Amount is what was asked for, in minor units of Currency; Captured and Refunded are what was taken, and what of it is
	// gone or on its way back.
	Amount   int64  `json:"amount"`
	Captured int64  `json:"captured"`
	Refunded int64  `json:"refunded"`
	Currency string `json:"currency"`
	// Metadata is that of the intent.
	Metadata map[string]string `json:"metadata,omitempty"`
	// Refunds are the refunds of money that was taken, the oldest first.
	Refunds []Refund `json:"refunds,omitempty"`
	// Created is the moment of the try, in seconds.
	Created int64 `json:"created"`
}

// Refund is one refund of a [Charge].
type Refund struct {
	// ID, Status and Amount are those of the refund.
	ID     string `json:"id"`
	Status string `json:"status"`
	Amount int64  `json:"amount"`
	// Metadata is the refund's own.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Charges lists every try to take money, also those that were declined, the oldest first.
func (s *Server) Charges() []Charge {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Charge
	for _, e := range s.state.lists[kindCharge] {
		ch := e.(*charge)
		in := own[*intent](s, ch.Intent)
		item := Charge{ID: ch.ID, Intent: ch.Intent, Invoice: ch.Invoice, Order: s.orderOf(in), Amount: ch.Amount, Currency: ch.Currency,
			Status: cmp.Or(map[bool]string{true: "captured"}[ch.Captured], ch.Status), Metadata: in.Metadata, Created: ch.created()}
		if ch.Status == chargeSucceeded && !ch.Captured {
			item.Status = "released"
			if in.Status == needsCapture {
				item.Status = "authorized"
			}
		}
		item.Captured, item.Refunded = s.taken(ch)
		for _, id := range ch.Refunds {
			if r := own[*refund](s, id); !r.Release {
				item.Refunds = append(item.Refunds, Refund{ID: r.ID, Status: r.Status, Amount: r.Amount, Metadata: r.Metadata})
			}
		}
		list = append(list, item)
	}
	return list
}
