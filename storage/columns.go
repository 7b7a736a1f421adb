package storage

import (
	"bytes"
	"database/sql"
	"strings"

	"github.com/trendsic/payments"
)

// The columns of each table, in the order in which the functions below them give and take the values. A column of a time is
// marked by "@", one that the database gives itself is not in the list.
var (
	paymentColumns = columns(`uid namespace order_id @created_at ` + paymentMutable)
	// paymentMutable are the columns that an update writes; the live marker and the lease have expressions of their own.
	paymentMutable = `gateway account order_header_id public_order_id agent_id agent_number customer_id
		subscription invoice status pay_type amount currency captured refunded reference attempt method_id method_brand
		method_last4 method_month method_year auth_code receipt_url decline_code gateway_code message live_mode @decided_at
		@due_at tries @updated_at subscription_status @period_end cancel_at_period_end gateway_customer`
	transactionColumns = columns(`uid namespace gateway account payment_uid refund_uid kind @created_at ` + transactionMutable)
	transactionMutable = `amount currency fingerprint sent rounds prior_attempt off_session outcome reference decline_code gateway_code
		message request_id @closed_at`
	refundColumns = columns(`uid namespace gateway account payment_uid caller_key @created_at ` + refundMutable)
	refundMutable = `amount currency status reference reason @updated_at`
	keyColumns    = columns(`namespace principal verb caller_key @created_at ` + keyMutable)
	keyMutable    = `fingerprint payment_uid answer @expires_at`
	eventColumns  = columns(`uid namespace gateway account event_type payment_uid order_id previous status amount currency
		captured refunded subscription_status @created_at`)
	breakColumns = columns(`uid namespace gateway account kind payment_uid order_id reference detail @created_at ` + breakMutable)
	breakMutable = `@ended_at ended_by note`
	inboxColumns = columns(`namespace gateway account event_id event_type object payment subscription invoice payment_uid order_id
		api_version live_mode @event_at @received_at ` + inboxMutable)
	inboxMutable = `@done_at tries @due_at`
)

func columns(list string) []string { return strings.Fields(list) }

// names returns the columns as they are written.
func names(list []string) string { return strings.ReplaceAll(strings.Join(list, ", "), "@", "") }

// selection returns the columns as they are read.
func (d dialect) selection(list []string) string {
	read := make([]string, len(list))
	for i, c := range list {
		if name, isTime := strings.CutPrefix(c, "@"); isTime {
			c = d.selected(name)
		}
		read[i] = c
	}
	return strings.Join(read, ", ")
}

// assignments returns "a = ?, b = ?" for an update.
func assignments(list []string) string { return names(list) + " = ?" }

// set returns "a = ?, b = ?".
func set(list []string) string { return strings.ReplaceAll(assignments(list), ",", " = ?,") }

// marks returns n placeholders.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func (d dialect) paymentMutableArgs(p *payments.Payment) []any {
	return []any{p.Gateway, p.Account, p.OrderHeaderID, p.PublicOrderID, p.AgentID, p.AgentNumber, p.CustomerID,
		null(p.Subscription), null(p.Invoice), int64(p.Status), int64(p.Type), p.Amount.Amount, string(p.Amount.Currency),
		p.Captured, p.Refunded, p.Reference, p.Attempt, p.Method.ID, p.Method.Brand, p.Method.Last4,
		int64(p.Method.Expiry.Month), int64(p.Method.Expiry.Year), p.AuthCode, p.ReceiptURL, p.DeclineCode, p.GatewayCode,
		p.Message, p.LiveMode, d.time(p.DecidedAt), d.time(p.DueAt), int64(p.Tries), d.time(p.UpdatedAt),
		string(p.SubscriptionStatus), d.time(p.PeriodEnd), p.CancelAtPeriodEnd, p.GatewayCustomer}
}

func (d dialect) paymentArgs(p *payments.Payment) []any {
	return append([]any{p.UID, p.Namespace, p.OrderID.String(), d.time(p.CreatedAt)}, d.paymentMutableArgs(p)...)
}

