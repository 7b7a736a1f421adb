package storage

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// session runs the store's SQL on GORM's connection pool, or in one transaction. GORM's builder is not between: it makes about
// a hundred allocations a statement, and nothing of what a host can set there (logger, error translation, naming strategy,
// hooks, read replicas) may change what is written.
type session struct {
	pool  gorm.ConnPool
	d     dialect
	texts *texts
	// own tells that the pool is the one on which texts prepares, or a transaction that we opened there.
	own bool
}

// newSession returns a session on the host's pool.
func newSession(db *gorm.DB, d dialect) session {
	s := session{pool: poolOf(db), d: d, texts: newTexts(d)}
	if pool, ok := s.pool.(*sql.DB); ok && d.name != PostgreSQL {
		s.texts.db, s.own = pool, true
	}
	return s
}

// poolOf returns the host's pool, or its transaction.
func poolOf(db *gorm.DB) gorm.ConnPool {
	// Our statements are prepared by us, so GORM's cache of them would only be in the way.
	switch pool := db.Statement.ConnPool.(type) {
	case *gorm.PreparedStmtDB:
		return pool.ConnPool
	case *gorm.PreparedStmtTX:
		return pool.Tx
	default:
		return pool
	}
}

// within returns a session in a transaction of the host's.
func (s session) within(tx *gorm.DB) session {
	return session{pool: poolOf(tx), d: s.d, texts: s.texts}
}

// begin opens a transaction. What it will run is prepared before, while no connection is held.
func (s session) begin(ctx context.Context, opts *sql.TxOptions) (tx session, err error) {
	s.texts.prepareWanted(ctx)
	tx = s
	switch beginner := s.pool.(type) {
	case gorm.TxBeginner:
		tx.pool, err = beginner.BeginTx(ctx, opts)
	case gorm.ConnPoolBeginner:
		tx.pool, err = beginner.BeginTx(ctx, opts)
	default:
		err = gorm.ErrInvalidTransaction
	}
	return tx, err
}

// commit ends the transaction that begin opened.
func (s session) commit() error {
	if tx, ok := s.pool.(gorm.TxCommitter); ok {
		return tx.Commit()
	}
	return gorm.ErrInvalidTransaction
}

// rollback undoes the transaction that begin opened. Where that fails the connection is broken, and the database does it.
func (s session) rollback() {
	if tx, ok := s.pool.(gorm.TxCommitter); ok {
		_ = tx.Rollback()
	}
}

// exec runs a statement.
func (s session) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	query, stmt := s.find(ctx, query) //nolint:sqlclosecheck // It lives as long as the pool.
	if stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return s.pool.ExecContext(ctx, query, args...)
}

// changed runs a compare-and-swap and reports whether the row was there. The count is right, see the package's comment.
func (s session) changed(ctx context.Context, query string, args ...any) (bool, error) {
	result, err := s.exec(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// inserted runs an insert and returns the id that MySQL's protocol reports for it.
func (s session) inserted(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// query runs a query whose text is one of few and hands each row to each.
func (s session) query(ctx context.Context, each func(*sql.Rows) error, query string, args ...any) error {
	query, stmt := s.find(ctx, query) //nolint:sqlclosecheck // It lives as long as the pool.
	if stmt != nil {
		rows, err := stmt.QueryContext(ctx, args...)
		return walk(rows, err, each)
	}
	rows, err := s.pool.QueryContext(ctx, query, args...)
	return s.noted(walk(rows, err, each))
}

// queryOnce runs a query whose text was made for this one time.
func (s session) queryOnce(ctx context.Context, each func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.pool.QueryContext(ctx, s.d.bind(query), args...)
	return s.noted(walk(rows, err, each))
}

// walk hands each row to each, and closes the rows.
func walk(rows *sql.Rows, err error, each func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// one reads one row into dest and reports whether there was one.
func (s session) one(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = s.query(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	return found, err
}

// bind returns the text with the database's own placeholders. Our texts have question marks nowhere else.
func (d dialect) bind(query string) string {
	if d.name != PostgreSQL {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 64)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// inTransaction reports whether a handle writes inside a transaction that is open already.
func inTransaction(db *gorm.DB) bool {
	if db.Statement == nil {
		return false
	}
	_, ok := db.Statement.ConnPool.(gorm.TxCommitter)
	return ok
}
