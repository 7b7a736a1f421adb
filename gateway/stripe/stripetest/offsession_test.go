package stripetest_test

import (
	"testing"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// attached gives a customer a card.
func (b *bundle) attached(t *testing.T, cus *stripe.Customer) string {
	t.Helper()
	m, err := b.api.PaymentMethods.Attach("pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: &cus.ID})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// TestOffSessionAndSetUp shows that nothing is charged off session while it is to be set up for later, and that the latter can be unset.
func TestOffSessionAndSetUp(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "")
	card := b.attached(t, cus)
	params := func() *stripe.PaymentIntentParams {
		p := b.params(card)
		p.Customer, p.SetupFutureUsage = &cus.ID, stripe.String("off_session")
		return p
	}
	off := &stripe.PaymentIntentConfirmParams{OffSession: stripe.Bool(true)}
	p := params()
	p.Confirm, p.OffSession = stripe.Bool(true), stripe.Bool(true)
	_, err := b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
	for name, unset := range map[string]func(id string) error{
		"update": func(id string) error {
			in, err := b.api.PaymentIntents.Update(id, &stripe.PaymentIntentParams{SetupFutureUsage: stripe.String("")})
			if err == nil && in.SetupFutureUsage != "" {
				t.Errorf("unset, it is %s", in.SetupFutureUsage)
			}
			return err
		},
		"confirm": func(string) error { off.SetupFutureUsage = stripe.String(""); return nil },
	} {
		off.SetupFutureUsage = nil
		in := b.create(t, params())
		_, err := b.api.PaymentIntents.Confirm(in.ID, off)
		wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
		if err := unset(in.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if in, err = b.api.PaymentIntents.Confirm(in.ID, off); err != nil || in.Status != stripe.PaymentIntentStatusSucceeded {
			t.Errorf("%s: confirmed: %v", name, err)
		}
	}
	p = params()
	p.SetupFutureUsage = stripe.String("")
	_, err = b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "parameter_invalid_empty", "setup_future_usage")
}

// TestInvoiceIsSetUp shows that the intent of an invoice is to be set up, as save_default_payment_method asks for, and stays so.
func TestInvoiceIsSetUp(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "")
	in := b.subscribe(t, b.plan(t, cus)).LatestInvoice.PaymentIntent
	if in.SetupFutureUsage != stripe.PaymentIntentSetupFutureUsageOffSession {
		t.Errorf("it is to be set up %q", in.SetupFutureUsage)
	}
	_, err := b.api.PaymentIntents.Update(in.ID, &stripe.PaymentIntentParams{SetupFutureUsage: stripe.String("")})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "setup_future_usage")
	card := b.attached(t, cus)
	_, err = b.api.PaymentIntents.Confirm(in.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: &card, OffSession: stripe.Bool(true)})
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "", "")
	if in, err = b.api.PaymentIntents.Confirm(in.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: &card}); err != nil || in.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("confirmed on session: %v", err)
	}
}
