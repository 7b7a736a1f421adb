package storage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage"
)

// doubtAmong returns tables with one payment in doubt among more than 16,000 that are settled, and one of the settled ones.
func doubtAmong(t *testing.T, db *gorm.DB, store *storage.Store, p string) (doubt, settled payments.Payment) {
	t.Helper()
	settled = newPayment(t)
	settled.Status, settled.Live = payments.StatusPaid, false
	if _, err := store.Apply(t.Context(), payments.Change{Payment: settled, Transactions: []payments.Transaction{
		{UID: uid(), PaymentUID: settled.UID, Kind: payments.KindAuthorize, Amount: settled.Amount, CreatedAt: time.Now(), ClosedAt: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	for range 14 {
		for _, table := range []string{"payments", "transactions"} {
			double(t, db, p+table)
		}
	}
	doubt = newPayment(t)
	doubt.Status = payments.StatusPaid
	if _, err := store.Apply(t.Context(), payments.Change{Payment: doubt, Transactions: []payments.Transaction{
		{UID: uid(), PaymentUID: doubt.UID, Kind: payments.KindRefund, Amount: doubt.Amount, CreatedAt: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"payments", "transactions"} {
		analyze := map[string]string{storage.MySQL: "ANALYZE TABLE "}[db.Name()]
		if analyze == "" {
			analyze = "ANALYZE "
		}
		if err := db.Exec(analyze + p + table).Error; err != nil {
			t.Fatal(err)
		}
	}
	return doubt, settled
}

// double writes every row of a table again with another id and other references.
func double(t *testing.T, db *gorm.DB, table string) {
	t.Helper()
	columns, err := db.Migrator().ColumnTypes(table)
	if err != nil {
		t.Fatal(err)
	}
	var to, from []string
	for _, c := range columns {
		name := c.Name()
		switch name {
		case "id":
			continue
		case "uid", "payment_uid":
			from = append(from, "CONCAT(SUBSTR("+name+", 1, 20), (id + (SELECT MAX(id) FROM "+table+")))")
		default:
			from = append(from, name)
		}
		to = append(to, name)
	}
	query := "INSERT INTO " + table + " (" + strings.Join(to, ", ") + ") SELECT " + strings.Join(from, ", ") + " FROM " + table
	if db.Name() == storage.SQLite {
		query = strings.NewReplacer("CONCAT(", "(", ", 1, 20), ", ", 1, 20) || ").Replace(query)
	}
	if err := db.Exec(query).Error; err != nil {
		t.Fatal(err)
	}
}

// plan returns what the database says of how it runs a statement, a line for each table.
func plan(t *testing.T, db *gorm.DB, query string, args ...any) (lines []string) {
	t.Helper()
	explain := "EXPLAIN "
	if db.Name() == storage.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := pool.QueryContext(t.Context(), explain+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, _ := rows.Columns()
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for i, name := range names {
			if b, ok := values[i].([]byte); ok {
				values[i] = string(b)
			}
			line = append(line, fmt.Sprintf("%s=%v", name, values[i]))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// Hasten looks at what is in doubt, not at each payment that was ever settled, and waits for nobody who holds one of those.
func TestHastenAmongSettled(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			db := s.open(t, nil, "")
			store, p := migrated(t, db, storage.Options{Clock: time.Now})
			doubt, settled := doubtAmong(t, db, store, p)
			due := time.Now()
			doubts, hasten, places := storage.HastenTexts(store)
			args := append([]any{due}, slices.Repeat([]any{doubt.UID}, places)...)
			args = append(args, "test", due, due)
			for _, lines := range [][]string{plan(t, db, doubts, "test", "test"), plan(t, db, hasten, args...)} {
				whole := slices.ContainsFunc(lines, func(line string) bool { return scans(line, p) })
				if whole || !strings.Contains(strings.Join(lines, " "), "open_idx") && !strings.Contains(strings.Join(lines, " "), "uid_idx") {
					t.Errorf("a table is read as a whole:\n%s", strings.Join(lines, "\n"))
				}
			}
			if s.name != storage.SQLite { // SQLite has one writer.
				busy := db.Begin()
				defer busy.Rollback()
				if err := busy.Exec("UPDATE "+p+"payments SET tries = 9 WHERE uid = ?", settled.UID).Error; err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if n, err := store.Hasten(ctx, "test", due); n != 1 || err != nil {
				t.Errorf("Hasten answered %d, %v", n, err)
			}
			if list, err := store.Lease(ctx, payments.LeaseRequest{Namespace: "test", DueBefore: due, Owner: "a", For: time.Minute, Limit: 9}); err != nil ||
				len(list) != 1 || list[0].UID != doubt.UID {
				t.Errorf("%d payments are due: %v", len(list), err)
			}
		})
	}
}

// scans reports whether a line of a plan reads a whole table, or a whole namespace of it.
func scans(line, prefix string) bool {
	for _, bad := range []string{"Seq Scan", "_namespace_idx", "_due_idx", "key=namespace_idx", "key=due_idx", "type=ALL", "key=<nil>"} {
		if strings.Contains(line, bad) && !strings.Contains(line, "<union") {
			return true
		}
	}
	for _, table := range []string{"payments", "transactions"} {
		if _, how, found := strings.Cut(line, "SCAN "+prefix+table); found && !strings.Contains(how, "open_idx") {
			return true
		}
	}
	return false
}

// Many doubts are made due in several statements, and each is counted once.
func TestHastenMany(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			store, _ := migrated(t, s.open(t, nil, ""), storage.Options{})
			_, _, places := storage.HastenTexts(store)
			for range 2*places + 1 {
				p := newPayment(t)
				p.Status = payments.StatusUnknown
				if _, err := store.Apply(t.Context(), payments.Change{Payment: p}); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range []int{2*places + 1, 0} {
				if n, err := store.Hasten(t.Context(), "test", time.Now().Add(-time.Hour)); n != int64(want) || err != nil {
					t.Errorf("Hasten answered %d, %v, not %d", n, err, want)
				}
			}
		})
	}
}
