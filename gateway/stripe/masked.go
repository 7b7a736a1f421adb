package stripe

import (
	"fmt"
	"log/slog"
)

// Format prints what the options are for, by every verb, and none of their secrets.
func (o Options) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, o.masked()) }

// LogValue is what Format prints.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.masked()) }

func (o Options) masked() string {
	return fmt.Sprintf("stripe.Options{Name: %q, BaseURL: %q, Account: %q, SecretKey: ****, %d WebhookSecrets}", o.Name, o.BaseURL, o.Account, len(o.WebhookSecrets))
}

// Format prints the gateway's options without their secrets, by every verb.
func (g *Gateway) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprint(f, "stripe.Gateway of ", g.opts.masked())
}

// LogValue is what Format prints.
func (g *Gateway) LogValue() slog.Value {
	return slog.StringValue("stripe.Gateway of " + g.opts.masked())
}
