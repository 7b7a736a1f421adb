package stripetest

// onlyOpen are the parameters that can be changed only before money moves.
var onlyOpen = []string{"amount", "currency", "customer", "payment_method", "payment_method_data", "payment_method_types", "capture_method",
	"setup_future_usage"}

func updateIntent(s *Server, c *call) (obj, *apiError) {
	in, err := s.intentOf(c)
	if err != nil {
		return nil, err
	}
	for _, name := range onlyOpen {
		if c.params.has(name) && !in.open() {
			return nil, s.unexpected(in, "This PaymentIntent's "+name+" could not be updated because it has a status of "+in.Status+
				". You may only update the "+name+" of a PaymentIntent with one of the following statuses: "+
				statusList(needsMethod, needsConfirm, needsAction)+".")
		}
	}
	draft := *in // so that a refused request changes nothing
	if err := s.changePrice(c, &draft); err != nil {
		return nil, err
	}
	if err := s.chooseTypes(&draft, c.params); err != nil {
		return nil, err
	}
	if err := s.changeIntent(c, &draft); err != nil {
		return nil, err
	}
	if err := s.chooseMethod(c, &draft); err != nil {
		return nil, err
	}
	*in = draft
	s.put(in)
	return s.renderIntent(in), nil
}

// changePrice changes the amount and the currency. A payer who is being asked for 3-D Secure was asked for another price, so
// the intent must be confirmed again.
func (s *Server) changePrice(c *call, in *intent) *apiError {
	p := c.params
	if !p.has("amount") && !p.has("currency") {
		return nil
	}
	amount, currency := in.Amount, in.Currency
	if p.has("amount") {
		amount = p.int("amount")
	}
	if p.has("currency") {
		var err *apiError
		if currency, err = checkCurrency(p.str("currency")); err != nil {
			return err
		}
	}
	if err := checkAmount(amount, currency); err != nil {
		return err
	}
	if in.Invoice != "" {
		return s.unexpected(in, "The amount of this PaymentIntent cannot be changed because it belongs to an invoice.")
	}
	if in.Status == needsAction && (amount != in.Amount || currency != in.Currency) {
		in.Status = needsConfirm
	}
	in.Amount, in.Currency = amount, currency
	return nil
}
