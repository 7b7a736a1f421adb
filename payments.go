package payments

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Service takes payments for a host's orders. It is safe for concurrent use, by several processes on one database. It
// starts no goroutine, and it keeps no state but in its Store, except whether the gateway answers just now.
type Service struct {
	store   Store
	gateway Gateway
	intents IntentGateway // nil where the gateway makes its object only by charging
	orders  Orders
	opts    Options
	line    *line
}

// Options configures a [Service]. The zero value of each field is its default.
type Options struct {
	// Namespace separates several services on one database; empty is a namespace too.
	Namespace string
	// Account is told to a gateway that has several accounts, and stored with each payment.
	Account string
	// LiveMode says that real money is expected to move. New refuses a gateway that says the other by [ModeGateway], and a
	// payment that the gateway reports in the other mode is held.
	LiveMode bool
	// ManualCapture reserves the money only; the host takes it later by Capture.
	ManualCapture bool
	// OnEvent is told each change of a payment's status (but to unknown or created), each further refund (Previous and Status may
	// be the same then) and each change of an order's subscription, inside the database transaction that writes it: what the host
	// writes through the context's transaction (storage.Tx) commits with the payment or not at all. When it fails or
	// panics, what the gateway answered is kept and the status and OnEvent are tried again later. It must not call the
	// gateway: the Service answers ErrInTransaction to it.
	OnEvent func(ctx context.Context, event Event) error
	// Logger gets what an operator should know; nil logs nothing. No secret is ever logged.
	Logger *slog.Logger
	// Clock tells the time; nil is the system's.
	Clock Clock
	// GatewayTimeout bounds one call to the gateway; 15 seconds by default.
	GatewayTimeout time.Duration
	// RequestTimeout bounds a step of the work once a call to the gateway has begun, such as the end of a doubt, or a new attempt;
	// 30 seconds by default.
	RequestTimeout time.Duration
	// WaitTimeout bounds how long a request waits for another one on the same order; 10 seconds by default.
	WaitTimeout time.Duration
	// CancelAfter is how long a payment in doubt is tried to be completed; then it is canceled, so that nobody is
	// charged long after giving up. 15 minutes by default.
	CancelAfter time.Duration
	// ExpireAfter is how long a payment waits for the payer; then it is canceled at the gateway. 24 hours by default.
	ExpireAfter time.Duration
	// KeyTTL is how long an idempotency key is remembered; 24 hours by default.
	KeyTTL time.Duration
	// ReconcileEvery is how long Run waits between two looks at what is due; 10 seconds by default.
	ReconcileEvery time.Duration
}

// Clock tells the time. It must be safe for concurrent use.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// After returns a channel that gets the time once d has passed.
	After(d time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() } //nolint:forbidigo // this is the clock
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// New returns a Service over the host's store, gateway and orders. Nil options are the defaults. It answers an error, and
// does nothing else, when something is missing or cannot be right. It calls neither the store nor the gateway.
func New(store Store, gateway Gateway, orders Orders, opts *Options) (*Service, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	switch {
	case store == nil:
		return nil, errors.New("payments: New needs a Store (storage.New or memory.New)")
	case gateway == nil:
		return nil, errors.New("payments: New needs a Gateway")
	case gateway.Name() == "":
		return nil, errors.New("payments: the Gateway has no name")
	case orders == nil:
		return nil, errors.New("payments: New needs Orders, the only source of a price")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	if mode, ok := CapabilityOf[ModeGateway](gateway); ok && mode.LiveMode() != o.LiveMode {
		return nil, errors.New("payments: Options.LiveMode is not the mode of the Gateway's key")
	}
	intents, _ := CapabilityOf[IntentGateway](gateway)
	return &Service{store: store, gateway: gateway, intents: intents, orders: orders, opts: o, line: &line{}}, nil
}

// complete fills in the defaults and refuses what cannot be right.
func (o *Options) complete() error {
	for _, d := range []struct {
		name    string
		value   *time.Duration
		initial time.Duration
	}{
		{"GatewayTimeout", &o.GatewayTimeout, 15 * time.Second},
		{"RequestTimeout", &o.RequestTimeout, 30 * time.Second},
		{"WaitTimeout", &o.WaitTimeout, 10 * time.Second},
		{"CancelAfter", &o.CancelAfter, 15 * time.Minute},
		{"ExpireAfter", &o.ExpireAfter, 24 * time.Hour},
		{"KeyTTL", &o.KeyTTL, 24 * time.Hour},
		{"ReconcileEvery", &o.ReconcileEvery, 10 * time.Second},
	} {
		if *d.value < 0 {
			return errors.New("payments: Options." + d.name + " is negative")
		}
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
	if o.RequestTimeout < o.GatewayTimeout {
		return errors.New("payments: Options.RequestTimeout is shorter than GatewayTimeout")
	}
	if len(o.Namespace) > 64 || len(o.Account) > 64 {
		return errors.New("payments: Options.Namespace and Account have at most 64 bytes")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	return nil
}

// WithStore returns a Service that differs only in its Store: storage's WithTx binds one to a transaction of the host's,
// over which a payment can begin and be read.
func (s *Service) WithStore(store Store) *Service {
	bound := *s
	bound.store = store
	return &bound
}

// now returns the time as it is stored: in UTC, cut to microseconds.
func (s *Service) now() time.Time { return s.opts.Clock.Now().UTC().Truncate(time.Microsecond) }

// enter refuses an operation that calls the gateway inside a database transaction.
func (s *Service) enter(ctx context.Context) error {
	bound, ok := s.store.(TransactionalStore)
	if isWithinTransaction(ctx) || ok && bound.InTransaction() {
		return &Error{Code: ErrInTransaction, Outcome: OutcomeNotApplied,
			Message: "no gateway is called inside a database transaction; call it after the commit"}
	}
	return nil
}

// fail names the operation on an error of this module, and wraps any other.
func (s *Service) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		named := *e
		named.Op = op
		return &named
	}
	var code Code
	if errors.As(err, &code) {
		return NewError(Error{Op: op, Code: code, Outcome: OutcomeNotApplied}, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return NewError(Error{Op: op, Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "the request ended before the work began"}, err)
	}
	return NewError(Error{Op: op, Code: ErrInternal, Outcome: OutcomeNotApplied}, err)
}
