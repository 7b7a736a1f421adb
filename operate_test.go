package payments_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestRefund(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	paid(b, id)
	target := payments.Target{OrderID: id}
	first := refundAll(b, id, "first", 200)
	if first.Refund.Status != payments.RefundSucceeded || first.Payment.Status != payments.StatusPartiallyRefunded || first.Payment.Refunded != 200 {
		t.Errorf("the first refund is %+v", first)
	}
	again := refundAll(b, id, "first", 200)
	if again.Refund.UID != first.Refund.UID || b.ledger(id).Refunded != 200 {
		t.Errorf("the repeated refund is %+v, the ledger %+v", again, b.ledger(id))
	}
	for _, tt := range []struct {
		name  string
		cmd   payments.RefundCommand
		err   error
		field string
	}{
		{"no key", payments.RefundCommand{Target: target}, payments.ErrInvalid, "Key"},
		{"no target", payments.RefundCommand{Key: "x"}, payments.ErrInvalid, "PaymentUID"},
		{"another amount", payments.RefundCommand{Target: target, Key: "first", Amount: usd(201)}, payments.ErrIdempotencyKeyReused, ""},
		{"too much", payments.RefundCommand{Target: target, Key: "x", Amount: usd(1051)}, payments.ErrInvalid, "Amount"},
		{"negative", payments.RefundCommand{Target: target, Key: "x", Amount: usd(-1)}, payments.ErrInvalid, "Amount"},
		{"another currency", payments.RefundCommand{Target: target, Key: "x", Amount: payments.Money{Amount: 1, Currency: "EUR"}}, payments.ErrInvalid, "Amount"},
		{"no payment", payments.RefundCommand{Target: payments.Target{OrderID: payments.OrderID{9}}, Key: "x"}, payments.ErrPaymentNotFound, ""},
	} {
		_, err := b.Refund(t.Context(), tt.cmd)
		if errors.Is(tt.err, payments.ErrPaymentNotFound) {
			if !errors.Is(err, tt.err) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		wantField(t, err, tt.err, tt.field)
	}
	if rec := b.record(id); len(rec.Refunds) != 1 || len(rec.Transactions) != 2 {
		t.Errorf("what was refused went to the gateway: %+v", rec.Transactions)
	}
	rest, err := b.Refund(t.Context(), payments.RefundCommand{Target: target, Key: "rest"})
	if err != nil || rest.Refund.Amount != usd(1050) || rest.Payment.Status != payments.StatusRefunded {
		t.Errorf("the rest is %+v, %v", rest, err)
	}
	_, err = b.Refund(t.Context(), payments.RefundCommand{Target: target, Key: "more"})
	wantField(t, err, payments.ErrConflict, "PaymentUID")
	b.agree()
}

// TestRefundAtOnce asks one refund, and too many refunds, from many callers.
func TestRefundAtOnce(t *testing.T) {
	t.Parallel()
	for _, keys := range []int{1, 16} {
		b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) {
			o.Clock, o.GatewayTimeout, o.RequestTimeout = nil, 10*time.Second, 20*time.Second
		})
		id := b.order()
		paid(b, id)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				_, _ = b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: string(rune('a' + i%keys)), Amount: usd(500)})
			})
		}
		wg.Wait()
		if got := b.ledger(id).Refunded; got != int64(min(keys, 2))*500 {
			t.Errorf("with %d keys %d is refunded", keys, got)
		}
		b.agree()
	}
}

// TestRefundFailsLater holds that money which came back is the merchant's again.
func TestRefundFailsLater(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tok   string
		minor int64
		ok    bool
		want  payments.Status
	}{
		{"tok_refundFail", 1250, false, payments.StatusPaid},
		{"tok_refundFail", 100, false, payments.StatusPaid},
		{"tok_pendingRefund", 1250, true, payments.StatusRefunded},
	} {
		b := setup(t)
		id := b.order()
		b.mustPay(id, tt.tok, payments.StatusPaid)
		res := refundAll(b, id, "r", tt.minor)
		if !res.Refund.Status.Counts() || res.Payment.Refunded != tt.minor {
			t.Fatalf("the refund is %+v", res)
		}
		if err := b.gw.SettleRefund(t.Context(), res.Refund.Reference, tt.ok); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(25 * time.Hour)
		b.reconcile()
		rec := b.record(id)
		b.want(rec.Payment, tt.want)
		if (rec.Refunds[0].Status == payments.RefundSucceeded) != tt.ok {
			t.Errorf("the refund is %+v", rec.Refunds[0])
		}
		if again := refundAll(b, id, "r", tt.minor); again.Refund.Status != rec.Refunds[0].Status {
			t.Errorf("the same key answers %+v", again.Refund)
		}
		b.agree()
	}
}

