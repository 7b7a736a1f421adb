package storetest

import (
	"sync"
	"time"

	"github.com/trendsic/payments"
)

// due returns a new payment that is due after so long.
func (c *checker) due(after time.Duration) payments.Payment {
	p := c.payment()
	p.DueAt = day.Add(after)
	return c.apply(payments.Change{Payment: p})
}

// work asks for all that is due at day.
func work(owner string) payments.LeaseRequest {
	return payments.LeaseRequest{DueBefore: day, Owner: owner, For: time.Minute}
}

var leaseChecks = []check{
	{name: "lease-due", rule: "Lease returns what is due, the longest due first, at most the limit, and nothing that is due later or never", run: func(c *checker) {
		late, early, exact := c.due(-time.Minute), c.due(-time.Hour), c.due(0)
		c.due(time.Microsecond)
		never := c.payment()
		never.DueAt = time.Time{}
		c.apply(payments.Change{Payment: never})
		req := work("a")
		req.Limit = 2
		c.same(uids(c.lease(req)), []string{early.UID, late.UID}, "the first two")
		c.same(uids(c.lease(req)), []string{exact.UID}, "the rest")
		c.same(len(c.lease(req)), 0, "the number after that")
	}},
	{name: "lease-stored", rule: "Lease returns the payments as stored, with owner, end and a version that grew", run: func(c *checker) {
		p := c.due(0)
		got := c.lease(work("a"))
		if len(got) != 1 {
			c.fail("%d payments are leased", len(got))
		}
		c.same(c.find(p.UID).Payment, got[0], "the stored payment")
		if got[0].Version != p.Version+1 || got[0].LeaseOwner != "a" || got[0].LeaseUntil.IsZero() {
			c.fail("version %d, owner %q, until %v", got[0].Version, got[0].LeaseOwner, got[0].LeaseUntil)
		}
		p.Version, p.LeaseOwner, p.LeaseUntil = got[0].Version, "a", got[0].LeaseUntil
		c.same(got[0], p, "the leased payment")
	}},
	{name: "lease-exclusive", rule: "while a lease runs nobody else gets the payment, neither as due nor by its UID", run: func(c *checker) {
		p := c.due(0)
		c.same(len(c.lease(work("a"))), 1, "the number that a gets")
		c.same(len(c.lease(work("b"))), 0, "the number that b gets")
		c.same(len(c.lease(work("a"))), 0, "the number that a gets again as due")
		c.same(len(c.lease(payments.LeaseRequest{UID: p.UID, Owner: "b", For: time.Minute})), 0, "the number that b gets by UID")
	}},
	{name: "lease-race", rule: "of many workers at once no two get the same payment, and all payments are handed out", run: func(c *checker) {
		const n = 24
		for range n {
			c.due(-time.Hour)
		}
		var mu sync.Mutex
		owners := map[string]int{}
		errs := race(8, func(i int) error {
			for range n {
				req := work(string(rune('a' + i)))
				req.Namespace, req.Limit = c.namespace, 3
				list, err := c.store.Lease(c, req)
				if err != nil {
					return err
				}
				mu.Lock()
				for _, p := range list {
					owners[p.UID]++
				}
				mu.Unlock()
			}
			return nil
		})
		for _, err := range errs {
			c.must(err, "Lease")
		}
		c.same(len(owners), n, "the number of payments handed out")
		for uid, times := range owners {
			if times != 1 {
				c.fail("the payment %s was handed out %d times", uid, times)
			}
		}
	}},
	{name: "lease-fences", rule: "leasing grows the version, so that a change by whoever held the payment before answers ErrStale", run: func(c *checker) {
		p := c.due(0)
		c.lease(work("a"))
		_, err := c.store.Apply(c, payments.Change{Payment: p})
		c.is(err, payments.ErrStale, "a change with the version before the lease")
	}},
	{name: "lease-renew", rule: "the owner may lease by UID again while it holds, and the version grows again; a free payment may be leased by UID before it is due", run: func(c *checker) {
		p := c.due(time.Hour)
		req := payments.LeaseRequest{UID: p.UID, Owner: "a", For: time.Minute}
		first, second := c.lease(req), c.lease(req)
		if len(first) != 1 || len(second) != 1 || second[0].Version != first[0].Version+1 {
			c.fail("the leases are %+v and %+v", first, second)
		}
		_, err := c.store.Apply(c, payments.Change{Payment: first[0]})
		c.is(err, payments.ErrStale, "a change with the version before the renewal")
	}},
	{name: "lease-freed", rule: "a change without Lease frees the payment, whatever LeaseUntil and LeaseOwner say", run: func(c *checker) {
		p := c.lease(payments.LeaseRequest{UID: c.due(0).UID, Owner: "a", For: time.Minute})[0]
		got := c.apply(payments.Change{Payment: p, LeaseOwner: "a"})
		c.same(got.LeaseOwner, "", "the owner")
		c.same(got.LeaseUntil, time.Time{}, "the end of the lease")
		c.same(c.find(p.UID).Payment, got, "the stored payment")
		c.same(len(c.lease(work("b"))), 1, "the number that b gets")
	}},
	{name: "lease-by-change", rule: "a change with Lease leaves the payment leased, at the insert and later", run: func(c *checker) {
		p := c.payment()
		p.DueAt = day
		for range 2 {
			p = c.apply(payments.Change{Payment: p, Lease: time.Minute, LeaseOwner: "a"})
			if p.LeaseOwner != "a" || p.LeaseUntil.IsZero() {
				c.fail("owner %q, until %v", p.LeaseOwner, p.LeaseUntil)
			}
			c.same(c.find(p.UID).Payment, p, "the stored payment")
			c.same(len(c.lease(work("b"))), 0, "the number that b gets")
		}
	}},
	{name: "lease-expires", rule: "a lease that ran out, by the store's own clock, is nobody's", timed: true, run: func(c *checker) {
		p := c.due(0)
		c.same(len(c.lease(work("a"))), 1, "the number that a gets")
		c.advance(59 * time.Second)
		c.same(len(c.lease(work("b"))), 0, "the number that b gets just before the end")
		c.advance(2 * time.Second)
		got := c.lease(work("b"))
		c.same(uids(got), []string{p.UID}, "what b gets after the end")
		c.same(got[0].LeaseOwner, "b", "the owner")
		c.same(len(c.lease(payments.LeaseRequest{UID: p.UID, Owner: "a", For: time.Minute})), 0, "the number that a gets back")
	}},
}
