package payments_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/trendsic/payments"
)

func TestLists(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []payments.OrderID
	for i := range 7 {
		id := b.order(func(o *payments.Order) { o.AgentID, o.CustomerID = int64(i%2+1), int64(i%3+1) })
		ids = append(ids, id)
		tok := "tok_visa"
		if i%2 == 1 {
			tok = "tok_chargeDeclined"
		}
		_, _ = b.pay(id, tok)
		b.clock.Advance(time.Minute)
	}
	var seen []payments.OrderID
	f := payments.Filter{Limit: 3}
	for {
		page, err := b.Payments(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Payments {
			seen = append(seen, p.OrderID)
		}
		if f.BeforeID = page.Next; f.BeforeID == 0 {
			break
		}
	}
	if len(seen) != 7 || seen[0] != ids[6] || seen[6] != ids[0] {
		t.Errorf("the pages are %v", seen)
	}
	start := newClock().Now()
	for name, tt := range map[string]struct {
		f payments.Filter
		n int
	}{
		"agent":     {payments.Filter{AgentID: 1}, 4},
		"customer":  {payments.Filter{CustomerID: 3}, 2},
		"status":    {payments.Filter{Statuses: []payments.Status{payments.StatusDeclined, payments.StatusHeld}}, 3},
		"orders":    {payments.Filter{OrderIDs: ids[:2]}, 2},
		"gateway":   {payments.Filter{Gateway: "stripe"}, 0},
		"time":      {payments.Filter{CreatedFrom: start.Add(time.Minute), CreatedBefore: start.Add(3 * time.Minute)}, 2},
		"namespace": {payments.Filter{Namespace: "another"}, 7},
	} {
		if page, err := b.Payments(t.Context(), tt.f); err != nil || len(page.Payments) != tt.n {
			t.Errorf("%s: %d payments, not %d, %v", name, len(page.Payments), tt.n, err)
		}
	}
	got, err := b.PaymentsForOrders(t.Context(), append(ids, payments.OrderID{200}))
	if err != nil || len(got) != 7 || got[ids[1]].Status != payments.StatusDeclined {
		t.Errorf("for the orders: %v, %v", got, err)
	}
	if none, err := b.PaymentsForOrders(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("for no orders: %v, %v", none, err)
	}
	_, err = b.PaymentsForOrders(t.Context(), make([]payments.OrderID, 1001))
	wantField(t, err, payments.ErrInvalid, "OrderIDs")
}

func TestPaymentForOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine, empty, three, four := b.order(), b.order(), int64(3), int64(4)
	paid(b, mine)
	for _, tt := range []struct {
		name string
		req  payments.FindRequest
		err  error
	}{
		{"mine", payments.FindRequest{OrderID: mine, ForAgent: &three}, nil},
		{"anybody's", payments.FindRequest{OrderID: mine}, nil},
		{"not mine", payments.FindRequest{OrderID: mine, ForAgent: &four}, payments.ErrOrderNotFound},
		{"not there", payments.FindRequest{OrderID: payments.OrderID{250}, ForAgent: &four}, payments.ErrOrderNotFound},
		{"not paid", payments.FindRequest{OrderID: empty, ForAgent: &three}, payments.ErrPaymentNotFound},
		{"no id", payments.FindRequest{}, payments.ErrInvalid},
	} {
		p, err := b.PaymentForOrder(t.Context(), tt.req)
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || err == nil && p.OrderID != mine {
			t.Errorf("%s: %v, %v", tt.name, p.OrderID, err)
		}
	}
	b.setOrder(b.host.orders[mine], payments.ErrOrderClosed)
	if _, err := b.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: mine, ForAgent: &three}); err != nil {
		t.Errorf("a closed order's payment: %v", err)
	}
	b.setOrder(b.host.orders[mine], errors.New("down"))
	if _, err := b.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: mine, ForAgent: &three}); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("when the host cannot tell: %v", err)
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	o := b.host.orders[id]
	p, err := b.Begin(t.Context(), payments.BeginRequest{Order: o})
	if err != nil || p.Status != payments.StatusCreated || !p.Live {
		t.Fatalf("begun %+v, %v", p, err)
	}
	if again, err := b.Begin(t.Context(), payments.BeginRequest{Order: o}); err != nil || again.UID != p.UID {
		t.Errorf("begun again %+v, %v", again, err)
	}
	if res := b.mustPay(id, "tok_visa", payments.StatusPaid); res.Payment.UID != p.UID {
		t.Error("another payment was begun")
	}
	_, err = b.Begin(t.Context(), payments.BeginRequest{})
	wantField(t, err, payments.ErrInvalid, "Order.ID")
	o.ID, o.Total.Amount = payments.OrderID{77}, 0
	_, err = b.Begin(t.Context(), payments.BeginRequest{Order: o})
	wantField(t, err, payments.ErrConflict, "OrderID")
	b.agree()
}

