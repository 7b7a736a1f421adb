package fake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/trendsic/payments"
)

// Gateway is the simulator. It is safe for concurrent use. Make it with [New].
type Gateway struct {
	opts Options

	mu       sync.Mutex
	state    *state
	journal  journal             // what of the state is in the file
	inFlight map[string]bool     // keys whose request is being answered
	chains   map[string][]string // by the digest of the token
	scripts  []*script           // faults to come
	random   randomFaults        // faults by chance
	late     []*lateRequest      // requests that have not arrived yet
	events   []Event             // webhook events not yet taken
	fresh    []Event             // events of the call that runs
	asking   string              // the idempotency key of the request that is executed
	nextSub  time.Time           // no subscription is due before it; zero is never
	nextKey  time.Time           // no key is to be forgotten before it; zero is never
	nextDue  time.Time           // nothing else is due before it; zero is never
	requests uint64              // counts calls, for request ids

	subsMoved bool // a subscription has changed, and nextSub is to be found again
}

var (
	_ payments.Gateway        = (*Gateway)(nil)
	_ payments.IntentGateway  = (*Gateway)(nil)
	_ payments.RawCardGateway = (*Gateway)(nil)
	_ payments.Limiter        = (*Gateway)(nil)
	_ payments.WebhookGateway = (*Gateway)(nil)
	_ payments.ChargeLister   = (*Gateway)(nil)

	_ payments.SubscriptionGateway = (*Gateway)(nil)
)

// New makes a gateway. It answers an error when the options are not valid, AllowFake above all, and when the state file
// cannot be read or was written with another seed.
func New(o Options) (*Gateway, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	g := &Gateway{opts: o, state: newState(), inFlight: map[string]bool{}, chains: map[string][]string{}}
	g.random.rng = rand.New(rand.NewPCG(o.Seed, 0x66616b65)) // #nosec G404 -- a repeatable simulation, not a secret
	if err := g.load(); err != nil {
		return nil, err
	}
	g.timing()
	return g, nil
}

// Name returns Options.Name.
func (g *Gateway) Name() string { return g.opts.Name }

// Format prints "fake gateway" and the name for every verb: the gateway holds the webhook secret, which must not be printed.
func (g *Gateway) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("fake gateway " + g.opts.Name)) }

// TakesRawCards reports whether raw cards are taken, as Options say.
func (g *Gateway) TakesRawCards() bool { return !g.opts.NoRawCards }

// Limit answers ErrUnsupported for a currency or an amount that Options do not take.
func (g *Gateway) Limit(amount payments.Money) error {
	if err := g.limit("limit", amount); err != nil {
		return err
	}
	return nil
}

// limit is Limit for the operation op.
func (g *Gateway) limit(op Operation, amount payments.Money) *payments.Error {
	_, known := amount.Currency.Digits()
	if !known || len(g.opts.Currencies) > 0 && !slices.Contains(g.opts.Currencies, amount.Currency) {
		return g.fail(op, payments.Error{Code: payments.ErrUnsupported, GatewayCode: "currency_not_supported",
			Message: "The gateway does not take this currency.",
			Fields:  []payments.FieldError{{Field: "Amount", Code: "Currency", Message: "the gateway does not take this currency"}}})
	}
	if amount.Amount < g.opts.Minimum {
		return g.fail(op, payments.Error{Code: payments.ErrUnsupported, GatewayCode: "amount_too_small",
			Message: fmt.Sprintf("The gateway takes no amount below %s.", payments.Money{Amount: g.opts.Minimum, Currency: amount.Currency})})
	}
	if amount.Amount > g.opts.Maximum {
		return g.fail(op, payments.Error{Code: payments.ErrUnsupported, GatewayCode: "amount_too_large",
			Message: fmt.Sprintf("The gateway takes no amount above %s.", payments.Money{Amount: g.opts.Maximum, Currency: amount.Currency})})
	}
	return nil
}

