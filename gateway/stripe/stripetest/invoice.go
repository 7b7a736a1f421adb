package stripetest

import (
	"fmt"
	"time"
)

// kindInvoice is the kind of invoices.
const kindInvoice = "invoice"

// The statuses of an invoice.
const (
	invoiceDraft = "draft"
	invoiceOpen  = "open"
	invoicePaid  = "paid"
	invoiceVoid  = "void"
)

// draftTime is how long the invoice of a renewal may be edited before it is finalized and paid.
const draftTime = time.Hour

// retries is when an unpaid renewal is tried again, after each failure. After the last one the subscription is canceled.
var retries = []time.Duration{3 * 24 * time.Hour, 5 * 24 * time.Hour, 7 * 24 * time.Hour}

// invoice is an Invoice of a subscription.
type invoice struct {
	base
	Customer     string            `json:"customer"`
	Subscription string            `json:"subscription"`
	Status       string            `json:"status"`
	Reason       string            `json:"reason"`
	Currency     string            `json:"currency"`
	Total        int64             `json:"total"`
	AmountPaid   int64             `json:"amount_paid,omitempty"`
	Intent       string            `json:"intent,omitempty"`
	Charge       string            `json:"charge,omitempty"`
	Number       string            `json:"number,omitempty"`
	Lines        []line            `json:"lines"`
	PeriodStart  int64             `json:"period_start"`
	PeriodEnd    int64             `json:"period_end"`
	Attempts     int               `json:"attempts,omitempty"`
	NextAttempt  int64             `json:"next_attempt,omitempty"`
	FinalizedAt  int64             `json:"finalized_at,omitempty"`
	PaidAt       int64             `json:"paid_at,omitempty"`
	VoidedAt     int64             `json:"voided_at,omitempty"`
	OutOfBand    bool              `json:"out_of_band,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"` // the subscription's, when the invoice was made
}

// line is one line of an invoice.
type line struct {
	ID       string `json:"id"`
	Item     string `json:"item"`
	Price    string `json:"price"`
	Quantity int64  `json:"quantity"`
	Amount   int64  `json:"amount"`
	Text     string `json:"text"`
	Start    int64  `json:"start"`
	End      int64  `json:"end"`
}

func (*invoice) kind() string { return kindInvoice }

// due is when a draft is finalized, or an open invoice is tried again.
func (inv *invoice) due() int64 {
	if inv.Status != invoiceDraft && inv.Status != invoiceOpen {
		return 0
	}
	return inv.NextAttempt
}

// wake finalizes a draft and tries to take the money.
func (inv *invoice) wake(s *Server, now time.Time) {
	inv.NextAttempt = 0
	if inv.Status == invoiceDraft {
		if s.finalize(inv, now) == nil {
			return
		}
	}
	s.put(inv)
	// That it is declined is told by events, and by the next attempt.
	_ = s.payInvoice(inv, try{now: now, offSession: true})
}

// newInvoice makes the draft of an invoice for the subscription's period. That of a trial costs nothing.
func (s *Server) newInvoice(sub *subscription, reason string, trial bool, now time.Time) *invoice {
	inv := &invoice{base: s.newBase("in", sub.Account, now), Customer: sub.Customer, Subscription: sub.ID, Status: invoiceDraft, Reason: reason,
		Currency: sub.Currency, PeriodStart: sub.PeriodStart, PeriodEnd: sub.PeriodEnd, Metadata: sub.Metadata}
	for _, item := range sub.Items {
		pc := own[*price](s, item.Price)
		l := line{ID: s.newID("il"), Item: item.ID, Price: pc.ID, Quantity: item.Quantity, Amount: pc.Amount * item.Quantity,
			Start: sub.PeriodStart, End: sub.PeriodEnd,
			Text: fmt.Sprintf("%d × %s (at %s / %s)", item.Quantity, own[*product](s, pc.Product).Name, display(pc.Amount, pc.Currency), pc.Interval)}
		if trial {
			l.Amount, l.Text = 0, "Trial period for "+own[*product](s, pc.Product).Name
		}
		inv.Total += l.Amount
		inv.Lines = append(inv.Lines, l)
	}
	sub.LatestInvoice = inv.ID
	s.put(inv)
	return inv
}

