package storage

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// statements are the SQL texts of one store. They are built once, and few: a prepared statement is found again.
type statements struct {
	insertPayment, updatePayment, paymentHead         string
	insertTransaction, updateTransaction              string
	insertRefund, updateRefund                        string
	insertKey, updateKey                              string
	insertEvent, insertBreak, updateBreak, enterGate  string
	selectPayment, selectTransactions, selectRefunds  string
	selectKey, selectRefundByKey                      string
	selectEvents, selectBreaks                        string
	tables                                            tables
	leaseOne, leaseDue, selectOne, selectDue, leaseID string
	takenUID, takenRefundKey, takenRefundReference    string
	takenLive, takenInvoice, takenKey, settleGate     string
	insertInbox, updateInbox, knownInbox, selectInbox string
	thereInbox, queueGate                             string
	doubts, hasten, pruneKeys, pruneInbox             string
}

// tables names the tables of a prefix.
type tables struct{ payments, transactions, refunds, keys, events, breaks, inbox, gate string }

func tablesOf(prefix string) tables {
	return tables{payments: prefix + "payments", transactions: prefix + "transactions", refunds: prefix + "refunds",
		keys: prefix + "keys", events: prefix + "events", breaks: prefix + "breaks", inbox: prefix + "inbox", gate: prefix + "gate"}
}

// insert returns an insert that returns the id, and none where a unique value is taken; on MySQL it fails then.
func (d dialect) insert(table, columns, values, returning string) string {
	text := "INSERT INTO " + table + " (" + columns + ") VALUES (" + values + ")"
	if d.returning {
		text += " ON CONFLICT DO NOTHING RETURNING " + returning
	}
	return text
}

// update returns a compare-and-swap. What it counts is right with MySQL's clientFoundRows and without: counter always
// changes, so a row that matches is a row that changes.
func update(table string, list []string, counter, where string) string {
	return "UPDATE " + table + " SET " + set(list) + ", " + counter + " = " + counter + " + 1 WHERE " + where
}

// statementsOf builds the texts. now is the SQL of the store's clock, and later the SQL of a moment so many microseconds
// after it, NULL for NULL.
func statementsOf(d dialect, t tables, now, later string) statements {
	s := statements{tables: t}
	payment := d.selection(slices.Concat(paymentColumns, paymentTail))
	s.insertPayment = d.insert(t.payments, names(paymentColumns)+", live_order, version, lease_owner, lease_until",
		marks(len(paymentColumns)+1)+", 1, ?, "+later, "id, lease_until")
	s.updatePayment = "UPDATE " + t.payments + " SET " + set(columns(paymentMutable)) + ", live_order = CASE WHEN ? THEN order_id" +
		" ELSE NULL END, version = version + 1, lease_owner = ?, lease_until = " + later + " WHERE uid = ? AND namespace = ? AND version = ?"
	if d.returning {
		s.updatePayment += " RETURNING id, lease_until"
	}
	s.paymentHead = "SELECT id, " + d.selected("lease_until") + " FROM " + t.payments + " WHERE uid = ?"
	s.insertTransaction = d.insert(t.transactions, names(transactionColumns)+", revision", marks(len(transactionColumns))+", 0", "id")
	s.updateTransaction = update(t.transactions, columns(transactionMutable), "revision", "id = ? AND uid = ? AND payment_uid = ? AND closed_at IS NULL")
	s.insertRefund = d.insert(t.refunds, names(refundColumns)+", revision", marks(len(refundColumns))+", 0", "id")
	s.updateRefund = update(t.refunds, columns(refundMutable), "revision", "id = ? AND uid = ? AND payment_uid = ?")
	s.insertKey = d.insert(t.keys, names(keyColumns)+", version", marks(len(keyColumns))+", 1", "version")
	s.updateKey = update(t.keys, columns(keyMutable), "version",
		"namespace = ? AND principal = ? AND verb = ? AND caller_key = ? AND version = ?")
	s.insertEvent = d.insert(t.events, names(eventColumns), marks(len(eventColumns)), "id")
	s.insertBreak = d.insert(t.breaks, names(breakColumns)+", revision", marks(len(breakColumns))+", 0", "id")
	s.updateBreak = update(t.breaks, columns(breakMutable), "revision", "id = ? AND uid = ? AND namespace = ? AND ended_at IS NULL")

	s.selectPayment = "SELECT " + payment + " FROM " + t.payments + " WHERE namespace = ?"
	s.selectTransactions = "SELECT " + d.selection(slices.Concat(transactionColumns, []string{"id"})) +
		" FROM " + t.transactions + " WHERE payment_uid = ? ORDER BY id"
	refund := "SELECT " + d.selection(slices.Concat(refundColumns, []string{"id"})) + " FROM " + t.refunds
	s.selectRefunds = refund + " WHERE payment_uid = ? ORDER BY id"
	s.selectRefundByKey = refund + " WHERE namespace = ? AND caller_key = ?"
	s.selectKey = "SELECT " + d.selection(slices.Concat(keyColumns, []string{"version"})) + " FROM " + t.keys +
		" WHERE namespace = ? AND principal = ? AND verb = ? AND caller_key = ?"
	s.selectEvents = "SELECT " + d.selection(slices.Concat(eventColumns, []string{"id"})) + " FROM " + t.events +
		" WHERE namespace = ? AND id > ? ORDER BY id LIMIT ?"
	s.selectBreaks = "SELECT " + d.selection(slices.Concat(breakColumns, []string{"id"})) + " FROM " + t.breaks +
		" WHERE namespace = ? AND id > ? ORDER BY id LIMIT ?"
	s.lease(d, t, now, later, payment)
	s.inbox(d, t)
	s.upkeep(d, t, now)
	s.taken(d, t)
	s.gate(d, t)
	return s
}

