package payments_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"12/30": "12/2030", "1230": "12/2030", "2030-12": "12/2030", "12/2030": "12/2030", "122030": "12/2030", "12-30": "12/2030",
		"1/30": "01/2030", " 12 / 30 ": "12/2030", "2030/12": "12/2030", "0130": "01/2030",
		"13/30": "", "00/30": "", "12/300": "", "": "", "12": "", "12/": "", "/30": "", "ab/cd": "", "12/30/01": "", "١٢/٣٠": "", "-1/30": "",
	} {
		e, err := payments.ParseExpiry(s)
		if (err == nil) != (want != "") || err == nil && e.String() != want {
			t.Errorf("%q is %v, %v, not %q", s, e, err, want)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	e := payments.Expiry{Month: 2, Year: 2026}
	for at, want := range map[string]bool{
		"2026-02-28T23:59:59Z": false,
		"2026-03-01T11:59:59Z": false, // still February at UTC-12
		"2026-03-01T12:00:00Z": true,
		"2025-12-31T00:00:00Z": false,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if e.Expired(now) != want {
			t.Errorf("at %s: %v", at, !want)
		}
	}
	if (payments.Expiry{}).String() != "" {
		t.Error("no expiry prints something")
	}
}

func TestCardNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]struct {
		valid bool
		brand string
	}{
		"4242424242424242": {true, "visa"}, "4242 4242 4242 4242": {true, "visa"}, "4242-4242-4242-4241": {false, "visa"},
		"5555555555554444": {true, "mastercard"}, "2223003122003222": {true, "mastercard"}, "378282246310005": {true, "amex"},
		"6011111111111117": {true, "discover"}, "3056930009020004": {true, "diners"}, "3566002020360505": {true, "jcb"},
		"6200000000000005": {true, "unionpay"}, "": {false, "unknown"}, "42": {false, "unknown"}, "424242424242424x": {false, "visa"},
		"00000000000000000000": {false, "unknown"},
	} {
		n := payments.NewCardNumber(s)
		if n.Valid() != want.valid || n.Brand() != want.brand {
			t.Errorf("%q: %v %s", s, n.Valid(), n.Brand())
		}
	}
	if got := payments.NewCardNumber("42424242").Last4(); got != "" {
		t.Errorf("a short number shows %q", got)
	}
}

// TestSecretsPrintMasked puts each secret type through everything that prints or stores, also inside a host's own struct
// where no method can be called.
func TestSecretsPrintMasked(t *testing.T) {
	t.Parallel()
	const secret = "4000001234567899"
	e := payments.Expiry{Month: 12, Year: 2030}
	card := payments.Card{Number: payments.NewCardNumber(secret), CVC: payments.NewCVC(secret), Expiry: e}
	values := map[string]any{
		"number": card.Number, "cvc": card.CVC, "token": payments.NewToken(secret), "client secret": payments.NewClientSecret(secret),
		"card": card, "source": payments.Source{Token: payments.NewToken(secret), Card: &card},
		"request": payments.PayRequest{Source: payments.Source{Card: &card}},
		"action":  payments.NextAction{ClientSecret: payments.NewClientSecret(secret), RedirectURL: payments.NewClientSecret(secret)},
		"result":  payments.Result{NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret(secret)}},
		"hidden":  struct{ n payments.CardNumber }{card.Number},
		"pointer": &card, "map": map[string]any{"n": card.Number}, "slice": []payments.CVC{card.CVC},
	}
	for name, v := range values {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		_ = json.NewEncoder(&out).Encode(v)
		_ = xml.NewEncoder(&out).Encode(v)
		_ = gob.NewEncoder(&out).Encode(v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		if text := out.String(); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || strings.Contains(text, secret[4:12]) {
			t.Errorf("%s shows its secret:\n%s", name, text)
		}
	}
	for _, v := range []driver.Valuer{card.Number, card.CVC, payments.NewToken(secret), payments.NewClientSecret(secret)} {
		if got, err := v.Value(); err == nil || got != nil {
			t.Errorf("an SQL argument is %v, %v", got, err)
		}
	}
	if card.Number.Last4() != "7899" || card.Number.Reveal() != secret || fmt.Sprint(card.Number) != "****" || fmt.Sprint(payments.CVC{}) != "" {
		t.Error("the secret itself is lost")
	}
}

func FuzzParseExpiry(f *testing.F) {
	for _, s := range []string{"12/30", "1230", "2030-12", "", "99/99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := payments.ParseExpiry(s)
		if err != nil {
			return
		}
		if e.Month < 1 || e.Month > 12 {
			t.Errorf("%q is %v", s, e)
		}
		if back, err := payments.ParseExpiry(e.String()); err != nil || back != e {
			t.Errorf("%q is %v and reads back as %v, %v", s, e, back, err)
		}
	})
}

func FuzzCardNumber(f *testing.F) {
	f.Add("4242424242424242")
	f.Fuzz(func(t *testing.T, s string) {
		n := payments.NewCardNumber(s)
		if n.Valid() && len(n.Last4()) != 4 {
			t.Errorf("%q is valid and shows %q", s, n.Last4())
		}
		_ = n.Brand()
	})
}
