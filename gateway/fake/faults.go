package fake

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/trendsic/payments"
)

// Operation names a method of the gateway for [Gateway.Fault].
type Operation string

// The operations.
const (
	// OpPrepare is Prepare.
	OpPrepare Operation = "prepare"
	// OpConfirm is Confirm.
	OpConfirm Operation = "confirm"
	// OpAuthorize is Authorize.
	OpAuthorize Operation = "authorize"
	// OpCapture is Capture.
	OpCapture Operation = "capture"
	// OpVoid is Void.
	OpVoid Operation = "void"
	// OpRefund is Refund.
	OpRefund Operation = "refund"
	// OpFetch is Fetch.
	OpFetch Operation = "fetch"
	// OpSubscribe is Subscribe.
	OpSubscribe Operation = "subscribe"
	// OpFetchSubscription is FetchSubscription.
	OpFetchSubscription Operation = "fetch_subscription"
	// OpCancelSubscription is CancelSubscription.
	OpCancelSubscription Operation = "cancel_subscription"
	// OpUncancelSubscription is UncancelSubscription.
	OpUncancelSubscription Operation = "uncancel_subscription"
	// OpListCharges is ListCharges.
	OpListCharges Operation = "list_charges"
	// OpAny is any of them.
	OpAny Operation = "*"
)

// Operations lists the operations, without [OpAny].
func Operations() []Operation {
	return []Operation{OpPrepare, OpConfirm, OpAuthorize, OpCapture, OpVoid, OpRefund, OpFetch,
		OpSubscribe, OpFetchSubscription, OpCancelSubscription, OpUncancelSubscription, OpListCharges}
}

// reads reports whether the operation changes nothing.
func (o Operation) reads() bool {
	return o == OpFetch || o == OpFetchSubscription || o == OpListCharges
}

// ParseOperation reads the name of an operation, or "*".
func ParseOperation(s string) (Operation, error) {
	if op := Operation(s); op == OpAny || slices.Contains(Operations(), op) {
		return op, nil
	}
	return "", fmt.Errorf("fake: %.40q is no operation; there are %v and *", s, Operations())
}

// UnmarshalText reads what [ParseOperation] reads.
func (o *Operation) UnmarshalText(text []byte) error {
	op, err := ParseOperation(string(text))
	if err == nil {
		*o = op
	}
	return err
}

// ParseFault reads the name of a fault. [Faults] lists them.
func ParseFault(s string) (Fault, error) {
	for _, row := range faultRows {
		if string(row.fault) == s {
			return row.fault, nil
		}
	}
	names := make([]string, len(faultRows))
	for i, row := range faultRows {
		names[i] = string(row.fault)
	}
	return "", fmt.Errorf("fake: %.40q is no fault; there are %s", s, strings.Join(names, ", "))
}

// UnmarshalText reads what [ParseFault] reads.
func (f *Fault) UnmarshalText(text []byte) error {
	fault, err := ParseFault(string(text))
	if err == nil {
		*f = fault
	}
	return err
}

// FaultInfo tells what a fault does.
type FaultInfo struct {
	// Fault is its name.
	Fault Fault
	// Effect tells whether the request takes effect in spite of the fault. A late one takes it later.
	Effect bool
	// Lost tells whether the caller gets an error instead of the answer. Otherwise the answer is wrong.
	Lost bool
	// Outcome is what the error says when the answer is lost.
	Outcome payments.Outcome
	// Doc says it in one sentence.
	Doc string
}

// Faults lists all faults with what they do.
func Faults() []FaultInfo {
	list := make([]FaultInfo, len(faultRows))
	for i, row := range faultRows {
		list[i] = FaultInfo{Fault: row.fault, Effect: row.effect, Lost: row.lost, Outcome: row.outcome, Doc: row.doc}
	}
	return list
}

// script is a fault that waits for its calls.
type script struct {
	op    Operation
	row   faultRow
	times int // below zero: for ever
	every int // of so many calls, the last goes wrong; zero is each
	calls int
}

// Fault makes the next calls of the operation ([OpAny] is every operation) go wrong, so many times; a negative number is
// until [Gateway.ClearFaults]. Several faults for one operation take turns in the order in which they were asked for.
func (g *Gateway) Fault(op Operation, f Fault, times int) error {
	if times == 0 {
		return errors.New("fake: a fault that happens no time is no fault; a negative number is for ever")
	}
	return g.plan(&script{op: op, times: times}, f)
}

// FaultEvery makes every n-th call of the operation go wrong, until [Gateway.ClearFaults]. The others go right, or meet
// another fault.
func (g *Gateway) FaultEvery(op Operation, f Fault, n int) error {
	if n < 1 {
		return errors.New("fake: a fault of every n-th call needs an n of at least 1")
	}
	return g.plan(&script{op: op, times: -1, every: n}, f)
}

// plan lets a script wait for its calls.
func (g *Gateway) plan(s *script, f Fault) error {
	if _, err := ParseOperation(string(s.op)); err != nil {
		return err
	}
	if _, err := ParseFault(string(f)); err != nil {
		return err
	}
	s.row = rowOf(f)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scripts = append(g.scripts, s)
	return nil
}

// ClearFaults ends all faults, scripted and random. Requests that are late still arrive.
func (g *Gateway) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scripts, g.random.percent = nil, 0
}

// randomFaults are faults by chance.
type randomFaults struct {
	rng     *rand.Rand
	percent int
	rows    []faultRow
}

// RandomFaults makes each call go wrong with a chance of percent in a hundred, by one of the faults, or, when none is
// named, by any that loses the answer and needs no deadline to end. The seed decides. A percentage of zero ends it.
func (g *Gateway) RandomFaults(percent int, faults ...Fault) error {
	if percent < 0 || percent > 100 {
		return errors.New("fake: a percentage is a number from 0 to 100")
	}
	var rows []faultRow
	for _, f := range faults {
		if _, err := ParseFault(string(f)); err != nil {
			return err
		}
		rows = append(rows, rowOf(f))
	}
	if len(rows) == 0 {
		for _, row := range faultRows {
			if row.lost && !row.hangs && !row.panics {
				rows = append(rows, row)
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.random.percent, g.random.rows = percent, rows
	return nil
}

// pickFault takes the fault that waits for the operation; the zero row is none.
func (g *Gateway) pickFault(op Operation) faultRow {
	for i, s := range g.scripts {
		if s.op != OpAny && s.op != op {
			continue
		}
		if s.calls++; s.every > 0 && s.calls%s.every != 0 {
			continue
		}
		if s.times > 0 {
			if s.times--; s.times == 0 {
				g.scripts = slices.Delete(g.scripts, i, i+1)
			}
		}
		return s.row
	}
	if g.random.percent > 0 && g.random.rng.IntN(100) < g.random.percent {
		return g.random.rows[g.random.rng.IntN(len(g.random.rows))]
	}
	return faultRow{effect: true}
}

// faultError is the error by which a fault answers.
func (g *Gateway) faultError(op Operation, row faultRow) *payments.Error {
	if row.outcome == payments.OutcomeNotApplied {
		return g.fail(op, payments.Error{Code: payments.ErrRateLimited, GatewayCode: row.gatewayCode, RetryAfter: retryAfter,
			Message: "The payment gateway is busy. Please try again."})
	}
	e := g.doubt(op, row.gatewayCode, errLost)
	if row.busy {
		e.RetryAfter = retryAfter
	}
	return e
}
