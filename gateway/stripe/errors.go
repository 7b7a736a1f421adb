package stripe

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// failure turns what stripe-go answered into an error of the module. Only a parsed, definite 4xx is "not applied": in 7 of
// the 15 ways in which an answer can be lost, the charge existed. The cause's text, which may hold a client secret, stays
// behind.
func (g *Gateway) failure(op string, err error) error {
	var ours *payments.Error
	if errors.As(err, &ours) {
		named := *ours // refused before anything was sent
		named.Op, named.Gateway = "stripe."+op, g.Name()
		return &named
	}
	out := payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrUnavailable, Message: "Stripe cannot be reached"}
	var e *stripego.Error
	if !errors.As(err, &e) {
		return payments.NewError(out, err)
	}
	out.GatewayCode, out.RequestID = string(e.Code), e.RequestID
	if e.LastResponse != nil {
		out.Replayed = replayed(e.LastResponse)
		out.RetryAfter = retryAfter(e.LastResponse.Header)
	}
	classify(&out, e)
	return payments.NewError(out, err)
}

// later is the failure of a request that follows one which took effect. That it was not applied itself says nothing of the whole, whose
// outcome is unknown: who asks again, under the same key, finds out.
func (g *Gateway) later(op, message string, err error) error {
	out := payments.Error{Op: "stripe." + op, Gateway: g.Name(), Code: payments.ErrUnavailable, Message: message}
	var e *payments.Error
	if errors.As(g.failure(op, err), &e) {
		out.RequestID, out.RetryAfter = e.RequestID, e.RetryAfter
	}
	return payments.NewError(out, err)
}

// classify fills in code, outcome and message, by the status first and then by the code.
func classify(out *payments.Error, e *stripego.Error) {
	status := e.HTTPStatusCode
	switch {
	case inDoubt(e):
		// Read the intent: it may well mean that it was done before.
		out.Message = "Stripe answered that another request works, or has worked, on the same object"
		out.RetryAfter = max(out.RetryAfter, time.Second)
	case !definite(status):
		out.Message = "Stripe failed"
	case status == http.StatusTooManyRequests:
		out.Code, out.Outcome, out.Message = payments.ErrRateLimited, payments.OutcomeNotApplied, "Stripe takes no more requests right now"
		out.RetryAfter = max(out.RetryAfter, time.Second)
	case status == http.StatusPaymentRequired || e.Type == stripego.ErrorTypeCard || attemptFailed(e):
		out.Code, out.Outcome = payments.ErrDeclined, payments.OutcomeNotApplied
		out.DeclineCode, out.Message = declineOf(e)
	case status == http.StatusUnauthorized || status == http.StatusForbidden || e.Code == "api_key_expired" || strings.HasPrefix(string(e.Code), "platform_"):
		out.Code, out.Outcome, out.Message = payments.ErrGatewayConfig, payments.OutcomeNotApplied, "Stripe does not accept the key or the account"
	default:
		out.Outcome = payments.OutcomeNotApplied
		refused(out, e)
	}
}

// definite reports whether a status is one by which Stripe says that it did not take the request. Of what else there is, such as 424 (a
// failure of what Stripe depends on) and 408, it says so of none (https://stripe.com/docs/api/errors).
func definite(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusTooManyRequests:
		return true
	default:
		return false
	}
}

// inDoubt reports whether the answer says nothing of whether the request took effect, whatever its status: a key in use or
// used with other parameters, a lock, or a state that an earlier request may have brought about.
func inDoubt(e *stripego.Error) bool {
	code := string(e.Code)
	return e.Type == stripego.ErrorTypeIdempotency || e.HTTPStatusCode == http.StatusConflict || e.Code == stripego.ErrorCodeLockTimeout ||
		strings.HasSuffix(code, "_unexpected_state") || strings.HasPrefix(code, "charge_already_") || code == "intent_invalid_state"
}

// attemptFailed reports whether the payer's try failed, which some servers answer as a request error: it leaves an intent that can
// be tried again, and is no refusal of the request.
func attemptFailed(e *stripego.Error) bool {
	return e.Code == stripego.ErrorCodePaymentIntentAuthenticationFailure || e.Code == stripego.ErrorCodePaymentIntentPaymentAttemptFailed
}

// refused fills in what a 400 or 404 means.
func refused(out *payments.Error, e *stripego.Error) {
	switch {
	case sourceParam(e):
		out.Code, out.Message = payments.ErrInvalid, "the token cannot be used (again); ask the payer for a new one"
		out.Fields = []payments.FieldError{{Field: "Source.Token", Code: "Token", Message: out.Message}}
	case e.HTTPStatusCode == http.StatusNotFound || e.Code == stripego.ErrorCodeResourceMissing:
		out.Code, out.Message = payments.ErrPaymentNotFound, "Stripe knows no such object"
	case e.Code == stripego.ErrorCodeAmountTooSmall || e.Code == stripego.ErrorCodeAmountTooLarge:
		out.Code, out.Message = payments.ErrUnsupported, "Stripe does not take this amount"
	case e.Code == stripego.ErrorCodeChargeDisputed || string(e.Code) == "refund_disputed_payment":
		out.Code, out.Message = payments.ErrConflict, "a disputed payment cannot be refunded"
	default:
		out.Code, out.Message = payments.ErrGatewayRejected, "Stripe refused the request"
	}
}

// sourceParam reports whether the way to pay is what Stripe refuses.
func sourceParam(e *stripego.Error) bool {
	if e.Code == stripego.ErrorCodeTokenAlreadyUsed || e.Code == stripego.ErrorCodeTokenInUse {
		return true
	}
	switch e.Param {
	case "payment_method", "card[token]", "token", "source", "payment_method_data[card][token]":
		return e.HTTPStatusCode == http.StatusBadRequest || e.HTTPStatusCode == http.StatusNotFound
	default:
		return strings.HasPrefix(e.Param, "card[")
	}
}

// replayed reports whether Stripe repeated an answer that it had stored under the key: it is an old truth.
func replayed(res *stripego.APIResponse) bool {
	return res != nil && res.Header.Get("Idempotent-Replayed") == "true"
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 || n > 3600 {
		return 0
	}
	return time.Duration(n) * time.Second
}
