package model

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// state is the digest of all that decides what can happen from here on. Ids are random, or follow from the order of the
// calls: each is written as the number of its first place. Times are written in whole seconds, for within a second only the
// order of a decline and a request matters, which is written for each pair.
type state [16]byte

// state returns the digest of where the world is.
func (w *world) state() state {
	sum := sha256.Sum256(renamed(w.text()))
	return state(sum[:16])
}

// text writes all that decides.
func (w *world) text() []byte {
	var b bytes.Buffer
	object, _, _ := strings.Cut(w.secret, "_secret_")
	fmt.Fprintf(&b, "%v %v %d %s %t %t %s\n", w.left, w.clients, w.coming, object, w.payer, w.ended, seconds(w.now))
	w.textRows(&b)
	for _, e := range w.events {
		fmt.Fprintf(&b, "event %s %t\n", e.Reference, w.watch.Received(e.ID))
	}
	write(&b, w.asked)
	for _, t := range w.tasks {
		fmt.Fprintf(&b, "task %s %s %s %s %t %t %v\n", t.name, t.at, seconds(t.begun), t.owner, t.awake(), t.wrote, t.looks)
		fmt.Fprintf(&b, "%t %s\n", t.read == w.changes, t.since())
		write(&b, t.heard)
	}
	return b.Bytes()
}

// since writes which requests began before what the task is about to write was decided.
func (t *task) since() string {
	s := ""
	for _, u := range t.w.tasks {
		if t.at == "apply" && u.client != noClient {
			s += strconv.FormatBool(t.ran.After(u.begun))
		}
	}
	return s
}

// textRows writes the rows as they are, and which requests began before which decision.
func (w *world) textRows(b *bytes.Buffer) {
	ctx := context.Background()
	list, err := w.mem.List(ctx, payments.Filter{Limit: 1000})
	if err != nil {
		panic(err) // a store in memory can be read
	}
	for _, p := range list {
		rec, err := w.mem.Find(ctx, payments.Query{UID: p.UID})
		if err != nil {
			panic(err)
		}
		b.WriteString(textRecord(rec))
		for _, tx := range rec.Transactions {
			for _, t := range w.tasks {
				b.WriteString(strconv.FormatBool(tx.ClosedAt.After(t.begun)))
			}
		}
	}
	inbox, err := w.mem.Inbox(ctx, "", w.now.Add(1000*time.Hour), 1000)
	if err != nil {
		panic(err)
	}
	b.WriteString(textOf(inbox))
	events, err := w.mem.Events(ctx, "", 0, 1000)
	if err != nil {
		panic(err)
	}
	for _, e := range events {
		fmt.Fprintf(b, "told %s %s %d\n", e.PaymentUID, e.Type, e.Refunded)
	}
	breaks, err := w.mem.Breaks(ctx, "", 0, 1000)
	if err != nil {
		panic(err)
	}
	for _, k := range breaks {
		fmt.Fprintf(b, "break %s %s\n", k.PaymentUID, k.Kind)
	}
}

// write writes what was told, each once.
func write(b *bytes.Buffer, list []said) {
	for i := range list {
		if s := &list[i]; s.text == "" {
			s.text = fmt.Sprintf("%s %s %s %s\n", s.call, seconds(s.now), textOf(s.value), textErr(s.err))
		}
		b.WriteString(list[i].text)
	}
}

// textErr writes what code can tell of an error.
func textErr(err error) string {
	if err == nil {
		return ""
	}
	var e *payments.Error
	if as, ok := err.(*payments.Error); ok { //nolint:errorlint // what the store and the fake answer is not wrapped
		e = as
		return fmt.Sprint(e.Code, e.Outcome, e.GatewayCode, e.DeclineCode, e.Replayed)
	}
	return err.Error()
}

// textOf writes a value that a call answered.
func textOf(value any) string {
	switch v := value.(type) {
	case payments.Payment:
		return textPayment(v)
	case payments.Record:
		return textRecord(v)
	case []payments.Payment:
		var b strings.Builder
		for _, p := range v {
			b.WriteString(textPayment(p))
		}
		return b.String()
	case []payments.InboxEvent:
		var b strings.Builder
		for _, e := range v { // which of an object's events it is matters to nobody
			fmt.Fprintf(&b, "inbox %s %s %d %s %s\n", e.Event.Payment, e.Event.PaymentUID, e.Tries, seconds(e.DueAt), seconds(e.DoneAt))
		}
		return b.String()
	case payments.Snapshot:
		action := v.NextAction != nil
		v.NextAction, v.AuthCode, v.ReceiptURL = nil, "", ""
		v.DecidedAt = v.DecidedAt.Truncate(time.Second)
		return fmt.Sprintf("%v %t", v, action)
	default:
		return fmt.Sprint(v)
	}
}

// seconds writes a time, counted from the beginning.
func seconds(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return strconv.FormatInt(int64(t.Truncate(time.Second).Sub(begin)/time.Second), 10)
}

// textRecord writes a payment with all that belongs to it.
func textRecord(rec payments.Record) string {
	b := textPayment(rec.Payment)
	for _, t := range rec.Transactions {
		created, closed := seconds(t.CreatedAt), seconds(t.ClosedAt)
		t.CreatedAt, t.ClosedAt = time.Time{}, time.Time{}
		b += fmt.Sprintf("tx %v %s %s\n", t, created, closed)
	}
	for _, r := range rec.Refunds {
		b += fmt.Sprintf("refund %v\n", r)
	}
	return b
}

// textPayment writes a payment, but what is made of its ids.
func textPayment(p payments.Payment) string {
	var b strings.Builder
	for _, t := range []*time.Time{&p.PeriodEnd, &p.DecidedAt, &p.DueAt, &p.LeaseUntil, &p.CreatedAt, &p.UpdatedAt} {
		b.WriteString(seconds(*t) + " ")
		*t = time.Time{}
	}
	p.AuthCode, p.ReceiptURL = "", ""
	fmt.Fprintf(&b, "%v\n", p)
	return b.String()
}

// renamed returns the text with each id as the number of its first place.
func renamed(text []byte) []byte {
	out, names := make([]byte, 0, len(text)), map[string]int{}
	for i := 0; i < len(text); {
		n := i
		for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] >= 'a' && text[n] <= 'z' || text[n] == '-' || text[n] == '_') {
			n++
		}
		if n == i {
			out = append(out, text[i])
			i++
			continue
		}
		word := text[i:n]
		if i = n; !isID(word) {
			out = append(out, word...)
			continue
		}
		number, ok := names[string(word)]
		if !ok {
			number = len(names)
			names[string(word)] = number
		}
		out = strconv.AppendInt(append(out, '#'), int64(number), 10)
	}
	return out
}

// isID reports whether a word is a UUID or an id of the fake's.
func isID(word []byte) bool {
	return len(word) == 36 && word[8] == '-' && word[23] == '-' || bytes.Contains(word, []byte("_"+fakeMark+"_"))
}

// fakeMark is in each id of the fake's but those of its cards.
const fakeMark = "fake"
