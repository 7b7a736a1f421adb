package stripe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// versions are the API versions of row D7, and no version at all.
var versions = []string{`"2017-08-15"`, `"2023-10-16"`, `"2024-12-18.acacia"`, `"2025-03-31.basil"`, `"1999-01-01"`, `""`, `null`}

// shape is an event in a form that our own version does not have. It is of the payment where reads says so: Stripe is then asked.
type shape struct {
	name, body string
	reads      bool
}

// shapes are the events of row D7 about a payment, as %s. All of them lie about it.
func shapes() []shape {
	var list []shape
	for _, v := range versions {
		for name, object := range map[string]string{
			"an intent":        `{"id":"%[1]s","object":"payment_intent","status":"succeeded","amount":1,"amount_received":1,"currency":"eur"}`,
			"a charge":         `{"id":"ch_1","object":"charge","payment_intent":"%[1]s","paid":true,"captured":true,"amount_captured":1}`,
			"an invoice":       `{"id":"in_1","object":"invoice","payment_intent":"%[1]s","paid":true}`,
			"an invoice after": `{"id":"in_1","object":"invoice","payments":{"data":[{"payment":{"payment_intent":"%[1]s"}}]}}`,
		} {
			list = append(list, shape{name + " of " + v, fmt.Sprintf(`{"id":"%%[2]s","type":"payment_intent.succeeded","api_version":%s,"data":{"object":%s}}`, v, object), true})
		}
	}
	for name, body := range map[string]string{
		"a thin event":           `{"id":"%[2]s","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2026-03-01T12:00:00Z","related_object":{"id":"mtr_1","type":"billing.meter"}}`,
		"a thin one of nothing":  `{"id":"%[2]s","object":"v2.core.event","type":"v2.core.event_destination.ping","related_object":null}`,
		"data null":              `{"id":"%[2]s","type":"payment_intent.succeeded","data":null}`,
		"no data":                `{"id":"%[2]s","type":"payment_intent.succeeded"}`,
		"object null":            `{"id":"%[2]s","type":"payment_intent.succeeded","data":{"object":null}}`,
		"object without a name":  `{"id":"%[2]s","type":"payment_intent.succeeded","data":{"object":{}}}`,
		"an unknown type":        `{"id":"%[2]s","type":"quantum.entangled","data":{"object":{"id":"q_1","object":"quantum"}}}`,
		"an unknown payment":     `{"id":"%[2]s","type":"payment_intent.succeeded","data":{"object":{"id":"pi_foreign","object":"payment_intent"}}}`,
		"an account's event":     `{"id":"%[2]s","type":"account.updated","account":"acct_1","data":{"object":{"id":"acct_1","object":"account"}}}`,
		"numbers for texts":      `{"id":"%[2]s","type":"charge.succeeded","data":{"object":{"id":"ch_1","object":"charge","payment_intent":7,"invoice":[],"subscription":{}}}}`,
		"an id that is no text":  `{"id":"%[2]s","type":"charge.succeeded","created":{},"data":{"object":{"id":"ch_1","object":"charge","payment_intent":{"id":null}}}}`,
		"an order id of another": `{"id":"%[2]s","type":"x","data":{"object":{"id":"x_1","object":"thing","metadata":{"order_id":"not one","payment_uid":"none"}}}}`,
	} {
		list = append(list, shape{name, body, false})
	}
	return append(list, shape{"an unknown type of a payment", `{"id":"%[2]s","type":"payment_intent.dreamt","data":{"object":{"id":"%[1]s","object":"payment_intent"}}}`, true},
		shape{"a type twice", `{"id":"x","id":"%[2]s","type":"x","type":"y","data":{"object":{"id":"%[1]s","object":"payment_intent"}}}`, true},
		shape{"an expanded intent", `{"id":"%[2]s","type":"charge.succeeded","data":{"object":{"id":"ch_1","object":"charge","payment_intent":{"id":"%[1]s"}}}}`, true},
		shape{"no UTF-8", `{"id":"%[2]s","type":"x` + "\xff" + `","data":{"object":{"id":"%[1]s","object":"payment_intent"}}}`, true},
		shape{"a MiB", `{"id":"%[2]s","type":"x","data":{"object":{"id":"%[1]s","object":"payment_intent"}}}` + strings.Repeat(" ", 1<<20), true})
}

// TestShapes is row D7: any signed event of any version and shape is answered 200 without a panic, and what it says of money is not
// believed: its payment is read from Stripe, and is what Stripe says.
func TestShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.order()
	open := w.mustPay(id, "", payments.StatusCreated)
	seen, list := len(w.server.Requests()), shapes()
	for i, tt := range list {
		body := []byte(fmt.Sprintf(tt.body, open.Payment.Reference, fmt.Sprint("evt_", i)))
		body = body[:min(len(body), 1<<20)]
		header := http.Header{"Stripe-Signature": {stripetest.Sign(body, w.clock.Now(), webhookSecret)}}
		if status := deliver(t, w, header, body); status != http.StatusOK {
			t.Errorf("%s: %d", tt.name, status)
		}
		asked := w.server.Requests()[seen:]
		seen += len(asked)
		if got := slices.ContainsFunc(asked, func(r stripetest.Request) bool { return r.Op == "payment_intents.retrieve" }); got != tt.reads {
			t.Errorf("%s: Stripe was asked: %v", tt.name, asked)
		}
		if p := w.payment(id); p.Status != payments.StatusCreated || p.Captured != 0 || p.Amount != open.Payment.Amount || len(w.told) > 0 {
			t.Fatalf("%s: the payment is %v with %d captured", tt.name, p.Status, p.Captured)
		}
	}
	long := bytes.Repeat([]byte(" "), 1<<20+1)
	header := http.Header{"Stripe-Signature": {stripetest.Sign(long, w.clock.Now(), webhookSecret)}}
	if status := deliver(t, w, header, long); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a byte more than a MiB: %d", status)
	}
	matrix.Count(t, "D7", len(list)+1)
}

// TestShapesOfTheEmulator is row D7 with all that a payment, its refund and its dispute make, in the shapes of other versions: each event
// alone is enough to find out.
func TestShapesOfTheEmulator(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2017-08-15", "2024-12-18.acacia", "2025-03-31.basil"} {
		w := newWorld(t, func(o *stripetest.Options, _ *payments.Options) { o.WebhookVersion = version }).near()
		id := w.order()
		w.authenticate(w.mustPay(id, "", payments.StatusCreated), stripetest.AuthPass, "")
		w.refund(w.payment(id).Reference, 500)
		w.dispute(w.payment(id).Reference)
		rec, err := w.Find(t.Context(), payments.Target{OrderID: id})
		must(t, err)
		for _, d := range w.events {
			var said struct {
				Version string `json:"api_version"`
			}
			must(t, json.Unmarshal(d.Body, &said))
			w.rewind(rec)
			must(t, w.Webhook(t.Context(), http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)}}, d.Body))
			if p := w.payment(id); p.Status != payments.StatusDisputed || said.Version != version {
				t.Errorf("%s of %q: the payment is %v", d.Type, said.Version, p.Status)
			}
		}
		matrix.Count(t, "D7", len(w.events))
	}
}
