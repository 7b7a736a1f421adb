package stripetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// currencies are the currencies that Stripe charges in (docs.stripe.com/currencies).
var currencies = strings.Fields(`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd
	cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils
	inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad
	ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd
	top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw`)

// zeroDecimal are the currencies without minor units. UGX is in Stripe's list and charged with two decimals all the same.
var zeroDecimal = strings.Fields("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")

// threeDecimal are the currencies with three decimals, of which the last must be 0.
var threeDecimal = strings.Fields("bhd jod kwd omr tnd")

// wholeOnly are the currencies that are written with two decimals, which must be 00.
var wholeOnly = strings.Fields("isk ugx")

// minimums are the smallest amounts of a charge in minor units; other currencies have 1 here, for Stripe's minimum is then
// that of the settlement currency after conversion.
var minimums = map[string]int64{"usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
	"eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "krw": 50, "mxn": 1000, "myr": 200, "nok": 300,
	"nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "zar": 50}

// maxAmount is the largest amount of a charge: eight digits.
const maxAmount = 99_999_999

// digitsOf is how many decimals Stripe writes a currency with.
func digitsOf(currency string) int {
	switch {
	case slices.Contains(zeroDecimal, currency):
		return 0
	case slices.Contains(threeDecimal, currency):
		return 3
	default:
		return 2
	}
}

// display writes an amount as Stripe does in its messages.
func display(amount int64, currency string) string {
	digits := digitsOf(currency)
	text := strconv.FormatInt(amount, 10)
	if digits > 0 {
		text = fmt.Sprintf("%0*d", digits+1, amount)
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	sign := map[string]string{"usd": "$", "eur": "€", "gbp": "£"}[currency]
	return sign + text + " " + currency
}

// checkCurrency reads a currency, whose case does not matter.
func checkCurrency(text string) (string, *apiError) {
	currency := strings.ToLower(text)
	if !slices.Contains(currencies, currency) {
		return "", badParam("currency", "", "Invalid currency: "+currency+". Stripe currently supports these currencies: "+
			strings.Join(currencies, ", "))
	}
	return currency, nil
}

// checkAmount checks an amount that is to be charged.
func checkAmount(amount int64, currency string) *apiError {
	if amount < 1 {
		return badParam("amount", codeInvalidInteger, "This value must be greater than or equal to 1.")
	}
	if err := checkWhole(amount, currency, "amount"); err != nil {
		return err
	}
	if least := max(minimums[currency], 1); amount < least {
		return badParam("amount", "amount_too_small", "Amount must be at least "+display(least, currency))
	}
	if amount > maxAmount {
		return badParam("amount", "amount_too_large", "Amount must be no more than "+display(maxAmount, currency))
	}
	return nil
}

// checkWhole refuses decimals that cannot be charged. It holds for refunds too.
func checkWhole(amount int64, currency, param string) *apiError {
	if slices.Contains(wholeOnly, currency) && amount%100 != 0 {
		return badParam(param, "parameter_invalid_integer", "Invalid amount: "+strings.ToUpper(currency)+
			" is a zero-decimal currency that is represented with two decimals; the amount must be evenly divisible by 100.")
	}
	if slices.Contains(threeDecimal, currency) && amount%10 != 0 {
		return badParam(param, "parameter_invalid_integer", "Invalid amount: charges in "+strings.ToUpper(currency)+
			" must be rounded to the nearest ten; the last digit must be 0.")
	}
	return nil
}
