package storetest

import (
	"time"

	"github.com/trendsic/payments"
)

// hasten makes the doubts due at day.
func (c *checker) hasten() int64 {
	n, err := c.store.Hasten(c, c.namespace, day)
	c.must(err, "Hasten")
	return n
}

// prune deletes what ended before day.
func (c *checker) prune(limit int) int64 {
	n, err := c.store.Prune(c, payments.PruneRequest{Namespace: c.namespace, KeysExpired: day, InboxDone: day, Limit: limit})
	c.must(err, "Prune")
	return n
}

var upkeepChecks = []check{
	{name: "hasten", rule: "Hasten makes due what is unknown or has an open transaction and is due later or never, and nothing else; versions stay", run: func(c *checker) {
		doubt := func(after time.Duration, status payments.Status, open bool) payments.Payment {
			p := c.payment()
			p.Status, p.DueAt = status, day.Add(after)
			if after < 0 {
				p.DueAt = time.Time{}
			}
			change := payments.Change{Payment: p}
			if open {
				change.Transactions = []payments.Transaction{c.transaction(p)}
			}
			return c.apply(change)
		}
		unknown, refunding := doubt(time.Hour, payments.StatusUnknown, false), doubt(-1, payments.StatusPaid, true)
		settled, due := doubt(time.Hour, payments.StatusPaid, false), doubt(0, payments.StatusUnknown, true)
		o := c.other()
		p := o.payment()
		p.Status, p.DueAt = payments.StatusUnknown, day.Add(time.Hour)
		p = o.apply(payments.Change{Payment: p})
		c.same(c.hasten(), int64(2), "the number that was made due")
		c.same(c.hasten(), int64(0), "the number that was made due again")
		unknown.DueAt, refunding.DueAt = day, day
		for _, want := range []payments.Payment{unknown, refunding, settled, due} {
			c.same(c.find(want.UID).Payment, want, "the stored payment")
		}
		c.same(o.find(p.UID).Payment, p, "another namespace's payment")
	}},
	{name: "hasten-leased", rule: "Hasten leaves alone what somebody holds, until the lease runs out", timed: true, run: func(c *checker) {
		p := c.payment()
		p.Status, p.DueAt = payments.StatusUnknown, day.Add(time.Hour)
		c.apply(payments.Change{Payment: p, Lease: time.Minute, LeaseOwner: "a"})
		c.same(c.hasten(), int64(0), "the number while it is held")
		c.advance(61 * time.Second)
		c.same(c.hasten(), int64(1), "the number when the lease ran out")
	}},
	{name: "prune", rule: "Prune deletes the keys that expired and the events that were done before the times it is given, at most the limit, of one namespace; the rest stays", run: func(c *checker) {
		o := c.other()
		for _, in := range []*checker{c, o} {
			for i := range 4 {
				k := in.key()
				k.ExpiresAt = day.Add(time.Duration(i-2) * time.Second)
				e := in.received(0)
				e.DoneAt = k.ExpiresAt
				in.apply(payments.Change{Key: &k, Inbox: []payments.InboxEvent{e}})
			}
		}
		open := []payments.InboxEvent{c.received(0)}
		c.apply(payments.Change{Inbox: open})
		kept, gone := c.key(), c.key()
		gone.ExpiresAt = day.Add(-time.Hour)
		c.apply(payments.Change{Key: &kept})
		c.apply(payments.Change{Key: &gone})
		c.same([]int64{c.prune(2), c.prune(2), c.prune(2)}, []int64{4, 1, 0}, "the numbers deleted")
		_, err := c.store.FindKey(c, gone.KeyID)
		c.is(err, payments.ErrPaymentNotFound, "FindKey of what expired")
		_, err = c.store.FindKey(c, kept.KeyID)
		c.must(err, "FindKey")
		c.same(c.inbox(10), open, "the inbox")
		c.same(o.prune(100), int64(4), "the number in the other namespace")
	}},
	{name: "prune-again", rule: "an event that was pruned is new when it comes again, and gets an ID of its own", run: func(c *checker) {
		e := c.received(0)
		e.DoneAt = day.Add(-time.Second)
		first := []payments.InboxEvent{e}
		c.apply(payments.Change{Inbox: first})
		c.same(c.prune(10), int64(1), "the number deleted")
		e.DoneAt = time.Time{}
		again := []payments.InboxEvent{e}
		c.apply(payments.Change{Inbox: again})
		if again[0].ID == 0 {
			c.fail("the event is still known")
		}
		c.same(c.inbox(10), again, "the inbox")
		lost := first[0]
		if lost.ID != again[0].ID {
			_, err := c.store.Apply(c, payments.Change{Inbox: []payments.InboxEvent{lost}})
			c.is(err, payments.ErrStale, "a change of what was pruned")
		}
	}},
}
