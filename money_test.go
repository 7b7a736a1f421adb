package payments_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/trendsic/payments"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, currency string
		minor            int64
		text             string
		ok               bool
	}{
		{"12.50", "USD", 1250, "12.50", true},
		{"12.5", "usd", 1250, "12.50", true},
		{"1e2", "USD", 10000, "100.00", true},
		{"-0", "USD", 0, "0.00", true},
		{"-1.01", "EUR", -101, "-1.01", true},
		{"500", "JPY", 500, "500", true},
		{"500.0", "JPY", 500, "500", true},
		{"500.5", "JPY", 0, "", false},
		{"5.124", "KWD", 5124, "5.124", true},
		{"5.1245", "KWD", 0, "", false},
		{"92233720368547758.07", "USD", math.MaxInt64, "92233720368547758.07", true},
		{"92233720368547758.08", "USD", 0, "", false},
		{"-92233720368547758.08", "USD", math.MinInt64, "-92233720368547758.08", true},
		{"1e400", "USD", 0, "", false},
		{"1e5000000", "USD", 0, "", false},
		{"1e-5000000", "USD", 0, "", false},
		{"1,50", "USD", 0, "", false},
		{"NaN", "USD", 0, "", false},
		{"", "USD", 0, "", false},
		{"0x10", "USD", 0, "", false},
		{strings.Repeat("1", 65), "USD", 0, "", false},
		{"1", "XXZ", 0, "", false},
		{"1", "US", 0, "", false},
	} {
		m, err := payments.ParseMoney(tt.amount, tt.currency)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, payments.ErrInvalid) {
			t.Errorf("%s %s: %v", tt.amount, tt.currency, err)
		} else if err == nil && (m.Amount != tt.minor || m.Text() != tt.text) {
			t.Errorf("%s %s is %+v, %q", tt.amount, tt.currency, m, m.Text())
		}
	}
}

// TestMoneyRoundTrip compares 100,000 random amounts of all currencies with math/big.
func TestMoneyRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	codes := []string{"USD", "JPY", "KWD", "CLF", "ISK", "UGX", "MGA", "EUR"}
	for range 100_000 {
		c, err := payments.ParseCurrency(codes[rng.IntN(len(codes))])
		if err != nil {
			t.Fatal(err)
		}
		want := payments.Money{Amount: int64(rng.Uint64() >> rng.IntN(64)), Currency: c}
		digits, _ := c.Digits()
		oracle := new(big.Rat).SetFrac(big.NewInt(want.Amount), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
		if got := oracle.FloatString(digits); got != want.Text() {
			t.Fatalf("%d %s prints %s, not %s", want.Amount, c, want.Text(), got)
		}
		back, err := payments.ParseMoney(want.Text(), string(c))
		if err != nil || back != want {
			t.Fatalf("%v reads back as %v, %v", want, back, err)
		}
	}
}

func TestMoneyAdd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b payments.Money
		want int64
		ok   bool
	}{
		{usd(1), usd(2), 3, true},
		{usd(math.MaxInt64), usd(1), 0, false},
		{usd(math.MinInt64), usd(-1), 0, false},
		{usd(1), payments.Money{Amount: 1, Currency: "EUR"}, 0, false},
	} {
		sum, err := tt.a.Add(tt.b)
		if (err == nil) != tt.ok || err == nil && sum.Amount != tt.want {
			t.Errorf("%v + %v = %v, %v", tt.a, tt.b, sum, err)
		}
	}
	if (payments.Money{}).String() != "0" || usd(-5).String() != "-0.05 USD" {
		t.Errorf("%q, %q", payments.Money{}, usd(-5))
	}
}

func TestMoneyFromDecimal(t *testing.T) {
	t.Parallel()
	if m, err := payments.MoneyFromDecimal(decimal.RequireFromString("0.10").Add(decimal.RequireFromString("0.20")), "USD"); err != nil || m != usd(30) {
		t.Errorf("0.1 + 0.2 is %v, %v", m, err)
	}
	if _, err := payments.MoneyFromDecimal(decimal.New(1, 0), "ABC"); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("an unknown currency: %v", err)
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"12.50", "1e9", "-0", "1e5000000", ".5", "+1", "00012.3400"} {
		f.Add(s, "USD")
	}
	f.Fuzz(func(t *testing.T, amount, currency string) {
		m, err := payments.ParseMoney(amount, currency)
		if err != nil {
			return
		}
		if back, err := payments.ParseMoney(m.Text(), string(m.Currency)); err != nil || back != m {
			t.Errorf("%q %q is %v and reads back as %v, %v", amount, currency, m, back, err)
		}
	})
}
