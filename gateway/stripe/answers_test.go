package stripe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/internal/matrix"
	"github.com/trendsic/payments/storage/memory"
)

// liar is a network that changes what Stripe answers about intents, from a confirmation on, while it lies.
type liar struct {
	http.RoundTripper
	change func(body []byte) []byte
	lies   atomic.Bool
}

// RoundTrip makes the request, and lies about the answer.
func (l *liar) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if l.change != nil && strings.HasSuffix(r.URL.Path, "/confirm") {
		l.lies.Store(true)
	}
	if err != nil || !l.lies.Load() || !strings.Contains(r.URL.Path, "/payment_intents") || res.StatusCode != http.StatusOK {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.URL.Path, "/search") {
		return nil, io.EOF
	}
	res.Body = io.NopCloser(bytes.NewReader(l.change(body)))
	return res, nil
}

// set changes members of the answer; nil takes one away.
func set(members map[string]any) func([]byte) []byte {
	return func(body []byte) []byte {
		var o map[string]any
		if err := json.Unmarshal(body, &o); err != nil {
			panic(err)
		}
		maps.Copy(o, members)
		changed, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		return changed
	}
}

// say answers something else altogether.
func say(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }

type object = map[string]any

// lies are the answers of row B9 about a payment of 12.50 USD that was taken.
func lies(order, payment string) map[string]func([]byte) []byte {
	const other = "ffffffffffffffffffffffffffffffff"
	meta := func(order, payment any) func([]byte) []byte {
		return set(object{"metadata": object{"order_id": order, "payment_uid": payment}})
	}
	all := map[string]func([]byte) []byte{
		"another order": meta(other, payment), "another payment": meta(order, "0190a1b2-0000-7000-8000-000000000001"), "another of both": meta(other, "x"),
		"no order": meta("", payment), "no payment": meta(order, ""), "an order that is none": meta("../"+order, payment),
		"an order of numbers": meta(7, payment), "no metadata": set(object{"metadata": object{}}), "metadata null": set(object{"metadata": nil}),
		"metadata a list": set(object{"metadata": []any{order}}),
		"another id":      set(object{"id": "pi_another"}), "id null": set(object{"id": nil}), "no id": set(object{"id": ""}), "an id of numbers": set(object{"id": 1}),
		"a cent more": set(object{"amount": 1251, "amount_received": 1251}), "a cent less": set(object{"amount": 1249, "amount_received": 1249}),
		"nothing": set(object{"amount": 0, "amount_received": 0}), "below nothing": set(object{"amount": -1250, "amount_received": -1250}),
		"amount null": set(object{"amount": nil}), "an amount as a text": set(object{"amount": "1250"}), "an amount with a fraction": set(object{"amount": 1250.5}),
		"a huge amount": set(object{"amount": 9223372036854775807}), "received nothing": set(object{"amount_received": 0}),
		"received less than nothing": set(object{"amount_received": -1}), "received null": set(object{"amount_received": nil}),
		"euros": set(object{"currency": "eur"}), "yen": set(object{"currency": "jpy"}), "no currency": set(object{"currency": ""}),
		"currency null": set(object{"currency": nil}), "a currency that is none": set(object{"currency": "zzz"}),
		"an unknown status": set(object{"status": "requires_patience"}), "status null": set(object{"status": nil}), "no status": set(object{"status": ""}),
		"a status of numbers": set(object{"status": 2}), "a status in capitals": set(object{"status": "SUCCEEDED"}),
		"live mode": set(object{"livemode": true}), "a live mode of texts": set(object{"livemode": "yes"}),
		"null": say("null"), "a list": say("[]"), "an empty object": say("{}"), "a text": say(`"pi_1"`), "nothing at all": say(""), "half an object": say(`{"id":"pi_`),
		"HTML": say("<html>"), "a customer": say(`{"id":"cus_1","object":"customer","status":"succeeded"}`),
		"ten MB of spaces": func(body []byte) []byte { return append(bytes.Repeat([]byte(" "), 10<<20), body...) },
		"ten MB within":    set(object{"description": strings.Repeat("x", 10<<20)}),
		"nested":           say(strings.Repeat(`{"id":`, 100_000)),
		"null fields":      func(body []byte) []byte { return nulls(body) },
	}
	if testing.Short() {
		delete(all, "ten MB of spaces") // stripe-go reads them by the byte, for a minute under the race detector
	}
	return all
}

