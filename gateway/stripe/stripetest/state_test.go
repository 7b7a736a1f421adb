package stripetest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// reopen starts another emulator on the state of a killed one.
func reopen(t *testing.T, b *bundle, o stripetest.Options) *bundle {
	t.Helper()
	again := setup(t, o)
	again.n = b.n
	again.clock.Advance(b.clock.Now().Sub(again.clock.Now()))
	return again
}

// TestStateFile shows that all that was answered survives a killed process, keys and clock included.
func TestStateFile(t *testing.T) {
	t.Parallel()
	o := stripetest.Options{StateFile: filepath.Join(t.TempDir(), "state"), AllowRawCards: true, RefundDelay: time.Hour}
	b := setup(t, o)
	p := b.params("pm_card_pendingRefund")
	p.Confirm = stripe.Bool(true)
	in := b.create(t, p)
	r, err := b.refund(in.ID, 500)
	if err != nil {
		t.Fatal(err)
	}
	sub := b.subscribe(t, b.plan(t, b.customer(t, "pm_card_visa")))
	if err := b.Advance(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	events, ledger, now := b.types(t), b.Ledger(), b.Now()
	// The process is killed: nothing is closed, and a line is half written.
	file, err := os.OpenFile(o.StateFile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"state":{"counter":99999},"objects":[{"kind":"pay`); err != nil {
		t.Fatal(errors.Join(err, file.Close()))
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}

	b = reopen(t, b, o)
	if !b.Now().Equal(now) {
		t.Errorf("the clock says %s, want %s", b.Now(), now)
	}
	if again := b.create(t, p); again.ID != in.ID || again.ClientSecret != in.ClientSecret {
		t.Error("the key was forgotten")
	}
	if got := b.types(t); strings.Join(got, " ") != strings.Join(events, " ") {
		t.Errorf("the events are %v, want %v", got, events)
	}
	if got := b.Ledger(); got[orderID] != ledger[orderID] {
		t.Errorf("the ledger says %+v, want %+v", got, ledger)
	}
	if got := b.subscription(t, sub.ID); got.LatestInvoice.PaymentIntent.ClientSecret != sub.LatestInvoice.PaymentIntent.ClientSecret {
		t.Error("the subscription's secret is another")
	}
	if fresh := b.create(t, b.params("")); fresh.ID == in.ID {
		t.Error("ids are given out twice")
	}
	// What was to happen still happens.
	if err := b.Advance(ctx, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if r, err = b.api.Refunds.Get(r.ID, nil); err != nil || r.Status != stripe.RefundStatusSucceeded {
		t.Errorf("the refund is %v, %v", r, err)
	}
	if got := b.subscription(t, sub.ID); got.Status != stripe.SubscriptionStatusIncompleteExpired {
		t.Errorf("the subscription is %s", got.Status)
	}
}

// TestStateFileHidesSecrets looks for what must not rest in the state file.
func TestStateFileHidesSecrets(t *testing.T) {
	t.Parallel()
	o := stripetest.Options{StateFile: filepath.Join(t.TempDir(), "state"), AllowRawCards: true}
	b := setup(t, o)
	const number, cvc = "4000056655665556", "7391"
	m, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{
		Number: stripe.String(number), ExpMonth: stripe.Int64(12), ExpYear: stripe.Int64(2030), CVC: stripe.String(cvc)}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := b.api.Tokens.New(&stripe.TokenParams{Card: &stripe.CardParams{Number: stripe.String(number), ExpMonth: stripe.String("12"),
		ExpYear: stripe.String("2030"), CVC: stripe.String(cvc)}})
	if err != nil {
		t.Fatal(err)
	}
	p := b.params("")
	p.AddExtra("payment_method_data[type]", "card")
	p.AddExtra("payment_method_data[card][token]", token.ID)
	secrets := []string{number, cvc, token.ID}
	for _, p := range []*stripe.PaymentIntentParams{p, b.params(m.ID), b.params("pm_card_authenticationRequired")} {
		p.Confirm = stripe.Bool(true)
		in := b.create(t, p)
		secrets = append(secrets, in.ClientSecret)
	}
	text, err := os.ReadFile(o.StateFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the state file holds %s", secret)
		}
	}
	if info, err := os.Stat(o.StateFile); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read the state file: %v, %v", info.Mode(), err)
	}
	// A token that was spent stays so.
	b = reopen(t, b, o)
	again := b.params("")
	again.AddExtra("payment_method_data[type]", "card")
	again.AddExtra("payment_method_data[card][token]", token.ID)
	_, err = b.api.PaymentIntents.New(again)
	wantError(t, err, 400, stripe.ErrorTypeInvalidRequest, "token_already_used", "")
}

// TestBadState refuses files that are not a state.
func TestBadState(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no JSON": "hello\n", "an unknown kind": `{"objects":[{"kind":"gold","value":{}}]}` + "\n",
		"a wrong object": `{"objects":[{"kind":"charge","value":5}]}` + "\n"} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := stripetest.New(stripetest.Options{StateFile: path}); err == nil {
			t.Errorf("%s is a state", name)
		}
	}
	for _, path := range []string{t.TempDir(), "/nowhere/at/all"} {
		if _, err := stripetest.New(stripetest.Options{StateFile: path}); err == nil {
			t.Errorf("%s is a state", path)
		}
	}
}

