package fake_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestRenewal(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.active(monthly, "tok_visa")
	b.clock.Advance(31*day - time.Second)
	if got := b.sub(sub.Reference, payments.SubscriptionActive); len(got.Invoices) != 1 {
		t.Fatalf("before its time there are %d invoices", len(got.Invoices))
	}
	b.clock.Advance(100 * day) // of three renewals none is left out
	got := b.sub(sub.Reference, payments.SubscriptionActive)
	if len(got.Invoices) != 5 || !got.PeriodEnd.Equal(start.AddDate(0, 5, 0)) {
		t.Fatalf("there are %d invoices up to %v", len(got.Invoices), got.PeriodEnd)
	}
	seen := map[string]bool{}
	for i, inv := range got.Invoices {
		s := b.fetch(inv.Payment)
		if inv.Status != "paid" || !inv.CreatedAt.Equal(start.AddDate(0, i, 0)) || s.Status != payments.StatusPaid || seen[inv.Payment] || inv.First != (i == 0) {
			t.Errorf("invoice %d is %+v, its payment %v", i, inv, s.Status)
		}
		if i > 0 && (!s.OrderID.IsZero() || s.PaymentUID != "") {
			t.Errorf("the object of invoice %d carries %v and %q", i, s.OrderID, s.PaymentUID)
		}
		seen[inv.Payment] = true
	}
	if e := b.entry(); e.Charges != 5 || e.Captured != 5*1250 || len(b.Ledger()) != 1 || len(b.DoubleCharged()) != 0 {
		t.Errorf("the ledger says %+v, charged twice: %v", b.Ledger(), b.DoubleCharged())
	}
	last := got.Invoices[4].Payment
	if err := b.OpenDispute(t.Context(), last); err != nil || !b.fetch(last).Disputed {
		t.Errorf("a later invoice cannot be disputed: %v", err)
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }
	tests := map[string]struct {
		from     time.Time
		interval string
		every    int
		want     []time.Time // the ends of the first periods
	}{
		"31st":       {date(2026, 1, 31), "month", 1, []time.Time{date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)}},
		"leap":       {date(2027, 11, 30), "month", 3, []time.Time{date(2028, 2, 29), date(2028, 5, 30)}},
		"29th years": {date(2028, 2, 29), "year", 1, []time.Time{date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)}},
		"weeks":      {date(2026, 12, 24), "week", 2, []time.Time{date(2027, 1, 7), date(2027, 1, 21)}},
		"days":       {date(2026, 2, 27), "day", 1, []time.Time{date(2026, 2, 28), date(2026, 3, 1)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			b.clock.Advance(test.from.Sub(start))
			sub := b.active(payments.Plan{Interval: test.interval, Every: test.every}, "tok_visa")
			for i, want := range test.want {
				if !sub.PeriodEnd.Equal(want) {
					t.Errorf("period %d ends at %v, and must at %v", i+1, sub.PeriodEnd, want)
				}
				b.clock.Advance(want.Sub(b.clock.Now()))
				sub = b.sub(sub.Reference, payments.SubscriptionActive)
			}
		})
	}
}

// TestCardFailsInMonthFour fails a renewal and pays it with another card at the next try.
func TestCardFailsInMonthFour(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.active(monthly, "tok_visa")
	b.clock.Advance(65 * day)
	b.setDefault(sub.Reference, "tok_chargeCustomerFail")
	b.clock.Advance(start.AddDate(0, 3, 0).Sub(b.clock.Now()))
	due := b.sub(sub.Reference, payments.SubscriptionPastDue)
	failed := due.Invoices[3]
	s := b.fetch(failed.Payment)
	if failed.Status != "open" || s.Status != payments.StatusDeclined || s.Message == "" {
		t.Fatalf("the invoice is %q and its payment %v", failed.Status, s.Status)
	}
	b.setDefault(sub.Reference, "tok_mastercard")
	b.clock.Advance(3*day - time.Second)
	b.sub(sub.Reference, payments.SubscriptionPastDue)
	b.clock.Advance(time.Second)
	got := b.sub(sub.Reference, payments.SubscriptionActive)
	again := b.fetch(failed.Payment)
	if got.Invoices[3].Status != "paid" || again.Status != payments.StatusPaid || again.Attempt == s.Attempt || again.Method.Brand != "mastercard" {
		t.Errorf("the invoice is %q and its payment %v by %q", got.Invoices[3].Status, again.Status, again.Method.Brand)
	}
	if e := b.entry(); e.Charges != 4 || len(b.DoubleCharged()) != 0 {
		t.Errorf("the ledger says %+v", e)
	}
}

