package httpadapter

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/trendsic/payments"
)

// recorder keeps a log as text.
type recorder struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

func (r *recorder) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// TestLogHoldsNoSecret sends secrets in every place and looks for them in the log of every answer.
func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	log := new(recorder)
	result := payments.Result{Payment: with(payments.StatusCreated),
		NextAction: &payments.NextAction{ClientSecret: payments.NewClientSecret("canary_secret")}}
	svc := &fakeService{result: result}
	h := newHandler(t, svc, func(o *Options) { o.Logger = log.logger() })
	card := `{"OrderID":"` + orderText + `","Customer":{"Email":"canary@example.com"},` +
		`"PaymentInfo":{"CardNumber":"4000000000000002","ExpDate":"11/29","CCV":"7391"}}`
	for _, c := range []call{
		{method: "POST", target: pathPayments, body: card},
		{method: "PUT", target: pathPayments + "?canary=canary", body: strings.Replace(tokenBody, "tok_visa", "canary_tok", 1)},
		{method: "POST", target: pathPayments, body: `{"OrderID":"canary"}`},
		{method: "POST", target: pathPayments, body: card[:40] + "canary"},
		{method: "GET", target: "/canary/4000000000000002"},
		{method: "CANARY", target: pathPayments},
		{method: "GET", target: pathPayment + "?PaymentInfo=4000000000000002"},
		{method: "GET", target: pathPayment, user: "canary"},
		{method: "GET", target: pathPayment, user: "outage"},
		{method: "POST", target: pathAPI, body: tokenBody, headers: map[string]string{"Idempotency-Key": "canary", "User-Agent": "canary"}},
	} {
		c.do(h)
	}
	svc.err = failure(payments.Error{Code: payments.ErrInternal, Message: "text"})
	call{method: "POST", target: pathPayments, body: card}.do(h)
	text := strings.ToLower(log.String())
	for _, secret := range []string{"canary", "4000000000000002", "7391", "11/29", "cause", "pi_1_secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log:\n%s", secret, text)
		}
	}
	if n := strings.Count(text, "httpadapter: request\""); n != 11 {
		t.Errorf("%d records of 11 requests:\n%s", n, text)
	}
}

// TestExchangeKeepsNothing shows that what is used again holds nothing of the request before.
func TestExchangeKeepsNothing(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, maxKept + 1} {
		x := new(exchange)
		x.body = append(x.body, "4242424242424242"...)
		x.answer = append(make([]byte, 0, size), "pi_1_secret_2"...)
		x.decoder.text = append(x.decoder.text, "tok_visa"...)
		x.key = "key"
		body, answer, text := x.body, x.answer, x.decoder.text
		x.wipe()
		for _, b := range [][]byte{body, answer, text} {
			if len(bytes.Trim(b, "\x00")) != 0 {
				t.Errorf("%q is left", b)
			}
		}
		if x.key != "" {
			t.Error("the key is left")
		}
	}
}

func TestGrowWipes(t *testing.T) {
	t.Parallel()
	old := []byte("4242")
	larger := grow(old)
	if string(larger) != "4242" || cap(larger) <= 4 || string(old) != "\x00\x00\x00\x00" {
		t.Errorf("%q and %q", larger, old)
	}
}
