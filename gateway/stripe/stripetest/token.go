package stripetest

import "strings"

// kindToken is the kind of tokens.
const kindToken = "token"

// token is a card that was exchanged for an id that can be used once. It is kept by a digest of that id.
type token struct {
	base
	cardFacts
	Number uint64 `json:"number,omitempty"` // from which its id is derived, if it was made here
	Used   bool   `json:"used,omitempty"`
}

func (*token) kind() string { return kindToken }

// exchange uses a token: a named test token, or one that was made here.
func (s *Server) exchange(c *call, id string) (cardFacts, *apiError) {
	name, isToken := strings.CutPrefix(id, tokenPrefix)
	row, named := cardByName(name)
	key := kindToken + ":" + c.account + ":" + digest(id)
	kept, found := s.state.byID[key].(*token)
	switch {
	case !isToken || !named && !found:
		return cardFacts{}, noSuchParam("token", id, "payment_method_data[card][token]")
	case found && kept.Used:
		return cardFacts{}, refuse("token_already_used", "", "You cannot use a Stripe token more than once: "+maskToken(id)+".")
	case named && !isOneTime(name) && !s.opts.OneTimeTokens:
		return s.facts(row, c.now), nil
	case named:
		kept = &token{base: base{ID: key, Account: c.account, Born: c.now.UnixNano()}, cardFacts: s.facts(row, c.now)}
	}
	kept.Used = true
	s.put(kept)
	return kept.cardFacts, nil
}

func createToken(s *Server, c *call) (obj, *apiError) {
	if !c.params.has("card") {
		return nil, missingParam("card")
	}
	f, err := s.rawCard(c, c.params.sub("card"))
	if err != nil {
		return nil, err
	}
	s.state.Counter++
	id := s.tokenID(s.state.Counter)
	t := &token{base: base{ID: kindToken + ":" + c.account + ":" + digest(id), Account: c.account, Born: c.now.UnixNano()}, cardFacts: f,
		Number: s.state.Counter}
	s.put(t)
	return s.renderToken(t, id), nil
}

func retrieveToken(s *Server, c *call) (obj, *apiError) {
	if t, ok := s.state.byID[kindToken+":"+c.account+":"+digest(c.id)].(*token); ok {
		return s.renderToken(t, c.id), nil
	}
	row, ok := cardByName(strings.TrimPrefix(c.id, tokenPrefix))
	if !ok {
		return nil, noSuch("token", c.id, "token")
	}
	return s.renderToken(&token{base: base{Born: c.now.UnixNano()}, cardFacts: s.facts(row, c.now)}, c.id), nil
}

// renderToken is a token as the API answers it.
func (s *Server) renderToken(t *token, id string) obj {
	return obj{"id": id, "object": "token", "type": "card", "created": t.created(), "livemode": false, "used": t.Used, "client_ip": nil,
		"card": obj{"id": "card_" + s.derive("card of "+id, 24), "object": "card", "brand": brandName(t.Brand), "country": "US",
			"exp_month": t.ExpMonth, "exp_year": t.ExpYear, "fingerprint": t.Fingerprint, "funding": t.Funding, "last4": t.Last4,
			"cvc_check": t.checks()["cvc_check"], "metadata": obj{}, "name": nil, "tokenization_method": nil}}
}

// brandName is a brand as the older objects tell it.
func brandName(brand string) string {
	names := map[string]string{"visa": "Visa", "mastercard": "MasterCard", "amex": "American Express", "discover": "Discover",
		"diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
	if name, ok := names[brand]; ok {
		return name
	}
	return "Unknown"
}
