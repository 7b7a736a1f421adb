package storage

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// minBusyTimeout is how long a connection must at least wait for another process's write.
const minBusyTimeout = time.Second

// refusal is an error about how the store was set up.
type refusal struct{ error }

// durable refuses SQLite settings under which a payment that was answered can be lost, or fails under load. The driver's own
// default in WAL mode is synchronous=NORMAL, which loses the latest commits on a power loss. Whether transactions begin
// immediately cannot be asked in SQL; the store writes before it reads in each of its own, so that none must be upgraded.
func (s *Store) durable(ctx context.Context) error {
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