// bound is a store inside a transaction of the host's.
type bound struct{ payments.Store }

// InTransaction says so.
func (bound) InTransaction() bool { return true }

// TestInTransaction holds that over a store bound to the host's transaction a payment begins and is read, and that no
// gateway is called.
func TestInTransaction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.order()
	in := b.WithStore(bound{b.store})
	if _, err := in.Begin(t.Context(), payments.BeginRequest{Order: b.host.orders[id]}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.PaymentForOrder(t.Context(), payments.FindRequest{OrderID: id}); err != nil {
		t.Error(err)
	}
	target := payments.Target{OrderID: id}
	for name, do := range map[string]func(context.Context) error{
		"pay": func(ctx context.Context) error { _, err := in.Pay(ctx, keyed(id, "tok_visa", "", "")); return err },
		"complete": func(ctx context.Context) error {
			_, err := in.Complete(ctx, payments.CompleteRequest{OrderID: id})
			return err
		},
		"capture": func(ctx context.Context) error {
			_, err := in.Capture(ctx, payments.CaptureCommand{Target: target})
			return err
		},
		"void": func(ctx context.Context) error {
			_, err := in.Void(ctx, payments.VoidCommand{Target: target})
			return err
		},
		"refund": func(ctx context.Context) error {
			_, err := in.Refund(ctx, payments.RefundCommand{Target: target, Key: "k"})
			return err
		},
		"accept": func(ctx context.Context) error {
			_, err := in.Accept(ctx, payments.AcceptCommand{Target: target})
			return err
		},
		"reconcile": func(ctx context.Context) error { _, err := in.Reconcile(ctx); return err },
	} {
		if err := do(t.Context()); !errors.Is(err, payments.ErrInTransaction) {
			t.Errorf("%s answers %v", name, err)
		}
	}
	if len(b.gw.Charges()) != 0 {
		t.Error("the gateway was called")
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, opts := range map[string]*payments.Options{
		"negative":       {WaitTimeout: -1},
		"short request":  {RequestTimeout: time.Second},
		"long namespace": {Namespace: string(make([]byte, 65))},
	} {
		if _, err := payments.New(b.store, b.gw, b.host, opts); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, do := range map[string]func() (*payments.Service, error){
		"store":   func() (*payments.Service, error) { return payments.New(nil, b.gw, b.host, nil) },
		"gateway": func() (*payments.Service, error) { return payments.New(b.store, nil, b.host, nil) },
		"orders":  func() (*payments.Service, error) { return payments.New(b.store, b.gw, nil, nil) },
	} {
		if _, err := do(); err == nil {
			t.Errorf("no %s is taken", name)
		}
	}
	if _, err := payments.New(b.store, b.gw, b.host, nil); err != nil {
		t.Error(err)
	}
	for _, live := range []bool{false, true} {
		for _, expected := range []bool{false, true} {
			_, err := payments.New(b.store, plain{moded{b.gw, live}}, b.host, &payments.Options{LiveMode: expected})
			if (err == nil) != (live == expected) {
				t.Errorf("a key that is live (%v) where live is %v: %v", live, expected, err)
			}
		}
	}
}

// moded is a gateway that knows the mode of its key.
type moded struct {
	payments.Gateway
	live bool
}

func (m moded) LiveMode() bool { return m.live }
