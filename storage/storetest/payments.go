package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/trendsic/payments"
)

// racers is how many goroutines want the same at once.
const racers = 64

var paymentChecks = []check{
	{name: "payment-round-trip", rule: "Apply stores every field of a payment, and returns it as stored with an ID and version 1", run: func(c *checker) {
		want := c.payment()
		got := c.apply(payments.Change{Payment: want})
		if got.ID <= 0 || got.Version != 1 {
			c.fail("the ID is %d and the version %d", got.ID, got.Version)
		}
		want.ID, want.Version = got.ID, 1
		c.same(got, want, "what Apply returned")
		c.same(c.find(want.UID).Payment, want, "the stored payment")
	}},
	{name: "payment-zero-fields", rule: "a field that is zero comes back as zero, a time as time.Time{}", run: func(c *checker) {
		want := payments.Payment{UID: uid(), Namespace: c.namespace, OrderID: c.payment().OrderID, Status: payments.StatusCreated}
		got := c.apply(payments.Change{Payment: want})
		want.ID, want.Version = got.ID, 1
		c.same(c.find(want.UID).Payment, want, "the stored payment")
	}},
	{name: "payment-update", rule: "a change with the version that was read replaces the row and grows the version by one", run: func(c *checker) {
		p := c.begin()
		next := c.payment()
		next.UID, next.OrderID, next.CreatedAt, next.ID, next.Version = p.UID, p.OrderID, p.CreatedAt, p.ID, p.Version
		next.Status, next.AgentID, next.Message, next.Live = payments.StatusRefunded, 0, "", false
		got := c.apply(payments.Change{Payment: next})
		next.Version = 2
		c.same(got, next, "what Apply returned")
		c.same(c.find(p.UID).Payment, next, "the stored payment")
	}},
	{name: "payment-stale", rule: "a change with another version than the stored one answers ErrStale and writes nothing", run: func(c *checker) {
		p := c.begin()
		c.apply(payments.Change{Payment: p})
		before := c.find(p.UID)
		for _, version := range []int64{1, 3, 99} {
			old := p
			old.Version, old.Message = version, "late"
			_, err := c.store.Apply(c, payments.Change{Payment: old, Transactions: []payments.Transaction{c.transaction(p)},
				Refunds: []payments.Refund{c.refund(p)}, Events: []payments.Event{c.event(p)}, Breaks: []payments.Break{c.mismatch(p)}})
			c.is(err, payments.ErrStale, "a stale change")
		}
		c.same(c.find(p.UID), before, "the record")
		c.same(len(c.events())+len(c.breaks()), 0, "the number of events and breaks")
	}},
	{name: "payment-missing", rule: "a change of a payment that is not there answers ErrStale", run: func(c *checker) {
		p := c.payment()
		p.Version = 1
		_, err := c.store.Apply(c, payments.Change{Payment: p})
		c.is(err, payments.ErrStale, "a change of nothing")
		stored := c.begin()
		stored.Namespace = c.other().namespace
		_, err = c.store.Apply(c, payments.Change{Payment: stored})
		c.is(err, payments.ErrStale, "a change through another namespace")
	}},
	{name: "payment-uid-unique", rule: "a payment is inserted once: the same UID again answers ErrStale", run: func(c *checker) {
		p := c.payment()
		p.Live = false
		c.apply(payments.Change{Payment: p})
		_, err := c.store.Apply(c, payments.Change{Payment: p})
		c.is(err, payments.ErrStale, "a second insert")
	}},
	{name: "payment-immutable", rule: "UID, Namespace, OrderID and CreatedAt never change after the insert", run: func(c *checker) {
		p := c.begin()
		changed := p
		changed.OrderID, changed.CreatedAt = c.payment().OrderID, day.Add(99*time.Hour)
		_, err := c.store.Apply(c, payments.Change{Payment: changed})
		if err != nil && !errors.Is(err, payments.ErrStale) && !errors.Is(err, payments.ErrInvalid) {
			c.must(err, "Apply")
		}
		got := c.find(p.UID).Payment
		c.same(got.OrderID, p.OrderID, "the order")
		c.same(got.CreatedAt, p.CreatedAt, "the creation")
		c.same(len(c.list(payments.Filter{OrderIDs: []payments.OrderID{changed.OrderID}})), 0, "the number of payments of the other order")
	}},
	{name: "payment-race", rule: "of changes of one version at once exactly one is stored, the others answer ErrStale", run: func(c *checker) {
		p := c.begin()
		errs := race(racers, func(i int) error {
			mine := p
			mine.Tries = i
			_, err := c.store.Apply(c, payments.Change{Payment: mine, Events: []payments.Event{c.event(p)}})
			return err
		})
		c.one(errs, "a change of one version")
		c.same(c.find(p.UID).Payment.Version, int64(2), "the version")
		c.same(len(c.events()), 1, "the number of events")
	}},
	{name: "payment-ids-ascend", rule: "a later payment has a higher ID", run: func(c *checker) {
		last := int64(0)
		for range 5 {
			p := c.begin()
			if p.ID <= last {
				c.fail("the ID %d comes after %d", p.ID, last)
			}
			last = p.ID
		}
	}},
	{name: "context-canceled", rule: "a change whose context has ended writes nothing and says so", run: func(c *checker) {
		p := c.payment()
		ctx, cancel := context.WithCancel(c)
		cancel()
		_, err := c.store.Apply(ctx, payments.Change{Payment: p})
		if !errors.Is(err, context.Canceled) {
			c.fail("Apply answered %v, not the end of the context", err)
		}
		_, err = c.store.Find(c, payments.Query{Namespace: c.namespace, UID: p.UID})
		c.is(err, payments.ErrPaymentNotFound, "Find after it")
	}},
	{name: "copies", rule: "what was given and what is returned is the caller's: changing it changes nothing stored", run: func(c *checker) {
		p, k := c.payment(), c.key()
		change := payments.Change{Payment: p, Transactions: []payments.Transaction{c.transaction(p)}, Key: &k}
		c.apply(change)
		k.Answer[0], k.Fingerprint, change.Transactions[0].Message = 'X', "changed", "changed"
		first, err := c.store.FindKey(c, k.KeyID)
		c.must(err, "FindKey")
		rec := c.find(p.UID)
		c.same(first.Answer, []byte{0, 1, 0xff, '"'}, "the stored answer")
		c.same(rec.Transactions[0].Message, "", "the stored message")
		first.Answer[1], rec.Transactions[0].Message = 'Y', "changed"
		again, err := c.store.FindKey(c, k.KeyID)
		c.must(err, "FindKey")
		c.same(again.Answer, []byte{0, 1, 0xff, '"'}, "the stored answer")
		c.same(c.find(p.UID).Transactions[0].Message, "", "the stored message")
	}},
}

