package memory

import (
	"cmp"
	"slices"
	"time"

	"github.com/trendsic/payments"
)

// refund is a refund with the namespace of its payment.
type refund struct {
	payments.Refund
	namespace string
}

// order names an order in a namespace, invoice an invoice of a subscription.
type (
	order struct {
		namespace string
		id        payments.OrderID
	}
	invoice struct{ namespace, subscription, id string }
	// received names an event of a gateway's.
	received struct{ namespace, gateway, account, id string }
)

// state is all that is stored. What is changed is put into undo before.
type state struct {
	payments     []*payments.Payment
	byUID        map[string]*payments.Payment
	byOrder      map[order][]*payments.Payment
	live         map[order]*payments.Payment
	invoices     map[invoice]*payments.Payment
	transactions map[string][]*payments.Transaction
	refunds      map[string][]*refund
	refundKeys   map[[2]string]*refund
	keys         map[payments.KeyID]*payments.KeyRecord
	events       []*payments.Event
	breaks       []*payments.Break
	inbox        []*payments.InboxEvent
	known        map[received]bool
	// rows holds the UIDs of the other rows, by their kind.
	rows map[string]bool
	// lastTransaction and lastRefund are the IDs given last.
	lastTransaction, lastRefund int64
	undo                        []func()
}

func newState() *state {
	return &state{byUID: map[string]*payments.Payment{}, byOrder: map[order][]*payments.Payment{},
		live: map[order]*payments.Payment{}, invoices: map[invoice]*payments.Payment{},
		transactions: map[string][]*payments.Transaction{}, refunds: map[string][]*refund{},
		refundKeys: map[[2]string]*refund{}, keys: map[payments.KeyID]*payments.KeyRecord{}, rows: map[string]bool{},
		known: map[received]bool{}}
}

// undone remembers how to undo what is changed next.
func (st *state) undone(f func()) { st.undo = append(st.undo, f) }

// rollback undoes all that was changed since the mark, the latest first.
func (st *state) rollback(mark int) {
	for len(st.undo) > mark {
		last := len(st.undo) - 1
		f := st.undo[last]
		st.undo = st.undo[:last]
		f()
	}
}

// put sets one entry of a map.
func put[K comparable, V any](st *state, m map[K]V, key K, value V) {
	old, had := m[key]
	st.undone(func() {
		if had {
			m[key] = old
		} else {
			delete(m, key)
		}
	})
	m[key] = value
}

// remove deletes one entry of a map.
func remove[K comparable, V any](st *state, m map[K]V, key K) {
	if old, had := m[key]; had {
		st.undone(func() { m[key] = old })
		delete(m, key)
	}
}

// add appends to a list.
func add[T any](st *state, list *[]T, value T) {
	old := *list
	st.undone(func() { *list = old })
	*list = append(old, value)
}

// unique takes a row's UID, and reports whether it was free.
func (st *state) unique(kind, uid string) bool {
	if st.rows[kind+uid] {
		return false
	}
	put(st, st.rows, kind+uid, true)
	return true
}

// apply writes the rows of a change and reports whether all of them could be.
func (st *state) apply(c *payments.Change, now time.Time) bool {
	return st.payment(c, now) && st.applyTransactions(c) && st.applyRefunds(c) && st.key(c.Key) && st.applyBreaks(c) && st.applyInbox(c) && st.applyEvents(c)
}

func (st *state) payment(c *payments.Change, now time.Time) bool {
	p := &c.Payment
	if p.UID == "" {
		return true
	}
	p.LeaseOwner, p.LeaseUntil = "", time.Time{}
	if c.Lease > 0 {
		p.LeaseOwner, p.LeaseUntil = c.LeaseOwner, now.Add(c.Lease).Truncate(time.Microsecond)
	}
	row := st.byUID[p.UID]
	if p.Version == 0 {
		if row != nil {
			return false
		}
		row = &payments.Payment{}
		p.ID = int64(len(st.payments)) + 1
		o := order{p.Namespace, p.OrderID}
		add(st, &st.payments, row)
		put(st, st.byUID, p.UID, row)
		put(st, st.byOrder, o, append(slices.Clip(st.byOrder[o]), row))
	} else {
		if row == nil || row.Namespace != p.Namespace || row.Version != p.Version {
			return false
		}
		p.ID, p.OrderID, p.CreatedAt = row.ID, row.OrderID, row.CreatedAt
	}
	p.Version++
	return st.index(row, *p)
}

