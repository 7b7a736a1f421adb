package storage

import (
	"fmt"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// The databases, by the names that GORM gives them and that [SQL] takes.
const (
	// SQLite is the embedded database.
	SQLite = "sqlite"
	// PostgreSQL is PostgreSQL 12 or later.
	PostgreSQL = "postgres"
	// MySQL is MySQL 8 or MariaDB 10.6, or later.
	MySQL = "mysql"
)

// timeLayout is how a time is written where it is text: it sorts as it reads.
const timeLayout = "2006-01-02 15:04:05.000000"

// dialect is what differs between the databases.
type dialect struct {
	name string
	// returning tells that INSERT and UPDATE can return columns, and that a taken row can be skipped.
	returning bool
}

// dialectOf returns the dialect of a GORM dialector.
func dialectOf(name string) (dialect, error) {
	switch name {
	case SQLite, PostgreSQL:
		return dialect{name: name, returning: true}, nil
	case MySQL:
		return dialect{name: name}, nil
	default:
		return dialect{}, fmt.Errorf("storage: the database %q is not known: use sqlite, postgres or mysql", name)
	}
}

// time returns the argument that stores t; the zero time is NULL. A time outside of what can be stored only comes from a
// filter, where the nearest one that can means the same.
func (d dialect) time(t time.Time) any {
	switch t = t.UTC(); {
	case t.IsZero():
	case t.Year() < normal.FirstYear:
		t = time.Date(normal.FirstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > normal.LastYear:
		t = time.Date(normal.LastYear, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	}
	switch {
	case t.IsZero():
		return nil
	case d.name == PostgreSQL:
		return t
	default:
		return t.Format(timeLayout)
	}
}

// selected returns how a column of times is read. MySQL's driver would make it a time of the host's zone, or not a time at
// all, as its parseTime and loc say; as text it is always the same.
func (d dialect) selected(column string) string {
	if d.name == MySQL {
		return "CAST(" + column + " AS CHAR)"
	}
	return column
}

// locked ends a query that must see what is committed now, also in a MySQL transaction with an older snapshot.
func (d dialect) locked() string {
	if d.name == MySQL {
		return " LOCK IN SHARE MODE"
	}
	return ""
}

// instant reads a time that a database gives as a time, as text or as bytes.
type instant struct{ to *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i.to = time.Time{}
		return nil
	case time.Time:
		*i.to = v.UTC()
		return nil
	case []byte:
		return i.parse(string(v))
	case string:
		return i.parse(v)
	default:
		return fmt.Errorf("storage: a time is not stored as %T", src)
	}
}

// parse reads timeLayout, with as many digits of the second as there are.
func (i instant) parse(s string) error {
	t, err := time.Parse("2006-01-02 15:04:05.999999", s)
	if err != nil {
		return fmt.Errorf("storage: a stored time cannot be read: %w", err)
	}
	*i.to = t
	return nil
}

// nullable reads a text that may be NULL, which is the empty one.
type nullable struct{ to *string }

// Scan implements sql.Scanner.
func (n nullable) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*n.to = ""
	case []byte:
		*n.to = string(v)
	case string:
		*n.to = v
	default:
		return fmt.Errorf("storage: a text is not stored as %T", src)
	}
	return nil
}

// live reads the marker of a live payment.
type live struct{ to *bool }

// Scan implements sql.Scanner.
func (l live) Scan(src any) error {
	*l.to = src != nil
	return nil
}

// null returns s as an argument, NULL when it is empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// liveOrder returns the marker of the payment: its order while it is live, else NULL, of which there may be many.
func liveOrder(p payments.Payment) any {
	if !p.Live {
		return nil
	}
	return p.OrderID.String()
}
