package stripetest

import (
	"context"
	"errors"
	"time"
)

// kindReview is the kind of reviews.
const kindReview = "review"

// review is a Review: Radar holds a payment for a person to look at.
type review struct {
	base
	Charge string `json:"charge"`
	Intent string `json:"intent"`
	Open   bool   `json:"open"`
	Ended  string `json:"ended,omitempty"`
}

func (*review) kind() string { return kindReview }

// openReview begins a review of a charge.
func (s *Server) openReview(in *intent, ch *charge, now time.Time) {
	r := &review{base: s.newBase("prv", in.Account, now), Charge: ch.ID, Intent: in.ID, Open: true}
	s.put(r)
	in.Review, ch.Review = r.ID, r.ID
	s.put(in)
	s.put(ch)
	s.emit(now, "review.opened", r)
}

// CloseReview ends a review, by its id or by that of its intent. When it is refused, reserved money is released and captured
// money is given back.
func (s *Server) CloseReview(ctx context.Context, id string, approve bool) error {
	return s.step(ctx, func(now time.Time) error {
		if in, ok := s.state.byID[id].(*intent); ok {
			id = in.Review
		}
		r, ok := s.state.byID[id].(*review)
		switch {
		case !ok:
			return errUnknown(id)
		case !r.Open:
			return errors.New("stripetest: the review is closed already")
		}
		r.Open, r.Ended = false, "approved"
		if !approve {
			r.Ended = "refunded_as_fraud"
			s.takeBack(r, now)
		}
		s.put(r)
		in := own[*intent](s, r.Intent)
		in.Review = ""
		s.put(in)
		s.emit(now, "review.closed", r)
		return nil
	})
}

// takeBack gives back the money of a review that was refused.
func (s *Server) takeBack(r *review, now time.Time) {
	in, ch := own[*intent](s, r.Intent), own[*charge](s, r.Charge)
	if in.Status == needsCapture {
		s.release(ch, in.Capturable, now)
		s.cancel(in, "fraudulent", now)
		return
	}
	s.refundElsewhere(ch, ch.Amount-s.refunded(ch), "fraudulent", now)
}

// refundElsewhere gives money back as the dashboard does.
func (s *Server) refundElsewhere(ch *charge, amount int64, reason string, now time.Time) {
	if amount <= 0 {
		return
	}
	r := &refund{base: s.newBase("re", ch.Account, now), Charge: ch.ID, Intent: ch.Intent, Amount: amount, Currency: ch.Currency,
		Status: refundSucceeded, Reason: reason}
	s.put(r)
	ch.Refunds = append(ch.Refunds, r.ID)
	s.put(ch)
	s.emit(now, "refund.created", r)
	s.emit(now, "charge.refunded", ch)
}

// RefundElsewhere gives money of an intent back as a person does in the dashboard: the refund carries no metadata.
func (s *Server) RefundElsewhere(ctx context.Context, id string, amount int64) error {
	return s.step(ctx, func(now time.Time) error {
		in, ok := s.state.byID[id].(*intent)
		if !ok {
			return errUnknown(id)
		}
		ch, ok := s.state.byID[in.LatestCharge].(*charge)
		if !ok || in.Status != succeeded || amount < 1 || amount > ch.Amount-s.refunded(ch) {
			return errors.New("stripetest: the intent has not that much money to give back")
		}
		s.refundElsewhere(ch, amount, "requested_by_customer", now)
		return nil
	})
}

func retrieveReview(s *Server, c *call) (obj, *apiError) {
	r, ok := get[*review](s, c.account, c.id)
	if !ok {
		return nil, noSuch("review", c.id, "review")
	}
	return s.renderReview(r), nil
}

func listReviews(s *Server, c *call) (obj, *apiError) {
	return s.list(c, kindReview, func(e entity) bool { return e.(*review).Open })
}

// renderReview is a Review as the API answers it.
func (s *Server) renderReview(r *review) obj {
	reason := r.Ended
	if reason == "" {
		reason = "rule"
	}
	return obj{"id": r.ID, "object": "review", "created": r.created(), "livemode": false, "charge": r.Charge, "payment_intent": r.Intent,
		"open": r.Open, "opened_reason": "rule", "closed_reason": orNull(r.Ended), "reason": reason, "billing_zip": nil, "ip_address": nil,
		"ip_address_location": nil, "session": nil}
}
