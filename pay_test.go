package payments_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestPay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, token string
		status      payments.Status
		err         error
		charges     int
		captured    int64
		decline     string
	}{
		{"approved token", "tok_visa", payments.StatusPaid, nil, 1, 1250, ""},
		{"approved payment method", "pm_card_visa", payments.StatusPaid, nil, 1, 1250, ""},
		{"generic decline", "tok_chargeDeclined", payments.StatusDeclined, payments.ErrDeclined, 0, 0, "generic_decline"},
		{"no funds", "tok_chargeDeclinedInsufficientFunds", payments.StatusDeclined, payments.ErrDeclined, 0, 0, "insufficient_funds"},
		{"3-D Secure", "tok_threeDSecure2Required", payments.StatusRequiresAction, nil, 0, 0, ""},
		{"the payer confirms", "", payments.StatusCreated, nil, 0, 0, ""},
		{"dispute", "tok_createDispute", payments.StatusDisputed, nil, 1, 1250, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			res, err := b.pay(id, tt.token)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("the error is %v, not %v", err, tt.err)
			}
			b.want(res.Payment, tt.status)
			if got := b.ledger(id); got.Charges != tt.charges || got.Captured != tt.captured {
				t.Errorf("the ledger says %+v", got)
			}
			if res.Payment.DeclineCode != tt.decline {
				t.Errorf("the decline code is %q", res.Payment.DeclineCode)
			}
			if want := tt.status.Answer().PaymentIntentSuccess; (res.NextAction != nil) != want || want && res.NextAction.ClientSecret.IsZero() {
				t.Errorf("the next action is %v", res.NextAction)
			}
			rec := b.record(id)
			if rec.Payment != res.Payment {
				t.Errorf("answered %+v, stored %+v", res.Payment, rec.Payment)
			}
			if p := rec.Payment; p.ID == 0 || p.AgentID != 3 || p.PublicOrderID == "" || p.Amount != usd(1250) || p.Gateway != "fake" {
				t.Errorf("the payment is not whole: %+v", p)
			}
			b.agree()
		})
	}
}

// TestPayAgain is the table of DESIGN 7, "POST again".
func TestPayAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		begin   func(*bundle, payments.OrderID)
		token   string
		status  payments.Status
		err     error
		same    bool // the same payment
		charges int
	}{
		{"paid", paid, "tok_mastercard", payments.StatusPaid, nil, true, 1},
		{"paid, with a card that is not valid", paid, "bad card", payments.StatusPaid, nil, true, 1},
		{"partially refunded", refunded(100), "tok_visa", payments.StatusPartiallyRefunded, nil, true, 1},
		{"refunded", refunded(1250), "tok_visa", 0, payments.ErrConflict, true, 1},
		{"disputed", payWith("tok_createDispute"), "tok_visa", payments.StatusDisputed, nil, true, 1},
		{"declined, another card", payWith("tok_chargeDeclined"), "tok_visa", payments.StatusPaid, nil, true, 1},
		{"declined, no card", payWith("tok_chargeDeclined"), "", payments.StatusCreated, nil, true, 0},
		{"canceled", canceled, "tok_visa", payments.StatusPaid, nil, false, 1},
		{"created, no token", payWith(""), "", payments.StatusCreated, nil, true, 0},
		{"created, a token", payWith(""), "tok_visa", payments.StatusPaid, nil, true, 1},
		{"action required, no token", payWith("tok_threeDSecure2Required"), "", payments.StatusRequiresAction, nil, true, 0},
		{"action required, the same token", payWith("tok_threeDSecure2Required"), "tok_threeDSecure2Required", payments.StatusRequiresAction, nil, true, 0},
		{"action required, another token", payWith("tok_threeDSecure2Required"), "tok_visa", payments.StatusPaid, nil, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			tt.begin(b, id)
			first := b.record(id).Payment
			b.clock.Advance(time.Minute)
			req := payments.PayRequest{OrderID: id}
			switch tt.token {
			case "":
			case "bad card":
				req.Source.Card = &payments.Card{Number: payments.NewCardNumber("1234")}
			default:
				req.Source = token(tt.token)
			}
			res, err := b.Pay(t.Context(), req)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("the error is %v, not %v", err, tt.err)
			}
			if tt.err == nil {
				b.want(res.Payment, tt.status)
				if (res.Payment.UID == first.UID) != tt.same {
					t.Errorf("the same payment: %v", !tt.same)
				}
			}
			if got := b.ledger(id).Charges; got != tt.charges {
				t.Errorf("%d charges, not %d", got, tt.charges)
			}
			b.agree()
		})
	}
}

func paid(b *bundle, id payments.OrderID) { b.mustPay(id, "tok_visa", payments.StatusPaid) }

