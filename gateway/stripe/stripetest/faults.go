package stripetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// AnyOperation is every operation, for [Server.Fault].
const AnyOperation = "*"

// aliases are the names of gateway/fake's operations, in the operations of the API.
var aliases = map[string][]string{
	"prepare":   {"payment_intents.create"},
	"confirm":   {"payment_intents.confirm"},
	"authorize": {"payment_intents.create", "payment_intents.confirm"},
	"capture":   {"payment_intents.capture"},
	"void":      {"payment_intents.cancel"},
	"refund":    {"refunds.create"},
	"fetch":     {"payment_intents.retrieve", "payment_intents.list", "payment_intents.search"},
	"subscribe": {"subscriptions.create"},
}

// Operations lists the operations of the API that are emulated, such as "payment_intents.confirm".
func Operations() []string {
	var ops []string
	for _, r := range routes {
		ops = append(ops, r.op)
	}
	return ops
}

// operationsOf reads the name of an operation: one of the API, one of its aliases (prepare, confirm, authorize, capture,
// void, refund, fetch, subscribe), a group such as "payment_intents.*", or "*". Nothing is every operation.
func operationsOf(name string) ([]string, error) {
	if name == AnyOperation {
		return nil, nil
	}
	if ops, ok := aliases[name]; ok {
		return ops, nil
	}
	if group, ok := strings.CutSuffix(name, "*"); ok {
		ops := slices.DeleteFunc(Operations(), func(op string) bool { return !strings.HasPrefix(op, group) })
		if len(ops) > 0 {
			return ops, nil
		}
	}
	if slices.Contains(Operations(), name) {
		return []string{name}, nil
	}
	return nil, fmt.Errorf("stripetest: %.60q is no operation; there are %s, and the aliases prepare, confirm, authorize, capture, void, "+
		"refund, fetch and subscribe", name, strings.Join(Operations(), ", "))
}

// ParseFault reads the name of a fault. [Faults] lists them.
func ParseFault(s string) (Fault, error) {
	names := make([]string, len(faultRows))
	for i, row := range faultRows {
		if string(row.fault) == s {
			return row.fault, nil
		}
		names[i] = string(row.fault)
	}
	return "", fmt.Errorf("stripetest: %.40q is no fault; there are %s", s, strings.Join(names, ", "))
}

// FaultInfo tells what a fault does.
type FaultInfo struct {
	// Fault is its name.
	Fault Fault
	// Effect tells whether the request takes effect in spite of the fault. A late one takes it later.
	Effect bool
	// Lost tells whether the caller gets an error instead of the answer. Otherwise the answer is slow or wrong.
	Lost bool
	// Hangs tells whether the caller has to give up.
	Hangs bool
	// Doc says it in one sentence.
	Doc string
}

// Faults lists all faults with what they do.
func Faults() []FaultInfo {
	list := make([]FaultInfo, len(faultRows))
	for i, row := range faultRows {
		list[i] = FaultInfo{Fault: row.fault, Effect: row.effect, Lost: row.lost(), Hangs: row.hangs, Doc: row.doc}
	}
	return list
}

// faultScript is a fault that waits for its calls.
type faultScript struct {
	ops   []string // nil: any
	row   faultRow
	times int // below zero: for ever
	every int // of so many calls the last one goes wrong; 0 and 1: each
	seen  int
}

// faultScripts are the faults, scripted and random.
type faultScripts struct {
	scripts []*faultScript
	rng     *rand.Rand
	random  struct {
		percent int
		ops     []string
		rows    []faultRow
	}
}

// Fault makes the next calls of an operation go wrong, so many times; a negative number is until [Server.ClearFaults]. The
// operation is one of [Operations], a group of them such as "refunds.*", [AnyOperation], or an alias: prepare, confirm,
// authorize, capture, void, refund, fetch, subscribe. Several faults for one operation take turns in the order of asking.
func (s *Server) Fault(operation string, f Fault, times int) error {
	return s.script(operation, f, times, 1)
}

// FaultEvery makes every n-th call of an operation go wrong until [Server.ClearFaults].
func (s *Server) FaultEvery(operation string, f Fault, n int) error {
	if n < 1 {
		return errors.New("stripetest: every n-th call needs an n of at least 1")
	}
	return s.script(operation, f, -1, n)
}

