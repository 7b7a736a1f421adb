package storage

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/trendsic/payments/storage/internal/normal"
)

func TestEndsTransaction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query     string
		any, only bool // only: on MySQL alone.
	}{
		{query: "commit", any: true},
		{query: "  \n\tCommit Work", any: true},
		{query: "END", any: true},
		{query: "abort", any: true},
		{query: "BEGIN IMMEDIATE", any: true},
		{query: "START TRANSACTION READ ONLY", any: true},
		{query: "ROLLBACK", any: true},
		{query: "ROLLBACK AND CHAIN", any: true},
		{query: "PREPARE TRANSACTION 'x'", any: true},
		{query: "SET autocommit = 1", any: true},
		{query: "SET @@session.autocommit = 1", any: true},
		{query: "XA END 'x'", any: true},
		{query: "-- harmless\nCOMMIT", any: true},
		{query: "/* a ; b */ COMMIT", any: true},
		{query: "SELECT 'a'; ; COMMIT", any: true},
		{query: "SELECT $$ ; $$; COMMIT", any: true},
		{query: "SELECT \"a;b\" ;commit;", any: true},
		{query: "ROLLBACK TO SAVEPOINT sp1"},
		{query: "ROLLBACK TO sp1"},
		{query: "ROLLBACK WORK TO sp1"},
		{query: "SAVEPOINT sp1"},
		{query: "RELEASE SAVEPOINT sp1"},
		{query: "PREPARE x AS SELECT 1"},
		{query: "SELECT 'it''s; COMMIT'"},
		{query: "SELECT ';COMMIT' -- ; COMMIT"},
		{query: "INSERT INTO t VALUES ('x') /* ; COMMIT */"},
		{query: "UPDATE commit SET a = 1"},
		{query: "SELECT commit FROM t"},
		{query: "SET LOCAL lock_timeout = 1"},
		{query: "CREATE TABLE t (a int)", only: true},
		{query: "CREATE TEMPORARY TABLE t (a int)"},
		{query: "TRUNCATE t", only: true},
		{query: "/*!40000 COMMIT */", any: true},
		{query: "/*M!100100 COMMIT */", any: true},
		{query: "# x\nALTER TABLE t ADD a int", only: true},
		{query: ""},
		{query: ";;;"},
	} {
		if got := endsTransaction(tt.query, true); got != (tt.any || tt.only) {
			t.Errorf("%q on MySQL: %v", tt.query, got)
		}
		if strings.Contains(tt.query, "#") {
			continue
		}
		if got := endsTransaction(tt.query, false); got != tt.any {
			t.Errorf("%q elsewhere: %v", tt.query, got)
		}
	}
	if !endsTransaction(`SELECT 'a\'; COMMIT --'`, false) || endsTransaction(`SELECT 'a\'; COMMIT --'`, true) {
		t.Error("a backslash is an escape on MySQL alone")
	}
}

// The guard sees a COMMIT after any text that it lets pass and that ends outside of quotes and comments.
func FuzzEndsTransaction(f *testing.F) {
	for _, s := range []string{"SELECT 1", "'", "$a$ ; $a$", "/* x", "-- y", "`;`", "E'\\''", "/*!1", "\"\\\"", "a$b$c"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, mysql bool) {
		ends := endsTransaction(s, mysql)
		if !endsTransaction("COMMIT;"+s, mysql) || !endsTransaction(" \n/**/commit;"+s, mysql) {
			t.Errorf("COMMIT before %q is not seen", s)
		}
		if ends && !endsTransaction(s+";SELECT 1", mysql) {
			t.Errorf("%q is not seen when more follows", s)
		}
		if !strings.ContainsAny(s, "'\"`$/*-#\\;") && endsTransaction("SELECT '"+s+"; COMMIT'", mysql) {
			t.Errorf("what is quoted is taken for a statement: %q", s)
		}
	})
}

func FuzzTablePrefix(f *testing.F) {
	for _, s := range []string{"", "pay_", "1a", "a;b", "A", "é", strings.Repeat("a", 25), "a b", "_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := prefixOf(s)
		if err != nil {
			if got != "" {
				t.Errorf("a refused prefix is returned: %q", got)
			}
			return
		}
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || got == "" || len(got) > maxPrefix || got[0] >= '0' && got[0] <= '9' {
			t.Errorf("the prefix %q passes", got)
		}
		if s != "" && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\x00b", "\xff", strings.Repeat("é", normal.MaxText)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := normal.Text(s)
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") || len(got) > normal.MaxText || normal.Text(got) != got {
			t.Errorf("%q became %q", s, got)
		}
		if normal.Comparable(s, normal.MaxText) && got != s {
			t.Errorf("%q, which can be stored, became %q", s, got)
		}
	})
}

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2024-02-29 23:59:59.999999", "2024-02-29 23:59:59", "", "0000-00-00 00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got, again time.Time
		if err := (instant{&got}).Scan(s); err != nil || got.Year() < normal.FirstYear || got.Year() > normal.LastYear {
			return
		}
		text, _ := dialect{name: SQLite}.time(got).(string)
		if err := (instant{&again}).Scan([]byte(text)); !got.IsZero() && (err != nil || !again.Equal(got.Truncate(time.Microsecond))) {
			t.Errorf("%q is %v, and then %v (%v)", s, got, again, err)
		}
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]verdict{
		"Error 1213 (40001): Deadlock found when trying to get lock": again,
		"Error 1205: Lock wait timeout exceeded":                     again,
		"Error 1062 (23000): Duplicate entry 'x' for key 'y'":        permanent,
		"Error 1040: Too many connections":                           unreachable,
		"invalid connection":                                         unreachable,
		"Error":                                                      unreachable,
	} {
		if got := judgeMySQL(text); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
	for text, want := range map[string]verdict{
		"database is locked":                   again,
		"database is locked (5) (SQLITE_BUSY)": again,
		"UNIQUE constraint failed: a.b":        permanent,
		"attempt to write a readonly database": unreachable,
		"database or disk is full":             unreachable,
		"database disk image is malformed":     unreachable,
		`near "x": syntax error`:               permanent,
	} {
		if got := judgeSQLite(text); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
	for state, want := range map[string]verdict{"40001": again, "40P01": again, "23505": permanent, "08006": unreachable, "57P01": unreachable,
		"53300": unreachable, "25006": unreachable, "42601": permanent} {
		if got := judgeState(state); got != want {
			t.Errorf("%s is %v", state, got)
		}
	}
}
