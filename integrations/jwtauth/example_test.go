package jwtauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trendsic/payments/integrations/jwtauth"
)

// Let callers in by a token of the host's own login.
func ExampleNew() {
	secret := []byte("a shared secret of 32 bytes or more")
	authenticate, err := jwtauth.New(jwtauth.Options{
		Algorithms: []string{"HS256"},
		Key:        func(context.Context, string, string) (any, error) { return secret, nil },
		Issuer:     "shop",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "shop", "sub": "ann", "roles": []string{"Agent"},
		"agentId": 3, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	who, err := authenticate(r)
	fmt.Println(who.ID, who.Roles, who.AgentID, err)
	// Output:
	// ann [Agent] 3 <nil>
}
