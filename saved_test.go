package payments_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// customerOrder adds an order of customer 9's.
func (b *bundle) customerOrder() payments.OrderID {
	return b.order(func(o *payments.Order) { o.CustomerID = 9 })
}

// TestSavedByTheNextCard holds that a payer who wants his way to pay saved has the next card saved when the first is declined, and that
// what is listed as saved can be charged without him.
func TestSavedByTheNextCard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.customerOrder()
	_, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Source: token("tok_chargeDeclined"), Saving: payments.Saving{Save: true}})
	if !errors.Is(err, payments.ErrDeclined) {
		t.Fatal(err)
	}
	for _, next := range []string{"tok_chargeDeclined", "tok_visa"} {
		b.clock.Advance(time.Second)
		_, err = b.Complete(t.Context(), payments.CompleteRequest{OrderID: id, Source: token(next)})
	}
	must(t, err)
	list, err := b.SavedMethods(t.Context(), 9)
	if err != nil || len(list) != 1 {
		t.Fatalf("saved are %+v, %v", list, err)
	}
	res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: b.customerOrder(), Source: token(list[0].ID), Saving: payments.Saving{OffSession: true}})
	must(t, err)
	b.want(res.Payment, payments.StatusPaid)
}

// TestNotSaved holds that a way to pay is not listed as saved which the payer wanted saved first and then did not, though the gateway's
// object keeps its customer.
func TestNotSaved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.customerOrder()
	for _, save := range []bool{true, false} {
		b.clock.Advance(time.Second)
		res, err := b.Pay(t.Context(), payments.PayRequest{OrderID: id, Saving: payments.Saving{Save: save}})
		must(t, err)
		if !save {
			b.authenticate(res, fake.AuthPass, "tok_visa")
		}
	}
	if p := b.complete(id, payments.StatusPaid).Payment; p.GatewayCustomer == "" || p.Method.Last4 != "4242" || p.Method.ID != "" {
		t.Errorf("the payment is of customer %q with %+v", p.GatewayCustomer, p.Method)
	}
	if list, err := b.SavedMethods(t.Context(), 9); err != nil || len(list) > 0 {
		t.Errorf("saved are %+v, %v", list, err)
	}
}
