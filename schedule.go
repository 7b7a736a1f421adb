package payments

import (
	"slices"
	"time"
)

// schedule is when Reconcile looks again, after each look that brought no end.
var schedule = []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour}

// later returns the time of the next look after so many tries.
func (s *Service) later(tries int) time.Time {
	return s.now().Add(schedule[min(tries, len(schedule)-1)])
}

// soon is when Reconcile may look at a payment whose request is under way: not before the request has ended by itself.
func (s *Service) soon() time.Time { return s.now().Add(s.opts.RequestTimeout + leaseMargin) }

// underWay returns the payment as it is stored with a new transaction. The schedule begins anew: what is in doubt now must not wait
// for the day that the payment's earlier looks have come to.
func (s *Service) underWay(p Payment) Payment {
	p.DueAt, p.UpdatedAt, p.Tries = s.soon(), s.now(), 0
	return p
}

// next returns when Reconcile looks at the payment after a change; zero is never.
func (s *Service) next(rec Record, p Payment) time.Time {
	now := s.now()
	switch {
	case rec.open(KindAuthorize):
		if at := lastAuthorize(rec).CreatedAt.Add(s.opts.CancelAfter); at.After(now) {
			return earlier(s.later(p.Tries), at) // nobody is to be charged long after giving up
		}
		return s.later(p.Tries)
	case rec.open() || p.Status == StatusUnknown || p.Status == StatusProcessing || p.Status == StatusHeld:
		return s.later(p.Tries)
	case p.began():
		return s.later(p.Tries) // the gateway's subscription follows the payment of its first invoice at once
	case p.holdsBySubscription() && p.SubscriptionStatus != SubscriptionIncomplete:
		return now.Add(24 * time.Hour) // the next invoice may come without its event
	case p.Live && p.givenUp():
		return s.later(p.Tries) // it holds the order until the subscription is seen to have ended
	case p.Status == StatusCreated || p.Status == StatusRequiresAction || p.Status == StatusDeclined:
		if at := s.expiry(rec, p); at.After(now) {
			return earlier(s.later(p.Tries), at)
		}
		return s.later(p.Tries) // never in the past: Reconcile would not end
	case p.Status == StatusAuthorized || p.Status == StatusDisputed || recentRefund(rec, now):
		return now.Add(24 * time.Hour)
	default:
		return time.Time{}
	}
}

// dueAfter returns when Reconcile looks at the payment after a fold. What a fold between two looks brought must not put off the next one,
// unless something has ended by it: events come in any number.
func (s *Service) dueAfter(before, after Record, change Change) time.Time {
	at, was := s.next(after, after.Payment), before.Payment.DueAt
	if before.Payment.LeaseOwner != "" || after.Payment.Status != before.Payment.Status || len(change.Transactions) > 0 || was.IsZero() {
		return at
	}
	return earlier(at, was)
}

// expiry returns when a payment that waits for the payer is given up.
func (s *Service) expiry(rec Record, p Payment) time.Time {
	began := p.CreatedAt
	if last := lastAuthorize(rec); last.CreatedAt.After(began) {
		began = last.CreatedAt
	}
	return began.Add(s.opts.ExpireAfter)
}

// refundWatch is how long after a refund the gateway may still say that it failed.
const refundWatch = 30 * 24 * time.Hour

// recentRefund reports whether a refund may still fail.
func recentRefund(rec Record, now time.Time) bool {
	return slices.ContainsFunc(rec.Refunds, func(r Refund) bool { return r.Status.Counts() && now.Sub(r.CreatedAt) < refundWatch })
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
