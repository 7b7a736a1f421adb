package fake_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestRefunds(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	for _, cents := range []int64{250, 1000} {
		s, err := b.refund(paid.Reference, cents)
		if err != nil || s.Status != payments.StatusPaid {
			t.Fatalf("it is %+v (%v)", s, err)
		}
		last := s.Refunds[len(s.Refunds)-1]
		if last.Amount != cents || last.Status != payments.RefundSucceeded || last.RefundUID == "" || last.Reference == "" {
			t.Errorf("the refund is %+v", last)
		}
	}
	if _, err := b.refund(paid.Reference, 1); problem(t, err).GatewayCode != "charge_already_refunded" {
		t.Errorf("the error is %v", err)
	}
	if got := b.entry(); got != (fake.LedgerEntry{Charges: 1, Captured: 1250, Refunded: 1250, Currency: "USD"}) {
		t.Errorf("the ledger says %+v", got)
	}
}

func TestRefundRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid, held := b.paid("tok_visa", true), b.paid("tok_visa", false)
	tests := map[string]struct {
		reference string
		amount    payments.Money
		code      payments.Code
	}{
		"too much":         {paid.Reference, usd(1251), payments.ErrConflict},
		"nothing":          {paid.Reference, usd(0), payments.ErrInvalid},
		"another currency": {paid.Reference, payments.Money{Amount: 1, Currency: "EUR"}, payments.ErrInvalid},
		"only reserved":    {held.Reference, usd(1), payments.ErrConflict},
		"no payment":       {"pi_none", usd(1), payments.ErrPaymentNotFound},
	}
	for name, test := range tests {
		_, err := b.Refund(t.Context(), payments.RefundRequest{PaymentRef: b.order, Key: b.key(), Reference: test.reference, Amount: test.amount})
		if e := problem(t, err); e.Code != test.code || e.Outcome != payments.OutcomeNotApplied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefundThatFailsLater(t *testing.T) {
	t.Parallel()
	steps := map[string]func(b *bench, refund string) error{
		"by a step": func(b *bench, refund string) error { return b.SettleRefund(b.t.Context(), refund, false) },
		"by time":   func(b *bench, _ string) error { b.clock.Advance(time.Hour); return nil },
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{RefundDelay: time.Hour})
			paid := b.paid("tok_refundFail", true)
			s, err := b.refund(paid.Reference, 1000)
			if err != nil || s.Refunds[0].Status != payments.RefundSucceeded || b.entry().Refunded != 1000 {
				t.Fatalf("it is %+v (%v)", s, err)
			}
			if err := step(b, s.Refunds[0].Reference); err != nil {
				t.Fatal(err)
			}
			r := b.fetch(paid.Reference).Refunds[0]
			if r.Status != payments.RefundFailed || r.Reason == "" || b.entry().Refunded != 0 {
				t.Errorf("the refund is %+v, and the ledger says %+v", r, b.entry())
			}
			if err := b.SettleRefund(t.Context(), r.Reference, false); !errors.Is(err, payments.ErrConflict) {
				t.Errorf("failed twice: %v", err)
			}
			if _, err := b.refund(paid.Reference, 1250); err != nil {
				t.Errorf("another refund: %v", err)
			}
		})
	}
}

func TestPendingRefund(t *testing.T) {
	t.Parallel()
	for succeed, want := range map[bool]payments.RefundStatus{true: payments.RefundSucceeded, false: payments.RefundFailed} {
		b := setup(t, fake.Options{})
		paid := b.paid("tok_pendingRefund", true)
		s, err := b.refund(paid.Reference, 1000)
		if err != nil || s.Refunds[0].Status != payments.RefundPending {
			t.Fatalf("it is %+v (%v)", s, err)
		}
		b.clock.Advance(1000 * time.Hour) // without a RefundDelay nothing happens by itself
		if r := b.fetch(paid.Reference).Refunds[0]; r.Status != payments.RefundPending {
			t.Errorf("the refund is %+v", r)
		}
		if err := b.SettleRefund(t.Context(), s.Refunds[0].Reference, succeed); err != nil {
			t.Fatal(err)
		}
		if r := b.fetch(paid.Reference).Refunds[0]; r.Status != want {
			t.Errorf("the refund is %+v, and must be %v", r, want)
		}
	}
	b := setup(t, fake.Options{})
	if err := b.SettleRefund(t.Context(), "re_none", true); !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("a refund that is none: %v", err)
	}
}

func TestRefundElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	if err := b.RefundElsewhere(t.Context(), paid.Reference, 300); err != nil {
		t.Fatal(err)
	}
	if r := b.fetch(paid.Reference).Refunds[0]; r.RefundUID != "" || r.Amount != 300 || r.Status != payments.RefundSucceeded {
		t.Errorf("the refund is %+v", r)
	}
}

func TestDispute(t *testing.T) {
	t.Parallel()
	for won, refunded := range map[bool]int64{true: 0, false: 1250} {
		b := setup(t, fake.Options{})
		s := b.paid("tok_createDispute", false)
		if s.Disputed {
			t.Error("reserved money is disputed")
		}
		s, err := b.Capture(t.Context(), payments.CaptureRequest{PaymentRef: b.order, Key: b.key(), Reference: s.Reference, Amount: usd(1250)})
		if err != nil || !s.Disputed {
			t.Fatalf("it is %+v (%v)", s, err)
		}
		if _, err := b.refund(s.Reference, 1); problem(t, err).GatewayCode != "charge_disputed" {
			t.Errorf("a disputed payment is refunded: %v", err)
		}
		if err := b.CloseDispute(t.Context(), s.Reference, won); err != nil {
			t.Fatal(err)
		}
		if s := b.fetch(s.Reference); s.Disputed || b.entry().Refunded != refunded {
			t.Errorf("it is %+v, and the ledger says %+v", s, b.entry())
		}
		if err := b.CloseDispute(t.Context(), s.Reference, won); !errors.Is(err, payments.ErrConflict) {
			t.Errorf("closed twice: %v", err)
		}
	}
}

func TestOpenDispute(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	if err := b.OpenDispute(t.Context(), b.paid("tok_visa", false).Reference); !errors.Is(err, payments.ErrConflict) {
		t.Errorf("reserved money is disputed: %v", err)
	}
	paid := b.paid("tok_visa", true)
	if err := b.OpenDispute(t.Context(), paid.Reference); err != nil || !b.fetch(paid.Reference).Disputed {
		t.Errorf("it is not disputed: %v", err)
	}
	if err := b.OpenDispute(t.Context(), paid.Reference); !errors.Is(err, payments.ErrConflict) {
		t.Errorf("disputed twice: %v", err)
	}
}
