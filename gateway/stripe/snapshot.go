package stripe

import (
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments"
)

// The metadata that every object of ours carries.
const (
	metaOrder   = "order_id"
	metaPayment = "payment_uid"
	metaRefund  = "refund_uid"
)

func metadata(ref payments.PaymentRef) map[string]string {
	return map[string]string{metaOrder: ref.OrderID.String(), metaPayment: ref.PaymentUID}
}

// expanded is what every request for an intent expands: since API version 2022-11-15 an intent has no charges, and only its invoice
// tells the subscription.
var expanded = []*string{stripego.String("latest_charge"), stripego.String("invoice")}

// snapshot reads an intent. Refunds and disputes are added by Fetch, and whether a review is over: an intent that names one is
// under review until then.
func snapshot(pi *stripego.PaymentIntent) payments.Snapshot {
	s := payments.Snapshot{
		Reference: pi.ID, Status: statusOf(pi), Amount: money(pi.Amount, pi.Currency),
		PaymentUID: pi.Metadata[metaPayment], LiveMode: pi.Livemode, NextAction: nextAction(pi),
	}
	s.OrderID, _ = payments.ParseOrderID(pi.Metadata[metaOrder])
	if pi.Status == stripego.PaymentIntentStatusSucceeded {
		s.Captured = minor(pi.AmountReceived, s.Amount.Currency)
	}
	if pi.Customer != nil {
		s.Customer = pi.Customer.ID
	}
	if pi.Invoice != nil && pi.Invoice.Subscription != nil {
		s.Subscription = pi.Invoice.Subscription.ID
	}
	s.UnderReview = pi.Review != nil
	if pi.PaymentMethod != nil {
		s.Method.ID = pi.PaymentMethod.ID
	}
	readError(&s, pi)
	readCharge(&s, pi.LatestCharge)
	return s
}

// statusOf maps the intent's status. A decline returns the intent to requires_payment_method with its last error; off
// session, "authentication_required" asks the payer to come and confirm.
func statusOf(pi *stripego.PaymentIntent) payments.Status {
	switch pi.Status {
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		switch e := pi.LastPaymentError; {
		case e == nil:
			return payments.StatusCreated
		case e.Code == stripego.ErrorCodeAuthenticationRequired || e.DeclineCode == stripego.DeclineCodeAuthenticationRequired:
			return payments.StatusRequiresAction
		default:
			return payments.StatusDeclined
		}
	case stripego.PaymentIntentStatusRequiresConfirmation:
		return payments.StatusCreated
	case stripego.PaymentIntentStatusRequiresAction:
		return payments.StatusRequiresAction
	case stripego.PaymentIntentStatusProcessing:
		return payments.StatusProcessing
	case stripego.PaymentIntentStatusRequiresCapture:
		return payments.StatusAuthorized
	case stripego.PaymentIntentStatusSucceeded:
		return payments.StatusPaid
	case stripego.PaymentIntentStatusCanceled:
		return payments.StatusCanceled
	default:
		return 0
	}
}

// nextAction is what the payer's page needs.
func nextAction(pi *stripego.PaymentIntent) *payments.NextAction {
	if pi.ClientSecret == "" {
		return nil
	}
	next := &payments.NextAction{ClientSecret: payments.NewClientSecret(pi.ClientSecret)}
	if a := pi.NextAction; a != nil && a.RedirectToURL != nil {
		next.RedirectURL = payments.NewClientSecret(a.RedirectToURL.URL)
	}
	return next
}

// readError reads the latest decline.
func readError(s *payments.Snapshot, pi *stripego.PaymentIntent) {
	e := pi.LastPaymentError
	if e == nil || s.Status != payments.StatusDeclined {
		return
	}
	s.GatewayCode = string(e.Code)
	s.DeclineCode, s.Message = declineOf(e)
	if e.ChargeID != "" && s.Attempt == "" {
		s.Attempt = e.ChargeID
	}
	if e.PaymentMethod != nil {
		s.Method = method(e.PaymentMethod)
	}
}

// readCharge reads the latest charge: an id alone where it was not expanded.
func readCharge(s *payments.Snapshot, ch *stripego.Charge) {
	if ch == nil {
		return
	}
	s.Attempt = ch.ID
	s.AuthCode, s.ReceiptURL = ch.AuthorizationCode, ch.ReceiptURL
	if ch.Created > 0 {
		s.DecidedAt = time.Unix(ch.Created, 0).UTC()
	}
	if d := ch.PaymentMethodDetails; d != nil && d.Card != nil {
		s.Method.Brand, s.Method.Last4 = strings.ToLower(string(d.Card.Brand)), d.Card.Last4
		s.Method.Expiry = payments.Expiry{Month: int(d.Card.ExpMonth), Year: int(d.Card.ExpYear)}
		s.Method.ID = orDefault(s.Method.ID, ch.PaymentMethod)
	}
	s.Disputed = ch.Disputed
}

// method reads a payment method.
func method(pm *stripego.PaymentMethod) payments.PaymentMethod {
	m := payments.PaymentMethod{ID: pm.ID}
	if pm.Card != nil {
		m.Brand, m.Last4 = strings.ToLower(string(pm.Card.Brand)), pm.Card.Last4
		m.Expiry = payments.Expiry{Month: int(pm.Card.ExpMonth), Year: int(pm.Card.ExpYear)}
	}
	return m
}

// refund reads a refund.
func refund(r *stripego.Refund) payments.RefundSnapshot {
	c := payments.Currency(strings.ToUpper(string(r.Currency)))
	statuses := map[stripego.RefundStatus]payments.RefundStatus{
		stripego.RefundStatusPending: payments.RefundPending, stripego.RefundStatusRequiresAction: payments.RefundPending,
		stripego.RefundStatusSucceeded: payments.RefundSucceeded, stripego.RefundStatusFailed: payments.RefundFailed,
		stripego.RefundStatusCanceled: payments.RefundCanceled,
	}
	status, ok := statuses[r.Status]
	if !ok {
		status = payments.RefundUnknown
	}
	return payments.RefundSnapshot{Reference: r.ID, RefundUID: r.Metadata[metaRefund], Amount: minor(r.Amount, c), Status: status,
		Reason: string(r.FailureReason)}
}
