package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3/database"
)

// SQL returns what Migrate would run on an empty database, for hosts whose tables are made by a DBA or by another tool. The
// dialect is SQLite, PostgreSQL or MySQL. The versions are recorded too, so that a later Migrate goes on from there.
func SQL(dialect, tablePrefix string) (string, error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return "", err
	}
	prefix, err := prefixOf(tablePrefix)
	if err != nil {
		return "", err
	}
	v, err := versionsOf(d, prefix)
	if err != nil {
		return "", err
	}
	script := &script{}
	ctx := context.Background()
	if err := errors.Join(v.CreateVersionTable(ctx, script), v.Insert(ctx, script, database.InsertRequest{})); err != nil {
		return "", err
	}
	from := rendered{d.name, prefix}
	files, err := fs.Glob(from, "*.sql")
	if err != nil {
		return "", err
	}
	for i, name := range files {
		text, err := from.text(name)
		if err != nil {
			return "", err
		}
		_, up, _ := strings.Cut(text, "-- +goose Up\n")
		up, _, _ = strings.Cut(up, "-- +goose Down")
		_, _ = script.WriteString("\n-- " + name + "\n" + strings.TrimSpace(up) + "\n")
		if err := v.Insert(ctx, script, database.InsertRequest{Version: int64(i) + 1}); err != nil {
			return "", err
		}
	}
	return script.String(), nil
}

// script writes down what goose's version table would be asked to run.
type script struct{ strings.Builder }

var errNoQuery = errors.New("storage: a script cannot be queried")

// ExecContext writes the statement down with its arguments filled in: a version and a truth.
func (s *script) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if len(args) == 2 {
		version := literal(args[0])
		query = strings.NewReplacer("$1", version, "$2", literal(args[1])).Replace(query)
		query = strings.Replace(query, "?", version, 1)
		query = strings.Replace(query, "?", literal(args[1]), 1)
	}
	_, _ = s.WriteString(query + ";\n")
	return nil, nil
}

// QueryContext implements database.DBTxConn.
func (*script) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errNoQuery
}

// QueryRowContext implements database.DBTxConn.
func (*script) QueryRowContext(context.Context, string, ...any) *sql.Row { return &sql.Row{} }

// literal returns a version or a truth as SQL.
func literal(arg any) string { return strings.ToUpper(fmt.Sprint(arg)) }
