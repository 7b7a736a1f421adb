package httpadapter

import (
	"math"
	"time"

	"github.com/trendsic/payments"
)

// response is CustomerPaymentsResponse. An empty text and a nil pointer are null.
type response struct {
	status *responseStatus
	// bare tells that the request's DTO did not exist yet when the error came up: then nothing but status is written.
	bare bool

	intentSuccess       bool
	paymentSuccess      bool
	subscriptionSuccess bool
	message             string
	receiptURL          string
	agentNumber         string
	clientSecret        string
	payment             *customerPayment
	publicOrderID       string
}

// customerPayment is CustomerPayment.
type customerPayment struct {
	id, customerID, orderHeaderID int64
	amount                        string
	approved                      bool
	authCode                      string
	cardNumber                    string
	message                       string
	responseCode                  int
	transactionID                 string
	transactionDate               time.Time
	fullResponse                  string
	paymentStatus                 payments.Status
	paymentType                   payments.PaymentType
}

// responseStatus is ResponseStatus. It has no stack trace and no meta data.
type responseStatus struct {
	code, message string
	errors        []responseError
}

// responseError is one entry of ResponseStatus.Errors.
type responseError struct{ code, field, message string }

// render fills the answer from a payment. secret is the client secret that this answer may carry. A subscription that runs
// leaves the payer nothing to do, but for a trial whose way to pay is still to be set up: there is a secret for it then.
func (r *response) render(into *customerPayment, p *payments.Payment, secret payments.ClientSecret) {
	answer := p.Status.Answer()
	message := p.Message
	if message == "" {
		message = answer.Message
	}
	*into = customerPayment{
		id:              wireInt(p.ID),
		customerID:      wireInt(p.CustomerID),
		orderHeaderID:   wireInt(p.OrderHeaderID),
		approved:        answer.Approved(),
		authCode:        p.AuthCode,
		message:         message,
		responseCode:    answer.ResponseCode,
		transactionID:   p.Reference,
		transactionDate: p.DecidedAt,
		fullResponse:    fullResponse(p),
		paymentStatus:   p.Status,
		paymentType:     p.Type,
	}
	if p.Amount.Currency != "" {
		into.amount = p.Amount.Text()
	}
	if last4 := p.Method.Last4; len(last4) == 4 {
		into.cardNumber = "************" + last4
	}
	*r = response{
		intentSuccess:       answer.PaymentIntentSuccess && (!p.SubscriptionStatus.Running() || !secret.IsZero()),
		paymentSuccess:      answer.PaymentSuccess,
		subscriptionSuccess: p.SubscriptionStatus.Running(),
		message:             message,
		receiptURL:          p.ReceiptURL,
		agentNumber:         p.AgentNumber,
		payment:             into,
		publicOrderID:       p.PublicOrderID,
	}
	if answer.PaymentIntentSuccess {
		r.clientSecret = secret.Reveal()
	}
}

// wireInt returns a number that fits the 32 bits that C# callers read, or 0.
func wireInt(n int64) int64 {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0
	}
	return n
}

// fullResponse is what a caller may see of the gateway's answer, as a JSON text. It is a list of what is let through, so
// that nothing new of a gateway's can ever slip into it.
func fullResponse(p *payments.Payment) string {
	if p.Gateway == "" && p.Reference == "" {
		return ""
	}
	w := jsonWriter{buf: make([]byte, 0, 192)}
	w.open()
	w.text(fullGateway, p.Gateway)
	w.text(fullReference, p.Reference)
	w.text(fullStatus, p.Status.String())
	w.text(fullCode, p.GatewayCode)
	w.text(fullDeclineCode, p.DeclineCode)
	w.text(fullBrand, p.Method.Brand)
	w.text(fullLast4, p.Method.Last4)
	w.text(fullExpiry, p.Method.Expiry.String())
	w.end()
	return string(w.buf)
}

// The keys of FullResponse, spelled the same in every casing.
var (
	fullGateway     = same("gateway")
	fullReference   = same("reference")
	fullStatus      = same("status")
	fullCode        = same("code")
	fullDeclineCode = same("decline_code")
	fullBrand       = same("brand")
	fullLast4       = same("last4")
	fullExpiry      = same("exp")
)
