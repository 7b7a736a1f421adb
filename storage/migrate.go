package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"gorm.io/gorm"

	"github.com/trendsic/payments"
)

//go:embed migrations
var migrations embed.FS

// MigrateOptions are what a host may choose; nil is fine.
type MigrateOptions struct {
	// TablePrefix is as in Options.
	TablePrefix string
}

// Migrate brings the module's tables to the newest version, beside the host's own tables and its own migrations: which
// versions are there is kept in "<prefix>schema_version", in the form of github.com/pressly/goose. It may be called at every
// start, and by several processes at once: a lock of the database lets one work and the others find it done. It needs one
// connection, and refuses a handle that is in a transaction.
func Migrate(ctx context.Context, db *gorm.DB, opts *MigrateOptions) error {
	if opts == nil {
		opts = &MigrateOptions{}
	}
	prefix, err := prefixOf(opts.TablePrefix)
	if err != nil {
		return err
	}
	d, err := usable(db)
	if err != nil {
		return err
	}
	if inTransaction(db) {
		return payments.NewError(payments.Error{Op: "store.migrate", Code: payments.ErrInTransaction,
			Message: "the tables cannot be migrated inside a transaction"}, nil)
	}
	pool, err := db.DB()
	if err != nil {
		return fmt.Errorf("storage: migrate: %w", err)
	}
	return retry(ctx, func() (bool, error) {
		err := migrate(ctx, pool, d, prefix)
		return err != nil && d.name == SQLite && d.judge(err) == again, err
	})
}

// migrate applies one version after the other. Provider.Up is not used: it looks at the version table before it takes the
// lock, and two processes that create the table at once make one of them wait for a second.
func migrate(ctx context.Context, pool *sql.DB, d dialect, prefix string) error {
	versions, err := versionsOf(d, prefix)
	if err != nil {
		return err
	}
	lock := &locker{d: d, versions: versions}
	provider, err := goose.NewProvider(goose.DialectCustom, pool, rendered{d.name, prefix}, goose.WithStore(versions),
		goose.WithSessionLocker(lock), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("storage: migrate: %w", err)
	}
	for _, source := range provider.ListSources() {
		lock.target = source.Version
		_, err := provider.ApplyVersion(ctx, source.Version, true)
		if err != nil && !errors.Is(err, goose.ErrAlreadyApplied) {
			return fmt.Errorf("storage: migrate to version %d: %w", source.Version, err)
		}
	}
	return nil
}

// versions is goose's version table, without what a host's settings could break: MySQL's driver gives times as bytes where
// parseTime is off, so they are not read.
type versions struct{ database.Store }

func versionsOf(d dialect, prefix string) (versions, error) {
	kind := map[string]database.Dialect{SQLite: database.DialectSQLite3, PostgreSQL: database.DialectPostgres, MySQL: database.DialectMySQL}
	store, err := database.NewStore(kind[d.name], prefix+"schema_version")
	return versions{store}, err
}

// GetMigration implements database.Store.
func (v versions) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	list, err := v.ListMigrations(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.Version == version {
			return &database.GetMigrationResult{IsApplied: m.IsApplied}, nil
		}
	}
	return nil, fmt.Errorf("%w: %d", database.ErrVersionNotFound, version)
}

// TableExists implements database.StoreExtender. The locker has made the table already.
func (v versions) TableExists(context.Context, database.DBTxConn) (bool, error) { return true, nil }

// exists asks the database whether the version table is there, in the schema where a new one would be made.
func (v versions) exists(ctx context.Context, db database.DBTxConn, d dialect) (bool, error) {
	query := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = "
	switch d.name {
	case PostgreSQL:
		query = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = "
	case MySQL:
		query = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = "
	}
	var n int
	err := db.QueryRowContext(ctx, query+"'"+v.Tablename()+"'").Scan(&n)
	return n > 0, err
}

