package gatewaytest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// broken is a fake gateway that does one thing wrong. It embeds the fake, so that it has all capabilities.
type broken struct {
	*fake.Gateway
	// before may change what is asked: op is the operation, req a pointer to the request. It may answer instead.
	before func(ctx context.Context, op string, req any) (payments.Snapshot, error, bool)
	// after may change what is answered.
	after func(op string, s payments.Snapshot, err error) (payments.Snapshot, error)
	name  func() string
	limit func(payments.Money) error
}

func (b *broken) Name() string {
	if b.name != nil {
		return b.name()
	}
	return b.Gateway.Name()
}

func (b *broken) Limit(m payments.Money) error {
	if b.limit != nil {
		return b.limit(m)
	}
	return b.Gateway.Limit(m)
}

// through runs one call with before and after.
func through[R any](ctx context.Context, b *broken, op string, req R,
	call func(context.Context, R) (payments.Snapshot, error)) (payments.Snapshot, error) {
	var s payments.Snapshot
	var err error
	done := false
	if b.before != nil {
		s, err, done = b.before(ctx, op, &req)
	}
	if !done {
		s, err = call(ctx, req)
	}
	if b.after != nil {
		return b.after(op, s, err)
	}
	return s, err
}

func (b *broken) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	return through(ctx, b, "authorize", req, b.Gateway.Authorize)
}

func (b *broken) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	return through(ctx, b, "prepare", req, b.Gateway.Prepare)
}

func (b *broken) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	return through(ctx, b, "confirm", req, b.Gateway.Confirm)
}

func (b *broken) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	return through(ctx, b, "capture", req, b.Gateway.Capture)
}

func (b *broken) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return through(ctx, b, "void", req, b.Gateway.Void)
}

func (b *broken) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	return through(ctx, b, "refund", req, b.Gateway.Refund)
}

func (b *broken) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return through(ctx, b, "fetch", req, b.Gateway.Fetch)
}

// asks is a gateway broken in what it asks.
func asks(change func(op string, req any)) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, before: func(_ context.Context, op string, req any) (payments.Snapshot, error, bool) {
			change(op, req)
			return payments.Snapshot{}, nil, false
		}}
	}
}

// answers is a gateway broken in what it answers.
func answers(after func(op string, s payments.Snapshot, err error) (payments.Snapshot, error)) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway { return &broken{Gateway: g, after: after} }
}

// shows is a gateway broken in its snapshots.
func shows(change func(op string, s *payments.Snapshot)) func(*fake.Gateway) payments.Gateway {
	return answers(func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		change(op, &s)
		return s, err
	})
}

// fails is a gateway broken in its errors.
func fails(change func(op string, e payments.Error) error) func(*fake.Gateway) payments.Gateway {
	return answers(func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		var e *payments.Error
		if errors.As(err, &e) {
			err = change(op, *e)
		}
		return s, err
	})
}

// freshKey puts another idempotency key into a request.
func freshKey(_ string, req any) {
	key := rand.Text()
	switch r := req.(type) {
	case *payments.AuthorizeRequest:
		r.Key = key
	case *payments.PrepareRequest:
		r.Key = key
	case *payments.ConfirmRequest:
		r.Key = key
	case *payments.CaptureRequest:
		r.Key = key
	case *payments.VoidRequest:
		r.Key = key
	case *payments.RefundRequest:
		r.Key = key
	}
}

// onlyKey puts another key into one kind of request.
func onlyKey(op string) func(*fake.Gateway) payments.Gateway {
	return asks(func(called string, req any) {
		if called == op {
			freshKey(op, req)
		}
	})
}

func capturesEverything(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.CaptureRequest); ok {
			if s, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference}); err == nil && r.Amount.Amount < s.Amount.Amount {
				r.Amount = s.Amount
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

func refundsTheRest(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.RefundRequest); ok {
			if s, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference}); err == nil {
				for _, refund := range s.Refunds {
					s.Captured -= refund.Amount
				}
				r.Amount.Amount = min(r.Amount.Amount, s.Captured)
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

// refusesSecond answers ErrConflict to the second request of a kind for one payment.
func refusesSecond(refused string) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway {
		var mu sync.Mutex
		seen := map[string]bool{}
		return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
			mu.Lock()
			defer mu.Unlock()
			if op != refused || err != nil {
				return s, err
			}
			if seen[s.Reference] {
				return s, &payments.Error{Code: payments.ErrConflict, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}
			}
			seen[s.Reference] = true
			return s, nil
		}}
	}
}

func chargesAtPrepare(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if op != "prepare" || err != nil {
			return s, err
		}
		return g.Confirm(context.Background(), payments.ConfirmRequest{Key: rand.Text(), Reference: s.Reference})
	}}
}

