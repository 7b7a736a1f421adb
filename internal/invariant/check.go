package invariant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// pageSize is how many rows are read at a time.
const pageSize = 1000

// checker is one Check at work.
type checker struct {
	moment   Moment
	records  []payments.Record
	charges  []fake.Charge
	events   map[string][]payments.Event // by payment
	found    []Violation
	byObject map[string][]fake.Charge
	lost     map[string]bool // payments with a refund that an operator was told of
	accepted map[string]bool // payments that an operator was told of, because they are not what the order asks
}

// Check reads all rows and the books, and returns every promise that is broken at this moment: I1 to I4, I6 and I8. The
// books are read after the rows, which may be behind them but never ahead; nothing may move while they are compared as Settled.
func Check(ctx context.Context, rows Reader, books Books, moment Moment) ([]Violation, error) {
	c := &checker{moment: moment, events: map[string][]payments.Event{}, byObject: map[string][]fake.Charge{}, lost: map[string]bool{},
		accepted: map[string]bool{}}
	f := payments.Filter{Limit: pageSize}
	for {
		page, err := rows.Payments(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("invariant: the rows cannot be read: %w", err)
		}
		for _, p := range page.Payments {
			rec, err := rows.Find(ctx, payments.Target{PaymentUID: p.UID})
			if err != nil {
				return nil, fmt.Errorf("invariant: a row cannot be read: %w", err)
			}
			c.records = append(c.records, rec)
		}
		if f.BeforeID = page.Next; f.BeforeID == 0 {
			break
		}
	}
	if err := c.read(ctx, rows); err != nil {
		return nil, err
	}
	c.charges = books.Charges()
	for _, ch := range c.charges {
		c.byObject[ch.Reference] = append(c.byObject[ch.Reference], ch)
	}
	c.run()
	return c.found, nil
}

// read reads the events and the breaks.
func (c *checker) read(ctx context.Context, rows Reader) error {
	for after := int64(0); ; {
		list, err := rows.Events(ctx, after, pageSize)
		if err != nil {
			return fmt.Errorf("invariant: the events cannot be read: %w", err)
		}
		for _, e := range list {
			c.events[e.PaymentUID] = append(c.events[e.PaymentUID], e)
			after = e.ID
		}
		if len(list) < pageSize {
			break
		}
	}
	for after := int64(0); ; {
		list, err := rows.Breaks(ctx, after, pageSize)
		if err != nil {
			return fmt.Errorf("invariant: the breaks cannot be read: %w", err)
		}
		for _, b := range list {
			c.lost[b.PaymentUID] = c.lost[b.PaymentUID] || b.Kind == payments.BreakRefund
			c.accepted[b.PaymentUID] = c.accepted[b.PaymentUID] || b.Kind == payments.BreakMismatch
			after = b.ID
		}
		if len(list) < pageSize {
			return nil
		}
	}
}

// run checks everything that was read.
func (c *checker) run() {
	c.chargedOnce()
	c.oneRowEach()
	for _, rec := range c.records {
		c.approved(rec)
		c.doubt(rec)
		c.refunds(rec)
		c.closed(rec)
		c.told(rec)
	}
}

// broken notes a violation about a payment.
func (c *checker) broken(rule string, p payments.Payment, format string, args ...any) {
	c.found = append(c.found, Violation{rule, p.OrderID, p.UID, fmt.Sprintf(format, args...)})
}

// keeps reports whether the charge holds money, has kept some, or may still get it.
func keeps(ch fake.Charge) bool {
	switch ch.Status {
	case fake.ChargeAuthorized, fake.ChargePending:
		return true
	case fake.ChargeCaptured:
		return ch.Captured > ch.Refunded
	default:
		return false
	}
}

// took reports whether the charge holds or took money, refunded or not.
func took(ch fake.Charge) bool {
	return ch.Status == fake.ChargeAuthorized || ch.Status == fake.ChargeCaptured
}

// sold is what can be charged once: an order, or one invoice of its subscription.
type sold struct {
	order   payments.OrderID
	invoice string
}

// chargedOnce holds I1: an order, or one invoice of its one subscription, has at most one charge that holds or keeps money.
func (c *checker) chargedOnce() {
	count := map[sold]int{}
	subs := map[payments.OrderID]map[string]bool{}
	for _, ch := range c.charges {
		if !keeps(ch) {
			continue
		}
		count[sold{ch.OrderID, ch.Invoice}]++
		if subs[ch.OrderID] == nil {
			subs[ch.OrderID] = map[string]bool{}
		}
		subs[ch.OrderID][ch.Subscription] = true
	}
	for what, n := range count {
		if n > 1 {
			c.found = append(c.found, Violation{"I1", what.order, "", fmt.Sprintf("%d charges hold or keep money", n)})
		}
	}
	for order, names := range subs {
		if len(names) > 1 {
			c.found = append(c.found, Violation{"I1", order, "", fmt.Sprintf("%d ways of charging it keep money", len(names))})
		}
	}
}

