package stripetest_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestReplay shows that a key answers the same for a day, and then begins anew.
func TestReplay(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.params("pm_card_visa")
	first := b.create(t, p)
	if got := first.LastResponse.Header.Get("Idempotent-Replayed"); got != "" {
		t.Errorf("the first answer says Idempotent-Replayed: %s", got)
	}
	if _, err := b.api.PaymentIntents.Confirm(first.ID, nil); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(24*time.Hour - time.Second)
	again := b.create(t, p)
	if again.ID != first.ID || again.Status != first.Status || again.ClientSecret != first.ClientSecret {
		t.Errorf("the replay is %s %s", again.ID, again.Status)
	}
	h := again.LastResponse.Header
	if h.Get("Idempotent-Replayed") != "true" || h.Get("Original-Request") != first.LastResponse.RequestID || h.Get("Idempotency-Key") != *p.IdempotencyKey {
		t.Errorf("the replay's header is %v", h)
	}
	b.clock.Advance(time.Second)
	if after := b.create(t, p); after.ID == first.ID {
		t.Error("a key is kept for more than a day")
	}
}

// TestKeyOfAnother shows that a key belongs to its parameters and to its endpoint.
func TestKeyOfAnother(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	b.clash = true
	p := b.params("pm_card_visa")
	in := b.create(t, p)
	p.Amount = stripe.Int64(2000)
	_, err := b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeIdempotency, "", "")
	c := &stripe.PaymentIntentConfirmParams{}
	c.SetIdempotencyKey(*p.IdempotencyKey)
	_, err = b.api.PaymentIntents.Confirm(in.ID, c)
	wantError(t, err, 400, stripe.ErrorTypeIdempotency, "", "")
	if !strings.Contains(err.Error(), "same endpoint") {
		t.Errorf("another endpoint: %v", err)
	}
	if n := b.KeyClashes(); n != 2 {
		t.Errorf("%d clashes were counted", n)
	}
	// Keys belong to an account.
	p.SetStripeAccount("acct_1Other")
	if other := b.create(t, p); other.ID == in.ID {
		t.Error("a key of one account answers for another")
	}
	_, err = b.api.PaymentIntents.Get(in.ID, &stripe.PaymentIntentParams{Params: stripe.Params{StripeAccount: stripe.String("acct_1Other")}})
	wantError(t, err, 404, stripe.ErrorTypeInvalidRequest, "resource_missing", "intent")
}

// TestSaved tells which answers are saved: those of requests whose execution began.
func TestSaved(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_chargeDeclined"))
	confirm := &stripe.PaymentIntentConfirmParams{}
	confirm.SetIdempotencyKey("declined")
	for range 2 {
		_, err := b.api.PaymentIntents.Confirm(in.ID, confirm)
		wantError(t, err, 402, stripe.ErrorTypeCard, "card_declined", "")
	}
	if n := len(b.Charges()); n != 1 {
		t.Errorf("a declined key was tried %d times", n)
	}
	p := b.params("pm_card_visa")
	p.Amount = stripe.Int64(1)
	_, err := b.api.PaymentIntents.New(p)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "amount_too_small", "amount")
	p.Amount = stripe.Int64(1999)
	if _, err := b.api.PaymentIntents.New(p); err != nil {
		t.Errorf("a refused parameter was saved under the key: %v", err)
	}
	long := b.params("pm_card_visa")
	long.SetIdempotencyKey(strings.Repeat("k", 255))
	b.create(t, long)
	long.IdempotencyKey = stripe.String(strings.Repeat("k", 256)) // stripe-go refuses it itself
	_, err = b.api.PaymentIntents.New(long)
	var e *stripe.Error
	if err == nil || errors.As(err, &e) && e.HTTPStatusCode != http.StatusBadRequest {
		t.Errorf("a key of 256 signs: %v", err)
	}
}

// TestNoIdempotency is a server that ignores keys.
func TestNoIdempotency(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{NoIdempotency: true})
	p := b.params("pm_card_visa")
	p.Confirm = stripe.Bool(true)
	b.create(t, p)
	b.create(t, p)
	if got := b.DoubleCharged(); len(got) != 1 || got[0] != orderID {
		t.Errorf("double charged are %v", got)
	}
}

// TestForgetKeys forgets them before their time.
func TestForgetKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{StateFile: t.TempDir() + "/state"})
	p := b.params("pm_card_visa")
	first := b.create(t, p)
	if err := b.ForgetKeys(); err != nil {
		t.Fatal(err)
	}
	if again := b.create(t, p); again.ID == first.ID {
		t.Error("the key was not forgotten")
	}
}

// TestSameKeyAtOnce posts one key many times at once: there is one charge, and the others wait or are replays.
func TestSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	p := b.params("pm_card_visa")
	p.Confirm = stripe.Bool(true)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			own := *p
			_, err := b.api.PaymentIntents.New(&own)
			var e *stripe.Error
			if err != nil && (!errors.As(err, &e) || e.HTTPStatusCode != http.StatusConflict || e.Code != "idempotency_key_in_use") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if entry := b.Ledger()[orderID]; entry.Charges != 1 || entry.Intents != 1 {
		t.Errorf("the ledger says %+v", entry)
	}
}

// TestConfirmAtOnce confirms one intent many times at once, each with a key of its own: it takes money at most once.
func TestConfirmAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_visa"))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			_, err := b.api.PaymentIntents.Confirm(in.ID, nil)
			var e *stripe.Error
			if err != nil && (!errors.As(err, &e) || e.Code != "payment_intent_unexpected_state") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(b.Charges()); n != 1 {
		t.Errorf("there are %d charges", n)
	}
}
