package stripetest_test

import (
	"errors"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestDialects is a decline as other servers answer it; the intent is the same in all of them.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, form := range []stripetest.DeclineForm{stripetest.DeclineCardError, stripetest.DeclineRequestError, stripetest.DeclineOK} {
		t.Run("as "+string(form), func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{DeclineAs: form})
			in := b.create(t, b.params("pm_card_chargeDeclined"))
			confirm := &stripe.PaymentIntentConfirmParams{}
			confirm.SetIdempotencyKey("k")
			for range 2 { // the second one is a replay
				got, err := b.api.PaymentIntents.Confirm(in.ID, confirm)
				if form == stripetest.DeclineOK {
					if err != nil {
						t.Fatal(err)
					}
				} else {
					kind := map[stripetest.DeclineForm]stripe.ErrorType{stripetest.DeclineCardError: stripe.ErrorTypeCard,
						stripetest.DeclineRequestError: stripe.ErrorTypeInvalidRequest}[form]
					wantError(t, err, 402, kind, "card_declined", "")
					var e *stripe.Error
					if errors.As(err, &e) {
						got = e.PaymentIntent
					}
				}
				if got.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || got.LastPaymentError == nil {
					t.Errorf("the intent is %s", got.Status)
				}
			}
			if n := len(b.Charges()); n != 1 {
				t.Errorf("there are %d charges", n)
			}
		})
	}
}

// TestRefuseParameters is a server that knows fewer parameters.
func TestRefuseParameters(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{RefuseParameters: []string{"description"}})
	p := b.params("pm_card_visa")
	p.Description = stripe.String("Lamp")
	_, err := b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "parameter_unknown", "description")
	p.Description = nil
	b.create(t, p)
}