// index keeps what is unique about payments, and then changes the row.
func (st *state) index(row *payments.Payment, p payments.Payment) bool {
	o := order{p.Namespace, p.OrderID}
	switch holder := st.live[o]; {
	case p.Live && holder != nil && holder != row:
		return false
	case p.Live:
		put(st, st.live, o, row)
	case holder == row:
		remove(st, st.live, o)
	}
	if row.Subscription != "" && row.Invoice != "" {
		remove(st, st.invoices, invoice{row.Namespace, row.Subscription, row.Invoice})
	}
	if p.Subscription != "" && p.Invoice != "" {
		i := invoice{p.Namespace, p.Subscription, p.Invoice}
		if st.invoices[i] != nil {
			return false
		}
		put(st, st.invoices, i, row)
	}
	old := *row
	st.undone(func() { *row = old })
	*row = p
	return true
}

func (st *state) applyTransactions(c *payments.Change) bool {
	for i := range c.Transactions {
		t := &c.Transactions[i]
		list := st.transactions[t.PaymentUID]
		if t.ID == 0 {
			if !st.unique("t", t.UID) {
				return false
			}
			last := st.lastTransaction
			st.undone(func() { st.lastTransaction = last })
			st.lastTransaction++
			t.ID = st.lastTransaction
			row := *t
			put(st, st.transactions, t.PaymentUID, append(slices.Clip(list), &row))
			continue
		}
		at := slices.IndexFunc(list, func(r *payments.Transaction) bool { return r.ID == t.ID && r.UID == t.UID && r.Open() })
		if at < 0 {
			return false
		}
		row, old := list[at], *list[at]
		st.undone(func() { *row = old })
		*row = *t
		row.RefundUID, row.Kind, row.CreatedAt = old.RefundUID, old.Kind, old.CreatedAt
	}
	return true
}

func (st *state) applyRefunds(c *payments.Change) bool {
	for i := range c.Refunds {
		r := &c.Refunds[i]
		list := st.refunds[r.PaymentUID]
		at := slices.IndexFunc(list, func(o *refund) bool { return o.ID == r.ID && o.UID == r.UID })
		if r.Reference != "" && slices.ContainsFunc(list, func(o *refund) bool { return o.Reference == r.Reference && o.UID != r.UID }) {
			return false
		}
		if r.ID != 0 {
			if at < 0 {
				return false
			}
			row, old := list[at], *list[at]
			st.undone(func() { *row = old })
			row.Refund = *r
			row.Key, row.CreatedAt = old.Key, old.CreatedAt
			continue
		}
		key := [2]string{c.Payment.Namespace, r.Key}
		if !st.unique("r", r.UID) || st.refundKeys[key] != nil {
			return false
		}
		last := st.lastRefund
		st.undone(func() { st.lastRefund = last })
		st.lastRefund++
		r.ID = st.lastRefund
		row := &refund{*r, c.Payment.Namespace}
		put(st, st.refunds, r.PaymentUID, append(slices.Clip(list), row))
		if r.Key != "" {
			put(st, st.refundKeys, key, row)
		}
	}
	return true
}

func (st *state) key(k *payments.KeyRecord) bool {
	if k == nil {
		return true
	}
	row := st.keys[k.KeyID]
	if row == nil != (k.Version == 0) || row != nil && row.Version != k.Version {
		return false
	}
	stored := *k
	if stored.Version++; row != nil {
		stored.CreatedAt = row.CreatedAt
	}
	put(st, st.keys, k.KeyID, &stored)
	return true
}

