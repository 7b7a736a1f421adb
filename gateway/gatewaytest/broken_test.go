package gatewaytest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/gateway/gatewaytest"
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

// brokenGateways are gateways broken on purpose, by what is wrong, with the checks that must name them.
var brokenGateways = map[string]struct {
	wrap func(*fake.Gateway) payments.Gateway
	want []string
}{
	"has no name": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, name: func() string { return "" }}
	}, []string{"name"}},
	"changes its name": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, name: rand.Text}
	}, []string{"name"}},
	"makes a new key for each request":   {asks(freshKey), []string{"key-authorize", "key-refund", "lost-authorize", "one-key-at-once"}},
	"makes a new key for each Authorize": {onlyKey("authorize"), []string{"key-authorize", "decline-replay", "key-reused"}},
	"makes a new key for each Prepare":   {onlyKey("prepare"), []string{"key-prepare"}},
	"makes a new key for each Refund":    {onlyKey("refund"), []string{"key-refund", "lost-refund"}},
	"makes another object at each Prepare": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.PrepareRequest); ok {
			r.Reference = ""
		}
	}), []string{"prepare-updates", "decline-retry", "prepare-unknown"}},
	"always captures": {asks(func(_ string, req any) {
		switch r := req.(type) {
		case *payments.AuthorizeRequest:
			r.Capture = true
		case *payments.PrepareRequest:
			r.Capture = true
		}
	}), []string{"reserves", "confirm-reserves", "void-reserved"}},
	"never captures": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.AuthorizeRequest); ok {
			r.Capture = false
		}
	}), []string{"pays"}},
	"drops the order": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.AuthorizeRequest); ok {
			r.OrderID = payments.OrderID{}
		}
	}), []string{"snapshot-complete"}},
	"drops the refund's id": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.RefundRequest); ok {
			r.RefundUID = ""
		}
	}), []string{"refund-listed", "lost-refund"}},
	"captures everything":                     {capturesEverything, []string{"capture-part"}},
	"refunds what is left when more is asked": {refundsTheRest, []string{"refund-too-much"}},
	"refuses a second capture":                {refusesSecond("capture"), []string{"capture-twice", "key-capture"}},
	"refuses a second void":                   {refusesSecond("void"), []string{"void-twice", "key-void"}},
	"charges at Prepare":                      {chargesAtPrepare, []string{"prepare-moves-nothing"}},
	"charges anew at each Confirm":            {chargesAnew, []string{"confirm-once", "confirm-at-once"}},
	"ignores the context":                     {ignoresContext, []string{"context-ended", "context-ends"}},
	"waits for ever":                          {waitsForEver, []string{"context-ended"}},
	"panics at a decline": {answers(func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrDeclined) {
			panic("declined")
		}
		return s, err
	}), []string{"decline-outcome"}},
	"says unknown of a decline": {fails(func(_ string, e payments.Error) error {
		if e.Code == payments.ErrDeclined {
			e.Outcome = payments.OutcomeUnknown
		}
		return &e
	}), []string{"decline-outcome"}},
	"says a lost answer was not applied": {fails(func(_ string, e payments.Error) error {
		e.Outcome = payments.OutcomeNotApplied
		return &e
	}), []string{"lost-authorize", "lost-confirm", "lost-capture", "lost-void", "lost-refund", "context-ends"}},
	"says unknown of everything": {fails(func(_ string, e payments.Error) error {
		e.Outcome = payments.OutcomeUnknown
		return &e
	}), []string{"decline-outcome", "void-captured", "unknown-token", "limits-hold"}},
	"answers a decline without an error": {answers(func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrDeclined) {
			err = nil
		}
		return s, err
	}), []string{"decline-outcome", "decline-truth"}},
	"makes an action an error": {answers(func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if s.Status == payments.StatusRequiresAction && op == "confirm" {
			return s, &payments.Error{Code: payments.ErrDeclined, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}
		}
		return s, err
	}), []string{"action-asked"}},
	"answers lost reads with not found": {fails(func(op string, e payments.Error) error {
		if op == "fetch" {
			e.Code = payments.ErrPaymentNotFound
		}
		return &e
	}), []string{"lost-fetch"}},
	"answers not found with unknown": {fails(func(_ string, e payments.Error) error {
		if e.Code == payments.ErrPaymentNotFound {
			e.Code = payments.ErrUnknown
		}
		return &e
	}), []string{"fetch-missing"}},
	"wraps its errors": {fails(func(_ string, e payments.Error) error { return fmt.Errorf("gateway: %w", &e) }), []string{"error-shape"}},
	"prints the cause": {fails(func(_ string, e payments.Error) error {
		e.Message = "connection reset by 10.0.0.1"
		return payments.NewError(e, errors.New("connection reset by 10.0.0.1"))
	}), []string{"errors-hide-causes"}},
	"prints the token":       {printsToken, []string{"errors-keep-secrets"}},
	"shows no client secret": {shows(func(_ string, s *payments.Snapshot) { s.NextAction = nil }), []string{"payer-confirms", "action-asked", "action-read-again"}},
	"stores the client secret as the message": {shows(func(_ string, s *payments.Snapshot) {
		if s.NextAction != nil {
			s.Message = "go on with " + s.NextAction.ClientSecret.Reveal()
		}
	}), []string{"action-redacted"}},
	"has one attempt for all tries": {shows(func(_ string, s *payments.Snapshot) { s.Attempt = "ch_1" }), []string{"decline-attempt", "payments-apart"}},
	"shows no card":                 {shows(func(_ string, s *payments.Snapshot) { s.Method = payments.PaymentMethod{} }), []string{"snapshot-complete"}},
	"shows no refunds":              {shows(func(_ string, s *payments.Snapshot) { s.Refunds = nil }), []string{"refund-listed", "refund-several"}},
	"counts yen in hundredths": {shows(func(_ string, s *payments.Snapshot) {
		if s.Amount.Currency == "JPY" {
			s.Amount.Amount *= 100
		}
	}), []string{"currencies"}},
	"reports paid before it is captured": {shows(func(_ string, s *payments.Snapshot) {
		if s.Status == payments.StatusAuthorized {
			s.Status = payments.StatusPaid
		}
	}), []string{"reserves", "confirm-reserves"}},
	"forgets a decline": {shows(func(op string, s *payments.Snapshot) {
		if op == "fetch" && s.Status == payments.StatusDeclined {
			s.Status = payments.StatusCreated
		}
	}), []string{"decline-truth", "action-failed"}},
	"counts its reads":  {countsReads, []string{"fetch-changes-nothing"}},
	"mixes payments up": {mixesUp, []string{"payments-apart", "many-at-once"}},
	"takes every amount": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, limit: func(payments.Money) error { return nil }}
	}, []string{"limits"}},
	"takes no raw card":    {takesNoCard, []string{"raw-card"}},
	"voids captured money": {voidsCaptured, []string{"void-captured"}},
	"ignores a failed refund": {shows(func(_ string, s *payments.Snapshot) {
		for i := range s.Refunds {
			s.Refunds[i].Status = payments.RefundSucceeded
		}
	}), []string{"refund-fails-later"}},
}

