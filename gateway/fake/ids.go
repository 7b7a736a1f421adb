package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/trendsic/payments"
)

// derive makes a text of 64 hexadecimal digits from the seed and a label. Client secrets are derived, so that they need not
// be stored.
func (g *Gateway) derive(label string) string {
	return hex.EncodeToString(g.mac(label))
}

func (g *Gateway) mac(label string) []byte {
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], g.opts.Seed)
	h := hmac.New(sha256.New, append([]byte("payments/gateway/fake/"), seed[:]...))
	h.Write([]byte(label))
	return h.Sum(nil)
}

// newID makes the next id with a prefix such as "pi".
func (g *Gateway) newID(prefix string) string {
	sum := g.mac(prefix + "/" + strconv.FormatUint(g.serial(), 10))
	return prefix + "_fake_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// authCode makes a bank's approval code of six digits.
func (g *Gateway) authCode(chargeID string) string {
	n := binary.BigEndian.Uint32(g.mac("auth/" + chargeID))
	code := strconv.FormatUint(uint64(n%1_000_000), 10)
	return strings.Repeat("0", 6-len(code)) + code
}

// secretMark is between the object's id and the secret part in a client secret, as at Stripe.
const secretMark = "_secret_"

// clientSecret returns the client secret of an object.
func (g *Gateway) clientSecret(id string) string {
	return id + secretMark + g.derive("secret/" + id)[:32]
}

// nextAction is what the payer of an object must still do.
func (g *Gateway) nextAction(id string) *payments.NextAction {
	return &payments.NextAction{ClientSecret: payments.NewClientSecret(g.clientSecret(id))}
}

// bySecret finds the object of a client secret.
func (g *Gateway) bySecret(secret string) (*intent, bool) {
	id, _, _ := strings.Cut(secret, secretMark)
	in, ok := g.state.byID[id]
	return in, ok && g.isSecretOf(secret, id)
}

// isSecretOf reports whether a client secret is the one of the object with an id.
func (g *Gateway) isSecretOf(secret, id string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(g.clientSecret(id))) == 1
}
