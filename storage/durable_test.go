package storage

import (
	"errors"
	"testing"
)

// A server's own setting is judged by what it is: MySQL's is global, and no test sets it on a server that others use.
func TestFlushes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		database, setting string
		good              bool
	}{
		{PostgreSQL, "on", true}, {PostgreSQL, "local", true}, {PostgreSQL, "remote_write", true}, {PostgreSQL, "remote_apply", true},
		{PostgreSQL, "off", false}, {MySQL, "1", true}, {MySQL, "2", true}, {MySQL, "0", false},
	} {
		err := flushes(tt.database, tt.setting)
		if refused := new(refusal); tt.good != (err == nil) || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s with %q: %v", tt.database, tt.setting, err)
		}
	}
}