func (st *state) applyBreaks(c *payments.Change) bool {
	for i := range c.Breaks {
		b := &c.Breaks[i]
		if b.ID == 0 {
			if !st.unique("b", b.UID) {
				return false
			}
			b.ID = int64(len(st.breaks)) + 1
			row := *b
			add(st, &st.breaks, &row)
			continue
		}
		if b.ID < 0 || b.ID > int64(len(st.breaks)) {
			return false
		}
		row := st.breaks[b.ID-1]
		if row.UID != b.UID || row.Namespace != b.Namespace || !row.EndedAt.IsZero() {
			return false
		}
		old := *row
		st.undone(func() { *row = old })
		row.EndedAt, row.EndedBy, row.Note = b.EndedAt, b.EndedBy, b.Note
	}
	return true
}

func (st *state) applyEvents(c *payments.Change) bool {
	for i := range c.Events {
		e := &c.Events[i]
		if !st.unique("e", e.UID) {
			return false
		}
		e.ID = int64(len(st.events)) + 1
		row := *e
		add(st, &st.events, &row)
	}
	return true
}

func (st *state) applyInbox(c *payments.Change) bool {
	for i := range c.Inbox {
		e := &c.Inbox[i]
		if e.ID == 0 {
			name := received{e.Namespace, e.Gateway, e.Event.Account, e.Event.ID}
			if st.known[name] {
				continue
			}
			put(st, st.known, name, true)
			e.ID = int64(len(st.inbox)) + 1
			row := *e
			add(st, &st.inbox, &row)
			continue
		}
		if e.ID < 0 || e.ID > int64(len(st.inbox)) || st.inbox[e.ID-1].ID == 0 || st.inbox[e.ID-1].Namespace != e.Namespace {
			return false
		}
		row, old := st.inbox[e.ID-1], *st.inbox[e.ID-1]
		if !row.DoneAt.IsZero() {
			continue
		}
		st.undone(func() { *row = old })
		row.DoneAt, row.Tries, row.DueAt = e.DoneAt, e.Tries, e.DueAt
	}
	return true
}

// find returns the payment that a query names, or nil.
func (st *state) find(q payments.Query) *payments.Payment {
	switch {
	case q.UID != "":
		if p := st.byUID[q.UID]; p != nil && p.Namespace == q.Namespace {
			return p
		}
	case !q.OrderID.IsZero():
		return best(st.byOrder[order{q.Namespace, q.OrderID}])
	case q.Reference != "":
		var found []*payments.Payment
		for _, p := range st.payments {
			if p.Namespace == q.Namespace && p.Gateway == q.Gateway && p.Reference == q.Reference {
				found = append(found, p)
			}
		}
		return best(found)
	case q.Subscription != "":
		for _, p := range st.payments {
			if p.Namespace == q.Namespace && p.Gateway == q.Gateway && p.Subscription == q.Subscription {
				return p
			}
		}
	}
	return nil
}

// best returns the live payment of a list in ascending order, else the newest, or nil.
func best(list []*payments.Payment) (p *payments.Payment) {
	for _, p = range list {
		if p.Live {
			return p
		}
	}
	return p
}

// leasable returns what a request can have, the longest due first.
func (st *state) leasable(req payments.LeaseRequest, now time.Time) (list []*payments.Payment) {
	free := func(p *payments.Payment) bool { return p.LeaseUntil.IsZero() || !p.LeaseUntil.After(now) }
	if req.UID != "" {
		if p := st.byUID[req.UID]; p != nil && p.Namespace == req.Namespace && (free(p) || p.LeaseOwner == req.Owner) {
			list = append(list, p)
		}
		return list
	}
	for _, p := range st.payments {
		if p.Namespace == req.Namespace && !p.DueAt.IsZero() && !p.DueAt.After(req.DueBefore) && free(p) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *payments.Payment) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), max(req.Limit, 1))]
}
