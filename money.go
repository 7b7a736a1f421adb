package payments

import (
	"math"
	"strings"

	"github.com/shopspring/decimal"
)

//go:generate go run -C internal/isogen . -out ../../money_iso4217.go

// Currency is an ISO 4217 alphabetic code in upper case, such as "USD". The zero value names no currency.
type Currency string

// ParseCurrency reads an ISO 4217 alphabetic code in any case. It answers [ErrInvalid] for a code that is not in ISO 4217's
// list one.
func ParseCurrency(s string) (Currency, error) {
	if len(s) == 3 {
		c := Currency(strings.ToUpper(s))
		if _, ok := isoDigits[c]; ok {
			return c, nil
		}
	}
	return "", invalid("Currency", "Currency", "the currency is not a code of ISO 4217")
}

// Digits returns how many digits ISO 4217 gives the currency after the decimal point (USD 2, JPY 0, KWD 3), and whether
// ISO 4217 knows the currency. A gateway may count otherwise: it converts at its own border.
func (c Currency) Digits() (digits int, ok bool) {
	d, ok := isoDigits[c]
	return int(d), ok
}

// Money is an amount in the minor units of its currency (1250 USD is twelve dollars and fifty cents). It is comparable:
// == holds for equal amounts of one currency. The zero value is no money of no currency.
type Money struct {
	// Amount counts minor units, with ISO 4217's digits.
	Amount int64
	// Currency is the ISO 4217 code.
	Currency Currency
}

// ParseMoney reads a decimal amount such as "12.50" and a currency code. It refuses, with [ErrInvalid], what is not exact
// in the currency: too many digits after the point, or more than an int64 of minor units holds. A comma is not a point.
func ParseMoney(amount, currency string) (Money, error) {
	c, err := ParseCurrency(currency)
	if err != nil {
		return Money{}, err
	}
	if len(amount) > 64 {
		return Money{}, invalid("Amount", "Amount", "the amount is too long")
	}
	d, err := decimal.NewFromString(amount)
	if err != nil {
		return Money{}, invalid("Amount", "Amount", "the amount is not a decimal number")
	}
	return MoneyFromDecimal(d, c)
}

// maxExponent bounds the exponents that MoneyFromDecimal looks at: comparing 1e5000000 with anything costs seconds.
const maxExponent = 64

// MoneyFromDecimal converts an amount in major units exactly. It refuses, with [ErrInvalid], an unknown currency, digits
// that the currency does not have, and amounts beyond an int64 of minor units.
func MoneyFromDecimal(d decimal.Decimal, c Currency) (Money, error) {
	digits, ok := c.Digits()
	if !ok {
		return Money{}, invalid("Currency", "Currency", "the currency is not a code of ISO 4217")
	}
	if d.Exponent() > maxExponent || d.Exponent() < -maxExponent {
		return Money{}, invalid("Amount", "Amount", "the amount is out of range")
	}
	minor := d.Shift(exponent(digits))
	if !minor.IsInteger() {
		return Money{}, invalid("Amount", "Amount", "the amount has more digits after the point than its currency")
	}
	n := minor.BigInt()
	if !n.IsInt64() {
		return Money{}, invalid("Amount", "Amount", "the amount is out of range")
	}
	return Money{Amount: n.Int64(), Currency: c}, nil
}

// exponent is a count of digits as decimal counts it; ISO 4217 has at most four.
func exponent(digits int) int32 { return int32(digits) } //nolint:gosec // 0 to 4

// Decimal returns the amount in major units.
func (m Money) Decimal() decimal.Decimal {
	digits, _ := m.Currency.Digits()
	return decimal.New(m.Amount, -exponent(digits))
}

// Text returns the amount in major units with all the digits of its currency and no currency code: "12.50".
func (m Money) Text() string {
	digits, _ := m.Currency.Digits()
	return m.Decimal().StringFixed(exponent(digits))
}

// String returns the amount and the currency: "12.50 USD".
func (m Money) String() string {
	return strings.TrimSpace(m.Text() + " " + string(m.Currency))
}

// Add returns m+n. It answers [ErrInvalid] when the currencies differ or the sum overflows.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, invalid("Currency", "Currency", "the currencies differ")
	}
	if n.Amount > 0 && m.Amount > math.MaxInt64-n.Amount || n.Amount < 0 && m.Amount < math.MinInt64-n.Amount {
		return Money{}, invalid("Amount", "Amount", "the amount is out of range")
	}
	return Money{Amount: m.Amount + n.Amount, Currency: m.Currency}, nil
}
