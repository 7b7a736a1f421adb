package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/trendsic/payments"
)

var outboxChecks = []check{
	{name: "events-round-trip", rule: "events are stored with every field, in the order in which they were given", run: func(c *checker) {
		p := c.payment()
		want := []payments.Event{c.event(p), c.event(p), c.event(p)}
		given := append([]payments.Event{}, want...)
		c.apply(payments.Change{Payment: p, Events: given})
		got := c.events()
		if len(got) != 3 {
			c.fail("there are %d events", len(got))
		}
		for i := range want {
			want[i].ID = got[i].ID
			c.same(got[i], want[i], "a stored event")
			c.same(given[i].ID, got[i].ID, "the ID that Apply gave")
		}
	}},
	{name: "events-cursor", rule: "Events returns ascending IDs after the cursor, at most the limit, of one namespace", run: func(c *checker) {
		o := c.other()
		for range 4 {
			p, q := c.payment(), o.payment()
			c.apply(payments.Change{Payment: p, Events: []payments.Event{c.event(p)}})
			o.apply(payments.Change{Payment: q, Events: []payments.Event{o.event(q)}})
		}
		all, last := c.events(), int64(0)
		c.same(len(all), 4, "the number of events")
		for _, want := range all {
			got, err := c.store.Events(c, c.namespace, last, 1)
			c.must(err, "Events")
			c.same(got, []payments.Event{want}, "the page")
			if want.ID <= last {
				c.fail("the ID %d comes after %d", want.ID, last)
			}
			last = want.ID
		}
		rest, err := c.store.Events(c, c.namespace, last, 10)
		c.must(err, "Events")
		c.same(len(rest), 0, "the number of events after the last")
	}},
	{name: "events-no-late-comer", rule: "an event never appears below one that was returned before, however many write at once", run: func(c *checker) {
		done := make(chan []error, 1)
		go func() {
			done <- race(16, func(i int) error {
				for n := range 4 {
					p := c.payment()
					// Some changes fail late, so that IDs are missing.
					change := payments.Change{Payment: p, Events: []payments.Event{c.event(p)}}
					if (i+n)%4 == 0 {
						change.Hook = func(context.Context) error { return errors.New("no") }
					}
					if _, err := c.store.Apply(c, change); err != nil && !errors.Is(err, payments.ErrHook) {
						return err
					}
				}
				return nil
			})
		}()
		var read []payments.Event
		last := int64(0)
		for finished := false; ; {
			select {
			case errs := <-done:
				c.must(errors.Join(errs...), "Apply")
				finished = true
			default:
			}
			page, err := c.store.Events(c, c.namespace, last, 7)
			c.must(err, "Events")
			if read = append(read, page...); len(page) > 0 {
				last = page[len(page)-1].ID
			} else if finished {
				break
			}
		}
		c.same(len(read), 48, "the number of events that the reader saw")
	}},
	{name: "event-uid-unique", rule: "an event is written once: the same UID again answers ErrStale", run: func(c *checker) {
		p := c.payment()
		e := c.event(p)
		p = c.apply(payments.Change{Payment: p, Events: []payments.Event{e}})
		_, err := c.store.Apply(c, payments.Change{Payment: p, Events: []payments.Event{e}})
		c.is(err, payments.ErrStale, "an event for the second time")
		c.same(c.find(p.UID).Payment.Version, int64(1), "the version")
	}},
	{name: "breaks", rule: "a break is stored with every field, listed in ascending order, and ended by a change that has its ID", run: func(c *checker) {
		p := c.payment()
		want := []payments.Break{c.mismatch(p), c.mismatch(p)}
		given := append([]payments.Break{}, want...)
		p = c.apply(payments.Change{Payment: p, Breaks: given})
		got := c.breaks()
		if len(got) != 2 {
			c.fail("there are %d breaks", len(got))
		}
		for i := range want {
			want[i].ID = got[i].ID
			c.same(given[i].ID, got[i].ID, "the ID that Apply gave")
		}
		c.same(got, want, "the stored breaks")
		want[0].EndedAt, want[0].EndedBy, want[0].Note = day.Add(time.Hour), "ann", "refunded"
		c.apply(payments.Change{Payment: p, Breaks: want[:1]})
		c.same(c.breaks(), want, "the breaks")
		page, err := c.store.Breaks(c, c.namespace, want[0].ID, 1)
		c.must(err, "Breaks")
		c.same(page, want[1:], "the page after the first")
	}},
	{name: "break-ended-once", rule: "a break that has ended is not changed any more: ErrStale, and nothing of the change is written; of 64 who end one at once exactly one does", run: func(c *checker) {
		p := c.payment()
		given := []payments.Break{c.mismatch(p)}
		p = c.apply(payments.Change{Payment: p, Breaks: given})
		read := given[0]
		read.Note = "looked at"
		c.apply(payments.Change{Breaks: []payments.Break{read}})
		c.one(race(racers, func(i int) error {
			mine := read
			mine.EndedAt, mine.EndedBy = day.Add(time.Duration(i)*time.Second), "ann"
			_, err := c.store.Apply(c, payments.Change{Breaks: []payments.Break{mine}})
			return err
		}), "ending one break")
		ended := c.breaks()
		late := read
		late.EndedAt, late.EndedBy, late.Note = day.Add(time.Hour), "bob", "late"
		for _, late := range []payments.Break{late, read} {
			next := p
			next.Message = "never"
			_, err := c.store.Apply(c, payments.Change{Payment: next, Breaks: []payments.Break{late}})
			c.is(err, payments.ErrStale, "a change of a break that has ended")
		}
		c.same(c.breaks(), ended, "the breaks")
		c.same(c.find(p.UID).Payment, p, "the payment beside it")
	}},
}

