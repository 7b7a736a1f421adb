package payments_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/trendsic/payments"
)

func TestParseOrderID(t *testing.T) {
	t.Parallel()
	const want = "0f8fad5bd9cb469fa16570867728950e"
	for s, ok := range map[string]bool{
		want: true, "0F8FAD5BD9CB469FA16570867728950E": true, "0f8fad5b-d9cb-469f-a165-70867728950e": true,
		"{0f8fad5b-d9cb-469f-a165-70867728950e}": true, "(0f8fad5b-d9cb-469f-a165-70867728950e)": true,
		"": false, "0f8fad5b": false, want + "0": false, "{" + want + "}": false, "(0f8fad5b-d9cb-469f-a165-70867728950e}": false,
		"0f8fad5bd-9cb-469f-a165-70867728950e": false, "0f8fad5bd9cb469fa16570867728950g": false,
		"０f8fad5bd9cb469fa16570867728950": false, "0f8fad5bd9cb469fa16570867728950\x00": false, " " + want: false,
	} {
		id, err := payments.ParseOrderID(s)
		if (err == nil) != ok || ok && id.String() != want || err != nil && (!errors.Is(err, payments.ErrInvalid) || !id.IsZero()) {
			t.Errorf("%q: %v, %v", s, id, err)
		}
	}
}

func TestOrderIDMarshals(t *testing.T) {
	t.Parallel()
	id := payments.OrderID{1, 2, 3}
	text, err := json.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	var back payments.OrderID
	if err := json.Unmarshal(text, &back); err != nil || back != id {
		t.Errorf("%s reads back as %v, %v", text, back, err)
	}
	value, err := id.Value()
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []any{value, []byte(id.String())} {
		var scanned payments.OrderID
		if err := scanned.Scan(src); err != nil || scanned != id {
			t.Errorf("%v scans as %v, %v", src, scanned, err)
		}
	}
	if err := back.Scan(7); err == nil {
		t.Error("a number scans")
	}
	if err := back.UnmarshalText([]byte("x")); err == nil {
		t.Error("no GUID is read")
	}
}

func FuzzParseOrderID(f *testing.F) {
	for _, s := range []string{"0f8fad5bd9cb469fa16570867728950e", "{0f8fad5b-d9cb-469f-a165-70867728950e}", "", "(", "------------------------------------"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := payments.ParseOrderID(s)
		if err != nil {
			return
		}
		if back, err := payments.ParseOrderID(id.String()); err != nil || back != id || len(s) < 32 {
			t.Errorf("%q is %v, which reads back as %v, %v", s, id, back, err)
		}
	})
}
