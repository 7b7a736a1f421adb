package payments_test

import (
	"strings"
	"testing"

	"github.com/trendsic/payments"
)

// list1 is ISO 4217's list one ("current currency & funds codes"), by the digits after the point, without the codes that have no minor unit
// (metals, units of account, tests: XAU, XDR, XTS and so on). It is a second copy on purpose: the table that the code uses is
// generated (internal/isogen holds it to github.com/bojanz/currency, gateway/stripe to Stripe's own list), and a currency
// lost from it, or with another count of digits, makes amounts ten or a hundred times too large.
var list1 = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
	2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY " +
		"COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS " +
		"INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR " +
		"MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP " +
		"STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG ",
}

// TestCurrencies compares the table with the list, both ways, over every text of three letters.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	want := map[string]int{}
	for digits, codes := range list1 {
		for _, code := range strings.Fields(codes) {
			want[code] = digits
		}
	}
	if len(want) != 165 {
		t.Errorf("the list has %d currencies", len(want))
	}
	for n := range 26 * 26 * 26 {
		code := string([]byte{byte('A' + n/676), byte('A' + n/26%26), byte('A' + n%26)})
		digits, known := want[code]
		got, ok := payments.Currency(code).Digits()
		if ok != known || got != digits {
			t.Errorf("%s has %d digits (%v), in ISO 4217 %d (%v)", code, got, ok, digits, known)
		}
		for _, spelled := range []string{code, strings.ToLower(code), code[:1] + strings.ToLower(code[1:])} {
			if c, err := payments.ParseCurrency(spelled); (err == nil) != known || known && c != payments.Currency(code) {
				t.Errorf("%q reads as %q, %v", spelled, c, err)
			}
		}
	}
}
