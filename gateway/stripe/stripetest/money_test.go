package stripetest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestAmounts is Stripe's table of amounts and currencies.
func TestAmounts(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, test := range []struct {
		amount                int64
		currency, code, param string
	}{
		{50, "usd", "", ""}, {49, "usd", "amount_too_small", "amount"}, {0, "usd", "parameter_invalid_integer", "amount"},
		{-1, "usd", "parameter_invalid_integer", "amount"}, {99_999_999, "usd", "", ""}, {100_000_000, "usd", "amount_too_large", "amount"},
		{50, "USD", "", ""}, {50, "xxx", "", "currency"}, {50, "us", "", "currency"}, {30, "gbp", "", ""}, {29, "gbp", "amount_too_small", "amount"},
		{50, "jpy", "", ""}, {49, "jpy", "amount_too_small", "amount"}, {17500, "huf", "", ""},
		{500, "isk", "", ""}, {550, "isk", "parameter_invalid_integer", "amount"}, {1000, "ugx", "", ""}, {1001, "ugx", "parameter_invalid_integer", "amount"},
		{5120, "kwd", "", ""}, {5124, "kwd", "parameter_invalid_integer", "amount"}, {1, "mga", "", ""},
	} {
		p := b.params("")
		p.Amount, p.Currency = &test.amount, &test.currency
		_, err := b.api.PaymentIntents.New(p)
		if test.param == "" {
			if err != nil {
				t.Errorf("%d %s: %v", test.amount, test.currency, err)
			}
			continue
		}
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, test.code, test.param)
	}
}

// refund gives money of an intent back.
func (b *bundle) refund(id string, amount int64) (*stripe.Refund, error) {
	p := &stripe.RefundParams{PaymentIntent: &id}
	if amount != 0 {
		p.Amount = &amount
	}
	p.AddMetadata("refund_id", "r-1")
	p.SetIdempotencyKey(b.key())
	return b.api.Refunds.New(p)
}

// TestRefunds gives back a part, the rest, and no more.
func TestRefunds(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.paid(t, "pm_card_visa")
	r, err := b.refund(in.ID, 500)
	if err != nil || r.Status != stripe.RefundStatusSucceeded || r.Amount != 500 || r.Metadata["refund_id"] != "r-1" {
		t.Fatalf("a part: %v", err)
	}
	_, err = b.refund(in.ID, 1500)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "amount")
	if r, err = b.refund(in.ID, 0); err != nil || r.Amount != 1499 {
		t.Errorf("the rest: %v", err)
	}
	_, err = b.refund(in.ID, 0)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "charge_already_refunded", "")
	if ch := b.get(t, in.ID).LatestCharge; !ch.Refunded || ch.AmountRefunded != 1999 {
		t.Errorf("the charge has refunded %d", ch.AmountRefunded)
	}
	if entry := b.Ledger()[orderID]; entry.Refunded != 1999 || entry.Captured != 1999 || len(b.DoubleCharged()) != 0 {
		t.Errorf("the ledger says %+v", entry)
	}
	var amounts []int64
	for i := b.api.Refunds.List(&stripe.RefundListParams{PaymentIntent: &in.ID}); i.Next(); {
		amounts = append(amounts, i.Refund().Amount)
	}
	if !slices.Equal(amounts, []int64{1499, 500}) {
		t.Errorf("the refunds are %v", amounts)
	}
	_, err = b.refund(b.create(t, b.params("")).ID, 0)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "payment_intent")
	_, err = b.refund("pi_nobody", 0)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "resource_missing", "payment_intent")
	_, err = b.api.Refunds.Cancel(r.ID, nil)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
}

// TestRefundsThatMove are pending and failing refunds, by time and by a step.
func TestRefundsThatMove(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		card        string
		delay       time.Duration
		first, then stripe.RefundStatus
		refunded    int64
	}{
		{"pm_card_pendingRefund", 0, "pending", "succeeded", 1999},
		{"pm_card_refundFail", 0, "succeeded", "failed", 0},
		{"pm_card_refundFail", -1, "succeeded", "succeeded", 1999},
		{"pm_card_visa", 0, "succeeded", "succeeded", 1999},
	} {
		b := setup(t, stripetest.Options{RefundDelay: test.delay})
		in := b.paid(t, test.card)
		r, err := b.refund(in.ID, 0)
		if err != nil || r.Status != test.first {
			t.Fatalf("%s: %v", test.card, err)
		}
		if entry := b.Ledger()[orderID]; entry.Refunded != 1999 {
			t.Errorf("%s: at first the ledger says %+v", test.card, entry)
		}
		b.clock.Advance(2 * time.Hour)
		if r, err = b.api.Refunds.Get(r.ID, nil); err != nil || r.Status != test.then {
			t.Errorf("%s: then it is %s, %v", test.card, r.Status, err)
		}
		if entry := b.Ledger()[orderID]; entry.Refunded != test.refunded {
			t.Errorf("%s: then the ledger says %+v", test.card, entry)
		}
		if test.then == "failed" && (r.FailureReason == "" || b.get(t, in.ID).LatestCharge.AmountRefunded != 0) {
			t.Error("a refund that failed counts")
		}
	}
	b := setup(t, stripetest.Options{RefundDelay: -1})
	r, err := b.refund(b.paid(t, "pm_card_pendingRefund").ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.SettleRefund(ctx, r.ID, true), b.SettleRefund(ctx, r.ID, false)); err != nil {
		t.Error(err)
	}
	if b.SettleRefund(ctx, r.ID, true) == nil || b.SettleRefund(ctx, "re_nobody", true) == nil {
		t.Error("a refund that failed was settled")
	}
}

