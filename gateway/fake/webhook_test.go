package fake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func TestEventsOfALife(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test"})
	in := b.prepare(token("tok_chargeDeclined"))
	_, _ = b.confirm(in.Reference)
	asks := b.prepare(token("tok_authenticationRequired"))
	s, _ := b.confirm(asks.Reference)
	_ = b.Authenticate(t.Context(), secret(t, s), fake.AuthPass, "")
	_, _ = b.refund(asks.Reference, 100)
	_ = b.OpenDispute(t.Context(), asks.Reference)
	_ = b.CloseDispute(t.Context(), asks.Reference, true)
	held := b.paid("tok_visa", false)
	_, _ = b.Void(t.Context(), payments.VoidRequest{PaymentRef: b.order, Key: b.key(), Reference: held.Reference})

	var kinds []string
	for _, e := range b.Events() {
		kinds = append(kinds, e.Type)
		got, err := b.VerifyWebhook(e.Header, e.Body)
		if err != nil || got.ID != e.ID || got.Type != e.Type || got.Reference != e.Reference {
			t.Errorf("%s is read as %+v (%v)", e.Type, got, err)
		}
		if bytes.Contains(e.Body, []byte("_secret_")) {
			t.Errorf("%s carries the client secret", e.Type)
		}
	}
	want := []string{"payment_intent.payment_failed", "payment_intent.requires_action", "payment_intent.succeeded", "charge.refunded",
		"charge.dispute.created", "charge.dispute.closed", "payment_intent.amount_capturable_updated", "payment_intent.canceled"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the events are\n%v, and must be\n%v", kinds, want)
	}
	if left := b.Events(); len(left) != 0 {
		t.Errorf("%d events are left after they were taken", len(left))
	}
}

func TestEventBody(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test"})
	s := b.paid("tok_visa", true)
	e := b.Events()[0]
	var body struct {
		ID, Object, Type string
		Created          int64
		Data             struct {
			Object struct {
				ID, Object, Currency, Status string
				Amount                       int64
				Metadata                     map[string]string
			}
		}
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		t.Fatal(err)
	}
	o := body.Data.Object
	if body.ID != e.ID || body.Object != "event" || body.Created != start.Unix() || o.ID != s.Reference || o.Object != "payment_intent" ||
		o.Currency != "usd" || o.Amount != 1250 || o.Status != "succeeded" || o.Metadata["order_id"] != b.order.OrderID.String() ||
		o.Metadata["payment_uid"] != b.order.PaymentUID {
		t.Errorf("the body is %s", e.Body)
	}
}

