package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/trendsic/payments"
)

// Options configures a [Gateway]. Only AllowFake is required.
type Options struct {
	// AllowFake must be true. It is there so that nobody runs the fake in production by a mistake.
	AllowFake bool
	// Name is the gateway's name in rows and events; "fake" when it is empty.
	Name string
	// Clock tells the time; [time.Now] when it is nil.
	Clock func() time.Time
	// Seed makes ids, client secrets and random faults. The same seed and the same calls give the same answers.
	Seed uint64
	// StateFile keeps the state in a file, which is loaded by [New]. Each effect is on the disk before its call is
	// answered, so that the state survives a killed process. It holds no card number, verification code, one-time token or client secret.
	// One process at a time may use it. Empty keeps the state in memory.
	StateFile string
	// WebhookSecret signs webhook events and checks them. Without it events are not signed and none is accepted.
	WebhookSecret string
	// Deliver, when set, is handed each webhook event after its effect and before the answer of the call that caused it,
	// in the caller's goroutine. An event that it answers an error for stays in the queue. It needs WebhookSecret.
	Deliver func(ctx context.Context, header string, body []byte) error
	// LiveMode is what snapshots say of LiveMode. No money moves in any case.
	LiveMode bool
	// Currencies are the currencies taken; empty takes all of ISO 4217.
	Currencies []payments.Currency
	// Minimum and Maximum bound an amount in minor units of any currency; zero means 1 and 999,999,999,999.
	Minimum, Maximum int64
	// NoRawCards refuses raw cards, as a processor does by default.
	NoRawCards bool
	// OneTimeTokens lets the named test tokens (tok_visa and so on) be used only once too.
	OneTimeTokens bool
	// NoIdempotency ignores idempotency keys: a processor that honours none.
	NoIdempotency bool
	// KeyLife is how long an answer is replayed under its key; 24 hours when it is zero.
	KeyLife time.Duration
	// SearchLag is how old an object must be before Fetch finds it by its PaymentUID.
	SearchLag time.Duration
	// RefundDelay is when a pending refund succeeds and a refund of tok_refundFail fails. When it is zero they do so only
	// by [Gateway.SettleRefund].
	RefundDelay time.Duration
	// AuthorizationLife is when reserved money is released; 7 days when it is zero.
	AuthorizationLife time.Duration
	// Prices are the prices that a plan's GatewayPrice can name, by name.
	Prices map[string]payments.Money
	// PauseAfterTrial pauses a subscription whose trial ends without a way to pay; otherwise it is canceled.
	PauseAfterTrial bool
	// KeepUnpaid leaves a subscription unpaid when the last repeat of a charge has failed; otherwise it is canceled.
	KeepUnpaid bool
	// LateAfter is how many further calls a request with the fault "late" waits before it arrives by itself. When it is
	// zero it arrives only by [Gateway.DeliverLate].
	LateAfter int
}

// The defaults of Options.
const (
	defaultName              = "fake"
	defaultMaximum           = 999_999_999_999
	defaultKeyLife           = 24 * time.Hour
	defaultAuthorizationLife = 7 * 24 * time.Hour
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// withDefaults returns o with its zero fields filled.
func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = defaultName
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Minimum == 0 {
		o.Minimum = 1
	}
	if o.Maximum == 0 {
		o.Maximum = defaultMaximum
	}
	if o.KeyLife == 0 {
		o.KeyLife = defaultKeyLife
	}
	if o.AuthorizationLife == 0 {
		o.AuthorizationLife = defaultAuthorizationLife
	}
	o.Currencies, o.Prices = slices.Clone(o.Currencies), maps.Clone(o.Prices)
	return o
}

// validate says what is wrong with o, defaults included.
func (o Options) validate() error {
	if !o.AllowFake {
		return errors.New("fake: the fake gateway takes no money; set Options.AllowFake to use it on purpose")
	}
	if !nameForm.MatchString(o.Name) {
		return fmt.Errorf("fake: Options.Name %q is not a lower-case name of at most 32 characters", o.Name)
	}
	for _, c := range o.Currencies {
		if _, ok := c.Digits(); !ok {
			return fmt.Errorf("fake: Options.Currencies: %q is not a code of ISO 4217", string(c))
		}
	}
	for name, price := range o.Prices {
		if _, ok := price.Currency.Digits(); !ok || price.Amount < 1 || name == "" {
			return fmt.Errorf("fake: Options.Prices: %q is not an amount of a currency of ISO 4217", name)
		}
	}
	if o.Minimum < 1 || o.Maximum < o.Minimum {
		return errors.New("fake: Options.Minimum must be at least 1 and at most Options.Maximum")
	}
	if o.KeyLife < 0 || o.SearchLag < 0 || o.RefundDelay < 0 || o.AuthorizationLife < 0 || o.LateAfter < 0 {
		return errors.New("fake: Options: durations and LateAfter must not be negative")
	}
	if o.Deliver != nil && o.WebhookSecret == "" {
		return errors.New("fake: Options.Deliver needs Options.WebhookSecret: unsigned events are not delivered")
	}
	return nil
}
