package stripetest

func updateSubscription(s *Server, c *call) (obj, *apiError) {
	sub, err := s.subscriptionOf(c)
	if err != nil {
		return nil, err
	}
	p := c.params
	if sub.ended() {
		for _, name := range p.n.keys {
			if name != "metadata" && name != "cancellation_details" && name != "expand" {
				return nil, refuse("", name, "A canceled subscription can only update its cancellation_details and metadata.")
			}
		}
	}
	draft := *sub // so that a refused request changes nothing
	if err := s.chooseDefaultMethod(c, &draft, own[*customer](s, sub.Customer)); err != nil {
		return nil, err
	}
	if p.has("trial_end") {
		if err := s.changeTrial(c, &draft); err != nil {
			return nil, err
		}
	}
	s.changeSettings(&draft, p)
	draft.Metadata = p.merge(draft.Metadata)
	if p.has("description") {
		draft.Description = p.str("description")
	}
	changeEnd(c, &draft)
	*sub = draft
	s.put(sub)
	s.emit(c.now, "customer.subscription.updated", sub)
	if sub.Status == subTrialing && sub.PeriodEnd <= c.now.Unix() {
		s.renew(sub, c.now)
	}
	return s.renderSubscription(sub), nil
}

// changeEnd takes over when the subscription is to end.
func changeEnd(c *call, sub *subscription) {
	p := c.params
	if p.has("cancel_at_period_end") {
		sub.CancelAtEnd, sub.CanceledAt, sub.CancelReason = p.bool("cancel_at_period_end"), 0, ""
		if sub.CancelAtEnd {
			sub.CanceledAt, sub.CancelReason = c.now.Unix(), "cancellation_requested"
		}
	}
	if p.has("cancel_at") {
		sub.CancelAt = p.int("cancel_at")
	}
}

// changeTrial moves the end of the trial, also to now.
func (s *Server) changeTrial(c *call, sub *subscription) *apiError {
	if sub.Status != subTrialing {
		return notEmulated("trial_end of a subscription that is not trialing")
	}
	if c.params.str("trial_end") == "now" {
		sub.TrialEnd, sub.PeriodEnd, sub.WarnAt = c.now.Unix(), c.now.Unix(), 0
		return nil
	}
	if err := chooseTrial(c, sub); err != nil {
		return err
	}
	sub.PeriodEnd, sub.Anchor = sub.TrialEnd, sub.TrialEnd
	return nil
}

func cancelSubscription(s *Server, c *call) (obj, *apiError) {
	sub, err := s.subscriptionOf(c)
	if err != nil {
		return nil, err
	}
	if sub.ended() {
		return nil, noSuch("subscription", c.id, "id")
	}
	s.endSubscription(sub, c.now, "cancellation_requested")
	return s.renderSubscription(sub), nil
}
