package storage

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

// cut is how a time is stored.
func cut(t time.Time) time.Time { return normal.Time(t) }

// errStale is inside this package what Apply answers as ErrStale.
var errStale = errors.New("storage: stale")

// verdict is what a database's error means.
type verdict int

const (
	// permanent: the statement is refused, and will be again.
	permanent verdict = iota
	// again: the database asks to try the whole transaction again.
	again
	// unreachable: the database cannot be used now, or did not answer.
	unreachable
)

// judge reads an error without the driver's types. PostgreSQL's drivers answer SQLState(); go-sql-driver and the SQLite
// drivers have only fields, so that their texts must do: "Error 1213 (40001): ..." and "database is locked" are older than
// this module and part of what their users match.
func (d dialect) judge(err error) verdict {
	var state interface{ SQLState() string }
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unreachable
	case errors.As(err, &state):
		return judgeState(state.SQLState())
	case isNetwork(err):
		return unreachable
	case d.name == MySQL:
		return judgeMySQL(err.Error())
	case d.name == SQLite:
		return judgeSQLite(err.Error())
	default:
		return unreachable
	}
}

// isNetwork reports whether the connection failed, not the statement.
func isNetwork(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func judgeState(state string) verdict {
	switch {
	case state == "40001", state == "40P01", state == "55P03":
		return again
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"),
		strings.HasPrefix(state, "58"), state == "25006":
		return unreachable
	default:
		return permanent
	}
}

// judgeMySQL reads the number in "Error 1213 (40001): ..."; a text without one is the connection's.
func judgeMySQL(text string) verdict {
	number, found := strings.CutPrefix(text, "Error ")
	if !found || len(number) < 4 {
		return unreachable
	}
	switch number[:4] {
	case "1213", "1205", "1020", "1614", "3572":
		return again
	case "1040", "1053", "1077", "1078", "1079", "1152", "1158", "1159", "1160", "1161", "1203", "1290", "1836", "1021", "1041", "1114":
		return unreachable
	default:
		return permanent
	}
}

func judgeSQLite(text string) verdict {
	for _, busy := range []string{"database is locked", "database table is locked", "database schema is locked", "SQLITE_BUSY", "SQLITE_LOCKED"} {
		if strings.Contains(text, busy) {
			return again
		}
	}
	for _, refused := range []string{"constraint failed", "no such ", "syntax error", "has no column", "datatype mismatch"} {
		if strings.Contains(text, refused) {
			return permanent
		}
	}
	return unreachable
}

// canceled reports whether PostgreSQL ended the statement for the host's own statement_timeout.
func canceled(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && state.SQLState() == "57014"
}

// missingTable reports whether the tables are not there.
func missingTable(err error) bool {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState() == "42P01"
	}
	return strings.HasPrefix(err.Error(), "Error 1146") || strings.Contains(err.Error(), "no such table")
}

// failure makes the module's error of a database's. The cause's text is not in it: it may hold values.
func (s *Store) failure(op string, err error) error {
	var ours *payments.Error
	var refused *refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours) && ours.Op == "store":
		return err
	case errors.Is(err, errStale):
		return payments.NewError(payments.Error{Op: op, Code: payments.ErrStale, Outcome: payments.OutcomeNotApplied}, nil)
	case errors.As(err, &refused):
		return payments.NewError(payments.Error{Op: op, Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied,
			Message: refused.Error()}, err)
	case missingTable(err):
		return payments.NewError(payments.Error{Op: op, Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied,
			Message: "the tables are missing: call storage.Migrate first"}, err)
	case s.d.judge(err) == permanent:
		return payments.NewError(payments.Error{Op: op, Code: payments.ErrInternal, Message: "the database refused the statement"}, err)
	default:
		return payments.NewError(payments.Error{Op: op, Code: payments.ErrUnavailable, Message: "the database could not be reached"}, err)
	}
}

// notFound is what the reads answer when there is none.
func notFound(op string) error {
	return &payments.Error{Op: op, Code: payments.ErrPaymentNotFound, Outcome: payments.OutcomeNotApplied}
}
