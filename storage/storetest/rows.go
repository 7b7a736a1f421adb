package storetest

import (
	"time"

	"github.com/trendsic/payments"
)

// with stores a change of the payment with rows.
func (c *checker) with(p payments.Payment, t []payments.Transaction, r []payments.Refund) payments.Payment {
	return c.apply(payments.Change{Payment: p, Transactions: t, Refunds: r})
}

var rowChecks = []check{
	{name: "transaction-round-trip", rule: "a transaction is inserted with its payment, in ascending order of IDs, and every field is stored", run: func(c *checker) {
		p := c.payment()
		first, second := c.transaction(p), c.transaction(p)
		second.Sent, second.Round, second.Outcome, second.Reference = true, 2, payments.OutcomeNotApplied, "pi_1"
		second.DeclineCode, second.GatewayCode, second.Message, second.RequestID = "a", "b", "c", "d"
		second.ClosedAt = day
		given := []payments.Transaction{first, second}
		c.with(p, given, nil)
		got := c.find(p.UID).Transactions
		if len(got) != 2 || got[0].ID <= 0 || got[1].ID <= got[0].ID {
			c.fail("the transactions are %+v", got)
		}
		first.ID, second.ID = got[0].ID, got[1].ID
		c.same(got, []payments.Transaction{first, second}, "the stored transactions")
		c.same([]int64{given[0].ID, given[1].ID}, []int64{first.ID, second.ID}, "what Apply gave the inserted rows as IDs")
	}},
	{name: "transaction-open-update", rule: "an open transaction can be changed and stay open", run: func(c *checker) {
		p := c.payment()
		p = c.with(p, []payments.Transaction{c.transaction(p)}, nil)
		for round := range 2 {
			t := c.find(p.UID).Transactions[0]
			t.Sent, t.Round, t.Reference = true, round, "pi_2"
			// Twice the same: a database that counts changed rows must not take it for a lost row.
			p = c.with(p, []payments.Transaction{t}, nil)
			p = c.with(p, []payments.Transaction{t}, nil)
			c.same(c.find(p.UID).Transactions, []payments.Transaction{t}, "the transactions")
		}
	}},
	{name: "transaction-closed-once", rule: "a closed transaction never changes again: to close or to open it answers ErrStale and writes nothing", run: func(c *checker) {
		p := c.payment()
		p = c.with(p, []payments.Transaction{c.transaction(p)}, nil)
		t := c.find(p.UID).Transactions[0]
		t.Outcome, t.ClosedAt, t.RequestID = payments.OutcomeApplied, day, "req_1"
		p = c.with(p, []payments.Transaction{t}, nil)
		before := c.find(p.UID)
		c.same(before.Transactions[0], t, "the closed transaction")
		reopened, changed := t, t
		reopened.ClosedAt, reopened.Outcome = time.Time{}, payments.OutcomeUnknown
		changed.Outcome = payments.OutcomeNotApplied
		for _, late := range []payments.Transaction{reopened, changed} {
			_, err := c.store.Apply(c, payments.Change{Payment: p, Transactions: []payments.Transaction{late}})
			c.is(err, payments.ErrStale, "a change of a closed transaction")
			c.same(c.find(p.UID), before, "the record")
		}
	}},
	{name: "transaction-of-payment", rule: "a transaction is changed only through its own payment", run: func(c *checker) {
		p, other := c.payment(), c.begin()
		p = c.with(p, []payments.Transaction{c.transaction(p)}, nil)
		t := c.find(p.UID).Transactions[0]
		t.PaymentUID, t.Reference = other.UID, "pi_stolen"
		_, err := c.store.Apply(c, payments.Change{Payment: other, Transactions: []payments.Transaction{t}})
		c.is(err, payments.ErrStale, "a change through another payment")
		c.same(c.find(p.UID).Transactions[0].Reference, "", "the reference")
	}},
	{name: "refund-round-trip", rule: "a refund is stored with every field, is found by its key, and can be changed", run: func(c *checker) {
		p := c.payment()
		r := c.refund(p)
		given := []payments.Refund{r}
		p = c.with(p, nil, given)
		got, err := c.store.FindRefund(c, c.namespace, r.Key)
		c.must(err, "FindRefund")
		r.ID = got.ID
		c.same(got, r, "the stored refund")
		c.same(given[0].ID, r.ID, "the ID that Apply gave")
		r.Status, r.Reason, r.UpdatedAt = payments.RefundFailed, "closed account", day.Add(time.Hour)
		p = c.with(p, nil, []payments.Refund{r})
		p = c.with(p, nil, []payments.Refund{r})
		c.same(c.find(p.UID).Refunds, []payments.Refund{r}, "the refunds")
		_, err = c.store.FindRefund(c, c.other().namespace, r.Key)
		c.is(err, payments.ErrPaymentNotFound, "FindRefund in another namespace")
	}},
	{name: "refund-key-unique", rule: "a refund's key is used once in a namespace, also at once and on two payments; refunds without a key are many", run: func(c *checker) {
		key := "same"
		errs := race(racers/4, func(int) error {
			p := c.payment()
			r := c.refund(p)
			r.Key = key
			_, err := c.store.Apply(c, payments.Change{Payment: p, Refunds: []payments.Refund{r}})
			return err
		})
		c.one(errs, "a refund with one key")
		c.same(len(c.list(payments.Filter{})), 1, "the number of payments")
		p := c.payment()
		a, b := c.refund(p), c.refund(p)
		a.Key, b.Key = "", ""
		c.with(p, nil, []payments.Refund{a, b})
	}},
	{name: "refund-reference-unique", rule: "a gateway's refund has one row in its payment; refunds whose reference is not known yet are many", run: func(c *checker) {
		p := c.payment()
		a, b, d := c.refund(p), c.refund(p), c.refund(p)
		b.Reference, d.Reference = "", ""
		p = c.with(p, nil, []payments.Refund{a, b, d})
		double := c.refund(p)
		double.Reference = a.Reference
		_, err := c.store.Apply(c, payments.Change{Payment: p, Refunds: []payments.Refund{double}})
		c.is(err, payments.ErrStale, "a second row of one refund")
		late := c.find(p.UID).Refunds[1]
		late.Reference = a.Reference
		_, err = c.store.Apply(c, payments.Change{Payment: p, Refunds: []payments.Refund{late}})
		c.is(err, payments.ErrStale, "a second row that gets the reference")
		c.same(len(c.find(p.UID).Refunds), 3, "the number of refunds")
	}},
	{name: "key-round-trip", rule: "an idempotency record is stored with every field, alone or with a payment, and its version is 1", run: func(c *checker) {
		k := c.key()
		p := c.apply(payments.Change{Key: &k})
		c.same(p, payments.Payment{}, "the payment of a change without one")
		got, err := c.store.FindKey(c, k.KeyID)
		c.must(err, "FindKey")
		k.Version = 1
		c.same(got, k, "the stored record")
		none := c.key()
		none.Answer = nil
		c.apply(payments.Change{Payment: c.payment(), Key: &none})
		got, err = c.store.FindKey(c, none.KeyID)
		c.must(err, "FindKey")
		c.same(len(got.Answer), 0, "the length of no answer")
	}},
	{name: "key-swap", rule: "a record changes by compare-and-swap on its version, else ErrStale, and nothing of the change is written", run: func(c *checker) {
		k := c.key()
		c.apply(payments.Change{Key: &k})
		k.Version, k.Answer = 1, []byte("done")
		c.apply(payments.Change{Key: &k})
		got, err := c.store.FindKey(c, k.KeyID)
		c.must(err, "FindKey")
		k.Version = 2
		c.same(got, k, "the stored record")
		for _, version := range []int64{0, 1, 3} {
			late, p := k, c.payment()
			late.Version, late.Answer = version, []byte("late")
			_, err := c.store.Apply(c, payments.Change{Payment: p, Key: &late})
			c.is(err, payments.ErrStale, "a record with another version")
			_, err = c.store.Find(c, payments.Query{Namespace: c.namespace, UID: p.UID})
			c.is(err, payments.ErrPaymentNotFound, "Find of the payment beside it")
		}
		got, err = c.store.FindKey(c, k.KeyID)
		c.must(err, "FindKey")
		c.same(string(got.Answer), "done", "the answer")
	}},
	{name: "key-unique", rule: "a record is one by namespace, principal, verb and key together, also at once", run: func(c *checker) {
		k := c.key()
		errs := race(racers, func(int) error {
			mine := k
			_, err := c.store.Apply(c, payments.Change{Key: &mine})
			return err
		})
		c.one(errs, "taking one key")
		for _, change := range []func(*payments.KeyID){
			func(id *payments.KeyID) { id.Namespace = c.other().namespace },
			func(id *payments.KeyID) { id.Principal = "agent:12" },
			func(id *payments.KeyID) { id.Verb = "refund" },
		} {
			other := k
			change(&other.KeyID)
			_, err := c.store.FindKey(c, other.KeyID)
			c.is(err, payments.ErrPaymentNotFound, "FindKey of another key")
			c.apply(payments.Change{Key: &other})
		}
	}},
}
