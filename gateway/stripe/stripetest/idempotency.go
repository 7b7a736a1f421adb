package stripetest

import (
	"net/http"
	"strconv"
	"time"
)

// kindKey is the kind of saved answers.
const kindKey = "idempotency_key"

// maxKeyBytes is the longest idempotency key.
const maxKeyBytes = 255

// savedAnswer is what is replayed under a key. Its id is a digest of the account and the key.
type savedAnswer struct {
	base
	Path      string `json:"path"`
	Print     string `json:"print"`
	Status    int    `json:"status"`
	Body      string `json:"body"` // without client secrets
	RequestID string `json:"request_id"`
	Code      string `json:"code,omitempty"`
}

func (*savedAnswer) kind() string { return kindKey }

// keyed tells whether the call's answer is saved: it is for any POST with a key.
func (c *call) keyed() bool { return c.key != "" && c.method == http.MethodPost }

// keyID names a key. Keys belong to an account and a mode.
func (c *call) keyID() string { return digest(c.account + "|" + c.key) }

// checkKey refuses a key that is too long.
func checkKey(c *call) *apiError {
	if len(c.key) > maxKeyBytes {
		return badParam("", "", "Idempotency keys can be at most "+strconv.Itoa(maxKeyBytes)+" characters, but the request's has "+
			strconv.Itoa(len(c.key))+".")
	}
	return nil
}

// replay answers a call from its key, where there is something to answer: what was saved, a mismatch, or a key in use.
func (s *Server) replay(c *call) (answer, bool) {
	if s.opts.NoIdempotency || !c.keyed() {
		return answer{}, false
	}
	id := c.keyID()
	if s.inFlight[id] {
		return s.errorAnswer(c, keyInUse(c.key)), true
	}
	saved, ok := s.state.byID[id].(*savedAnswer)
	if !ok || c.now.Sub(time.Unix(0, saved.Born)) >= s.opts.KeyLife {
		return answer{}, false
	}
	if saved.Print != c.print {
		s.state.Clashes++
		s.metaDirty = true
		return s.errorAnswer(c, keyReused(c, saved)), true
	}
	return answer{status: saved.Status, body: s.withSecrets([]byte(saved.Body)), requestID: c.requestID,
		original: saved.RequestID, code: saved.Code}, true
}

// keyInUse is a key whose first request still runs.
func keyInUse(key string) *apiError {
	return &apiError{status: http.StatusConflict, kind: typeIdempotency, code: codeKeyInUse, early: true,
		message: "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and " +
			"the other request is still going through): " + key + ". Please try again later."}
}

// keyReused is a key that was used for something else.
func keyReused(c *call, saved *savedAnswer) *apiError {
	e := &apiError{status: http.StatusBadRequest, kind: typeIdempotency, early: true,
		message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key " +
			"other than '" + c.key + "' if you meant to execute a different request."}
	if saved.Path != c.path {
		e.message = "Keys for idempotent requests can only be used for the same endpoint they were first used for ('" + c.path + "' vs '" +
			saved.Path + "'). Try using a key other than '" + c.key + "' if you meant to execute a different request."
	}
	return e
}

// remember saves an answer under the call's key, once execution began, a 500 included.
func (s *Server) remember(c *call, a answer) {
	if s.opts.NoIdempotency || !c.keyed() || a.early {
		return
	}
	id := c.keyID()
	if old, ok := s.state.byID[id]; ok { // it is too old, or replay would have answered
		s.drop(old)
	}
	s.put(&savedAnswer{base: base{ID: id, Account: c.account, Born: c.now.UnixNano()}, Path: c.path, Print: c.print,
		Status: a.status, Body: string(s.withoutSecrets(a.body)), RequestID: a.requestID, Code: a.code})
}

// forgetKeys drops the keys that are too old, which are the first of the list.
func (s *Server) forgetKeys(now time.Time) {
	list := s.state.lists[kindKey]
	n := 0
	for ; n < len(list) && now.Sub(time.Unix(0, list[n].meta().Born)) >= s.opts.KeyLife; n++ {
		delete(s.state.byID, list[n].meta().ID)
	}
	if n > 0 {
		s.state.lists[kindKey] = append([]entity(nil), list[n:]...)
	}
}

// ForgetKeys drops all idempotency keys, as Stripe does with those older than a day.
func (s *Server) ForgetKeys() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.state.lists[kindKey] {
		delete(s.state.byID, e.meta().ID)
	}
	s.state.lists[kindKey] = nil
	if s.journal == nil {
		return nil
	}
	return s.rewrite()
}

// KeyClashes counts the requests whose key had been used with other parameters. In a program that is right there are none.
func (s *Server) KeyClashes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Clashes
}
