package stripe

import (
	"math"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// exponents are the digits that Stripe counts after the point, where they are not two
// (https://docs.stripe.com/currencies#zero-decimal and #three-decimal). ISK and UGX are not among them: they are logically
// without digits and sent with two, of zeros (#special-cases). UGX stands in Stripe's list of those without digits too, and
// the special case rules.
var exponents = map[payments.Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "JPY": 0, "KMF": 0, "KRW": 0, "MGA": 0, "PYG": 0, "RWF": 0, "VND": 0, "VUV": 0,
	"XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3,
}

// minimums are the smallest charges, in Stripe's units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
// They hold for an account that settles in the currency: another account is held to its own minimum, converted. The table is
// an early warning, not a proof.
var minimums = map[payments.Currency]int64{
	"USD": 50, "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400,
	"HUF": 17500, "INR": 50, "JPY": 50, "KRW": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200,
	"SEK": 300, "SGD": 50, "THB": 1000, "ZAR": 50,
}

// currencies are those that Stripe takes for cards (https://docs.stripe.com/currencies#presentment-currencies).
var currencies = set(`AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
	CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD
	JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO
	NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TND TOP TRY
	TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW`)

func set(list string) map[payments.Currency]bool {
	m := map[payments.Currency]bool{}
	for _, c := range strings.Fields(list) {
		m[payments.Currency(c)] = true
	}
	return m
}

// unsupported is the answer to an amount that Stripe does not take.
func unsupported(message string) *payments.Error {
	return &payments.Error{Op: "stripe.limit", Code: payments.ErrUnsupported, Outcome: payments.OutcomeNotApplied, Message: message}
}

func (g *Gateway) unsupported(message string) error { return g.failure("limit", unsupported(message)) }

// units converts ISO 4217's minor units into Stripe's. It refuses an amount that Stripe cannot count.
func units(m payments.Money) (int64, error) {
	iso, ok := m.Currency.Digits()
	if !ok || !currencies[m.Currency] {
		return 0, unsupported("Stripe takes no payments in " + string(m.Currency))
	}
	n := m.Amount
	for range max(0, exponent(m.Currency)-iso) {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return 0, unsupported("the amount is out of range")
		}
		n *= 10
	}
	for range max(0, iso-exponent(m.Currency)) {
		if n%10 != 0 {
			return 0, unsupported("Stripe counts no digits after the point of " + string(m.Currency))
		}
		n /= 10
	}
	if exponent(m.Currency) == 3 && n%10 != 0 {
		return 0, unsupported("the last digit of an amount in " + string(m.Currency) + " must be zero")
	}
	return n, nil
}

// money converts Stripe's units into ISO 4217's minor units. An amount that ISO 4217 cannot count is cut down: Stripe has
// taken more than we can say, and the comparison with the order then fails.
func money(n int64, currency stripego.Currency) payments.Money {
	c := payments.Currency(strings.ToUpper(string(currency)))
	return payments.Money{Amount: minor(n, c), Currency: c}
}

func minor(n int64, c payments.Currency) int64 {
	iso, _ := c.Digits()
	for range max(0, exponent(c)-iso) {
		n /= 10
	}
	for range max(0, iso-exponent(c)) {
		n *= 10
	}
	return n
}

func exponent(c payments.Currency) int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// Limit answers ErrUnsupported for a currency or an amount that Stripe does not take.
func (g *Gateway) Limit(amount payments.Money) error {
	n, err := units(amount)
	if err != nil {
		return g.failure("limit", err)
	}
	if least := minimums[amount.Currency]; n < max(least, 1) {
		return g.unsupported("Stripe takes no less than " + money(max(least, 1), stripego.Currency(amount.Currency)).String())
	}
	if n > g.opts.MaxAmount {
		return g.unsupported("Stripe takes no more than " + money(g.opts.MaxAmount, stripego.Currency(amount.Currency)).String())
	}
	return nil
}

// currency is Stripe's spelling.
func currency(c payments.Currency) *string { return stripego.String(strings.ToLower(string(c))) }
