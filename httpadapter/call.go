package httpadapter

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/trendsic/payments"
)

// call asks the Service and fills the answer.
func (x *exchange) call(ctx context.Context) (status int, p *problem) {
	agent := x.forAgent()
	if agent != nil && *agent == 0 {
		// An order of nobody's has the agent 0 as well: it is not this caller's.
		return 0, notFound()
	}
	source := x.in.source()
	if len(x.badInfo) > 0 {
		payment, done := x.taken(ctx, agent)
		switch {
		case !done:
			return 0, notValid(http.StatusBadRequest, x.badInfo...)
		case x.method == http.MethodPost:
			return x.settle(&payments.Result{Payment: payment}), nil
		}
		source = payments.Source{}
	}
	var result payments.Result
	var err error
	idempotency := payments.Idempotency{Key: x.key, Principal: x.who.ID}
	switch x.method {
	case http.MethodPost:
		kind, _ := x.paymentType()
		result, err = x.svc.Pay(ctx, payments.PayRequest{OrderID: x.in.order, ForAgent: agent, Type: kind,
			Source: source, Payer: x.in.payer(), Idempotency: idempotency, AgentID: x.in.agent()})
	case http.MethodPut:
		result, err = x.svc.Complete(ctx, payments.CompleteRequest{OrderID: x.in.order, ForAgent: agent,
			Source: source, Payer: x.in.payer(), Idempotency: idempotency, AgentID: x.in.agent()})
	default:
		result.Payment, err = x.svc.PaymentForOrder(ctx, payments.FindRequest{OrderID: x.in.order, ForAgent: agent})
	}
	return x.judge(ctx, &result, err)
}

// taken finds the order's payment, where it is one that a way to pay no longer matters to: such a payment is answered as it
// is and PaymentInfo is not validated. The Service does that for what it validates; this is for what cannot be said to it.
func (x *exchange) taken(ctx context.Context, agent *int64) (payments.Payment, bool) {
	payment, err := x.svc.PaymentForOrder(ctx, payments.FindRequest{OrderID: x.in.order, ForAgent: agent})
	if err != nil || payment.UID == "" {
		return payments.Payment{}, false
	}
	switch payment.Status {
	case payments.StatusProcessing, payments.StatusAuthorized, payments.StatusPaid, payments.StatusPartiallyRefunded,
		payments.StatusDisputed, payments.StatusHeld:
		return payment, true
	default:
		return payments.Payment{}, false
	}
}

// judge turns what the Service answered into an answer: from the payment where there is one, or must be one, and else from
// the error.
func (x *exchange) judge(ctx context.Context, result *payments.Result, err error) (status int, p *problem) {
	payment := &result.Payment
	switch {
	case err == nil && payment.UID == "":
		err = payments.ErrInternal
	case err == nil:
		return x.settle(result), nil
	case errors.Is(err, payments.ErrUnknown):
		// Whatever the payment says, the error says that it is not the end of it, and an outcome that is not known is
		// never answered as anything else.
		if !payment.Status.Answer().Pending {
			payment.Status, payment.Message = payments.StatusUnknown, ""
		}
		return x.settle(result), nil
	case errors.Is(err, payments.ErrDeclined):
		// A host's own policy may say no before there is a payment.
		if payment.UID == "" {
			payment.Status = payments.StatusDeclined
		}
		return x.settle(result), nil
	}
	p = problemOf(err, x.moves())
	if p.http >= http.StatusInternalServerError {
		x.blame(ctx, err)
	}
	return 0, p
}

// settle fills the answer from the payment.
func (x *exchange) settle(result *payments.Result) (status int) {
	var secret payments.ClientSecret
	if result.NextAction != nil && x.moves() && x.format != &htmlCodec {
		// A page is for people: what it shows is kept, printed and sent on.
		secret = result.NextAction.ClientSecret
	}
	x.out.render(&x.payment, &result.Payment, secret)
	x.replayed = result.Replayed
	if result.Payment.Status.Answer().Pending {
		return http.StatusAccepted
	}
	return http.StatusOK
}

// blame logs a failure on our side. The text of an error that is not this module's may hold anything.
func (x *exchange) blame(ctx context.Context, err error) {
	text := "not an error of this module"
	var e *payments.Error
	if errors.As(err, &e) {
		text = e.Error()
	}
	x.log.LogAttrs(ctx, slog.LevelError, "httpadapter: the request failed",
		slog.String("method", x.method), slog.String("order", x.in.order.String()), slog.String("error", text))
}
