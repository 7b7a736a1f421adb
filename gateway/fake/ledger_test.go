package fake_test

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestLedgerAsJSON(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	b.paid("tok_visa", true)
	text, err := json.Marshal(b.Ledger())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"` + b.order.OrderID.String() + `":{"charges":1,"captured":1250,"refunded":0,"currency":"USD"}}`
	if string(text) != want {
		t.Errorf("the ledger is %s, and must be %s", text, want)
	}
}

func TestCharges(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	in := b.prepare(token("tok_chargeDeclined"))
	_, _ = b.confirm(in.Reference)
	_, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, Amount: usd(1250), Source: token("tok_visa"), Capture: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.confirm(in.Reference)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.refund(in.Reference, 250); err != nil {
		t.Fatal(err)
	}
	list := b.Charges()
	if len(list) != 2 || list[0].Status != fake.ChargeFailed || list[1].Status != fake.ChargeCaptured {
		t.Fatalf("the charges are %+v", list)
	}
	c := list[1]
	if c.ID != s.Attempt || c.Reference != in.Reference || c.OrderID != b.order.OrderID || c.PaymentUID != b.order.PaymentUID ||
		c.Amount != usd(1250) || c.Captured != 1250 || c.Refunded != 250 || len(c.RefundUIDs) != 1 {
		t.Errorf("the charge is %+v", c)
	}
}

func TestDoubleCharged(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	first := b.paid("tok_visa", true)
	if got := b.DoubleCharged(); len(got) != 0 {
		t.Errorf("one charge is called two: %v", got)
	}
	b.paid("tok_visa", false)
	if got := b.DoubleCharged(); len(got) != 1 {
		t.Errorf("two charges are not seen: %v", got)
	}
	if _, err := b.refund(first.Reference, 1250); err != nil {
		t.Fatal(err)
	}
	if got := b.DoubleCharged(); len(got) != 0 {
		t.Errorf("a charge that went back counts: %v", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	const orders, tries = 20, 6
	var wg sync.WaitGroup
	for n := range orders {
		for range tries {
			wg.Go(func() {
				// Every try of one order uses one key: one charge each, whatever the order of events.
				_, err := b.Authorize(background, payments.AuthorizeRequest{PaymentRef: ref(n), Key: "order-" + strconv.Itoa(n),
					Amount: usd(100), Source: token("tok_visa"), Capture: true})
				if err != nil {
					t.Error(err)
				}
				_ = b.Ledger()
				_ = b.Events()
			})
		}
	}
	wg.Wait()
	for id, e := range b.Ledger() {
		if e.Charges != 1 || e.Captured != 100 {
			t.Errorf("order %s: %+v", id, e)
		}
	}
	if got := len(b.Ledger()); got != orders {
		t.Errorf("there are %d orders", got)
	}
}
