package stripetest

import (
	"fmt"
	"time"
)

func captureIntent(s *Server, c *call) (obj, *apiError) {
	in, err := s.intentOf(c)
	if err != nil {
		return nil, err
	}
	if in.Status != needsCapture {
		return nil, s.unexpected(in, "This PaymentIntent could not be captured because it has a status of "+in.Status+
			". Only a PaymentIntent with one of the following statuses may be captured: requires_capture.")
	}
	amount := in.Capturable
	if c.params.has("amount_to_capture") {
		amount = c.params.int("amount_to_capture")
		switch {
		case amount < 1:
			return nil, badParam("amount_to_capture", codeInvalidInteger, "This value must be greater than or equal to 1.")
		case amount > in.Capturable:
			return nil, badParam("amount_to_capture", "amount_too_large", fmt.Sprintf("The amount_to_capture (%d) cannot be greater than the "+
				"amount_capturable (%d) of the PaymentIntent.", amount, in.Capturable))
		}
		if err := checkWhole(amount, in.Currency, "amount_to_capture"); err != nil {
			return nil, err
		}
	}
	if c.params.has("final_capture") && !c.params.bool("final_capture") {
		return nil, notEmulated("final_capture")
	}
	in.Metadata = c.params.merge(in.Metadata)
	for name, to := range map[string]*string{"statement_descriptor": &in.Descriptor, "statement_descriptor_suffix": &in.DescriptorSuffix} {
		if c.params.has(name) {
			*to = c.params.str(name)
		}
	}
	ch := own[*charge](s, in.LatestCharge)
	if rest := in.Capturable - amount; rest > 0 {
		s.release(ch, rest, c.now)
	}
	s.take(in, ch, amount, c.now)
	return s.renderIntent(in), nil
}

// take takes the money of a charge that succeeded.
func (s *Server) take(in *intent, ch *charge, amount int64, now time.Time) {
	ch.Captured, ch.AmountCaptured = true, amount
	wasReserved := in.Status == needsCapture
	in.Status, in.Received, in.Capturable, in.ExpiresAt = succeeded, amount, 0, 0
	s.put(ch)
	s.put(in)
	if wasReserved {
		s.emit(now, "charge.captured", ch)
	}
	s.emit(now, "payment_intent.succeeded", in)
	s.invoicePaid(in, now)
	if m := own[*method](s, in.Method); m.row().dispute {
		s.openDispute(ch, "fraudulent", now)
	}
}

// cancelReasons are the reasons that a caller may give.
const cancelReasons = "enum:duplicate|fraudulent|requested_by_customer|abandoned"

func cancelIntent(s *Server, c *call) (obj, *apiError) {
	in, err := s.intentOf(c)
	if err != nil {
		return nil, err
	}
	if !in.open() && in.Status != needsCapture {
		return nil, s.unexpected(in, "You cannot cancel this PaymentIntent because it has a status of "+in.Status+
			". Only a PaymentIntent with one of the following statuses may be canceled: "+
			statusList(needsMethod, needsCapture, needsConfirm, needsAction, processing)+".")
	}
	if in.Invoice != "" {
		return nil, s.unexpected(in, "This PaymentIntent belongs to the invoice "+in.Invoice+" and is canceled by voiding it.")
	}
	if in.Status == needsCapture {
		s.release(own[*charge](s, in.LatestCharge), in.Capturable, c.now)
	}
	s.cancel(in, c.params.str("cancellation_reason"), c.now)
	return s.renderIntent(in), nil
}

// cancel ends an intent for good.
func (s *Server) cancel(in *intent, reason string, now time.Time) {
	in.Status, in.Capturable, in.ExpiresAt, in.CanceledAt, in.CancelReason = canceled, 0, 0, now.Unix(), reason
	s.put(in)
	s.emit(now, "payment_intent.canceled", in)
}
