// Package storage keeps the module's rows in the host's own database, through the host's own *gorm.DB: PostgreSQL, MySQL,
// MariaDB, or SQLite (storage/sqlite opens it with safe settings). The package imports no driver.
//
//	if err := storage.Migrate(ctx, db, nil); err != nil { ... } // once, when you deploy; storage.SQL exports the same
//	store, err := storage.New(db, nil)                          // no I/O, no goroutine
//
// # What a host's settings do not change
//
// The store runs SQL of its own on GORM's connection pool and in GORM's transactions, below GORM's builder: TranslateError,
// PrepareStmt, SkipDefaultTransaction, the naming strategy, callbacks and the logger of the host change nothing of what is
// written, no value ever reaches a log, and a read replica that gorm.io/plugin/dbresolver knows is never asked. A session with
// DryRun is refused. In a Hook, Tx returns a handle that has all of the host's settings.
//
// # How doubles are recognised
//
// Never by a driver's error or by the count of rows that an insert reports: MySQL's clientFoundRows and GORM's
// TranslateError change both. On PostgreSQL and SQLite a row that is taken is skipped (ON CONFLICT DO NOTHING) and the
// insert returns no id, so that no transaction is aborted and nothing is logged as an error. MySQL has no such clause that
// tells the two apart, and a failed insert does not end a transaction there: after any failure the store rolls back and
// reads whether another row has the unique value. A compare-and-swap counts the rows it changed, which is right with and
// without clientFoundRows because each of them also changes a version, so that a row that matches always changes.
//
// # What is stored how
//
// Money is a bigint of minor units and a currency. Times are UTC, cut to microseconds: timestamptz on PostgreSQL,
// datetime(6) on MySQL, text of 26 characters on SQLite; they travel as text to MySQL and SQLite, so that parseTime, loc and
// the session's time zone mean nothing. Texts that are compared are binary (varbinary on MySQL, whose utf8mb4_bin ignores
// trailing spaces). Each row carries namespace, gateway and account.
package storage
