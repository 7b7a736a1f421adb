package fake_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// save pays with a token and keeps it, authenticated where its card asks for that.
func (b *bench) save(name, customer string) payments.Snapshot {
	b.t.Helper()
	in, err := b.Prepare(b.t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(1250), Source: token(name),
		Capture: true, Payer: payments.Payer{GatewayCustomer: customer}, Saving: payments.Saving{Save: true}})
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := b.confirm(in.Reference)
	if err != nil {
		b.t.Fatal(err)
	}
	if s.Status == payments.StatusRequiresAction {
		if err := b.Authenticate(b.t.Context(), secret(b.t, s), fake.AuthPass, ""); err != nil {
			b.t.Fatal(err)
		}
	}
	s = b.fetch(in.Reference)
	if s.Status != payments.StatusPaid || !strings.HasPrefix(s.Customer, "cus_fake_") || !strings.HasPrefix(s.Method.ID, "pm_fake_") {
		b.t.Fatalf("saved, it is %v of the customer %q with the method %q", s.Status, s.Customer, s.Method.ID)
	}
	return s
}

// again charges a method off session in two requests.
func (b *bench) again(method, customer string) (payments.Snapshot, error) {
	in, err := b.Prepare(b.t.Context(), payments.PrepareRequest{PaymentRef: ref(2), Key: b.key(), Amount: usd(300), Source: token(method),
		Capture: true, Payer: payments.Payer{GatewayCustomer: customer}, Saving: payments.Saving{OffSession: true}})
	if err != nil {
		return in, err
	}
	return b.Confirm(b.t.Context(), payments.ConfirmRequest{PaymentRef: ref(2), Key: b.key(), Reference: in.Reference, OffSession: true})
}

func TestSavedMethodIsChargedOffSession(t *testing.T) {
	t.Parallel()
	tests := map[string]payments.Status{
		"tok_visa": payments.StatusPaid, "pm_card_visa": payments.StatusPaid, "tok_visa__once": payments.StatusPaid,
		"tok_authenticationRequired":                   payments.StatusRequiresAction,
		"tok_threeDSecure2Required":                    payments.StatusRequiresAction,
		"pm_card_authenticationRequiredOnSetup":        payments.StatusPaid,
		"tok_authenticationRequiredSetupForOffSession": payments.StatusPaid,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fake.Options{})
			saved := b.save(name, "")
			s, err := b.again(saved.Method.ID, saved.Customer)
			if err != nil || s.Status != want || s.Customer != saved.Customer || s.Method.ID != saved.Method.ID {
				t.Fatalf("off session, it is %v of %q (%v)", s.Status, s.Customer, err)
			}
			if want == payments.StatusPaid {
				return
			}
			if s.GatewayCode != "authentication_required" || s.Message == "" {
				t.Errorf("the payer is asked back with %q: %q", s.GatewayCode, s.Message)
			}
			if err := b.Authenticate(t.Context(), secret(t, s), fake.AuthPass, ""); err != nil {
				t.Fatal(err)
			}
			if s := b.fetch(s.Reference); s.Status != payments.StatusPaid || s.GatewayCode != "" {
				t.Errorf("authenticated, it is %v with %q", s.Status, s.GatewayCode)
			}
		})
	}
}

func TestSetUpCardIsNotAskedTwice(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	saved := b.save("tok_authenticationRequiredOnSetup", "")
	if s, err := b.authorize(saved.Method.ID, true); err != nil || s.Status != payments.StatusPaid {
		t.Errorf("on session, a card that was set up is %v (%v)", s.Status, err)
	}
	other := b.save("tok_authenticationRequiredSetupForOffSession", "")
	if s, err := b.authorize(other.Method.ID, true); err != nil || s.Status != payments.StatusRequiresAction {
		t.Errorf("on session, the card is %v (%v)", s.Status, err)
	}
}

func TestOffSessionRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	saved, other := b.save("tok_visa", ""), b.save("tok_visa", "")
	plain := b.paid("tok_visa", true)
	tests := map[string]struct{ method, customer, field string }{
		"another customer's":  {saved.Method.ID, other.Customer, "Source.Token"},
		"no customer":         {saved.Method.ID, "", "Source.Token"},
		"a method not saved":  {plain.Method.ID, saved.Customer, "Source.Token"},
		"a named method":      {"pm_card_visa", saved.Customer, "Source.Token"},
		"a one-time token":    {"tok_visa__spent", saved.Customer, "Source.Token"},
		"an unknown customer": {saved.Method.ID, "cus_fake_nobody", "Payer.GatewayCustomer"},
	}
	for name, test := range tests {
		_, err := b.again(test.method, test.customer)
		e := problem(t, err)
		if e.Code != payments.ErrInvalid || e.Outcome != payments.OutcomeNotApplied || len(e.Fields) != 1 || e.Fields[0].Field != test.field {
			t.Errorf("%s: the error is %v (%v)", name, err, e.Fields)
		}
	}
	if _, err := b.authorize("tok_visa__spent", true); err != nil {
		t.Errorf("the refusal has spent the token: %v", err)
	}
	// Confirm says off session of what Prepare did not.
	in := b.prepare(token("tok_visa"))
	_, err := b.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, OffSession: true})
	if e := problem(t, err); e.Code != payments.ErrInvalid || e.Fields[0].Field != "Source.Token" {
		t.Errorf("the error is %v", err)
	}
}

func TestCustomerIsReused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	b := setup(t, fake.Options{StateFile: file})
	first := b.save("tok_visa", "")
	second := b.save("tok_mastercard", first.Customer)
	if second.Customer != first.Customer || second.Method.ID == first.Method.ID {
		t.Errorf("the customers are %q and %q", first.Customer, second.Customer)
	}
	after := setup(t, fake.Options{StateFile: file})
	after.keys.Store(100)
	for _, saved := range []payments.Snapshot{first, second} {
		if s, err := after.again(saved.Method.ID, first.Customer); err != nil || s.Status != payments.StatusPaid {
			t.Errorf("after a restart it is %v (%v)", s.Status, err)
		}
	}
}

// TestDeclinedMethodIsNotSaved keeps nothing of a payment that failed, but for the customer.
func TestDeclinedMethodIsNotSaved(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	s, err := b.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: usd(100),
		Source: token("tok_chargeDeclined"), Capture: true, Saving: payments.Saving{Save: true}})
	if !errors.Is(err, payments.ErrDeclined) || s.Customer == "" {
		t.Fatalf("the customer is %q (%v)", s.Customer, err)
	}
	if _, err := b.again(s.Method.ID, s.Customer); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("a declined card was saved: %v", err)
	}
}

// TestOffSessionBesideSaving holds that what is to be saved is not charged off session, as at Stripe, until it is prepared so.
func TestOffSessionBesideSaving(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	saved := b.save("tok_visa", "")
	prepare := func(reference string, saving payments.Saving) string {
		in, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: ref(2), Key: b.key(), Reference: reference, Source: token(saved.Method.ID),
			Amount: usd(300), Capture: true, Payer: payments.Payer{GatewayCustomer: saved.Customer}, Saving: saving})
		if err != nil {
			t.Fatal(err)
		}
		return in.Reference
	}
	confirm := func(reference string) (payments.Snapshot, error) {
		return b.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: ref(2), Key: b.key(), Reference: reference, OffSession: true})
	}
	for _, saving := range []payments.Saving{{OffSession: true}, {OffSession: true, Save: true}, {}} {
		in := prepare("", payments.Saving{Save: true})
		_, err := confirm(in)
		if !errors.Is(err, payments.ErrGatewayRejected) || payments.OutcomeOf(err) != payments.OutcomeNotApplied {
			t.Errorf("what is to be saved is charged off session: %v", err)
		}
		prepare(in, saving)
		if s, err := confirm(in); err != nil || s.Status != payments.StatusPaid {
			t.Errorf("%+v: the payment is %v, %v", saving, s.Status, err)
		}
	}
}

// TestInvoiceIsNotChargedOffSession holds that the object of an invoice, which always saves, is confirmed by the payer alone.
func TestInvoiceIsNotChargedOffSession(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	saved := b.save("tok_visa", "")
	b.order = ref(2)
	sub, err := b.Subscribe(t.Context(), payments.SubscribeRequest{PaymentRef: b.order, Key: b.key(), Plan: payments.Plan{Interval: "month", Every: 1},
		Amount: usd(1250), Payer: payments.Payer{GatewayCustomer: saved.Customer}})
	if err != nil {
		t.Fatal(err)
	}
	in := sub.Invoices[0].Payment
	for _, off := range []bool{true, false} {
		if _, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in, Source: token(saved.Method.ID), Capture: true,
			Payer: payments.Payer{GatewayCustomer: saved.Customer}, Saving: payments.Saving{OffSession: off}}); err != nil {
			t.Fatal(err)
		}
		_, err := b.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: b.order, Key: b.key(), Reference: in, OffSession: off})
		if off != errors.Is(err, payments.ErrGatewayRejected) || !off && err != nil {
			t.Errorf("off session %v: %v", off, err)
		}
	}
}
