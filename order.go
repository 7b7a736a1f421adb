package payments

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"
)

// OrderID is the GUID of a host's order. The zero value names none. It is a value of 16 bytes, so that two spellings of one
// GUID are one order and no other text is an order at all.
type OrderID [16]byte

// ParseOrderID reads a GUID of 32 hexadecimal digits in any case: bare, with dashes (8-4-4-4-12), and the latter in braces
// or parentheses. It answers [ErrInvalid] for anything else.
func ParseOrderID(s string) (OrderID, error) {
	var id OrderID
	bad := invalid("OrderID", "GUID", "the order id is not a GUID")
	if n := len(s); n == 38 && (s[0] == '{' && s[n-1] == '}' || s[0] == '(' && s[n-1] == ')') {
		s = s[1 : n-1]
		if len(s) != 36 {
			return id, bad
		}
	}
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return id, bad
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return id, bad
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return OrderID{}, bad
	}
	return id, nil
}

// IsZero reports whether the id names no order.
func (id OrderID) IsZero() bool { return id == OrderID{} }

// String returns 32 lower-case hexadecimal digits.
func (id OrderID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns the same as String.
func (id OrderID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what [ParseOrderID] reads.
func (id *OrderID) UnmarshalText(text []byte) error {
	parsed, err := ParseOrderID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Value stores the id as the text of String.
func (id OrderID) Value() (driver.Value, error) { return id.String(), nil }

// Scan reads the id from text.
func (id *OrderID) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return id.UnmarshalText([]byte(strings.TrimSpace(v)))
	case []byte:
		return id.UnmarshalText([]byte(strings.TrimSpace(string(v))))
	default:
		return fmt.Errorf("payments: an order id is not stored as %T", src)
	}
}

// Order is what the host knows of one order. It is the only source of a price.
type Order struct {
	// ID is the order's GUID.
	ID OrderID
	// HeaderID is the host's number of the order's header, 0 if it has none.
	HeaderID int64
	// PublicID is the number that the payer knows the order by.
	PublicID string
	// AgentID owns the order: an agent sees and pays only its own orders. 0 is nobody's.
	AgentID int64
	// AgentNumber is the agent's public number.
	AgentNumber string
	// CustomerID is the order's customer, 0 if the order names none.
	CustomerID int64
	// Total is what is to be paid, in minor units.
	Total Money
	// Description is a text for the payer's statement, used where the gateway is told to.
	Description string
	// Recurring is the plan of a recurring order, nil for an order that is paid once.
	Recurring *Plan
}

// Plan is how a recurring order is charged.
type Plan struct {
	// Interval is "day", "week", "month" or "year".
	Interval string
	// Every counts the intervals between two charges, at least 1.
	Every int
	// TrialDays is how long nothing is charged at first.
	TrialDays int
	// GatewayPrice names a price that the gateway keeps, of the same amount as Total; a first invoice that asks another
	// is refused.
	GatewayPrice string
}

// Orders is the host's side. It is asked on every Pay and Complete and once more when money was first secured; no request
// ever names a price. A recurring order keeps its plan until its first money, also that which comes after a trial: an order that changed its
// kind meanwhile is held. Implementations must be safe for concurrent use and must not call the Service.
type Orders interface {
	// Order returns the order. It answers [ErrOrderNotFound] when there is none, and the order together with
	// [ErrOrderClosed] when it can no longer be paid (paid elsewhere, canceled, expired). Any other error means that
	// the host could not tell: nothing is charged then.
	Order(ctx context.Context, id OrderID) (Order, error)
}

// OrdersFunc makes a function an [Orders].
type OrdersFunc func(ctx context.Context, id OrderID) (Order, error)

// Order calls f.
func (f OrdersFunc) Order(ctx context.Context, id OrderID) (Order, error) { return f(ctx, id) }
