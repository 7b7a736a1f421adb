package fake

import (
	"time"

	"github.com/trendsic/payments"
)

// find returns the object with an id.
func (g *Gateway) find(op Operation, id string) (*intent, *payments.Error) {
	if in, ok := g.state.byID[id]; ok {
		return in, nil
	}
	return nil, g.fail(op, payments.Error{Code: payments.ErrPaymentNotFound, GatewayCode: "resource_missing",
		Message: "The gateway knows no such payment."})
}

// findFor returns the object with an id in the account that a request names; another account's is not there.
func (g *Gateway) findFor(op Operation, ref payments.PaymentRef, id string) (*intent, *payments.Error) {
	in, err := g.find(op, id)
	if err == nil && in.Account != ref.Account {
		return g.find(op, "")
	}
	return in, err
}

// search returns the object with our reference: the one with money, else the newest.
func (g *Gateway) search(ref payments.PaymentRef, now time.Time) (*intent, *payments.Error) {
	var found *intent
	for _, in := range g.state.byUID[ref.PaymentUID] {
		if in.PaymentUID != ref.PaymentUID || in.Account != ref.Account || now.Before(in.CreatedAt.Add(g.opts.SearchLag)) {
			continue
		}
		if found == nil || !found.secured() {
			found = in
		}
	}
	if found == nil {
		return g.find(OpFetch, "")
	}
	return found, nil
}

// secured reports whether the object holds or has taken money, or may do so without being asked again.
func (in *intent) secured() bool {
	return in.Status == needsCapture || in.Status == succeeded || in.Status == processing
}

// live returns the charge that holds or has taken money, nil when there is none.
func (in *intent) live() *charge {
	for _, c := range in.Charges {
		if c.Status == ChargeAuthorized || c.Status == ChargeCaptured || c.Status == ChargePending {
			return c
		}
	}
	return nil
}

// captured is how much was taken.
func (in *intent) captured() int64 {
	var sum int64
	for _, c := range in.Charges {
		sum += c.Captured
	}
	return sum
}

// refunded is how much is gone, or on its way.
func (in *intent) refunded() int64 {
	var sum int64
	for _, r := range in.Refunds {
		if r.Status.Counts() {
			sum += r.Amount
		}
	}
	return sum
}

// prepare makes or changes an object.
func (g *Gateway) prepare(op Operation, req payments.PrepareRequest, now time.Time) (*intent, *payments.Error) {
	in, err := g.changeable(op, req)
	if err != nil {
		return in, err
	}
	customerID, err := g.knownCustomer(op, req.PaymentRef, req.Payer.GatewayCustomer)
	if err != nil {
		return nil, err
	}
	if in != nil && (customerID == "" || in.Customer != "") {
		customerID = in.Customer // an object keeps the customer that it has
	}
	if err := g.checkOwner(op, req, customerID); err != nil {
		return nil, err
	}
	m, err := g.exchange(op, req.Source, now)
	if err != nil {
		return nil, err
	}
	if in == nil {
		in = g.newIntent(now)
	}
	if in.Invoice == "" { // an invoice's object keeps what the subscription gave it
		if in.PaymentUID != req.PaymentUID { // an object without one is not found by search
			g.state.byUID[req.PaymentUID] = append(g.state.byUID[req.PaymentUID], in)
		}
		in.PaymentUID, in.OrderID, in.Account, in.Capture = req.PaymentUID, req.OrderID, req.Account, req.Capture
		if req.Amount != (payments.Money{}) {
			in.Amount, in.Currency = req.Amount.Amount, req.Amount.Currency
		}
	}
	g.saveTo(in, req, customerID, now)
	in.attach(m)
	g.touch(in)
	return in, nil
}

// newIntent makes an object.
func (g *Gateway) newIntent(now time.Time) *intent {
	in := &intent{ID: g.newID("pi"), CreatedAt: now}
	g.state.intents = append(g.state.intents, in)
	g.state.byID[in.ID] = in
	g.touch(in)
	return in
}

