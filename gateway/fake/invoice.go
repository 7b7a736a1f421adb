package fake

import (
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// invoice is what a subscription asks for one period.
type invoice struct {
	ID        string    `json:"id"`
	Payment   string    `json:"payment,omitempty"` // the id of the object that settles it
	Status    string    `json:"status"`
	Amount    int64     `json:"amount"`
	First     bool      `json:"first,omitempty"`
	Failures  int       `json:"failures,omitempty"` // of the charges that nobody but the processor began
	RetryAt   time.Time `json:"retry_at"`           // zero is never
	CreatedAt time.Time `json:"created_at"`
}

// The states of an invoice.
const (
	invoiceDraft = "draft"
	invoiceOpen  = "open"
	invoicePaid  = "paid"
	invoiceVoid  = "void"
)

// newInvoice adds an invoice to a subscription.
func (g *Gateway) newInvoice(sub *subscription, inv invoice, at time.Time) *invoice {
	inv.ID, inv.CreatedAt = g.newID("in"), at
	sub.Invoices = append(sub.Invoices, &inv)
	return &inv
}

// newInvoiceIntent makes the object that settles an invoice. It carries no reference of ours, as at Stripe.
func (g *Gateway) newInvoiceIntent(sub *subscription, inv *invoice, at time.Time) *intent {
	in := g.newIntent(at)
	in.Account, in.Amount, in.Currency, in.Capture = sub.Account, inv.Amount, sub.Currency, true
	in.Customer, in.Save, in.Invoice, in.Subscription = sub.Customer, true, inv.ID, sub.ID
	in.attach(nil)
	inv.Payment = in.ID
	return in
}

// invoiceOf returns the invoice that an object settles, and its subscription; nothing for any other object.
func (g *Gateway) invoiceOf(in *intent) (*subscription, *invoice) {
	sub := g.state.subByID[in.Subscription]
	if sub == nil {
		return nil, nil
	}
	for _, inv := range sub.Invoices {
		if inv.ID == in.Invoice {
			return sub, inv
		}
	}
	return nil, nil
}

// latest returns the last invoice that asks for money.
func (sub *subscription) latest() *invoice {
	var last *invoice
	for _, inv := range sub.Invoices {
		if inv.Payment != "" && inv.Status != invoiceVoid {
			last = inv
		}
	}
	return last
}

// follow lets a subscription follow what became of an invoice's object.
func (g *Gateway) follow(in *intent, at time.Time) {
	sub, inv := g.invoiceOf(in)
	if inv == nil || inv.Status != invoiceOpen {
		return
	}
	g.touchSub(sub)
	switch in.Status {
	case succeeded:
		g.paid(sub, inv, in.Shown.ID, at)
	case canceled:
		inv.Status, inv.RetryAt = invoiceVoid, time.Time{}
		if inv.First {
			g.end(sub, payments.SubscriptionIncompleteExpired, at)
		}
	case needsAction:
		g.emitInvoice(eventInvoiceAction, sub, inv, at)
		g.missed(sub, inv, at)
	case needsMethod:
		g.emitInvoice(eventInvoiceFailed, sub, inv, at)
		g.missed(sub, inv, at)
	default: // the bank works on it
	}
}

// paid settles an invoice: the subscription is active, and goes on with the way to pay that it was paid with.
func (g *Gateway) paid(sub *subscription, inv *invoice, method string, at time.Time) {
	inv.Status, inv.RetryAt = invoicePaid, time.Time{}
	g.emitInvoice(eventInvoicePaid, sub, inv, at)
	if sub.Status.Ended() {
		return
	}
	sub.Method = method
	if inv == sub.latest() && sub.Status != payments.SubscriptionActive {
		sub.Status = payments.SubscriptionActive
		g.emitSub(eventSubUpdated, sub, at)
	}
}

// retryDays are the days from one failed charge of an invoice to the next.
var retryDays = []int{3, 5, 7}

// missed plans what comes after a charge of a later invoice has failed: another, or the end. The first invoice waits for
// the payer alone, and so does one that the payer tried in between.
func (g *Gateway) missed(sub *subscription, inv *invoice, at time.Time) {
	if sub.Status.Ended() { // the bank worked on it when the subscription ended
		g.voidInvoice(inv, at)
		return
	}
	if inv.First || !inv.RetryAt.IsZero() || sub.Status == payments.SubscriptionUnpaid {
		return
	}
	inv.Failures++
	status := payments.SubscriptionPastDue
	switch {
	case inv.Failures <= len(retryDays):
		inv.RetryAt = at.AddDate(0, 0, retryDays[inv.Failures-1])
	case g.opts.KeepUnpaid:
		status = payments.SubscriptionUnpaid
		for _, open := range sub.Invoices {
			open.RetryAt = time.Time{}
		}
	default:
		g.end(sub, payments.SubscriptionCanceled, at)
		return
	}
	if sub.Status != status {
		sub.Status = status
		g.emitSub(eventSubUpdated, sub, at)
	}
}

// voidInvoice closes an invoice that is not paid. Its object never takes money, unless the bank works on it already.
func (g *Gateway) voidInvoice(inv *invoice, at time.Time) {
	if inv.Status != invoiceOpen && inv.Status != invoiceDraft {
		return
	}
	in := g.state.byID[inv.Payment]
	if in != nil && in.secured() {
		inv.RetryAt = time.Time{}
		return
	}
	inv.Status, inv.RetryAt = invoiceVoid, time.Time{}
	if in != nil && in.Status != canceled {
		g.cancel(in, at)
	}
}

// emitInvoice makes an event of an invoice.
func (g *Gateway) emitInvoice(kind string, sub *subscription, inv *invoice, at time.Time) {
	g.emitObject(kind, sub.Account, wireObject{ID: inv.ID, Object: objectInvoice, Due: inv.Amount, Status: inv.Status, Customer: sub.Customer,
		Currency: strings.ToLower(string(sub.Currency)), Payment: inv.Payment, Subscription: sub.ID}, at)
}
