package fake_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// TestTornLine cuts the file at every byte of its last line, as a killed process may leave it: what was answered before is
// there, and the payment that was being written is not, or wholly.
func TestTornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "fake.json")
	b := setup(t, fake.Options{StateFile: file})
	first := b.paid("tok_visa", true)
	before := size(t, file)
	second := b.paid("tok_visa", true)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "torn.json")
	for end := before; end <= int64(len(text)); end += 97 {
		if err := os.WriteFile(torn, text[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		g, err := fake.New(fake.Options{AllowFake: true, StateFile: torn, Clock: b.clock.Now})
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", end, len(text), err)
		}
		for reference, want := range map[string]bool{first.Reference: true, second.Reference: end == int64(len(text))} {
			if _, err := g.Fetch(t.Context(), payments.FetchRequest{Reference: reference}); (err == nil) != want {
				t.Errorf("cut at %d of %d: %v", end, len(text), err)
			}
		}
	}
}

// size returns how long a file is.
func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestStateFileIsWrittenAnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	b := setup(t, fake.Options{StateFile: file})
	in := b.prepare(payments.Source{})
	largest := int64(0)
	for range 3000 {
		_, err := b.Prepare(t.Context(), payments.PrepareRequest{PaymentRef: b.order, Key: b.key(), Reference: in.Reference, Amount: usd(100)})
		if err != nil {
			t.Fatal(err)
		}
		now := size(t, file)
		if now < largest {
			again := setup(t, fake.Options{StateFile: file, Clock: b.clock.Now})
			if s := again.fetch(in.Reference); s.Amount != usd(100) {
				t.Errorf("written anew, it is %+v", s)
			}
			return
		}
		largest = now
		b.clock.Advance(time.Hour) // so that keys are forgotten
	}
	t.Errorf("the file has grown to %d bytes", largest)
}

func TestStateFileThatIsGone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	b := setup(t, fake.Options{StateFile: file})
	first := b.paid("tok_visa", true)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	b.paid("tok_visa", true)
	again := setup(t, fake.Options{StateFile: file})
	if s := again.fetch(first.Reference); s.Status != payments.StatusPaid {
		t.Errorf("it is %+v", s)
	}
}
