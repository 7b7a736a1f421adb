package invariant

import (
	"context"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/storage/memory"
)

// rows are rows and books made by hand.
type rows struct {
	recs    []payments.Record
	events  []payments.Event
	breaks  []payments.Break
	charges []fake.Charge
}

func (r *rows) Payments(context.Context, payments.Filter) (payments.Page, error) {
	var page payments.Page
	for _, rec := range r.recs {
		page.Payments = append(page.Payments, rec.Payment)
	}
	return page, nil
}

func (r *rows) Find(_ context.Context, t payments.Target) (payments.Record, error) {
	for _, rec := range r.recs {
		if rec.Payment.UID == t.PaymentUID {
			return rec, nil
		}
	}
	return payments.Record{}, payments.ErrPaymentNotFound
}

func (r *rows) Events(context.Context, int64, int) ([]payments.Event, error) { return r.events, nil }
func (r *rows) Breaks(context.Context, int64, int) ([]payments.Break, error) { return r.breaks, nil }
func (r *rows) Charges() []fake.Charge                                       { return r.charges }

func usd(n int64) payments.Money { return payments.Money{Amount: n, Currency: "USD"} }

// good are the rows and books of one order that was paid and partly refunded.
func good() *rows {
	order := payments.OrderID{1}
	p := payments.Payment{UID: "p1", OrderID: order, Status: payments.StatusPartiallyRefunded, Amount: usd(1000), Captured: 1000,
		Refunded: 300, Live: true, Reference: "pi_1"}
	return &rows{
		recs: []payments.Record{{Payment: p, Refunds: []payments.Refund{{UID: "r1", Key: "k", Status: payments.RefundSucceeded, Amount: usd(300)}},
			Transactions: []payments.Transaction{{UID: "t1", Kind: payments.KindAuthorize, ClosedAt: time.Unix(1, 0)}}}},
		events: []payments.Event{
			{ID: 1, Type: "payment.paid", PaymentUID: "p1", Previous: payments.StatusUnknown, Status: payments.StatusPaid},
			{ID: 2, Type: "payment.partially_refunded", PaymentUID: "p1", Previous: payments.StatusPaid, Status: payments.StatusPartiallyRefunded, Refunded: 300}},
		charges: []fake.Charge{{ID: "ch_1", Reference: "pi_1", OrderID: order, PaymentUID: "p1", Status: fake.ChargeCaptured, Amount: usd(1000),
			Captured: 1000, Refunded: 300, RefundUIDs: []string{"r1"}}},
	}
}

// closed adds a transaction that is closed.
func (r *rows) closed(kind payments.Kind, o payments.Outcome) {
	r.recs[0].Transactions = append(r.recs[0].Transactions, payments.Transaction{UID: "t2", Kind: kind, Outcome: o, ClosedAt: time.Unix(2, 0)})
}

// givenUp cancels the payment, and takes its charge away.
func (r *rows) givenUp(sub payments.SubscriptionStatus, live bool) {
	p := &r.recs[0].Payment
	p.Status, p.SubscriptionStatus, p.Live = payments.StatusCanceled, sub, live
	r.charges = nil
}

