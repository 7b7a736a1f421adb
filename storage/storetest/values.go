package storetest

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// twins are texts that a careless comparison takes for one.
var twins = [][2]string{
	{"key", "KEY"}, {"key", "key "}, {"key", " key"}, {"key", "key\t"}, {"é", "e\u0301"}, {"ß", "ss"}, {"e", "é"}, {"1", "01"}, {"a", "ａ"},
	{"k", "\u212a"}, {"", "\u200b"},
}

var valueChecks = []check{
	{name: "texts-compared-bytewise", rule: "keys, references and namespaces are compared byte for byte: case, spaces and composed characters count", run: func(c *checker) {
		for _, twin := range twins {
			p := c.payment()
			a, b := c.key(), c.key()
			a.Key, b.Key, b.Principal = twin[0], twin[1], a.Principal
			a.Verb = uid()
			b.Verb = a.Verb
			c.apply(payments.Change{Payment: p, Key: &a})
			c.apply(payments.Change{Key: &b})
			got, err := c.store.FindKey(c, b.KeyID)
			c.must(err, "FindKey")
			c.same(got.Key, twin[1], "the key")
			if twin[0] == "" {
				continue
			}
			r, s := c.refund(p), c.refund(p)
			r.Key, s.Key, r.Reference, s.Reference = p.UID+twin[0], p.UID+twin[1], twin[0], twin[1]
			p = c.with(c.find(p.UID).Payment, nil, []payments.Refund{r, s})
			one, err := c.store.FindRefund(c, c.namespace, s.Key)
			c.must(err, "FindRefund")
			c.same(one.UID, s.UID, "the refund of the second key")
			p.Reference = p.UID + twin[0]
			c.apply(payments.Change{Payment: p})
			_, err = c.store.Find(c, payments.Query{Namespace: c.namespace, Gateway: p.Gateway, Reference: p.UID + twin[1]})
			c.is(err, payments.ErrPaymentNotFound, "Find by the twin of a reference")
		}
	}},
	{name: "texts-kept", rule: "texts of any language and length a gateway may send come back as they were", run: func(c *checker) {
		for _, text := range []string{"it's \"quoted\" \\ % _ ? @name $1 :x", "日本語 العربية \u202e 👩‍👩‍👧‍👦", "  spaces  ", "line\nline\r\n\ttab",
			"e\u0301 é", strings.Repeat("🧾", 10_000), strings.Repeat("x", 50_000)} {
			p := c.payment()
			p.Message, p.ReceiptURL, p.AgentNumber = text, text, text
			b := c.mismatch(p)
			b.Detail = text
			p = c.apply(payments.Change{Payment: p, Breaks: []payments.Break{b}})
			got := c.find(p.UID).Payment
			c.same(got.Message, text, "the message")
			c.same(got.AgentNumber, text, "the agent's number")
			list := c.breaks()
			c.same(list[len(list)-1].Detail, text, "the detail")
		}
	}},
	{name: "texts-of-bad-bytes", rule: "a gateway's text that is no UTF-8 or holds NUL never keeps the change from being stored", run: func(c *checker) {
		p := c.payment()
		p.Message = "a\x00b\xffc"
		p = c.apply(payments.Change{Payment: p})
		c.same(c.find(p.UID).Payment, p, "the stored payment, which Apply returned")
		k := c.key()
		k.Key = "a\x00b"
		if _, err := c.store.Apply(c, payments.Change{Key: &k}); err != nil {
			c.is(err, payments.ErrInvalid, "a key that cannot be stored")
		}
	}},
	{name: "amounts-exact", rule: "amounts are exact to the ends of int64, and IDs of the host as well", run: func(c *checker) {
		for _, n := range []int64{math.MaxInt64, math.MinInt64, 1<<53 + 1, -1, 0} {
			p := c.payment()
			p.Amount.Amount, p.Captured, p.Refunded, p.OrderHeaderID, p.AgentID, p.CustomerID = n, n, n, n, n, n
			t, r, e := c.transaction(p), c.refund(p), c.event(p)
			r.Amount.Amount = n
			e.Captured = n
			p = c.apply(payments.Change{Payment: p, Transactions: []payments.Transaction{t}, Refunds: []payments.Refund{r}, Events: []payments.Event{e}})
			rec := c.find(p.UID)
			c.same(rec.Payment, p, "the payment")
			c.same(rec.Transactions[0].Amount.Amount, n, "the transaction's amount")
			c.same(rec.Refunds[0].Amount.Amount, n, "the refund's amount")
			list := c.events()
			c.same(list[len(list)-1].Captured, n, "the event's amount")
		}
	}},
	{name: "times-utc-microseconds", rule: "a time in any zone comes back in UTC, cut to microseconds, at every time of the year", run: func(c *checker) {
		zone := time.FixedZone("odd", -(3*3600 + 1800))
		for _, given := range []time.Time{
			time.Date(2024, 1, 1, 0, 0, 0, 123_456_789, zone), time.Date(2024, 3, 31, 2, 30, 0, 999, time.UTC),
			time.Date(2024, 10, 27, 1, 30, 0, 1000, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
			time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0),
		} {
			want := given.UTC().Truncate(time.Microsecond)
			p := c.payment()
			p.DueAt, p.DecidedAt, p.CreatedAt, p.UpdatedAt = given, given, given, given
			p = c.apply(payments.Change{Payment: p})
			for _, got := range []payments.Payment{p, c.find(p.UID).Payment} {
				c.same([]time.Time{got.DueAt, got.DecidedAt, got.CreatedAt, got.UpdatedAt}, []time.Time{want, want, want, want}, "the times")
			}
		}
	}},
	{name: "too-long-to-compare", rule: "a key that does not fit is refused or kept, never cut: two keys must not become one", run: func(c *checker) {
		k := c.key()
		k.Key = strings.Repeat("k", 255)
		c.apply(payments.Change{Key: &k})
		for _, more := range []int{256, 5000} {
			long := c.key()
			long.Key = strings.Repeat("k", more)
			_, err := c.store.Apply(c, payments.Change{Key: &long})
			if err != nil && !errors.Is(err, payments.ErrInvalid) {
				c.must(err, "Apply")
			}
			if err == nil {
				_, err = c.store.FindKey(c, long.KeyID)
				c.must(err, "FindKey of a long key that Apply took")
			}
		}
	}},
}
