package payments

import (
	"strings"
	"time"
)

// Card is a raw card as the payer typed it. Only a gateway that says so by [RawCardGateway] takes one; everybody else sends
// a [Token]. Nothing of it but brand, last four and expiry is ever stored.
type Card struct {
	// Number is the card's full number.
	Number CardNumber
	// Expiry is the last month in which the card is good.
	Expiry Expiry
	// CVC is the verification code, empty when the payer gave none.
	CVC CVC
}

// NewCardNumber wraps a card number. Spaces and dashes between the digits are dropped.
func NewCardNumber(s string) CardNumber {
	return CardNumber{newSecret(strings.NewReplacer(" ", "", "-", "").Replace(s))}
}

// Last4 returns the last four digits, or nothing when the number is shorter than twelve digits.
func (n CardNumber) Last4() string {
	s := n.Reveal()
	if len(s) < minCardDigits {
		return ""
	}
	return strings.Clone(s[len(s)-4:]) // a part would keep the whole number in memory
}

// The lengths of card numbers (ISO/IEC 7812-1 allows up to 19 digits; Maestro begins at 12).
const (
	minCardDigits = 12
	maxCardDigits = 19
)

// Valid reports whether the number has 12 to 19 digits and passes the Luhn check (ISO/IEC 7812-1, annex B).
func (n CardNumber) Valid() bool {
	s := n.Reveal()
	if len(s) < minCardDigits || len(s) > maxCardDigits {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// Brand returns the scheme of the number by its first digits: "visa", "mastercard", "amex", "discover", "diners", "jcb",
// "unionpay" or "unknown".
func (n CardNumber) Brand() string {
	s := n.Reveal()
	if len(s) < 6 {
		return "unknown"
	}
	for _, b := range cardBrands {
		if p := s[:len(b.from)]; p >= b.from && p <= b.to {
			return b.brand
		}
	}
	return "unknown"
}

// cardBrands are the ranges of first digits, the narrower before the wider.
var cardBrands = []struct{ from, to, brand string }{
	{"34", "34", "amex"}, {"37", "37", "amex"},
	{"300", "305", "diners"}, {"36", "36", "diners"}, {"38", "39", "diners"},
	{"3528", "3589", "jcb"},
	{"2221", "2720", "mastercard"}, {"51", "55", "mastercard"},
	{"6011", "6011", "discover"}, {"644", "649", "discover"}, {"65", "65", "discover"},
	{"62", "62", "unionpay"}, {"4", "4", "visa"},
}

// Expiry is the last month in which a card is good. The zero value names none.
type Expiry struct {
	// Month is 1 to 12.
	Month int
	// Year has four digits.
	Year int
}

// ParseExpiry reads "12/30", "12/2030", "1230", "122030", "2030-12" and "12-30", with or without spaces around the
// separator. It answers [ErrInvalid] for anything else, and for a month that does not exist.
func ParseExpiry(s string) (Expiry, error) {
	bad := invalid("Card.Expiry", "ExpDate", "the expiry date is not of the form MM/YY")
	s = strings.ReplaceAll(s, " ", "")
	month, year, found := strings.Cut(strings.ReplaceAll(s, "-", "/"), "/")
	switch {
	case found && len(month) == 4:
		month, year = year, month
	case !found && (len(s) == 4 || len(s) == 6):
		month, year = s[:2], s[2:]
	}
	m, okMonth := digits(month, 1, 2)
	y, okYear := digits(year, 2, 4)
	if !okMonth || !okYear || len(year) == 3 || m < 1 || m > 12 {
		return Expiry{}, bad
	}
	if len(year) == 2 {
		y += 2000
	}
	return Expiry{Month: m, Year: y}, nil
}

// digits reads a number of at least min and at most max decimal digits.
func digits(s string, minimum, maximum int) (int, bool) {
	if len(s) < minimum || len(s) > maximum {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// IsZero reports whether no expiry is given.
func (e Expiry) IsZero() bool { return e == Expiry{} }

// Expired reports whether the card's last month is over at t everywhere on earth (a card is good to the end of its month
// where the payer is; UTC-12 is the last to leave it).
func (e Expiry) Expired(t time.Time) bool {
	end := time.Date(e.Year, time.Month(e.Month)+1, 1, 12, 0, 0, 0, time.UTC)
	return !t.Before(end)
}

// String returns the form "MM/YYYY", or nothing for the zero value.
func (e Expiry) String() string {
	if e.IsZero() {
		return ""
	}
	b := []byte("00/0000")
	b[0], b[1] = byte('0'+e.Month/10%10), byte('0'+e.Month%10)
	for i, y := 6, e.Year; i > 2; i, y = i-1, y/10 {
		b[i] = byte('0' + y%10)
	}
	return string(b)
}

// check returns what is wrong with the card at a time, one entry a field, in the order of the card's fields.
func (c Card) check(now time.Time) []FieldError {
	var bad []FieldError
	if !c.Number.Valid() {
		bad = append(bad, FieldError{"Card.Number", "CreditCard", "the card number is not valid"})
	}
	switch {
	case c.Expiry.IsZero():
		bad = append(bad, FieldError{"Card.Expiry", "NotEmpty", "the expiry date is missing"})
	case c.Expiry.Expired(now):
		bad = append(bad, FieldError{"Card.Expiry", "Expired", "the card has expired"})
	case c.Expiry.Year > now.Year()+50:
		bad = append(bad, FieldError{"Card.Expiry", "ExpDate", "the expiry date is too far away"})
	}
	if !c.CVC.IsZero() && !validCVC(c.CVC.Reveal(), c.Number.Brand()) {
		bad = append(bad, FieldError{"Card.CVC", "Length", "the verification code has the wrong length"})
	}
	return bad
}

// validCVC reports whether the code has the digits that the brand prints: four for American Express, else three.
func validCVC(cvc, brand string) bool {
	n := 3
	if brand == "amex" {
		n = 4
	}
	_, ok := digits(cvc, n, n)
	return ok
}
