package stripetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// APIVersion is the version of the API that is emulated, which is that of stripe-go v76.
const APIVersion = "2023-10-16"

// The defaults of [Options].
const (
	// DefaultSecretKey is the secret key that is accepted when Options.SecretKeys is empty.
	DefaultSecretKey = "sk_test_stripetest" //nolint:gosec // G101: it opens nothing but the emulator
	// DefaultPublishableKey is the publishable key that belongs to it.
	DefaultPublishableKey = "pk_test_stripetest"
	// DefaultWebhookSecret signs webhooks when Options.WebhookSecret is empty.
	DefaultWebhookSecret = "whsec_stripetest"

	defaultKeyLife     = 24 * time.Hour
	defaultAuthLife    = 7 * 24 * time.Hour
	defaultRefundDelay = time.Hour
)

// Options configures a [Server]. The zero value is a good one.
type Options struct {
	// SecretKeys are the secret keys that are accepted; they begin with sk_test_ or rk_test_. Empty accepts DefaultSecretKey.
	SecretKeys []string
	// PublishableKeys are the keys that a payer's page may use; they begin with pk_test_. Empty accepts DefaultPublishableKey.
	PublishableKeys []string
	// WebhookSecret signs webhooks; DefaultWebhookSecret when it is empty.
	WebhookSecret string
	// PreviousWebhookSecrets sign webhooks too, as Stripe does for a day while a secret is rolled.
	PreviousWebhookSecrets []string
	// Deliver is handed each webhook after its effect and before the answer of the call that caused it, in the goroutine of
	// that call, unless [Server.ScriptWebhooks] says otherwise. It may call the API. An error is a delivery that failed,
	// which is tried again later as Stripe does.
	Deliver func(ctx context.Context, d Delivery) error
	// WebhookURL is where webhooks are posted to, where Deliver is nil. Anything but a 2xx is a delivery that failed.
	WebhookURL string
	// WebhookClient posts them; a client with a time-out of 10 s that follows no redirect when it is nil.
	WebhookClient *http.Client
	// WebhookVersion is the API version that webhooks are rendered at; APIVersion when it is empty. From 2025-03-31.basil on
	// invoices have the new shape.
	WebhookVersion string
	// Clock tells the time; [time.Now] when it is nil.
	Clock func() time.Time
	// Seed makes ids, client secrets and random faults. The same seed and the same calls give the same answers.
	Seed uint64
	// StateFile keeps the state in a file, which is read by [New] and written before each answer, so that the state survives a
	// killed process (but not a power cut: it is not synced). It holds no card number, verification code, token or client secret. One process at a time may use it.
	// Empty keeps the state in memory.
	StateFile string
	// NoIdempotency ignores idempotency keys, as some servers that speak Stripe's protocol do.
	NoIdempotency bool
	// KeyLife is how long an answer is replayed under its key; 24 hours when it is zero.
	KeyLife time.Duration
	// SearchLag is how old an object must be before a search finds it. At Stripe it is most often under a minute.
	SearchLag time.Duration
	// AllowRawCards takes card numbers over the API with a secret key, as Stripe does for accounts that asked for it.
	AllowRawCards bool
	// OneTimeTokens lets the named test tokens (tok_visa and so on) be used only once, like real ones.
	OneTimeTokens bool
	// AutomaticPaymentMethodsOff turns off what the API does since 2023-08-16: an intent without payment_method_types has
	// automatic payment methods, and then its confirmation needs a return_url. Turn it off to emulate servers that never did so.
	AutomaticPaymentMethodsOff bool
	// DeclineAs is how a declined payment is answered; as Stripe does it when it is empty.
	DeclineAs DeclineForm
	// RefuseParameters are parameters that are refused as unknown, such as "description" or "receipt_email": some servers that
	// speak Stripe's protocol know fewer.
	RefuseParameters []string
	// RefundDelay is when a pending refund succeeds and a refund to the card that fails it fails; 1 hour when it is zero.
	// Below zero they do so only by [Server.SettleRefund].
	RefundDelay time.Duration
	// AuthorizationLife is when reserved money is released; 7 days when it is zero.
	AuthorizationLife time.Duration
	// LateAfter is how many further requests one with the fault "late" waits for before it arrives by itself. When it is zero
	// it arrives only by [Server.DeliverLate].
	LateAfter int
}

// withDefaults returns o with its zero fields filled.
func (o Options) withDefaults() Options {
	if len(o.SecretKeys) == 0 {
		o.SecretKeys = []string{DefaultSecretKey}
	}
	if len(o.PublishableKeys) == 0 {
		o.PublishableKeys = []string{DefaultPublishableKey}
	}
	o.SecretKeys, o.PublishableKeys = slices.Clone(o.SecretKeys), slices.Clone(o.PublishableKeys)
	if o.WebhookSecret == "" {
		o.WebhookSecret = DefaultWebhookSecret
	}
	if o.WebhookVersion == "" {
		o.WebhookVersion = APIVersion
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.KeyLife == 0 {
		o.KeyLife = defaultKeyLife
	}
	if o.AuthorizationLife == 0 {
		o.AuthorizationLife = defaultAuthLife
	}
	if o.RefundDelay == 0 {
		o.RefundDelay = defaultRefundDelay
	}
	if o.WebhookClient == nil {
		o.WebhookClient = &http.Client{Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return o
}

// validate says what is wrong with o, defaults included.
func (o Options) validate() error {
	for _, key := range o.SecretKeys {
		if !strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_") {
			// The key itself is not told: it may be a live one.
			return errors.New("stripetest: Options.SecretKeys has a key that begins with neither sk_test_ nor rk_test_")
		}
	}
	for _, key := range o.PublishableKeys {
		if !strings.HasPrefix(key, "pk_test_") {
			return errors.New("stripetest: Options.PublishableKeys has a key that does not begin with pk_test_")
		}
	}
	if o.KeyLife < 0 || o.SearchLag < 0 || o.AuthorizationLife < 0 || o.LateAfter < 0 {
		return errors.New("stripetest: Options: KeyLife, SearchLag, AuthorizationLife and LateAfter must not be negative")
	}
	if len(o.WebhookVersion) < len("2006-01-02") {
		return fmt.Errorf("stripetest: Options.WebhookVersion %q is no version of the API", o.WebhookVersion)
	}
	return o.validateDialect()
}
