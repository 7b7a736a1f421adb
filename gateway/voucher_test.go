package gateway_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/gatewaytest"
)

// vouchers is a whole gateway: payers pay with vouchers, whose codes are the tokens. It keeps no object before money moves,
// so it is no payments.IntentGateway; it has no network, so no outcome is unknown but that of an ended context.
type vouchers struct {
	mu       sync.Mutex
	credit   map[string]int64 // by code, in minor units
	payments []*payments.Snapshot
	keys     map[string]voucherAnswer
}

// voucherAnswer is what was answered under a key. A processor keeps this for us; vouchers is its own processor.
type voucherAnswer struct {
	request  any
	snapshot payments.Snapshot
	err      error
}

func newVouchers(credit map[string]int64) *vouchers {
	return &vouchers{credit: credit, keys: map[string]voucherAnswer{}}
}

// Name is the gateway's name.
func (*vouchers) Name() string { return "vouchers" }

// refuse is a definite refusal.
func (v *vouchers) refuse(code payments.Code, message string) error {
	return &payments.Error{Op: "vouchers", Gateway: v.Name(), Code: code, GatewayCode: "refused", Message: message,
		Outcome: payments.OutcomeNotApplied}
}

// once answers a request from its key, or does it.
func (v *vouchers) once(ctx context.Context, key string, request any, do func() (*payments.Snapshot, error)) (payments.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return payments.Snapshot{}, payments.NewError(payments.Error{Gateway: v.Name(), Code: payments.ErrUnknown}, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if a, ok := v.keys[key]; ok {
		if a.request != request {
			return payments.Snapshot{}, v.refuse(payments.ErrGatewayRejected, "the key came with another request")
		}
		return a.snapshot, a.err
	}
	var s payments.Snapshot
	p, err := do()
	if p != nil {
		s = *p
		s.Refunds = append([]payments.RefundSnapshot(nil), p.Refunds...)
	}
	if key != "" {
		v.keys[key] = voucherAnswer{request, s, err}
	}
	return s, err
}

// find returns the payment of a reference.
func (v *vouchers) find(reference string) (*payments.Snapshot, error) {
	for _, p := range v.payments {
		if p.Reference == reference {
			return p, nil
		}
	}
	return nil, v.refuse(payments.ErrPaymentNotFound, "There is no such payment.")
}

// Authorize takes or reserves a voucher's credit.
func (v *vouchers) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	code := req.Source.Token.Reveal()
	type plain struct { // a request as it can be compared: a Token cannot
		ref     payments.PaymentRef
		amount  payments.Money
		code    string
		capture bool
	}
	return v.once(ctx, req.Key, plain{req.PaymentRef, req.Amount, code, req.Capture}, func() (*payments.Snapshot, error) {
		credit, known := v.credit[code]
		switch {
		case req.Source.Card != nil, req.Amount.Amount < 1, req.Amount.Currency != "EUR":
			return nil, v.refuse(payments.ErrUnsupported, "Only vouchers in euros are taken.")
		case !known:
			return nil, v.refuse(payments.ErrInvalid, "There is no such voucher.")
		case credit < req.Amount.Amount:
			return nil, v.refuse(payments.ErrDeclined, "The voucher has not enough credit.")
		}
		v.credit[code] -= req.Amount.Amount
		s := &payments.Snapshot{Reference: "v_" + rand.Text(), Attempt: "a_" + rand.Text(), Status: payments.StatusAuthorized,
			Amount: req.Amount, OrderID: req.OrderID, PaymentUID: req.PaymentUID}
		if req.Capture {
			s.Status, s.Captured = payments.StatusPaid, req.Amount.Amount
		}
		v.payments = append(v.payments, s)
		return s, nil
	})
}

// Capture takes reserved credit.
func (v *vouchers) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	return v.once(ctx, req.Key, req, func() (*payments.Snapshot, error) {
		s, err := v.find(req.Reference)
		switch {
		case err != nil || s.Status == payments.StatusPaid:
			return s, err
		case s.Status != payments.StatusAuthorized || req.Amount.Amount > s.Amount.Amount:
			return s, v.refuse(payments.ErrConflict, "Not so much is reserved.")
		}
		s.Status, s.Captured = payments.StatusPaid, req.Amount.Amount
		return s, nil
	})
}

// Void releases reserved credit.
func (v *vouchers) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return v.once(ctx, req.Key, req, func() (*payments.Snapshot, error) {
		s, err := v.find(req.Reference)
		switch {
		case err != nil:
			return nil, err
		case s.Status == payments.StatusPaid:
			return s, v.refuse(payments.ErrConflict, "The payment was captured.")
		}
		s.Status = payments.StatusCanceled
		return s, nil
	})
}

// Refund gives captured credit back.
func (v *vouchers) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	return v.once(ctx, req.Key, req, func() (*payments.Snapshot, error) {
		s, err := v.find(req.Reference)
		if err != nil {
			return nil, err
		}
		left := s.Captured
		for _, r := range s.Refunds {
			left -= r.Amount
		}
		if req.Amount.Amount > left {
			return s, v.refuse(payments.ErrConflict, "Not so much is left.")
		}
		s.Refunds = append(s.Refunds, payments.RefundSnapshot{Reference: "r_" + rand.Text(), RefundUID: req.RefundUID,
			Amount: req.Amount.Amount, Status: payments.RefundSucceeded})
		return s, nil
	})
}

// Fetch reads one payment.
func (v *vouchers) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return v.once(ctx, "", nil, func() (*payments.Snapshot, error) {
		for _, p := range v.payments {
			if req.Reference == "" && p.PaymentUID == req.PaymentUID {
				return p, nil
			}
		}
		return v.find(req.Reference)
	})
}

// voucherHarness is all that the suite needs.
func voucherHarness() gatewaytest.Harness {
	return gatewaytest.Harness{Parallel: true, New: func(context.Context) (*gatewaytest.Subject, error) {
		return &gatewaytest.Subject{
			Gateway: newVouchers(map[string]int64{"FULL": 1_000_000, "EMPTY": 0}),
			Money:   payments.Money{Amount: 2500, Currency: "EUR"},
			Approve: payments.NewToken("FULL"), Decline: payments.NewToken("EMPTY"),
			NoCards: true,
		}, nil
	}}
}

func TestVouchersConform(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, voucherHarness())
}

// A gateway outside a test is checked by Verify.
func Example() {
	fmt.Println(gatewaytest.Verify(context.Background(), voucherHarness()))
	// Output: <nil>
}

// Errors say what happened to the money.
func Example_outcome() {
	g := newVouchers(map[string]int64{"EMPTY": 0})
	_, err := g.Authorize(context.Background(), payments.AuthorizeRequest{Key: "k1", Amount: payments.Money{Amount: 500, Currency: "EUR"},
		Source: payments.Source{Token: payments.NewToken("EMPTY")}, Capture: true})
	fmt.Println(errors.Is(err, payments.ErrDeclined), payments.OutcomeOf(err))
	// Output: true not applied
}
