package fake_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestDeclineDetachesTheCard(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(token("tok_chargeDeclined"))
	first, err := b.confirm(in.Reference)
	if !errors.Is(err, payments.ErrDeclined) || first.Status != payments.StatusDeclined || first.Attempt == "" || secret(t, first) != secret(t, in) {
		t.Fatalf("the payment is %v with the attempt %q: %v", first.Status, first.Attempt, err)
	}
	again, err := b.confirm(in.Reference)
	if e := problem(t, err); e.Code != payments.ErrConflict || e.Outcome != payments.OutcomeNotApplied || again.Attempt != first.Attempt {
		t.Errorf("confirming without a card: %v, the attempt %q", err, again.Attempt)
	}
	req := payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, Amount: usd(1300), Capture: true}
	open, err := b.Prepare(t.Context(), req)
	if err != nil || open.Status != payments.StatusCreated || open.Amount != usd(1300) || open.Message != "" || open.Attempt != first.Attempt {
		t.Errorf("left to the payer again, it is %+v (%v)", open, err)
	}
	if secret(t, open) != secret(t, in) {
		t.Error("the client secret has changed")
	}
}

// TestPrepareLeavesTheAmount changes the way to pay of an object and not what it is for.
func TestPrepareLeavesTheAmount(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(payments.Source{})
	req := payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, Source: token("tok_visa"), Capture: true}
	if s, err := b.Prepare(t.Context(), req); err != nil || s.Amount != usd(1250) || s.Method.Last4 != "4242" {
		t.Errorf("changed, it is over %v with %q (%v)", s.Amount, s.Method.Last4, err)
	}
	req.Key, req.Reference = b.key(), ""
	if _, err := b.Prepare(t.Context(), req); !errors.Is(err, payments.ErrUnsupported) {
		t.Errorf("an object of no amount: %v", err)
	}
}

func TestCanceledKeepsItsSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(payments.Source{})
	s, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference})
	if err != nil || secret(t, s) != secret(t, in) {
		t.Errorf("canceled, the client secret is another (%v)", err)
	}
}

