package stripetest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Server is the emulator. It is an [http.Handler] of the API; [Server.Transport] reaches it without any network. It may be
// used by many goroutines at once.
type Server struct {
	opts Options

	mu        sync.Mutex
	state     state
	journal   *journal
	dirty     []entity // what the running call has changed, in the order of the first change
	metaDirty bool
	requests  uint64 // counts them, for their ids
	running   *call  // for the events that it makes
	wakes     wakes
	inFlight  map[string]bool // keys whose requests run
	outbox    []*event        // made by the running call
	faults    faultScripts
	hooks     webhookScripts
	late      []lateRequest
	log       []Request
}

// New makes a server, and reads its state where Options.StateFile names a file that exists.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{opts: o, state: newState(), inFlight: map[string]bool{}}
	// The faults have a stream of their own, so that ids do not depend on them.
	s.faults.rng = rand.New(rand.NewPCG(o.Seed, 0x66617573)) //nolint:gosec // a fault must be repeatable, not unguessable
	if o.StateFile != "" {
		if err := s.openJournal(o.StateFile); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close closes the state file. The server must not be used any more.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.file.Close()
}

// ServeHTTP serves the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := s.read(w, r)
	if err != nil {
		s.send(w, r, s.errorAnswer(c, err), faultRow{effect: true})
		return
	}
	for _, late := range s.lateDue() {
		s.arrive(r.Context(), late)
	}
	fault := s.pickFault(c)
	if fault.late {
		s.keepLate(c)
		panic(http.ErrAbortHandler)
	}
	var a answer
	if fault.effect {
		var out []*outgoing
		a, out = s.execute(c, fault)
		s.deliver(r.Context(), out)
	} else {
		a = s.withoutEffect(c, fault)
	}
	s.send(w, r, a, fault)
}

// execute runs a call: it is replayed from its key, refused, or carried out, and its answer is saved.
func (s *Server) execute(c *call, fault faultRow) (answer, []*outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.clock()
	s.tick(c.now)
	if a, done := s.replay(c); done {
		return s.finish(c, a, fault)
	}
	if c.keyed() {
		s.inFlight[c.keyID()] = true
		defer delete(s.inFlight, c.keyID())
		// Other requests may come in between, as they may at Stripe; they meet a key that is in use.
		s.mu.Unlock()
		yield()
		s.mu.Lock()
	}
	a := s.carryOut(c)
	if fault.saved && !a.early {
		a = s.errorAnswer(c, internalError())
	}
	s.remember(c, a)
	return s.finish(c, a, fault)
}

// finish ends a call under the lock: what has changed is on the disk before anybody hears of it.
func (s *Server) finish(c *call, a answer, fault faultRow) (answer, []*outgoing) {
	s.record(c, a, fault)
	out := s.takeOutbox(c.now)
	if err := s.flush(); err != nil {
		return s.errorAnswer(c, internalError()), nil
	}
	return a, out
}

// carryOut runs the operation.
func (s *Server) carryOut(c *call) answer {
	if err := s.refused(c); err != nil {
		return s.errorAnswer(c, err)
	}
	if err := c.route.schema.check(c.params.n, nil); err != nil {
		return s.errorAnswer(c, err)
	}
	if err := checkExpand(c); err != nil {
		return s.errorAnswer(c, err)
	}
	s.running = c
	defer func() { s.running = nil }()
	body, err := c.route.run(s, c)
	if err != nil {
		body, err = s.inDialect(err)
	}
	if err != nil {
		return s.errorAnswer(c, err)
	}
	s.expand(c, body)
	return answer{status: http.StatusOK, body: mustJSON(body), requestID: c.requestID}
}

// errorAnswer makes an answer of an error.
func (s *Server) errorAnswer(c *call, err *apiError) answer {
	return answer{status: err.status, body: mustJSON(err.body(c.requestID)), requestID: c.requestID, early: err.early, code: err.code}
}

// newBase makes what every object has.
func (s *Server) newBase(prefix, account string, now time.Time) base {
	return base{ID: s.newID(prefix), Account: account, Born: now.UnixNano()}
}