// Prepare makes an object, or changes the one that req.Reference names, and moves no money. A token is exchanged for a
// lasting payment method. An object that was declined waits for the payer again afterwards. With Save the payment method is
// kept with a customer ("cus_fake_...") when the object is paid, and can then be charged off session.
func (g *Gateway) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpPrepare, ref: req.PaymentRef, key: req.Key,
		params: []any{req.Reference, req.Amount, req.Capture, req.Description, req.Payer, req.Saving, sourcePrint(req.Source)},
		run:    g.about(func(now time.Time) (*intent, *payments.Error) { return g.prepare(OpPrepare, req, now) })})
}

// Confirm asks for the money with what Prepare has attached. An object that holds or has taken money, or that waits for
// the payer's authentication, is answered as it is. Off session only a method that the object's customer has saved is
// charged; where its bank asks for the payer all the same, the object requires action (authentication_required).
func (g *Gateway) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpConfirm, ref: req.PaymentRef, key: req.Key, params: []any{req.Reference, req.OffSession},
		run: g.about(func(now time.Time) (*intent, *payments.Error) {
			in, err := g.findFor(OpConfirm, req.PaymentRef, req.Reference)
			if err != nil {
				return nil, err
			}
			return in, g.confirm(OpConfirm, in, req.OffSession, now)
		})})
}

// Authorize makes an object and confirms it in one request.
func (g *Gateway) Authorize(ctx context.Context, req payments.AuthorizeRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpAuthorize, ref: req.PaymentRef, key: req.Key,
		params: []any{req.Amount, req.Capture, req.Description, req.Payer, req.Saving, sourcePrint(req.Source)},
		run: g.about(func(now time.Time) (*intent, *payments.Error) {
			if req.Source.IsZero() {
				return nil, g.bad(OpAuthorize, "Source", "NotEmpty", "a way to pay is missing")
			}
			in, err := g.prepare(OpAuthorize, payments.PrepareRequest{PaymentRef: req.PaymentRef, Amount: req.Amount,
				Source: req.Source, Capture: req.Capture, Payer: req.Payer, Saving: req.Saving}, now)
			if err != nil {
				return nil, err
			}
			return in, g.confirm(OpAuthorize, in, req.OffSession, now)
		})})
}

// Capture takes reserved money, all or a part; the rest is released.
func (g *Gateway) Capture(ctx context.Context, req payments.CaptureRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpCapture, ref: req.PaymentRef, key: req.Key, params: []any{req.Reference, req.Amount},
		run: g.about(func(now time.Time) (*intent, *payments.Error) {
			in, err := g.findFor(OpCapture, req.PaymentRef, req.Reference)
			if err != nil {
				return nil, err
			}
			return in, g.capture(in, req.Amount, now)
		})})
}

// Void cancels a payment that has taken no money.
func (g *Gateway) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpVoid, ref: req.PaymentRef, key: req.Key, params: []any{req.Reference},
		run: g.about(func(now time.Time) (*intent, *payments.Error) {
			in, err := g.findFor(OpVoid, req.PaymentRef, req.Reference)
			if err != nil {
				return nil, err
			}
			return in, g.void(in, now)
		})})
}

// Refund gives captured money back.
func (g *Gateway) Refund(ctx context.Context, req payments.RefundRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpRefund, ref: req.PaymentRef, key: req.Key,
		params: []any{req.Reference, req.RefundUID, req.Amount, req.Reason},
		run: g.about(func(now time.Time) (*intent, *payments.Error) {
			in, err := g.findFor(OpRefund, req.PaymentRef, req.Reference)
			if err != nil {
				return nil, err
			}
			return in, g.refund(in, req, now)
		})})
}

// Fetch reads one payment, by its Reference or else by its PaymentUID. Of several objects with one PaymentUID it returns
// the one that holds or has taken money, else the newest.
func (g *Gateway) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	return g.call(ctx, request{op: OpFetch, ref: req.PaymentRef, run: g.about(func(now time.Time) (*intent, *payments.Error) {
		if req.Reference != "" {
			return g.findFor(OpFetch, req.PaymentRef, req.Reference)
		}
		return g.search(req.PaymentRef, now)
	})})
}
