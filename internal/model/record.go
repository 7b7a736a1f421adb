package model

import (
	"context"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/invariant"
)

// rows is the store of a process: what it answers is part of what the task that asks is told.
type rows struct {
	payments.Store
	w *world
}

// tell lets the task that runs hear an answer.
func (w *world) tell(call string, value any, err error) {
	if w.cur != nil {
		w.cur.hear(call, value, err)
		w.cur.wrote = w.cur.wrote || call != "find" && call != "inbox" && call != "fetch" && call != "lost"
	}
}

// owned notes under which name the task that runs leases.
func (s rows) owned(name string) {
	if t := s.w.cur; t != nil && name != "" {
		t.owner = name
	}
}

// Apply writes a change.
func (s rows) Apply(ctx context.Context, change payments.Change) (payments.Payment, error) {
	s.owned(change.LeaseOwner)
	p, err := s.Store.Apply(ctx, change)
	if err == nil && change.Payment.UID != "" {
		s.w.changes++
	}
	if change.Payment.UID == "" {
		s.w.tell("apply", len(change.Inbox) > 0 && change.Inbox[0].ID != 0, err)
	} else {
		s.w.tell("apply", p, err)
	}
	return p, err
}

// Find reads a payment.
func (s rows) Find(ctx context.Context, q payments.Query) (payments.Record, error) {
	rec, err := s.Store.Find(ctx, q)
	s.w.tell("find", rec, err)
	if t := s.w.cur; t != nil {
		t.read, t.readAt, t.asked = s.w.changes, s.w.now, false
	}
	return rec, err
}

// Lease hands payments out.
func (s rows) Lease(ctx context.Context, req payments.LeaseRequest) ([]payments.Payment, error) {
	s.owned(req.Owner)
	list, err := s.Store.Lease(ctx, req)
	s.w.changes += len(list)
	s.w.tell("lease", list, err)
	return list, err
}

// Hasten makes doubts due.
func (s rows) Hasten(ctx context.Context, namespace string, due time.Time) (int64, error) {
	n, err := s.Store.Hasten(ctx, namespace, due)
	s.w.changes += int(n)
	s.w.tell("hasten", n, err)
	return n, err
}

// Inbox reads events.
func (s rows) Inbox(ctx context.Context, namespace string, dueBefore time.Time, limit int) ([]payments.InboxEvent, error) {
	list, err := s.Store.Inbox(ctx, namespace, dueBefore, limit)
	s.w.tell("inbox", list, err)
	return list, err
}

// books is the gateway of a process. What it was asked, and answered, is how it stands.
type books struct {
	invariant.FullGateway
	w *world
}

// Unwrap returns the gateway beneath.
func (g books) Unwrap() payments.Gateway { return g.FullGateway }

// asked notes a call that may change something at the gateway, and lets the task hear the answer.
func (g books) asked(call string, request any, snap payments.Snapshot, err error) (payments.Snapshot, error) {
	if request != nil {
		g.w.asked = append(g.w.asked, said{call: call, value: request, now: g.w.now}, said{value: snap, err: err, now: g.w.now})
	}
	g.w.tell(call, snap, err)
	if t := g.w.cur; t != nil {
		t.asked = true
	}
	return snap, err
}

// Prepare makes or changes an object.
func (g books) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Prepare(ctx, req)
	return g.asked("prepare", []string{req.PaymentUID, req.Key, req.Reference, req.Source.Token.Reveal()}, snap, err)
}

// Confirm asks for the money.
func (g books) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Confirm(ctx, req)
	return g.asked("confirm", []string{req.PaymentUID, req.Key, req.Reference}, snap, err)
}

// Void cancels.
func (g books) Void(ctx context.Context, req payments.VoidRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Void(ctx, req)
	return g.asked("void", []string{req.PaymentUID, req.Key, req.Reference}, snap, err)
}

// Fetch reads an object.
func (g books) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Fetch(ctx, req)
	return g.asked("fetch", nil, snap, err)
}
