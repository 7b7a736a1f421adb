package httpadapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// failed is the answer to an error after the DTO existed, with the entries of Errors.
func failed(code, message, entries string) string {
	return `{"ResponseStatus":{"ErrorCode":"` + code + `","Message":"` + message + `","Errors":[` + entries +
		`]},"PaymentIntentSuccess":false,"PaymentSuccess":false,"SubscriptionSuccess":false}`
}

// entry is one entry of Errors.
func entry(code, field, message string) string {
	return `{"ErrorCode":"` + code + `","FieldName":"` + field + `","Message":"` + message + `"}`
}

// failure makes an error as the Service does, with a cause whose text must not be seen.
func failure(e payments.Error) error {
	return payments.NewError(e, errors.New("sk_live_cause pi_1_secret_2"))
}

// serviceError is an error of the Service and the answer to it.
type serviceError struct {
	err   error
	http  int
	want  string
	retry string
}

// serviceErrors are the errors of the Service by name.
func serviceErrors() map[string]serviceError {
	field := func(code payments.Code, field, kind string) payments.Error {
		return payments.Error{Code: code, Outcome: payments.OutcomeNotApplied, Message: "m",
			Fields: []payments.FieldError{{Field: field, Code: kind, Message: "m"}}}
	}
	plain := func(code payments.Code) payments.Error {
		return payments.Error{Code: code, Outcome: payments.OutcomeNotApplied, Gateway: "fake", GatewayCode: "raw_code",
			Message: "raw text of the gateway"}
	}
	missing := failed("NotFound", messageNotFound, "")
	conflicting := failed("Conflict", messageConflict, entry("Conflict", "OrderID", messageConflict))
	return map[string]serviceError{
		"invalid card": {failure(field(payments.ErrInvalid, "Card.Number", "CreditCard")), 400,
			failed("CreditCard", "m", entry("CreditCard", "PaymentInfo.CardNumber", "m")), ""},
		"expired card": {failure(field(payments.ErrInvalid, "Source.Card.Expiry", "Expired")), 400,
			failed("Expired", "m", entry("Expired", "PaymentInfo.ExpDate", "m")), ""},
		"wrapped": {fmt.Errorf("host: %w", failure(field(payments.ErrInvalid, "Card.CVC", "Length"))), 400,
			failed("Length", "m", entry("Length", "PaymentInfo.CCV", "m")), ""},
		"customer": {failure(field(payments.ErrInvalid, "Payer.CustomerID", "Equal")), 400,
			failed("Equal", "m", entry("Equal", "Customer.ID", "m")), ""},
		"a field of no name":  {failure(field(payments.ErrInvalid, "Other", "X")), 400, failed("X", "m", entry("X", "Other", "m")), ""},
		"invalid, no field":   {failure(plain(payments.ErrInvalid)), 400, failed("Invalid", messageFields, ""), ""},
		"order not found":     {failure(plain(payments.ErrOrderNotFound)), 404, missing, ""},
		"payment not found":   {failure(field(payments.ErrPaymentNotFound, "OrderID", "X")), 404, missing, ""},
		"a bare code":         {payments.ErrOrderNotFound, 404, missing, ""},
		"closed":              {failure(field(payments.ErrOrderClosed, "OrderID", "X")), 409, failed("Conflict", "m", entry("Conflict", "OrderID", "m")), ""},
		"zero total":          {failure(field(payments.ErrConflict, "OrderID", "")), 409, failed("Conflict", "m", entry("Conflict", "OrderID", "m")), ""},
		"conflict, no field":  {failure(plain(payments.ErrConflict)), 409, conflicting, ""},
		"conflict, no text":   {failure(payments.Error{Code: payments.ErrConflict, Fields: []payments.FieldError{{Field: "OrderID"}}}), 409, conflicting, ""},
		"in progress":         {failure(plain(payments.ErrInProgress)), 409, failed("Conflict", messageBusy, ""), "1"},
		"in progress, longer": {failure(payments.Error{Code: payments.ErrInProgress, RetryAfter: 2500 * time.Millisecond}), 409, failed("Conflict", messageBusy, ""), "3"},
		"unsupported":         {failure(plain(payments.ErrUnsupported)), 409, conflicting, ""},
		"unsupported amount":  {failure(field(payments.ErrUnsupported, "Amount", "X")), 409, failed("Conflict", "m", entry("Conflict", "OrderID", "m")), ""},
		"unsupported card": {failure(field(payments.ErrUnsupported, "Source.Card", "Unsupported")), 400,
			failed("Unsupported", "m", entry("Unsupported", "PaymentInfo.CardNumber", "m")), ""},
		"key reused":       {failure(plain(payments.ErrIdempotencyKeyReused)), 422, failed("IdempotencyKeyReused", messageKey, ""), ""},
		"unavailable":      {failure(plain(payments.ErrUnavailable)), 503, failed("ServiceUnavailable", messageDown, ""), "5"},
		"rate limited":     {failure(payments.Error{Code: payments.ErrRateLimited, RetryAfter: time.Minute}), 503, failed("ServiceUnavailable", messageDown, ""), "60"},
		"config":           {failure(plain(payments.ErrGatewayConfig)), 503, failed("ServiceUnavailable", messageDown, ""), "5"},
		"gateway rejected": {failure(plain(payments.ErrGatewayRejected)), 500, failed("InternalError", messageInternal, ""), ""},
		"internal":         {failure(plain(payments.ErrInternal)), 500, failed("InternalError", messageInternal, ""), ""},
		"internal, doubt":  {failure(payments.Error{Code: payments.ErrInternal}), 500, failed("InternalError", messageInDoubt, ""), ""},
		"foreign":          {errors.New("sk_live_cause"), 500, failed("InternalError", messageInDoubt, ""), ""},
		"given up":         {context.DeadlineExceeded, 500, failed("InternalError", messageInDoubt, ""), ""},
		"nothing at all":   {nil, 500, failed("InternalError", messageInDoubt, ""), ""},
	}
}

