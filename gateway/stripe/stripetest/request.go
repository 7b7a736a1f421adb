package stripetest

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// call is a request to the API that is being served.
type call struct {
	route     *route
	method    string
	path      string
	id        string // of the path
	params    params
	print     string // a digest of what is asked
	key       string // the idempotency key
	account   string
	requestID string
	page      bool // made with a publishable key, by the payer's page
	now       time.Time
}

// answer is what a call is answered.
type answer struct {
	status    int
	body      []byte
	requestID string
	original  string // the request whose answer is replayed
	early     bool   // nothing was executed
	code      string
}

// read reads a request as far as it can be judged without the state. The call is never nil.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*call, *apiError) {
	s.mu.Lock()
	c := &call{method: r.Method, path: r.URL.Path, key: r.Header.Get("Idempotency-Key"),
		account: r.Header.Get("Stripe-Account"), requestID: s.requestID()}
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFormBytes))
	if err != nil {
		return c, badForm("The request's body cannot be read, or is too large.")
	}
	raw := r.URL.RawQuery
	if r.Method == http.MethodPost {
		if raw != "" && len(body) > 0 {
			raw += "&"
		}
		raw += string(body)
		if t := r.Header.Get("Content-Type"); len(body) > 0 && !strings.HasPrefix(t, "application/x-www-form-urlencoded") {
			return c, badForm("Invalid request: the body must be of type application/x-www-form-urlencoded. If you have questions, " +
				"we can help at https://support.stripe.com/.")
		}
	}
	form, bad := parseForm(raw)
	if bad != nil {
		return c, bad
	}
	c.params = params{form}
	c.route, c.id = match(c.method, c.path)
	if bad := s.authenticate(r, c); bad != nil {
		return c, bad
	}
	if c.route == nil {
		return c, noRoute(c.method, c.path)
	}
	if v := r.Header.Get("Stripe-Version"); v != "" && v != APIVersion {
		return c, badForm("stripetest emulates the API version " + APIVersion + " and no other; the request asks for " +
			strconv.Quote(v) + ".")
	}
	if bad := checkKey(c); bad != nil {
		return c, bad
	}
	c.print = digest(c.method + " " + c.path + " " + string(mustJSON(withoutCard(form))))
	return c, nil
}

// requestID makes the id of a request. It is no object, so that a read leaves the state as it was.
func (s *Server) requestID() string {
	s.requests++
	return "req_" + s.derive(fmt.Sprintf("request:%d:%d", s.state.Counter, s.requests), 14)
}

// withoutCard is a form as it goes into a fingerprint: a card number is there as its last four digits, a verification code
// not at all.
func withoutCard(n *node) any {
	if n.leaf {
		return n.text
	}
	m := obj{}
	for name, kid := range n.kids {
		switch {
		case name == "number" && kid.leaf:
			m[name] = lastFour(kid.text)
		case name == "cvc" || name == "client_secret":
		default:
			m[name] = withoutCard(kid)
		}
	}
	return m
}

// lastFour is the end of a card number.
func lastFour(number string) string { return number[max(0, len(number)-4):] }

// yield lets other goroutines run.
func yield() { runtime.Gosched() }

// maxLog bounds the log of requests.
const maxLog = 100_000

// Request is one request that the API has been sent, for tests that count and look.
type Request struct {
	// ID is the Request-Id of the answer.
	ID string `json:"id"`
	// Op is the operation, such as "payment_intents.confirm"; empty when the address is none of the API's.
	Op string `json:"op"`
	// Method and Path are those of HTTP.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Key is the idempotency key.
	Key string `json:"key,omitempty"`
	// Status is that of the true answer, which a fault may have hidden.
	Status int `json:"status"`
	// Code is that of the error.
	Code string `json:"code,omitempty"`
	// Replayed tells whether the answer was saved under the key.
	Replayed bool `json:"replayed,omitempty"`
	// Fault is what went wrong, empty for nothing.
	Fault Fault `json:"fault,omitempty"`
	// At is the moment by the emulator's clock.
	At time.Time `json:"at"`
}

// record writes a request into the log.
func (s *Server) record(c *call, a answer, fault faultRow) {
	r := Request{ID: c.requestID, Method: c.method, Path: c.path, Key: c.key, Status: a.status, Code: a.code,
		Replayed: a.original != "", Fault: fault.fault, At: c.now}
	if c.route != nil {
		r.Op = c.route.op
	}
	if len(s.log) >= maxLog {
		s.log = append([]Request(nil), s.log[maxLog/2:]...)
	}
	s.log = append(s.log, r)
}

// Requests lists the requests that reached an operation, the oldest first, at least the newest 50,000. It is not kept in the
// state file.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.log...)
}
