// Package sqlite opens the embedded database with settings under which a payment that was answered is on disk. It is the only
// package of this module that imports a SQLite driver, which needs a C compiler.
package sqlite

import (
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options are what a host may choose; the zero value and nil are fine.
type Options struct {
	// Config is the host's GORM configuration. Without a Logger, only errors are logged, and no values.
	Config *gorm.Config
	// MaxOpenConns bounds the pool; zero is 8. Readers do not wait for the writer, and the store lets one goroutine write
	// at a time, so that more connections serve reads alone. With 1, a hook must use storage.Tx and nothing else.
	MaxOpenConns int
	// BusyTimeout is how long a write waits for another process's; zero is 5 seconds.
	BusyTimeout time.Duration
}

// Open opens, or creates, the file at path: WAL, synchronous=FULL, a busy timeout, and transactions that begin with the write
// lock. A path is not a DSN: what looks like parameters is refused, and so is ":memory:", which is a database per connection
// (use storage/memory in tests). Close it by the *sql.DB that db.DB() returns.
func Open(path string, opts *Options) (*gorm.DB, error) {
	if opts == nil {
		opts = &Options{}
	}
	switch {
	case path == "" || strings.Contains(path, ":memory:") || strings.HasPrefix(path, "file:"):
		return nil, errors.New("sqlite: open a file by its path; storage/memory is the store without one")
	case opts.MaxOpenConns < 0 || opts.BusyTimeout < 0:
		return nil, errors.New("sqlite: a bound is not negative")
	}
	config := &gorm.Config{}
	if opts.Config != nil {
		copied := *opts.Config
		config = &copied
	}
	if config.Logger == nil {
		config.Logger = logger.New(log.New(os.Stderr, "", log.LstdFlags), logger.Config{LogLevel: logger.Error,
			ParameterizedQueries: true, IgnoreRecordNotFoundError: true})
	}
	busy := opts.BusyTimeout
	if busy == 0 {
		busy = 5 * time.Second
	}
	db, err := open(path, busy, config)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	conns := opts.MaxOpenConns
	if conns == 0 {
		conns = 8
	}
	// An idle connection is a file handle with a warm page cache: none is closed before the pool is.
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return db, nil
}

// openPause is the pause between two tries to open a file that another process is opening.
const openPause = 10 * time.Millisecond

// open opens the file. SQLite's busy timeout does not cover the change of a new file to WAL: while another process makes it, or writes
// before it, the file is locked, and opening it is tried again for as long.
func open(path string, busy time.Duration, config *gorm.Config) (db *gorm.DB, err error) {
	for waited := time.Duration(0); ; waited += openPause {
		fresh := *config // gorm.Open fills it in
		db, err = gorm.Open(driver.Open(dsn(path, busy)), &fresh)
		if err == nil || !strings.Contains(err.Error(), "database is locked") || waited >= busy {
			return db, err
		}
		<-time.After(openPause)
	}
}

// dsn returns the driver's name of the file with the safe settings.
func dsn(path string, busy time.Duration) string {
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_busy_timeout": {fmt.Sprint(busy.Milliseconds())},
	}.Encode()}
	return name.String()
}
