package httpadapter

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// problem is an answer that is an error.
type problem struct {
	http   int
	status responseStatus
	// bare is as in response.
	bare bool
	// retryAfter, allow and challenge are headers, where not zero.
	retryAfter       time.Duration
	allow, challenge string
}

// The messages of errors whose own text is not for callers.
const (
	messageBind     = "Unable to bind to request 'CustomerPaymentsRequest'"
	messageNotFound = "The order or its payment was not found."
	messageInternal = "An internal error occurred."
	messageInDoubt  = "An internal error occurred. Ask for the payment's state before paying again."
	messageDown     = "The service is not available at the moment. Try again later."
	messageBusy     = "Another request for this order is in progress."
	messageConflict = "The order does not allow this."
	messageKey      = "The idempotency key was used for another request."
	messageFields   = "The request is not valid."
)

// Seconds to wait where the error names none.
const (
	retryBusy = time.Second
	retryDown = 5 * time.Second
)

// bare returns a problem from before the request's DTO existed.
func bare(status int, code, message string) *problem {
	return &problem{http: status, status: responseStatus{code: code, message: message}, bare: true}
}

// unbound returns the problem of a request that cannot be read.
func unbound(err *bindError) *problem {
	p := bare(http.StatusBadRequest, "SerializationException", messageBind)
	if err.field != "" {
		p.status.errors = []responseError{{code: p.status.code, field: err.field, message: err.message}}
	}
	return p
}

// notValid returns the problem of fields that are not right; the first one speaks for all.
func notValid(status int, fields ...responseError) *problem {
	p := &problem{http: status, status: responseStatus{code: "Invalid", message: messageFields, errors: fields}}
	if len(fields) > 0 {
		p.status.code, p.status.message = fields[0].code, fields[0].message
	}
	return p
}

// notFound returns the problem of an order or a payment that is not there. It is the same for one of another agent.
func notFound() *problem {
	return &problem{http: http.StatusNotFound, status: responseStatus{code: "NotFound", message: messageNotFound}}
}

// conflict returns the problem of a state that does not allow the request.
func conflict(message string, fields ...responseError) *problem {
	return &problem{http: http.StatusConflict, status: responseStatus{code: "Conflict", message: message, errors: fields}}
}

// unavailable returns the problem of something that could not be reached before anything was charged.
func unavailable(retry time.Duration) *problem {
	if retry <= 0 {
		retry = retryDown
	}
	return &problem{http: http.StatusServiceUnavailable, retryAfter: retry,
		status: responseStatus{code: "ServiceUnavailable", message: messageDown}}
}

// internal returns the problem of a failure on our side. Where money may have moved it says what to do first.
func internal(inDoubt bool) *problem {
	message := messageInternal
	if inDoubt {
		message = messageInDoubt
	}
	return &problem{http: http.StatusInternalServerError, status: responseStatus{code: "InternalError", message: message}}
}

// problemOf returns what a Service's error is to the caller. moves tells that the operation could move money. A decline and
// an unknown outcome are no problems but answers: they do not come here.
func problemOf(err error, moves bool) *problem {
	var e *payments.Error
	if !errors.As(err, &e) {
		e = &payments.Error{}
	}
	fields := wireFields(e.Fields)
	switch {
	case errors.Is(err, payments.ErrInvalid):
		return notValid(http.StatusBadRequest, fields...)
	case errors.Is(err, payments.ErrOrderNotFound), errors.Is(err, payments.ErrPaymentNotFound):
		return notFound()
	case errors.Is(err, payments.ErrInProgress):
		p := conflict(messageBusy, fields...)
		p.retryAfter = max(e.RetryAfter, retryBusy)
		return p
	case errors.Is(err, payments.ErrConflict):
		return refused(fields)
	case errors.Is(err, payments.ErrUnsupported):
		if len(fields) > 0 && fields[0].field != fieldNameOrder {
			return notValid(http.StatusBadRequest, fields...)
		}
		return refused(fields)
	case errors.Is(err, payments.ErrIdempotencyKeyReused):
		p := notValid(http.StatusUnprocessableEntity)
		p.status.code, p.status.message = "IdempotencyKeyReused", messageKey
		return p
	case errors.Is(err, payments.ErrUnavailable), errors.Is(err, payments.ErrRateLimited):
		return unavailable(e.RetryAfter)
	case errors.Is(err, payments.ErrGatewayConfig):
		// The gateway refused our credentials, so that nothing was charged; it is for the owner to mend.
		return unavailable(e.RetryAfter)
	default:
		return internal(moves && payments.OutcomeOf(err) != payments.OutcomeNotApplied)
	}
}

// refused returns the conflict that a state is, which always names a field: the order's where nothing else is named.
func refused(fields []responseError) *problem {
	if len(fields) == 0 {
		fields = []responseError{{code: "Conflict", field: fieldNameOrder, message: messageConflict}}
	}
	for i := range fields {
		fields[i].code = "Conflict"
		if fields[i].message == "" {
			fields[i].message = messageConflict
		}
	}
	return conflict(fields[0].message, fields...)
}

// fieldNameOrder is the wire's name of the order's id.
const fieldNameOrder = "OrderID"

// fieldName returns the wire's name of a field of payments' requests, and any other as it is.
func fieldName(path string) string {
	// A card's fields may come with the path of the source before them.
	if card, ok := strings.CutPrefix(path, "Source.Card."); ok {
		path = "Card." + card
	}
	switch path {
	case "OrderID", "Order", "Total", "Amount", "Currency":
		return fieldNameOrder
	case "Type":
		return "PaymentInfo.PaymentType"
	case "Source", "Source.Token", "Token":
		return "PaymentInfo.StripeToken"
	case "Source.Card", "Card", "Card.Number":
		return "PaymentInfo.CardNumber"
	case "Card.Expiry":
		return "PaymentInfo.ExpDate"
	case "Card.CVC":
		return "PaymentInfo.CCV"
	case "Payer.CustomerID":
		return "Customer.ID"
	case "Payer.Name":
		return "Customer.FirstName"
	case "Payer.Email":
		return "Customer.Email"
	case "Payer.AgentID":
		return "Customer.AgentId"
	case "AgentID", "ForAgent":
		return "PaymentInfo.AgentId"
	case "Idempotency", "Idempotency.Key":
		return "Idempotency-Key"
	default:
		return path
	}
}

// wireFields returns field errors by the names that the caller knows.
func wireFields(fields []payments.FieldError) []responseError {
	if len(fields) == 0 {
		return nil
	}
	wire := make([]responseError, len(fields))
	for i, f := range fields {
		wire[i] = responseError{code: f.Code, field: fieldName(f.Field), message: f.Message}
	}
	return wire
}
