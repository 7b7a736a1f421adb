// Package normal holds what every store of this module does to a change before it is written, so that two stores never
// differ: times in UTC and cut to microseconds, texts that every database takes, and the limits of what is compared.
package normal

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trendsic/payments"
)

// MaxText is how many bytes of a free text are kept: the most that MySQL's text takes is 65,535.
const MaxText = 60_000

// The years of times that every database takes; the zero time is none.
const (
	FirstYear = 1000
	LastYear  = 9999
)

// The most bytes of a text that is compared. They are the sizes of the columns.
const (
	maxUID  = 36
	maxName = 64
	maxKey  = 255
)

// Time returns t in UTC, cut to microseconds. The zero time stays zero.
func Time(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Text returns a free text as every database takes it. PostgreSQL refuses NUL and bytes that are not UTF-8, and a gateway's
// message must never keep the gateway's answer from being recorded: what cannot be stored becomes U+FFFD, and what is longer
// than MaxText is cut between two characters.
func Text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= MaxText {
		return s
	}
	n := MaxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Comparable reports whether a text that is compared can be stored as it is. It is never changed: two texts must not
// become one.
func Comparable(s string, most int) bool {
	return len(s) <= most && strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

// check names the first text that cannot be stored.
type check struct{ err error }

func (c *check) text(field, s string, most int) {
	if c.err == nil && !Comparable(s, most) {
		c.err = Invalid(field, "the text is too long, or no UTF-8 without NUL")
	}
}

func (c *check) times(field string, times ...time.Time) {
	for _, t := range times {
		if year := t.Year(); c.err == nil && !t.IsZero() && (year < FirstYear || year > LastYear) {
			c.err = Invalid(field, "the time is not between the years 1000 and 9999")
		}
	}
}

func (c *check) uid(field, s string) {
	if c.text(field, s, maxUID); c.err == nil && s == "" {
		c.err = Invalid(field, "the reference is missing")
	}
}

// Invalid returns an error that names one field of what the store was given.
func Invalid(field, message string) error {
	return &payments.Error{Op: "store", Code: payments.ErrInvalid, Outcome: payments.OutcomeNotApplied,
		Fields: []payments.FieldError{{Field: field, Code: "Invalid", Message: message}}}
}

// Change returns a deep copy of the change as it is stored. It answers ErrInvalid for what no store can keep.
func Change(c payments.Change) (payments.Change, error) {
	var bad check
	c.Payment = Payment(c.Payment)
	if c.Payment.UID != "" {
		checkPayment(&bad, c.Payment)
	} else if len(c.Transactions)+len(c.Refunds) > 0 {
		return c, Invalid("Payment.UID", "transactions and refunds belong to a payment")
	}
	bad.text("LeaseOwner", c.LeaseOwner, maxKey)
	if c.Lease < 0 || c.Payment.Version < 0 {
		return c, Invalid("Lease", "a lease and a version are not negative")
	}
	c.Transactions = slices.Clone(c.Transactions)
	for i := range c.Transactions {
		normalTransaction(&bad, &c.Transactions[i], c.Payment)
	}
	c.Refunds = slices.Clone(c.Refunds)
	for i := range c.Refunds {
		normalRefund(&bad, &c.Refunds[i], c.Payment)
	}
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		normalEvent(&bad, &c.Events[i])
	}
	c.Breaks = slices.Clone(c.Breaks)
	for i := range c.Breaks {
		normalBreak(&bad, &c.Breaks[i])
	}
	c.Inbox = slices.Clone(c.Inbox)
	for i := range c.Inbox {
		normalInbox(&bad, &c.Inbox[i])
	}
	if c.Key != nil {
		key := Key(*c.Key)
		c.Key = &key
		checkKey(&bad, key)
	}
	return c, bad.err
}

// Payment returns the payment as it is stored.
func Payment(p payments.Payment) payments.Payment {
	for _, s := range []*string{&p.Account, &p.PublicOrderID, &p.AgentNumber, &p.Attempt, &p.Method.ID, &p.Method.Brand,
		&p.Method.Last4, &p.AuthCode, &p.ReceiptURL, &p.DeclineCode, &p.GatewayCode, &p.Message, &p.GatewayCustomer} {
		*s = Text(*s)
	}
	for _, t := range []*time.Time{&p.DecidedAt, &p.DueAt, &p.PeriodEnd, &p.LeaseUntil, &p.CreatedAt, &p.UpdatedAt} {
		*t = Time(*t)
	}
	return p
}

func checkPayment(bad *check, p payments.Payment) {
	bad.uid("Payment.UID", p.UID)
	bad.text("Payment.Namespace", p.Namespace, maxName)
	bad.text("Payment.Gateway", p.Gateway, maxName)
	bad.text("Payment.Subscription", p.Subscription, maxKey)
	bad.text("Payment.Invoice", p.Invoice, maxKey)
	bad.text("Payment.Reference", p.Reference, maxKey)
	bad.text("Payment.Amount.Currency", string(p.Amount.Currency), 3)
	bad.text("Payment.SubscriptionStatus", string(p.SubscriptionStatus), maxName)
	bad.times("Payment", p.PeriodEnd, p.DecidedAt, p.DueAt, p.CreatedAt, p.UpdatedAt)
}

func normalTransaction(bad *check, t *payments.Transaction, p payments.Payment) {
	t.PaymentUID = cmp.Or(t.PaymentUID, p.UID)
	for _, s := range []*string{&t.RefundUID, &t.Fingerprint, &t.PriorAttempt, &t.Reference, &t.DeclineCode, &t.GatewayCode,
		&t.Message, &t.RequestID} {
		*s = Text(*s)
	}
	t.CreatedAt, t.ClosedAt = Time(t.CreatedAt), Time(t.ClosedAt)
	bad.uid("Transaction.UID", t.UID)
	bad.times("Transaction", t.CreatedAt, t.ClosedAt)
	bad.text("Transaction.Kind", string(t.Kind), maxName)
	bad.text("Transaction.Amount.Currency", string(t.Amount.Currency), 3)
	if bad.err == nil && t.PaymentUID != p.UID {
		bad.err = Invalid("Transaction.PaymentUID", "the transaction belongs to another payment")
	}
}

func normalRefund(bad *check, r *payments.Refund, p payments.Payment) {
	r.PaymentUID = cmp.Or(r.PaymentUID, p.UID)
	r.Reason = Text(r.Reason)
	r.CreatedAt, r.UpdatedAt = Time(r.CreatedAt), Time(r.UpdatedAt)
	bad.uid("Refund.UID", r.UID)
	bad.times("Refund", r.CreatedAt, r.UpdatedAt)
	bad.text("Refund.Key", r.Key, maxKey)
	bad.text("Refund.Reference", r.Reference, maxKey)
	bad.text("Refund.Status", string(r.Status), maxName)
	bad.text("Refund.Amount.Currency", string(r.Amount.Currency), 3)
	if bad.err == nil && r.PaymentUID != p.UID {
		bad.err = Invalid("Refund.PaymentUID", "the refund belongs to another payment")
	}
}

func normalEvent(bad *check, e *payments.Event) {
	e.Type, e.PaymentUID, e.CreatedAt = Text(e.Type), Text(e.PaymentUID), Time(e.CreatedAt)
	bad.uid("Event.UID", e.UID)
	bad.text("Event.SubscriptionStatus", string(e.SubscriptionStatus), maxName)
	bad.times("Event", e.CreatedAt)
	bad.text("Event.Namespace", e.Namespace, maxName)
	bad.text("Event.Amount.Currency", string(e.Amount.Currency), 3)
}

func normalBreak(bad *check, b *payments.Break) {
	b.PaymentUID, b.Reference, b.Detail = Text(b.PaymentUID), Text(b.Reference), Text(b.Detail)
	b.EndedBy, b.Note = Text(b.EndedBy), Text(b.Note)
	b.CreatedAt, b.EndedAt = Time(b.CreatedAt), Time(b.EndedAt)
	bad.uid("Break.UID", b.UID)
	bad.times("Break", b.CreatedAt, b.EndedAt)
	bad.text("Break.Namespace", b.Namespace, maxName)
	bad.text("Break.Kind", string(b.Kind), maxName)
}

func normalInbox(bad *check, i *payments.InboxEvent) {
	e := &i.Event
	for _, s := range []*string{&e.Type, &e.Object, &e.Payment, &e.Subscription, &e.Invoice, &e.PaymentUID, &e.APIVersion} {
		*s = Text(*s)
	}
	for _, t := range []*time.Time{&i.ReceivedAt, &i.DoneAt, &i.DueAt, &e.CreatedAt} {
		*t = Time(*t)
	}
	bad.text("InboxEvent.Namespace", i.Namespace, maxName)
	bad.text("InboxEvent.Gateway", i.Gateway, maxName)
	bad.text("InboxEvent.Event.Account", e.Account, maxKey)
	bad.text("InboxEvent.Event.ID", e.ID, maxKey)
	bad.times("InboxEvent", i.ReceivedAt, i.DoneAt, i.DueAt, e.CreatedAt)
	if bad.err == nil && e.ID == "" {
		bad.err = Invalid("InboxEvent.Event.ID", "the event has no id")
	}
}

// Key returns a copy of the record as it is stored.
func Key(k payments.KeyRecord) payments.KeyRecord {
	k.Fingerprint, k.PaymentUID = Text(k.Fingerprint), Text(k.PaymentUID)
	k.CreatedAt, k.ExpiresAt = Time(k.CreatedAt), Time(k.ExpiresAt)
	if k.Answer = bytes.Clone(k.Answer); len(k.Answer) == 0 {
		k.Answer = nil
	}
	return k
}

func checkKey(bad *check, k payments.KeyRecord) {
	bad.text("Key.Namespace", k.Namespace, maxName)
	bad.text("Key.Principal", k.Principal, maxKey)
	bad.text("Key.Verb", k.Verb, maxName)
	bad.text("Key.Key", k.Key, maxKey)
	bad.times("Key", k.CreatedAt, k.ExpiresAt)
	if bad.err == nil && k.Version < 0 {
		bad.err = Invalid("Key.Version", "a version is not negative")
	}
}