func TestVerifyNamesBrokenGateways(t *testing.T) {
	t.Parallel()
	for name, test := range brokenGateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := fakeHarness(test.wrap, fake.Options{})
			h.Timeout = 5 * time.Second
			named := violated(gatewaytest.Verify(t.Context(), h))
			for _, want := range test.want {
				if !slices.Contains(named, want) {
					t.Errorf("a gateway that %s must violate %s, and violates %v", name, want, named)
				}
			}
		})
	}
}

// violated returns the names of the checks that err says are violated.
func violated(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			names = append(names, violated(e)...)
		}
		return names
	}
	var v *gatewaytest.Violation
	if errors.As(err, &v) {
		names = append(names, v.Check)
	}
	return names
}

func TestEveryCheckIsProven(t *testing.T) {
	t.Parallel()
	proven := map[string]bool{}
	for _, test := range brokenGateways {
		for _, name := range test.want {
			proven[name] = true
		}
	}
	var missing []string
	for _, c := range gatewaytest.Checks() {
		if !proven[c.Name] {
			missing = append(missing, c.Name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no broken gateway proves that these checks bite: %s", strings.Join(missing, ", "))
	}
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
		was, err := g.Fetch(ctx, payments.FetchRequest{Reference: r.Reference})
		if err != nil || was.Status != payments.StatusPaid {
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
