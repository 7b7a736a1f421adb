package storage

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/trendsic/payments"
)

// The outbox is read by a cursor, so an event must never appear below one that was read already. But PostgreSQL and MySQL give
// an id when a row is inserted, and show the row when its transaction commits, maybe after that of a higher id. Therefore who
// inserts events stands in a gate that many may share until they commit, and a reader who sees a gap among the ids asks for
// the gate alone: once nobody stands in it, what is missing was rolled back and will never come, and the read is repeated. Under
// a steady load there is always somebody in it, so that a reader who did not find it empty in a few tries queues for it: who
// comes to write after that waits behind the reader, and the reader has its turn when those who stand in the gate have
// committed. If somebody stays in it (a host's long transaction) the reader leaves the queue soon, returns what is before the
// gap, and lets the writers alone for a while; the rest comes with a later call. Without a gap, which is the rule, nobody waits
// for anybody.

// How often, and after what pauses, a reader tries the gate; how long it queues for it then, which MySQL knows in seconds; and
// how long no reader of the process queues after one did in vain.
const (
	gateTries = 10
	gatePause = 3 * time.Millisecond
	gateQueue = time.Second
	gateRest  = 10 * gateQueue
)

// Events returns the outbox after an ID, at most limit events. No event ever appears later below one that was returned.
func (s *Store) Events(ctx context.Context, namespace string, afterID int64, limit int) ([]payments.Event, error) {
	limit = max(limit, 1)
	var list []payments.Event
	err := s.read(ctx, "store.events", func(s *Store) error {
		var err error
		if list, err = s.events(ctx, s.session, namespace, afterID, limit); err != nil || s.core.sql.settleGate == "" {
			return err
		}
		whole := contiguous(list, afterID)
		if whole == len(list) {
			return nil
		}
		settled, err := s.settled(ctx, namespace, afterID, limit)
		if err != nil {
			return err
		}
		if list = list[:whole]; settled != nil {
			list = settled
		}
		return nil
	})
	return list, err
}

func (s *Store) events(ctx context.Context, on session, namespace string, afterID int64, limit int) (list []payments.Event, err error) {
	err = on.query(ctx, collect(&list, scanEvent), s.core.sql.selectEvents, namespace, afterID, limit)
	return list, err
}

// contiguous returns how many of the first events follow each other without a gap. Other namespaces share the numbers, so
// that a gap is no proof that something is missing.
func contiguous(list []payments.Event, afterID int64) int {
	for i, e := range list {
		if e.ID != afterID+int64(i)+1 {
			return i
		}
	}
	return len(list)
}

// settled reads the outbox while nobody stands in the gate. It returns nil when somebody stays there, and inside a
// transaction of the host's, which must not keep the gate.
func (s *Store) settled(ctx context.Context, namespace string, afterID int64, limit int) ([]payments.Event, error) {
	if s.bound {
		return nil, nil
	}
	for range gateTries {
		list, alone, err := s.alone(ctx, s.try, namespace, afterID, limit)
		if err != nil || alone {
			return list, err
		}
		timer := time.NewTimer(gatePause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
	if last := s.core.queued.Load(); last != nil && time.Since(*last) < gateRest {
		return nil, nil
	}
	list, alone, err := s.alone(ctx, s.queue, namespace, afterID, limit)
	if err == nil && !alone {
		now := time.Now() //nolint:forbidigo // How long it is ago is the process's matter, not the store's clock's.
		s.core.queued.Store(&now)
	}
	return list, err
}

// alone reads the outbox in a transaction that holds the gate, if it gets the gate.
func (s *Store) alone(ctx context.Context, enter func(context.Context, session) (bool, error), namespace string, afterID int64,
	limit int) (list []payments.Event, alone bool, err error) {
	// The transaction begins under ctx and does not end with it: database/sql would give the connection back before queue has
	// restored what it sets on it.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, cancel)
	// Each statement must see what was committed before it, whatever the host's default: the first one takes the gate.
	tx, err := s.begin(own, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	lives := stop()
	if err != nil {
		return nil, false, errors.Join(err, ctx.Err())
	}
	defer tx.rollback()
	if !lives {
		return nil, false, ctx.Err()
	}
	if alone, err = enter(ctx, tx); !alone || err != nil {
		return nil, false, err
	}
	list, err = s.events(ctx, tx, namespace, afterID, limit)
	return list, true, err
}

// try takes the gate if nobody stands in it.
func (s *Store) try(ctx context.Context, tx session) (alone bool, err error) {
	var one int64
	return tx.one(ctx, []any{&one}, s.core.sql.settleGate)
}

// queue waits for the gate, before those who come to it later, but not for long.
func (s *Store) queue(ctx context.Context, tx session) (alone bool, err error) {
	restore, err := s.hurry(ctx, tx)
	if err != nil {
		return false, err
	}
	var one int64
	alone, err = tx.one(ctx, []any{&one}, s.core.sql.queueGate)
	if failed := restore(); err == nil && failed != nil {
		return false, failed
	}
	if err != nil && ctx.Err() == nil && (s.d.judge(err) == again || canceled(err)) {
		return false, nil
	}
	return alone, err
}

// hurry makes the transaction wait no longer than gateQueue for a lock. On MySQL that is a setting of the connection, which is
// the host's, so that it is put back.
func (s *Store) hurry(ctx context.Context, tx session) (restore func() error, err error) {
	if s.d.name == PostgreSQL {
		_, err = tx.pool.ExecContext(ctx, "SET LOCAL lock_timeout = "+strconv.FormatInt(gateQueue.Milliseconds(), 10))
		return func() error { return nil }, err
	}
	const set = "SET SESSION innodb_lock_wait_timeout = "
	var before int64
	if _, err := tx.one(ctx, []any{&before}, "SELECT CAST(@@SESSION.innodb_lock_wait_timeout AS SIGNED)"); err != nil {
		return nil, err
	}
	restore = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), gateRest)
		defer cancel()
		_, err := tx.pool.ExecContext(ctx, set+strconv.FormatInt(before, 10))
		return err
	}
	if _, err := tx.pool.ExecContext(ctx, set+strconv.FormatInt(int64(gateQueue/time.Second), 10)); err != nil {
		return nil, errors.Join(err, restore())
	}
	return restore, nil
}
