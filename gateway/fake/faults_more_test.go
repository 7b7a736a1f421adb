package fake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// calls are the optional operations, each with how often it had its effect. Each returns a text of what it was answered.
var calls = map[fake.Operation]func(ctx context.Context, b *bench, reference, key string) (string, error){
	fake.OpSubscribe: func(ctx context.Context, b *bench, _, key string) (string, error) {
		s, err := b.Subscribe(ctx, payments.SubscribeRequest{PaymentRef: ref(2), Key: key, Plan: monthly, Amount: usd(500)})
		return fmt.Sprintf("%+v", s), err
	},
	fake.OpFetchSubscription: func(ctx context.Context, b *bench, reference, _ string) (string, error) {
		s, err := b.FetchSubscription(ctx, payments.FetchSubscriptionRequest{PaymentRef: b.order, Reference: reference})
		return fmt.Sprintf("%+v", s), err
	},
	fake.OpCancelSubscription: func(ctx context.Context, b *bench, reference, key string) (string, error) {
		s, err := b.CancelSubscription(ctx, payments.CancelSubscriptionRequest{PaymentRef: b.order, Key: key, Reference: reference})
		return fmt.Sprintf("%+v", s), err
	},
	fake.OpUncancelSubscription: func(ctx context.Context, b *bench, reference, key string) (string, error) {
		s, err := b.UncancelSubscription(ctx, payments.UncancelSubscriptionRequest{PaymentRef: b.order, Key: key, Reference: reference})
		return fmt.Sprintf("%+v", s), err
	},
	fake.OpListCharges: func(ctx context.Context, b *bench, _, _ string) (string, error) {
		list, _, err := b.ListCharges(ctx, payments.ListChargesRequest{Limit: 10})
		return fmt.Sprintf("%+v", list), err
	},
}

// TestFaultsOfOptionalOperations makes each go wrong in every way, and then right under the same key.
func TestFaultsOfOptionalOperations(t *testing.T) {
	t.Parallel()
	for op, call := range calls {
		for _, f := range fake.Faults() {
			if strings.HasPrefix(string(f.Fault), "panic") {
				continue
			}
			t.Run(string(op)+"/"+string(f.Fault), func(t *testing.T) {
				t.Parallel()
				b := setup(t, fake.Options{})
				sub := b.active(monthly, "tok_visa")
				if err := b.Fault(op, f.Fault, 1); err != nil {
					t.Fatal(err)
				}
				ctx := t.Context()
				if strings.HasPrefix(string(f.Fault), "slow") {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
					defer cancel()
				}
				key := b.key()
				wrong, err := call(ctx, b, sub.Reference, key)
				broken := op == fake.OpListCharges && (f.Fault == fake.FaultWrongMode || f.Fault == fake.FaultUnknownStatus)
				if (f.Lost || broken) != (err != nil) || err != nil && payments.OutcomeOf(err) != f.Outcome {
					t.Errorf("the error is %v with the outcome %v", err, payments.OutcomeOf(err))
				}
				if err != nil && payments.OutcomeOf(err) == payments.OutcomeUnknown {
					want := payments.ErrUnavailable
					if op == fake.OpCancelSubscription {
						want = payments.ErrUnknown
					}
					if e := problem(t, err); e.Code != want {
						t.Errorf("the code of a lost answer is %v", e.Code)
					}
				}
				b.ClearFaults()
				right, again := call(t.Context(), b, sub.Reference, key)
				reads := op == fake.OpFetchSubscription || op == fake.OpListCharges
				saved := strings.HasPrefix(string(f.Fault), "500_saved") && !reads
				if (again != nil) != saved || err == nil && wrong == right {
					t.Errorf("again it is answered %s (%v)", right, again)
				}
				if _, err := b.DeliverLate(t.Context()); err != nil {
					t.Error(err)
				}
				checkOneSubscription(t, b, op, sub.Reference, f)
			})
		}
	}
}

// checkOneSubscription sees that a repeated Subscribe made one subscription, and that a repeated cancellation canceled.
func checkOneSubscription(t *testing.T, b *bench, op fake.Operation, reference string, f fake.FaultInfo) {
	t.Helper()
	switch {
	case f.Fault == fake.Fault500SavedBefore:
	case op == fake.OpSubscribe:
		made := 0
		for _, e := range b.Events() {
			if e.Type == "customer.subscription.created" && e.PaymentUID == ref(2).PaymentUID {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d subscriptions were made", made)
		}
	case op == fake.OpCancelSubscription:
		b.sub(reference, payments.SubscriptionCanceled)
	case op == fake.OpUncancelSubscription:
		if b.sub(reference, payments.SubscriptionActive).CancelAtPeriodEnd {
			t.Error("it still ends with its period")
		}
	}
}