// TestStateCannotBeWritten shows that nothing is answered that could be forgotten.
func TestStateCannotBeWritten(t *testing.T) {
	t.Parallel()
	s, err := stripetest.New(stripetest.Options{StateFile: filepath.Join(t.TempDir(), "state")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b := &bundle{Server: s}
	a := b.send(t, sent{method: "POST", path: intents, body: good})
	if a.status != 500 {
		t.Errorf("what cannot be kept is answered with %d", a.status)
	}
	if s.Advance(ctx, time.Hour) == nil {
		t.Error("the clock moves without being kept")
	}
}

// TestWebhooksAfterKill delivers the events that a killed process had not.
func TestWebhooksAfterKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	b, in := hooked(t, stripetest.Options{StateFile: path})
	if err := b.ScriptWebhooks(stripetest.WebhookHeld, 1); err != nil {
		t.Fatal(err)
	}
	b.create(t, b.params(""))
	if got := in.take(); len(got) != 0 {
		t.Fatalf("held events came: %v", got)
	}
	again := &inbox{}
	b = reopen(t, b, stripetest.Options{StateFile: path, Deliver: again.deliver})
	if err := b.Advance(ctx, time.Second); err != nil {
		t.Fatal(err)
	}
	if got := again.take(); len(got) != 1 || got[0] != "payment_intent.created" {
		t.Errorf("after the restart came %v", got)
	}
}

// TestOptions refuses what cannot be meant.
func TestOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]stripetest.Options{
		"a live key": {SecretKeys: []string{"sk_live_x"}}, "a secret key for pages": {PublishableKeys: []string{"sk_test_x"}},
		"a negative life": {KeyLife: -1}, "a negative lag": {SearchLag: -1}, "no version": {WebhookVersion: "1"}, "negative lateness": {LateAfter: -1},
		"no form of a decline": {DeclineAs: "teapot"},
	} {
		if _, err := stripetest.New(o); err == nil || strings.Contains(err.Error(), "live_x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := setup(t, stripetest.Options{SecretKeys: []string{"rk_test_mine"}})
	if a := b.send(t, sent{method: "GET", path: intents, key: "rk_test_mine"}); a.status != 200 {
		t.Errorf("a restricted key: %s", a.raw)
	}
	if b.Advance(ctx, -1) == nil {
		t.Error("the clock goes back")
	}
}

// TestSeed shows that the same seed and the same calls give the same answers, and another seed others.
func TestSeed(t *testing.T) {
	t.Parallel()
	ids := map[uint64]string{}
	for _, seed := range []uint64{1, 1, 2} {
		b := setup(t, stripetest.Options{Seed: seed})
		if err := b.RandomFaults("*", 50, stripetest.Fault429); err != nil {
			t.Fatal(err)
		}
		trace := ""
		for range 20 {
			in, err := b.api.PaymentIntents.New(b.params("pm_card_visa"))
			if err != nil {
				trace += "x "
				continue
			}
			trace += in.ClientSecret + " "
		}
		if known, ok := ids[seed]; ok && known != trace {
			t.Errorf("seed %d gives %s and %s", seed, known, trace)
		}
		ids[seed] = trace
	}
	if ids[1] == ids[2] {
		t.Error("two seeds give the same")
	}
}