// changeable returns the object that a Prepare changes, nil when it makes one, and refuses what cannot be changed like that.
// The zero amount leaves the object's; the amount of an invoice is the subscription's.
func (g *Gateway) changeable(op Operation, req payments.PrepareRequest) (*intent, *payments.Error) {
	if req.Reference == "" || req.Amount != (payments.Money{}) {
		if err := g.limit(op, req.Amount); err != nil {
			return nil, err
		}
	}
	if req.Reference == "" {
		return nil, nil
	}
	in, err := g.findFor(op, req.PaymentRef, req.Reference)
	switch {
	case err != nil:
		return nil, err
	case in.secured() || in.Status == canceled:
		return in, g.clash(op, "payment_intent_unexpected_state", "The payment can no longer be changed.")
	case in.Invoice != "" && req.Amount != (payments.Money{}) && req.Amount != (payments.Money{Amount: in.Amount, Currency: in.Currency}):
		return nil, g.bad(op, "Amount", "Invoice", "the amount of an invoice cannot be changed")
	default:
		return in, nil
	}
}

// attach makes m the way to pay; nil leaves it to the payer. What failed before is forgotten.
func (in *intent) attach(m *method) {
	in.Failure, in.MethodID, in.Shown, in.Status = nil, "", nil, needsMethod
	if m != nil {
		in.MethodID, in.Shown, in.Status = m.ID, m, needsConfirm
	}
}

// confirm asks for the money.
func (g *Gateway) confirm(op Operation, in *intent, offSession bool, now time.Time) *payments.Error {
	switch in.Status {
	case needsConfirm:
		if offSession && in.Save { // as Stripe refuses off_session beside setup_future_usage, on the objects of invoices too
			return g.fail(op, payments.Error{Code: payments.ErrGatewayRejected, Message: "What is to be saved cannot be charged off session."})
		}
		if offSession && (in.Customer == "" || in.Shown.Customer != in.Customer) {
			return g.notTheirs(op)
		}
		return g.try(op, in, trying{offSession: offSession}, now)
	case needsMethod:
		return g.clash(op, "payment_intent_unexpected_state", "The payment has no way to pay.")
	case canceled:
		return g.clash(op, "payment_intent_unexpected_state", "The payment was canceled.")
	default:
		// It has succeeded, or it waits for the payer or the bank: that is the answer.
		return nil
	}
}

// trying says how a try is made: the payer has authenticated, or is not there.
type trying struct{ authenticated, offSession bool }

// try makes one try to take the money with the attached way to pay, which exists.
func (g *Gateway) try(op Operation, in *intent, how trying, now time.Time) *payments.Error {
	g.touch(in)
	does := in.Shown.does()
	in.Failure, in.Passed = nil, how.authenticated
	if in.Shown.asks(how.offSession) && !how.authenticated {
		in.Status = needsAction
		if how.offSession { // the bank has refused; the payer may still authenticate
			f := declineOf("authentication_required")
			in.Failure = &f
		}
		g.emit(eventRequiresAction, in, now)
		g.follow(in, now)
		return nil
	}
	c := &charge{ID: g.newID("ch"), Amount: in.Amount, Key: g.asking, At: now}
	in.Charges = append(in.Charges, c)
	in.DecidedAt = now
	if does.decline != "" {
		c.Status = ChargeFailed
		return g.decline(op, in, declineOf(does.decline), now)
	}
	if does.processing {
		c.Status, in.Status = ChargePending, processing
		g.emit(eventProcessing, in, now)
		return nil
	}
	g.approve(in, c, now)
	return nil
}

// approve makes a charge hold, or take, the money.
func (g *Gateway) approve(in *intent, c *charge, now time.Time) {
	in.Failure, in.DecidedAt, c.AuthCode = nil, now, g.authCode(c.ID)
	in.Review = in.Shown.does().review
	g.keepWith(in)
	if in.Capture {
		g.take(in, c, c.Amount, now)
		return
	}
	c.Status, in.Status = ChargeAuthorized, needsCapture
	g.nextDue = earlier(g.nextDue, g.due(in))
	g.emit(eventCapturable, in, now)
}

