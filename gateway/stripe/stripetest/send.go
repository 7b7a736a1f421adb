package stripetest

import (
	"net/http"
	"strconv"
	"time"
)

// dripPause is what slow_body waits between two bytes.
const dripPause = 10 * time.Millisecond

// send writes an answer, and does to it what the fault does.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a answer, fault faultRow) {
	if fault.drop {
		panic(http.ErrAbortHandler) // net/http cuts the connection
	}
	if fault.hangs {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if fault.effect && fault.err != nil {
		e := fault.err(r.Header.Get("Idempotency-Key"))
		a = answer{status: e.status, body: mustJSON(e.body(a.requestID)), requestID: a.requestID}
	}
	contentType := "application/json"
	if fault.status != 0 {
		a.status, a.body, contentType = fault.status, []byte(fault.text), "text/html; charset=utf-8"
		if a.status == http.StatusOK {
			contentType = "application/json"
		}
	}
	if fault.mutate != nil && a.status < 300 {
		a.body = mutated(a.body, fault.mutate)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("Request-Id", a.requestID)
	h.Set("Stripe-Version", APIVersion)
	for name, value := range map[string]string{"Idempotency-Key": r.Header.Get("Idempotency-Key"),
		"Stripe-Account": r.Header.Get("Stripe-Account"), "Original-Request": a.original} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if a.original != "" {
		h.Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(a.status)
	switch {
	case fault.cut:
		s.write(w, a.body[:len(a.body)/2])
		flushNow(w)
		panic(http.ErrAbortHandler)
	case fault.drips:
		s.drip(w, r, a.body)
	default:
		s.write(w, a.body)
	}
}

// write writes a body. A caller who has gone does not read it, and that is not for the emulator to mend.
func (s *Server) write(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }

// drip writes a body byte by byte.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, body []byte) {
	timer := time.NewTicker(dripPause)
	defer timer.Stop()
	for i := range body {
		s.write(w, body[i:i+1])
		flushNow(w)
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

// flushNow sends what was written; a writer that cannot has sent it already.
func flushNow(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
