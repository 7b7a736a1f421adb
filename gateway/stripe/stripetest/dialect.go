package stripetest

import (
	"fmt"
	"net/http"
	"slices"
)

// DeclineForm is how a payment that was declined is answered.
type DeclineForm string

// The forms of a decline. Other servers that speak Stripe's protocol differ here, and code that is to work with them must look at
// the intent's status.
const (
	// DeclineCardError is Stripe's own: 402 with a card_error that embeds the intent.
	DeclineCardError DeclineForm = ""
	// DeclineRequestError is 402 with an invalid_request_error that embeds the intent.
	DeclineRequestError DeclineForm = "invalid_request"
	// DeclineOK is 200 with the intent, whose status is requires_payment_method and which has a last_payment_error.
	DeclineOK DeclineForm = "ok"
)

// validateDialect says what is wrong with the options that make another server of it.
func (o Options) validateDialect() error {
	if !slices.Contains([]DeclineForm{DeclineCardError, DeclineRequestError, DeclineOK}, o.DeclineAs) {
		return fmt.Errorf("stripetest: Options.DeclineAs %.20q is no form of a decline; there are invalid_request and ok", string(o.DeclineAs))
	}
	return nil
}

// refused finds a parameter that this server does not know.
func (s *Server) refused(c *call) *apiError {
	for _, name := range c.params.n.keys {
		if slices.Contains(s.opts.RefuseParameters, name) {
			return unknownParam(name)
		}
	}
	return nil
}

// inDialect turns a decline into what this server answers: another error, or the intent itself.
func (s *Server) inDialect(err *apiError) (obj, *apiError) {
	in, embeds := err.extra["payment_intent"].(obj)
	if !embeds || err.kind != typeCard || err.status != http.StatusPaymentRequired {
		return nil, err
	}
	switch s.opts.DeclineAs {
	case DeclineOK:
		return in, nil
	case DeclineRequestError:
		err.kind = typeRequest
	case DeclineCardError:
	}
	return nil, err
}