// ensure makes the version table with version 0 in it, as goose expects it.
func (v versions) ensure(ctx context.Context, db database.DBTxConn, d dialect) error {
	there, err := v.exists(ctx, db, d)
	if err != nil {
		return err
	}
	if !there {
		if err := v.CreateVersionTable(ctx, db); err != nil {
			return err
		}
	}
	if _, err := v.GetMigration(ctx, db, 0); errors.Is(err, database.ErrVersionNotFound) {
		return v.Insert(ctx, db, database.InsertRequest{Version: 0})
	} else if err != nil {
		return err
	}
	return nil
}

// locker lets one connection migrate at a time. PostgreSQL and MySQL have locks that end with the session; on SQLite the
// whole of one version is one transaction that begins with the write lock.
type locker struct {
	d        dialect
	versions versions
	target   int64
}

// lockSeconds is how long MySQL waits for another process's migration; PostgreSQL and SQLite wait as ctx says.
const lockSeconds = 600

// SessionLock implements lock.SessionLocker.
func (l *locker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	if err := l.lock(ctx, conn); err != nil {
		return err
	}
	if err := l.versions.ensure(ctx, conn, l.d); err != nil {
		return errors.Join(err, l.SessionUnlock(context.WithoutCancel(ctx), conn))
	}
	return nil
}

func (l *locker) lock(ctx context.Context, conn *sql.Conn) (err error) {
	switch l.d.name {
	case PostgreSQL:
		_, err = conn.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", lockKey(l.versions.Tablename())))
	case MySQL:
		var got sql.NullInt64
		err = conn.QueryRowContext(ctx, fmt.Sprintf("SELECT GET_LOCK(%s, %d)", l.name(), lockSeconds)).Scan(&got)
		if err == nil && got.Int64 != 1 {
			err = errors.New("storage: another process migrates for too long")
		}
	case SQLite:
		_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	}
	return err
}

// name is the SQL of the lock's name on MySQL: locks there are the server's, and a name has at most 64 characters.
func (l *locker) name() string {
	return "CONCAT('payments.', MD5(CONCAT(DATABASE(), '." + l.versions.Tablename() + "')))"
}

// SessionUnlock implements lock.SessionLocker. On SQLite it commits if the version is recorded, else it rolls back.
func (l *locker) SessionUnlock(ctx context.Context, conn *sql.Conn) (err error) {
	switch l.d.name {
	case PostgreSQL:
		_, err = conn.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", lockKey(l.versions.Tablename())))
	case MySQL:
		_, err = conn.ExecContext(ctx, "DO RELEASE_LOCK("+l.name()+")")
	case SQLite:
		end := "COMMIT"
		if _, err := l.versions.GetMigration(ctx, conn, l.target); err != nil {
			end = "ROLLBACK"
		}
		if _, err = conn.ExecContext(ctx, end); err != nil && end == "COMMIT" {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
		}
	}
	return err
}

// rendered is a dialect's migrations with the prefix filled in.
type rendered struct{ dialect, prefix string }

// Open implements fs.FS.
func (r rendered) Open(name string) (fs.File, error) {
	file, err := migrations.Open(path.Join("migrations", r.dialect, name))
	if err != nil || name == "." {
		return file, err
	}
	defer func() { _ = file.Close() }()
	text, err := r.text(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	return &memoryFile{strings.NewReader(text), info}, err
}

// ReadDir implements fs.ReadDirFS.
func (r rendered) ReadDir(name string) ([]fs.DirEntry, error) {
	return migrations.ReadDir(path.Join("migrations", r.dialect, name))
}

// text returns one file with the prefix filled in.
func (r rendered) text(name string) (string, error) {
	data, err := migrations.ReadFile(path.Join("migrations", r.dialect, name))
	return strings.ReplaceAll(string(data), "{{prefix}}", r.prefix), err
}

// memoryFile is a file whose content is not what is on the disk.
type memoryFile struct {
	*strings.Reader
	info fs.FileInfo
}

// Stat implements fs.File.
func (f *memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (*memoryFile) Close() error { return nil }
