package fake_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestStateSurvives(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	b := setup(t, fake.Options{StateFile: file, Seed: 7})
	req := payments.AuthorizeRequest{PaymentRef: b.order, Key: "k", Amount: usd(1250), Source: token("tok_refundFail__1"), Capture: true}
	paid, err := b.Authorize(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.refund(paid.Reference, 50); err != nil {
		t.Fatal(err)
	}
	open := b.prepare(payments.Source{})

	again := setup(t, fake.Options{StateFile: file, Seed: 7})
	again.keys.Store(100) // the keys of the first are used
	s, err := again.Authorize(t.Context(), req)
	if err != nil || s.Reference != paid.Reference {
		t.Errorf("the key is forgotten: %q (%v)", s.Reference, err)
	}
	if s := again.fetch(paid.Reference); s.Status != payments.StatusPaid || len(s.Refunds) != 1 || again.entry().Refunded != 50 {
		t.Errorf("it is %+v", s)
	}
	if secret(t, again.fetch(open.Reference)) != secret(t, open) {
		t.Error("the client secret has changed")
	}
	req.Key = "k2"
	if _, err := again.Authorize(t.Context(), req); problem(t, err).GatewayCode != "token_already_used" {
		t.Errorf("the spent token is forgotten: %v", err)
	}
	if s, err := again.Fetch(t.Context(), payments.FetchRequest{PaymentRef: b.order}); err != nil || s.Reference != paid.Reference {
		t.Errorf("by PaymentUID it finds %q (%v)", s.Reference, err)
	}
	if next := again.prepare(payments.Source{}); next.Reference == open.Reference {
		t.Error("an id was given twice")
	}
}

func TestStateFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "fake.json")
	b := setup(t, fake.Options{StateFile: file, Seed: 7})
	b.paid("tok_visa", true)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cut": whole[:len(whole)/2], "empty": {}, "foreign": []byte(`{"a":1}`), "version": []byte(`{"version":99}`)} {
		broken := filepath.Join(dir, name)
		if err := os.WriteFile(broken, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fake.New(fake.Options{AllowFake: true, StateFile: broken, Seed: 7}); err == nil {
			t.Errorf("%s: the file is loaded", name)
		}
	}
	if _, err := fake.New(fake.Options{AllowFake: true, StateFile: file, Seed: 8}); err == nil {
		t.Error("a file with another seed is loaded: its client secrets would change")
	}
}

// TestStateThatCannotBeWritten says that nobody knows: the effect is in memory, and a crash would lose it.
func TestStateThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	b := setup(t, fake.Options{StateFile: filepath.Join(dir, "fake.json")})
	_, err := b.authorize("tok_visa", true)
	if payments.OutcomeOf(err) != payments.OutcomeUnknown || err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("the error is %v", err)
	}
}

// TestStateHoldsNoSecret greps the files for everything that must not rest.
func TestStateHoldsNoSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := setup(t, fake.Options{StateFile: filepath.Join(dir, "fake.json"), WebhookSecret: "whsec_canary"})
	canaries := []string{"5105105105105100", "4111111111111111", "7391", "tok_visa__canary", "tok_chain_canary", "whsec_canary", "_secret_"}
	if err := b.Chain("tok_chain_canary", "tok_chargeDeclined", "tok_visa"); err != nil {
		t.Fatal(err)
	}
	card := rawCard("4111111111111111")
	card.Card.CVC = payments.NewCVC("739")
	minted, err := b.Tokenize(t.Context(), *card.Card)
	if err != nil {
		t.Fatal(err)
	}
	canaries = append(canaries, minted.Reveal())
	amex := rawCard("371449635398431")
	amex.Card.CVC = payments.NewCVC("7391")
	for _, source := range []payments.Source{token("tok_visa__canary"), token("tok_chain_canary"), {Token: minted}, card, amex, {}, rawCard("5105105105105100")} {
		in := b.prepare(source)
		if in.NextAction != nil {
			canaries = append(canaries, secret(t, in))
		}
		s, _ := b.confirm(in.Reference)
		_, _ = b.refund(s.Reference, 1)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the files are %v (%v)", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range canaries {
		if strings.Contains(string(text), canary) {
			t.Errorf("the state file holds %q", canary)
		}
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
}

// killedEnv tells the test binary that it is the process to be killed, and with which file.
const killedEnv = "FAKE_TEST_STATE_FILE"

// TestKilled kills a process that takes payments, and looks whether what it was answered is in the file.
func TestKilled(t *testing.T) {
	if file := os.Getenv(killedEnv); file != "" {
		payUntilKilled(t, file)
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fake.json")
	answered := 0
	for round := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$", "-test.parallel=1") // #nosec G204 -- this binary
		child.Env = append(os.Environ(), killedEnv+"="+file)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var references []string
		for len(references) < 10+round && lines.Scan() {
			if reference, ok := strings.CutPrefix(lines.Text(), "paid "); ok {
				references = append(references, reference)
			}
		}
		_ = child.Process.Kill() // kill -9
		for lines.Scan() {       // what it was answered before it died
			if reference, ok := strings.CutPrefix(lines.Text(), "paid "); ok {
				references = append(references, reference)
			}
		}
		_ = child.Wait()
		answered += len(references)
		g, err := fake.New(fake.Options{AllowFake: true, StateFile: file})
		if err != nil {
			t.Fatal(err)
		}
		for _, reference := range references {
			if reference == "" {
				continue // a line cut by the kill
			}
			if s, err := g.Fetch(t.Context(), payments.FetchRequest{Reference: reference}); err != nil || s.Status != payments.StatusPaid {
				t.Errorf("round %d: the payment %q, which was answered, is %v (%v)", round+1, reference, s.Status, err)
			}
		}
	}
	if answered < 30 {
		t.Errorf("only %d payments were answered", answered)
	}
}

// payUntilKilled is the process that is killed.
func payUntilKilled(t *testing.T, file string) {
	g, err := fake.New(fake.Options{AllowFake: true, StateFile: file})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(g.Charges()); i < 10_000; i++ {
		s, err := g.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: ref(i), Key: fmt.Sprint("k", i), Amount: usd(100),
			Source: token("tok_visa"), Capture: true})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("paid " + s.Reference)
	}
	os.Exit(1)
}