// paymentTail are the columns that are read after paymentColumns.
var paymentTail = columns(`id live_order version lease_owner @lease_until`)

func scanPayment(rows *sql.Rows) (p payments.Payment, err error) {
	err = rows.Scan(&p.UID, &p.Namespace, &p.OrderID, instant{&p.CreatedAt},
		&p.Gateway, &p.Account, &p.OrderHeaderID, &p.PublicOrderID, &p.AgentID, &p.AgentNumber, &p.CustomerID,
		nullable{&p.Subscription}, nullable{&p.Invoice}, &p.Status, &p.Type, &p.Amount.Amount, &p.Amount.Currency,
		&p.Captured, &p.Refunded, &p.Reference, &p.Attempt, &p.Method.ID, &p.Method.Brand, &p.Method.Last4,
		&p.Method.Expiry.Month, &p.Method.Expiry.Year, &p.AuthCode, &p.ReceiptURL, &p.DeclineCode, &p.GatewayCode,
		&p.Message, &p.LiveMode, instant{&p.DecidedAt}, instant{&p.DueAt}, &p.Tries, instant{&p.UpdatedAt},
		&p.SubscriptionStatus, instant{&p.PeriodEnd}, &p.CancelAtPeriodEnd, &p.GatewayCustomer,
		&p.ID, live{&p.Live}, &p.Version, &p.LeaseOwner, instant{&p.LeaseUntil})
	return p, err
}

func (d dialect) transactionMutableArgs(t *payments.Transaction) []any {
	return []any{t.Amount.Amount, string(t.Amount.Currency), t.Fingerprint, t.Sent, int64(t.Round), t.PriorAttempt, t.OffSession,
		int64(t.Outcome), t.Reference, t.DeclineCode, t.GatewayCode, t.Message, t.RequestID, d.time(t.ClosedAt)}
}

func (d dialect) transactionArgs(t *payments.Transaction, p *payments.Payment) []any {
	return append([]any{t.UID, p.Namespace, p.Gateway, p.Account, t.PaymentUID, t.RefundUID, string(t.Kind), d.time(t.CreatedAt)},
		d.transactionMutableArgs(t)...)
}

func scanTransaction(rows *sql.Rows) (t payments.Transaction, err error) {
	var skipped [3]sql.RawBytes
	err = rows.Scan(&t.UID, &skipped[0], &skipped[1], &skipped[2], &t.PaymentUID, &t.RefundUID, &t.Kind, instant{&t.CreatedAt},
		&t.Amount.Amount, &t.Amount.Currency, &t.Fingerprint, &t.Sent, &t.Round, &t.PriorAttempt, &t.OffSession, &t.Outcome, &t.Reference,
		&t.DeclineCode, &t.GatewayCode, &t.Message, &t.RequestID, instant{&t.ClosedAt}, &t.ID)
	return t, err
}

func (d dialect) refundMutableArgs(r *payments.Refund) []any {
	return []any{r.Amount.Amount, string(r.Amount.Currency), string(r.Status), null(r.Reference), r.Reason, d.time(r.UpdatedAt)}
}

func (d dialect) refundArgs(r *payments.Refund, p *payments.Payment) []any {
	return append([]any{r.UID, p.Namespace, p.Gateway, p.Account, r.PaymentUID, null(r.Key), d.time(r.CreatedAt)},
		d.refundMutableArgs(r)...)
}

func scanRefund(rows *sql.Rows) (r payments.Refund, err error) {
	var skipped [3]sql.RawBytes
	err = rows.Scan(&r.UID, &skipped[0], &skipped[1], &skipped[2], &r.PaymentUID, nullable{&r.Key}, instant{&r.CreatedAt},
		&r.Amount.Amount, &r.Amount.Currency, &r.Status, nullable{&r.Reference}, &r.Reason, instant{&r.UpdatedAt}, &r.ID)
	return r, err
}

