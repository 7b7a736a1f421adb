package fake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options fake.Options
		want    string
	}{
		"not allowed":       {fake.Options{}, "AllowFake"},
		"a bad name":        {fake.Options{AllowFake: true, Name: "My Gateway"}, "Name"},
		"a bad currency":    {fake.Options{AllowFake: true, Currencies: []payments.Currency{"usd"}}, "Currencies"},
		"a bad price":       {fake.Options{AllowFake: true, Prices: map[string]payments.Money{"price_1": {Currency: "USD"}}}, "Prices"},
		"a bad minimum":     {fake.Options{AllowFake: true, Minimum: -1}, "Minimum"},
		"a maximum below":   {fake.Options{AllowFake: true, Minimum: 100, Maximum: 99}, "Maximum"},
		"a negative delay":  {fake.Options{AllowFake: true, RefundDelay: -time.Second}, "negative"},
		"unsigned delivery": {fake.Options{AllowFake: true, Deliver: func(context.Context, string, []byte) error { return nil }}, "WebhookSecret"},
		"a bad file":        {fake.Options{AllowFake: true, StateFile: "options_test.go"}, "state file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := fake.New(test.options)
			if g != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, and must name %s", err, test.want)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{Currencies: []payments.Currency{"USD", "JPY"}, Minimum: 50, Maximum: 1000})
	tests := map[string]struct {
		amount payments.Money
		code   string // the gateway's code, empty when it is taken
	}{
		"taken":           {usd(50), ""},
		"the most":        {payments.Money{Amount: 1000, Currency: "JPY"}, ""},
		"too small":       {usd(49), "amount_too_small"},
		"too large":       {usd(1001), "amount_too_large"},
		"not on the list": {payments.Money{Amount: 100, Currency: "EUR"}, "currency_not_supported"},
		"no currency":     {payments.Money{Amount: 100}, "currency_not_supported"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := b.Limit(test.amount)
			_, called := b.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: b.order, Key: b.key(), Amount: test.amount,
				Source: token("tok_visa"), Capture: true})
			if test.code == "" {
				if err != nil || called != nil {
					t.Errorf("the errors are %v and %v", err, called)
				}
				return
			}
			for _, err := range []error{err, called} {
				if e := problem(t, err); !errors.Is(err, payments.ErrUnsupported) || e.GatewayCode != test.code || e.Outcome != payments.OutcomeNotApplied {
					t.Errorf("the error is %v with the outcome %v, and must be %s", err, e.Outcome, test.code)
				}
			}
		})
	}
}

func TestEveryCurrencyIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	for _, c := range []payments.Currency{"USD", "JPY", "KWD", "ISK", "UGX", "MGA", "CLF"} {
		if err := b.Limit(payments.Money{Amount: 1, Currency: c}); err != nil {
			t.Error(err)
		}
	}
}

func TestCapabilitiesThroughDecorators(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{NoRawCards: true})
	raw, ok := payments.CapabilityOf[payments.RawCardGateway](decorated{b.Gateway})
	if !ok || raw.TakesRawCards() {
		t.Errorf("the capability is found: %v", ok)
	}
	if _, ok := payments.CapabilityOf[payments.IntentGateway](decorated{b.Gateway}); !ok {
		t.Error("the fake is no payments.IntentGateway")
	}
}

// decorated hides the fake's capabilities but for Unwrap.
type decorated struct{ payments.Gateway }

// Unwrap returns what is decorated.
func (d decorated) Unwrap() payments.Gateway { return d.Gateway }

func TestGatewayPrintsNoSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_canary"})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, b.Gateway); text != "fake gateway fake" {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
