package stripe_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/invariant"
	"github.com/trendsic/payments/internal/matrix"
)

// paidUnheard returns a world with one payment that the payer has paid and the Service does not know of, the event of it, and a
// store that counts its calls.
func paidUnheard(t *testing.T) (w *world, d stripetest.Delivery, store payments.Store, calls *atomic.Int64) {
	w = newWorld(t, nil)
	w.authenticate(w.mustPay(w.order(), "", payments.StatusCreated), stripetest.AuthPass, "")
	i := slices.IndexFunc(w.events, func(d stripetest.Delivery) bool { return d.Type == "payment_intent.succeeded" })
	calls = &atomic.Int64{}
	return w, w.events[i], invariant.AroundStore{Store: w.watch, Step: func(_ context.Context, _ string, after bool, _ error) error {
		if !after {
			calls.Add(1)
		}
		return nil
	}}, calls
}

// mac is a signature in hexadecimal digits.
func mac(text, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// forgery is a request that nobody signed who may.
type forgery struct {
	name   string
	header []string
	body   string
}

// forgeries are the requests of row D5 about an event's body. Its true signature is sig.
func forgeries(body string, now time.Time) []forgery {
	at := fmt.Sprint(now.Unix())
	t, payload := "t="+at, at+"."+body
	sig := mac(payload, webhookSecret)
	stale := fmt.Sprint(now.Add(-time.Hour).Unix())
	staleSig := mac(stale+"."+body, webhookSecret)
	sha := hmac.New(sha1.New, []byte(webhookSecret))
	sha.Write([]byte(payload))
	raw, _ := hex.DecodeString(sig)
	plain := sha256.Sum256([]byte(payload))
	wrong := ",v1=" + strings.Repeat("0", 64)
	var list []forgery
	for name, header := range map[string]string{
		"an empty header": "", "commas": ",,,", "a time alone": t, "no time": "v1=" + sig, "no signature": t + ",v1=", "v0 only": t + ",v0=" + sig,
		"v0 good, v1 not": t + ",v0=" + sig + wrong, "v2": t + ",v2=" + sig, "V1": t + ",V1=" + sig, "T": "T=" + at + ",v1=" + sig,
		"a space before v1": t + ", v1=" + sig, "semicolons": t + ";v1=" + sig,
		"another secret":  t + ",v1=" + mac(payload, "whsec_other"),
		"an empty secret": t + ",v1=" + mac(payload, ""), "the secret with a line break": t + ",v1=" + mac(payload, webhookSecret+"\n"),
		"the secret without its prefix": t + ",v1=" + mac(payload, strings.TrimPrefix(webhookSecret, "whsec_")),
		"the API's key":                 t + ",v1=" + mac(payload, stripetest.DefaultSecretKey),
		"the secret that was rolled":    t + ",v1=" + mac(payload, "whsec_old"),
		"over the body alone":           t + ",v1=" + mac(body, webhookSecret), "over nothing": t + ",v1=" + mac(at+".", webhookSecret),
		"of another event":     t + ",v1=" + mac(at+`.{"id":"evt_2","type":"x"}`, webhookSecret),
		"of another time":      t + ",v1=" + mac(stale+"."+body, webhookSecret),
		"SHA-1":                t + ",v1=" + hex.EncodeToString(sha.Sum(nil)),
		"a hash without a key": t + ",v1=" + hex.EncodeToString(plain[:]),
		"base64":               t + ",v1=" + base64.StdEncoding.EncodeToString(raw),
		"a digit short":        t + ",v1=" + sig[:63], "half of it": t + ",v1=" + sig[:32], "one digit": t + ",v1=" + sig[:1],
		"a byte long": t + ",v1=" + sig + "00", "no digits": t + ",v1=" + strings.Repeat("z", 64),
		"the signature twice in one": t + ",v1=" + sig + sig,
		"ten thousand":               t + strings.Repeat(wrong, 10_000),
		"ten thousand and the good":  t + strings.Repeat(wrong, 10_000) + ",v1=" + sig,
		"a MiB":                      t + ",v1=" + strings.Repeat("0", 1<<20), "a MiB beside the good": t + ",v1=" + sig + "," + strings.Repeat("x", 1<<20),
		"a time that is no number": "t=now,v1=" + sig, "a fraction": "t=" + at + ".5,v1=" + sig, "below zero": "t=-" + at + ",v1=" + sig,
		"zero": "t=0,v1=" + sig, "beyond 64 bits": "t=9223372036854775808,v1=" + sig, "the last second": "t=9223372036854775807,v1=" + sig,
		"an old event, a time of now before it": t + ",t=" + stale + ",v1=" + staleSig,
		"an old event, a time of now after it":  "t=" + stale + ",v1=" + staleSig + "," + t,
		"a line break":                          t + "\n,v1=" + sig + "\r\n", "a NUL": "\x00" + t + "\x00,v1=\x00" + sig,
	} {
		list = append(list, forgery{name, []string{header}, body})
	}
	good := []string{t + ",v1=" + sig}
	return append(list, forgery{"no header", nil, body}, forgery{"two headers", []string{"t=" + stale + ",v1=" + staleSig, t}, body},
		forgery{"a space after the body", good, body + " "}, forgery{"a byte of the body", good, strings.Replace(body, "evt_", "evt-", 1)},
		forgery{"a part of the body", good, body[:len(body)-1]}, forgery{"no body", good, ""})
}

// TestForged is row D5: what was not signed by Stripe with a secret of now is answered 400, and no row is read or written for it. While
// a secret is rolled the old one counts, and afterwards it does not.
func TestForged(t *testing.T) {
	t.Parallel()
	w, d, store, calls := paidUnheard(t)
	service := w.other(store, webhookSecret)
	cases := forgeries(string(d.Body), w.clock.Now())
	seen := len(w.server.Requests())
	for _, tt := range cases {
		header := http.Header{}
		if tt.header != nil {
			header["Stripe-Signature"] = tt.header
		}
		if status := deliver(t, service, header, []byte(tt.body)); status != http.StatusBadRequest || calls.Load() != 0 {
			t.Errorf("%s: %d, and %d calls of the store", tt.name, status, calls.Load())
			calls.Store(0)
		}
	}
	good := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)}}
	elsewhere := http.Header{"X-Stripe-Signature": good["Stripe-Signature"]}
	if status := deliver(t, service, elsewhere, d.Body); status != http.StatusBadRequest || calls.Load() != 0 {
		t.Errorf("in another header: %d", status)
	}
	if status := deliver(t, w.other(store), good, d.Body); status != http.StatusBadRequest || calls.Load() != 0 {
		t.Errorf("at an instance without a secret: %d", status)
	}
	if n := len(w.server.Requests()); n != seen {
		t.Errorf("Stripe was asked %d times for what was forged", n-seen)
	}
	old := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), "whsec_old")}}
	if status := deliver(t, w.other(store, webhookSecret, "whsec_old"), old, d.Body); status != http.StatusOK || calls.Load() == 0 {
		t.Errorf("the old secret, while it is rolled: %d, and %d calls of the store", status, calls.Load())
	}
	for id := range w.orders {
		if p := w.payment(id); p.Status != payments.StatusPaid {
			t.Errorf("by the event of the old secret the payment is %v", p.Status)
		}
	}
	matrix.Count(t, "D5", len(cases)+3)
}

