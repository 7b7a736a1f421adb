package storetest

import (
	"errors"
	"time"

	"github.com/trendsic/payments"
)

// uids returns the references of payments.
func uids(list []payments.Payment) []string {
	got := []string{}
	for _, p := range list {
		got = append(got, p.UID)
	}
	return got
}

var readChecks = []check{
	{name: "find-none", rule: "what is not there answers ErrPaymentNotFound", run: func(c *checker) {
		c.begin()
		for _, q := range []payments.Query{{UID: uid()}, {OrderID: c.payment().OrderID}, {Gateway: "fake", Reference: "pi_none"},
			{Gateway: "other", Reference: "pi_none"}, {}} {
			q.Namespace = c.namespace
			_, err := c.store.Find(c, q)
			c.is(err, payments.ErrPaymentNotFound, "Find of nothing")
		}
		_, err := c.store.FindKey(c, c.key().KeyID)
		c.is(err, payments.ErrPaymentNotFound, "FindKey of nothing")
		for _, key := range []string{"none", ""} {
			_, err = c.store.FindRefund(c, c.namespace, key)
			c.is(err, payments.ErrPaymentNotFound, "FindRefund of nothing")
		}
	}},
	{name: "find-by-order", rule: "Find by order returns the live payment, also when it is older, else the newest", run: func(c *checker) {
		first := c.begin()
		dead := c.payment()
		dead.OrderID, dead.Live = first.OrderID, false
		dead = c.apply(payments.Change{Payment: dead})
		q := payments.Query{Namespace: c.namespace, OrderID: first.OrderID}
		rec, err := c.store.Find(c, q)
		c.must(err, "Find")
		c.same(rec.Payment.UID, first.UID, "the live payment")
		first.Live = false
		c.apply(payments.Change{Payment: first})
		rec, err = c.store.Find(c, q)
		c.must(err, "Find")
		c.same(rec.Payment.UID, dead.UID, "the newest payment")
	}},
	{name: "find-by-reference", rule: "Find by reference returns the gateway's payment, of that gateway alone", run: func(c *checker) {
		a, b := c.payment(), c.payment()
		b.Gateway, b.Reference = "other", a.Reference
		a, b = c.apply(payments.Change{Payment: a}), c.apply(payments.Change{Payment: b})
		for _, want := range []payments.Payment{a, b} {
			rec, err := c.store.Find(c, payments.Query{Namespace: c.namespace, Gateway: want.Gateway, Reference: want.Reference})
			c.must(err, "Find")
			c.same(rec.Payment, want, "the payment")
		}
	}},
	{name: "find-whole-record", rule: "Find returns the payment's own transactions and refunds and nobody else's", run: func(c *checker) {
		var all []payments.Payment
		for range 3 {
			p := c.payment()
			p = c.with(p, []payments.Transaction{c.transaction(p), c.transaction(p)}, []payments.Refund{c.refund(p), c.refund(p)})
			all = append(all, p)
		}
		for _, p := range all {
			rec := c.find(p.UID)
			c.same(len(rec.Transactions)*10+len(rec.Refunds), 22, "the numbers of transactions and refunds")
			for i := range 2 {
				c.same(rec.Transactions[i].PaymentUID, p.UID, "the transaction's payment")
				c.same(rec.Refunds[i].PaymentUID, p.UID, "the refund's payment")
			}
		}
	}},
	{name: "list-order-limit", rule: "List returns the newest first, at most the limit, and goes on below the cursor", run: func(c *checker) {
		var want []string
		for range 5 {
			want = append([]string{c.begin().UID}, want...)
		}
		c.same(uids(c.list(payments.Filter{})), want, "the whole list")
		page, before := []string{}, int64(0)
		for {
			some := c.list(payments.Filter{BeforeID: before, Limit: 2})
			if len(some) == 0 {
				break
			}
			if len(some) > 2 {
				c.fail("a page of 2 has %d payments", len(some))
			}
			page, before = append(page, uids(some)...), some[len(some)-1].ID
		}
		c.same(page, want, "the pages")
	}},
	{name: "list-filters", rule: "each field of a filter selects by itself, and all of them together", run: func(c *checker) {
		p := c.payment()
		p.AgentID, p.CustomerID, p.Gateway, p.Status, p.CreatedAt = 77, 78, "special", payments.StatusHeld, day
		p = c.apply(payments.Change{Payment: p})
		for range 2 {
			c.begin()
		}
		all := payments.Filter{OrderIDs: []payments.OrderID{p.OrderID}, Statuses: []payments.Status{payments.StatusHeld}, AgentID: 77,
			CustomerID: 78, Gateway: "special", CreatedFrom: day, CreatedBefore: day.Add(time.Microsecond)}
		for i, f := range []payments.Filter{{OrderIDs: all.OrderIDs}, {Statuses: all.Statuses}, {AgentID: 77}, {CustomerID: 78},
			{Gateway: "special"}, {CreatedFrom: day}, {CreatedFrom: day, CreatedBefore: day.Add(time.Microsecond)}, all} {
			if got := c.list(f); len(got) != 1 || got[0].UID != p.UID {
				c.fail("the filter %d selects %v, not the one", i, uids(got))
			}
		}
		c.same(len(c.list(payments.Filter{CreatedBefore: day})), 2, "the number created before")
		c.same(len(c.list(payments.Filter{CreatedFrom: day, CreatedBefore: day})), 0, "the number in an empty span")
		c.same(len(c.list(payments.Filter{AgentID: 77, CustomerID: 12})), 0, "the number of both")
		far := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
		c.same(len(c.list(payments.Filter{CreatedFrom: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), CreatedBefore: far})), 3, "the number of all times")
		c.same(len(c.list(payments.Filter{CreatedFrom: far})), 0, "the number after all times")
	}},
	{name: "list-fine-span", rule: "a span that begins or ends between two microseconds selects what is in it", run: func(c *checker) {
		p := c.payment()
		p.CreatedAt = day
		c.apply(payments.Change{Payment: p})
		for _, tt := range []struct {
			from, before time.Duration
			want         int
		}{{0, 1, 1}, {-1, 0, 0}, {-1, 1, 1}, {1, time.Hour, 0}, {-999, 999, 1}} {
			got := c.list(payments.Filter{CreatedFrom: day.Add(tt.from), CreatedBefore: day.Add(tt.before)})
			c.same(len(got), tt.want, "the number from "+tt.from.String()+" to "+tt.before.String())
		}
	}},
	{name: "list-batch", rule: "List takes many orders and many statuses at once", run: func(c *checker) {
		var orders []payments.OrderID
		for i := range 120 {
			p := c.payment()
			p.Status = payments.Status(i%3 + 1)
			c.apply(payments.Change{Payment: p})
			orders = append(orders, p.OrderID)
		}
		c.same(len(c.list(payments.Filter{OrderIDs: orders[:100]})), 100, "the number of 100 orders")
		some := c.list(payments.Filter{OrderIDs: orders, Statuses: []payments.Status{1, 3}})
		c.same(len(some), 80, "the number in two of three statuses")
	}},
	{name: "lease-invalid", rule: "a lease needs an owner and a duration", run: func(c *checker) {
		p := c.begin()
		for _, req := range []payments.LeaseRequest{{UID: p.UID, Owner: "a"}, {UID: p.UID, For: time.Minute}} {
			req.Namespace = c.namespace
			list, err := c.store.Lease(c, req)
			if len(list) > 0 || err != nil && !errors.Is(err, payments.ErrInvalid) {
				c.fail("Lease answered %v, %v", list, err)
			}
		}
	}},
}