func payWith(tok string) func(*bundle, payments.OrderID) {
	return func(b *bundle, id payments.OrderID) {
		if _, err := b.pay(id, tok); err != nil && !errors.Is(err, payments.ErrDeclined) {
			b.t.Fatal(err)
		}
	}
}

func refunded(minor int64) func(*bundle, payments.OrderID) {
	return func(b *bundle, id payments.OrderID) {
		paid(b, id)
		if _, err := b.Refund(b.t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: id}, Key: "r", Amount: usd(minor)}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func canceled(b *bundle, id payments.OrderID) {
	b.mustPay(id, "", payments.StatusCreated)
	if p, err := b.Void(b.t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}}); err != nil || p.Status != payments.StatusCanceled {
		b.t.Fatalf("void: %v, %v", p.Status, err)
	}
}

// TestRefusals are the requests that are answered with a named field and charge nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	card := func(number, expiry, cvc string) payments.Source {
		e, _ := payments.ParseExpiry(expiry)
		return payments.Source{Card: &payments.Card{Number: payments.NewCardNumber(number), Expiry: e, CVC: payments.NewCVC(cvc)}}
	}
	three, four := int64(3), int64(4)
	for _, tt := range []struct {
		name  string
		order func(*payments.Order)
		req   payments.PayRequest
		err   error
		field string
	}{
		{"another agent's order", nil, payments.PayRequest{ForAgent: &four, Source: token("tok_visa")}, payments.ErrOrderNotFound, ""},
		{"nobody's order", func(o *payments.Order) { o.AgentID = 0 }, payments.PayRequest{ForAgent: new(int64)}, payments.ErrOrderNotFound, ""},
		{"another customer", func(o *payments.Order) { o.CustomerID = 5 }, payments.PayRequest{Payer: payments.Payer{CustomerID: 6}}, payments.ErrInvalid, "Payer.CustomerID"},
		{"no total", func(o *payments.Order) { o.Total.Amount = 0 }, payments.PayRequest{Source: token("tok_visa")}, payments.ErrConflict, "OrderID"},
		{"negative total", func(o *payments.Order) { o.Total.Amount = -1 }, payments.PayRequest{Source: token("tok_visa")}, payments.ErrConflict, "OrderID"},
		{"unknown currency", func(o *payments.Order) { o.Total.Currency = "XYZ" }, payments.PayRequest{Source: token("tok_visa")}, payments.ErrConflict, "OrderID"},
		{"no interval", func(o *payments.Order) { o.Recurring = &payments.Plan{Every: 1} }, payments.PayRequest{ForAgent: &three}, payments.ErrConflict, "OrderID"},
		{"long trial", func(o *payments.Order) { o.Recurring = &payments.Plan{Interval: "day", Every: 1, TrialDays: 731} }, payments.PayRequest{}, payments.ErrConflict, "OrderID"},
		{"not a recurring order", nil, payments.PayRequest{Type: payments.TypeSubscription}, payments.ErrInvalid, "Type"},
		{"unknown type", nil, payments.PayRequest{Type: 77}, payments.ErrInvalid, "Type"},
		{"long key", nil, payments.PayRequest{Idempotency: payments.Idempotency{Key: string(make([]byte, 256))}}, payments.ErrInvalid, "Idempotency.Key"},
		{"long principal", nil, payments.PayRequest{Idempotency: payments.Idempotency{Key: "k", Principal: strings.Repeat("p", 256)}}, payments.ErrInvalid, "Idempotency.Principal"},
		{"token and card", nil, payments.PayRequest{Source: payments.Source{Token: payments.NewToken("tok_visa"), Card: &payments.Card{}}}, payments.ErrInvalid, "Source.Card"},
		{"not Luhn", nil, payments.PayRequest{Source: card("4242424242424241", "12/30", "123")}, payments.ErrInvalid, "Card.Number"},
		{"expired", nil, payments.PayRequest{Source: card("4242424242424242", "01/26", "123")}, payments.ErrInvalid, "Card.Expiry"},
		{"no expiry", nil, payments.PayRequest{Source: card("4242424242424242", "", "123")}, payments.ErrInvalid, "Card.Expiry"},
		{"short code", nil, payments.PayRequest{Source: card("4242424242424242", "12/30", "12")}, payments.ErrInvalid, "Card.CVC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order(func(o *payments.Order) {
				if tt.order != nil {
					tt.order(o)
				}
			})
			tt.req.OrderID = id
			_, err := b.Pay(t.Context(), tt.req)
			wantField(t, err, tt.err, tt.field)
			if rows, _ := b.Payments(t.Context(), payments.Filter{}); len(rows.Payments) != 0 || len(b.gw.Ledger()) != 0 {
				t.Errorf("something was written or charged: %v %v", rows, b.gw.Ledger())
			}
		})
	}
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		b.setOrder(b.host.orders[id], payments.ErrOrderClosed)
		_, err := b.pay(id, "tok_visa")
		wantField(t, err, payments.ErrOrderClosed, "OrderID")
		if !errors.Is(err, payments.ErrConflict) {
			t.Error("a closed order is no conflict")
		}
	})
	t.Run("no order", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, err := b.pay(payments.OrderID{1}, "tok_visa")
		wantField(t, err, payments.ErrOrderNotFound, "")
		_, err = b.pay(payments.OrderID{}, "tok_visa")
		wantField(t, err, payments.ErrInvalid, "OrderID")
	})
	t.Run("orders cannot tell", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.order()
		b.setOrder(b.host.orders[id], errors.New("down"))
		_, err := b.pay(id, "tok_visa")
		wantField(t, err, payments.ErrUnavailable, "")
	})
}

