package stripe

import (
	"errors"
	"math"
	"strings"
	"testing"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

func newGateway(t *testing.T, change ...func(*Options)) *Gateway {
	t.Helper()
	o := Options{SecretKey: "sk_test_123", WebhookSecrets: []string{"whsec_new", "whsec_old"}}
	for _, f := range change {
		f(&o)
	}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// alphabet lists every code of three letters.
func alphabet(yield func(payments.Currency) bool) {
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if !yield(payments.Currency([]rune{a, b, c})) {
					return
				}
			}
		}
	}
}

// stripeDigits is Stripe's own table, once more and by hand: what is sent for one major unit of each currency that is not
// counted in hundredths. A test fails when an entry of the gateway's table is dropped.
var stripeDigits = map[payments.Currency]int64{
	"BIF": 1, "CLP": 1, "DJF": 1, "GNF": 1, "JPY": 1, "KMF": 1, "KRW": 1, "MGA": 1, "PYG": 1, "RWF": 1, "VND": 1, "VUV": 1, "XAF": 1,
	"XOF": 1, "XPF": 1, "BHD": 1000, "JOD": 1000, "KWD": 1000, "OMR": 1000, "TND": 1000,
}

// TestUnitsOfEveryCurrency converts boundary amounts of every currency of ISO 4217 and back: exact, or clearly refused.
func TestUnitsOfEveryCurrency(t *testing.T) {
	t.Parallel()
	seen := 0
	for c := range alphabet {
		digits, known := c.Digits()
		if !known {
			continue
		}
		seen++
		one := int64(math.Pow10(digits))
		for _, amount := range []int64{1, 9, 10, 99, 100, 101, 999, 1000, 1234, one, 5 * one, 12345 * one, 99_999_999, 999_999_990, math.MaxInt64, math.MaxInt64 / 100, 0, -1, -one} {
			m := payments.Money{Amount: amount, Currency: c}
			n, err := units(m)
			if err != nil {
				if !errors.Is(err, payments.ErrUnsupported) || payments.OutcomeOf(err) != payments.OutcomeNotApplied || !strings.Contains(err.Error(), ":") {
					t.Errorf("%v: %v", m, err)
				}
				continue
			}
			if back := money(n, stripego.Currency(strings.ToLower(string(c)))); back != m {
				t.Errorf("%v is sent as %d and read back as %v", m, n, back)
			}
		}
		want, special := stripeDigits[c]
		if !special {
			want = 100
		}
		switch n, err := units(payments.Money{Amount: one, Currency: c}); {
		case currencies[c] && (err != nil || n != want):
			t.Errorf("one %s is sent as %d, not %d (%v)", c, n, want, err)
		case !currencies[c] && err == nil:
			t.Errorf("Stripe takes no %s, and %d is sent", c, n)
		}
	}
	if seen < 150 {
		t.Errorf("only %d currencies", seen)
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount string
		code   string
		want   int64
		ok     bool
	}{
		{"12.50", "USD", 1250, true}, {"500", "JPY", 500, true}, {"5", "ISK", 500, true}, {"5", "UGX", 500, true},
		{"5.00", "MGA", 5, true}, {"5.50", "MGA", 0, false}, {"5.120", "KWD", 5120, true}, {"5.124", "KWD", 0, false},
		{"5.121", "BHD", 0, false}, {"5.121", "JOD", 0, false}, {"5.121", "OMR", 0, false}, {"5.121", "TND", 0, false},
		{"5.12", "HUF", 512, true}, {"5.12", "TWD", 512, true}, {"1.000", "IQD", 0, false}, {"1.000", "LYD", 0, false}, {"1", "CLF", 0, false},
	} {
		m, err := payments.ParseMoney(tt.amount, tt.code)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := units(m); (err == nil) != tt.ok || n != tt.want {
			t.Errorf("%v is %d, %v", m, n, err)
		}
	}
}

// TestUnitsAtTheEnds holds that what is written with two more digits (STRIPE.md: ISK) is refused exactly where it no longer fits.
func TestUnitsAtTheEnds(t *testing.T) {
	t.Parallel()
	for amount, want := range map[int64]int64{
		math.MaxInt64 / 100: math.MaxInt64 / 100 * 100, math.MinInt64 / 100: math.MinInt64 / 100 * 100,
		math.MaxInt64/100 + 1: 0, math.MinInt64/100 - 1: 0, math.MaxInt64: 0, math.MinInt64: 0,
	} {
		if n, err := units(payments.Money{Amount: amount, Currency: "ISK"}); n != want || (err == nil) != (want != 0) {
			t.Errorf("%d is %d, %v", amount, n, err)
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	for _, tt := range []struct {
		amount int64
		code   payments.Currency
		ok     bool
	}{
		{49, "USD", false}, {50, "USD", true}, {29, "GBP", false}, {30, "GBP", true}, {49, "JPY", false}, {50, "JPY", true},
		{17499, "HUF", false}, {17500, "HUF", true}, {99_999_999, "USD", true}, {100_000_000, "USD", false}, {0, "ISK", false},
		{1, "ISK", true}, {999_999, "ISK", true}, {1_000_000, "ISK", false}, {100, "XXX", false},
	} {
		err := g.Limit(payments.Money{Amount: tt.amount, Currency: tt.code})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, payments.ErrUnsupported) {
			t.Errorf("%d %s: %v", tt.amount, tt.code, err)
		}
	}
}
