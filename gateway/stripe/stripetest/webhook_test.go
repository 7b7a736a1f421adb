package stripetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// inbox is a receiver of webhooks.
type inbox struct {
	mu   sync.Mutex
	list []stripetest.Delivery
	err  error
}

func (i *inbox) deliver(_ context.Context, d stripetest.Delivery) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.list = append(i.list, d)
	return i.err
}

// take takes the types of what was delivered.
func (i *inbox) take() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var types []string
	for _, d := range i.list {
		types = append(types, d.Type)
	}
	i.list = nil
	return types
}

// hooked makes an emulator whose webhooks arrive in an inbox.
func hooked(t *testing.T, o stripetest.Options) (*bundle, *inbox) {
	t.Helper()
	in := &inbox{}
	o.Deliver = in.deliver
	return setup(t, o), in
}

// TestWebhooks shows that stripe-go accepts an event, and what it says.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	b, in := hooked(t, stripetest.Options{Clock: time.Now, PreviousWebhookSecrets: []string{"whsec_old"}})
	paid := b.paid(t, "pm_card_visa")
	list := slices.Clone(in.list)
	if got, want := in.take(), []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}; !slices.Equal(got, want) {
		t.Fatalf("delivered were %v, want %v", got, want)
	}
	for _, secret := range []string{stripetest.DefaultWebhookSecret, "whsec_old"} {
		for _, d := range list {
			event, err := webhook.ConstructEvent(d.Body, d.Header, secret)
			if err != nil {
				t.Fatal(err)
			}
			if event.ID != d.EventID || string(event.Type) != d.Type || event.Data.Object["id"] != d.Object || event.Request.ID == "" {
				t.Errorf("the event is %s %s", event.ID, event.Type)
			}
		}
	}
	event, err := b.api.Events.Get(list[2].EventID, nil)
	if err != nil || event.Data.Object["id"] != paid.ID || event.Data.Object["status"] != "succeeded" ||
		event.Data.Object["client_secret"] != paid.ClientSecret || event.PendingWebhooks != 0 {
		t.Errorf("the event as it is read: %v, %+v", err, event)
	}
}

// TestWebhookModes is each mode of delivery.
func TestWebhookModes(t *testing.T) {
	t.Parallel()
	const charged, done = "charge.succeeded", "payment_intent.succeeded"
	for _, test := range []struct {
		mode           stripetest.WebhookMode
		atOnce         []string // of a confirmation
		later          []string // after a minute
		released       []string // after asking
		refusedAtFirst bool
	}{
		{stripetest.WebhookAtOnce, []string{charged, done}, nil, nil, false},
		{stripetest.WebhookTwice, []string{charged, charged, done}, nil, nil, false},
		{stripetest.WebhookLate, []string{done}, []string{charged}, nil, false},
		{stripetest.WebhookOutOfOrder, []string{done, charged}, nil, nil, false},
		{stripetest.WebhookHeld, []string{done}, nil, []string{charged}, false},
		{stripetest.WebhookLost, []string{done}, nil, nil, false},
		{stripetest.WebhookForged, []string{charged, done}, nil, []string{charged}, true},
		{stripetest.WebhookStale, []string{charged, done}, nil, []string{charged}, true},
		{stripetest.WebhookFuture, []string{charged, done}, nil, []string{charged}, false}, // stripe-go looks back only
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			t.Parallel()
			b, in := hooked(t, stripetest.Options{})
			p := b.create(t, b.params("pm_card_visa"))
			in.take()
			if err := b.ScriptWebhooks(test.mode, 1, charged); err != nil {
				t.Fatal(err)
			}
			if _, err := b.api.PaymentIntents.Confirm(p.ID, nil); err != nil {
				t.Fatal(err)
			}
			first := in.list[0]
			if at := stripetest.Sign(first.Body, start, stripetest.DefaultWebhookSecret); (first.Header != at) != (test.refusedAtFirst || test.mode == stripetest.WebhookFuture) {
				t.Errorf("the signature is %s", first.Header)
			}
			if got := in.take(); !slices.Equal(got, test.atOnce) {
				t.Errorf("at once came %v, want %v", got, test.atOnce)
			}
			if err := b.Advance(ctx, stripetest.LateWebhook); err != nil {
				t.Fatal(err)
			}
			if got := in.take(); !slices.Equal(got, test.later) {
				t.Errorf("later came %v, want %v", got, test.later)
			}
			b.ReleaseWebhooks(ctx)
			if got := in.take(); !slices.Equal(got, test.released) {
				t.Errorf("after asking came %v, want %v", got, test.released)
			}
			lost := b.api.Events.List(&stripe.EventListParams{DeliverySuccess: stripe.Bool(false)})
			if lost.Next() != (test.mode == stripetest.WebhookLost) {
				t.Error("the list of what was not delivered is wrong")
			}
		})
	}
}

