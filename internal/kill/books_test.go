package kill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/invariant"
)

// ledger is the emulator's, as package invariant reads one, with the keys of the requests that took the money.
type ledger struct {
	*stripetest.Server
	asked *sent
}

// Charges lists every try to take money.
func (l ledger) Charges() []fake.Charge {
	var list []fake.Charge
	for _, ch := range l.Server.Charges() {
		order, _ := payments.ParseOrderID(ch.Order) // an order that is none has no row, and is found so
		item := fake.Charge{ID: ch.ID, Reference: ch.Intent, OrderID: order, PaymentUID: ch.Metadata["payment_uid"], Invoice: ch.Invoice,
			Status: fake.ChargeStatus(ch.Status), Captured: ch.Captured, Refunded: ch.Refunded, At: time.Unix(ch.Created, 0),
			Amount: payments.Money{Amount: ch.Amount, Currency: payments.Currency(strings.ToUpper(ch.Currency))}}
		if item.Status != fake.ChargeFailed {
			item.Key = l.asked.took(ch.Intent)
		}
		for _, r := range ch.Refunds {
			if r.Status != "failed" && r.Status != "canceled" {
				item.RefundUIDs = append(item.RefundUIDs, r.Metadata["refund_uid"])
			}
		}
		list = append(list, item)
	}
	return list
}

// sent gathers the keys under which money was asked for at the gateway.
type sent struct {
	mu    sync.Mutex
	keys  map[string]bool
	takes map[string]string // by intent, the key under which it was confirmed
}

func (s *sent) add(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[string]bool{}
	}
	s.keys[key] = true
}

// found is what the end of a test saw.
type found struct {
	payments, secured, refunds, charges, keys int
	byStatus                                  map[string]int
	declinedAtBank                            map[int]bool
}

// confirmed notes that a request to confirm, whose path this is, was carried out under the key. The last one that is answered
// with success took the money: an intent that has it refuses any other.
func (s *sent) confirmed(path, key string) {
	intent, ok := strings.CutSuffix(strings.TrimPrefix(path, "/v1/payment_intents/"), "/confirm")
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.takes == nil {
		s.takes = map[string]string{}
	}
	s.takes[intent] = key
}

// took returns the key under which the intent was confirmed, nothing where that is not known.
func (s *sent) took(intent string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takes[intent]
}

// String tells it in one line.
func (f found) String() string {
	return fmt.Sprintf("%d payments (%v), %d secured, %d charges, %d refunds; money was asked for under %d keys", f.payments, f.byStatus, f.secured, f.charges, f.refunds, f.keys)
}

// settle lets time go by after the faults, reconciles, lets the clients repeat what they asked, and holds the rows against the
// books: I1 to I4 and all that package invariant knows of a settled moment, and I9: whatever was asked of the gateway has its
// row, after every crash. The orders are those below a number.
func settle(t *testing.T, s *shop, c *clock, orders int, books invariant.Books, asked *sent) found {
	t.Helper()
	ctx := t.Context()
	reconcile(t, s, c, time.Minute, 5*time.Minute, 20*time.Minute)
	repeat(t, s, orders)
	reconcile(t, s, c, time.Minute, 20*time.Minute, time.Hour, 25*time.Hour, 25*time.Hour)
	broken, err := invariant.Check(ctx, s.direct, books, invariant.Settled)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range broken {
		if i < 20 {
			t.Errorf("seed %d: %v", *seed, v)
		}
	}
	f := found{byStatus: map[string]int{}, declinedAtBank: map[int]bool{}}
	stored := f.read(t, ctx, s.direct)
	for _, ch := range books.Charges() {
		if ch.Status == fake.ChargeFailed {
			f.declinedAtBank[orderNumber(ch.OrderID)] = true
		} else {
			f.charges++
		}
	}
	for key := range asked.keys {
		if uid, _, _ := strings.Cut(key, ":"); !stored[uid] {
			t.Errorf("I9: the gateway was asked for money under %s, and no row has it", key)
		}
	}
	f.keys = len(asked.keys)
	if f.secured == 0 || f.refunds == 0 || f.charges == 0 || f.keys == 0 {
		t.Errorf("too little happened to prove anything: %v", f)
	}
	return f
}

// reconcile reconciles after each of these times.
func reconcile(t *testing.T, s *shop, c *clock, after ...time.Duration) {
	t.Helper()
	for _, d := range after {
		c.advance(d)
		if r, err := s.direct.Reconcile(t.Context()); err != nil {
			t.Fatalf("reconcile: %+v, %v", r, err)
		}
	}
}

// repeated is how many orders are paid again in the end, the newest.
const repeated = 200

// repeat pays the newest orders again, and refunds some: whatever happened to them, that goes well now.
func repeat(t *testing.T, s *shop, orders int) {
	t.Helper()
	for n := max(0, orders-repeated); n < orders; n++ {
		res, err := s.of(n).Pay(t.Context(), payments.PayRequest{OrderID: orderID(n), Source: payments.Source{Token: payments.NewToken(tokenOf(n))}})
		p := res.Payment
		switch {
		case n%8 == declining && errors.Is(err, payments.ErrDeclined), n%8 == asking && err == nil && p.Status == payments.StatusRequiresAction:
		case n%8 == declining, n%8 == asking, err != nil, !p.Secured():
			t.Errorf("order %d is paid again: %v, %v", n, p.Status, err)
		case n%8 == 0:
			_, err := s.of(n).Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: orderID(n)}, Key: fmt.Sprint("repeat ", n),
				Amount: payments.Money{Amount: 100, Currency: price.Currency}})
			if err != nil {
				t.Errorf("order %d is refunded: %v", n, err)
			}
		}
	}
}

// read counts the rows, and returns the transactions that are stored.
func (f *found) read(t *testing.T, ctx context.Context, svc *payments.Service) map[string]bool {
	t.Helper()
	stored := map[string]bool{}
	for filter := (payments.Filter{Limit: 500}); ; {
		page, err := svc.Payments(ctx, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Payments {
			rec, err := svc.Find(ctx, payments.Target{PaymentUID: p.UID})
			if err != nil {
				t.Fatal(err)
			}
			for _, tx := range rec.Transactions {
				stored[tx.UID] = true
			}
			f.payments++
			f.refunds += len(rec.Refunds)
			f.byStatus[p.Status.String()]++
			if p.Secured() {
				f.secured++
			}
		}
		if filter.BeforeID = page.Next; filter.BeforeID == 0 {
			return stored
		}
	}
}
