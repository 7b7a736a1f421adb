package storage

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
)

// DefaultTablePrefix is before the name of each table when nothing else is asked.
const DefaultTablePrefix = "pay_"

// maxPrefix leaves room for the longest name of an index within PostgreSQL's 63 bytes.
const maxPrefix = 24

// Options are what a host may choose; the zero value and nil are fine.
type Options struct {
	// TablePrefix is before the name of each table: lower-case letters, digits and underscores, not a digit first, at
	// most 24. Empty is DefaultTablePrefix. Give Migrate the same.
	TablePrefix string
	// Clock, when set, is used instead of the database's own clock to judge leases, for tests. SQLite has the process's
	// clock either way.
	Clock func() time.Time
	// AllowUnsafeSQLite lets the store work on SQLite settings that can lose an answered payment or fail under load.
	AllowUnsafeSQLite bool
}

// Store is a payments.Store on a SQL database. It is safe for concurrent use.
type Store struct {
	core *core
	session
	// bound tells that the session is the host's transaction, or that of a hook.
	bound bool
	// refused is why this Store answers nothing.
	refused error
}

// core is what a Store and those that WithTx makes of it share.
type core struct {
	host  *gorm.DB
	sql   statements
	clock func() time.Time

	// checked tells that the settings are good; unsafe, that nobody asks.
	checked atomic.Bool
	unsafe  bool
	// writer is one writer's turn on SQLite, which has one writer anyway: waiting here is fair and costs nothing, while
	// waiting for the file's lock is polling. Nil on the other databases.
	writer chan struct{}
	// savepoints counts them, so that nested ones have different names: MySQL forgets the outer of two with one name.
	savepoints atomic.Uint32
	// queued is when a reader of the outbox last queued for the gate in vain.
	queued atomic.Pointer[time.Time]
}

var (
	_ payments.Store              = (*Store)(nil)
	_ payments.TransactionalStore = (*Store)(nil)
)

// New returns a Store on the host's database. It does no I/O and starts nothing: call Migrate when you deploy. When db is in
// a transaction already, the Store is bound to it as WithTx says. It refuses a nil db, a session with DryRun, a database that
// is not known, and a prefix that is not right.
func New(db *gorm.DB, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	prefix, err := prefixOf(opts.TablePrefix)
	if err != nil {
		return nil, err
	}
	d, err := usable(db)
	if err != nil {
		return nil, err
	}
	c := &core{host: db, clock: opts.Clock, unsafe: opts.AllowUnsafeSQLite}
	now, later := "?", "?"
	switch {
	case c.clock != nil:
	case d.name == PostgreSQL:
		now, later = "clock_timestamp()", "clock_timestamp() + CAST(? AS bigint) * interval '1 microsecond'"
	case d.name == MySQL:
		now, later = "UTC_TIMESTAMP(6)", "UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND"
	default:
		c.clock = time.Now //nolint:forbidigo // This is the clock.
	}
	if d.name == SQLite {
		c.writer = make(chan struct{}, 1)
	}
	c.sql = statementsOf(d, tablesOf(prefix), now, later)
	return &Store{core: c, session: newSession(db, d), bound: inTransaction(db)}, nil
}

// usable returns the dialect of a handle that the store can work on.
func usable(db *gorm.DB) (dialect, error) {
	switch {
	case db == nil || db.Config == nil || db.Dialector == nil || db.Statement == nil:
		return dialect{}, errors.New("storage: the *gorm.DB is nil or not opened")
	case db.Error != nil:
		return dialect{}, fmt.Errorf("storage: the *gorm.DB carries an error: %w", db.Error)
	case db.DryRun:
		return dialect{}, errors.New("storage: the *gorm.DB is a DryRun session, which would write nothing")
	}
	return dialectOf(db.Name())
}

// prefixOf validates a table prefix. It is part of SQL texts, so nothing but a plain name passes.
func prefixOf(prefix string) (string, error) {
	if prefix == "" {
		return DefaultTablePrefix, nil
	}
	for i, c := range []byte(prefix) {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9' || i == 0) {
			return "", fmt.Errorf("storage: the table prefix %q is not made of a-z, 0-9 and _", prefix)
		}
	}
	if len(prefix) > maxPrefix {
		return "", fmt.Errorf("storage: the table prefix %q is longer than %d characters", prefix, maxPrefix)
	}
	return prefix, nil
}

// WithTx returns a Store that reads and writes inside the host's open transaction: what Apply wrote is stored when the host
// commits, and a failed Apply leaves the transaction usable (a savepoint is around it). The Service begins and reads payments
// over such a Store, and makes no gateway call. A conflict that the database asks to retry is the host's to retry, for the
// whole transaction is lost then. A handle that is not in a transaction makes a Store that refuses everything.
func (s *Store) WithTx(tx *gorm.DB) *Store {
	bound := &Store{core: s.core, bound: true}
	d, err := usable(tx)
	switch {
	case err != nil:
		bound.refused = err
	case d != s.d:
		bound.refused = errors.New("storage: the transaction is on another kind of database")
	case !inTransaction(tx):
		bound.refused = errors.New("storage: the *gorm.DB given to WithTx is not in a transaction")
	default:
		bound.session = s.within(tx)
	}
	return bound
}

// InTransaction reports whether this Store writes inside a transaction that the host commits.
func (s *Store) InTransaction() bool { return s.bound }

// in returns the Store to use under ctx: inside a Hook of this Store it is the Hook's transaction, which sees the change and
// needs no second connection.
func (s *Store) in(ctx context.Context) *Store {
	if h := hookOf(ctx); h != nil && h.core == s.core && !s.bound {
		return &Store{core: s.core, session: h.session, bound: true}
	}
	return s
}

// ready refuses what cannot be used, and looks at the database's settings once.
func (s *Store) ready(ctx context.Context) error {
	if s.refused != nil {
		return &refusal{s.refused}
	}
	if s.d.name == SQLite && s.core.unsafe || s.core.checked.Load() {
		return nil
	}
	// Several may look at once. A lock here could wait for a connection that is held by who waits for the lock.
	if err := s.durable(ctx); err != nil {
		return err
	}
	s.core.checked.Store(true)
	return nil
}

// nowArgs are the arguments of the clock's SQL.
func (c *core) nowArgs(d dialect) []any {
	if c.clock == nil {
		return nil
	}
	return []any{d.time(cut(c.clock()))}
}

// laterArg is the argument of the SQL of a moment after the clock's; NULL when the duration is zero.
func (c *core) laterArg(d dialect, after time.Duration) any {
	switch {
	case after <= 0:
		return nil
	case c.clock == nil:
		return after.Microseconds()
	default:
		return d.time(cut(c.clock().Add(after)))
	}
}
