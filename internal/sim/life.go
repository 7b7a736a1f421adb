package sim

import (
	"context"
	"slices"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/invariant"
)

// This file holds what happens over months, and at the gateway past the module: subscriptions whose cards fail, invoices that are paid
// elsewhere, money that goes back elsewhere, disputes, ways to pay that are saved and charged without their payer, and hooks that take
// their time. Seeds of before this was there run without it.

// later ways to pay are what a subscription's payer changes to.
var laterTokens = []string{"tok_visa", "tok_chargeCustomerFail", "tok_chargeCustomerFail", "tok_threeDSecure2Required", "tok_fake_processing"}

// months are the jumps in which subscriptions are renewed, and their charges repeated until the last one has failed.
var months = []time.Duration{3 * 24 * time.Hour, 8 * 24 * time.Hour, 32 * 24 * time.Hour}

// live lets one thing happen that takes months, or that the gateway's own people do.
func (w *world) live() {
	ctx := context.Background()
	switch k := w.rng.IntN(8); {
	case k < 3 && len(w.subscriptions) > 0:
		sub, tok := w.subscriptions[w.rng.IntN(len(w.subscriptions))], laterTokens[w.rng.IntN(len(laterTokens))]
		err := w.gw.SetDefaultMethod(ctx, sub, tok)
		w.note("subscription %s pays with %s: %t", sub, tok, err == nil)
	case k < 5 && len(w.subscriptions) > 0 && !w.cfg.Features.NoJumps:
		d := months[w.rng.IntN(len(months))]
		w.arrive(d)
		w.now = w.now.Add(d)
		w.note("%v pass", d)
		_ = w.gw.Tick(ctx)
	default:
		w.elsewhere(ctx, k%3)
	}
	w.dirty = true
}

// elsewhere does something to a payment past the module, as the gateway's dashboard and the payer's bank do.
func (w *world) elsewhere(ctx context.Context, k int) {
	page, err := w.reader.Payments(ctx, payments.Filter{Limit: 100})
	if err != nil || len(page.Payments) == 0 {
		return
	}
	p := page.Payments[w.rng.IntN(len(page.Payments))]
	switch k {
	case 0:
		err = w.gw.PayElsewhere(ctx, p.Reference)
	case 1:
		err = w.gw.RefundElsewhere(ctx, p.Reference, 100)
	default:
		if err = w.gw.OpenDispute(ctx, p.Reference); err != nil {
			w.endRefund(ctx, p)
		}
	}
	w.note("elsewhere %d of %v: %t", k, p.Status, err == nil)
}

// endRefund lets the bank end a refund that is on its way, well or not.
func (w *world) endRefund(ctx context.Context, p payments.Payment) {
	rec, err := w.reader.Find(ctx, payments.Target{PaymentUID: p.UID})
	if err != nil {
		return
	}
	for _, r := range rec.Refunds {
		if r.Status == payments.RefundPending {
			err := w.gw.SettleRefund(ctx, r.Reference, w.rng.IntN(2) == 0)
			w.note("a refund ends: %t", err == nil)
			return
		}
	}
}

// charge begins a call that keeps the payer's way to pay, or that charges the one kept before without the payer.
func (w *world) charge(n *node, o *order) {
	req := payments.PayRequest{OrderID: o.ID, Source: payments.Source{Token: payments.NewToken(tokens[w.rng.IntN(len(tokens))])},
		Saving: payments.Saving{Save: true}}
	off := w.rng.IntN(2) == 0
	w.start(o.name("charge"), n, func(ctx context.Context, svc *payments.Service) {
		if off {
			list, err := svc.SavedMethods(ctx, o.CustomerID)
			if err != nil || len(list) == 0 {
				w.note("nothing is saved")
				return
			}
			req.Source.Token, req.Saving = payments.NewToken(list[0].ID), payments.Saving{OffSession: true}
		}
		w.answer(o)(svc.Pay(ctx, req))
	})
}

// latePayers lets every payer use each secret that was ever told, long after. What was given up takes no money, nor does what began a
// subscription that has ended.
func (w *world) latePayers() {
	ctx := context.Background()
	old := map[string]bool{}
	for _, ch := range w.gw.Charges() {
		old[ch.ID] = true
	}
	for _, secret := range w.secrets {
		_ = w.gw.Authenticate(ctx, secret, fake.AuthPass, "tok_visa")
	}
	late := slices.DeleteFunc(w.gw.Charges(), func(ch fake.Charge) bool { return old[ch.ID] })
	w.note("late payers: %d more tries", len(late))
	page, err := w.reader.Payments(ctx, payments.Filter{Limit: 1000})
	if err != nil {
		w.err = err
		return
	}
	for _, p := range page.Payments {
		took := slices.ContainsFunc(late, func(ch fake.Charge) bool { return ch.Reference == p.Reference && ch.Status == fake.ChargeCaptured })
		if took && p.SubscriptionStatus.Ended() {
			w.broken("I3", p.OrderID, "what had begun a subscription that has ended took money")
		}
	}
	w.found = append(w.found, w.check(invariant.Always)...)
}
