package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/trendsic/payments"
)

var webhookTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func signed(body, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: secret, Timestamp: at}).Header
}

func webhookGateway(t *testing.T) *Gateway {
	return newGateway(t, func(o *Options) { o.Clock = func() time.Time { return webhookTime } })
}

// TestWebhookRefusals are the rows D5 and D6 of the reliability matrix.
func TestWebhookRefusals(t *testing.T) {
	t.Parallel()
	g := webhookGateway(t)
	const body = `{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"payment_intent"}}}`
	good := signed(body, "whsec_new", webhookTime)
	many := "t=" + strings.Split(strings.TrimPrefix(good, "t="), ",")[0] + strings.Repeat(",v1="+strings.Repeat("0", 64), 10_000)
	for name, tt := range map[string]struct {
		header string
		body   string
		ok     bool
	}{
		"good":               {good, body, true},
		"the old secret":     {signed(body, "whsec_old", webhookTime), body, true},
		"another secret":     {signed(body, "whsec_other", webhookTime), body, false},
		"no secret":          {signed(body, "", webhookTime), body, false},
		"another body":       {good, body + " ", false},
		"no header":          {"", body, false},
		"v0 only":            {strings.ReplaceAll(good, "v1=", "v0="), body, false},
		"no time":            {good[strings.Index(good, ",")+1:], body, false},
		"junk":               {"t=x,v1=zz", body, false},
		"ten thousand":       {many, body, false},
		"a long header":      {good + "," + strings.Repeat("x", 1<<20), body, false},
		"299 s old":          {signed(body, "whsec_new", webhookTime.Add(-299*time.Second)), body, true},
		"301 s old":          {signed(body, "whsec_new", webhookTime.Add(-301*time.Second)), body, false},
		"301 s ahead":        {signed(body, "whsec_new", webhookTime.Add(301*time.Second)), body, false},
		"a day ahead":        {signed(body, "whsec_new", webhookTime.Add(24*time.Hour)), body, false},
		"an empty body":      {signed("", "whsec_new", webhookTime), "", false},
		"no JSON":            {signed("x", "whsec_new", webhookTime), "x", false},
		"no id":              {signed(`{"type":"x"}`, "whsec_new", webhookTime), `{"type":"x"}`, false},
		"more than a MiB":    {signed(strings.Repeat(" ", maxEvent+1), "whsec_new", webhookTime), strings.Repeat(" ", maxEvent+1), false},
		"an array":           {signed("[]", "whsec_new", webhookTime), "[]", false},
		"null":               {signed("null", "whsec_new", webhookTime), "null", false},
		"no data":            {signed(`{"id":"e","type":"x"}`, "whsec_new", webhookTime), `{"id":"e","type":"x"}`, true},
		"data is null":       {signed(`{"id":"e","type":"x","data":null}`, "whsec_new", webhookTime), `{"id":"e","type":"x","data":null}`, true},
		"the object is null": {signed(`{"id":"e","type":"x","data":{"object":null}}`, "whsec_new", webhookTime), `{"id":"e","type":"x","data":{"object":null}}`, true},
	} {
		_, err := g.ParseWebhook(http.Header{"Stripe-Signature": {tt.header}}, []byte(tt.body))
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, payments.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	without := newGateway(t, func(o *Options) { o.WebhookSecrets = nil })
	if _, err := without.ParseWebhook(http.Header{"Stripe-Signature": {signed(body, "", time.Now())}}, []byte(body)); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("without a secret: %v", err)
	}
}