// lease builds the texts of Lease. Each takes namespace and what selects, then the clock's argument.
func (s *statements) lease(d dialect, t tables, now, later, payment string) {
	free := "(lease_until IS NULL OR lease_until <= " + now + ")"
	one := "namespace = ? AND uid = ? AND (lease_owner = ? OR " + free + ")"
	due := "namespace = ? AND due_at <= ? AND " + free + " ORDER BY due_at, id LIMIT ?"
	hold := "UPDATE " + t.payments + " SET version = version + 1, lease_owner = ?, lease_until = " + later
	switch d.name {
	case PostgreSQL:
		s.leaseOne = hold + " WHERE " + one + " RETURNING " + payment
		// The rows are locked in a part of its own, which is run once: a plain subquery may be run again by the planner.
		s.leaseDue = "WITH free AS MATERIALIZED (SELECT id AS free_id FROM " + t.payments + " WHERE " + due +
			" FOR UPDATE SKIP LOCKED) " + hold + " FROM free WHERE id = free_id RETURNING " + payment
	case SQLite:
		s.leaseOne = hold + " WHERE " + one + " RETURNING " + payment
		s.leaseDue = hold + " WHERE id IN (SELECT id FROM " + t.payments + " WHERE " + due + ") RETURNING " + payment
	case MySQL:
		// In one transaction: lock, change, read. SKIP LOCKED is right only where another row does as well.
		s.selectOne = "SELECT id FROM " + t.payments + " WHERE " + one + " FOR UPDATE"
		s.selectDue = "SELECT id FROM " + t.payments + " WHERE " + due + " FOR UPDATE SKIP LOCKED"
		s.leaseID = hold + " WHERE id = ?"
		s.leaseOne = "SELECT " + payment + " FROM " + t.payments + " WHERE id = ?"
	}
}

// taken builds the texts that ask whether another row has a unique value.
func (s *statements) taken(d dialect, t tables) {
	exists := func(table, where string) string {
		return "SELECT 1 FROM " + table + " WHERE " + where + " LIMIT 1" + d.locked()
	}
	s.takenUID = exists("{table}", "uid = ?")
	s.takenLive = exists(t.payments, "namespace = ? AND live_order = ? AND uid <> ?")
	s.takenInvoice = exists(t.payments, "namespace = ? AND subscription = ? AND invoice = ? AND uid <> ?")
	s.takenRefundKey = exists(t.refunds, "namespace = ? AND caller_key = ? AND uid <> ?")
	s.takenKey = exists(t.keys, "namespace = ? AND principal = ? AND verb = ? AND caller_key = ?")
	s.takenRefundReference = exists(t.refunds, "payment_uid = ? AND reference = ? AND uid <> ?")
}

// uidIn returns the query that asks whether a table has a reference.
func (s *statements) uidIn(table string) string {
	return strings.Replace(s.takenUID, "{table}", table, 1)
}

// gate builds the texts that order the outbox, see events.go. SQLite has one writer and needs none.
func (s *statements) gate(d dialect, t tables) {
	switch d.name {
	case PostgreSQL:
		key := strconv.FormatInt(lockKey(t.gate), 10)
		// The id is drawn in the gate and in the same round trip: the condition of a CASE comes before its result.
		s.insertEvent = d.insert(t.events, "id, "+names(eventColumns), "CASE WHEN (SELECT CAST(pg_advisory_xact_lock_shared("+key+
			") AS text)) IS NULL THEN 0 ELSE nextval(pg_get_serial_sequence('"+t.events+"', 'id')) END, "+marks(len(eventColumns)), "id")
		s.settleGate = "SELECT 1 WHERE pg_try_advisory_xact_lock(" + key + ")"
		s.queueGate = "SELECT 1 FROM pg_advisory_xact_lock(" + key + ")"
	case MySQL:
		s.enterGate = "SELECT id FROM " + t.gate + " WHERE id = 1 LOCK IN SHARE MODE"
		s.settleGate = "SELECT id FROM " + t.gate + " WHERE id = 1 FOR UPDATE SKIP LOCKED"
		s.queueGate = "SELECT id FROM " + t.gate + " WHERE id = 1 FOR UPDATE"
	}
}

// lockKey returns the number of a PostgreSQL advisory lock for a name.
func lockKey(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("github.com/trendsic/payments:" + name))
	return int64(h.Sum64() >> 1) //nolint:gosec // The shift keeps it positive.
}

// inbox builds the texts of the gateway's events.
func (s *statements) inbox(d dialect, t tables) {
	s.insertInbox = d.insert(t.inbox, names(inboxColumns)+", revision", marks(len(inboxColumns))+", 0", "id")
	s.updateInbox = update(t.inbox, columns(inboxMutable), "revision", "id = ? AND namespace = ? AND done_at IS NULL")
	s.thereInbox = "SELECT id FROM " + t.inbox + " WHERE id = ? AND namespace = ?" + d.locked()
	s.knownInbox = "SELECT id FROM " + t.inbox + " WHERE namespace = ? AND gateway = ? AND account = ? AND event_id = ?"
	s.selectInbox = "SELECT " + d.selection(slices.Concat(inboxColumns, []string{"id"})) + " FROM " + t.inbox +
		" WHERE namespace = ? AND done_at IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?"
}
