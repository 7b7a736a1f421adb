package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTableIsCommitted(t *testing.T) {
	t.Parallel()
	want, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../money_iso4217.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("money_iso4217.go is not what the pinned data says: go generate ./...")
	}
}
