package payments

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// charge is one Pay or Complete at work on one order.
type charge struct {
	*Service
	op          string
	req         PayRequest
	order       Order
	closed      error  // why the order cannot be paid, nil when it can
	fingerprint string // of the way to pay, and of whether it is saved
	request     string // the fingerprint of all that was asked
	owner       string // holds the lease
	begun       time.Time
	share       bool // another request worked on the order meanwhile: its outcome is ours
	key         *KeyRecord
	worked      Payment // for which this request may have moved money; its outcome is not yet read
}

func (s *Service) newCharge(op string, req PayRequest) *charge {
	now := s.now()
	return &charge{Service: s, op: op, req: req, fingerprint: attemptFingerprint(req.OrderID, req.Source, req.Saving),
		request: requestFingerprint(req), owner: newUID(now), begun: now}
}

// errBusy is a step's answer when another request holds the payment.
var errBusy = errors.New("payments: another request works on the payment")

// again turns success into "read again".
func again(err error) error {
	if err == nil {
		return ErrStale
	}
	return err
}

// run asks the host for the order and then does step after step, each on the payment as it is stored then, until one ends
// with an answer. It waits while another request holds the payment.
func (c *charge) run(ctx context.Context, step func(context.Context, Record) (Result, error)) (Result, error) {
	if err := c.enter(ctx); err != nil {
		return Result{}, err
	}
	if err := c.check(); err != nil {
		return Result{}, err
	}
	if err := c.ask(ctx); err != nil {
		return Result{}, err
	}
	wait := patience{begun: c.begun}
	for {
		if res, done, err := c.replay(ctx); done && res.Payment.UID == "" {
			return c.blind(err)
		} else if done {
			return res, err
		}
		rec, err := c.store.Find(ctx, Query{Namespace: c.opts.Namespace, OrderID: c.req.OrderID})
		if err != nil && !errors.Is(err, ErrPaymentNotFound) {
			return c.blind(err)
		}
		res, err := step(ctx, rec)
		switch {
		case errors.Is(err, errBusy):
			c.share = true
		case !errors.Is(err, ErrStale):
			if res, err = c.finish(ctx, res, err); !errors.Is(err, ErrStale) {
				return res, err
			}
		}
		if err := c.pause(ctx, &wait, c.worked.UID != ""); err != nil {
			return c.blind(err)
		}
	}
}

// blind answers when there is no further look at the payment: what this request has done at the gateway is not known then.
func (c *charge) blind(err error) (Result, error) {
	if c.worked.UID == "" {
		return Result{}, err
	}
	return doubted(c.worked, unknown(c.worked))
}

// The pauses between two looks at a payment that another request holds.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// patience is how long a request has waited for another one: by the clock, and by its own pauses, for a clock may go back.
type patience struct {
	begun        time.Time
	next, waited time.Duration
	looked       bool // at what came of its own work
}

// pause waits before the next look, a little longer each time. It answers ErrInProgress when WaitTimeout is over. The first look after
// work of its own comes at once, however long that took.
func (s *Service) pause(ctx context.Context, p *patience, worked bool) error {
	if worked && !p.looked {
		p.looked = true
		return ctx.Err()
	}
	if max(s.now().Sub(p.begun), p.waited) >= s.opts.WaitTimeout {
		e := conflict(ErrInProgress, "OrderID", "another request works on this order; try again")
		e.RetryAfter = time.Second
		return e
	}
	p.next = min(max(p.next*2, firstPause), lastPause)
	select {
	case <-s.opts.Clock.After(p.next):
	case <-ctx.Done():
		return ctx.Err()
	}
	p.waited += p.next
	return nil
}

// maxPrincipal is how long the name of whose key it is may be, in bytes: as long as it can be stored.
const maxPrincipal = 255

// check refuses what no order could make right. The way to pay is looked at only when it is used.
func (c *charge) check() error {
	switch {
	case c.req.OrderID.IsZero():
		return invalid("OrderID", "NotEmpty", "the order id is missing")
	case c.req.Type < TypeUnspecified || c.req.Type > TypeBank:
		return invalid("Type", "PaymentType", "the payment type is not known")
	case !validKey(c.req.Idempotency.Key):
		return invalid("Idempotency.Key", "Length", "the idempotency key has more than 255 bytes or is not printable ASCII")
	case len(c.req.Idempotency.Principal) > maxPrincipal:
		return invalid("Idempotency.Principal", "Length", "the name of the key's principal has more than 255 bytes")
	}
	return nil
}