func TestErrorsOfTheService(t *testing.T) {
	t.Parallel()
	for name, tt := range serviceErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := new(recorder)
			svc := &fakeService{err: tt.err}
			h := newHandler(t, svc, func(o *Options) { o.Logger = log.logger() })
			for _, method := range []string{"POST", "PUT"} {
				w := call{method: method, target: pathPayments, body: tokenBody}.do(h)
				if w.Code != tt.http || w.Body.String() != tt.want || w.Header().Get("Retry-After") != tt.retry {
					t.Errorf("%s: answer %d (retry %q):\n%s\nwant %d (retry %q):\n%s", method, w.Code,
						w.Header().Get("Retry-After"), w.Body, tt.http, tt.retry, tt.want)
				}
			}
			if text := log.String(); strings.Contains(text, "cause") || strings.Contains(text, "tok_visa") {
				t.Errorf("the log says too much: %s", text)
			}
			// A GET moves no money, so that it is never in doubt.
			w := call{method: "GET", target: pathPayment}.do(h)
			if want := strings.Replace(tt.want, messageInDoubt, messageInternal, 1); w.Code != tt.http || w.Body.String() != want {
				t.Errorf("GET: answer %d: %s", w.Code, w.Body)
			}
		})
	}
}

func TestDeclinesAndDoubtsAreAnswers(t *testing.T) {
	t.Parallel()
	declined := with(payments.StatusDeclined)
	declined.Message = "Your card has insufficient funds."
	tests := map[string]struct {
		payment payments.Payment
		code    payments.Code
		http    int
		parts   []string
	}{
		"declined": {declined, payments.ErrDeclined, 200, []string{`"Message":"Your card has insufficient funds."`,
			`"Approved":false`, `"ResponseCode":2`, `"PaymentStatus":6`, `"ID":7`}},
		"declined by a policy": {payments.Payment{}, payments.ErrDeclined, 200, []string{`"ResponseCode":2`, `"PaymentStatus":6`,
			`"Approved":false`, `"ID":0`}},
		"declined, and the intent is open": {with(payments.StatusCreated), payments.ErrDeclined, 200, []string{`"PaymentStatus":1`}},
		"unknown": {with(payments.StatusUnknown), payments.ErrUnknown, 202, []string{`"ResponseCode":3`, `"PaymentStatus":11`,
			`"Approved":false`, "Do not pay again", `"ID":7`}},
		"held":           {with(payments.StatusHeld), payments.ErrUnknown, 202, []string{`"ResponseCode":4`, `"PaymentStatus":13`}},
		"held, no error": {with(payments.StatusHeld), "", 202, []string{`"ResponseCode":4`, `"PaymentStatus":13`}},
		"unknown, and the payment says declined": {with(payments.StatusDeclined), payments.ErrUnknown, 202,
			[]string{`"ResponseCode":3`, `"PaymentStatus":11`, "Do not pay again", `"Approved":false`}},
		"unknown, and the payment says paid": {paid(), payments.ErrUnknown, 202, []string{`"PaymentStatus":11`, `"Approved":false`}},
		"unknown, and no payment": {payments.Payment{}, payments.ErrUnknown, 202, []string{`"ResponseCode":3`, `"PaymentStatus":11`,
			`"ID":0`, "Do not pay again"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &fakeService{result: payments.Result{Payment: tt.payment}}
			if tt.code != "" {
				svc.err = failure(payments.Error{Code: tt.code})
			}
			for _, method := range []string{"POST", "PUT"} {
				w := call{method: method, target: pathPayments, body: tokenBody}.do(newHandler(t, svc, nil))
				if w.Code != tt.http || strings.Contains(w.Body.String(), "ResponseStatus") {
					t.Errorf("%s: answer %d: %s", method, w.Code, w.Body)
				}
				for _, part := range tt.parts {
					if !strings.Contains(w.Body.String(), part) {
						t.Errorf("%s: no %s in %s", method, part, w.Body)
					}
				}
			}
		})
	}
}

