package payments_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// counting counts the calls of a store.
type counting struct {
	payments.Store
	calls atomic.Int64
}

// Apply counts.
func (c *counting) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	c.calls.Add(1)
	return c.Store.Apply(ctx, change)
}

// Find counts.
func (c *counting) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	c.calls.Add(1)
	return c.Store.Find(ctx, q)
}

// FindKey counts.
func (c *counting) FindKey(ctx context.Context, id payments.KeyID) (payments.KeyRecord, error) {
	c.calls.Add(1)
	return c.Store.FindKey(ctx, id)
}

// TestNotYoursIsNotThere is row J2: who may not see an order learns nothing, and causes no call of the store or the gateway, as
// if it were not there.
func TestNotYoursIsNotThere(t *testing.T) {
	t.Parallel()
	var store *counting
	b := setup(t, func(b *bundle, _ *payments.Options, _ *payments.Gateway) {
		store = &counting{Store: b.store}
		b.store = store
	})
	mine, four := b.order(), int64(4)
	paid(b, mine)
	store.calls.Store(0)
	charges := len(b.gw.Charges())
	for name, do := range map[string]func(id payments.OrderID) error{
		"pay": func(id payments.OrderID) error {
			req := keyed(id, "tok_visa", "p", "k")
			req.ForAgent = &four
			_, err := b.Pay(t.Context(), req)
			return err
		},
		"complete": func(id payments.OrderID) error {
			_, err := b.Complete(t.Context(), payments.CompleteRequest{OrderID: id, ForAgent: &four})
			return err
		},
		"find": func(id payments.OrderID) error {
			_, err := b.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id, ForAgent: &four})
			return err
		},
	} {
		notYours, notThere := do(mine), do(payments.OrderID{99})
		if !errors.Is(notYours, payments.ErrOrderNotFound) || notYours.Error() != notThere.Error() {
			t.Errorf("%s: %v, %v", name, notYours, notThere)
		}
	}
	if n := store.calls.Load(); n != 0 || len(b.gw.Charges()) != charges {
		t.Errorf("%d calls of the store", n)
	}
}

// TestNamespacesNeverMeet is row J5: two services on one store with different namespaces see nothing of one another's.
func TestNamespacesNeverMeet(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *bundle, o *payments.Options, _ *payments.Gateway) { o.Namespace = "one" })
	other, err := payments.New(b.store, b.gw, b.host, &payments.Options{Namespace: "two", Clock: b.clock})
	must(t, err)
	for i := range 250 {
		id := b.order(func(o *payments.Order) { o.CustomerID = 7 })
		b.next = byte(i)
		res, err := b.Pay(t.Context(), keyed(id, "tok_visa", "p", id.String()))
		must(t, err)
		refundAll(b, id, id.String(), 1)
		for name, err := range map[string]error{
			"by order": second(other.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id})),
			"by uid":   second(other.Find(t.Context(), payments.Target{PaymentUID: res.Payment.UID})),
			"refund":   second(other.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{PaymentUID: res.Payment.UID}, Key: id.String()})),
			"void":     second(other.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: id}})),
		} {
			if !errors.Is(err, payments.ErrPaymentNotFound) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	page, err := other.Payments(t.Context(), payments.Filter{Namespace: "one", CustomerID: 7})
	must(t, err)
	events, err := other.Events(t.Context(), 0, 10)
	must(t, err)
	saved, err := other.SavedMethods(t.Context(), 7)
	must(t, err)
	report, err := other.Reconcile(t.Context())
	must(t, err)
	if len(page.Payments)+len(events)+len(saved)+report.Looked != 0 {
		t.Errorf("the other namespace sees %d payments, %d events, %d cards, %d due", len(page.Payments), len(events), len(saved), report.Looked)
	}
}

func second[T any](_ T, err error) error { return err }

// luhn returns a card number of n digits that passes the check.
func luhn(rng *rand.Rand, n int) string {
	digits := []byte{"3456"[rng.IntN(4)]}
	for len(digits) < n-1 {
		digits = append(digits, byte('0'+rng.IntN(10)))
	}
	for check := byte('0'); ; check++ {
		if number := string(append(digits, check)); payments.NewCardNumber(number).Valid() {
			return number
		}
	}
}

// TestOnlyLastFour is row I3: of a card number of any length no more than the last four digits is ever answered, told, or stored.
func TestOnlyLastFour(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	numbers := 10_000
	if testing.Short() {
		numbers = 1000
	}
	shown := map[int]int{}
	var b *bundle
	for i := range numbers {
		if i%500 == 0 {
			// A new shop now and then: rows cost time.
			b = setup(t)
		}
		number := luhn(rng, 12+i%8)
		shown[len(number)] += onlyLastFour(t, b, i, number)
	}
	for n := 12; n <= 19; n++ {
		if shown[n] < numbers/8/2 {
			t.Errorf("only %d of %d numbers of %d digits were shown at all", shown[n], numbers/8, n)
		}
	}
	matrix.Count(t, "I3", numbers)
}

// onlyLastFour pays with a number, and returns 1 if its last four digits are in the answer.
func onlyLastFour(t *testing.T, b *bundle, i int, number string) int {
	t.Helper()
	n, last4 := payments.NewCardNumber(number), number[len(number)-4:]
	if got := n.Last4(); got != last4 {
		t.Fatalf("a number of %d digits shows %q", len(number), got)
	}
	id := b.orderOf(i)
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: payments.Source{Card: &payments.Card{Number: n, Expiry: payments.Expiry{Month: 12, Year: 2030}}}})
	if err != nil && !errors.Is(err, payments.ErrDeclined) {
		t.Fatal(err)
	}
	rec := b.record(id)
	events, listErr := b.Events(t.Context(), 0, 10)
	must(t, listErr)
	text, jsonErr := json.Marshal([]any{res, rec, events, fmt.Sprint(err)})
	must(t, jsonErr)
	// The module's and the gateway's own ids are no part of a card, but chance may write five of its digits in one.
	for at := 0; at+5 <= len(number); at++ {
		part := number[at : at+5]
		if strings.Contains(string(text), part) && strings.Contains(ids.ReplaceAllString(string(text), ""), part) {
			t.Fatalf("five digits of %s are in %s", number, text)
		}
	}
	if rec.Payment.Method.Last4 != "" && rec.Payment.Method.Last4 != last4 || res.Payment.Method != rec.Payment.Method {
		t.Fatalf("the row of %s has %q", number, rec.Payment.Method.Last4)
	}
	if strings.Contains(string(text), `"`+last4+`"`) {
		return 1
	}
	return 0
}

// ids are the ids in an answer: UUIDs, order ids, the fake's objects, digests, the bank's approval code.
var ids = regexp.MustCompile(`"AuthCode":"[0-9]*"|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,64}|[a-z]+_fake_[a-z0-9_]+`)
