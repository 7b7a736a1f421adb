package httpadapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The roles that the routes know. Names are case-sensitive.
const (
	// RoleAgent sees and pays the orders of its own agent.
	RoleAgent = "Agent"
	// RoleAdministrator sees and pays every order.
	RoleAdministrator = "Administrator"
	// RoleAdmin passes always, as it does in the service that the routes were taken from.
	RoleAdmin = "Admin"
)

// Principal is who calls.
type Principal struct {
	// ID names the caller and is never empty: a principal without one is nobody. Idempotency keys belong to it.
	ID string
	// Roles are the caller's roles.
	Roles []string
	// AgentID is the agent whose orders a caller in the role Agent sees. 0 owns no order.
	AgentID int64
}

// unrestricted reports whether the caller sees the orders of every agent.
func (p Principal) unrestricted() bool {
	return slices.Contains(p.Roles, RoleAdministrator) || slices.Contains(p.Roles, RoleAdmin)
}

// allowed reports whether the caller may use the routes at all.
func (p Principal) allowed() bool {
	return p.unrestricted() || slices.Contains(p.Roles, RoleAgent)
}

// UnauthorizedError is what an authenticator answers for a caller that it does not know. Any other error is 401 too; this
// one names the challenge.
type UnauthorizedError struct {
	// Challenge is the value of WWW-Authenticate, such as `Bearer realm="payments"`.
	Challenge string
}

// Error says that the caller is not known.
func (e *UnauthorizedError) Error() string { return "httpadapter: not authenticated" }

// Basic makes an authenticator of HTTP Basic credentials (RFC 7617). verify looks at a user and a password and answers who
// that is; it must compare in constant time. What verify answers as an error is handled as [Options.Authenticate] tells.
// A realm that cannot stand in a header makes every request unauthorised.
func Basic(realm string, verify func(ctx context.Context, user, password string) (Principal, error)) func(*http.Request) (Principal, error) {
	challenge, realmErr := basicChallenge(realm)
	unauthorized := &UnauthorizedError{Challenge: challenge}
	return func(r *http.Request) (Principal, error) {
		user, password, ok := r.BasicAuth()
		if !ok || verify == nil || realmErr != nil {
			return Principal{}, unauthorized
		}
		who, err := verify(r.Context(), user, password)
		if err != nil {
			return Principal{}, errors.Join(unauthorized, err)
		}
		if who.ID == "" {
			return Principal{}, unauthorized
		}
		return who, nil
	}
}

// basicChallenge returns the challenge of a realm, which must be printable ASCII.
func basicChallenge(realm string) (string, error) {
	for _, c := range []byte(realm) {
		if c < ' ' || c > '~' {
			return "", fmt.Errorf("httpadapter: the realm %q is not printable ASCII", realm)
		}
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(realm)
	return `Basic realm="` + quoted + `", charset="UTF-8"`, nil
}