// finalize opens a draft: it gets its number and its payment intent. One of nothing is paid at once, without an intent.
func (s *Server) finalize(inv *invoice, now time.Time) *intent {
	cus := own[*customer](s, inv.Customer)
	cus.Invoices++
	s.put(cus)
	inv.Status, inv.FinalizedAt, inv.NextAttempt = invoiceOpen, now.Unix(), 0
	inv.Number = fmt.Sprintf("%s-%04d", s.renderCustomer(cus)["invoice_prefix"], cus.Invoices)
	sub := own[*subscription](s, inv.Subscription)
	if inv.Total == 0 {
		s.put(inv)
		s.emit(now, "invoice.finalized", inv)
		s.markPaid(inv, nil, now)
		return nil
	}
	in := &intent{base: s.newBase("pi", inv.Account, now), Status: needsMethod, Amount: inv.Total, Currency: inv.Currency,
		CaptureMethod: "automatic", ConfirmationMethod: "automatic", Customer: inv.Customer, Invoice: inv.ID, Types: []string{"card"},
		FutureUsage: "off_session", Description: "Subscription creation", SDK: true}
	if inv.Reason != "subscription_create" {
		in.Description = "Subscription update"
	}
	if in.Method = s.methodOf(sub); in.Method != "" {
		in.Status = needsConfirm
	}
	inv.Intent = in.ID
	s.put(in)
	s.put(inv)
	s.emit(now, "invoice.finalized", inv)
	s.emit(now, "payment_intent.created", in)
	return in
}

// payInvoice tries to take the money of an open invoice.
func (s *Server) payInvoice(inv *invoice, t try) *apiError {
	in := own[*intent](s, inv.Intent)
	if in.Method == "" {
		in.Method = s.methodOf(own[*subscription](s, inv.Subscription))
	}
	if in.Method == "" {
		s.invoiceFailed(in, t.now)
		return noSource()
	}
	return s.attempt(in, t)
}

// invoicePaid is an intent that has taken its money, seen from its invoice.
func (s *Server) invoicePaid(in *intent, now time.Time) {
	if inv := own[*invoice](s, in.Invoice); inv != nil && inv.Status == invoiceOpen {
		inv.Charge, inv.Attempts = in.LatestCharge, inv.Attempts+1
		s.markPaid(inv, in, now)
	}
}

// markPaid ends an invoice well.
func (s *Server) markPaid(inv *invoice, in *intent, now time.Time) {
	inv.Status, inv.AmountPaid, inv.PaidAt, inv.NextAttempt = invoicePaid, inv.Total, now.Unix(), 0
	s.put(inv)
	s.emit(now, "invoice.paid", inv)
	s.emit(now, "invoice.payment_succeeded", inv)
	if sub := own[*subscription](s, inv.Subscription); inv.Total > 0 {
		s.activate(sub, in, now)
	}
}

// invoiceFailed is an intent that was declined, seen from its invoice: a renewal is tried again some days later, and the
// subscription ends when that was the last time.
func (s *Server) invoiceFailed(in *intent, now time.Time) {
	inv := own[*invoice](s, in.Invoice)
	if inv == nil || inv.Status != invoiceOpen {
		return
	}
	inv.Attempts++
	inv.Charge = in.LatestCharge
	sub := own[*subscription](s, inv.Subscription)
	first := inv.Reason == "subscription_create"
	last := inv.Attempts > len(retries)
	if !first && !last && !sub.ended() {
		inv.NextAttempt = now.Add(retries[inv.Attempts-1]).Unix()
	}
	s.put(inv)
	s.emit(now, "invoice.payment_failed", inv)
	if in.LastError != nil && in.LastError.Code == codeAuthRequired {
		s.emit(now, "invoice.payment_action_required", inv)
	}
	switch {
	case first || sub.ended():
	case last:
		s.endSubscription(sub, now, "payment_failed")
	case sub.Status != subPastDue:
		sub.Status = subPastDue
		s.put(sub)
		s.emit(now, "customer.subscription.updated", sub)
	}
}

// invoiceNeedsAction is an intent whose payer must authenticate, seen from its invoice.
func (s *Server) invoiceNeedsAction(in *intent, now time.Time) {
	if inv := own[*invoice](s, in.Invoice); inv != nil {
		s.emit(now, "invoice.payment_action_required", inv)
	}
}

// voidInvoice ends an unpaid invoice, and cancels its intent.
func (s *Server) voidInvoice(inv *invoice, now time.Time) {
	if inv == nil || inv.Status == invoicePaid || inv.Status == invoiceVoid {
		return
	}
	inv.Status, inv.VoidedAt, inv.NextAttempt = invoiceVoid, now.Unix(), 0
	s.put(inv)
	if in := own[*intent](s, inv.Intent); in != nil && in.open() {
		s.cancel(in, "void_invoice", now)
	}
	s.emit(now, "invoice.voided", inv)
}