var liveChecks = []check{
	{name: "live-unique", rule: "an order has at most one live payment: beginning a second answers ErrStale and writes nothing", run: func(c *checker) {
		first := c.begin()
		second := c.payment()
		second.OrderID = first.OrderID
		_, err := c.store.Apply(c, payments.Change{Payment: second, Events: []payments.Event{c.event(second)}})
		c.is(err, payments.ErrStale, "a second live payment")
		c.same(len(c.list(payments.Filter{})), 1, "the number of payments")
		c.same(len(c.events()), 0, "the number of events")
	}},
	{name: "live-race", rule: "of 64 who begin a payment of one order at once exactly one succeeds", run: func(c *checker) {
		order := c.payment().OrderID
		errs := race(racers, func(int) error {
			p := c.payment()
			p.OrderID = order
			_, err := c.store.Apply(c, payments.Change{Payment: p, Transactions: []payments.Transaction{c.transaction(p)}})
			return err
		})
		c.one(errs, "beginning a payment of one order")
		c.same(len(c.list(payments.Filter{OrderIDs: []payments.OrderID{order}})), 1, "the number of payments")
	}},
	{name: "live-freed", rule: "a payment that is no longer live frees its order for a next one, and is kept", run: func(c *checker) {
		first := c.begin()
		first.Live, first.Status = false, payments.StatusCanceled
		c.apply(payments.Change{Payment: first})
		second := c.payment()
		second.OrderID = first.OrderID
		second = c.apply(payments.Change{Payment: second})
		c.same(len(c.list(payments.Filter{OrderIDs: []payments.OrderID{first.OrderID}})), 2, "the number of payments")
		first = c.find(first.UID).Payment
		first.Live = true
		_, err := c.store.Apply(c, payments.Change{Payment: first})
		c.is(err, payments.ErrStale, "making the first live again")
		c.same(c.find(first.UID).Payment.Live, false, "the first one's marker")
		second.Live = false
		c.apply(payments.Change{Payment: second})
		c.apply(payments.Change{Payment: first})
		c.same(c.find(first.UID).Payment.Live, true, "the first one's marker")
	}},
	{name: "live-namespaces", rule: "two namespaces never meet: each may have a live payment of one order, and neither sees the other's rows", run: func(c *checker) {
		o := c.other()
		mine, theirs := c.payment(), o.payment()
		theirs.OrderID, theirs.Reference = mine.OrderID, mine.Reference
		theirs.Subscription, theirs.Invoice = mine.Subscription, mine.Invoice
		mine, theirs = c.apply(payments.Change{Payment: mine}), o.apply(payments.Change{Payment: theirs})
		c.same(len(c.list(payments.Filter{})), 1, "the number of payments of one namespace")
		for _, q := range []payments.Query{{UID: theirs.UID}, {OrderID: mine.OrderID}, {Gateway: "fake", Reference: mine.Reference}} {
			q.Namespace = c.namespace
			rec, err := c.store.Find(c, q)
			if err == nil && rec.Payment.UID != mine.UID {
				c.fail("Find %+v returned the other namespace's payment", q)
			}
		}
		got := c.lease(payments.LeaseRequest{DueBefore: day.Add(99 * time.Hour), Owner: "a", For: time.Minute})
		c.same(len(got), 1, "the number of leased payments")
	}},
	{name: "invoice-unique", rule: "an invoice of a subscription has one payment; without an invoice there may be many", run: func(c *checker) {
		first := c.begin()
		second := c.payment()
		second.Subscription, second.Invoice = first.Subscription, first.Invoice
		_, err := c.store.Apply(c, payments.Change{Payment: second})
		c.is(err, payments.ErrStale, "a second payment of one invoice")
		for _, invoice := range []string{"in_2", "", ""} {
			next := c.payment()
			next.Subscription, next.Invoice = first.Subscription, invoice
			c.apply(payments.Change{Payment: next})
		}
	}},
}
