package storetest

import (
	"time"

	"github.com/trendsic/payments"
)

// received returns a new event of the gateway's.
func (c *checker) received(due time.Duration) payments.InboxEvent {
	return payments.InboxEvent{Namespace: c.namespace, Gateway: "fake", ReceivedAt: day, Tries: 2, DueAt: day.Add(due),
		Event: payments.WebhookEvent{ID: "evt_" + uid(), Type: "payment_intent.succeeded", Object: "pi_1", Payment: "pi_1",
			Subscription: "sub_1", Invoice: "in_1", PaymentUID: uid(), OrderID: c.payment().OrderID, Account: "acct_1",
			APIVersion: "2023-10-16", LiveMode: true, CreatedAt: day.Add(-time.Second)}}
}

// inbox returns what is due at day.
func (c *checker) inbox(limit int) []payments.InboxEvent {
	list, err := c.store.Inbox(c, c.namespace, day, limit)
	c.must(err, "Inbox")
	return list
}

var inboxChecks = []check{
	{name: "inbox-round-trip", rule: "an event of the gateway's is stored with every field, alone, and Apply sets its ID", run: func(c *checker) {
		want := c.received(0)
		given := []payments.InboxEvent{want}
		c.apply(payments.Change{Inbox: given})
		got := c.inbox(10)
		if len(got) != 1 || got[0].ID <= 0 {
			c.fail("the inbox is %+v", got)
		}
		want.ID = got[0].ID
		c.same(got[0], want, "the stored event")
		c.same(given[0].ID, want.ID, "the ID that Apply gave")
	}},
	{name: "inbox-once", rule: "an event that is known is left as it is and gets no ID, and the rest of the change is written; another account's is another event", run: func(c *checker) {
		first := []payments.InboxEvent{c.received(0)}
		c.apply(payments.Change{Inbox: first})
		again, other := first[0], first[0]
		again.ID, again.Tries, other.ID, other.Event.Account = 0, 99, 0, "acct_2"
		given := []payments.InboxEvent{again, other}
		p := c.apply(payments.Change{Payment: c.payment(), Inbox: given})
		c.find(p.UID)
		got := c.inbox(10)
		c.same(len(got), 2, "the number of events")
		c.same(got[0], first[0], "the known event")
		c.same([]int64{given[0].ID, given[1].ID}, []int64{0, got[1].ID}, "the IDs that Apply gave")
	}},
	{name: "inbox-race", rule: "of 64 deliveries of one event at once exactly one is new, and none fails", run: func(c *checker) {
		event, fresh := c.received(0), make(chan bool, racers)
		for _, err := range race(racers, func(int) error {
			given := []payments.InboxEvent{event}
			_, err := c.store.Apply(c, payments.Change{Inbox: given})
			if given[0].ID != 0 {
				fresh <- true
			}
			return err
		}) {
			c.must(err, "Apply")
		}
		c.same(len(fresh), 1, "the number of new events")
		c.same(len(c.inbox(100)), 1, "the number of events")
	}},
	{name: "inbox-due", rule: "Inbox returns what is due and not done, the longest due first, at most the limit, of one namespace", run: func(c *checker) {
		late, early := c.received(-time.Minute), c.received(-time.Hour)
		never, future := c.received(0), c.received(time.Microsecond)
		never.DueAt = time.Time{}
		given := []payments.InboxEvent{late, early, never, future}
		c.apply(payments.Change{Inbox: given})
		o := c.other()
		o.apply(payments.Change{Inbox: []payments.InboxEvent{o.received(-time.Hour)}})
		c.same(c.inbox(10), []payments.InboxEvent{given[1], given[0]}, "the inbox")
		c.same(c.inbox(1), []payments.InboxEvent{given[1]}, "the first page")
		given[1].DoneAt, given[0].DueAt, given[0].Tries = day, day, 3
		c.apply(payments.Change{Inbox: given[:2]})
		c.apply(payments.Change{Inbox: given[:2]})
		c.same(c.inbox(10), []payments.InboxEvent{given[0]}, "the inbox after one is done")
		lost := given[0]
		lost.ID += 1 << 40
		_, err := c.store.Apply(c, payments.Change{Inbox: []payments.InboxEvent{lost}})
		c.is(err, payments.ErrStale, "a change of an event that is not there")
	}},
	{name: "inbox-done-once", rule: "an event that is done is left as it is by who read it before, without an error, and the rest of the change is written", run: func(c *checker) {
		given := []payments.InboxEvent{c.received(-time.Hour)}
		c.apply(payments.Change{Inbox: given})
		done, late := given[0], given[0]
		done.DoneAt = day
		c.apply(payments.Change{Inbox: []payments.InboxEvent{done}})
		late.Tries, late.DueAt = 9, day.Add(-time.Minute)
		p := c.apply(payments.Change{Payment: c.payment(), Inbox: []payments.InboxEvent{late}})
		c.find(p.UID)
		c.same(c.inbox(10), []payments.InboxEvent(nil), "the inbox")
		late.DoneAt = day.Add(time.Hour)
		c.apply(payments.Change{Inbox: []payments.InboxEvent{late}})
		n, err := c.store.Prune(c, payments.PruneRequest{Namespace: c.namespace, InboxDone: day.Add(time.Second), Limit: 9})
		c.must(err, "Prune")
		c.same(n, int64(1), "the number of events that were done by then")
	}},
	{name: "find-by-subscription", rule: "Find by subscription returns the payment that began it, of that gateway", run: func(c *checker) {
		first := c.begin()
		for _, invoice := range []string{"in_2", "in_3"} {
			next := c.payment()
			next.Subscription, next.Invoice = first.Subscription, invoice
			c.apply(payments.Change{Payment: next})
		}
		rec, err := c.store.Find(c, payments.Query{Namespace: c.namespace, Gateway: "fake", Subscription: first.Subscription})
		c.must(err, "Find")
		c.same(rec.Payment, first, "the payment")
		_, err = c.store.Find(c, payments.Query{Namespace: c.namespace, Gateway: "other", Subscription: first.Subscription})
		c.is(err, payments.ErrPaymentNotFound, "Find with another gateway")
	}},
}
