package fake

import (
	"errors"

	"github.com/trendsic/payments"
)

// unknownMessage is what a payer may read when an answer was lost.
const unknownMessage = "The outcome of the payment is not known yet. Do not pay again."

// fail completes a definite refusal: not applied, with the operation, the gateway's name and the request's id.
func (g *Gateway) fail(op Operation, e payments.Error) *payments.Error {
	e.Op, e.Gateway, e.Outcome = "fake."+string(op), g.opts.Name, payments.OutcomeNotApplied
	return &e
}

// bad is a definite refusal that names one field of the request.
func (g *Gateway) bad(op Operation, field, code, message string) *payments.Error {
	return g.fail(op, payments.Error{Code: payments.ErrInvalid, Message: message,
		Fields: []payments.FieldError{{Field: field, Code: code, Message: message}}})
}

// clash is a definite refusal because of the state of the object.
func (g *Gateway) clash(op Operation, gatewayCode, message string) *payments.Error {
	return g.fail(op, payments.Error{Code: payments.ErrConflict, GatewayCode: gatewayCode, Message: message})
}

// doubt is an error that leaves the outcome unknown. For a request that can move no money the code says only that the
// gateway did not answer.
func (g *Gateway) doubt(op Operation, gatewayCode string, cause error) *payments.Error {
	e := payments.Error{Op: "fake." + string(op), Gateway: g.opts.Name, Code: payments.ErrUnknown,
		GatewayCode: gatewayCode, Message: unknownMessage}
	if op.reads() || op == OpPrepare || op == OpSubscribe || op == OpUncancelSubscription {
		e.Code, e.Message = payments.ErrUnavailable, "The payment gateway did not answer."
	}
	return payments.NewError(e, cause)
}

// errKeyReused is the cause of the answer to a key that came with other parameters.
var errKeyReused = errors.New("fake: the idempotency key came with other parameters before")