// take captures an amount of a charge; the rest is released.
func (g *Gateway) take(in *intent, c *charge, amount int64, now time.Time) {
	c.Status, c.Captured, in.Status, in.DecidedAt = ChargeCaptured, amount, succeeded, now
	g.emit(eventSucceeded, in, now)
	g.follow(in, now)
	if in.Shown.does().dispute {
		g.dispute(in, now)
	}
}

// decline ends a try without money: the way to pay is detached, and the object waits for another.
func (g *Gateway) decline(op Operation, in *intent, f failure, now time.Time) *payments.Error {
	g.touch(in)
	in.Failure, in.MethodID, in.Status, in.DecidedAt = &f, "", needsMethod, now
	g.emit(eventFailed, in, now)
	g.follow(in, now)
	return g.fail(op, payments.Error{Code: payments.ErrDeclined, GatewayCode: f.Code, DeclineCode: f.DeclineCode, Message: f.Message})
}

// capture takes reserved money.
func (g *Gateway) capture(in *intent, amount payments.Money, now time.Time) *payments.Error {
	switch {
	case in.Status == succeeded:
		return nil
	case in.Status != needsCapture:
		return g.clash(OpCapture, "payment_intent_unexpected_state", "The payment holds no reserved money.")
	case amount.Currency != in.Currency:
		return g.bad(OpCapture, "Amount", "Currency", "the currency is not the payment's")
	case amount.Amount < 1:
		return g.bad(OpCapture, "Amount", "Amount", "the amount must be above zero")
	case amount.Amount > in.live().Amount:
		return g.clash(OpCapture, "amount_too_large", "More was asked than is reserved.")
	}
	g.touch(in)
	g.take(in, in.live(), amount.Amount, now)
	return nil
}

// void cancels an object that has taken no money.
func (g *Gateway) void(in *intent, now time.Time) *payments.Error {
	switch in.Status {
	case canceled:
		return nil
	case succeeded:
		return g.clash(OpVoid, "payment_intent_unexpected_state", "The payment was captured; it can only be refunded.")
	case processing:
		return g.clash(OpVoid, "payment_intent_unexpected_state", "The payment is being processed.")
	default:
		g.cancel(in, now)
		return nil
	}
}

// cancel gives reserved money back and closes the object.
func (g *Gateway) cancel(in *intent, now time.Time) {
	g.touch(in)
	if c := in.live(); c != nil {
		c.Status = ChargeReleased
	}
	in.Status, in.DecidedAt, in.Failure = canceled, now, nil
	g.emit(eventCanceled, in, now)
	g.follow(in, now)
}

// due is when the object changes by itself next, zero when never.
func (g *Gateway) due(in *intent) time.Time {
	var at time.Time
	if in.Status == needsCapture {
		at = in.live().At.Add(g.opts.AuthorizationLife)
	}
	for _, r := range in.Refunds {
		if r.Then != "" && g.opts.RefundDelay > 0 {
			at = earlier(at, r.At.Add(g.opts.RefundDelay))
		}
	}
	return at
}

// expire does what has become due by now: keys are forgotten, subscriptions go on, reserved money is released, refunds end.
// It looks at the objects only when one is due.
func (g *Gateway) expire(now time.Time) {
	g.forget(now)
	g.renew(now)
	if g.nextDue.IsZero() || now.Before(g.nextDue) {
		return
	}
	for _, in := range g.state.intents {
		if c := in.live(); in.Status == needsCapture && !now.Before(c.At.Add(g.opts.AuthorizationLife)) {
			g.cancel(in, now)
		}
		for _, r := range in.Refunds {
			if r.Then != "" && g.opts.RefundDelay > 0 && !now.Before(r.At.Add(g.opts.RefundDelay)) {
				g.endRefund(in, r, r.Then, now)
			}
		}
	}
	g.schedule()
}

// schedule finds when something is due next.
func (g *Gateway) schedule() {
	g.nextDue = time.Time{}
	for _, in := range g.state.intents {
		g.nextDue = earlier(g.nextDue, g.due(in))
	}
}
