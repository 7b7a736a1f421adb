package stripe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/trendsic/payments"
)

// Options configures a Gateway. Only SecretKey is required.
type Options struct {
	// SecretKey is the account's secret or restricted key ("sk_..." or "rk_...").
	SecretKey string
	// WebhookSecrets are the signing secrets of the webhook endpoint ("whsec_..."); several while one is rolled. Without
	// one, ParseWebhook refuses every event.
	WebhookSecrets []string
	// Name is the gateway's name in rows and events; "stripe" when it is empty.
	Name string
	// BaseURL is the API's scheme, host and port, without "/v1"; https://api.stripe.com when it is empty. Plain http is
	// taken on loopback only, and never with a live key.
	BaseURL string
	// Account is the connected account ("acct_...") that this instance charges for; empty is the key's own.
	Account string
	// HTTPClient makes the requests. An answer that redirects is not followed and is no answer. When it is nil, a client
	// with a time-out is used; where it has no Transport, one without a proxy, whatever the environment says.
	HTTPClient *http.Client
	// Clock tells the time for the age of webhook events; the system's when it is nil.
	Clock func() time.Time
	// RawCards takes raw card numbers. Stripe refuses them unless the account is enabled, and the host is then in the
	// scope of PCI DSS, SAQ D.
	RawCards bool
	// ReturnURL is where a payer comes back to from a redirect. With it, the ways to pay are those that the account's
	// dashboard enables; without it, cards only.
	ReturnURL string
	// SendDescription sends the order's description, and SendReceiptEmail the payer's address, for Stripe's receipt.
	SendDescription, SendReceiptEmail bool
	// StatementSuffix goes onto the payer's card statement.
	StatementSuffix string
	// MaxAmount is the highest amount in Stripe's units; 99,999,999 when it is zero, as most accounts have it.
	MaxAmount int64
}

// Gateway is the gateway for one Stripe account. It is safe for concurrent use. Make it with New.
type Gateway struct {
	api  *client.API
	opts Options
}

var (
	_ payments.Gateway             = (*Gateway)(nil)
	_ payments.IntentGateway       = (*Gateway)(nil)
	_ payments.RawCardGateway      = (*Gateway)(nil)
	_ payments.ModeGateway         = (*Gateway)(nil)
	_ payments.Limiter             = (*Gateway)(nil)
	_ payments.WebhookGateway      = (*Gateway)(nil)
	_ payments.SubscriptionGateway = (*Gateway)(nil)
	_ payments.ChargeLister        = (*Gateway)(nil)
)

// New returns a gateway. It answers an error for options that cannot be right, and calls nobody.
func New(o Options) (*Gateway, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		URL:        stripego.String(o.BaseURL),
		HTTPClient: o.HTTPClient,
		// The Service repeats a request under the same key itself; stripe-go's pause does not listen to a context.
		MaxNetworkRetries: stripego.Int64(0),
		// stripe-go logs errors and bodies, client secrets with them.
		LeveledLogger:   &stripego.LeveledLogger{Level: stripego.LevelNull},
		EnableTelemetry: stripego.Bool(false),
	})
	return &Gateway{api: client.New(o.SecretKey, &stripego.Backends{API: backend}), opts: o}, nil
}

// complete fills in the defaults and refuses what cannot be right.
func (o *Options) complete() error {
	o.Name = orDefault(o.Name, "stripe")
	o.BaseURL = orDefault(strings.TrimRight(o.BaseURL, "/"), stripego.APIURL)
	if o.MaxAmount == 0 {
		o.MaxAmount = 99_999_999
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // this is the clock
	}
	switch {
	case o.SecretKey == "":
		return errors.New("stripe: Options.SecretKey is missing")
	case !strings.HasPrefix(o.SecretKey, "sk_") && !strings.HasPrefix(o.SecretKey, "rk_"):
		return errors.New("stripe: Options.SecretKey is no secret key (sk_... or rk_...)")
	case o.Account != "" && !strings.HasPrefix(o.Account, "acct_"):
		return errors.New("stripe: Options.Account is no account id (acct_...)")
	case o.MaxAmount < 0:
		return errors.New("stripe: Options.MaxAmount is negative")
	}
	for _, secret := range o.WebhookSecrets {
		if strings.TrimSpace(secret) == "" {
			return errors.New("stripe: a webhook secret is empty: anybody could sign with it")
		}
	}
	if err := o.checkBaseURL(); err != nil {
		return err
	}
	o.HTTPClient = guarded(o.HTTPClient)
	return nil
}

// checkBaseURL refuses a base URL over which a key could be read.
func (o *Options) checkBaseURL() error {
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return errors.New("stripe: Options.BaseURL is a scheme, a host and a port, without /v1")
	}
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("stripe: Options.BaseURL is https")
	case o.live():
		return errors.New("stripe: a live key is never sent over plain http")
	case !loopback(u.Hostname()):
		return errors.New("stripe: Options.BaseURL is plain http to another machine")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (o *Options) live() bool {
	return strings.HasPrefix(o.SecretKey, "sk_live_") || strings.HasPrefix(o.SecretKey, "rk_live_")
}

func orDefault(s, initial string) string {
	if s == "" {
		return initial
	}
	return s
}

// Name returns the gateway's name.
func (g *Gateway) Name() string { return g.opts.Name }

// LiveMode reports whether the key moves real money: what Options.LiveMode of the Service is to be.
func (g *Gateway) LiveMode() bool { return g.opts.live() }

// TakesRawCards reports whether Options.RawCards allows raw card numbers.
func (g *Gateway) TakesRawCards() bool { return g.opts.RawCards }

// The bounds of a request and its answer. The Service's own time-out is shorter, as a rule.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 8 << 20
)

// guarded returns a client that follows no redirect (no URL that an answer names is ever fetched) and reads no answer
// without end.
func guarded(c *http.Client) *http.Client {
	own := http.Client{Timeout: requestTimeout}
	if c != nil {
		own = *c
	}
	if own.Transport == nil {
		// Not http.DefaultTransport: it reads a proxy from the environment, which is to be a choice, and it may be
		// anything that the host has put there.
		own.Transport = &http.Transport{ForceAttemptHTTP2: true, MaxIdleConns: 64, MaxIdleConnsPerHost: 64,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second}
	}
	own.Transport = bounded{own.Transport}
	return &own
}

// errRedirect is an answer that names another place.
var errRedirect = errors.New("stripe: the answer is a redirect, which Stripe never sends")

// bounded refuses a redirect, and cuts an answer that is too long: either is unreadable then, and its outcome unknown.
// stripe-go would take the body of a redirect for the answer, whoever sent it.
type bounded struct{ http.RoundTripper }

// RoundTrip makes the request.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(req)
	if err != nil {
		return res, err
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		_ = res.Body.Close() // nobody reads it
		return nil, errRedirect
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// params returns what every request carries.
func (g *Gateway) params(ctx context.Context, key, account string) stripego.Params {
	p := stripego.Params{Context: ctx}
	if key != "" {
		p.IdempotencyKey = stripego.String(key)
	}
	if account = orDefault(account, g.opts.Account); account != "" {
		p.StripeAccount = stripego.String(account)
	}
	return p
}

// listParams returns what every list carries.
func (g *Gateway) listParams(ctx context.Context, account string) stripego.ListParams {
	p := g.params(ctx, "", account)
	return stripego.ListParams{Context: ctx, StripeAccount: p.StripeAccount, Limit: stripego.Int64(100)}
}
