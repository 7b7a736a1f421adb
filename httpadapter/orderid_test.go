package httpadapter

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// in puts a text in place of the order id's digits from at on.
func in(at int, text string, instead int) string {
	return orderText[:at] + text + orderText[at+instead:]
}

// strangeIDs are texts that look like an order id to somebody, and are none: each would be another order, or the same one
// under another name, for a system that folds, trims, normalises or replaces.
var strangeIDs = []string{
	// Characters that print as a digit or as nothing.
	in(10, "а", 1), in(10, "ɑ", 1), in(10, "ａ", 1), in(10, "α", 1), in(10, "𝐚", 1), in(10, "Ａ", 1), in(10, "ᵃ", 1), in(10, "с", 1), in(10, "е", 1), in(10, "ь", 1),
	in(0, "０", 1), in(0, "О", 1), in(0, "O", 1), in(0, "o", 1), in(0, "߀", 1), in(0, "٠", 1), in(0, "०", 1), in(0, "۰", 1), in(0, "𝟎", 1), in(0, "⁰", 1),
	in(1, "１", 1), in(1, "l", 1), in(1, "I", 1), in(1, "|", 1), in(1, "١", 1), in(1, "①", 1), in(1, "¹", 1), in(1, "一", 1),
	// Twins under Unicode's normal forms: what folds to one text in NFC, NFD or NFKC is still no digit.
	in(10, "á", 1), in(10, "a\u0301", 1), in(10, "é", 1), in(10, "e\u0301", 1), in(10, "\u0061\u030a", 1), in(10, "å", 1), in(10, "\u212b", 1), in(10, "ﬀ", 2), in(10, "㏁", 1),
	// What is not seen: marks, joiners, directions, controls, blanks.
	in(8, "\u202e", 0), in(8, "\u200f", 0), in(8, "\u061c", 0), in(8, "\u2066", 0), in(8, "\u200b", 0), in(8, "\u200d", 0), in(8, "\ufeff", 0), in(8, "\u00ad", 0), in(8, "\u2060", 0),
	in(8, "\ufe0f", 0), in(8, "\u0000", 0), in(31, "\u0000", 1), orderText + "\u0000", in(8, "\u0001", 0), in(8, "\u007f", 0), in(8, "\t", 0), " " + orderText, orderText + "\n", orderText + "\u00a0",
	in(8, "\u2028", 0), in(8, "\u0085", 0),
	// Dashes and brackets that are none, in the wrong place, or too many.
	strings.ReplaceAll(orderDashed, "-", "\u2010"), strings.ReplaceAll(orderDashed, "-", "\u2212"), strings.ReplaceAll(orderDashed, "-", "_"), strings.Replace(orderDashed, "-", "", 1),
	in(8, "-", 0), "-" + orderText, orderDashed + "-", "[" + orderDashed + "]", "{" + orderDashed, orderDashed + "}", "{" + orderDashed + ")", "｛" + orderDashed + "｝", "{{" + orderDashed + "}}",
	"{" + orderText + "}", "urn:uuid:" + orderDashed, "0x" + orderText, orderText[:31], orderText + "0", orderText[:16], strings.Repeat("g", 32), "%30" + orderText[1:], `\u0030` + orderText[1:],
	// A lone half of a pair: what encoding/json would turn into U+FFFD.
	in(8, "\ufffd", 0), in(8, "\ufffd", 1),
}

// notUTF8 are ids that no JSON text and no query can carry as text.
var notUTF8 = []string{in(8, "\xff", 0), in(8, "\xc0\xb0", 1), in(8, "\xe2\x80", 0), in(8, "\xed\xa0\x80", 0), in(8, "\xed\xb0\x80", 0), in(8, "\xf5\x80\x80\x80", 0)}

// TestStrangeOrderIDs is row H4: a text that is no GUID names no order, in the body, in the query and in the path, and nobody is
// asked about it. Ids that are taken are taken for what their digits say, so that no two of them meet.
func TestStrangeOrderIDs(t *testing.T) {
	t.Parallel()
	raw := func(id string) string { return `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"tok_visa"}}` }
	refuse := func(c call) {
		t.Helper()
		svc := &fakeService{result: payments.Result{Payment: paid()}}
		w := c.do(newHandler(t, svc, nil))
		if w.Code != 400 || svc.calls() != 0 || !strings.HasPrefix(w.Body.String(), `{"ResponseStatus":{"ErrorCode":"SerializationException"`) {
			t.Errorf("%s %q %q: answer %d %s", c.method, c.target, c.body, w.Code, w.Body)
		}
	}
	seen := map[string]bool{}
	for _, id := range strangeIDs {
		if seen[id] {
			t.Errorf("%q stands twice", id)
		}
		seen[id] = true
		text, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		refuse(call{method: "POST", target: pathAPI, body: `{"OrderID":` + string(text) + `,"PaymentInfo":{"StripeToken":"tok_visa"}}`})
		refuse(call{method: "GET", target: pathAPI + "?OrderID=" + url.QueryEscape(id)})
		refuse(call{method: "GET", target: "/v1/CustomerPayments/" + url.PathEscape(id)})
	}
	for _, id := range notUTF8 {
		refuse(call{method: "POST", target: pathAPI, body: raw(id)})
		refuse(call{method: "GET", target: pathAPI + "?OrderID=" + url.QueryEscape(id)})
		refuse(call{method: "GET", target: "/v1/CustomerPayments/" + url.PathEscape(id)})
	}
	halves := []string{`\ud800`, `\udfff`, `\ud83d\ud83d`, `\ude00\ud83d`, `\u0000`}
	for _, half := range halves {
		refuse(call{method: "POST", target: pathAPI, body: raw(in(8, half, 0))})
	}
	matrix.Count(t, "H4", len(strangeIDs)+len(notUTF8)+len(halves))
}

// TestSpellingsOfOneOrder is the other half of row H4: the spellings that are taken name the order of their digits and no other.
func TestSpellingsOfOneOrder(t *testing.T) {
	t.Parallel()
	upper := strings.ToUpper(orderText)
	for i := range 32 { // each digit counts
		other := in(i, "f", 1)
		for _, id := range []string{orderText, upper, orderDashed, strings.ToLower(orderDashed), "{" + orderDashed + "}", "(" + orderDashed + ")", other} {
			svc := &fakeService{result: payments.Result{Payment: paid()}}
			w := call{method: "POST", target: pathAPI, body: `{"OrderID":"` + id + `","PaymentInfo":{"StripeToken":"tok_visa"}}`}.do(newHandler(t, svc, nil))
			if w.Code != 200 || len(svc.pay) != 1 || (svc.pay[0].OrderID == orderID) != (id != other || other == orderText) {
				t.Fatalf("%q: answer %d, asked %d", id, w.Code, len(svc.pay))
			}
		}
	}
}