// TestWebhookRetries tries again what the receiver refuses, for three days.
func TestWebhookRetries(t *testing.T) {
	t.Parallel()
	b, in := hooked(t, stripetest.Options{})
	in.err = errors.New("down")
	b.create(t, b.params(""))
	if err := b.Advance(ctx, 4*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := in.take(); len(got) != 4 {
		t.Errorf("in four hours it was tried %d times, want 4", len(got))
	}
	in.err = nil
	if err := b.Advance(ctx, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := in.take(); len(got) != 1 {
		t.Errorf("when it is up again, it was tried %d times", len(got))
	}
	id := b.api.Events.List(nil)
	if !id.Next() {
		t.Fatal("there is no event")
	}
	if err := b.Redeliver(ctx, id.Event().ID); err != nil || len(in.take()) != 1 {
		t.Errorf("redelivery: %v", err)
	}
	if b.Redeliver(ctx, "evt_nobody") == nil {
		t.Error("an event that is none was delivered")
	}
}

// TestWebhookURL posts to an address.
func TestWebhookURL(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var types []string
	status := http.StatusOK
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		event, err2 := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), "whsec_mine")
		mu.Lock()
		defer mu.Unlock()
		if err := errors.Join(err, err2); err != nil {
			t.Error(err)
		}
		types = append(types, string(event.Type))
		w.WriteHeader(status)
	}))
	t.Cleanup(host.Close)
	b := setup(t, stripetest.Options{WebhookURL: host.URL, WebhookSecret: "whsec_mine", Clock: time.Now})
	b.paid(t, "pm_card_visa")
	mu.Lock()
	if len(types) != 3 {
		t.Errorf("delivered were %v", types)
	}
	status = http.StatusFound
	mu.Unlock()
	b.create(t, b.params(""))
	if list := b.api.Events.List(&stripe.EventListParams{DeliverySuccess: stripe.Bool(false)}); !list.Next() {
		t.Error("a redirect counts as delivered")
	}
}

// TestCallFromWebhook shows that a receiver can call the API, and sees the effect.
func TestCallFromWebhook(t *testing.T) {
	t.Parallel()
	var b *bundle
	status := stripe.PaymentIntentStatus("")
	b = setup(t, stripetest.Options{Deliver: func(_ context.Context, d stripetest.Delivery) error {
		if d.Type == "payment_intent.succeeded" {
			in, err := b.api.PaymentIntents.Get(d.Object, nil)
			if err != nil {
				return err
			}
			status = in.Status
		}
		return nil
	}})
	b.paid(t, "pm_card_visa")
	if status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("the receiver saw %q", status)
	}
}

// TestBasil renders webhooks in the shape of a later version.
func TestBasil(t *testing.T) {
	t.Parallel()
	b, in := hooked(t, stripetest.Options{WebhookVersion: "2025-03-31.basil"})
	sub := b.subscribe(t, b.plan(t, b.customer(t, "")))
	if err := b.Authenticate(ctx, sub.LatestInvoice.PaymentIntent.ClientSecret, stripetest.AuthPass, ""); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, d := range in.list {
		var event struct {
			APIVersion string `json:"api_version"`
			Data       struct {
				Object map[string]any `json:"object"`
			} `json:"data"`
		}
		if err := json.Unmarshal(d.Body, &event); err != nil {
			t.Fatal(err)
		}
		o := event.Data.Object
		if event.APIVersion != "2025-03-31.basil" {
			t.Fatalf("the version is %s", event.APIVersion)
		}
		switch {
		case d.Type == "invoice.paid":
			seen++
			parent, _ := o["parent"].(map[string]any)
			details, _ := parent["subscription_details"].(map[string]any)
			if _, has := o["payment_intent"]; has || details["subscription"] != sub.ID {
				t.Errorf("the invoice is %v", o)
			}
		case strings.HasPrefix(d.Type, "customer.subscription."):
			seen++
			if _, has := o["current_period_end"]; has {
				t.Error("the subscription has its period still")
			}
		}
	}
	if seen < 2 {
		t.Error("nothing was seen")
	}
}

// TestWebhookScripts refuses what makes no sense.
func TestWebhookScripts(t *testing.T) {
	t.Parallel()
	b, in := hooked(t, stripetest.Options{})
	if b.ScriptWebhooks("maybe", 1) == nil || b.ScriptWebhooks(stripetest.WebhookLost, 0) == nil {
		t.Error("nonsense is taken")
	}
	if err := b.ScriptWebhooks(stripetest.WebhookLost, -1); err != nil {
		t.Fatal(err)
	}
	b.paid(t, "pm_card_visa")
	if got := in.take(); len(got) != 0 {
		t.Errorf("lost webhooks came: %v", got)
	}
	b.ClearWebhooks()
	b.paid(t, "pm_card_visa")
	if got := in.take(); len(got) != 3 {
		t.Errorf("after clearing came %v", got)
	}
}