// nulls answers null for everything but the id.
func nulls(body []byte) []byte {
	var o map[string]any
	_ = json.Unmarshal(body, &o)
	for name := range o {
		if name != "id" {
			o[name] = nil
		}
	}
	changed, _ := json.Marshal(o)
	return changed
}

// TestLies is row B9: from the confirmation on Stripe's answers are about another order, amount, currency, or nothing that can be
// read. The payment is never approved, an operator is told by a break, and what is true when the lies end is found.
func TestLies(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(lies("", "")))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			l := &liar{RoundTripper: w.server.Transport()}
			w.network = l
			w.Service = w.other(w.watch, webhookSecret)
			id := w.order()
			open := w.mustPay(id, "", payments.StatusCreated).Payment
			l.change = lies(id.String(), open.UID)[name]
			res, err := w.pay(t.Context(), id, "pm_card_visa")
			if res.Payment.Secured() || res.Payment.Status != payments.StatusHeld && !errors.Is(err, payments.ErrUnknown) {
				t.Errorf("the answer is %v, %v", res.Payment.Status, err)
			}
			for range 6 {
				w.clock.advance(10 * time.Minute)
				if _, err := w.Reconcile(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			p := w.payment(id)
			breaks, err := w.Breaks(t.Context(), 0, 100)
			must(t, err)
			if p.Secured() || slices.Contains(w.told, payments.StatusPaid) {
				t.Errorf("the payment is %v", p.Status)
			}
			want := map[bool]payments.BreakKind{true: payments.BreakMismatch, false: payments.BreakDoubt}[p.Status == payments.StatusHeld]
			if len(breaks) != 1 || breaks[0].Kind != want || breaks[0].PaymentUID != p.UID {
				t.Errorf("the payment is %v, the breaks are %+v", p.Status, breaks)
			}
			l.change = nil
			l.lies.Store(false)
			if p.Status == payments.StatusHeld {
				_, err = w.Accept(t.Context(), payments.AcceptCommand{Target: payments.Target{OrderID: id}})
				must(t, err)
			}
			w.clock.advance(24 * time.Hour) // the next look at what is in doubt for long
			w.settle()
			w.agree()
			if p := w.payment(id); p.Status != payments.StatusPaid || p.Captured != 1250 {
				t.Errorf("after the lies the payment is %v, with %d captured", p.Status, p.Captured)
			}
			matrix.Count(t, "B9", 1)
		})
	}
}

// TestOddAnswers are answers that no Stripe would give, from the first request on: nothing is charged then.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	for name, answer := range map[string]http.HandlerFunc{
		"a redirect to another server": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"a redirect of a POST to a GET": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther)
		},
		"20 MB": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte(" "), 20<<20)) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		},
		"null":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("null")) },
		"an array": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) },
		"another type": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"id":"cus_1","object":"customer"}`))
		},
		"a paid nobody": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1250,"amount_received":1250,"currency":"usd"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(answer)
			t.Cleanup(web.Close)
			g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", BaseURL: web.URL})
			must(t, err)
			orders := payments.OrdersFunc(func(_ context.Context, id payments.OrderID) (payments.Order, error) {
				return payments.Order{ID: id, Total: payments.Money{Amount: 1250, Currency: "USD"}}, nil
			})
			service, err := payments.New(memory.New(nil), g, orders, &payments.Options{Clock: &virtual{now: time.Now()}})
			must(t, err)
			res, err := service.Pay(t.Context(), payments.PayRequest{OrderID: payments.OrderID{1}, Source: payments.Source{Token: payments.NewToken("pm_1")}})
			if err == nil || res.Payment.Secured() {
				t.Errorf("%v, %v", res.Payment.Status, err)
			}
		})
	}
}