func TestConfirmOfWhatSucceeded(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(token("tok_visa"))
	for range 3 {
		s, err := b.confirm(in.Reference)
		if err != nil || s.Status != payments.StatusPaid || s.Captured != 1250 || secret(t, s) != secret(t, in) {
			t.Fatalf("confirmed, it is %+v (%v)", s, err)
		}
	}
	if got := b.entry(); got.Charges != 1 || got.Captured != 1250 {
		t.Errorf("the ledger says %+v", got)
	}
	_, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, Amount: usd(1)})
	if !errors.Is(err, payments.ErrConflict) {
		t.Errorf("changed after it was paid: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	const asks, asksAndDeclines = "tok_threeDSecure2Required", "tok_threeDSecureRequiredChargeDeclined"
	tests := map[string]struct {
		source, payers string // the token of Prepare, and the payer's
		result         fake.AuthResult
		status         payments.Status
		code           string // the gateway's code of the payment
		attempt        bool   // there is a charge
	}{
		"pass":                     {asks, "", fake.AuthPass, payments.StatusPaid, "", true},
		"fail":                     {asks, "", fake.AuthFail, payments.StatusDeclined, "payment_intent_authentication_failure", false},
		"abandon":                  {asks, "", fake.AuthAbandon, payments.StatusRequiresAction, "", false},
		"pass and be declined":     {asksAndDeclines, "", fake.AuthPass, payments.StatusDeclined, "card_declined", true},
		"payer pays":               {"", "", fake.AuthPass, payments.StatusPaid, "", true},
		"payer's card":             {"", "tok_mastercard", fake.AuthPass, payments.StatusPaid, "", true},
		"payer's card declined":    {"", "tok_chargeDeclined", fake.AuthPass, payments.StatusDeclined, "card_declined", true},
		"payer's card asks, pass":  {"", asks, fake.AuthPass, payments.StatusPaid, "", true},
		"payer's card asks, fail":  {"", asks, fake.AuthFail, payments.StatusDeclined, "payment_intent_authentication_failure", false},
		"payer's card asks, leave": {"", asks, fake.AuthAbandon, payments.StatusRequiresAction, "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			source := payments.Source{}
			if test.source != "" {
				source = token(test.source)
			}
			in := b.prepare(source)
			if test.source != "" {
				if s, err := b.confirm(in.Reference); err != nil || s.Status != payments.StatusRequiresAction {
					t.Fatalf("confirmed, it is %v (%v)", s.Status, err)
				}
			}
			err := b.Authenticate(t.Context(), secret(t, in), test.result, test.payers)
			if declined := test.status == payments.StatusDeclined; errors.Is(err, payments.ErrDeclined) != declined {
				t.Errorf("the page is told %v", err)
			}
			s := b.fetch(in.Reference)
			if s.Status != test.status || s.GatewayCode != test.code || (s.Attempt != "") != test.attempt {
				t.Errorf("it is %v with %q, the attempt %q", s.Status, s.GatewayCode, s.Attempt)
			}
		})
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(payments.Source{})
	good := secret(t, in)
	for name, wrong := range map[string]string{"nothing": "", "no secret": in.Reference, "cut": good[:len(good)-1], "longer": good + "0"} {
		if err := b.Authenticate(t.Context(), wrong, fake.AuthPass, ""); !errors.Is(err, payments.ErrPaymentNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Authenticate(t.Context(), good, "perhaps", ""); err == nil {
		t.Error("an unknown result is no error")
	}
	if err := b.Authenticate(t.Context(), good, fake.AuthPass, "tok_nobody"); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("an unknown token: %v", err)
	}
	if err := b.Authenticate(t.Context(), good, fake.AuthPass, ""); err != nil {
		t.Error(err)
	}
	if err := b.Authenticate(t.Context(), good, fake.AuthPass, ""); !errors.Is(err, payments.ErrConflict) {
		t.Errorf("paid twice: %v", err)
	}
}

func TestCapture(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		amount payments.Money
		code   payments.Code // empty for none
	}{
		"all":              {usd(1250), ""},
		"part":             {usd(1000), ""},
		"too much":         {usd(1251), payments.ErrConflict},
		"nothing":          {usd(0), payments.ErrInvalid},
		"another currency": {payments.Money{Amount: 100, Currency: "EUR"}, payments.ErrInvalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			held := b.paid("tok_visa", false)
			if got := b.entry(); got.Authorized != 1250 || got.Charges != 1 || got.Captured != 0 {
				t.Errorf("the ledger says %+v", got)
			}
			s, err := b.Capture(t.Context(), payments.CaptureRequest{PaymentRef: b.order, Key: b.key(), Reference: held.Reference, Amount: test.amount})
			if test.code != "" {
				if e := problem(t, err); e.Code != test.code || e.Outcome != payments.OutcomeNotApplied || b.entry().Captured != 0 {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil || s.Status != payments.StatusPaid || s.Captured != test.amount.Amount {
				t.Errorf("captured, it is %+v (%v)", s, err)
			}
			if got := b.entry(); got.Authorized != 0 || got.Captured != test.amount.Amount {
				t.Errorf("the ledger says %+v", got)
			}
		})
	}
}

func TestVoid(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	void := func(reference string) (payments.Snapshot, error) {
		return b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: reference})
	}
	for name, in := range map[string]payments.Snapshot{"created": b.prepare(payments.Source{}), "reserved": b.paid("tok_visa", false)} {
		for range 2 {
			if s, err := void(in.Reference); err != nil || s.Status != payments.StatusCanceled {
				t.Errorf("%s: it is %v (%v)", name, s.Status, err)
			}
		}
		if _, err := b.confirm(in.Reference); !errors.Is(err, payments.ErrConflict) {
			t.Errorf("%s: confirmed after the void: %v", name, err)
		}
	}
	for name, in := range map[string]payments.Snapshot{"paid": b.paid("tok_visa", true), "processing": b.paid("tok_fake_processing", true)} {
		if _, err := void(in.Reference); !errors.Is(err, payments.ErrConflict) || payments.OutcomeOf(err) != payments.OutcomeNotApplied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := b.entry(); got.Charges != 1 || got.Authorized != 0 {
		t.Errorf("the ledger says %+v", got)
	}
}

func TestAuthorizationExpires(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{AuthorizationLife: time.Hour})
	held := b.paid("tok_visa", false)
	b.clock.Advance(time.Hour - time.Second)
	if s := b.fetch(held.Reference); s.Status != payments.StatusAuthorized {
		t.Errorf("before its time it is %v", s.Status)
	}
	b.clock.Advance(time.Second)
	if s := b.fetch(held.Reference); s.Status != payments.StatusCanceled || b.entry().Charges != 0 {
		t.Errorf("after its time it is %v, and the ledger says %+v", s.Status, b.entry())
	}
}