func TestChargeIsRepeated(t *testing.T) {
	t.Parallel()
	for keep, want := range map[bool]payments.SubscriptionStatus{true: payments.SubscriptionUnpaid, false: payments.SubscriptionCanceled} {
		b := setup(t, fake.Options{KeepUnpaid: keep})
		yearly := payments.Plan{Interval: "year", Every: 1}
		sub := b.active(yearly, "tok_visa")
		b.setDefault(sub.Reference, "tok_chargeCustomerFail")
		b.clock.Advance(365*day + 15*day - time.Second)
		got := b.sub(sub.Reference, payments.SubscriptionPastDue)
		b.clock.Advance(time.Second)
		got = b.sub(got.Reference, want)
		var tries []time.Time
		for _, c := range b.Charges()[1:] {
			tries = append(tries, c.At)
		}
		due := start.AddDate(1, 0, 0)
		if !slices.Equal(tries, []time.Time{due, due.Add(3 * day), due.Add(8 * day), due.Add(15 * day)}) {
			t.Errorf("it was tried at %v", tries)
		}
		open := got.Invoices[1]
		if !keep {
			if s := b.fetch(open.Payment); open.Status != "open" || s.Status != payments.StatusDeclined {
				t.Errorf("of an ended subscription the invoice is %q and its payment %v", open.Status, s.Status)
			}
			closed, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Reference})
			if s := b.fetch(open.Payment); err != nil || closed.Invoices[1].Status != "void" || s.Status != payments.StatusCanceled {
				t.Errorf("canceled once more, the invoice is %+v and its payment %v: %v", closed.Invoices[1], s.Status, err)
			}
			continue
		}
		b.clock.Advance(365 * day)
		if got = b.sub(sub.Reference, want); got.Invoices[2].Status != "draft" || got.Invoices[2].Payment != "" {
			t.Errorf("the next invoice is %+v", got.Invoices[2])
		}
		// The payer comes back and pays what is open.
		if err := b.Authenticate(t.Context(), secret(t, b.fetch(open.Payment)), fake.AuthPass, "tok_visa"); err != nil {
			t.Fatal(err)
		}
		b.sub(sub.Reference, payments.SubscriptionActive)
	}
}