// ask reads the order. It is the first thing done with an order id: who may not see the order learns nothing of its payment.
func (c *charge) ask(ctx context.Context) error {
	var err error
	c.order, err = c.hostOrder(ctx, c.req.OrderID)
	if errors.Is(err, ErrOrderClosed) {
		c.closed, err = conflict(ErrOrderClosed, "OrderID", "the order can no longer be paid"), nil
	}
	switch {
	case errors.Is(err, ErrOrderNotFound) || err == nil && !visible(c.order.AgentID, c.req.ForAgent):
		return &Error{Code: ErrOrderNotFound, Outcome: OutcomeNotApplied, Message: "there is no such order"}
	case err != nil:
		return NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Message: "the order cannot be read now; nothing was charged"}, err)
	case c.req.Payer.CustomerID != 0 && c.order.CustomerID != 0 && c.req.Payer.CustomerID != c.order.CustomerID:
		return invalid("Payer.CustomerID", "Conflict", "the order belongs to another customer")
	case c.req.AgentID != 0 && c.order.AgentID != 0 && c.req.AgentID != c.order.AgentID:
		return invalid("AgentID", "Equal", "the order belongs to another agent")
	}
	c.order.ID = c.req.OrderID
	return nil
}

// hostOrder asks the host for an order. A panic is an error, for Run and webhooks ask too, and must not end the host's process; its value
// may hold anything, so only its type is told.
func (s *Service) hostOrder(ctx context.Context, id OrderID) (o Order, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.opts.Logger.ErrorContext(ctx, "Orders panicked", "order", id.String(), "type", fmt.Sprintf("%T", r))
			err = &Error{Code: ErrInternal, Outcome: OutcomeNotApplied, Message: "the order cannot be read"}
		}
	}()
	return s.orders.Order(ctx, id)
}

// visible reports whether an order of the agent's may be seen for the one who asks. An order of nobody's is no agent's.
func visible(agentID int64, forAgent *int64) bool {
	return forAgent == nil || agentID != 0 && agentID == *forAgent
}

// payable reports why no new attempt may begin, nil when one may.
func (c *charge) payable() error {
	if c.closed != nil {
		return c.closed
	}
	if err := c.chargeable(c.order); err != nil {
		return err
	}
	if c.req.Type == TypeSubscription && c.order.Recurring == nil {
		return invalid("Type", "PaymentType", "the order is not a recurring one")
	}
	return c.checkSource()
}

// chargeable reports why an order cannot be charged at all, nil when it can.
func (s *Service) chargeable(o Order) error {
	if _, ok := o.Total.Currency.Digits(); !ok {
		return conflict(ErrConflict, "OrderID", "the order's currency is not a code of ISO 4217")
	}
	switch {
	case o.Total.Amount <= 0:
		return conflict(ErrConflict, "OrderID", "the order's total is not positive")
	case o.Recurring != nil:
		if err := s.recurring(*o.Recurring); err != nil {
			return err
		}
	}
	if limiter, ok := CapabilityOf[Limiter](s.gateway); ok {
		if err := limiter.Limit(o.Total); err != nil {
			return limited(err)
		}
	}
	return nil
}

// limited names the order on a gateway's refusal of its amount.
func limited(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.Outcome = OutcomeNotApplied
	named.Fields = []FieldError{{"OrderID", "Conflict", e.Message}}
	return &named
}

// checkSource refuses a way to pay that cannot be right, or that the gateway does not take.
func (c *charge) checkSource() error {
	src := c.req.Source
	switch {
	case (c.req.Save || c.req.OffSession) && c.order.CustomerID == 0:
		return invalid("Saving", "NotEmpty", "the order names no customer whose way to pay could be saved")
	case c.req.OffSession && src.Token.IsZero():
		return invalid("Source.Token", "NotEmpty", "a charge without the payer needs a saved way to pay")
	case src.IsZero() && c.intents == nil:
		return invalid("Source.Token", "NotEmpty", "a token is needed")
	case src.Card == nil:
		return nil
	case !src.Token.IsZero():
		return invalid("Source.Card", "Conflict", "give a token or a card, not both")
	}
	raw, ok := CapabilityOf[RawCardGateway](c.gateway)
	if !ok || !raw.TakesRawCards() {
		return invalid("Source.Card", "NotSupported", "card numbers are not taken; send a token")
	}
	if bad := src.Card.check(c.now()); len(bad) > 0 {
		return &Error{Code: ErrInvalid, Outcome: OutcomeNotApplied, Message: bad[0].Message, Fields: bad}
	}
	return nil
}

// newPayment copies the order into a new payment.
func (c *charge) newPayment() Payment {
	p := newPayment(c.Service, c.order)
	return c.priced(p)
}