func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test"})
	other := setup(t, fake.Options{WebhookSecret: "whsec_other"})
	b.paid("tok_visa", true)
	event := b.Events()[0]
	body, header := event.Body, event.Header
	mac := header[strings.Index(header, "v1=")+3:]
	at := func(d time.Duration) string { return b.SignWebhook(body, start.Add(d)) }
	tests := map[string]struct {
		header string
		body   []byte
		good   bool
	}{
		"good":                {header, body, true},
		"300 s old":           {at(-300 * time.Second), body, true},
		"301 s old":           {at(-301 * time.Second), body, false},
		"300 s early":         {at(300 * time.Second), body, true},
		"301 s early":         {at(301 * time.Second), body, false},
		"a rolled secret":     {header + ",v1=" + strings.Repeat("0", 64), body, true},
		"another version too": {header + ",v0=abc", body, true},
		"only v0":             {strings.Replace(header, "v1=", "v0=", 1), body, false},
		"no header":           {"", body, false},
		"no time":             {"v1=" + mac, body, false},
		"two times":           {header + ",t=1", body, false},
		"a word for a time":   {"t=now,v1=" + mac, body, false},
		"another secret":      {other.SignWebhook(body, start), body, false},
		"another body":        {header, append(slices.Clone(body), ' '), false},
		"too many signatures": {header + strings.Repeat(",v1="+mac, 16), body, false},
		"a long header":       {header + strings.Repeat(",v2=x", 1000), body, false},
		"no event":            {b.SignWebhook([]byte("{}"), start), []byte("{}"), false},
		"null data":           {b.SignWebhook([]byte(`{"id":"evt_1","type":"x","data":null}`), start), []byte(`{"id":"evt_1","type":"x","data":null}`), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.VerifyWebhook(test.header, test.body)
			if (err == nil) != test.good || err != nil && !errors.Is(err, payments.ErrInvalid) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestParseWebhook(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{WebhookSecret: "whsec_test", LiveMode: true})
	b.order.Account = "acct_1"
	s := b.paid("tok_visa", true)
	sent := b.Events()[0]
	header := http.Header{fake.SignatureHeader: {sent.Header}}
	want := payments.WebhookEvent{ID: sent.ID, Type: "payment_intent.succeeded", Object: s.Reference, Payment: s.Reference,
		PaymentUID: b.order.PaymentUID, OrderID: b.order.OrderID, Account: "acct_1", APIVersion: "2023-10-16", LiveMode: true, CreatedAt: start}
	if got, err := b.ParseWebhook(header, sent.Body); err != nil || got != want {
		t.Errorf("the event is %+v (%v), and must be %+v", got, err, want)
	}
	large := append(slices.Clone(sent.Body), make([]byte, 1<<20)...)
	tests := map[string]struct {
		header http.Header
		body   []byte
	}{
		"no header":     {nil, sent.Body},
		"two headers":   {http.Header{fake.SignatureHeader: {sent.Header, sent.Header}}, sent.Body},
		"a long header": {http.Header{fake.SignatureHeader: {sent.Header + strings.Repeat(",v2=x", 1000)}}, sent.Body},
		"a large body":  {http.Header{fake.SignatureHeader: {b.SignWebhook(large, start)}}, large},
		"another body":  {header, []byte(`{}`)},
		"no body":       {header, nil},
		"too old":       {http.Header{fake.SignatureHeader: {b.SignWebhook(sent.Body, start.Add(-301*time.Second))}}, sent.Body},
		"too new":       {http.Header{fake.SignatureHeader: {b.SignWebhook(sent.Body, start.Add(301*time.Second))}}, sent.Body},
	}
	for name, test := range tests {
		_, err := b.ParseWebhook(test.header, test.body)
		if e := problem(t, err); e.Code != payments.ErrInvalid || e.Outcome != payments.OutcomeNotApplied {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	unsigned := setup(t, fake.Options{})
	if _, err := unsigned.ParseWebhook(http.Header{fake.SignatureHeader: {unsigned.SignWebhook(sent.Body, start)}}, sent.Body); !errors.Is(err, payments.ErrInvalid) {
		t.Errorf("without a secret: %v", err)
	}
}

func TestEmptyWebhookSecretAcceptsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, fake.Options{})
	b.paid("tok_visa", true)
	e := b.Events()[0]
	if e.Header != "" {
		t.Error("an event is signed with an empty secret")
	}
	if _, err := b.VerifyWebhook(b.SignWebhook(e.Body, start), e.Body); err == nil {
		t.Error("an event signed with an empty secret is accepted")
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	var b *bench
	var delivered []string
	fail := true
	b = setup(t, fake.Options{WebhookSecret: "whsec_test", Deliver: func(ctx context.Context, header string, body []byte) error {
		e, err := b.VerifyWebhook(header, body)
		if err != nil {
			return err
		}
		// The event comes before the answer, and a receiver may ask for the truth at once.
		s, err := b.Fetch(ctx, payments.FetchRequest{PaymentRef: b.order, Reference: e.Reference})
		if err != nil || s.Status != payments.StatusPaid {
			t.Errorf("while it is delivered the payment is %v (%v)", s.Status, err)
		}
		if fail {
			return errors.New("the receiver is down")
		}
		delivered = append(delivered, e.Type)
		return nil
	}})
	b.paid("tok_visa", true)
	if got := b.Events(); len(got) != 1 || len(delivered) != 0 {
		t.Errorf("%d events are kept and %d delivered", len(got), len(delivered))
	}
	fail = false
	b.paid("tok_visa", true)
	if got := b.Events(); len(got) != 0 || len(delivered) != 1 {
		t.Errorf("%d events are kept and %d delivered", len(got), len(delivered))
	}
}
