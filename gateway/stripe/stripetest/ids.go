package stripetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
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
func (s *Server) clientSecret(id string) string { return id + secretMark + s.derive("secret:"+id, 25) }

// fingerprint is a digest that says whether two cards are the same, as Stripe's fingerprints do.
func (s *Server) fingerprint(card string) string { return s.derive("card:"+card, 16) }

// digest is SHA-256 in hexadecimal digits.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// tokenID is the id of a token. It is derived from its number and never kept.
func (s *Server) tokenID(n uint64) string {
	return "tok_1" + s.derive("token:"+strconv.FormatUint(n, 10), 23)
}

// secretMark stands before the secret part of a client secret, and tokenMark before that of a token.
const (
	secretMark = "_secret_"
	tokenMark  = `"tok_`
)

// isSign tells whether a byte may be part of an id.
func isSign(b byte) bool { return b == '_' || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z' }

// signs counts the bytes at the beginning that may be part of an id.
func signs(text []byte) int {
	n := 0
	for n < len(text) && isSign(text[n]) {
		n++
	}
	return n
}

// lastID is the id at the end of a text.
func lastID(text []byte) string {
	from := len(text)
	for from > 0 && isSign(text[from-1]) {
		from--
	}
	return string(text[from:])
}

// withoutSecrets takes the client secrets, and the tokens that were made here, out of a body that is kept.
func (s *Server) withoutSecrets(body []byte) []byte {
	body = replaceAfter(body, secretMark, func(before, rest []byte) ([]byte, int) {
		id, n := lastID(before), signs(rest)
		if s.clientSecret(id) != id+secretMark+string(rest[:n]) {
			return nil, 0 // somebody's metadata that looks like one
		}
		return []byte("*"), n
	})
	return replaceAfter(body, tokenMark, func(_, rest []byte) ([]byte, int) {
		n := signs(rest)
		id := tokenPrefix + string(rest[:n])
		for _, e := range s.state.lists[kindToken] {
			if t := e.(*token); t.Number > 0 && s.tokenID(t.Number) == id {
				return strconv.AppendUint([]byte("#"), t.Number, 10), n
			}
		}
		return nil, 0 // of somebody else's making
	})
}

// withSecrets puts them back.
func (s *Server) withSecrets(body []byte) []byte {
	body = replaceAfter(body, secretMark, func(before, rest []byte) ([]byte, int) {
		id := lastID(before)
		if _, ok := s.state.byID[id]; !ok || len(rest) == 0 || rest[0] != '*' {
			return nil, 0
		}
		_, secret, _ := strings.Cut(s.clientSecret(id), secretMark)
		return []byte(secret), 1
	})
	return replaceAfter(body, tokenMark, func(_, rest []byte) ([]byte, int) {
		if len(rest) == 0 || rest[0] != '#' {
			return nil, 0
		}
		n := 1 + signs(rest[1:])
		number, err := strconv.ParseUint(string(rest[1:n]), 10, 64)
		if err != nil {
			return nil, 0
		}
		return []byte(strings.TrimPrefix(s.tokenID(number), tokenPrefix)), n
	})
}

// replaceAfter goes through a text and replaces what stands after a mark: change is given what stands before the mark and after
// it, and tells what to put there and how much to leave out.
func replaceAfter(text []byte, mark string, change func(before, rest []byte) ([]byte, int)) []byte {
	var out []byte
	done := 0
	for {
		i := bytes.Index(text[done:], []byte(mark))
		if i < 0 {
			return append(out, text[done:]...)
		}
		at := done + i + len(mark)
		put, skip := change(text[:at-len(mark)], text[at:])
		out = append(append(out, text[done:at]...), put...)
		done = at + skip
	}
}
