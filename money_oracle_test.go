package payments_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// amountText makes a decimal text: of any length, with leading and trailing zeros, an exponent, and often next to what an int64 holds.
func amountText(rng *rand.Rand, digits int) string {
	number := new(big.Int).SetUint64(rng.Uint64() >> rng.IntN(64))
	switch rng.IntN(4) {
	case 0: // about the largest and the smallest amount
		number = new(big.Int).Add(big.NewInt(math.MaxInt64), big.NewInt(rng.Int64N(5)-2))
	case 1: // beyond, or with more digits than the currency has
		number.Mul(number, big.NewInt(rng.Int64N(1000)))
	}
	text := number.String()
	if point := rng.IntN(digits + 3); point > 0 { // up to two digits more than there are
		text = strings.Repeat("0", max(0, point+1-len(text))) + text
		text = text[:len(text)-point] + "." + text[len(text)-point:]
	}
	if rng.IntN(4) == 0 {
		text = strings.Repeat("0", rng.IntN(4)) + text
	}
	if strings.Contains(text, ".") && rng.IntN(4) == 0 {
		text += strings.Repeat("0", rng.IntN(6))
	}
	if rng.IntN(5) == 0 {
		text += fmt.Sprintf("%c%+d", "eE"[rng.IntN(2)], rng.IntN(41)-20)
	}
	return []string{"", "", "-", "+"}[rng.IntN(4)] + text
}

// TestMoneyAgainstBig is row H6: 100,000 amounts of all currencies, as texts, as decimals and as sums, against rationals of math/big: each is
// exact, or refused because it is not or is too large.
func TestMoneyAgainstBig(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(20, 26))
	var codes []string
	for _, list := range list1 {
		codes = append(codes, strings.Fields(list)...)
	}
	const cases = 100_000
	taken := 0
	for range cases {
		code := codes[rng.IntN(len(codes))]
		digits, _ := payments.Currency(code).Digits()
		text := amountText(rng, digits)
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is no number for the oracle", text)
		}
		minor := exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
		want := minor.IsInt() && minor.Num().IsInt64()
		m, err := payments.ParseMoney(text, code)
		if (err == nil) != want || want && (m.Amount != minor.Num().Int64() || string(m.Currency) != code) {
			t.Fatalf("%s %s is %v, %v; exactly it is %s minor units", text, code, m, err, minor.RatString())
		}
		d, err := decimal.NewFromString(text)
		if err != nil {
			t.Fatalf("%q is no decimal: %v", text, err)
		}
		if fromDecimal, err := payments.MoneyFromDecimal(d, payments.Currency(code)); (err == nil) != want || fromDecimal != m {
			t.Fatalf("%s %s is %v, %v as a decimal", text, code, fromDecimal, err)
		}
		if !want {
			continue
		}
		taken++
		other := payments.Money{Amount: int64(rng.Uint64() >> rng.IntN(64)), Currency: m.Currency}
		sum := new(big.Int).Add(big.NewInt(m.Amount), big.NewInt(other.Amount))
		if added, err := m.Add(other); (err == nil) != sum.IsInt64() || err == nil && added.Amount != sum.Int64() {
			t.Fatalf("%v + %v is %v, %v", m, other, added, err)
		}
	}
	if taken < cases/4 || taken > cases*3/4 {
		t.Errorf("%d of %d were taken: the cases are of one kind", taken, cases)
	}
	matrix.Count(t, "H6", cases)
}

// notDecimal are texts that some language takes for a number.
var notDecimal = []string{"1,50", "1.234,50", "1 234.50", "1'234.50", "1_000", "1\u00a0000", "１２", "٣", "1/3", "0x10", "0b1", "0o7", "1p4", "NaN", "Inf", "-Inf", "Infinity",
	"∞", "1e", "e1", "--1", "+-1", "1-", "$1", "1USD", "1e1.5", "", " ", " 1", "1 ", "1\n", "1\x00", "1.2.3", "(1)", "½", "1e400", "1e-400", "1e99999999999999999999", "null"}

// TestNotDecimal is the rest of row H6: no text that is not one decimal number is guessed at.
func TestNotDecimal(t *testing.T) {
	t.Parallel()
	for _, text := range notDecimal {
		for _, code := range []string{"USD", "JPY", "KWD", "CLF"} {
			if m, err := payments.ParseMoney(text, code); err == nil {
				t.Errorf("%q is taken for %v", text, m)
			}
		}
	}
	matrix.Count(t, "H6", len(notDecimal))
}