func wantField(t *testing.T, err, want error, field string) {
	t.Helper()
	var e *payments.Error
	if !errors.Is(err, want) || !errors.As(err, &e) {
		t.Fatalf("the error is %v, not %v", err, want)
	}
	if e.Outcome != payments.OutcomeNotApplied {
		t.Errorf("the outcome is %v", e.Outcome)
	}
	if field != "" && (len(e.Fields) == 0 || e.Fields[0].Field != field || e.Fields[0].Message == "") {
		t.Errorf("the fields are %+v, not %s", e.Fields, field)
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		token string
		how   fake.AuthResult
		want  payments.Status
	}{
		{"passes", "tok_threeDSecure2Required", fake.AuthPass, payments.StatusPaid},
		{"fails", "tok_threeDSecure2Required", fake.AuthFail, payments.StatusDeclined},
		{"passes, then declined", "pm_card_threeDSecureRequiredChargeDeclined", fake.AuthPass, payments.StatusDeclined},
		{"the payer gives the card", "", fake.AuthPass, payments.StatusPaid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.order()
			res, err := b.pay(id, tt.token)
			if err != nil {
				t.Fatal(err)
			}
			b.authenticate(res, tt.how, "")
			b.clock.Advance(time.Second)
			b.complete(id, tt.want)
			b.complete(id, tt.want)
			if tt.want == payments.StatusDeclined {
				b.clock.Advance(time.Second)
				b.mustPay(id, "tok_visa", payments.StatusPaid)
			}
			b.agree()
		})
	}
}

func TestCompleteWithoutPayment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: b.order()})
	wantField(t, err, payments.ErrPaymentNotFound, "")
}

func TestCompleteWithToken(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"", "tok_chargeDeclined", "tok_visa"} {
		b := setup(t)
		id := b.order()
		payWith(first)(b, id)
		b.clock.Advance(time.Second)
		res, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: id, Source: token("tok_mastercard")})
		if err != nil {
			t.Fatal(err)
		}
		b.want(res.Payment, payments.StatusPaid)
		brand := "mastercard"
		if first == "tok_visa" {
			brand = "visa" // a paid payment's token is ignored
		}
		if res.Payment.Method.Brand != brand {
			t.Errorf("after %q paid with %q", first, res.Payment.Method.Brand)
		}
		b.agree()
	}
}

// TestPayAtOnce posts one order from many callers.
func TestPayAtOnce(t *testing.T) {
	t.Parallel()
	for _, tok := range []string{"tok_visa", "tok_chargeDeclined", "tok_threeDSecure2Required", ""} {
		t.Run("with "+tok, func(t *testing.T) {
			t.Parallel()
			const n = 64
			b := setup(t, func(b *bundle, o *payments.Options, g *payments.Gateway) {
				o.Clock, o.GatewayTimeout, o.RequestTimeout = nil, 10*time.Second, 20*time.Second
				b.host.all = n
				*g = &gate{Gateway: b.gw, open: b.host.allAsked()}
			})
			id := b.order()
			results := make([]payments.Result, n)
			errs := make([]error, n)
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() { results[i], errs[i] = b.pay(id, tok) })
			}
			wg.Wait()
			for i := range n {
				if (errs[i] == nil) != (errs[0] == nil) || results[i].Payment.UID != results[0].Payment.UID || results[i].Payment.Status != results[0].Payment.Status {
					t.Fatalf("answers differ: %v %v, %v %v", results[0].Payment.Status, errs[0], results[i].Payment.Status, errs[i])
				}
			}
			if got := len(b.gw.Charges()); got > 1 {
				t.Errorf("%d tries to take money", got)
			}
		})
	}
}

// gate lets nobody to the gateway before every request has begun.
type gate struct {
	*fake.Gateway
	open <-chan struct{}
}

// Prepare waits for the gate.
func (g *gate) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	<-g.open
	return g.Gateway.Prepare(ctx, req)
}
