// Command statedoc prints docs/state-machine.md from the module's transition table. A test compares the two.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/trendsic/payments"
)

func main() {
	if _, err := os.Stdout.WriteString(Page()); err != nil {
		os.Exit(1)
	}
}

// Page returns the whole document.
func Page() string {
	var b strings.Builder
	b.WriteString("# The states of a payment\n\n")
	b.WriteString("Generated from the table in payment.go by `go run ./internal/statedoc > docs/state-machine.md`; a test compares the two.\n\n")
	b.WriteString("What each status means to a caller. \"intent\" is `PaymentIntentSuccess` on the wire, \"success\" is `PaymentSuccess`.\n\n")
	b.WriteString("| number | status | ResponseCode | Approved | intent | success | HTTP | message when the payment has none |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|\n")
	all := statuses()
	for _, s := range all {
		a := s.Answer()
		http := 200
		if a.Pending {
			http = 202
		}
		fmt.Fprintf(&b, "| %d | %s | %d | %s | %s | %s | %d | %s |\n", int(s), s, a.ResponseCode, yes(a.Approved()),
			yes(a.PaymentIntentSuccess), yes(a.PaymentSuccess), http, a.Message)
	}
	b.WriteString("\nWhat may follow. A status may always stay; anything else than these is refused, and recorded as a break where it\n")
	b.WriteString("contradicts a payment that was given up.\n\n| from | to |\n|---|---|\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %s |\n", s, names(s.Next()))
	}
	b.WriteString("\n```mermaid\nstateDiagram-v2\n    [*] --> created\n")
	for _, s := range all {
		for _, t := range s.Next() {
			fmt.Fprintf(&b, "    %s --> %s\n", s, t)
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// statuses returns all statuses, in the order of their numbers.
func statuses() []payments.Status {
	var all []payments.Status
	for s := payments.Status(1); s.String() != "none"; s++ {
		all = append(all, s)
	}
	return all
}

func names(list []payments.Status) string {
	if len(list) == 0 {
		return "nothing"
	}
	var parts []string
	for _, s := range list {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
