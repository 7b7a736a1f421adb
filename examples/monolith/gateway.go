package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// chosen is the gateway that -gateway names.
type chosen struct {
	payments.Gateway
	live  bool                       // real money moves
	mount func(mux *http.ServeMux)   // the routes of what stands in for the world outside, nil for the real one
	bind  func(s *payments.Service)  // tells where events go, nil where they come over HTTP
	lines func(base string) []string // further commands for the welcome
}

// chooseGateway makes the gateway.
func chooseGateway(c config) (chosen, error) {
	switch c.gateway {
	case "fake":
		g, err := fake.New(fake.Options{AllowFake: true, StateFile: c.stateFile, WebhookSecret: secret()})
		return chosen{Gateway: g, mount: func(mux *http.ServeMux) { fakeRoutes(mux, g) },
			lines: func(base string) []string { return []string{"curl -s " + base + "/fake/ledger"} }}, err
	case "stripe":
		g, err := stripeFromEnvironment(os.Getenv)
		if err != nil {
			return chosen{}, err
		}
		return chosen{Gateway: g, live: g.LiveMode()}, nil
	case "stripetest":
		return chooseEmulator(c)
	default:
		return chosen{}, fmt.Errorf("-gateway is fake, stripe or stripetest, not %q", c.gateway)
	}
}

// stripeFromEnvironment makes Stripe's gateway of STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and STRIPE_API_BASE (scheme, host
// and port, without /v1; Stripe's own when it is empty).
func stripeFromEnvironment(getenv func(string) string) (*stripe.Gateway, error) {
	o := stripe.Options{SecretKey: getenv("STRIPE_SECRET_KEY"), BaseURL: getenv("STRIPE_API_BASE")}
	if o.SecretKey == "" {
		return nil, errors.New("-gateway stripe needs STRIPE_SECRET_KEY")
	}
	if s := getenv("STRIPE_WEBHOOK_SECRET"); s != "" {
		o.WebhookSecrets = []string{s}
	}
	return stripe.New(o)
}

// chooseEmulator makes Stripe's gateway over an emulator in this process: the whole way to Stripe and back, without an
// account. Its webhooks go to the service, signed as Stripe signs them.
func chooseEmulator(c config) (chosen, error) {
	var service *payments.Service
	signing := "whsec_" + secret()
	emulator, err := stripetest.New(stripetest.Options{StateFile: c.stateFile, WebhookSecret: signing,
		Deliver: func(ctx context.Context, d stripetest.Delivery) error {
			if service == nil {
				return errors.New("the shop is not open yet")
			}
			return service.Webhook(ctx, http.Header{"Stripe-Signature": {d.Header}}, d.Body)
		}})
	if err != nil {
		return chosen{}, err
	}
	g, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, WebhookSecrets: []string{signing},
		HTTPClient: &http.Client{Transport: emulator.Transport(), Timeout: 30 * time.Second}})
	return chosen{Gateway: g, bind: func(s *payments.Service) { service = s },
		mount: func(mux *http.ServeMux) { emulatorRoutes(mux, emulator) },
		lines: func(base string) []string { return []string{"curl -s " + base + "/stripetest/ledger"} }}, err
}

// emulatorRoutes are the payer's page and Stripe's books, while the emulator stands in for Stripe.
func emulatorRoutes(mux *http.ServeMux, emulator *stripetest.Server) {
	mux.HandleFunc("GET /stripetest/ledger", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, emulator.Ledger()) })
	mux.HandleFunc("POST /stripetest/authenticate", func(w http.ResponseWriter, r *http.Request) {
		authenticate(w, r, func(ctx context.Context, secret string, pass bool, token string) error {
			result := stripetest.AuthFail
			if pass {
				result = stripetest.AuthPass
			}
			err := emulator.Authenticate(ctx, secret, result, token)
			if errors.Is(err, stripetest.ErrDeclined) {
				return payments.ErrDeclined
			}
			return err
		})
	})
}

// secret returns a random text.
func secret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