// TestRefundElsewhere holds that a refund made in the gateway's dashboard gets a row.
func TestRefundElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	paid(b, id)
	if err := b.gw.RefundElsewhere(t.Context(), b.record(id).Payment.Reference, 400); err != nil {
		t.Fatal(err)
	}
	b.complete(id, payments.StatusPartiallyRefunded)
	b.complete(id, payments.StatusPartiallyRefunded)
	if rec := b.record(id); len(rec.Refunds) != 1 || rec.Refunds[0].Key != "" || rec.Refunds[0].Amount != usd(400) {
		t.Errorf("the refunds are %+v", rec.Refunds)
	}
	b.agree()
}

func TestCaptureVoid(t *testing.T) {
	t.Parallel()
	reserve := func(t *testing.T) (*bundle, payments.Target) {
		b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.ManualCapture = true })
		id := b.order()
		b.mustPay(id, "tok_visa", payments.StatusAuthorized)
		return b, payments.Target{OrderID: id}
	}
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		b, target := reserve(t)
		for range 2 {
			p, err := b.Capture(t.Context(), payments.CaptureCommand{Target: target})
			if err != nil || p.Status != payments.StatusPaid || p.Captured != 1250 {
				t.Fatalf("captured %+v, %v", p, err)
			}
		}
		b.agree()
	})
	t.Run("a part", func(t *testing.T) {
		t.Parallel()
		b, target := reserve(t)
		_, err := b.Capture(t.Context(), payments.CaptureCommand{Target: target, Amount: usd(1251)})
		wantField(t, err, payments.ErrInvalid, "Amount")
		p, err := b.Capture(t.Context(), payments.CaptureCommand{Target: target, Amount: usd(800)})
		if err != nil || p.Captured != 800 || p.Refundable() != usd(800) {
			t.Fatalf("captured %+v, %v", p, err)
		}
		_, err = b.Capture(t.Context(), payments.CaptureCommand{Target: target, Amount: usd(900)})
		wantField(t, err, payments.ErrConflict, "PaymentUID")
		b.agree()
	})
	t.Run("void", func(t *testing.T) {
		t.Parallel()
		b, target := reserve(t)
		for range 2 {
			p, err := b.Void(t.Context(), payments.VoidCommand{Target: target})
			if err != nil || p.Status != payments.StatusCanceled || p.Live {
				t.Fatalf("voided %+v, %v", p, err)
			}
		}
		_, err := b.Capture(t.Context(), payments.CaptureCommand{Target: target})
		wantField(t, err, payments.ErrConflict, "PaymentUID")
		b.agree()
	})
	t.Run("void what is paid", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		paid(b, id)
		_, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
		wantField(t, err, payments.ErrConflict, "PaymentUID")
	})
	t.Run("void what the payer has just paid", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		b.authenticate(b.mustPay(id, "", payments.StatusCreated), fake.AuthPass, "")
		_, err := b.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})
		if !errors.Is(err, payments.ErrConflict) {
			t.Fatalf("the error is %v", err)
		}
		b.want(b.record(id).Payment, payments.StatusPaid)
		b.agree()
	})
}

// TestPriceChanges holds rule 1: what was confirmed at another price than the order's is held, and an operator ends it.
func TestPriceChanges(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T) (*bundle, payments.OrderID) {
		b := setup(t)
		id := b.order()
		res := b.mustPay(id, "", payments.StatusCreated)
		b.authenticate(res, fake.AuthPass, "")
		b.reprice(id, usd(2000))
		b.complete(id, payments.StatusHeld)
		b.complete(id, payments.StatusHeld)
		breaks, err := b.Breaks(t.Context(), 0, 0)
		if err != nil || len(breaks) != 1 || breaks[0].Kind != payments.BreakMismatch {
			t.Errorf("the breaks are %+v, %v", breaks, err)
		}
		return b, id
	}
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		b, id := held(t)
		p, err := b.Accept(t.Context(), payments.AcceptCommand{Target: payments.Target{OrderID: id}})
		if err != nil || p.Status != payments.StatusPaid {
			t.Fatalf("accepted %v, %v", p.Status, err)
		}
		_, err = b.Accept(t.Context(), payments.AcceptCommand{Target: payments.Target{OrderID: id}})
		wantField(t, err, payments.ErrConflict, "PaymentUID")
		b.agree()
	})
	t.Run("refunded", func(t *testing.T) {
		t.Parallel()
		b, id := held(t)
		res, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"})
		if err != nil || res.Payment.Status != payments.StatusRefunded {
			t.Fatalf("refunded %+v, %v", res, err)
		}
		b.agree()
	})
	t.Run("before the payer confirms", func(t *testing.T) {
		t.Parallel()
		for _, tok := range []string{"", "tok_threeDSecure2Required"} {
			b := setup(t)
			id := b.order()
			first, err := b.pay(id, tok)
			if err != nil {
				t.Fatal(err)
			}
			b.reprice(id, usd(2000))
			b.clock.Advance(time.Second)
			res, err := b.pay(id, tok)
			if err != nil {
				t.Fatal(err)
			}
			if res.Payment.Amount != usd(2000) || (tok == "") != (res.Payment.UID == first.Payment.UID) {
				t.Errorf("after %q: %+v", tok, res.Payment)
			}
			b.authenticate(res, fake.AuthPass, "")
			b.complete(id, payments.StatusPaid)
			if got := b.ledger(id).Captured; got != 2000 {
				t.Errorf("%d captured", got)
			}
			b.agree()
		}
	})
	t.Run("after it was paid", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		paid(b, id)
		b.reprice(id, usd(1))
		b.complete(id, payments.StatusPaid)
		b.mustPay(id, "tok_visa", payments.StatusPaid)
	})
	t.Run("the wrong mode", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.LiveMode = true })
		_, err := b.pay(b.order(), "tok_visa")
		if !errors.Is(err, payments.ErrUnavailable) || len(b.gw.Charges()) != 0 {
			t.Errorf("the error is %v, the charges %v", err, b.gw.Charges())
		}
	})
}