func TestProcessing(t *testing.T) {
	t.Parallel()
	for succeed, want := range map[bool]payments.Status{true: payments.StatusPaid, false: payments.StatusDeclined} {
		b := setup(t, fake.Options{})
		s := b.paid("tok_fake_processing", true)
		if s.Status != payments.StatusProcessing || len(b.Ledger()) != 0 {
			t.Fatalf("it is %v, and the ledger says %v", s.Status, b.Ledger())
		}
		if err := b.Settle(t.Context(), s.Reference, succeed); err != nil {
			t.Fatal(err)
		}
		if got := b.fetch(s.Reference).Status; got != want {
			t.Errorf("it became %v, and must be %v", got, want)
		}
		if err := b.Settle(t.Context(), s.Reference, succeed); !errors.Is(err, payments.ErrConflict) {
			t.Errorf("settled twice: %v", err)
		}
	}
}

func TestSearchByPaymentUID(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{SearchLag: time.Minute})
	find := func(ref payments.PaymentRef) (payments.Snapshot, error) {
		return b.Fetch(t.Context(), payments.FetchRequest{PaymentRef: ref})
	}
	paid := b.paid("tok_visa", true)
	open := b.prepare(payments.Source{})
	if _, err := find(b.order); !errors.Is(err, payments.ErrPaymentNotFound) {
		t.Errorf("found before the search knows: %v", err)
	}
	b.clock.Advance(time.Minute)
	if s, err := find(b.order); err != nil || s.Reference != paid.Reference {
		t.Errorf("found is %q (%v), and must be the paid %q, not %q", s.Reference, err, paid.Reference, open.Reference)
	}
	for name, other := range map[string]payments.PaymentRef{"another payment": ref(2), "nothing": {},
		"another account": {PaymentUID: b.order.PaymentUID, Account: "acct_2"}} {
		if _, err := find(other); !errors.Is(err, payments.ErrPaymentNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	paid := b.paid("tok_visa", true)
	foreign := b.order
	foreign.Account = "acct_2"
	_, err := b.Refund(t.Context(), payments.RefundRequest{PaymentRef: foreign, Key: b.key(), Reference: paid.Reference, Amount: usd(1)})
	if e := problem(t, err); e.Code != payments.ErrPaymentNotFound || e.Outcome != payments.OutcomeNotApplied {
		t.Errorf("the error is %v", err)
	}
}

func TestSnapshotIsWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{LiveMode: true})
	s := b.paid("tok_visa", true)
	if !s.LiveMode || s.OrderID != b.order.OrderID || s.PaymentUID != b.order.PaymentUID || !s.DecidedAt.Equal(start) ||
		len(s.AuthCode) != 6 || s.ReceiptURL == "" || s.Attempt == "" || s.Amount != usd(1250) {
		t.Errorf("the snapshot is %+v", s)
	}
	if want := (payments.PaymentMethod{ID: s.Method.ID, Brand: "visa", Last4: "4242", Expiry: payments.Expiry{Month: 12, Year: 2034}}); s.Method != want || s.Method.ID == "" {
		t.Errorf("the method is %+v", s.Method)
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	for approve, refunded := range map[bool]int64{true: 0, false: 1250} {
		b := setup(t, fake.Options{})
		s := b.paid("tok_riskLevelElevated", true)
		if !s.UnderReview || s.Status != payments.StatusPaid {
			t.Fatalf("it is %+v", s)
		}
		if err := b.CloseReview(t.Context(), s.Reference, approve); err != nil {
			t.Fatal(err)
		}
		if s := b.fetch(s.Reference); s.UnderReview || b.entry().Refunded != refunded {
			t.Errorf("it is %+v, and the ledger says %+v", s, b.entry())
		}
		if err := b.CloseReview(t.Context(), s.Reference, approve); !errors.Is(err, payments.ErrConflict) {
			t.Errorf("closed twice: %v", err)
		}
	}
	b := setup(t, fake.Options{})
	held := b.paid("tok_riskLevelElevated", false)
	if err := b.CloseReview(t.Context(), held.Reference, false); err != nil || b.fetch(held.Reference).Status != payments.StatusCanceled {
		t.Errorf("reserved money is kept after a refused review: %v", err)
	}
}
