package fake_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// listed returns the references on all pages, in the order of the list.
func (b *bench) listed(req payments.ListChargesRequest) []string {
	b.t.Helper()
	var references []string
	for {
		list, next, err := b.ListCharges(b.t.Context(), req)
		if err != nil || len(list) > req.Limit {
			b.t.Fatal(len(list), err)
		}
		for _, c := range list {
			references = append(references, c.Reference)
		}
		if next == "" {
			return references
		}
		req.Cursor = next
	}
}

func TestListCharges(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	var made []string
	for range 5 {
		made = append(made, b.paid("tok_visa", len(made)%2 == 0).Reference)
		b.clock.Advance(time.Minute)
	}
	_, _ = b.authorize("tok_chargeDeclined", true)
	b.prepare(token("tok_visa"))
	if _, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: made[3]}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.refund(made[0], 250); err != nil {
		t.Fatal(err)
	}
	newest := []string{made[4], made[2], made[1], made[0]}
	for limit := 1; limit <= 5; limit++ {
		if got := b.listed(payments.ListChargesRequest{Limit: limit}); !slices.Equal(got, newest) {
			t.Errorf("by %d the list is %v, and must be %v", limit, got, newest)
		}
	}
	span := payments.ListChargesRequest{From: start.Add(time.Minute), Before: start.Add(4 * time.Minute), Limit: 100}
	if got := b.listed(span); !slices.Equal(got, []string{made[2], made[1]}) {
		t.Errorf("of the span the list is %v", got)
	}
	list, _, err := b.ListCharges(t.Context(), payments.ListChargesRequest{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	want := payments.ListedCharge{Reference: made[0], OrderID: b.order.OrderID, PaymentUID: b.order.PaymentUID, Amount: usd(1250),
		Captured: 1250, Refunded: 250, CreatedAt: start}
	if got := list[3]; got != want {
		t.Errorf("listed is %+v, and must be %+v", got, want)
	}
}

// TestListChargesGoesOn pages on while the world changes: nothing is listed twice and nothing is left out.
func TestListChargesGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	first, second := b.paid("tok_visa", true).Reference, b.paid("tok_visa", false).Reference
	list, next, err := b.ListCharges(t.Context(), payments.ListChargesRequest{Limit: 1})
	if err != nil || len(list) != 1 || list[0].Reference != second || next == "" {
		t.Fatalf("the first page is %+v, and goes on at %q (%v)", list, next, err)
	}
	b.paid("tok_visa", true)
	if _, err := b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: second}); err != nil {
		t.Fatal(err)
	}
	list, next, err = b.ListCharges(t.Context(), payments.ListChargesRequest{Limit: 1, Cursor: next})
	if err != nil || len(list) != 1 || list[0].Reference != first || next != "" {
		t.Errorf("the second page is %+v, and goes on at %q (%v)", list, next, err)
	}
}

func TestListChargesRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	b.paid("tok_visa", true)
	for name, req := range map[string]payments.ListChargesRequest{"no limit": {}, "too many": {Limit: 101},
		"no cursor": {Limit: 1, Cursor: "%"}, "a foreign cursor": {Limit: 1, Cursor: "YWZ0ZXIvY2hfMQ"}} {
		if _, _, err := b.ListCharges(t.Context(), req); !errors.Is(err, payments.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
