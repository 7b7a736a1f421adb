package main

import (
	"os"
	"testing"
)

func TestPageIsCommitted(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile("../../docs/state-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Page() {
		t.Error("docs/state-machine.md is not what the transition table says: go run ./internal/statedoc > docs/state-machine.md")
	}
}