// TestEachRuleCanFail breaks rows and books by hand: each break is found under its number, and what is good breaks nothing.
func TestEachRuleCanFail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, rule string
		harm       func(r *rows)
	}{
		{"good", "", func(*rows) {}},
		{"a second charge", "I1", func(r *rows) { r.charges = append(r.charges, r.charges[0]) }},
		{"an order once and as a subscription", "I1", func(r *rows) {
			c := r.charges[0]
			c.Subscription, c.Invoice = "sub", "in"
			r.charges = append(r.charges, c)
		}},
		{"two live payments", "I1", func(r *rows) {
			p := r.recs[0]
			p.Payment.UID, p.Payment.Reference = "p2", "pi_2"
			r.recs = append(r.recs, p)
		}},
		{"paid and not holding its order", "I1", func(r *rows) { r.recs[0].Payment.Live = false }},
		{"given up and holding its order", "I1", func(r *rows) { r.givenUp("", true) }},
		{"given up and holding its order after the subscription", "I1", func(r *rows) { r.givenUp(payments.SubscriptionCanceled, true) }},
		{"given up and not holding its order for the subscription", "I1", func(r *rows) { r.givenUp(payments.SubscriptionActive, false) }},
		{"holding its order for the subscription and never due", "I4", func(r *rows) { r.givenUp(payments.SubscriptionActive, true) }},
		{"waiting for what has ended", "I1", func(r *rows) {
			r.givenUp(payments.SubscriptionCanceled, true)
			r.recs[0].Payment.Status, r.recs[0].Payment.DueAt = payments.StatusDeclined, time.Unix(1, 0)
		}},
		{"a charge without a row", "I2", func(r *rows) { r.recs, r.events = nil, nil }},
		{"two rows for one object", "I2", func(r *rows) {
			p := r.recs[0]
			p.Payment.UID, p.Payment.Live = "p2", false
			r.recs = append(r.recs, p)
		}},
		{"approved without a charge", "I3", func(r *rows) { r.charges = nil }},
		{"another amount", "I3", func(r *rows) { r.recs[0].Payment.Amount.Amount++ }},
		{"another order's charge", "I3", func(r *rows) { r.charges[0].OrderID[3]++ }},
		{"declined and charged", "I3", func(r *rows) { r.recs[0].Payment.Status = payments.StatusDeclined }},
		{"given up and charged", "I3", func(r *rows) { r.recs[0].Payment.Status, r.recs[0].Payment.Live = payments.StatusCanceled, false }},
		{"captured another sum", "I3", func(r *rows) { r.recs[0].Payment.Captured-- }},
		{"in doubt", "I4", func(r *rows) { r.recs[0].Payment.Status = payments.StatusUnknown }},
		{"an open transaction", "I4", func(r *rows) { r.recs[0].Transactions[0].ClosedAt = time.Time{} }},
		{"waiting and never due", "I4", func(r *rows) { r.recs[0].Payment.Status = payments.StatusRequiresAction }},
		{"more refunded than captured", "I6", func(r *rows) { r.charges[0].Refunded = 1001 }},
		{"a refund twice", "I6", func(r *rows) { r.charges[0].RefundUIDs = []string{"r1", "r1"} }},
		{"a refund without a row", "I6", func(r *rows) { r.recs[0].Refunds = nil }},
		{"a refund in no book", "I6", func(r *rows) { r.charges[0].RefundUIDs = []string{""} }},
		{"another sum refunded", "I6", func(r *rows) { r.recs[0].Payment.Refunded = 200 }},
		{"a capture that is done and took nothing", "I3", func(r *rows) {
			r.closed(payments.KindCapture, payments.OutcomeApplied)
			r.charges[0].Status = fake.ChargeReleased
		}},
		{"a void that is done beside a charge", "I3", func(r *rows) { r.closed(payments.KindVoid, payments.OutcomeApplied) }},
		{"a request that is not done and took the money", "I3", func(r *rows) {
			r.closed(payments.KindAuthorize, payments.OutcomeNotApplied)
			r.charges[0].Key = "t2:confirm-1"
		}},
		{"a refund that is done and in doubt", "I6", func(r *rows) {
			r.closed(payments.KindRefund, payments.OutcomeApplied)
			r.recs[0].Transactions[1].RefundUID, r.recs[0].Refunds[0].Status = "r1", payments.RefundUnknown
		}},
		{"held and no operator was told", "I3", func(r *rows) {
			r.recs[0].Payment.Status, r.recs[0].Payment.GatewayCode = payments.StatusHeld, "mismatch"
		}},
		{"a change that nobody was told", "I8", func(r *rows) { r.events = r.events[:1] }},
		{"an event of no change", "I8", func(r *rows) {
			r.events = append(r.events, r.events[1], r.events[1])
			r.events[3].Previous = r.events[3].Status
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := good()
			tc.harm(r)
			found, err := Check(t.Context(), r, r, Settled)
			if err != nil {
				t.Fatal(err)
			}
			ok := tc.rule == "" && len(found) == 0
			for _, v := range found {
				ok = ok || v.Rule == tc.rule && v.String() != ""
			}
			if !ok {
				t.Errorf("found %v, not %q", found, tc.rule)
			}
		})
	}
}

// TestWatchAndGuard breaks a store's change and a gateway's call by hand.
func TestWatchAndGuard(t *testing.T) {
	t.Parallel()
	mem := memory.New(nil)
	w := Watch(mem)
	p := payments.Payment{UID: "019ca945-0a00-7000-8000-000000000001", OrderID: payments.OrderID{1}, Gateway: "fake", Status: payments.StatusPaid, Amount: usd(1000), Live: true}
	stored, err := w.Apply(t.Context(), payments.Change{Payment: p})
	if err != nil {
		t.Fatal(err)
	}
	stored.Status = payments.StatusCreated
	if _, err = w.Apply(t.Context(), payments.Change{Payment: stored}); err != nil {
		t.Fatal(err)
	}
	if got := w.Violations(); len(got) != 1 || got[0].Rule != "I5" {
		t.Errorf("paid became created: %v", got)
	}
	event := payments.WebhookEvent{ID: "evt_1", Type: "t"}
	if w.Received(event.ID) {
		t.Error("an event that was not stored was received")
	}
	if _, err = w.Apply(t.Context(), payments.Change{Inbox: []payments.InboxEvent{{Gateway: "fake", Event: event}}}); err != nil || !w.Received(event.ID) {
		t.Errorf("an event that was stored was not received: %v", err)
	}
	gw, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		t.Fatal(err)
	}
	g := Guard(gw, mem, "")
	_, _ = g.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: payments.PaymentRef{PaymentUID: p.UID}, Key: "t9:confirm", Reference: "pi_9"})
	_, _ = g.Refund(t.Context(), payments.RefundRequest{PaymentRef: payments.PaymentRef{PaymentUID: "nobody"}, Key: "t9:refund"})
	_, _ = g.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: payments.PaymentRef{PaymentUID: "nobody"}, Key: "t9:prepare"})
	_, _ = g.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: payments.PaymentRef{PaymentUID: p.UID}, Key: "t9:prepare"})
	stored.Version, stored.Reference = 2, "pi_1"
	tx := payments.Transaction{UID: "019ca945-0a00-7000-8000-000000000002", PaymentUID: p.UID, Kind: payments.KindAuthorize, Amount: usd(1000)}
	if _, err = mem.Apply(t.Context(), payments.Change{Payment: stored, Transactions: []payments.Transaction{tx}}); err != nil {
		t.Fatal(err)
	}
	_, _ = g.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: payments.PaymentRef{PaymentUID: p.UID}, Key: tx.UID + ":prepare"})
	rules := map[string]int{}
	for _, v := range g.Violations() {
		rules[v.Rule]++
	}
	if rules["I9"] != 4 || rules["I11"] != 2 {
		t.Errorf("a confirm, a refund and two objects without rows, and a second object: %v", g.Violations())
	}
}
