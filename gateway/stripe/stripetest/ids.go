package stripetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
)

// base62 are the signs of ids.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// derive makes n signs from the seed and a purpose. The same seed and purpose give the same signs.
func (s *Server) derive(purpose string, n int) string {
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], s.opts.Seed)
	h := hmac.New(sha256.New, seed[:])
	h.Write([]byte(purpose))
	sum := h.Sum(nil)
	signs := make([]byte, n)
	for i := range signs {
		signs[i] = base62[int(sum[i])%len(base62)]
	}
	return string(signs)
}

// newID makes the next id of a kind of object.
func (s *Server) newID(prefix string) string {
	s.state.Counter++
	s.metaDirty = true
	return prefix + "_1" + s.derive("id:"+strconv.FormatUint(s.state.Counter, 10), 23)
}

// clientSecret is the secret of an intent. It is derived and never kept.
func (s *Server) clientSecret(id string) string { return id + "_secret_" + s.derive("secret:"+id, 25) }

// fingerprint is a digest that says whether two cards are the same, as Stripe's fingerprints do.
func (s *Server) fingerprint(card string) string { return s.derive("card:"+card, 16) }

// digest is SHA-256 in hexadecimal digits.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var (
	secretForm   = regexp.MustCompile(`\b((?:pi|seti)_[0-9A-Za-z]+)_secret_[0-9A-Za-z]+`)
	scrubbedForm = regexp.MustCompile(`\b((?:pi|seti)_[0-9A-Za-z]+)_secret_\*`)
	tokenForm    = regexp.MustCompile(`\btok_1[0-9A-Za-z]{23}\b`)
	counterForm  = regexp.MustCompile(`\btok_#([0-9]+)\b`)
)

// tokenID is the id of a token. It is derived from its number and never kept.
func (s *Server) tokenID(n uint64) string {
	return "tok_1" + s.derive("token:"+strconv.FormatUint(n, 10), 23)
}

// withoutSecrets takes the client secrets, and the tokens that were made here, out of a body that is kept.
func (s *Server) withoutSecrets(body []byte) []byte {
	body = secretForm.ReplaceAll(body, []byte("${1}_secret_*"))
	return tokenForm.ReplaceAllFunc(body, func(match []byte) []byte {
		for _, e := range s.state.lists[kindToken] {
			if t := e.(*token); t.Number > 0 && s.tokenID(t.Number) == string(match) {
				return []byte("tok_#" + strconv.FormatUint(t.Number, 10))
			}
		}
		return match // of somebody else's making
	})
}

// withSecrets puts them back.
func (s *Server) withSecrets(body []byte) []byte {
	body = scrubbedForm.ReplaceAllFunc(body, func(match []byte) []byte {
		return []byte(s.clientSecret(string(scrubbedForm.FindSubmatch(match)[1])))
	})
	return counterForm.ReplaceAllFunc(body, func(match []byte) []byte {
		n, err := strconv.ParseUint(string(counterForm.FindSubmatch(match)[1]), 10, 64)
		if err != nil {
			return match
		}
		return []byte(s.tokenID(n))
	})
}
