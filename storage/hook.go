package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
)

// errForbidden is what a hook's handle answers when it is asked to end the transaction.
var errForbidden = errors.New("storage: the transaction in a hook ends with the hook: return an error to roll it back")

// hookError tells that the hook failed, not the database.
type hookError struct{ cause error }

// Error implements error.
func (*hookError) Error() string { return "storage: the hook failed" }

// Unwrap returns what the hook answered.
func (e *hookError) Unwrap() error { return e.cause }

type hookKey struct{}

// hookTx is what the context of a hook carries.
type hookTx struct {
	core    *core
	session session
	handle  *gorm.DB
}

func hookOf(ctx context.Context) *hookTx {
	h, _ := ctx.Value(hookKey{}).(*hookTx)
	return h
}

// Tx returns the transaction of the change whose Hook was called with ctx: a fresh session on the host's own handle, with
// its naming strategy, logger and callbacks, so that the host's models work. What is written on it commits with the change.
// It refuses to commit or roll back, as a method and as a statement; nested transactions are savepoints. It must not be used
// after the hook returned.
func Tx(ctx context.Context) (*gorm.DB, bool) {
	h := hookOf(ctx)
	if h == nil {
		return nil, false
	}
	return h.handle.WithContext(ctx), true
}

// hook calls the hook inside the transaction and makes sure that the transaction is as it was before.
func (w *write) hook(ctx context.Context, tx session) error {
	pool := &hookPool{ConnPool: tx.pool, d: w.d}
	name := "payments_hook_" + strconv.Itoa(int(w.core.savepoints.Add(1)%1000))
	pool.mark = sync.OnceValue(func() error {
		if w.d.name == PostgreSQL {
			return nil // It never goes on after a failure as if nothing had been.
		}
		_, err := tx.pool.ExecContext(ctx, "SAVEPOINT "+name)
		return err
	})
	defer pool.over.Store(true)
	host := w.core.host
	handle := host.Session(&gorm.Session{NewDB: true, Context: ctx})
	handle.ConnPool, handle.Statement.ConnPool = pool, pool
	// What the hook does through the Store goes through the pool as well, so that a failure of it is seen. The statements that
	// are prepared are not for this pool: they would run outside the transaction.
	carried := &hookTx{core: w.core, session: session{pool: pool, d: tx.d, texts: tx.texts}, handle: handle}
	if err := call(context.WithValue(ctx, hookKey{}, carried), w.change.Hook); err != nil {
		if w.d.judge(err) == again && pool.failed.Load() {
			return err
		}
		return &hookError{err}
	}
	if lost := pool.lost.Load(); lost != nil {
		return *lost
	}
	if pool.forbidden.Load() {
		return &hookError{errForbidden}
	}
	if pool.failed.Load() {
		return w.intact(ctx, tx, name)
	}
	return nil
}

// call runs the hook and makes an error of its panic. The panic's value is the cause and is printed nowhere.
func call(ctx context.Context, hook func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			cause, ok := v.(error)
			if !ok {
				cause = fmt.Errorf("panic: %v", v)
			}
			err = fmt.Errorf("storage: the hook panicked: %w", cause)
		}
	}()
	return hook(ctx)
}

// intact asks, after a hook that went on after a statement of its failed, whether the transaction is still the one that has our
// rows: PostgreSQL refuses everything after a failure, and MySQL ends the whole transaction at a deadlock, as SQLite does at some
// errors, so that the commit would report success for nothing. The savepoint that was set before the hook's first statement is
// gone then. The rows themselves would not tell: the hook may have changed them once more, and who waited for them may have
// written the same version as soon as they were free.
func (w *write) intact(ctx context.Context, tx session, savepoint string) error {
	query := "RELEASE SAVEPOINT " + savepoint
	if w.d.name == PostgreSQL {
		query = "SELECT 1"
	}
	if _, err := tx.pool.ExecContext(ctx, query); err != nil {
		return &hookError{fmt.Errorf("storage: the database ended the transaction in the hook: %w", err)}
	}
	return nil
}

