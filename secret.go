package payments

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
)

// mask is what every type that holds a secret prints.
const mask = "****"

// errSecret is what a secret answers when it is asked to go where it would rest.
var errSecret = errors.New("payments: a secret is not stored")

// secret holds a text that must not rest anywhere. The text is behind a function, so that fmt and the like cannot reach it
// by reflection even where they may not call methods (a secret in an unexported field of a host's struct).
type secret struct{ reveal func() string }

func newSecret(s string) secret {
	if s == "" {
		return secret{}
	}
	return secret{reveal: func() string { return s }}
}

// Reveal returns the secret itself. Only a gateway needs it; never log, store or return it.
func (s secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s secret) IsZero() bool { return s.reveal == nil }

// String returns "****", or nothing when there is no secret.
func (s secret) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// GoString returns the same as String.
func (s secret) GoString() string { return s.String() }

// Format prints the same as String for every verb.
func (s secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText returns the same as String; encoding/json and encoding/xml use it.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// GobEncode returns the same as String.
func (s secret) GobEncode() ([]byte, error) { return []byte(s.String()), nil }

// Value refuses: a secret is never an SQL argument.
func (s secret) Value() (driver.Value, error) { return nil, errSecret }

// LogValue returns the same as String.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Token is what a payer's page or app got from the gateway for a card: one-time ("tok_...") or lasting ("pm_..."). It
// prints as "****" in every way.
type Token struct{ secret }

// NewToken wraps a token.
func NewToken(s string) Token { return Token{newSecret(s)} }

// ClientSecret lets the payer's page finish one payment at the gateway. It prints as "****" in every way.
type ClientSecret struct{ secret }

// NewClientSecret wraps a client secret.
func NewClientSecret(s string) ClientSecret { return ClientSecret{newSecret(s)} }

// CVC is a card's verification code. PCI DSS forbids to store it after authorisation, even encrypted; it prints as "****"
// in every way.
type CVC struct{ secret }

// NewCVC wraps a verification code.
func NewCVC(s string) CVC { return CVC{newSecret(s)} }

// CardNumber is a card's full number. It prints as "****" in every way; Last4 is what may be shown.
type CardNumber struct{ secret }
