package model

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/invariant"
)

// badStore is a store through which a mistake is made with each change.
type badStore struct {
	payments.Store
	change func(ctx context.Context, s payments.Store, c *payments.Change)
}

// Apply writes what the mistake makes of the change.
func (s badStore) Apply(ctx context.Context, c payments.Change) (payments.Payment, error) {
	if c.Payment.UID != "" {
		s.change(ctx, s.Store, &c)
	}
	return s.Store.Apply(ctx, c)
}

// store plants a mistake of what is written.
func store(change func(ctx context.Context, s payments.Store, c *payments.Change)) plant {
	return plant{store: func(_ *world, s payments.Store) payments.Store { return badStore{s, change} }}
}

// secondObject asks for a new object each time.
type secondObject struct{ invariant.FullGateway }

func (g secondObject) Unwrap() payments.Gateway { return g.FullGateway }

// Prepare forgets which object the payment has.
func (g secondObject) Prepare(ctx context.Context, req payments.PrepareRequest) (payments.Snapshot, error) {
	req.Reference = ""
	return g.FullGateway.Prepare(ctx, req)
}

// timer gives up what is old.
type timer struct {
	invariant.FullGateway
	w *world
}

func (g timer) Unwrap() payments.Gateway { return g.FullGateway }

// Fetch takes an object that nobody paid in time for one that is canceled.
func (g timer) Fetch(ctx context.Context, req payments.FetchRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Fetch(ctx, req)
	if err == nil && snap.Status == payments.StatusCreated && g.w.now.Sub(begin) >= 15*time.Minute {
		snap.Status = payments.StatusCanceled
	}
	return snap, err
}

// lostIsRefused takes no answer for a refusal.
type lostIsRefused struct{ invariant.FullGateway }

func (g lostIsRefused) Unwrap() payments.Gateway { return g.FullGateway }

// Confirm says that nothing was done where nothing was answered.
func (g lostIsRefused) Confirm(ctx context.Context, req payments.ConfirmRequest) (payments.Snapshot, error) {
	snap, err := g.FullGateway.Confirm(ctx, req)
	if payments.OutcomeOf(err) == payments.OutcomeUnknown && err != nil {
		return payments.Snapshot{}, &payments.Error{Code: payments.ErrGatewayRejected, Outcome: payments.OutcomeNotApplied}
	}
	return snap, err
}

// plants are mistakes that the search must find, each by a promise that it breaks.
var plants = []struct {
	name  string
	plant plant
	in    Bounds
	rules string
}{
	{"the marker is cleared while the outcome is unknown", store(func(_ context.Context, _ payments.Store, c *payments.Change) {
		c.Payment.Live = c.Payment.Live && c.Payment.Status != payments.StatusUnknown
	}), Bounds{}, "I1 I3 I5"},
	{"a second object while the first is in doubt", plant{gateway: func(_ *world, g invariant.FullGateway) invariant.FullGateway {
		return secondObject{g}
	}}, Bounds{}, "I1 I11"},
	{"Reconcile gives up by a timer", plant{gateway: func(w *world, g invariant.FullGateway) invariant.FullGateway { return timer{g, w} }},
		Bounds{Tokens: []string{"tok_visa"}, Late: 1, Jumps: 1, Reconciles: 1}, "I1 I3 I11"},
	{"no answer is taken for a refusal", plant{gateway: func(_ *world, g invariant.FullGateway) invariant.FullGateway { return lostIsRefused{g} }},
		Bounds{Late: 1}, "I3 I9"},
	{"the version is not compared", store(func(ctx context.Context, s payments.Store, c *payments.Change) {
		if rec, err := s.Find(ctx, payments.Query{UID: c.Payment.UID}); err == nil && c.Payment.Version > 0 {
			c.Payment.Version = rec.Payment.Version
		}
	}), Bounds{Events: 1}, "I1 I3 I4 I5 I8"},
	{"a doubt is never due", store(func(_ context.Context, _ payments.Store, c *payments.Change) {
		if c.Payment.Status == payments.StatusUnknown {
			c.Payment.DueAt = time.Time{}
		}
	}), Bounds{Crashes: 1}, "I4"},
	{"the request is not stored as sent", store(func(_ context.Context, _ payments.Store, c *payments.Change) {
		for i := range c.Transactions {
			c.Transactions[i].Sent = false
		}
	}), Bounds{}, "I9"},
}

// TestPlantsAreFound plants each mistake around the module, and holds that the search finds a broken promise of those that
// the mistake can break, and the way there.
func TestPlantsAreFound(t *testing.T) {
	t.Parallel()
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.in.Tokens == nil {
				p.in.Tokens = cards["one is declined"]
			}
			r := explore(p.in, p.plant, 1, 0)
			if len(r.Broken) == 0 {
				t.Fatalf("it was not found in %v", r)
			}
			for _, v := range r.Broken {
				if !strings.Contains(p.rules+" ", v.Rule+" ") {
					t.Errorf("it broke %v, not one of %s", v, p.rules)
				}
			}
			t.Logf("%v", r)
		})
	}
}
