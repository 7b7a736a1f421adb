package httpadapter

import (
	"errors"
	"net/http"

	"github.com/trendsic/payments"
)

// identify asks the host who calls. Whatever goes wrong there, the caller is nobody: only an error that says that the host
// could not look is answered otherwise, so that a client does not take an outage for a wrong password.
func (x *exchange) identify() *problem {
	who, err := x.authenticate(x.r)
	if err == nil && who.ID != "" {
		x.who = who
		return nil
	}
	if errors.Is(err, payments.ErrUnavailable) {
		x.blame(x.r.Context(), err)
		p := unavailable(0)
		p.bare = true
		return p
	}
	p := bare(http.StatusUnauthorized, "Unauthorized", "Not Authenticated")
	p.challenge = x.challenge
	var unauthorized *UnauthorizedError
	if errors.As(err, &unauthorized) && unauthorized.Challenge != "" {
		p.challenge = unauthorized.Challenge
	}
	return p
}

// authorize asks for one of the roles.
func (x *exchange) authorize() *problem {
	if !x.who.allowed() {
		return bare(http.StatusForbidden, "Forbidden", "Invalid Role")
	}
	return nil
}

// forAgent returns the agent whose orders the caller is kept to, nil for all.
func (x *exchange) forAgent() *int64 {
	if x.who.unrestricted() {
		return nil
	}
	agent := x.who.AgentID // a copy: the Service may still read it when the exchange serves another caller
	return &agent
}
