package storage

import (
	"context"
	"database/sql"
	"sync"
)

// texts keeps what is known of each of the store's few statements: its text with the database's placeholders, and the
// prepared statement where preparing pays. It does on SQLite, which else parses the text each time, and on MySQL, which else
// is asked twice; PostgreSQL's driver keeps its own, and a pooler before PostgreSQL may not allow more.
type texts struct {
	d dialect
	// db is where statements are prepared, nil for none.
	db    *sql.DB
	known sync.Map // Of *text, by the text with question marks.

	mu     sync.Mutex
	wanted []*text
}

// text is one statement.
type text struct {
	bound string
	// stmt is nil until the statement is prepared; it lives as long as the pool.
	mu    sync.RWMutex
	stmt  *sql.Stmt
	asked bool
}

func newTexts(d dialect) *texts { return &texts{d: d} }

// find returns the text to run, or the prepared statement. A statement that is first seen inside a transaction is
// run as it is, and prepared before the next transaction: to prepare it now would ask for a second connection.
func (s session) find(ctx context.Context, query string) (string, *sql.Stmt) {
	t := s.texts
	found, ok := t.known.Load(query)
	if !ok {
		found, _ = t.known.LoadOrStore(query, &text{bound: t.d.bind(query)})
	}
	one, _ := found.(*text)
	if !s.own {
		return one.bound, nil
	}
	one.mu.RLock()
	stmt := one.stmt
	one.mu.RUnlock()
	if stmt == nil {
		t.want(one)
		return one.bound, nil
	}
	if tx, ok := s.pool.(*sql.Tx); ok {
		return one.bound, tx.StmtContext(ctx, stmt)
	}
	return one.bound, stmt
}

// want remembers to prepare a statement.
func (t *texts) want(one *text) {
	one.mu.Lock()
	asked := one.asked
	one.asked = true
	one.mu.Unlock()
	if !asked {
		t.mu.Lock()
		t.wanted = append(t.wanted, one)
		t.mu.Unlock()
	}
}

// prepareWanted prepares what was asked for. What cannot be prepared stays a text.
func (t *texts) prepareWanted(ctx context.Context) {
	t.mu.Lock()
	wanted := t.wanted
	t.wanted = nil
	t.mu.Unlock()
	for _, one := range wanted {
		stmt, err := t.db.PrepareContext(ctx, one.bound)
		if err != nil {
			one.mu.Lock()
			one.asked = false
			one.mu.Unlock()
			continue
		}
		one.mu.Lock()
		one.stmt = stmt
		one.mu.Unlock()
	}
}
