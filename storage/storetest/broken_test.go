package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/clocktest"
	"github.com/trendsic/payments/storage/memory"
	"github.com/trendsic/payments/storage/storetest"
)

// broken is a store with one thing done wrong.
type broken struct {
	payments.Store
	apply    func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error)
	find     func(rec *payments.Record, q payments.Query)
	list     func(ctx context.Context, s payments.Store, f payments.Filter) ([]payments.Payment, error)
	lease    func(ctx context.Context, s payments.Store, r payments.LeaseRequest) ([]payments.Payment, error)
	key      func(id payments.KeyID) payments.KeyID
	events   func(list []payments.Event) []payments.Event
	refunded func(namespace string) string
	hasten   func(ctx context.Context, s payments.Store, namespace string, due time.Time) (int64, error)
	prune    func(r payments.PruneRequest) payments.PruneRequest
	inbox    func(list []payments.InboxEvent) []payments.InboxEvent
}

func (b broken) Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) ([]payments.InboxEvent, error) {
	list, err := b.Store.Inbox(ctx, namespace, dueBefore, limit)
	if b.inbox != nil {
		list = b.inbox(list)
	}
	return list, err
}

func (b broken) Hasten(ctx context.Context, namespace string, due time.Time) (int64, error) {
	if b.hasten != nil {
		return b.hasten(ctx, b.Store, namespace, due)
	}
	return b.Store.Hasten(ctx, namespace, due)
}

func (b broken) Prune(ctx context.Context, r payments.PruneRequest) (int64, error) {
	if b.prune != nil {
		r = b.prune(r)
	}
	return b.Store.Prune(ctx, r)
}

func (b broken) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	if b.key != nil && c.Key != nil {
		k := *c.Key
		k.KeyID = b.key(k.KeyID)
		c.Key = &k
	}
	if b.apply != nil {
		return b.apply(ctx, b.Store, c)
	}
	return b.Store.Apply(ctx, c)
}

func (b broken) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	rec, err := b.Store.Find(ctx, q)
	if b.find != nil {
		b.find(&rec, q)
	}
	return rec, err
}

func (b broken) List(ctx context.Context, f payments.Filter) ([]payments.Payment, error) {
	if b.list != nil {
		return b.list(ctx, b.Store, f)
	}
	return b.Store.List(ctx, f)
}

func (b broken) Lease(ctx context.Context, r payments.LeaseRequest) ([]payments.Payment, error) {
	if b.lease != nil {
		return b.lease(ctx, b.Store, r)
	}
	return b.Store.Lease(ctx, r)
}

func (b broken) FindKey(ctx context.Context, id payments.KeyID) (payments.KeyRecord, error) {
	if b.key != nil {
		id = b.key(id)
	}
	return b.Store.FindKey(ctx, id)
}

func (b broken) Events(ctx context.Context, namespace string, after int64, limit int) ([]payments.Event, error) {
	list, err := b.Store.Events(ctx, namespace, after, limit)
	if b.events != nil {
		list = b.events(list)
	}
	return list, err
}

func (b broken) FindRefund(ctx context.Context, namespace, key string) (payments.Refund, error) {
	r, err := b.Store.FindRefund(ctx, namespace, key)
	if b.refunded != nil && err == nil {
		r.Reason = b.refunded(r.Reason)
	}
	return r, err
}

type applied = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error)

// again reads the version that is stored, as a store does that forgets the compare-and-swap.
func lastWriteWins(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
	if c.Payment.Version > 0 {
		if rec, err := s.Find(ctx, payments.Query{Namespace: c.Payment.Namespace, UID: c.Payment.UID}); err == nil {
			c.Payment.Version = rec.Payment.Version
		}
	}
	return s.Apply(ctx, c)
}

// beforehand writes with the hook called first, outside.
func beforehand(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
	hook := c.Hook
	c.Hook = nil
	if hook != nil {
		if err := hook(ctx); err != nil {
			return payments.Payment{}, payments.NewError(payments.Error{Code: payments.ErrHook}, err)
		}
	}
	return s.Apply(ctx, c)
}

// afterwards writes, and calls the hook when it is too late.
func afterwards(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
	hook := c.Hook
	c.Hook = nil
	p, err := s.Apply(ctx, c)
	if err == nil && hook != nil {
		if err := hook(ctx); err != nil {
			return payments.Payment{}, payments.NewError(payments.Error{Code: payments.ErrHook}, err)
		}
	}
	return p, err
}