// TestRenewalThatAsks renews on a card whose bank wants the payer each time.
func TestRenewalThatAsks(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test"})
	sub := b.active(monthly, "tok_threeDSecure2Required")
	b.Events()
	b.clock.Advance(31 * day)
	due := b.sub(sub.Reference, payments.SubscriptionPastDue)
	var kinds []string
	for _, e := range b.Events() {
		kinds = append(kinds, e.Type)
	}
	if want := []string{"customer.subscription.updated", "payment_intent.requires_action", "invoice.payment_action_required",
		"customer.subscription.updated"}; !slices.Equal(kinds, want) {
		t.Errorf("the events are %v, and must be %v", kinds, want)
	}
	s := b.fetch(due.Invoices[1].Payment)
	if s.Status != payments.StatusRequiresAction || s.GatewayCode != "authentication_required" {
		t.Fatalf("it is %v with %q", s.Status, s.GatewayCode)
	}
	if err := b.Authenticate(t.Context(), secret(t, s), fake.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	b.sub(sub.Reference, payments.SubscriptionActive)
	b.clock.Advance(10 * day) // no charge is repeated
	if e := b.entry(); e.Charges != 2 {
		t.Errorf("the ledger says %+v", e)
	}
}

func TestSetDefaultMethodRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.active(monthly, "tok_visa")
	theirs := b.save("tok_visa", "")
	tests := map[string]struct {
		sub, token string
		code       payments.Code
	}{
		"no subscription":    {"sub_none", "tok_visa", payments.ErrPaymentNotFound},
		"no token":           {sub.Reference, "", payments.ErrInvalid},
		"an unknown token":   {sub.Reference, "tok_nobody", payments.ErrInvalid},
		"another customer's": {sub.Reference, theirs.Method.ID, payments.ErrInvalid},
	}
	for name, test := range tests {
		if err := b.SetDefaultMethod(t.Context(), test.sub, test.token); !errors.Is(err, test.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSubscriptionsSurvive(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	b := setup(t, fake.Options{StateFile: file})
	req := payments.SubscribeRequest{PaymentRef: b.order, Key: "k", Plan: monthly, Amount: usd(1250)}
	sub, err := b.Subscribe(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	replayed := setup(t, fake.Options{StateFile: file})
	if got, err := replayed.Subscribe(t.Context(), req); err != nil || got.Reference != sub.Reference || len(got.Invoices) != 1 ||
		got.NextAction.ClientSecret.Reveal() != sub.NextAction.ClientSecret.Reveal() {
		t.Errorf("after a restart the key answers %+v (%v)", got, err)
	}
	if err := replayed.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	renewed := setup(t, fake.Options{StateFile: file})
	renewed.clock.Advance(31 * day)
	if got := renewed.sub(sub.Reference, payments.SubscriptionActive); len(got.Invoices) != 2 || renewed.entry().Charges != 2 {
		t.Errorf("after another it is %+v", got)
	}
	last := setup(t, fake.Options{StateFile: file})
	if e := last.entry(); e.Charges != 2 || len(last.DoubleCharged()) != 0 {
		t.Errorf("the ledger says %+v", e)
	}
}

func TestDoubleChargedSubscriptions(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	b.active(monthly, "tok_visa")
	b.clock.Advance(90 * day)
	if err := b.Tick(t.Context()); err != nil || len(b.DoubleCharged()) != 0 {
		t.Errorf("charged twice: %v (%v)", b.DoubleCharged(), err)
	}
	other := setup(t, fake.Options{})
	other.active(monthly, "tok_visa")
	other.active(monthly, "tok_visa")
	if got := other.DoubleCharged(); len(got) != 1 {
		t.Errorf("two subscriptions of one order are not seen: %v", got)
	}
	third := setup(t, fake.Options{})
	third.active(monthly, "tok_visa")
	third.paid("tok_visa", true)
	if got := third.DoubleCharged(); len(got) != 1 {
		t.Errorf("a payment beside the subscription is not seen: %v", got)
	}
}

// TestFarJumpIsManySteps moves one clock day by day and the other in one jump: the same was charged at the same moments.
func TestFarJumpIsManySteps(t *testing.T) {
	t.Parallel()
	const days = 400
	books := func(step int) ([]fake.Charge, []payments.SubscriptionSnapshot) {
		b := setup(t, fake.Options{KeepUnpaid: true})
		plans := []payments.Plan{monthly, {Interval: "week", Every: 1}, {Interval: "month", Every: 3, TrialDays: 10}, {Interval: "day", Every: 5}}
		var references []string
		for i, plan := range plans {
			b.order = ref(i + 1)
			begin := b.subscribe
			if plan.TrialDays > 0 {
				begin = b.trial
			}
			sub := begin(plan)
			references = append(references, sub.Reference)
			if err := b.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_visa"); err != nil {
				t.Fatal(err)
			}
			b.clock.Advance(time.Hour)
		}
		b.setDefault(references[1], "tok_chargeCustomerFail")
		for range days / step {
			b.clock.Advance(time.Duration(step) * day)
			if err := b.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var subs []payments.SubscriptionSnapshot
		for i, reference := range references {
			b.order = ref(i + 1)
			s, err := b.FetchSubscription(t.Context(), payments.FetchSubscriptionRequest{PaymentRef: b.order, Reference: reference})
			if err != nil {
				t.Fatal(err)
			}
			subs = append(subs, s)
		}
		if got := b.DoubleCharged(); len(got) > 0 {
			t.Errorf("by %d days, charged twice: %v", step, got)
		}
		return b.Charges(), subs
	}
	charges, subs := books(1)
	jumped, after := books(days)
	if len(charges) < 90 || !reflect.DeepEqual(charges, jumped) {
		t.Errorf("by days there are %d charges, by a jump %d, or they differ", len(charges), len(jumped))
	}
	if !reflect.DeepEqual(subs, after) {
		t.Errorf("the subscriptions differ:\n%+v\n%+v", subs, after)
	}
	if subs[1].Status != payments.SubscriptionUnpaid || subs[0].Status != payments.SubscriptionActive || subs[2].Status != payments.SubscriptionActive {
		t.Errorf("they are %q, %q and %q", subs[0].Status, subs[1].Status, subs[2].Status)
	}
}

// TestInvoiceThatIsProcessed pays invoices by what a bank works on for days.
func TestInvoiceThatIsProcessed(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	first := sub.Invoices[0].Payment
	if err := b.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_fake_processing"); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(2 * day) // past the time of a payment that nobody began
	b.sub(sub.Reference, payments.SubscriptionIncomplete)
	if err := b.Settle(t.Context(), first, true); err != nil {
		t.Fatal(err)
	}
	b.sub(sub.Reference, payments.SubscriptionActive)

	b.clock.Advance(30 * day)
	later := b.sub(sub.Reference, payments.SubscriptionActive).Invoices[1]
	if s := b.fetch(later.Payment); later.Status != "open" || s.Status != payments.StatusProcessing {
		t.Fatalf("the later invoice is %q and its payment %v", later.Status, s.Status)
	}
	if err := b.Settle(t.Context(), later.Payment, false); err != nil {
		t.Fatal(err)
	}
	b.sub(sub.Reference, payments.SubscriptionPastDue)
	b.clock.Advance(3 * day) // it is asked for again, and the bank works on it again
	b.sub(sub.Reference, payments.SubscriptionPastDue)

	// What the bank works on cannot be called back by canceling: the money comes, and the subscription stays ended.
	_, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Reference})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Settle(t.Context(), later.Payment, true); err != nil {
		t.Fatal(err)
	}
	if got := b.sub(sub.Reference, payments.SubscriptionCanceled); got.Invoices[1].Status != "paid" || b.entry().Charges != 2 {
		t.Errorf("the invoice is %q, and the ledger says %+v", got.Invoices[1].Status, b.entry())
	}
}

// TestFailedAfterTheEnd ends a subscription while the bank works on an invoice, and lets that fail: nothing of it takes money any more.
func TestFailedAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	first := sub.Invoices[0].Payment
	if err := b.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_fake_processing"); err != nil {
		t.Fatal(err)
	}
	_, err := b.CancelSubscription(t.Context(), payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: b.key(), Reference: sub.Reference})
	if err != nil {
		t.Fatal(err)
	}
	if s := b.fetch(first); s.Status != payments.StatusProcessing {
		t.Errorf("the bank works on it, and it is %v", s.Status)
	}
	if err := b.Settle(t.Context(), first, false); err != nil {
		t.Fatal(err)
	}
	if s := b.fetch(first); s.Status != payments.StatusCanceled {
		t.Errorf("the payment is %v", s.Status)
	}
	if got := b.sub(sub.Reference, payments.SubscriptionCanceled); got.Invoices[0].Status != "void" {
		t.Errorf("its invoice is %q", got.Invoices[0].Status)
	}
}

// TestFailedFirstPaymentExpires lets a first payment fail at the bank after its time: the subscription has expired then.
func TestFailedFirstPaymentExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	sub := b.subscribe(monthly)
	if err := b.Authenticate(t.Context(), sub.NextAction.ClientSecret.Reveal(), fake.AuthPass, "tok_fake_processing"); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(2 * day)
	if err := b.Settle(t.Context(), sub.Invoices[0].Payment, false); err != nil {
		t.Fatal(err)
	}
	b.sub(sub.Reference, payments.SubscriptionIncompleteExpired)
}
