package stripetest

import (
	"encoding/json"
	"path"
	"slices"
	"time"
)

// kindEvent is the kind of events.
const kindEvent = "event"

const (
	// eventLife is how long events are listed.
	eventLife = 30 * 24 * time.Hour
	// maxEvents is how many are kept, so that a campaign of a million payments ends.
	maxEvents = 100_000
)

// event is an Event, and what has become of its delivery.
type event struct {
	base
	Type      string          `json:"type"`
	Object    string          `json:"object_id"`
	Data      json.RawMessage `json:"data"` // without client secrets
	RequestID string          `json:"request_id,omitempty"`
	Key       string          `json:"key,omitempty"`
	Delivered bool            `json:"delivered,omitempty"`
	Attempts  int             `json:"attempts,omitempty"`
	NextTry   int64           `json:"next_try,omitempty"`
	Lost      bool            `json:"lost,omitempty"` // by script
}

func (*event) kind() string { return kindEvent }

func (e *event) due() int64 { return e.NextTry }

// wake delivers an event that is late, or whose delivery failed.
func (e *event) wake(s *Server, _ time.Time) {
	e.NextTry = 0
	s.put(e)
	s.hooks.again = append(s.hooks.again, e)
}

// emit makes an event about an object as it is now.
func (s *Server) emit(now time.Time, kind string, about entity) {
	data := s.withoutSecrets(mustJSON(obj{"object": s.render(about)}))
	e := &event{base: s.newBase("evt", about.meta().Account, now), Type: kind, Object: about.meta().ID, Data: data}
	if s.running != nil {
		e.RequestID, e.Key = s.running.requestID, s.running.key
	}
	e.Delivered = !s.hasEndpoint()
	s.put(e)
	s.outbox = append(s.outbox, e)
}

// resumeEvents lets the events go out that a killed process had made and not delivered.
func (s *Server) resumeEvents() {
	for _, en := range s.state.lists[kindEvent] {
		if e := en.(*event); !e.Delivered && !e.Lost && e.Attempts == 0 && e.NextTry == 0 {
			e.NextTry = e.created()
			s.wakes.push(e.NextTry, e.ID)
		}
	}
}

// forgetEvents drops the events that are too old or too many, which are the first of the list.
func (s *Server) forgetEvents(now time.Time) {
	list := s.state.lists[kindEvent]
	n := 0
	if len(list) > maxEvents {
		n = len(list) - maxEvents*9/10 // some at a time
	}
	for n < len(list) && now.Sub(time.Unix(0, list[n].meta().Born)) >= eventLife {
		n++
	}
	for _, e := range list[:n] {
		delete(s.state.byID, e.meta().ID)
	}
	if n > 0 {
		s.state.lists[kindEvent] = append([]entity(nil), list[n:]...)
	}
}

func retrieveEvent(s *Server, c *call) (obj, *apiError) {
	e, ok := get[*event](s, c.account, c.id)
	if !ok {
		return nil, noSuch("event", c.id, "id")
	}
	return s.renderEvent(e), nil
}

func listEvents(s *Server, c *call) (obj, *apiError) {
	p := c.params
	types := p.strs("types")
	if p.has("type") {
		if len(types) > 0 {
			return nil, onlyOne("type", "types")
		}
		types = []string{p.str("type")}
	}
	return s.list(c, kindEvent, func(en entity) bool {
		e := en.(*event)
		if p.has("delivery_success") && e.Delivered != p.bool("delivery_success") {
			return false
		}
		return len(types) == 0 || slices.ContainsFunc(types, func(pattern string) bool {
			fits, err := path.Match(pattern, e.Type)
			return err == nil && fits
		})
	})
}

// renderEvent is an Event as the API answers it.
func (s *Server) renderEvent(e *event) obj { return s.eventAt(e, APIVersion) }

// eventAt is an Event as it is rendered at a version of the API.
func (s *Server) eventAt(e *event, version string) obj {
	data := json.RawMessage(s.withSecrets(e.Data))
	if version >= basilVersion {
		data = basil(data)
	}
	pending := 0
	if !e.Delivered {
		pending = 1
	}
	o := obj{"id": e.ID, "object": "event", "api_version": version, "created": e.created(), "livemode": false, "type": e.Type,
		"pending_webhooks": pending, "data": data, "request": obj{"id": orNull(e.RequestID), "idempotency_key": orNull(e.Key)}}
	if e.Account != "" {
		o["account"] = e.Account
	}
	return o
}