// changed returns a store that changes what it is told to write.
func changed(f func(c *payments.Change)) applied {
	return func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
		f(&c)
		return s.Apply(ctx, c)
	}
}

// piecemeal writes the payment first and the rest in a second change.
func piecemeal(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
	first := c
	first.Transactions, first.Refunds, first.Events, first.Breaks, first.Key, first.Hook = nil, nil, nil, nil, nil, nil
	p, err := s.Apply(ctx, first)
	if err != nil {
		return p, err
	}
	c.Payment.ID, c.Payment.Version = p.ID, p.Version
	p, err = s.Apply(ctx, c)
	return p, err
}

// stores are broken on purpose, each in the way its name says; check is what must be named.
var stores = []struct {
	name, check string
	breakIt     func(b *broken)
}{
	{"the last write wins", "payment-stale", func(b *broken) { b.apply = lastWriteWins }},
	{"the version does not move", "payment-update", func(b *broken) {
		b.find = func(rec *payments.Record, _ payments.Query) { rec.Payment.Version = min(rec.Payment.Version, 1) }
	}},
	{"two live payments of one order", "live-unique", func(b *broken) {
		b.apply = changed(func(c *payments.Change) { c.Payment.Live = false })
	}},
	{"the live marker is looked up before the insert", "live-race", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			if wants := c.Payment.Live && c.Payment.Version == 0; wants {
				rec, err := s.Find(ctx, payments.Query{Namespace: c.Payment.Namespace, OrderID: c.Payment.OrderID})
				if err == nil && rec.Payment.Live {
					return payments.Payment{}, payments.ErrStale
				}
				c.Payment.Live = false
			}
			return s.Apply(ctx, c)
		}
	}},
	{"the live marker is never freed", "live-freed", func(b *broken) {
		b.apply = changed(func(c *payments.Change) { c.Payment.Live = true })
	}},
	{"namespaces share orders", "live-namespaces", func(b *broken) {
		b.apply = changed(func(c *payments.Change) {
			if c.Payment.UID != "" {
				c.Payment.Namespace = "all"
			}
		})
	}},
	{"a change in two transactions", "hook-fails", func(b *broken) { b.apply = piecemeal }},
	{"the hook after the commit", "hook-fails", func(b *broken) { b.apply = afterwards }},
	{"the hook before the rows", "hook-not-on-stale", func(b *broken) { b.apply = beforehand }},
	{"a panic of the hook goes through", "hook-panics", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			var panicked any
			if hook := c.Hook; hook != nil {
				c.Hook = func(ctx context.Context) error {
					defer func() { panicked = recover() }()
					return hook(ctx)
				}
			}
			p, err := s.Apply(ctx, c)
			if panicked != nil {
				panic(panicked)
			}
			return p, err
		}
	}},
	{"the hook is forgotten", "hook-runs", func(b *broken) { b.apply = changed(func(c *payments.Change) { c.Hook = nil }) }},
	{"closed transactions are reopened", "transaction-closed-once", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			p, err := s.Apply(ctx, c)
			if errors.Is(err, payments.ErrStale) && slices.ContainsFunc(c.Transactions, func(t payments.Transaction) bool { return t.ID > 0 }) {
				c.Transactions = nil
				return s.Apply(ctx, c)
			}
			return p, err
		}
	}},
	{"refund keys are not unique", "refund-key-unique", func(b *broken) {
		b.apply = changed(func(c *payments.Change) {
			c.Refunds = slices.Clone(c.Refunds)
			for i := range c.Refunds {
				c.Refunds[i].Key = ""
			}
		})
	}},
	{"keys are compared without case", "texts-compared-bytewise", func(b *broken) {
		b.key = func(id payments.KeyID) payments.KeyID { id.Key = strings.ToLower(id.Key); return id }
	}},
	{"trailing spaces are cut", "texts-compared-bytewise", func(b *broken) {
		b.key = func(id payments.KeyID) payments.KeyID { id.Key = strings.TrimRight(id.Key, " "); return id }
	}},
	{"keys of all principals meet", "key-unique", func(b *broken) {
		b.key = func(id payments.KeyID) payments.KeyID { id.Principal = ""; return id }
	}},
	{"times in the local zone", "payment-round-trip", func(b *broken) {
		b.find = func(rec *payments.Record, _ payments.Query) {
			rec.Payment.CreatedAt = rec.Payment.CreatedAt.In(time.FixedZone("east", 3600))
		}
	}},
	{"times in milliseconds", "times-utc-microseconds", func(b *broken) {
		b.find = func(rec *payments.Record, _ payments.Query) {
			rec.Payment.DueAt = rec.Payment.DueAt.Truncate(time.Millisecond)
		}
	}},
	{"the zero time becomes 1970", "payment-zero-fields", func(b *broken) {
		b.find = func(rec *payments.Record, _ payments.Query) {
			if rec.Payment.DueAt.IsZero() {
				rec.Payment.DueAt = time.Unix(0, 0).UTC()
			}
		}
	}},
	{"amounts go through a float", "amounts-exact", func(b *broken) {
		b.find = func(rec *payments.Record, _ payments.Query) {
			rec.Payment.Amount.Amount = int64(float64(rec.Payment.Amount.Amount))
		}
	}},
	{"messages are cut at 255", "texts-kept", func(b *broken) {
		b.apply = changed(func(c *payments.Change) { c.Payment.Message = c.Payment.Message[:min(255, len(c.Payment.Message))] })
	}},
	{"leases do not grow the version", "lease-fences", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			p, err := s.Apply(ctx, c)
			if errors.Is(err, payments.ErrStale) && c.Payment.Version > 0 {
				if rec, found := s.Find(ctx, payments.Query{Namespace: c.Payment.Namespace, UID: c.Payment.UID}); found == nil &&
					rec.Payment.LeaseOwner != "" && rec.Payment.Version == c.Payment.Version+1 {
					c.Payment.Version++
					return s.Apply(ctx, c)
				}
			}
			return p, err
		}
	}},
	{"a lease is everybody's", "lease-exclusive", func(b *broken) {
		b.lease = func(ctx context.Context, s payments.Store, r payments.LeaseRequest) ([]payments.Payment, error) {
			r.Owner = "everybody"
			return s.Lease(ctx, r)
		}
	}},
	{"leases never end", "lease-expires", func(b *broken) {
		b.lease = func(ctx context.Context, s payments.Store, r payments.LeaseRequest) ([]payments.Payment, error) {
			r.For *= 1000
			return s.Lease(ctx, r)
		}
	}},
	{"a change keeps the lease", "lease-freed", func(b *broken) {
		b.apply = changed(func(c *payments.Change) {
			if c.Payment.LeaseOwner != "" && c.Lease == 0 {
				c.Lease, c.LeaseOwner = time.Minute, c.Payment.LeaseOwner
			}
		})
	}},
	{"work is handed out in the order of the IDs", "lease-due", func(b *broken) {
		b.lease = func(ctx context.Context, s payments.Store, r payments.LeaseRequest) ([]payments.Payment, error) {
			list, err := s.Lease(ctx, r)
			slices.SortFunc(list, func(a, b payments.Payment) int { return int(a.ID - b.ID) })
			return list, err
		}
	}},
	{"the oldest first", "list-order-limit", func(b *broken) {
		b.list = func(ctx context.Context, s payments.Store, f payments.Filter) ([]payments.Payment, error) {
			list, err := s.List(ctx, f)
			slices.Reverse(list)
			return list, err
		}
	}},
	{"the span includes its end", "list-filters", func(b *broken) {
		b.list = func(ctx context.Context, s payments.Store, f payments.Filter) ([]payments.Payment, error) {
			if !f.CreatedBefore.IsZero() {
				f.CreatedBefore = f.CreatedBefore.Add(time.Microsecond)
			}
			return s.List(ctx, f)
		}
	}},
	{"events out of order", "events-round-trip", func(b *broken) {
		b.events = func(list []payments.Event) []payments.Event { slices.Reverse(list); return list }
	}},
	// One in three: the check writes to two namespaces in turn, so that one in two might be all of the one that it does not read.
	{"every third event is lost", "events-cursor", func(b *broken) {
		var n atomic.Int64
		b.apply = changed(func(c *payments.Change) {
			c.Events = slices.DeleteFunc(slices.Clone(c.Events), func(payments.Event) bool { return n.Add(1)%3 == 0 })
		})
	}},
	{"a canceled context is ignored", "context-canceled", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			return s.Apply(context.WithoutCancel(ctx), c)
		}
	}},
	{"the order can be changed", "payment-immutable", func(b *broken) {
		var moved sync.Map
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			if c.Payment.Version > 0 {
				moved.Store(c.Payment.UID, c.Payment.OrderID)
			}
			return s.Apply(ctx, c)
		}
		b.find = func(rec *payments.Record, _ payments.Query) {
			if o, ok := moved.Load(rec.Payment.UID); ok {
				rec.Payment.OrderID, _ = o.(payments.OrderID)
			}
		}
	}},
	{"the dead payment is found by the order", "find-by-order", func(b *broken) {
		var older *payments.Record
		b.find = func(rec *payments.Record, q payments.Query) {
			if !q.OrderID.IsZero() && older != nil {
				*rec = *older
			}
			older = rec
		}
	}},
	{"accounts share their events", "inbox-once", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			for i := range c.Inbox {
				c.Inbox[i].Event.Account = ""
			}
			return s.Apply(ctx, c)
		}
	}},
	{"a break is ended again", "break-ended-once", func(b *broken) {
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			p, err := s.Apply(ctx, c)
			if errors.Is(err, payments.ErrStale) && slices.ContainsFunc(c.Breaks, func(b payments.Break) bool { return b.ID > 0 }) {
				c.Breaks = nil
				return s.Apply(ctx, c)
			}
			return p, err
		}
	}},
	{"an event that is done is opened again", "inbox-done-once", func(b *broken) {
		var mu sync.Mutex
		var open []payments.InboxEvent
		b.apply = changed(func(c *payments.Change) {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range c.Inbox {
				if e.ID > 0 && e.DoneAt.IsZero() {
					open = append(open, e)
				}
			}
		})
		b.inbox = func(list []payments.InboxEvent) []payments.InboxEvent {
			mu.Lock()
			defer mu.Unlock()
			return append(list, open...)
		}
	}},
	{"a change of what is done is refused", "inbox-done-once", func(b *broken) {
		var done sync.Map
		b.apply = func(ctx context.Context, s payments.Store, c payments.Change) (payments.Payment, error) {
			for _, e := range c.Inbox {
				if _, over := done.Load(e.ID); over && e.ID > 0 {
					return payments.Payment{}, payments.ErrStale
				} else if !e.DoneAt.IsZero() {
					done.Store(e.ID, true)
				}
			}
			return s.Apply(ctx, c)
		}
	}},
	{"an outage's end hastens nothing", "hasten", func(b *broken) {
		b.hasten = func(context.Context, payments.Store, string, time.Time) (int64, error) { return 0, nil }
	}},
	{"pruning deletes what is still of use", "prune", func(b *broken) {
		b.prune = func(r payments.PruneRequest) payments.PruneRequest {
			r.KeysExpired = r.KeysExpired.Add(time.Hour)
			return r
		}
	}},
	{"pruning has no limit", "prune", func(b *broken) {
		b.prune = func(r payments.PruneRequest) payments.PruneRequest {
			r.Limit = 1 << 20
			return r
		}
	}},
	{"one refund is somebody else's", "refund-round-trip", func(b *broken) {
		b.refunded = func(string) string { return "" }
	}},
}

func TestVerifyNamesBrokenStores(t *testing.T) {
	t.Parallel()
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := clocktest.New(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
			b := broken{Store: memory.New(c.Now)}
			s.breakIt(&b)
			err := storetest.Verify(t.Context(), storetest.Harness{Store: b, Advance: c.Advance})
			if names := failed(err); !slices.Contains(names, s.check) {
				t.Errorf("Verify names %q, not %s", names, s.check)
			}
		})
	}
}

// failed returns the names of the checks in an error of Verify.
func failed(err error) (names []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, err := range joined.Unwrap() {
		var f *storetest.CheckError
		if errors.As(err, &f) {
			names = append(names, f.Check)
		}
	}
	return names
}

func TestVerifyPassesAGoodStore(t *testing.T) {
	t.Parallel()
	c := clocktest.New(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	if err := storetest.Verify(t.Context(), storetest.Harness{Store: memory.New(c.Now), Advance: c.Advance}); err != nil {
		t.Error(err)
	}
}

func TestEveryCheckHasANameAndARule(t *testing.T) {
	t.Parallel()
	names := storetest.Checks()
	if len(names) < 40 {
		t.Errorf("there are only %d checks", len(names))
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("two checks have one name: %q", names)
	}
}
