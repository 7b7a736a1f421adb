package storage

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// writeSetting makes gorm.io/plugin/dbresolver ask the primary: a replica may lag behind what a payment needs to know.
const writeSetting = "gorm:db_resolver:write"

// session runs SQL on a pool or in one transaction. GORM does the placeholders, the plugins and the pool; its models are
// not used, so that neither naming strategies nor hooks matter.
type session struct {
	db *gorm.DB
	d  dialect
}

// newSession returns a session of our own on the host's handle, with none of its conditions, hooks or logging.
func newSession(db *gorm.DB, d dialect) session {
	own := db.Session(&gorm.Session{NewDB: true, SkipHooks: true, Context: context.Background(), Logger: logger.Discard})
	// A translated error no longer says what the database said. The configuration is this session's own copy.
	own.TranslateError = false
	return session{db: own, d: d}
}

// with returns a handle for one statement.
func (s session) with(ctx context.Context) *gorm.DB {
	return s.db.Session(&gorm.Session{NewDB: true, Context: ctx}).Set(writeSetting, true)
}

// exec runs a statement and returns how many rows it changed.
func (s session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	tx := s.with(ctx).Exec(query, args...)
	return tx.RowsAffected, tx.Error
}

// execID runs an insert and returns the id that MySQL's protocol reports for it.
func (s session) execID(ctx context.Context, query string, args ...any) (int64, error) {
	tx := s.with(ctx)
	result := gorm.WithResult()
	result.ModifyStatement(tx.Statement)
	if err := tx.Exec(query, args...).Error; err != nil {
		return 0, err
	}
	return result.Result.LastInsertId()
}

// query runs a query and hands each row to each.
func (s session) query(ctx context.Context, each func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := s.with(ctx).Raw(query, args...).Rows()
	if err != nil {
		return err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one reads one row into dest and reports whether there was one.
func (s session) one(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = s.query(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	return found, err
}

// begin opens a transaction.
func (s session) begin(ctx context.Context, opts ...*sql.TxOptions) (session, error) {
	tx := s.db.Session(&gorm.Session{NewDB: true, Context: ctx}).Begin(opts...)
	if tx.Error != nil {
		return session{}, tx.Error
	}
	return session{db: tx, d: s.d}, nil
}

// inTransaction reports whether a handle writes inside a transaction that is open already.
func inTransaction(db *gorm.DB) bool {
	if db.Statement == nil {
		return false
	}
	_, ok := db.Statement.ConnPool.(gorm.TxCommitter)
	return ok
}
