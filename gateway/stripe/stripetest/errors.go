package stripetest

import (
	"net/http"
	"regexp"
	"strings"
)

// The types of errors of the API.
const (
	typeAPI         = "api_error"
	typeCard        = "card_error"
	typeIdempotency = "idempotency_error"
	typeRequest     = "invalid_request_error"
)

// The codes of errors that are used more than once.
const (
	codeInvalidInteger  = "parameter_invalid_integer"
	codeUnexpectedState = "payment_intent_unexpected_state"
	codeMissing         = "resource_missing"
	codeAuthRequired    = "authentication_required"
	codeKeyInUse        = "idempotency_key_in_use"
)

// apiError is an error as the API answers it.
type apiError struct {
	status      int
	kind        string
	code        string
	declineCode string
	message     string
	param       string
	charge      string
	extra       obj // objects that are embedded, such as payment_intent
	// early says that no execution began, so that nothing is saved under the idempotency key.
	early bool
}

// longDigits may be a card number, which must not be told back.
var longDigits = regexp.MustCompile(`\d[\d -]{10,20}\d`)

// body is the error as JSON.
func (e *apiError) body(requestID string) obj {
	o := obj{"type": e.kind, "message": scrubDigits(e.message), "request_log_url": "https://dashboard.stripe.com/test/logs/" + requestID}
	for name, text := range map[string]string{"code": e.code, "decline_code": e.declineCode, "param": e.param, "charge": e.charge} {
		if text != "" {
			o[name] = scrubDigits(text)
		}
	}
	if e.code != "" {
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.code, "_", "-")
	}
	for name, value := range e.extra {
		o[name] = value
	}
	return obj{"error": o}
}

// scrubDigits hides all but the last four digits of what may be a card number.
func scrubDigits(s string) string {
	return longDigits.ReplaceAllStringFunc(s, func(digits string) string { return "****" + digits[len(digits)-4:] })
}

// refuse is an error of the request that is found during execution.
func refuse(code, param, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, kind: typeRequest, code: code, param: param, message: message}
}

// badParam is an error of a parameter, found before execution begins.
func badParam(param, code, message string) *apiError {
	e := refuse(code, param, message)
	e.early = true
	return e
}

// badForm is a body that cannot be read.
func badForm(message string) *apiError { return badParam("", "", message) }

// unknownParam is a parameter that the operation does not have.
func unknownParam(param string) *apiError {
	return badParam(param, "parameter_unknown", "Received unknown parameter: "+param)
}

// missingParam is a required parameter that was not given.
func missingParam(param string) *apiError {
	return badParam(param, "parameter_missing", "Missing required param: "+param+".")
}

// emptyParam is a parameter that cannot be unset.
func emptyParam(param string) *apiError {
	return badParam(param, "parameter_invalid_empty", "You passed an empty string for '"+param+
		"'. We assume empty values are an attempt to unset a parameter; however '"+param+
		"' cannot be unset. You should remove '"+param+"' from your request or supply a non-empty value.")
}

// notEmulated is a parameter of Stripe's that this package does not know how to honour. It says so instead of ignoring it.
func notEmulated(param string) *apiError {
	return badParam(param, "stripetest_not_emulated", "stripetest does not emulate the parameter "+param+
		"; Stripe takes it. Leave it away in tests, or ask for it to be added.")
}

// onlyOne is two parameters that exclude one another.
func onlyOne(a, b string) *apiError {
	return badParam(a, "", "You may only specify one of these parameters: "+a+", "+b+".")
}

// noSuch is an object that does not exist, or not for this account.
func noSuch(what, id, param string) *apiError {
	e := refuse(codeMissing, param, "No such "+what+": '"+maskToken(id)+"'")
	e.status = http.StatusNotFound
	return e
}

// noSuchParam is an object named by a parameter that does not exist: Stripe answers 400 for it, and 404 for one of the path.
func noSuchParam(what, id, param string) *apiError {
	e := noSuch(what, id, param)
	e.status = http.StatusBadRequest
	return e
}

// maskToken hides the end of a token that can be used once. Named test tokens are no secret.
func maskToken(id string) string {
	name, isToken := strings.CutPrefix(id, tokenPrefix)
	if _, known := cardByName(name); !isToken || known || len(name) < 4 {
		return id
	}
	return tokenPrefix + name[:4] + "****"
}

// unexpected is an intent in a state in which the call cannot be made. It embeds the intent.
func (s *Server) unexpected(in *intent, message string) *apiError {
	e := refuse(codeUnexpectedState, "", message)
	e.extra = obj{"payment_intent": s.renderIntent(in)}
	return e
}

// rateLimited is too many requests.
func rateLimited() *apiError {
	return &apiError{status: http.StatusTooManyRequests, kind: typeRequest, code: "rate_limit", early: true,
		message: "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."}
}

// lockTimeout is an object that another request holds.
func lockTimeout() *apiError {
	return &apiError{status: http.StatusTooManyRequests, kind: typeRequest, code: "lock_timeout", early: true,
		message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. " +
			"If you see this error intermittently, retry the request. If you see this error frequently and are making multiple " +
			"concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see " +
			"https://stripe.com/docs/rate-limits#object-lock-timeouts."}
}

// internalError is a 500.
func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, kind: typeAPI,
		message: "An unknown error occurred. Please contact support@stripe.com with the request ID if you have any questions."}
}

// noRoute is an address that the API does not have, or that this package does not emulate.
func noRoute(method, path string) *apiError {
	return &apiError{status: http.StatusNotFound, kind: typeRequest, early: true,
		message: "Unrecognized request URL (" + method + ": " + path +
			"). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."}
}