// TestDisputes opens, wins and loses.
func TestDisputes(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, won := range []bool{true, false} {
		in := b.paid(t, "pm_card_createDispute")
		list := b.api.Disputes.List(&stripe.DisputeListParams{PaymentIntent: &in.ID})
		if !list.Next() || !b.get(t, in.ID).LatestCharge.Disputed {
			t.Fatal("there is no dispute")
		}
		d := list.Dispute()
		if d.Amount != 1999 || d.Status != stripe.DisputeStatusNeedsResponse {
			t.Errorf("the dispute is %s about %d", d.Status, d.Amount)
		}
		_, err := b.refund(in.ID, 0)
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "charge_disputed", "")
		if err := b.CloseDispute(ctx, d.ID, won); err != nil {
			t.Fatal(err)
		}
		_, err = b.refund(in.ID, 0)
		if won && err != nil {
			t.Errorf("after a dispute that was won: %v", err)
		}
		if !won {
			wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "charge_disputed", "")
		}
	}
	if entry := b.Ledger()[orderID]; entry.Captured != 3998 || entry.Refunded != 3998 {
		t.Errorf("the ledger says %+v", entry)
	}
	in := b.paid(t, "pm_card_visa")
	id, err := b.OpenDispute(ctx, in.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if d, err := b.api.Disputes.Close(id, nil); err != nil || d.Status != stripe.DisputeStatusLost {
		t.Errorf("giving up: %v", err)
	}
	_, err = b.OpenDispute(ctx, in.ID, "")
	if err == nil || b.CloseDispute(ctx, id, true) == nil || b.CloseDispute(ctx, "dp_nobody", true) == nil {
		t.Error("a closed dispute moves on")
	}
}

// TestReviews approves and refuses, before and after the capture.
func TestReviews(t *testing.T) {
	t.Parallel()
	for _, manual := range []bool{false, true} {
		for _, approve := range []bool{true, false} {
			b := setup(t, stripetest.Options{})
			p := b.params("pm_card_riskLevelElevated")
			p.Confirm = stripe.Bool(true)
			if manual {
				p.CaptureMethod = stripe.String("manual")
			}
			in := b.create(t, p)
			if in.Review == nil || b.get(t, in.ID).LatestCharge.Outcome.Type != "manual_review" {
				t.Fatal("it is not held for a review")
			}
			review, err := b.api.Reviews.Get(in.Review.ID, nil)
			if err != nil || !review.Open {
				t.Fatal(err)
			}
			if err := b.CloseReview(ctx, in.ID, approve); err != nil {
				t.Fatal(err)
			}
			entry, want := b.Ledger()[orderID], stripetest.LedgerEntry{Intents: 1, Charges: 1, Currency: "usd"}
			switch {
			case manual && approve:
				want.Authorized = 1999
			case manual:
				want.Charges = 0
			case approve:
				want.Captured = 1999
			default:
				want.Captured, want.Refunded = 1999, 1999
			}
			if entry != want {
				t.Errorf("manual %t, approve %t: the ledger says %+v, want %+v", manual, approve, entry, want)
			}
			if b.CloseReview(ctx, review.ID, approve) == nil {
				t.Error("a review was closed twice")
			}
		}
	}
}

// TestRefundElsewhere is a refund by the dashboard.
func TestRefundElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.paid(t, "pm_card_visa")
	if err := b.RefundElsewhere(ctx, in.ID, 999); err != nil {
		t.Fatal(err)
	}
	charges := b.Charges()
	if charges[0].Refunded != 999 || len(charges[0].Refunds) != 1 || len(charges[0].Refunds[0].Metadata) != 0 {
		t.Errorf("the charge is %+v", charges[0])
	}
	if b.RefundElsewhere(ctx, in.ID, 1001) == nil || b.RefundElsewhere(ctx, "pi_nobody", 1) == nil {
		t.Error("more than there is was given back")
	}
}
