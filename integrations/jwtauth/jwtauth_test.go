package jwtauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/integrations/jwtauth"
)

var (
	now    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	secret = []byte(strings.Repeat("k", 32))
)

// good are the claims of a good token.
func good() jwt.MapClaims {
	return jwt.MapClaims{"sub": "ann", "roles": []string{"Agent"}, "agentId": 3, "iss": "login", "aud": "payments",
		"exp": now.Add(time.Minute).Unix()}
}

// sign makes a token of the good claims, changed.
func sign(t testing.TB, change jwt.MapClaims) string {
	t.Helper()
	claims := good()
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func options() jwtauth.Options {
	return jwtauth.Options{Algorithms: []string{"HS256"}, Issuer: "login", Audience: "payments", Now: func() time.Time { return now },
		Key: func(context.Context, string, string) (any, error) { return secret, nil }}
}

func ask(t testing.TB, opts jwtauth.Options, change func(*http.Request)) (httpadapter.Principal, error) {
	t.Helper()
	authenticate, err := jwtauth.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	change(r)
	return authenticate(r)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add("Cookie", name+"="+value) }
}

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	token := sign(t, nil)
	ann := httpadapter.Principal{ID: "ann", Roles: []string{"Agent"}, AgentID: 3}
	for name, tt := range map[string]struct {
		change func(*http.Request)
		want   httpadapter.Principal
	}{
		"bearer":             {bearer(token), ann},
		"scheme in any case": {func(r *http.Request) { r.Header.Set("Authorization", "bEARER  "+token) }, ann},
		"cookie":             {cookie("ss-tok", token), ann},
		"one role":           {bearer(sign(t, jwt.MapClaims{"roles": "Administrator"})), httpadapter.Principal{ID: "ann", Roles: []string{"Administrator"}, AgentID: 3}},
		"no role, no agent":  {bearer(sign(t, jwt.MapClaims{"roles": nil, "agentId": nil})), httpadapter.Principal{ID: "ann"}},
		"a large agent":      {bearer(sign(t, jwt.MapClaims{"agentId": int64(1<<53 + 1)})), httpadapter.Principal{ID: "ann", Roles: []string{"Agent"}, AgentID: 1<<53 + 1}},
		"several audiences":  {bearer(sign(t, jwt.MapClaims{"aud": []string{"x", "payments"}})), ann},
	} {
		who, err := ask(t, options(), tt.change)
		if err != nil || who.ID != tt.want.ID || who.AgentID != tt.want.AgentID || !slices.Equal(who.Roles, tt.want.Roles) {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	token := sign(t, nil)
	part := strings.Split(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	none := encode([]byte(`{"alg":"none"}`)) + "." + part[1] + "."
	upper := encode([]byte(`{"alg":"NONE"}`)) + "." + part[1] + "." + part[2]
	hs512, err := jwt.NewWithClaims(jwt.SigningMethodHS512, good()).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	es256, err := jwt.NewWithClaims(jwt.SigningMethodES256, good()).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*http.Request){
		"nothing": func(*http.Request) {}, "empty": bearer(""), "garbage": bearer("a.b.c"), "no dots": bearer("abc"),
		"none": bearer(none), "none in capitals": bearer(upper), "another algorithm": bearer(hs512), "another key's": bearer(es256),
		"changed claims":                 bearer(part[0] + "." + encode([]byte(`{"sub":"boss","roles":["Admin"],"exp":9999999999}`)) + "." + part[2]),
		"no signature":                   bearer(part[0] + "." + part[1] + "."),
		"two segments":                   bearer(part[0] + "." + part[1]),
		"cut":                            bearer(token[:len(token)-2]),
		"expired":                        bearer(sign(t, jwt.MapClaims{"exp": now.Add(-time.Second).Unix()})),
		"no expiry":                      bearer(sign(t, jwt.MapClaims{"exp": nil})),
		"not yet":                        bearer(sign(t, jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()})),
		"issued tomorrow":                bearer(sign(t, jwt.MapClaims{"iat": now.Add(24 * time.Hour).Unix()})),
		"another issuer":                 bearer(sign(t, jwt.MapClaims{"iss": "evil"})),
		"no issuer":                      bearer(sign(t, jwt.MapClaims{"iss": nil})),
		"another audience":               bearer(sign(t, jwt.MapClaims{"aud": "shop"})),
		"nobody":                         bearer(sign(t, jwt.MapClaims{"sub": ""})),
		"no subject":                     bearer(sign(t, jwt.MapClaims{"sub": nil})),
		"subject is a number":            bearer(sign(t, jwt.MapClaims{"sub": 7})),
		"role is a number":               bearer(sign(t, jwt.MapClaims{"roles": []any{"Agent", 7}})),
		"roles are an object":            bearer(sign(t, jwt.MapClaims{"roles": map[string]any{"Admin": true}})),
		"agent is a text":                bearer(sign(t, jwt.MapClaims{"agentId": "3"})),
		"agent is a fraction":            bearer(sign(t, jwt.MapClaims{"agentId": 3.5})),
		"agent is negative":              bearer(sign(t, jwt.MapClaims{"agentId": -3})),
		"too long":                       bearer(token + strings.Repeat("A", 16<<10)),
		"basic":                          func(r *http.Request) { r.SetBasicAuth("ann", token) },
		"two headers":                    func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + token, "Bearer " + token} },
		"two cookies":                    func(r *http.Request) { cookie("ss-tok", token)(r); cookie("ss-tok", token)(r) },
		"another cookie":                 cookie("tok", token),
		"a bad header and a good cookie": func(r *http.Request) { bearer("x")(r); cookie("ss-tok", token)(r) },
		"in the query":                   func(r *http.Request) { r.URL.RawQuery = "access_token=" + token + "&ss-tok=" + token },
	}
	for name, change := range tests {
		who, err := ask(t, options(), change)
		var unauthorized *httpadapter.UnauthorizedError
		if !errors.As(err, &unauthorized) || !strings.HasPrefix(unauthorized.Challenge, `Bearer realm="payments"`) || who.ID != "" {
			t.Errorf("%s: %+v %v", name, who, err)
		}
		if err != nil && strings.Contains(err.Error()+unauthorized.Challenge, part[1]) {
			t.Errorf("%s: the token is in the error", name)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	token := sign(t, jwt.MapClaims{"agent": 5})
	custom := options()
	custom.AgentClaim, custom.Cookie, custom.Leeway = "agent", "session", time.Hour
	if who, err := ask(t, custom, cookie("session", token)); err != nil || who.AgentID != 5 {
		t.Errorf("%+v %v", who, err)
	}
	if _, err := ask(t, custom, bearer(sign(t, jwt.MapClaims{"exp": now.Add(-time.Minute).Unix()}))); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	header := options()
	header.NoCookie = true
	if _, err := ask(t, header, cookie("ss-tok", token)); err == nil {
		t.Error("a cookie was taken")
	}
	for name, change := range map[string]func(*jwtauth.Options){
		"no key": func(o *jwtauth.Options) { o.Key = nil }, "no algorithms": func(o *jwtauth.Options) { o.Algorithms = nil },
		"none": func(o *jwtauth.Options) { o.Algorithms = []string{"none"} }, "unknown": func(o *jwtauth.Options) { o.Algorithms = []string{"XX"} },
		"mix": func(o *jwtauth.Options) { o.Algorithms = []string{"HS256", "RS256"} }, "realm": func(o *jwtauth.Options) { o.Realm = "a\"b" },
		"line": func(o *jwtauth.Options) { o.Realm = "a\r\nb" },
	} {
		opts := options()
		change(&opts)
		if a, err := jwtauth.New(opts); a != nil || err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key  any
		err  error
		down bool
	}{
		"outage":     {nil, payments.NewError(payments.Error{Code: payments.ErrUnavailable}, errors.New("dial")), true},
		"unknown":    {nil, errors.New("no such key"), false},
		"too short":  {[]byte("short"), nil, false},
		"wrong type": {"text", nil, false},
		"nil":        {nil, nil, false},
	} {
		opts := options()
		opts.Key = func(_ context.Context, keyID, algorithm string) (any, error) {
			if keyID != "" || algorithm != "HS256" {
				t.Errorf("key %q, algorithm %q", keyID, algorithm)
			}
			return tt.key, tt.err
		}
		if _, err := ask(t, opts, bearer(sign(t, nil))); err == nil || errors.Is(err, payments.ErrUnavailable) != tt.down {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzToken feeds tokens: no text but a signed one names anybody.
func FuzzToken(f *testing.F) {
	token := sign(f, nil)
	for _, seed := range []string{token, token + "x", "a.b.c", "..", "", strings.Replace(token, ".", "..", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		who, err := ask(t, options(), func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + text} })
		if err == nil && strings.TrimLeft(text, " ") != token {
			// The last letter of base64 has bits that say nothing.
			if len(text) != len(token) || text[:len(text)-1] != token[:len(token)-1] {
				t.Fatalf("%q is %+v", text, who)
			}
		}
	})
}