// TestStale is row D6: an event is taken within five minutes of its time, by clocks that differ; later it is refused as long as it is
// not signed anew, and then it changes nothing once more, a month later too.
func TestStale(t *testing.T) {
	t.Parallel()
	cases := 0
	for _, off := range []time.Duration{-300 * time.Second, -301 * time.Second, -time.Hour, -24 * time.Hour, -365 * 24 * time.Hour,
		300 * time.Second, 301 * time.Second, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		w, d, store, calls := paidUnheard(t)
		want := http.StatusBadRequest
		if off.Abs() <= 300*time.Second {
			want = http.StatusOK
		}
		header := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now().Add(off), webhookSecret)}}
		if status := deliver(t, w.other(store, webhookSecret), header, d.Body); status != want || (calls.Load() > 0) != (want == http.StatusOK) {
			t.Errorf("%v: %d, and %d calls of the store", off, status, calls.Load())
		}
		cases++
	}
	w, d, _, _ := paidUnheard(t)
	first := w.clock.Now()
	for _, after := range []time.Duration{0, time.Minute, time.Hour, 73 * time.Hour, 31 * 24 * time.Hour} {
		w.clock.advance(first.Add(after).Sub(w.clock.Now()))
		old := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, first, webhookSecret)}}
		if status := deliver(t, w, old, d.Body); (status == http.StatusOK) != (after <= 5*time.Minute) {
			t.Errorf("replayed after %v: %d", after, status)
		}
		anew := http.Header{"Stripe-Signature": {stripetest.Sign(d.Body, w.clock.Now(), webhookSecret)}}
		seen := len(w.server.Requests())
		if status := deliver(t, w, anew, d.Body); status != http.StatusOK || len(w.server.Requests()) != seen || len(w.told) != 1 || len(w.kept()) != 0 {
			t.Errorf("sent again after %v: %d, Stripe is asked %d times, the host was told %v", after, status, len(w.server.Requests())-seen, w.told)
		}
		cases++
	}
	matrix.Count(t, "D6", cases)
}
