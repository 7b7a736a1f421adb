// Package canary holds card numbers, codes and tokens that tests plant, and finds them, or any client secret, in what the
// tests leave behind: database files, logs, errors and answers. None of them may rest anywhere.
package canary

import (
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

// clientSecret is the shape of every client secret: an object's id, "_secret_" and at least twelve characters.
var clientSecret = regexp.MustCompile(`(pi|seti)_[A-Za-z0-9_]+_secret_[A-Za-z0-9]{12,}`)

// cvcInText is the code between characters that are neither letters nor digits nor parts of a number.
var cvcInText = regexp.MustCompile(`(^|[^0-9A-Za-z.:+-])` + CVC + `($|[^0-9A-Za-z.:+-])`)

// Find returns the planted values that stand in the data, in any of the ways that a value is written: plain, with spaces or
// dashes, reversed, in base64, in hex, or escaped for a URL. A client secret is found by its shape.
func Find(data []byte) []string {
	text := string(data)
	var found []string
	for _, value := range []string{Number, Amex, Token, Reused} {
		for _, shape := range shapes(value) {
			if strings.Contains(text, shape) {
				found = append(found, value+" as "+shape)
			}
		}
	}
	if secret := clientSecret.FindString(text); secret != "" {
		found = append(found, "a client secret")
	}
	return found
}

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
	list := []string{value, hex.EncodeToString([]byte(value)), url.QueryEscape(value), reversed(value)}
	for shift := range 3 { // base64 of a text depends on where in it the value stands
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
		list = append(list, encoded[4:len(encoded)-4])
	}
	if value[0] >= '0' && value[0] <= '9' {
		for _, separator := range []string{" ", "-", ".", "\u00a0"} {
			list = append(list, grouped(value, separator))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
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
