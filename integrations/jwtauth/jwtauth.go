// Package jwtauth lets callers of httpadapter's routes in by a JSON Web Token (RFC 7519), in an Authorization header or in
// the cookie ss-tok of ServiceStack's clients:
//
//	authenticate, err := jwtauth.New(jwtauth.Options{
//		Algorithms: []string{"RS256"},
//		Key:        func(ctx context.Context, keyID, algorithm string) (any, error) { return publicKeys[keyID], nil },
//		Issuer:     "https://login.example",
//	})
//
// It is a module of its own, so that who does not use it does not depend on a JWT library.
package jwtauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
)

// DefaultCookie is the cookie in which ServiceStack's clients send a token.
const DefaultCookie = "ss-tok"

// maxToken is how many bytes a token may have.
const maxToken = 16 << 10

// minSecret is how many bytes a shared secret must have (RFC 7518, 3.2: as many as the hash).
const minSecret = 32

// Options says which tokens are good. Key and Algorithms are required.
type Options struct {
	// Key returns the key that verifies a token: a public key, or the shared secret as []byte for HS256 and the like. keyID
	// and algorithm are the token's own header, keyID empty where it names none; the algorithm is one of Algorithms. An
	// error that is payments.ErrUnavailable, for keys that cannot be fetched, is answered 503; every other one 401.
	Key func(ctx context.Context, keyID, algorithm string) (any, error)
	// Algorithms are the signature algorithms that are taken, such as "RS256". "none" is refused, and so is a mix of shared
	// secrets (HS…) and public keys: a public key could be used as a secret then.
	Algorithms []string
	// Issuer is what the claim iss must be; empty takes any.
	Issuer string
	// Audience is what the claim aud must hold; empty takes any.
	Audience string
	// AgentClaim is the claim that holds the number of a caller's agent; empty is "agentId".
	AgentClaim string
	// Cookie is the cookie that may hold the token; empty is [DefaultCookie].
	Cookie string
	// NoCookie takes tokens from the Authorization header only.
	NoCookie bool
	// Realm is the realm of the challenge; empty is "payments".
	Realm string
	// Leeway is how far the clocks of issuer and service may be apart.
	Leeway time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// New makes an authenticator for httpadapter.Options.Authenticate. A token must have an expiry and the claim sub, which is
// the principal's ID; its roles are the claim roles, a list or one text. It refuses options that cannot be safe.
func New(opts Options) (func(*http.Request) (httpadapter.Principal, error), error) {
	if opts.Key == nil {
		return nil, errors.New("jwtauth: no Options.Key is given")
	}
	if err := check(opts.Algorithms); err != nil {
		return nil, err
	}
	realm := opts.Realm
	if realm == "" {
		realm = "payments"
	}
	if strings.ContainsFunc(realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return nil, fmt.Errorf("jwtauth: the realm %q is not printable ASCII without quotes", realm)
	}
	a := &authenticator{Options: opts, challenge: `Bearer realm="` + realm + `"`}
	if a.AgentClaim == "" {
		a.AgentClaim = "agentId"
	}
	if a.Cookie == "" {
		a.Cookie = DefaultCookie
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(opts.Algorithms), jwt.WithExpirationRequired(), jwt.WithJSONNumber(),
		jwt.WithIssuedAt(), jwt.WithLeeway(opts.Leeway)}
	if opts.Issuer != "" {
		options = append(options, jwt.WithIssuer(opts.Issuer))
	}
	if opts.Audience != "" {
		options = append(options, jwt.WithAudience(opts.Audience))
	}
	if opts.Now != nil {
		options = append(options, jwt.WithTimeFunc(opts.Now))
	}
	a.parser = jwt.NewParser(options...)
	return a.authenticate, nil
}

// check refuses algorithms that prove nothing, that nobody knows, or that cannot stand together.
func check(algorithms []string) error {
	if len(algorithms) == 0 {
		return errors.New("jwtauth: no Options.Algorithms are given")
	}
	shared := 0
	for _, name := range algorithms {
		if name == "none" || jwt.GetSigningMethod(name) == nil {
			return fmt.Errorf("jwtauth: the algorithm %q is none that is taken", name)
		}
		if strings.HasPrefix(name, "HS") {
			shared++
		}
	}
	if shared != 0 && shared != len(algorithms) {
		return errors.New("jwtauth: Algorithms mixes shared secrets and public keys")
	}
	return nil
}

// authenticator looks at tokens.
type authenticator struct {
	Options
	parser    *jwt.Parser
	challenge string
}

// authenticate answers who calls. No error holds the token or a part of it.
func (a *authenticator) authenticate(r *http.Request) (httpadapter.Principal, error) {
	token := a.token(r)
	if token == "" {
		return httpadapter.Principal{}, &httpadapter.UnauthorizedError{Challenge: a.challenge}
	}
	invalid := &httpadapter.UnauthorizedError{Challenge: a.challenge + `, error="invalid_token"`}
	if len(token) > maxToken {
		return httpadapter.Principal{}, invalid
	}
	claims := jwt.MapClaims{}
	var down error
	_, err := a.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		keyID, _ := t.Header["kid"].(string)
		key, err := a.Key(r.Context(), keyID, t.Method.Alg())
		if errors.Is(err, payments.ErrUnavailable) {
			down = err
		}
		if secret, ok := key.([]byte); ok && len(secret) < minSecret {
			return nil, errors.New("jwtauth: the shared secret is too short")
		}
		return key, err
	})
	if down != nil {
		return httpadapter.Principal{}, down
	}
	if err != nil {
		return httpadapter.Principal{}, invalid
	}
	who, ok := a.principal(claims)
	if !ok {
		return httpadapter.Principal{}, invalid
	}
	return who, nil
}

// token returns the request's token, the header's where there is one: a bad one there is not made good by a cookie.
func (a *authenticator) token(r *http.Request) string {
	if headers := r.Header["Authorization"]; len(headers) > 0 {
		const scheme = "bearer "
		h := headers[0]
		if len(headers) > 1 || len(h) <= len(scheme) || !strings.EqualFold(h[:len(scheme)], scheme) {
			return ""
		}
		return strings.TrimLeft(h[len(scheme):], " ")
	}
	if a.NoCookie {
		return ""
	}
	// Two cookies of one name come from two places, and which of them is the caller's is anybody's guess.
	if cookies := r.CookiesNamed(a.Cookie); len(cookies) == 1 {
		return cookies[0].Value
	}
	return ""
}

// principal reads the claims.
func (a *authenticator) principal(claims jwt.MapClaims) (who httpadapter.Principal, ok bool) {
	if who.ID, ok = claims["sub"].(string); !ok || who.ID == "" {
		return who, false
	}
	switch roles := claims["roles"].(type) {
	case nil:
	case string:
		who.Roles = []string{roles}
	case []any:
		for _, role := range roles {
			name, ok := role.(string)
			if !ok {
				return who, false
			}
			who.Roles = append(who.Roles, name)
		}
		who.Roles = slices.Compact(who.Roles)
	default:
		return who, false
	}
	switch agent := claims[a.AgentClaim].(type) {
	case nil:
		return who, true
	case json.Number:
		n, err := agent.Int64()
		who.AgentID = n
		return who, err == nil && n >= 0
	default:
		return who, false
	}
}