// later reports whether the payment is that of a later invoice: it does not hold the order.
func later(p payments.Payment) bool { return p.Subscription != "" && p.SubscriptionStatus == "" }

// given reports whether the payment was given up.
func given(p payments.Payment) bool {
	return p.Status == payments.StatusCanceled || p.Status == payments.StatusExpired
}

// oneRowEach holds I2: each object of the gateway's that took money is the payment of one row, and one row holds an order.
func (c *checker) oneRowEach() {
	rows, holders := map[string]int{}, map[payments.OrderID]int{}
	for _, rec := range c.records {
		p := rec.Payment
		if p.Reference != "" { // an id that a gateway made up is nobody's object
			if rows[p.Reference]++; rows[p.Reference] > 1 && len(c.byObject[p.Reference]) > 0 {
				c.broken("I2", p, "object %s has more than one row", p.Reference)
			}
		}
		if p.Live {
			if holders[p.OrderID]++; holders[p.OrderID] > 1 {
				c.broken("I1", p, "two live payments hold the order")
			}
		}
	}
	if c.moment != Settled {
		return
	}
	for _, ch := range c.charges {
		if took(ch) && rows[ch.Reference] == 0 {
			c.found = append(c.found, Violation{"I2", ch.OrderID, ch.PaymentUID, "charge " + ch.ID + " has no row"})
		}
	}
}

// of returns the charge of the payment that holds or took money, or is being processed.
func (c *checker) of(p payments.Payment) (fake.Charge, bool) {
	for _, ch := range c.byObject[p.Reference] {
		if took(ch) || ch.Status == fake.ChargePending {
			return ch, true
		}
	}
	return fake.Charge{}, false
}

// approved holds I3: a row is approved only where the gateway holds, held or took the money, the same of the same order; and
// once settled, also the reverse. A payment that gave its order up has no money.
func (c *checker) approved(rec payments.Record) {
	p := rec.Payment
	ch, has := c.of(p)
	if p.Secured() {
		c.approvedRightly(p)
	}
	if !p.Live && !later(p) && has {
		c.broken("I3", p, "it is %v and holds no order, but charge %s is %s", p.Status, ch.ID, ch.Status)
	}
	if p.Status == payments.StatusHeld && p.GatewayCode == "mismatch" && !c.accepted[p.UID] {
		c.broken("I3", p, "it is held, and no operator was told")
	}
	if p.Secured() && !p.Live && !later(p) {
		c.broken("I1", p, "it is %v and does not hold the order", p.Status)
	}
	runs := p.SubscriptionStatus != "" && !p.SubscriptionStatus.Ended()
	if given(p) && p.Live != runs && c.moment == Settled {
		c.broken("I1", p, "it is %v, its subscription is %q, and it holds the order: %v", p.Status, p.SubscriptionStatus, p.Live)
	}
	if c.moment != Settled {
		return
	}
	want := p.Secured() || p.Status == payments.StatusHeld
	switch {
	case has && ch.Status == fake.ChargePending && p.Status != payments.StatusProcessing:
		c.broken("I3", p, "it is %v while charge %s is being processed", p.Status, ch.ID)
	case has && took(ch) && !want:
		c.broken("I3", p, "it is %v, but charge %s is %s", p.Status, ch.ID, ch.Status)
	case !has && p.Secured():
		c.broken("I3", p, "it is %v, but no charge has its money", p.Status)
	case has && took(ch) && (ch.Status == fake.ChargeAuthorized) != (p.Status == payments.StatusAuthorized) && p.Status != payments.StatusHeld:
		c.broken("I3", p, "it is %v, but charge %s is %s", p.Status, ch.ID, ch.Status)
	case has && p.Captured != ch.Captured:
		c.broken("I3", p, "it has captured %d, charge %s %d", p.Captured, ch.ID, ch.Captured)
	}
}

// approvedRightly compares an approved row with the charge that it rests on, released since or not.
func (c *checker) approvedRightly(p payments.Payment) {
	for _, ch := range c.byObject[p.Reference] {
		if !took(ch) && ch.Status != fake.ChargeReleased {
			continue
		}
		if ch.OrderID != p.OrderID {
			c.broken("I3", p, "its charge %s is of order %s", ch.ID, ch.OrderID)
		}
		if ch.Amount != p.Amount {
			c.broken("I3", p, "it is over %v, its charge %s over %v", p.Amount, ch.ID, ch.Amount)
		}
		return
	}
	c.broken("I3", p, "it is %v, but the gateway never took its money", p.Status)
}

