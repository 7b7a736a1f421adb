package stripetest

import (
	"encoding/json"
	"slices"
	"time"
)

// obj is an object of the API as it is answered.
type obj = map[string]any

// base is what every object has.
type base struct {
	ID      string `json:"id"`
	Account string `json:"account,omitempty"`
	// Born is the moment of its making in nanoseconds.
	Born int64 `json:"born"`
	// Deleted marks what is only kept for being named.
	Deleted bool `json:"deleted,omitempty"`
}

func (b *base) meta() *base { return b }

// created is the moment of its making as the API tells it.
func (b *base) created() int64 { return time.Unix(0, b.Born).Unix() }

// due is when time itself changes an object; most never do.
func (b *base) due() int64 { return 0 }

// entity is a kept object.
type entity interface {
	meta() *base
	kind() string
	due() int64
}

// kinds makes an empty object of each kind, for reading the state file.
var kinds = map[string]func() entity{
	kindIntent:       func() entity { return new(intent) },
	kindCharge:       func() entity { return new(charge) },
	kindRefund:       func() entity { return new(refund) },
	kindMethod:       func() entity { return new(method) },
	kindToken:        func() entity { return new(token) },
	kindCustomer:     func() entity { return new(customer) },
	kindSetup:        func() entity { return new(setupIntent) },
	kindProduct:      func() entity { return new(product) },
	kindPrice:        func() entity { return new(price) },
	kindSubscription: func() entity { return new(subscription) },
	kindInvoice:      func() entity { return new(invoice) },
	kindDispute:      func() entity { return new(dispute) },
	kindReview:       func() entity { return new(review) },
	kindEvent:        func() entity { return new(event) },
	kindKey:          func() entity { return new(savedAnswer) },
}

// state is all that is kept.
type state struct {
	// Counter makes ids.
	Counter uint64 `json:"counter"`
	// Offset is how far Advance has moved the clock, in nanoseconds.
	Offset int64 `json:"offset,omitempty"`
	// Clashes counts keys that were used again with other parameters.
	Clashes int `json:"clashes,omitempty"`

	byID  map[string]entity
	lists map[string][]entity // by kind, in the order of making
}

func newState() state { return state{byID: map[string]entity{}, lists: map[string][]entity{}} }

// put keeps an object that is new or has changed.
func (s *Server) put(e entity) {
	id := e.meta().ID
	if _, known := s.state.byID[id]; !known {
		s.state.add(e)
	}
	if !slices.Contains(s.dirty, e) {
		s.dirty = append(s.dirty, e)
	}
	if at := e.due(); at > 0 {
		s.wakes.push(at, id)
	}
}

func (st *state) add(e entity) {
	st.byID[e.meta().ID] = e
	st.lists[e.kind()] = append(st.lists[e.kind()], e)
}

// drop takes back an object that the running call has made.
func (s *Server) drop(e entity) {
	id, list := e.meta().ID, s.state.lists[e.kind()]
	delete(s.state.byID, id)
	s.dirty = slices.DeleteFunc(s.dirty, func(other entity) bool { return other == e })
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == e {
			s.state.lists[e.kind()] = append(list[:i:i], list[i+1:]...)
			return
		}
	}
}

// get finds an object of an account.
func get[T entity](s *Server, account, id string) (T, bool) {
	e, ok := s.state.byID[id].(T)
	if !ok || e.meta().Account != account || e.meta().Deleted {
		var none T
		return none, false
	}
	return e, true
}

// own finds an object that another object names, which therefore exists.
func own[T entity](s *Server, id string) T {
	e, _ := s.state.byID[id].(T)
	return e
}

// mustJSON writes plain values, which cannot fail.
func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("stripetest: a plain value cannot be written: " + err.Error())
	}
	return text
}

// orNull is nil for an empty text: the API answers null.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// numOrNull is nil for zero.
func numOrNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// rawOrNull is nil for an object that was not given.
func rawOrNull(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return raw
}

// textMap is metadata, which is never null.
func textMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
