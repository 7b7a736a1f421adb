package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/stripe"
)

// chooseGateway makes the gateway that -gateway names, and tells whether real money moves.
func chooseGateway(c config) (gateway payments.Gateway, live bool, err error) {
	switch c.gateway {
	case "fake":
		simulator, err := fake.New(fake.Options{AllowFake: true, StateFile: c.stateFile, WebhookSecret: secret()})
		return simulator, false, err
	case "stripe":
		g, err := stripeFromEnvironment(os.Getenv)
		if err != nil {
			return nil, false, err
		}
		return g, g.LiveMode(), nil
	default:
		return nil, false, fmt.Errorf("-gateway is fake or stripe, not %q", c.gateway)
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

// secret returns a random text.
func secret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