// hookPool is the transaction as a hook sees it. It is a gorm.TxCommitter, so that GORM makes nested transactions savepoints,
// and a gorm.Tx, so that a session with PrepareStmt stays inside.
type hookPool struct {
	gorm.ConnPool
	d dialect
	// mark sets a savepoint before the first statement, by which it is known afterwards whether the transaction is still there.
	mark func() error
	// lost is the error with which the database ended the transaction: it asks to do all of it again. MySQL would commit
	// each statement that comes after it by itself.
	lost atomic.Pointer[error]
	// over is set when the hook returned, forbidden when it tried to end the transaction, failed when a statement of its
	// failed, or may have.
	over, forbidden, failed atomic.Bool
}

var _ gorm.Tx = (*hookPool)(nil)

// Commit refuses.
func (p *hookPool) Commit() error { return p.forbid() }

// Rollback refuses.
func (p *hookPool) Rollback() error { return p.forbid() }

func (p *hookPool) forbid() error {
	p.forbidden.Store(true)
	return errForbidden
}

// admit lets a statement pass, or not.
func (p *hookPool) admit(query string) error {
	if p.over.Load() {
		return sql.ErrTxDone
	}
	if lost := p.lost.Load(); lost != nil {
		return *lost
	}
	if endsTransaction(query, p.d.name == MySQL) {
		return p.forbid()
	}
	return p.note(p.mark())
}

func (p *hookPool) note(err error) error {
	if err != nil {
		p.failed.Store(true)
		if p.d.name == MySQL && p.d.judge(err) == again {
			p.lost.Store(&err)
		}
	}
	return err
}

// unsure has the transaction looked at after a query on MySQL: one that locks may lose a deadlock while its rows are read by the
// host, which cannot be seen from here.
func (p *hookPool) unsure() {
	if p.d.name == MySQL {
		p.failed.Store(true)
	}
}

// noted tells the hook's pool, if the session runs on one, of an error that came while rows were read: the pool sees only how
// a query begins.
func (s session) noted(err error) error {
	if pool, ok := s.pool.(*hookPool); ok {
		return pool.note(err)
	}
	return err
}

// PrepareContext implements gorm.ConnPool.
func (p *hookPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.admit(query); err != nil {
		return nil, err
	}
	stmt, err := p.ConnPool.PrepareContext(ctx, query)
	return stmt, p.note(err)
}

// ExecContext implements gorm.ConnPool.
func (p *hookPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.admit(query); err != nil {
		return nil, err
	}
	result, err := p.ConnPool.ExecContext(ctx, query, args...)
	return result, p.note(err)
}

// QueryContext implements gorm.ConnPool.
func (p *hookPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.admit(query); err != nil {
		return nil, err
	}
	p.unsure()
	rows, err := p.ConnPool.QueryContext(ctx, query, args...)
	return rows, p.note(err)
}

// QueryRowContext implements gorm.ConnPool. It has no way to answer an error of ours, so a statement that is not admitted
// becomes one that fails.
func (p *hookPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if p.admit(query) != nil {
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		return p.ConnPool.QueryRowContext(canceled, "SELECT 1")
	}
	p.unsure()
	row := p.ConnPool.QueryRowContext(ctx, query, args...)
	_ = p.note(row.Err())
	return row
}

// StmtContext implements gorm.Tx. What it runs was prepared, and admitted, before. Whether it fails cannot be seen from here,
// so that the transaction is looked at afterwards.
func (p *hookPool) StmtContext(ctx context.Context, stmt *sql.Stmt) *sql.Stmt {
	p.failed.Store(true)
	_ = p.note(p.mark())
	if tx, ok := p.ConnPool.(gorm.Tx); ok {
		return tx.StmtContext(ctx, stmt)
	}
	return stmt
}