func TestReplayIsMarked(t *testing.T) {
	t.Parallel()
	for _, replayed := range []bool{false, true} {
		svc := &fakeService{result: payments.Result{Payment: paid(), Replayed: replayed}}
		w := call{method: "POST", target: pathPayments, body: tokenBody}.do(newHandler(t, svc, nil))
		want := map[bool]string{true: "true"}[replayed]
		if got := w.Header().Get("Idempotent-Replayed"); got != want || w.Body.String() != goldenPaid {
			t.Errorf("replayed %v: header %q", replayed, got)
		}
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	log := new(recorder)
	svc := &fakeService{hook: func() { panic("tok_visa 4242424242424242") }}
	h := newHandler(t, svc, func(o *Options) { o.Logger = log.logger() })
	w := call{method: "POST", target: pathPayments, body: tokenBody}.do(h)
	if want := failed("InternalError", messageInDoubt, ""); w.Code != http.StatusInternalServerError || w.Body.String() != want {
		t.Errorf("answer %d: %s", w.Code, w.Body)
	}
	if text := log.String(); !strings.Contains(text, "httpadapter: panic") || strings.Contains(text, "tok_visa") {
		t.Errorf("log: %s", text)
	}
	// The next request is not touched by the one that broke.
	svc.hook, svc.result = nil, payments.Result{Payment: paid()}
	if w := (call{method: "GET", target: pathPayment}).do(h); w.Body.String() != goldenPaid {
		t.Errorf("the next answer: %s", w.Body)
	}
	matrix.Count(t, "A7", 1)
}

func TestAbortGoesOn(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fakeService{hook: func() { panic(http.ErrAbortHandler) }}, nil)
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
	}()
	call{method: "GET", target: pathPayment}.do(h)
	t.Error("the handler did not panic")
}
