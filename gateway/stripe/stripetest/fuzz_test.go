package stripetest

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzParseForm shows that no form makes the parser fail in an odd way, and that what it takes is what net/url takes.
func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{"", "a=1", "a[b]=1", "a[b][c][0]=x&a[b][c][1]=y", "a[]=1&a[]=2", "a[][b]=1&a[][c]=2&a[][b]=3", "a=1&a[b]=2",
		"a%5Bb%5D=%20", "=", "&&", "a[", "a]", "[a]=1", "a[b]c=1", "%zz=1", "a=%ff", "metadata[order_id]=0123", strings.Repeat("a[b]", 20) + "=1"} {
		f.Add(seed)
	}
	intents := schemaOf(createIntentParams)
	f.Fuzz(func(t *testing.T, raw string) {
		n, err := parseForm(raw)
		if err != nil {
			if err.status != 400 || err.kind != typeRequest || !err.early {
				t.Fatalf("%q is refused with %+v", raw, err)
			}
			return
		}
		leaves := countLeaves(t, n, 0)
		if pairs := strings.Count(raw, "&") + 1; leaves > pairs {
			t.Fatalf("%q has %d values of %d pairs", raw, leaves, pairs)
		}
		// A flat parameter is what net/url says it is; the last one wins.
		if values, err := url.ParseQuery(raw); err == nil {
			for name, list := range values {
				if kid := n.child(name); kid != nil && kid.leaf && kid.text != list[len(list)-1] {
					t.Fatalf("%q: %s is %q, net/url says %q", raw, name, kid.text, list)
				}
			}
		}
		// Whatever it is, the checks of a schema end well.
		_ = intents.check(n, nil)
	})
}

// countLeaves counts the values, and looks at the shape.
func countLeaves(t *testing.T, n *node, depth int) int {
	t.Helper()
	if depth > maxFormDepth {
		t.Fatal("it is too deep")
	}
	if n.leaf {
		return 1
	}
	if len(n.keys) != len(n.kids) {
		t.Fatalf("%d names of %d children", len(n.keys), len(n.kids))
	}
	sum := 0
	for _, name := range n.keys {
		sum += countLeaves(t, n.kids[name], depth+1)
	}
	return sum
}

// FuzzParseQuery shows that every search is read or refused, and that what is read can be asked.
func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"", "status:'succeeded'", `metadata["order_id"]:"x"`, "-a:'x' AND b>5", "a:'x' OR b:'y'", "a~'\\''", "a:null", "a>-5",
		"a:'x' AND", "a['b", "a:\"", "a.b.c:'d'", "metadata['']:''"} {
		f.Add(seed)
	}
	o := obj{"status": "succeeded", "amount": int64(5), "a": obj{"b": true}, "metadata": map[string]string{"order_id": "x"}, "n": 1}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseQuery(text)
		if err != nil {
			if err.status != 400 || err.param != "query" {
				t.Fatalf("%q is refused with %+v", text, err)
			}
			return
		}
		if len(q.clauses) == 0 || len(q.clauses) > maxClauses {
			t.Fatalf("%q has %d clauses", text, len(q.clauses))
		}
		_ = q.matches(o)
		// The negation of a single condition is its opposite.
		if len(q.clauses) == 1 {
			c := q.clauses[0]
			c.negate = !c.negate
			if c.matches(o) == q.clauses[0].matches(o) {
				t.Fatalf("%q is neither met nor not", text)
			}
		}
	})
}

// TestAddInterval is the calendar of subscriptions.
func TestAddInterval(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		from, anchor, interval string
		count                  int64
		want                   string
	}{
		{"2026-01-31", "2026-01-31", "month", 1, "2026-02-28"}, {"2026-02-28", "2026-01-31", "month", 1, "2026-03-31"},
		{"2028-01-31", "2028-01-31", "month", 1, "2028-02-29"}, {"2028-02-29", "2028-02-29", "year", 1, "2029-02-28"},
		{"2029-02-28", "2028-02-29", "year", 3, "2032-02-29"}, {"2026-12-15", "2026-12-15", "month", 3, "2027-03-15"},
		{"2026-01-31", "2026-01-31", "day", 1, "2026-02-01"}, {"2026-01-31", "2026-01-31", "week", 2, "2026-02-14"},
	} {
		if got := addInterval(at(test.from), at(test.anchor), test.interval, test.count).Format(time.DateOnly); got != test.want {
			t.Errorf("%d %s after %s is %s, want %s", test.count, test.interval, test.from, got, test.want)
		}
	}
}
