package gatewaytest

import (
	"context"
	"time"

	"github.com/trendsic/payments"
)

var listChecks = []Check{
	{Name: "list-charges", Rule: "ListCharges tells of each payment that took or holds money what it carries, took and gave back, and of no other.",
		needs: needLister, make: checkListCharges},
	{Name: "list-pages", Rule: "The pages of ListCharges keep to the limit, and together they tell of each payment once, the newest first.",
		needs: needLister, make: checkListPages},
	{Name: "list-span", Rule: "ListCharges tells of the payments of the span that was asked for, and of no others.", needs: needLister, make: checkListSpan},
	{Name: "list-account", Rule: "ListCharges tells of the payments of the account that was asked for, the gateway's own where none was, and of no others.",
		needs: all(needLister, needAccount), make: checkListAccount},
	{Name: "lost-list", Rule: "A list whose answer is lost is an error and no empty list.", needs: all(needLister, needFaults),
		make: func(p *probe) { p.eachFault("list_charges", lostList) }},
}

var needLister = need("the gateway is no payments.ChargeLister", func(p *probe) bool { return p.lister != nil })

var needAccount = need("the harness names no other account of the gateway's", func(p *probe) bool { return p.Account != "" })

// maxPages bounds how far a list is read.
const maxPages = 1000

// span is the time around now.
func (p *probe) span(limit int) payments.ListChargesRequest {
	now := time.Now() //nolint:forbidigo // the gateway's clock, where the harness does not say
	if p.Now != nil {
		now = p.Now()
	}
	return payments.ListChargesRequest{From: now.Add(-time.Hour), Before: now.Add(time.Hour), Limit: limit}
}

// list reads all pages.
func (p *probe) list(req payments.ListChargesRequest) []payments.ListedCharge {
	var list []payments.ListedCharge
	for range maxPages {
		page, next, err := p.lister.ListCharges(p.ctx, req)
		if err != nil {
			p.fatalf("list: unexpected error: %v", err)
		}
		if len(page) > req.Limit {
			p.errorf("a page of at most %d has %d", req.Limit, len(page))
		}
		list = append(list, page...)
		if next == "" {
			return list
		}
		req.Cursor = next
	}
	p.fatalf("the list does not end after %d pages", maxPages)
	return nil
}

// listed returns how a payment stands in a list: once, or not at all.
func (p *probe) listed(list []payments.ListedCharge, reference string) (payments.ListedCharge, bool) {
	var found payments.ListedCharge
	n := 0
	for _, c := range list {
		if c.Reference == reference {
			found = c
			n++
		}
	}
	if n > 1 {
		p.errorf("the payment %q is listed %d times", reference, n)
	}
	return found, n > 0
}

func checkListCharges(p *probe) {
	ref, s := p.pay(true)
	p.must("refund")(p.Gateway.Refund(p.ctx, p.refund(ref, s.Reference, 3)))
	heldRef, held := p.pay(false)
	declined, err := p.declineOne(p.ref(), p.key())
	p.definite("a declined card", err, payments.ErrDeclined)
	list := p.list(p.span(100))
	for _, want := range []payments.ListedCharge{
		{Reference: s.Reference, OrderID: ref.OrderID, PaymentUID: ref.PaymentUID, Amount: p.Money, Captured: p.Money.Amount, Refunded: 3},
		{Reference: held.Reference, OrderID: heldRef.OrderID, PaymentUID: heldRef.PaymentUID, Amount: p.Money},
	} {
		got, ok := p.listed(list, want.Reference)
		if got.CreatedAt.IsZero() {
			p.errorf("the payment %q has no time", want.Reference)
		}
		if got.CreatedAt = (time.Time{}); !ok || got != want {
			p.errorf("listed is %+v, and must be %+v", got, want)
		}
	}
	if _, ok := p.listed(list, declined.Reference); ok {
		p.errorf("a payment that took no money is listed")
	}
}

func checkListPages(p *probe) {
	var made []string
	for range 3 {
		_, s := p.pay(true)
		made = append(made, s.Reference)
	}
	for _, limit := range []int{1, 2, 100} {
		list := p.list(p.span(limit))
		for _, reference := range made {
			if _, ok := p.listed(list, reference); !ok {
				p.errorf("by %d the payment %q is not listed", limit, reference)
			}
		}
		for i := 1; i < len(list); i++ {
			if list[i].CreatedAt.After(list[i-1].CreatedAt) {
				p.errorf("by %d the list goes on with something newer: %v after %v", limit, list[i].CreatedAt, list[i-1].CreatedAt)
			}
		}
	}
}

func checkListSpan(p *probe) {
	_, s := p.pay(true)
	req := p.span(100)
	if _, ok := p.listed(p.list(req), s.Reference); !ok {
		p.errorf("a payment of now is not listed")
	}
	before, after := req, req
	before.From, before.Before = req.From.Add(-time.Hour), req.From
	after.From, after.Before = req.Before, req.Before.Add(time.Hour)
	for what, req := range map[string]payments.ListChargesRequest{"before": before, "after": after} {
		if _, ok := p.listed(p.list(req), s.Reference); ok {
			p.errorf("a payment of now is listed in the time %s", what)
		}
	}
}

func checkListAccount(p *probe) {
	_, own := p.pay(true)
	req := p.request(p.ref(), true)
	req.Account = p.Account
	theirs := p.must("authorize on another account")(p.Gateway.Authorize(p.ctx, req))
	for account, is := range map[string]payments.Snapshot{"": own, p.Account: theirs} {
		for _, limit := range []int{1, 100} {
			span := p.span(limit)
			span.Account = account
			list := p.list(span)
			for _, s := range []payments.Snapshot{own, theirs} {
				if _, ok := p.listed(list, s.Reference); ok != (s.Reference == is.Reference) {
					p.errorf("by %d, the payment %q is listed for the account %q: %v", limit, s.Reference, account, ok)
				}
			}
		}
	}
}

func lostList(p *probe, f Fault, send sending) {
	p.pay(true)
	req := p.span(100)
	_ = send(func(ctx context.Context) error {
		list, _, err := p.lister.ListCharges(ctx, req)
		if err == nil && len(list) == 0 {
			p.errorf("%s: the list is empty", f.Name)
		}
		return err
	})
}