func (s *Server) script(operation string, f Fault, times, every int) error {
	ops, err := operationsOf(operation)
	if err != nil {
		return err
	}
	if _, err := ParseFault(string(f)); err != nil {
		return err
	}
	if times == 0 {
		return errors.New("stripetest: a fault that happens no time is no fault; a negative number is for ever")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.scripts = append(s.faults.scripts, &faultScript{ops: ops, row: rowOf(f), times: times, every: every})
	return nil
}

// RandomFaults makes a percentage of the calls of an operation go wrong, each by one of the faults that are named; naming
// none means those that lose an answer and do not wait for a time-out. The seed decides. A percentage of zero ends it.
func (s *Server) RandomFaults(operation string, percent int, faults ...Fault) error {
	if percent < 0 || percent > 100 {
		return errors.New("stripetest: a percentage is a number from 0 to 100")
	}
	ops, err := operationsOf(operation)
	if err != nil {
		return err
	}
	var rows []faultRow
	for _, f := range faults {
		if _, err := ParseFault(string(f)); err != nil {
			return err
		}
		rows = append(rows, rowOf(f))
	}
	if len(rows) == 0 {
		rows = slices.DeleteFunc(slices.Clone(faultRows), func(row faultRow) bool { return !row.lost() || row.hangs })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.random.percent, s.faults.random.ops, s.faults.random.rows = percent, ops, rows
	return nil
}

// ClearFaults ends all faults, scripted and random. Requests that are late still arrive.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.scripts = nil
	s.faults.random.percent = 0
}

// PendingFaults counts the scripted faults that have not happened yet; those that last for ever count as one.
func (s *Server) PendingFaults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range s.faults.scripts {
		n += max(f.times, 1)
	}
	return n
}

// pickFault takes the fault that waits for the call.
func (s *Server) pickFault(c *call) faultRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := c.route.op
	for i, f := range s.faults.scripts {
		if f.ops != nil && !slices.Contains(f.ops, op) {
			continue
		}
		if f.seen++; f.seen%f.every != 0 {
			continue
		}
		if f.times > 0 {
			if f.times--; f.times == 0 {
				s.faults.scripts = slices.Delete(s.faults.scripts, i, i+1)
			}
		}
		return f.row
	}
	random := &s.faults.random
	if random.percent > 0 && (random.ops == nil || slices.Contains(random.ops, op)) && s.faults.rng.IntN(100) < random.percent {
		return random.rows[s.faults.rng.IntN(len(random.rows))]
	}
	return faultRow{effect: true}
}

// withoutEffect answers a call that a fault keeps from being carried out.
func (s *Server) withoutEffect(c *call, fault faultRow) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.clock()
	a := answer{status: fault.status, body: []byte(fault.text), requestID: c.requestID}
	if fault.err != nil {
		a = s.errorAnswer(c, fault.err(c.key))
	}
	if fault.saved {
		if saved, done := s.replay(c); done {
			a = saved
		} else {
			s.remember(c, a)
		}
	}
	s.record(c, a, fault)
	if err := s.flush(); err != nil {
		return s.errorAnswer(c, internalError())
	}
	return a
}

// lateRequest is one that arrives later.
type lateRequest struct {
	call *call
	wait int // for so many further requests; below zero for DeliverLate
}

// keepLate keeps a request for later.
func (s *Server) keepLate(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := -1
	if s.opts.LateAfter > 0 {
		wait = s.opts.LateAfter
	}
	s.late = append(s.late, lateRequest{call: c, wait: wait})
}

// lateDue takes the late requests whose time has come with this one.
func (s *Server) lateDue() []lateRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []lateRequest
	rest := s.late[:0]
	for _, l := range s.late {
		if l.wait > 0 {
			if l.wait--; l.wait == 0 {
				due = append(due, l)
				continue
			}
		}
		rest = append(rest, l)
	}
	s.late = rest
	return due
}

// arrive carries out a late request. Nobody waits for the answer any more.
func (s *Server) arrive(ctx context.Context, l lateRequest) {
	_, out := s.execute(l.call, faultRow{effect: true, fault: FaultLate})
	s.deliver(ctx, out)
}

// DeliverLate lets all requests with the fault "late" arrive now, in their order, and returns how many there were.
func (s *Server) DeliverLate(ctx context.Context) int {
	s.mu.Lock()
	late := s.late
	s.late = nil
	s.mu.Unlock()
	for _, l := range late {
		s.arrive(ctx, l)
	}
	return len(late)
}

// LateRequests counts the requests that are still on their way.
func (s *Server) LateRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.late)
}