func (d dialect) keyMutableArgs(k *payments.KeyRecord) []any {
	answer := any(k.Answer)
	if len(k.Answer) == 0 {
		answer = nil
	}
	return []any{k.Fingerprint, k.PaymentUID, answer, d.time(k.ExpiresAt)}
}

func (d dialect) keyArgs(k *payments.KeyRecord) []any {
	return append([]any{k.Namespace, k.Principal, k.Verb, k.Key, d.time(k.CreatedAt)}, d.keyMutableArgs(k)...)
}

func scanKey(rows *sql.Rows) (k payments.KeyRecord, err error) {
	err = rows.Scan(&k.Namespace, &k.Principal, &k.Verb, &k.Key, instant{&k.CreatedAt}, &k.Fingerprint, &k.PaymentUID,
		&k.Answer, instant{&k.ExpiresAt}, &k.Version)
	k.Answer = bytes.Clone(k.Answer)
	return k, err
}

func (d dialect) eventArgs(e *payments.Event, p *payments.Payment) []any {
	return []any{e.UID, e.Namespace, p.Gateway, p.Account, e.Type, e.PaymentUID, e.OrderID.String(), int64(e.Previous),
		int64(e.Status), e.Amount.Amount, string(e.Amount.Currency), e.Captured, e.Refunded, string(e.SubscriptionStatus),
		d.time(e.CreatedAt)}
}

func scanEvent(rows *sql.Rows) (e payments.Event, err error) {
	var skipped [2]sql.RawBytes
	err = rows.Scan(&e.UID, &e.Namespace, &skipped[0], &skipped[1], &e.Type, &e.PaymentUID, &e.OrderID, &e.Previous, &e.Status,
		&e.Amount.Amount, &e.Amount.Currency, &e.Captured, &e.Refunded, &e.SubscriptionStatus, instant{&e.CreatedAt}, &e.ID)
	return e, err
}

func (d dialect) breakMutableArgs(b *payments.Break) []any {
	return []any{d.time(b.EndedAt), b.EndedBy, b.Note}
}

func (d dialect) breakArgs(b *payments.Break, p *payments.Payment) []any {
	return append([]any{b.UID, b.Namespace, p.Gateway, p.Account, string(b.Kind), b.PaymentUID, b.OrderID.String(), b.Reference, b.Detail,
		d.time(b.CreatedAt)}, d.breakMutableArgs(b)...)
}

func scanBreak(rows *sql.Rows) (b payments.Break, err error) {
	var skipped [2]sql.RawBytes
	err = rows.Scan(&b.UID, &b.Namespace, &skipped[0], &skipped[1], &b.Kind, &b.PaymentUID, &b.OrderID, &b.Reference, &b.Detail,
		instant{&b.CreatedAt}, instant{&b.EndedAt}, &b.EndedBy, &b.Note, &b.ID)
	return b, err
}

func (d dialect) inboxMutableArgs(i *payments.InboxEvent) []any {
	return []any{d.time(i.DoneAt), int64(i.Tries), d.time(i.DueAt)}
}

func (d dialect) inboxArgs(i *payments.InboxEvent) []any {
	e := &i.Event
	return append([]any{i.Namespace, i.Gateway, e.Account, e.ID, e.Type, e.Object, e.Payment, e.Subscription, e.Invoice, e.PaymentUID,
		e.OrderID.String(), e.APIVersion, e.LiveMode, d.time(e.CreatedAt), d.time(i.ReceivedAt)}, d.inboxMutableArgs(i)...)
}

func scanInbox(rows *sql.Rows) (i payments.InboxEvent, err error) {
	e := &i.Event
	err = rows.Scan(&i.Namespace, &i.Gateway, &e.Account, &e.ID, &e.Type, &e.Object, &e.Payment, &e.Subscription, &e.Invoice,
		&e.PaymentUID, &e.OrderID, &e.APIVersion, &e.LiveMode, instant{&e.CreatedAt}, instant{&i.ReceivedAt}, instant{&i.DoneAt},
		&i.Tries, instant{&i.DueAt}, &i.ID)
	return i, err
}