func newPayment(s *Service, o Order) Payment {
	now := s.now()
	return Payment{UID: newUID(now), Namespace: s.opts.Namespace, Gateway: s.gateway.Name(), Account: s.opts.Account,
		OrderID: o.ID, OrderHeaderID: o.HeaderID, PublicOrderID: o.PublicID, AgentID: o.AgentID, AgentNumber: o.AgentNumber,
		CustomerID: o.CustomerID, Status: StatusCreated, Amount: o.Total, Live: true, CreatedAt: now, UpdatedAt: now}
}

// priced gives the payment the order's price of now, and the way to pay.
func (c *charge) priced(p Payment) Payment {
	p.Amount, p.Type, p.UpdatedAt = c.order.Total, c.req.Type, c.now()
	switch {
	case p.anchor():
		p.Type = TypeSubscription
	case p.Type != TypeUnspecified: // the request names it
	case c.req.Source.Card != nil:
		p.Type = TypeCard
	case !c.req.Source.Token.IsZero():
		p.Type = TypeToken
	default:
		p.Type = TypeIntent
	}
	return p
}

// newTransaction returns an open transaction on the payment.
func (s *Service) newTransaction(p Payment, kind Kind, amount Money) Transaction {
	now := s.now()
	return Transaction{UID: newUID(now), PaymentUID: p.UID, Kind: kind, Amount: amount, PriorAttempt: p.Attempt, CreatedAt: now}
}

// resolveDoubt reports whether the payment is free and without doubt, so that the step may go on. Otherwise it answers
// errBusy, or resolves the doubt and answers ErrStale for another look, or ErrUnknown when the doubt stays.
func (c *charge) resolveDoubt(ctx context.Context, rec Record) (settled bool, err error) {
	if rec.Payment.LeaseUntil.After(c.now()) && rec.Payment.LeaseOwner != c.owner {
		return false, errBusy
	}
	if rec.Payment.Status != StatusUnknown && !rec.open(KindAuthorize, KindVoid, KindCancel) {
		return true, nil
	}
	leased, err := c.lease(ctx, rec, c.owner)
	if err != nil {
		return false, err
	}
	ctx, cancel := c.detach(ctx)
	defer cancel()
	c.worked = rec.Payment
	if _, _, err = c.seek(ctx, c.owner, leased); err != nil && !errors.Is(err, ErrDeclined) {
		return false, err
	}
	return false, ErrStale
}

// answer returns the payment with what the payer must still do. A decline and a doubt are errors beside it.
func (c *charge) answer(p Payment, snap Snapshot) (Result, error) {
	res := Result{Payment: p}
	if p.Status.Answer().PaymentIntentSuccess && !p.lapsed() {
		res.NextAction = snap.NextAction
	}
	switch p.Status {
	case StatusDeclined:
		return res, declined(p)
	case StatusUnknown:
		return res, unknown(p)
	default:
		return res, nil
	}
}

// unreadable answers when the gateway cannot tell how an open payment stands: the payer may have paid meanwhile, and only
// where nothing was ever asked for can it be said that nothing was charged.
func (c *charge) unreadable(p Payment, cause error) (Result, error) {
	if errors.Is(cause, ErrStale) {
		return Result{}, cause
	}
	if p.Status == StatusCreated {
		return Result{}, NewError(Error{Code: ErrUnavailable, Outcome: OutcomeNotApplied, Gateway: c.gateway.Name(),
			Message: "the payment service cannot be reached", RetryAfter: time.Second}, cause)
	}
	if p.Status == StatusRequiresAction {
		p.Status, p.Message = StatusUnknown, ""
		return Result{Payment: p}, unknown(p)
	}
	return c.answer(p, Snapshot{})
}

// doubted answers a payment whose doubt could not be ended now: whatever its status was, nobody knows it.
func doubted(p Payment, err error) (Result, error) {
	if errors.Is(err, ErrUnknown) {
		p.Status, p.Message = StatusUnknown, ""
	}
	return Result{Payment: p}, err
}

// unheld answers where the store did not take the request: nothing is sent, unless nobody knows whether it did.
func unheld(p Payment, err error) (Result, error) {
	if errors.Is(err, ErrUnknown) {
		return doubted(p, err)
	}
	return Result{}, err
}

// declined is the error beside a declined payment.
func declined(p Payment) error {
	return &Error{Code: ErrDeclined, Outcome: OutcomeNotApplied, Gateway: p.Gateway, DeclineCode: p.DeclineCode,
		GatewayCode: p.GatewayCode, Message: p.Message}
}

// unknown is the error beside a payment in doubt.
func unknown(p Payment) error {
	return &Error{Code: ErrUnknown, Outcome: OutcomeUnknown, Gateway: p.Gateway, Message: StatusUnknown.Answer().Message, RetryAfter: time.Second}
}
