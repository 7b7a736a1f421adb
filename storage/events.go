package storage

import (
	"context"
	"database/sql"
	"time"

	"github.com/trendsic/payments"
)

// The outbox is read by a cursor, so an event must never appear below one that was read already. But PostgreSQL and MySQL give
// an id when a row is inserted, and show the row when its transaction commits, maybe after that of a higher id. Therefore who
// inserts events stands in a gate that many may share until they commit, and a reader who sees a gap among the ids asks for
// the gate alone: once nobody stands in it, what is missing was rolled back and will never come, and the read is repeated. If
// somebody stays in the gate (a host's long transaction) the reader does not wait: it returns what is before the gap, and the
// rest comes with the next call. Without a gap, which is the rule, nobody waits for anybody.

// How often, and after what pauses, a reader asks for the gate.
const (
	gateTries = 10
	gatePause = 3 * time.Millisecond
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
	for range gateTries {
		if s.bound {
			return nil, nil
		}
		list, alone, err := s.alone(ctx, namespace, afterID, limit)
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
	return nil, nil
}

// alone reads the outbox in a transaction that holds the gate, if it gets the gate.
func (s *Store) alone(ctx context.Context, namespace string, afterID int64, limit int) (list []payments.Event, alone bool, err error) {
	// Each statement must see what was committed before it, whatever the host's default: the first one takes the gate.
	tx, err := s.begin(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, false, err
	}
	defer tx.rollback()
	var one int64
	if alone, err = tx.one(ctx, []any{&one}, s.core.sql.settleGate); !alone || err != nil {
		return nil, false, err
	}
	list, err = s.events(ctx, tx, namespace, afterID, limit)
	return list, true, err
}