// doubt holds I4: a doubt is always due, so that it is never forgotten, and once settled there is none, but for a refund that
// may not be sent again because its key is too old: an operator was told of it.
func (c *checker) doubt(rec payments.Record) {
	p := rec.Payment
	waits := p.Live && (!p.Status.Final() && p.Status != payments.StatusHeld || given(p))
	if (p.Status == payments.StatusUnknown || waits) && p.DueAt.IsZero() {
		c.broken("I4", p, "it is %v and never due", p.Status)
	}
	for _, tx := range rec.Transactions {
		if !tx.Open() {
			continue
		}
		if p.DueAt.IsZero() {
			c.broken("I4", p, "its %s is open and it is never due", tx.Kind)
		}
		if c.moment == Settled && (tx.Kind != payments.KindRefund || !c.lost[p.UID]) {
			c.broken("I4", p, "its %s is still open", tx.Kind)
		}
	}
	if c.moment == Settled && p.Status == payments.StatusUnknown {
		c.broken("I4", p, "it stays in doubt")
	}
	if c.moment == Settled && p.Live && p.SubscriptionStatus.Ended() && (p.Status == payments.StatusCreated ||
		p.Status == payments.StatusRequiresAction || p.Status == payments.StatusDeclined) {
		c.broken("I1", p, "it is %v and holds the order for a subscription that has ended", p.Status)
	}
}

// refunds holds I6: no more goes back than was taken, no refund happens twice, and once settled each of the gateway's has one
// row.
func (c *checker) refunds(rec payments.Record) {
	p := rec.Payment
	ch, _ := c.of(p)
	if ch.Refunded > ch.Captured || p.Refunded > p.Captured {
		c.broken("I6", p, "more was refunded than captured")
	}
	booked := map[string]int{}
	for _, uid := range ch.RefundUIDs {
		if booked[uid]++; uid != "" && booked[uid] == 2 {
			c.broken("I6", p, "refund %s happened twice", uid)
		}
	}
	if c.moment != Settled {
		return
	}
	counts, elsewhere := 0, 0
	for _, r := range rec.Refunds {
		if r.Status == payments.RefundUnknown && !c.lost[p.UID] {
			c.broken("I6", p, "refund %s stays in doubt", r.UID)
		}
		if !r.Status.Counts() {
			continue
		}
		if counts++; r.Key == "" {
			elsewhere++
		} else if booked[r.UID] == 0 {
			c.broken("I6", p, "refund %s is in no book", r.UID)
		}
	}
	if counts != len(ch.RefundUIDs) || elsewhere != booked[""] {
		c.broken("I6", p, "%d refunds count in the rows, %d in the books", counts, len(ch.RefundUIDs))
	}
	if p.Refunded != ch.Refunded {
		c.broken("I6", p, "%d is refunded in the row, %d in the books", p.Refunded, ch.Refunded)
	}
}

// closed holds I3 for what was asked: a capture, void or refund that is closed as done was done, and the latest request for
// the money that is closed as not done took none. (An older one may arrive late and take it with the newer one's card: that is
// one charge all the same, and the newer one is the row's.)
func (c *checker) closed(rec payments.Record) {
	p := rec.Payment
	ch, has := c.of(p)
	i := len(rec.Transactions) - 1
	for i >= 0 && rec.Transactions[i].Kind != payments.KindAuthorize {
		i--
	}
	if i >= 0 && has && !rec.Transactions[i].Open() && rec.Transactions[i].Outcome == payments.OutcomeNotApplied &&
		strings.HasPrefix(ch.Key, rec.Transactions[i].UID+":") {
		c.broken("I3", p, "its request for the money is closed as not done, but charge %s is %s", ch.ID, ch.Status)
	}
	for _, tx := range rec.Transactions {
		if tx.Open() || tx.Outcome != payments.OutcomeApplied {
			continue
		}
		switch tx.Kind {
		case payments.KindCapture:
			if ch.Status != fake.ChargeCaptured {
				c.broken("I3", p, "its capture is closed as done, and no money was taken")
			}
		case payments.KindVoid:
			if has {
				c.broken("I3", p, "its void is closed as done, but charge %s is %s", ch.ID, ch.Status)
			}
		case payments.KindRefund:
			i := slices.IndexFunc(rec.Refunds, func(r payments.Refund) bool { return r.UID == tx.RefundUID })
			if i < 0 || rec.Refunds[i].Status == payments.RefundUnknown {
				c.broken("I6", p, "a refund is closed as done, and nobody knows whether it was")
			}
		default:
		}
	}
}

// told holds I8: each change is told once, and what was told last is what is.
func (c *checker) told(rec payments.Record) {
	p := rec.Payment
	var last payments.Event
	for _, e := range c.events[p.UID] {
		if e.Type == "subscription."+string(e.SubscriptionStatus) {
			continue
		}
		if e.Previous == e.Status && e.Refunded == last.Refunded {
			c.broken("I8", p, "event %s tells of no change", e.Type)
		}
		last = e
	}
	told := last.Status == p.Status
	switch p.Status {
	case payments.StatusCreated, payments.StatusUnknown: // nothing is told of these
		told = true
	default:
	}
	if !told {
		c.broken("I8", p, "it is %v, and what was told last is %v", p.Status, last.Status)
	}
	if p.Secured() && last.Refunded != p.Refunded && last.Status == p.Status {
		c.broken("I8", p, "%d is refunded, and %d was told", p.Refunded, last.Refunded)
	}
}