// mispriced leaves a payment held for 12.50 USD: the payer confirmed that while a request for the order's new price was lost.
func mispriced(t *testing.T, price payments.Money) (*bundle, payments.OrderID) {
	t.Helper()
	b := setup(t)
	id := b.order()
	res := b.mustPay(id, "", payments.StatusCreated)
	b.reprice(id, price)
	b.fault(fake.OpPrepare, fake.FaultDropBefore, 3)
	if _, err := b.pay(id, ""); !errors.Is(err, payments.ErrUnavailable) {
		t.Fatalf("the error is %v", err)
	}
	b.authenticate(res, fake.AuthPass, "")
	b.complete(id, payments.StatusHeld)
	return b, id
}

// TestHeldIsWhatWasConfirmed holds rule 1 for what an operator does with a held payment: he decides about what the payer confirmed, and
// an answer that does not fit it ends no hold, also where it is given twice.
func TestHeldIsWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	accept := func(b *bundle, id payments.OrderID) (payments.Payment, error) {
		return b.Accept(b.t.Context(), payments.AcceptCommand{Target: payments.Target{OrderID: id}})
	}
	ends := map[string]func(b *bundle, id payments.OrderID){
		"accepted": func(b *bundle, id payments.OrderID) {
			if p, err := accept(b, id); err != nil || p.Status != payments.StatusPaid || p.Amount != usd(1250) {
				b.t.Errorf("accepted %+v, %v", p, err)
			}
		},
		"refunded": func(b *bundle, id payments.OrderID) {
			res, err := b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"})
			if err != nil || res.Payment.Status != payments.StatusRefunded || res.Refund.Amount != usd(1250) {
				b.t.Errorf("refunded %+v, %v", res, err)
			}
		},
		"accepted by wrong answers": func(b *bundle, id payments.OrderID) {
			b.fault(fake.OpFetch, fake.FaultWrongCurrency, 2)
			if p, err := accept(b, id); err == nil {
				b.t.Errorf("two wrong answers ended the hold: %+v", p)
			}
			b.want(b.record(id).Payment, payments.StatusHeld)
			if p, err := accept(b, id); err != nil || p.Amount != usd(1250) {
				b.t.Errorf("accepted %+v, %v", p, err)
			}
		},
	}
	for _, price := range []payments.Money{usd(2000), {Amount: 1250, Currency: "EUR"}} {
		for name, end := range ends {
			t.Run(name+" at "+price.String(), func(t *testing.T) {
				t.Parallel()
				b, id := mispriced(t, price)
				if p := b.record(id).Payment; p.Amount != usd(1250) || p.Captured != 1250 {
					t.Errorf("held is %+v", p)
				}
				end(b, id)
				b.agree()
			})
		}
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	for _, approve := range []bool{true, false} {
		b := setup(t)
		id := b.order()
		b.mustPay(id, "tok_riskLevelElevated", payments.StatusHeld)
		if err := b.gw.CloseReview(t.Context(), b.record(id).Payment.Reference, approve); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Hour)
		b.reconcile()
		want := payments.StatusRefunded
		if approve {
			want = payments.StatusPaid
		}
		b.want(b.record(id).Payment, want)
		b.agree()
	}
}

func TestDispute(t *testing.T) {
	t.Parallel()
	for won, want := range map[bool]payments.Status{true: payments.StatusPaid, false: payments.StatusRefunded} {
		b := setup(t)
		id := b.order()
		b.mustPay(id, "tok_createDispute", payments.StatusDisputed)
		_, err := b.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r"})
		wantField(t, err, payments.ErrConflict, "PaymentUID")
		if err := b.gw.CloseDispute(t.Context(), b.record(id).Payment.Reference, won); err != nil {
			t.Fatal(err)
		}
		b.complete(id, want)
	}
}