// TestWebhookShapes are the rows D7: any API version is taken, and the object is named in every shape.
func TestWebhookShapes(t *testing.T) {
	t.Parallel()
	g := webhookGateway(t)
	const uid, order = "0190a1b2-0000-7000-8000-000000000001", "0f8fad5bd9cb469fa16570867728950e"
	meta := fmt.Sprintf(`"metadata":{"payment_uid":%q,"order_id":%q}`, uid, order)
	for _, version := range []string{"2017-08-15", "2023-10-16", "2024-12-18.acacia", "2025-03-31.basil", ""} {
		for name, tt := range map[string]struct {
			object string
			want   payments.WebhookEvent
		}{
			"intent":         {`{"id":"pi_1","object":"payment_intent",` + meta + `}`, payments.WebhookEvent{Object: "pi_1", Payment: "pi_1", PaymentUID: uid}},
			"charge":         {`{"id":"ch_1","object":"charge","payment_intent":"pi_1",` + meta + `}`, payments.WebhookEvent{Object: "ch_1", Payment: "pi_1", PaymentUID: uid}},
			"expanded":       {`{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1"}}`, payments.WebhookEvent{Object: "ch_1", Payment: "pi_1"}},
			"refund":         {`{"id":"re_1","object":"refund","payment_intent":"pi_1"}`, payments.WebhookEvent{Object: "re_1", Payment: "pi_1"}},
			"dispute":        {`{"id":"dp_1","object":"dispute","payment_intent":"pi_1","charge":"ch_1"}`, payments.WebhookEvent{Object: "dp_1", Payment: "pi_1"}},
			"subscription":   {`{"id":"sub_1","object":"subscription",` + meta + `}`, payments.WebhookEvent{Object: "sub_1", Subscription: "sub_1", PaymentUID: uid}},
			"invoice":        {`{"id":"in_1","object":"invoice","subscription":"sub_1","payment_intent":"pi_1"}`, payments.WebhookEvent{Object: "in_1", Invoice: "in_1", Subscription: "sub_1", Payment: "pi_1"}},
			"basil invoice":  {`{"id":"in_1","object":"invoice","parent":{"subscription_details":{"subscription":"sub_1"}},"payments":{"data":[{"payment":{"payment_intent":"pi_1"}}]}}`, payments.WebhookEvent{Object: "in_1", Invoice: "in_1", Subscription: "sub_1", Payment: "pi_1"}},
			"odd values":     {`{"id":"ch_1","object":"charge","payment_intent":7,"invoice":null,"subscription":[]}`, payments.WebhookEvent{Object: "ch_1"}},
			"unknown object": {`{"id":"x_1","object":"thing"}`, payments.WebhookEvent{Object: "x_1"}},
		} {
			body := fmt.Sprintf(`{"id":"evt_1","type":"t","account":"acct_1","api_version":%q,"livemode":true,"created":1700000000,"data":{"object":%s}}`, version, tt.object)
			e, err := g.ParseWebhook(http.Header{"Stripe-Signature": {signed(body, "whsec_new", webhookTime)}}, []byte(body))
			want := tt.want
			want.ID, want.Type, want.Account, want.APIVersion, want.LiveMode, want.CreatedAt = "evt_1", "t", "acct_1", version, true, time.Unix(1700000000, 0).UTC()
			if want.PaymentUID != "" {
				want.OrderID, _ = payments.ParseOrderID(order)
			}
			if err != nil || e != want {
				t.Errorf("%s of %s: %+v, %v", name, version, e, err)
			}
		}
	}
	thin := `{"id":"evt_2","object":"v2.core.event","type":"v1.billing.meter.error","created":"2026-03-01T12:00:00Z","related_object":{"id":"mtr_1","type":"billing.meter"}}`
	if e, err := g.ParseWebhook(http.Header{"Stripe-Signature": {signed(thin, "whsec_new", webhookTime)}}, []byte(thin)); err != nil || e.Object != "mtr_1" {
		t.Errorf("a thin event: %+v, %v", e, err)
	}
}

func TestRequiredEvents(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range RequiredEvents() {
		if seen[e] || !strings.Contains(e, ".") {
			t.Errorf("%q", e)
		}
		seen[e] = true
	}
	for _, e := range []string{"payment_intent.succeeded", "charge.refund.updated", "charge.dispute.closed", "invoice.paid", "customer.subscription.deleted"} {
		if !seen[e] {
			t.Errorf("%s is not required", e)
		}
	}
}

func FuzzParseWebhook(f *testing.F) {
	f.Add("t=1,v1=00", `{"id":"e","type":"t"}`)
	f.Add(signed(`{}`, "whsec_new", webhookTime), `{}`)
	g, err := New(Options{SecretKey: "sk_test_1", WebhookSecrets: []string{"whsec_new"}, Clock: func() time.Time { return webhookTime }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		if _, err := g.ParseWebhook(http.Header{"Stripe-Signature": {header}}, []byte(body)); err == nil && !strings.Contains(header, "v1=") {
			t.Error("an event without a signature is taken")
		}
	})
}

// FuzzEvent reads any signed body without a panic.
func FuzzEvent(f *testing.F) {
	f.Add(`{"id":"e","type":"t","data":{"object":{"id":"pi_1","object":"payment_intent","metadata":{"order_id":"x"}}}}`)
	f.Fuzz(func(_ *testing.T, body string) {
		var e event
		if json.Unmarshal([]byte(body), &e) == nil {
			_ = e.read()
		}
	})
}
