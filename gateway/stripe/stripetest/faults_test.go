package stripetest_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// The kinds of errors that stripe-go hands back.
const (
	noError     = "nil"
	urlError    = "*url.Error"
	plainError  = "*errors.errorString"
	stripeError = "*stripe.Error"
)

// kindOf names the kind of an error, as the table of what stripe-go v76.25.0 hands back does.
func kindOf(err error) string {
	var s *stripe.Error
	var u *url.Error
	switch {
	case err == nil:
		return noError
	case errors.As(err, &s):
		return stripeError
	case errors.As(err, &u):
		return urlError
	default:
		return plainError
	}
}

// faultCases is the table "What stripe-go v76.25.0 hands back per fault", as measured over fresh connections.
var faultCases = []struct {
	fault   stripetest.Fault
	kind    string // without retries
	status  int
	charged bool   // upstream, without retries
	retried string // with two retries
	again   string // the same key again
}{
	{stripetest.FaultDropBefore, urlError, 0, false, noError, noError},
	{stripetest.FaultDropAfter, urlError, 0, true, noError, noError},
	{stripetest.FaultPanicBefore, urlError, 0, false, noError, noError},
	{stripetest.FaultPanicAfter, urlError, 0, true, noError, noError},
	{stripetest.Fault500Before, stripeError, 500, false, stripeError, noError},
	{stripetest.Fault500After, stripeError, 500, true, stripeError, noError},
	{stripetest.Fault500Saved, stripeError, 500, true, stripeError, stripeError},
	{stripetest.Fault500SavedBefore, stripeError, 500, false, stripeError, stripeError},
	{stripetest.Fault502HTMLBefore, plainError, 0, false, noError, noError},
	{stripetest.Fault502HTMLAfter, plainError, 0, true, noError, noError},
	{stripetest.Fault429, stripeError, 429, false, stripeError, noError},
	{stripetest.FaultLockTimeout, stripeError, 429, false, noError, noError},
	{stripetest.Fault409, stripeError, 409, false, noError, noError},
	{stripetest.FaultTruncated, plainError, 0, true, noError, noError},
	{stripetest.FaultEmpty200, plainError, 0, false, plainError, noError},
	{stripetest.FaultBroken200, plainError, 0, false, plainError, noError},
	{stripetest.FaultSlow, urlError, 0, true, noError, noError},
	{stripetest.FaultSlowBefore, urlError, 0, false, noError, noError},
	{stripetest.FaultLate, urlError, 0, false, noError, noError},
}

// TestFaults shows that stripe-go, used as a stranger would, gets from the emulator what the table says for each fault.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range faultCases {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			in := b.create(t, b.params("pm_card_visa"))
			api := overNetwork(t, b, faultTimeout(test.fault), 0)
			if err := b.Fault("payment_intents.confirm", test.fault, 1); err != nil {
				t.Fatal(err)
			}
			p := &stripe.PaymentIntentConfirmParams{}
			p.SetIdempotencyKey("once")
			_, err := api.PaymentIntents.Confirm(in.ID, p)
			if kind := kindOf(err); kind != test.kind {
				t.Errorf("stripe-go hands back %s (%v), want %s", kind, err, test.kind)
			}
			var s *stripe.Error
			if errors.As(err, &s) && s.HTTPStatusCode != test.status {
				t.Errorf("the status is %d, want %d", s.HTTPStatusCode, test.status)
			}
			if charged := b.Ledger()[orderID].Charges == 1; charged != test.charged {
				t.Errorf("charged upstream: %t, want %t", charged, test.charged)
			}
			b.DeliverLate(ctx)
			_, err = b.api.PaymentIntents.Confirm(in.ID, p)
			if kind := kindOf(err); kind != test.again {
				t.Errorf("the same key again: %s (%v), want %s", kind, err, test.again)
			}
			if entry := b.Ledger()[orderID]; entry.Charges > 1 || test.again == noError && entry.Charges != 1 {
				t.Errorf("the ledger says %+v", entry)
			}
		})
	}
}

// TestFaultsWithRetries is the column of two retries.
func TestFaultsWithRetries(t *testing.T) {
	t.Parallel()
	for _, test := range faultCases {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			b := setup(t, stripetest.Options{})
			in := b.create(t, b.params("pm_card_visa"))
			api := overNetwork(t, b, faultTimeout(test.fault), 2)
			if err := b.Fault("confirm", test.fault, 1); err != nil {
				t.Fatal(err)
			}
			_, err := api.PaymentIntents.Confirm(in.ID, &stripe.PaymentIntentConfirmParams{})
			if kind := kindOf(err); kind != test.retried {
				t.Errorf("with two retries stripe-go hands back %s (%v), want %s", kind, err, test.retried)
			}
			if entry := b.Ledger()[orderID]; entry.Charges > 1 || err == nil && entry.Captured != 1999 {
				t.Errorf("the ledger says %+v", entry)
			}
		})
	}
}

// faultTimeout is the client's time-out: short where it is what ends the call.
func faultTimeout(f stripetest.Fault) time.Duration {
	if f == stripetest.FaultSlow || f == stripetest.FaultSlowBefore {
		return 1500 * time.Millisecond
	}
	return 20 * time.Second
}