// errHook is what a failing hook answers.
var errHook = errors.New("storetest: the hook says no")

// everything returns a change of a new payment with a row of each kind.
func (c *checker) everything(p payments.Payment) payments.Change {
	k := c.key()
	return payments.Change{Payment: p, Transactions: []payments.Transaction{c.transaction(p)}, Refunds: []payments.Refund{c.refund(p)},
		Events: []payments.Event{c.event(p)}, Breaks: []payments.Break{c.mismatch(p)}, Key: &k, Lease: time.Minute, LeaseOwner: "a"}
}

// nothing ends the check when something of the change is stored.
func (c *checker) nothing(change payments.Change) {
	_, err := c.store.Find(c, payments.Query{Namespace: c.namespace, UID: change.Payment.UID})
	c.is(err, payments.ErrPaymentNotFound, "Find after the failed change")
	_, err = c.store.FindKey(c, change.Key.KeyID)
	c.is(err, payments.ErrPaymentNotFound, "FindKey after the failed change")
	_, err = c.store.FindRefund(c, c.namespace, change.Refunds[0].Key)
	c.is(err, payments.ErrPaymentNotFound, "FindRefund after the failed change")
	c.same(len(c.events())+len(c.breaks()), 0, "the number of events and breaks")
}

var hookChecks = []check{
	{name: "hook-runs", rule: "the hook is called, and the change is stored when it succeeds", run: func(c *checker) {
		change, called := c.everything(c.payment()), 0
		change.Hook = func(context.Context) error {
			called++
			return nil
		}
		p := c.apply(change)
		if called < 1 {
			c.fail("the hook was not called")
		}
		rec := c.find(p.UID)
		c.same(rec.Payment, p, "the payment")
		c.same(len(rec.Transactions)+len(rec.Refunds)+len(c.events())+len(c.breaks()), 4, "the number of rows")
	}},
	{name: "hook-fails", rule: "when the hook fails nothing of the change is stored, and ErrHook carries the hook's error", run: func(c *checker) {
		change := c.everything(c.payment())
		change.Hook = func(context.Context) error { return errHook }
		_, err := c.store.Apply(c, change)
		c.is(err, payments.ErrHook, "a change with a failing hook")
		if !errors.Is(err, errHook) {
			c.fail("the hook's error is not the cause")
		}
		c.nothing(change)
		change.Hook = nil
		p := c.apply(change)
		p.Message, change.Hook = "never", func(context.Context) error { return errHook }
		_, err = c.store.Apply(c, payments.Change{Payment: p, Hook: change.Hook})
		c.is(err, payments.ErrHook, "an update with a failing hook")
		p.Message = change.Payment.Message
		c.same(c.find(p.UID).Payment, p, "the payment")
	}},
	{name: "hook-panics", rule: "a hook that panics is a hook that fails: nothing is stored, and the store still works", run: func(c *checker) {
		change := c.everything(c.payment())
		change.Hook = func(context.Context) error { panic("boom") }
		_, err := c.store.Apply(c, change)
		c.is(err, payments.ErrHook, "a change with a panicking hook")
		c.nothing(change)
		change.Hook = nil
		c.apply(change)
	}},
	{name: "hook-not-on-stale", rule: "the hook is called only after all rows are written: never for a stale change", run: func(c *checker) {
		p := c.begin()
		k := c.key()
		c.apply(payments.Change{Key: &k})
		called := false
		hook := func(context.Context) error { called = true; return nil }
		old := p
		old.Version = 7
		_, err := c.store.Apply(c, payments.Change{Payment: old, Hook: hook})
		c.is(err, payments.ErrStale, "a stale change")
		_, err = c.store.Apply(c, payments.Change{Payment: p, Key: &k, Hook: hook})
		c.is(err, payments.ErrStale, "a change with a taken key")
		if called {
			c.fail("the hook was called for a stale change")
		}
	}},
}
