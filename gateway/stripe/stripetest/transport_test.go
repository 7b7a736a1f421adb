package stripetest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestTransportOfEndedContext holds that a request whose context has ended leaves nothing behind: the handler of one that is served all
// the same writes an answer that nobody reads. The bubble ends only when every goroutine in it has.
func TestTransportOfEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, stripetest.Options{Clock: time.Now})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		answered := 0
		for range 200 {
			r, err := http.NewRequestWithContext(ended, http.MethodGet, "https://api.stripe.com/v1/payment_intents", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(stripetest.DefaultSecretKey, "")
			answer, err := b.Transport().RoundTrip(r)
			switch {
			case err == nil:
				answered++
				_ = answer.Body.Close()
			case !errors.Is(err, context.Canceled):
				t.Errorf("the error is %v", err)
			}
		}
		if answered == 200 {
			t.Error("no request met the end of its context")
		}
	})
}
