package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// minBusyTimeout is how long a connection must at least wait for another process's write.
const minBusyTimeout = time.Second

// refusal is an error about how the store was set up.
type refusal struct{ error }

// durable refuses settings under which the database forgets what it has answered.
func (s *Store) durable(ctx context.Context) error {
	if s.d.name == SQLite {
		return s.durableFile(ctx)
	}
	var setting string
	if _, err := s.one(ctx, []any{&setting}, flushSetting[s.d.name]); err != nil {
		return err
	}
	return flushes(s.d.name, setting)
}

// flushSetting asks a server whether its log is on the disk before it answers a COMMIT.
var flushSetting = map[string]string{
	PostgreSQL: "SELECT current_setting('synchronous_commit')",
	MySQL:      "SELECT CAST(@@innodb_flush_log_at_trx_commit AS CHAR)",
}

// flushes refuses what a server loses by a crash of its own: the row of a request that went out to the gateway would be gone, and
// the order would be charged again (internal/kill saw it). What only a loss of power loses (fsync=off,
// innodb_flush_log_at_trx_commit=2) is the operator's to choose, for servers have batteries and replicas.
func flushes(database, setting string) error {
	switch {
	case database == PostgreSQL && setting == "off":
		return &refusal{errors.New("storage: PostgreSQL's synchronous_commit is off: a crash of the server loses payments that were answered; " +
			"set it to on for the role, the database or the connection (options='-c synchronous_commit=on')")}
	case database == MySQL && setting == "0":
		return &refusal{errors.New("storage: MySQL's innodb_flush_log_at_trx_commit is 0: a crash of the server loses payments that were answered; set it to 1")}
	default:
		return nil
	}
}

// durableFile refuses SQLite settings under which a payment that was answered can be lost, or fails under load. The driver's own
// default in WAL mode is synchronous=NORMAL, which loses the latest commits on a power loss. Whether transactions begin
// immediately cannot be asked in SQL; the store writes before it reads in each of its own, so that none must be upgraded.
func (s *Store) durableFile(ctx context.Context) error {
	var mode string
	var synchronous, busy int64
	for pragma, dest := range map[string]any{"journal_mode": &mode, "synchronous": &synchronous, "busy_timeout": &busy} {
		if _, err := s.one(ctx, []any{dest}, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	const advice = "open it with storage/sqlite, or with _journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate"
	switch mode = strings.ToLower(mode); mode {
	case "wal", "delete", "truncate", "persist":
	default:
		return &refusal{fmt.Errorf("storage: SQLite's journal_mode is %s, which does not survive a crash: %s", mode, advice)}
	}
	if synchronous < 2 {
		return &refusal{fmt.Errorf("storage: SQLite's synchronous is %d, less than FULL: a power loss loses payments: %s", synchronous, advice)}
	}
	if busy < minBusyTimeout.Milliseconds() {
		return &refusal{fmt.Errorf("storage: SQLite's busy_timeout is %d ms, less than a second: %s", busy, advice)}
	}
	return nil
}
