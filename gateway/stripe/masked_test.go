package stripe_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/trendsic/payments/gateway/stripe"
)

// TestKeysPrintMasked prints options and gateway as a host might by mistake: no key and no signing secret is told.
func TestKeysPrintMasked(t *testing.T) {
	t.Parallel()
	o := stripe.Options{SecretKey: "sk_test_canary1", WebhookSecrets: []string{"whsec_canary2"}, Account: "acct_1"}
	g, err := stripe.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{o, &o, g, []stripe.Options{o}, map[string]*stripe.Gateway{"g": g}, struct{ O stripe.Options }{o}} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("made", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "value", value)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			_, _ = fmt.Fprintf(&log, verb, value)
		}
		if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), "63616e617279") {
			t.Errorf("%T tells a secret: %s", value, log.String())
		}
	}
}
