package fake_test

import (
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func FuzzParseFault(f *testing.F) {
	for _, info := range fake.Faults() {
		f.Add(string(info.Fault))
	}
	f.Add("")
	f.Add("DROP_AFTER")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := fake.ParseFault(text)
		if (err == nil) != (string(fault) == text && text != "") {
			t.Errorf("%q is read as %q (%v)", text, fault, err)
		}
	})
}

func FuzzParseOperation(f *testing.F) {
	for _, op := range fake.Operations() {
		f.Add(string(op))
	}
	f.Add("*")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		op, err := fake.ParseOperation(text)
		if (err == nil) != (string(op) == text && text != "") {
			t.Errorf("%q is read as %q (%v)", text, op, err)
		}
	})
}

func FuzzVerifyWebhook(f *testing.F) {
	clock := newClock()
	g, err := fake.New(fake.Options{AllowFake: true, WebhookSecret: "whsec_fuzz", Clock: clock.Now})
	if err != nil {
		f.Fatal(err)
	}
	body := []byte(`{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}`)
	good := g.SignWebhook(body, start)
	f.Add(good, body)
	f.Add("t=1,v1=00", []byte("{}"))
	f.Add("t=,v1=", []byte("null"))
	f.Add("t=1,t=2,v1=zz,v0=1", []byte(""))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		e, err := g.VerifyWebhook(header, body)
		if err == nil && (e.ID == "" || e.Object == "" || e.Type == "") {
			t.Errorf("the header %q is accepted with an event of nothing", header)
		}
		// Whoever changes one byte of a signed body is refused.
		if _, err := g.VerifyWebhook(good, body); err == nil && string(body) != `{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}` {
			t.Errorf("another body is accepted: %q", body)
		}
	})
}

func FuzzToken(f *testing.F) {
	for _, c := range fake.TestCards() {
		f.Add(c.Token)
		f.Add(c.Method)
		f.Add(c.Token + "__1")
	}
	f.Add("tok_fake_decline_")
	f.Add("__")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := fake.New(fake.Options{AllowFake: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Authorize(t.Context(), payments.AuthorizeRequest{PaymentRef: ref(1), Key: "k", Amount: usd(100), Source: token(text), Capture: true})
		if err != nil && payments.OutcomeOf(err) != payments.OutcomeNotApplied {
			t.Errorf("%q: the outcome is %v", text, payments.OutcomeOf(err))
		}
		if got := g.Ledger()[ref(1).OrderID.String()].Captured; (got == 100) != (err == nil) && got != 0 {
			t.Errorf("%q: captured is %d (%v)", text, got, err)
		}
	})
}
