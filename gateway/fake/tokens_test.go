package fake_test

import (
	"errors"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestOneTimeTokens(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	minted, err := b.Tokenize(t.Context(), *rawCard("4000000000009995").Card)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]payments.Source{"derived": token("tok_chargeDeclined__1"), "minted": {Token: minted}} {
		req := payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(500), Source: source, Capture: true}
		first, err := b.Prepare(t.Context(), req)
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := b.Prepare(t.Context(), req)
		if err != nil || again.Reference != first.Reference || again.Method.ID != first.Method.ID {
			t.Errorf("%s: the same key answers %q, and must answer %q (%v)", name, again.Reference, first.Reference, err)
		}
		req.Key = b.key()
		_, err = b.Prepare(t.Context(), req)
		if e := problem(t, err); e.Code != payments.ErrInvalid || e.GatewayCode != "token_already_used" || e.Outcome != payments.OutcomeNotApplied {
			t.Errorf("%s: the second use: %v", name, err)
		}
		if _, err := b.confirm(first.Reference); !errors.Is(err, payments.ErrDeclined) {
			t.Errorf("%s: the token does not behave as its card: %v", name, err)
		}
	}
}

func TestTokenIsNotSpentByARefusedRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	req := payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(0), Source: token("tok_visa__1"), Capture: true}
	if _, err := b.Prepare(t.Context(), req); !errors.Is(err, payments.ErrUnsupported) {
		t.Fatal(err)
	}
	req.Amount = usd(500) // a refusal is not saved under the key either
	if _, err := b.Prepare(t.Context(), req); err != nil {
		t.Error(err)
	}
}

func TestLastingMethod(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	kept := b.paid("tok_amex__1", true).Method
	if kept.ID == "" || kept.Brand != "amex" || kept.Last4 != "0005" {
		t.Fatalf("the method is %+v", kept)
	}
	for range 2 {
		if s := b.paid(kept.ID, true); s.Method != kept {
			t.Errorf("paid with %+v, and must be with %+v", s.Method, kept)
		}
	}
}

func TestNamedTokensOnceByOption(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{OneTimeTokens: true})
	b.paid("tok_visa", true)
	if _, err := b.authorize("tok_visa", true); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("the second use: %v", err)
	}
	b.paid("pm_card_visa", true)
	b.paid("pm_card_visa", true)
}

func TestUnknownTokens(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	for _, name := range []string{"tok_", "tok_nobody", "visa", "pm_card_nobody", "pm_fake_nobody", "tok_nobody__1", "4242424242424242"} {
		_, err := b.authorize(name, true)
		if e := problem(t, err); e.Code != payments.ErrInvalid || e.GatewayCode != "resource_missing" || e.Outcome != payments.OutcomeNotApplied {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	both := rawCard("4242424242424242")
	both.Token = payments.NewToken("tok_visa")
	_, err := b.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1), Source: both})
	if !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("a token and a card: %v", err)
	}
	_, err = b.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1)})
	if !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("no way to pay: %v", err)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	if err := b.Chain("tok_flaky", "tok_chargeDeclined", "tok_chargeDeclinedInsufficientFunds", "tok_visa"); err != nil {
		t.Fatal(err)
	}
	in := b.prepare(payments.Source{})
	for i, want := range []string{"generic_decline", "insufficient_funds", "", ""} {
		s, err := b.authorize("tok_flaky", true)
		if s.DeclineCode != want || (err == nil) != (want == "") {
			t.Errorf("try %d: declined by %q (%v), and must be by %q", i+1, s.DeclineCode, err, want)
		}
	}
	if got := b.entry(); got.Charges != 2 {
		t.Errorf("the ledger says %+v", got)
	}
	if in.Status != payments.StatusCreated {
		t.Errorf("the status is %v", in.Status)
	}
}

func TestChainRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	for name, chain := range map[string][]string{
		"no token": {"flaky", "tok_visa"}, "no steps": {"tok_flaky"}, "an unknown step": {"tok_flaky", "tok_nobody"}, "a number": {"tok_flaky", "4242424242424242"},
	} {
		if err := b.Chain(chain[0], chain[1:]...); err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
}
