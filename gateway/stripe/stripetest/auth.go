package stripetest

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// The endings of Stripe's messages about keys.
const keyHelp = "See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."

// authenticate looks at the API key, which is in the Authorization header as Bearer or as the user of Basic, or, from a page,
// in the parameter key. A publishable key may do only what a payer's page does.
func (s *Server) authenticate(r *http.Request, c *call) *apiError {
	key := bearer(r)
	if given := c.params.n.child("key"); given != nil && given.leaf {
		if key == "" {
			key = given.text
		}
		// The key is no parameter of the operation.
		delete(c.params.n.kids, "key")
		for i, name := range c.params.n.keys {
			if name == "key" {
				c.params.n.keys = append(c.params.n.keys[:i:i], c.params.n.keys[i+1:]...)
				break
			}
		}
	}
	switch {
	case key == "":
		return unauthorized("", "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "+
			"auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). "+keyHelp)
	case oneOfKeys(key, s.opts.SecretKeys):
		return nil
	case !oneOfKeys(key, s.opts.PublishableKeys):
		return unauthorized("", "Invalid API Key provided: "+maskKey(key))
	case c.route != nil && !c.route.page:
		return unauthorized("secret_key_required", "This API call cannot be made with a publishable API key. Please use a secret API key. "+
			"You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.")
	}
	c.page = true
	return nil
}

// bearer is the key of the Authorization header.
func bearer(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// oneOfKeys compares keys in constant time.
func oneOfKeys(key string, keys []string) bool {
	found := 0
	for _, k := range keys {
		found |= subtle.ConstantTimeCompare([]byte(key), []byte(k))
	}
	return found == 1
}

// maskKey shows a key as Stripe does in its message: the beginning and the last four signs.
func maskKey(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

// unauthorized is a 401.
func unauthorized(code, message string) *apiError {
	return &apiError{status: http.StatusUnauthorized, kind: typeRequest, code: code, message: message, early: true}
}
