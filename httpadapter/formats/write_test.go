package formats

import (
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

func TestDates(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*60*60)
	for name, tt := range map[string]struct {
		in         time.Time
		short, xml string
	}{
		"zero":         {time.Time{}, "0001-01-01", "0001-01-01T00:00:00"},
		"midnight":     {time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "2026-01-02", "2026-01-02T00:00:00Z"},
		"other zone":   {time.Date(2026, 1, 2, 2, 0, 0, 0, east), "2026-01-02", "2026-01-02T00:00:00Z"},
		"seconds":      {time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
		"milliseconds": {time.Date(2026, 1, 2, 3, 4, 5, 120e6, time.UTC), "2026-01-02T03:04:05.1200000Z", "2026-01-02T03:04:05.12Z"},
		"ticks":        {time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.UTC), "2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.1234567Z"},
		"nanoseconds":  {time.Date(2026, 1, 2, 0, 0, 0, 99, time.UTC), "2026-01-02", "2026-01-02T00:00:00Z"},
	} {
		if got := string(appendDate(nil, tt.in)); got != tt.short {
			t.Errorf("%s: %s, want %s", name, got, tt.short)
		}
		if got := string(appendXMLDate(nil, tt.in)); got != tt.xml {
			t.Errorf("%s in XML: %s, want %s", name, got, tt.xml)
		}
	}
}

// texts are what a payment may hold, for a format to bring back as it was.
var texts = []string{"plain", "a,b", `a"b`, `"`, `""`, "a:b", "{a}", "[a]", "a\r\nb", "\n", " a ", "é😀", "</x>", "]]>", "&amp;", "a\tb", "=1+1", "a;b", "\u2028"}

// TestTextsComeBack writes texts and reads them with readers of other people's.
func TestTextsComeBack(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		answer := &wire.Node{Name: "A", Kind: wire.Object, Members: []wire.Node{{Name: "M", Kind: wire.Text, Text: text}, {Name: "N", Kind: wire.Text, Text: "n"}}}
		rows, err := csv.NewReader(strings.NewReader(string(CSV().Append(nil, answer)))).ReadAll()
		if want := strings.ReplaceAll(text, "\r\n", "\n"); err != nil || len(rows) != 2 || rows[1][0] != want {
			t.Errorf("CSV %q: %q %v", text, rows, err)
		}
		var doc struct{ M, N string }
		if err := xml.Unmarshal(XML("").Append(nil, answer), &doc); err != nil || doc.M != text || doc.N != "n" {
			t.Errorf("XML %q: %q %v", text, doc.M, err)
		}
		back := new(keep)
		if err := JSV().Read(JSV().Append(nil, answer), back); err != nil || back.got != text {
			t.Errorf("JSV %q: %q %v", text, back.got, err)
		}
	}
}

// keep keeps the member M.
type keep struct{ got string }

func (k *keep) Open([]byte) (bool, error) { return true, nil }
func (k *keep) OpenList([]byte) error     { return nil }
func (k *keep) Close()                    {}
func (k *keep) Null([]byte) error         { return nil }

func (k *keep) Text(name, value []byte) error {
	if string(name) == "M" {
		k.got = string(value)
	}
	return nil
}

// TestQuotes shows which texts JSV puts in quotes: those that ServiceStack does.
func TestQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range "\":,{}[]\r\n" {
		if got := string(appendJSVText(nil, "a"+string(c)+"b")); got[0] != '"' || got[len(got)-1] != '"' {
			t.Errorf("%q: %s", c, got)
		}
	}
	for _, text := range []string{"a b", "a;b", "a'b", "a/b", "*", "é", "a=b"} {
		if got := string(appendJSVText(nil, text)); got != text {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestWhatXMLCannotHold shows that every answer is well formed, whatever is in it.
func TestWhatXMLCannotHold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a\x00b": "a\ufffdb", "\x0b\x1f": "\ufffd\ufffd", "\xff": "\ufffd", "\uffff": "\ufffd", "\ufffd": "\ufffd", "\x7f": "\x7f"} {
		var doc struct{ M string }
		answer := &wire.Node{Name: "A", Kind: wire.Object, Members: []wire.Node{{Name: "M", Kind: wire.Text, Text: in}}}
		if err := xml.Unmarshal(XML(`urn:"<&`).Append(nil, answer), &doc); err != nil || doc.M != want {
			t.Errorf("%q: %q %v", in, doc.M, err)
		}
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()
	none := &wire.Node{Name: "CustomerPaymentsResponse", Kind: wire.List}
	if got := string(CSV().Append(nil, none)); got != "" {
		t.Errorf("CSV: %q", got)
	}
	if got := string(JSV().Append(nil, none)); got != "[]" {
		t.Errorf("JSV: %q", got)
	}
	kinds := &wire.Node{Kind: wire.Object, Members: []wire.Node{{Name: "I", Kind: wire.Int, Int: -5}, {Name: "D", Kind: wire.Date}, {Name: "N"},
		{Name: "B", Kind: wire.Bool, Bool: true}}}
	if got := string(CSV().Append(nil, kinds)); got != "I,D,N,B\r\n-5,0001-01-01,,True\r\n" {
		t.Errorf("CSV: %q", got)
	}
}
