// Package canary holds card numbers, codes and tokens that tests plant, and finds them, or any client secret, in what the
// tests leave behind: database files, logs, errors and answers. None of them may rest anywhere.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The planted values. The numbers pass the Luhn check and are no test card's; the code has four digits, which chance makes
// in a binary file: it is looked for in texts only.
const (
	Number = "4929718236450190"
	Amex   = "371482946357200"
	CVC    = "7391"
	Token  = "tok_visa__canaryQ7xY2mZ9pL4w"
	Reused = "pm_card_visa__canaryH3nV8kD5rT1s"
)

// Mark is planted beside the others where it may rest: a caller's idempotency key begins with it. Where it is not found, nothing was
// planted, and to find nothing else proves nothing.
const Mark = "canary-mark-V6tB3xW8"

// key is the shape of an API key and of a webhook's signing secret.
var key = regexp.MustCompile(`(sk|rk)_(live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}`)

// clientSecret is the shape of every client secret: an object's id, "_secret_" and at least twelve characters.
var clientSecret = regexp.MustCompile(`(pi|seti)_[A-Za-z0-9_]+_secret_[A-Za-z0-9]{12,}`)

// cvcInText is the code between characters that are neither letters nor digits nor parts of a number.
var cvcInText = regexp.MustCompile(`(^|[^0-9A-Za-z.:+-])` + CVC + `($|[^0-9A-Za-z.:+-])`)

// Find returns the planted values that stand in the data, in any of the ways that a value is written: plain, with spaces or
// dashes, reversed, in base64, in hex, or escaped for a URL. A client secret, an API key and a webhook's secret are found by
// their shapes.
func Find(data []byte) []string {
	var found []string
	for _, value := range []string{Number, Amex, Token, Reused} {
		found = append(found, FindValue(data, value)...)
	}
	if clientSecret.Match(data) {
		found = append(found, "a client secret")
	}
	if key.Match(data) {
		found = append(found, "an API key or a webhook's secret")
	}
	return found
}

// FindValue is Find for one value.
func FindValue(data []byte, value string) []string {
	var found []string
	for _, shape := range shapes(value) {
		if bytes.Contains(data, []byte(shape)) {
			found = append(found, value+" as "+shape)
		}
	}
	return found
}

// Marked reports whether the mark stands in the data.
func Marked(data []byte) bool { return bytes.Contains(data, []byte(Mark)) }

// FindInText is Find for a text that people read, where the verification code can be told from chance.
func FindInText(data []byte) []string {
	found := Find(data)
	if cvcInText.Match(data) {
		found = append(found, "the verification code")
	}
	return found
}

// shapes returns the ways in which a value may be written.
func shapes(value string) []string {
	coded := hex.EncodeToString([]byte(value))
	list := []string{value, coded, strings.ToUpper(coded), url.QueryEscape(value), percent(value), reversed(value)}
	for shift := range 3 { // base64 of a text depends on where in it the value stands
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
		encoded = encoded[4 : len(encoded)-4]
		list = append(list, encoded, strings.NewReplacer("+", "-", "/", "_").Replace(encoded)) // and as a URL has it
	}
	if value[0] >= '0' && value[0] <= '9' {
		for _, separator := range []string{" ", "-", ".", "\u00a0"} {
			list = append(list, grouped(value, separator))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// percent escapes every character for a URL.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// grouped writes a card number as it is printed on a card.
func grouped(digits, separator string) string {
	sizes := []int{4, 4, 4, 4}
	if len(digits) == 15 {
		sizes = []int{4, 6, 5}
	}
	var parts []string
	for _, n := range sizes {
		parts = append(parts, digits[:n])
		digits = digits[n:]
	}
	return strings.Join(parts, separator)
}