func chargesAnew(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		r, ok := req.(*payments.ConfirmRequest)
		if !ok {
			return payments.Snapshot{}, nil, false
		}
		was, _ := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference})
		if was.Status != payments.StatusPaid {
			return payments.Snapshot{}, nil, false
		}
		s, err := g.Authorize(ctx, payments.AuthorizeRequest{PaymentRef: payments.PaymentRef{OrderID: was.OrderID}, Key: r.Key,
			Amount: was.Amount, Source: payments.Source{Token: payments.NewToken("tok_visa")}, Capture: true})
		return s, err, true
	}}
}

func ignoresContext(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if ctx.Err() != nil {
			if r, ok := req.(*payments.AuthorizeRequest); ok {
				s, err := g.Authorize(context.Background(), *r)
				return s, err, true
			}
		}
		return payments.Snapshot{}, nil, false
	}, after: func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, context.DeadlineExceeded) {
			return s, nil
		}
		return s, err
	}}
}

func waitsForEver(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, _ any) (payments.Snapshot, error, bool) {
		if ctx.Err() != nil {
			<-make(chan struct{}) // the goroutine is lost, as with the gateway that it stands for
		}
		return payments.Snapshot{}, nil, false
	}}
}

func printsToken(g *fake.Gateway) payments.Gateway {
	var mu sync.Mutex
	token := ""
	return &broken{Gateway: g, before: func(_ context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if r, ok := req.(*payments.AuthorizeRequest); ok {
			token = r.Source.Token.Reveal()
		}
		return payments.Snapshot{}, nil, false
	}, after: func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		mu.Lock()
		defer mu.Unlock()
		var e *payments.Error
		if errors.As(err, &e) {
			told := *e
			told.Message = "refused: " + token
			err = &told
		}
		return s, err
	}}
}

func countsReads(g *fake.Gateway) payments.Gateway {
	var mu sync.Mutex
	var reads int64
	return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		mu.Lock()
		defer mu.Unlock()
		if op == "fetch" {
			reads++
			s.DecidedAt = s.DecidedAt.Add(time.Duration(reads))
		}
		return s, err
	}}
}

func mixesUp(g *fake.Gateway) payments.Gateway {
	var mu sync.Mutex
	var first payments.Snapshot
	return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		mu.Lock()
		defer mu.Unlock()
		if first.Reference == "" {
			first = s
		}
		if op == "fetch" && err == nil {
			return first, nil
		}
		return s, err
	}}
}

// noCard hides that the fake takes raw cards while it takes them.
type noCard struct{ *broken }

func (noCard) TakesRawCards() bool { return false }

func takesNoCard(g *fake.Gateway) payments.Gateway { return noCard{&broken{Gateway: g}} }

func voidsCaptured(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if op == "void" && errors.Is(err, payments.ErrConflict) {
			s.Status = payments.StatusCanceled
			return s, nil
		}
		return s, err
	}}
}

func paysAnyhow(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.ConfirmRequest); ok {
			if s, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference}); err == nil && s.Method.ID == "" {
				_, err = g.Prepare(ctx, payments.PrepareRequest{PaymentRef: r.PaymentRef, Key: rand.Text(), Reference: r.Reference,
					Amount: s.Amount, Source: payments.Source{Token: payments.NewToken("tok_visa")}, Capture: true})
				return s, err, err != nil
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

// readsCache answers each Fetch with what it knew first.
func readsCache(g *fake.Gateway) payments.Gateway {
	var mu sync.Mutex
	known := map[string]payments.Snapshot{}
	return &broken{Gateway: g, after: func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		mu.Lock()
		defer mu.Unlock()
		was, ok := known[s.Reference]
		if !ok {
			known[s.Reference] = s
		}
		if op == "fetch" && ok {
			return was, err
		}
		return s, err
	}}
}

func voidsReserved(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.VoidRequest); ok {
			if s, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference}); err == nil && s.Status != payments.StatusAuthorized {
				return s, &payments.Error{Code: payments.ErrConflict, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}, true
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

func mergesRefunds(g *fake.Gateway) payments.Gateway {
	return &broken{Gateway: g, before: func(ctx context.Context, _ string, req any) (payments.Snapshot, error, bool) {
		if r, ok := req.(*payments.RefundRequest); ok {
			s, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference})
			for _, refund := range s.Refunds {
				if refund.Amount == r.Amount.Amount {
					return s, err, true
				}
			}
		}
		return payments.Snapshot{}, nil, false
	}}
}

// refusesFetch answers some reads with an error.
func refusesFetch(refused func(payments.FetchRequest) bool, code payments.Code) func(*fake.Gateway) payments.Gateway {
	return func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, before: func(_ context.Context, _ string, req any) (payments.Snapshot, error, bool) {
			if r, ok := req.(*payments.FetchRequest); ok && refused(*r) {
				return payments.Snapshot{}, &payments.Error{Code: code, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}, true
			}
			return payments.Snapshot{}, nil, false
		}}
	}
}
