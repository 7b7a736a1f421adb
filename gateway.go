package payments

import (
	"context"
	"net/http"
	"time"
)

// Gateway is a payment processor. The package gateway tells how to write one, and gateway/gatewaytest checks it.
//
// Every method must be safe for concurrent use and must end when ctx ends. Every error must be a [*Error] whose Outcome
// says whether the request took effect: not applied only when the gateway said so definitely, and unknown for everything
// else (a time-out, a cut connection, an answer that cannot be read, any 5xx). Errors carry no cause text in their message.
//
// Every request that changes something carries a Key. A gateway that honours idempotency keys must be given exactly that
// key: the same Key is sent again after a crash and must not take effect twice.
//
// Amounts are in ISO 4217 minor units; a gateway that counts otherwise converts at its own border.
type Gateway interface {
	// Name is the gateway's name in rows and events, such as "stripe". It never changes.
	Name() string

	// Authorize makes a payment and asks for the money in one request: reserved, or taken when Capture is true. The
	// Service uses it only where the gateway is no [IntentGateway]. A decline is an error with ErrDeclined, outcome
	// not applied, and the Snapshot beside it where the gateway keeps an object.
	Authorize(ctx context.Context, req AuthorizeRequest) (Snapshot, error)

	// Capture takes reserved money, all or a part; what is not captured is released. A capture of what is captured
	// already is no error.
	Capture(ctx context.Context, req CaptureRequest) (Snapshot, error)

	// Void cancels a payment that has taken no money: afterwards it never will. A void of what is canceled already is
	// no error. A payment that was captured cannot be voided: ErrConflict, not applied.
	Void(ctx context.Context, req VoidRequest) (Snapshot, error)

	// Refund gives captured money back. The gateway stores RefundUID with the refund and lists it in the Snapshot: that
	// is how a lost answer is found again.
	Refund(ctx context.Context, req RefundRequest) (Snapshot, error)

	// Fetch reads the full truth about one payment, by the gateway's Reference, or by PaymentUID where no Reference is
	// known. ErrPaymentNotFound, when asked by PaymentUID, proves nothing: the request may still arrive. Fetch
	// changes nothing.
	Fetch(ctx context.Context, req FetchRequest) (Snapshot, error)
}

// IntentGateway is a [Gateway] that makes its object before money moves, in two requests. The Service prefers it: the
// object's Reference is stored before the request that moves money, so that every doubt is a question about one known
// object.
type IntentGateway interface {
	// Prepare makes the object, or changes the one that Reference names (amount, way to pay), and moves no money. With
	// neither token nor card the payer confirms by the client secret. A lost answer is never a doubt about money.
	Prepare(ctx context.Context, req PrepareRequest) (Snapshot, error)

	// Confirm asks for the money with what Prepare has attached. One object succeeds at most once, however often and
	// under whatever keys it is confirmed. A decline is an error with ErrDeclined and the Snapshot beside it; an action
	// asked of the payer is no error.
	Confirm(ctx context.Context, req ConfirmRequest) (Snapshot, error)
}

// RawCardGateway is a [Gateway] that takes raw cards.
type RawCardGateway interface {
	// TakesRawCards reports whether this instance takes them.
	TakesRawCards() bool
}

// ModeGateway is a [Gateway] that knows, before it is ever called, whether it moves real money. New refuses one that differs from
// [Options.LiveMode]: a live key in a test, and a test key in the shop.
type ModeGateway interface {
	// LiveMode reports whether real money moves.
	LiveMode() bool
}

// Limiter is a [Gateway] that knows which amounts it takes.
type Limiter interface {
	// Limit answers ErrUnsupported, with a message that names the reason, for a currency or an amount that the gateway
	// does not take. It calls nobody.
	Limit(amount Money) error
}

// WebhookGateway is a [Gateway] that tells of events over HTTP.
type WebhookGateway interface {
	// ParseWebhook checks the signature over the raw body and returns what the event is about. It answers ErrInvalid
	// for a request that is not signed by the gateway, or too old, or too new, and calls nobody. What the event says of
	// money is not returned: an event is a hint, and the object is read again.
	ParseWebhook(header http.Header, body []byte) (WebhookEvent, error)
}

// SubscriptionGateway is a [Gateway] that charges recurring orders by itself.
type SubscriptionGateway interface {
	// Subscribe makes the customer and the subscription of a recurring order, without a way to pay, and moves no money:
	// the first invoice waits to be prepared and confirmed like any other object, or for the payer, who confirms by the
	// client secret. The object of the first invoice carries our references. With a trial there is no first payment, and a
	// secret only while a way to pay is to be set up. A repeat under the same key answers the same subscription.
	//
	// Left alone it ends by itself and is never charged, for its answer may be lost: one that waits for its first payment when that
	// does not come, one with a trial when the trial ends (CancelAtPeriodEnd), unless UncancelSubscription lets it go on.
	Subscribe(ctx context.Context, req SubscribeRequest) (SubscriptionSnapshot, error)

	// FetchSubscription reads the full truth about one subscription, by the gateway's Reference, or by PaymentUID where
	// no Reference is known. ErrPaymentNotFound, when asked by PaymentUID, proves nothing.
	FetchSubscription(ctx context.Context, req FetchSubscriptionRequest) (SubscriptionSnapshot, error)

	// CancelSubscription ends a subscription, now or with the period that is paid. A cancellation of what is canceled
	// already is no error. The open invoices of what has ended, by this request or before it, never take money afterwards, unless the
	// bank works on one already: the Service asks again, under a new key, as long as it sees one open.
	CancelSubscription(ctx context.Context, req CancelSubscriptionRequest) (SubscriptionSnapshot, error)

	// UncancelSubscription lets a subscription go on that was to end with its period. It changes nothing of one that goes on
	// anyway, and answers an error for one that has ended.
	UncancelSubscription(ctx context.Context, req UncancelSubscriptionRequest) (SubscriptionSnapshot, error)
}

// ChargeLister is a [Gateway] that lists what it has charged, so that a charge without a row is found.
type ChargeLister interface {
	// ListCharges returns the payments that the gateway made in a span of time, the newest first, a page at a time; next
	// is the cursor of the following page, empty after the last.
	ListCharges(ctx context.Context, req ListChargesRequest) (list []ListedCharge, next string, err error)
}

// CapabilityOf finds the capability T on g, or on what g wraps by a method Unwrap() Gateway, so that a decorator loses no
// capability of what it decorates.
func CapabilityOf[T any](g Gateway) (T, bool) {
	for g != nil {
		if c, ok := g.(T); ok {
			return c, true
		}
		w, ok := g.(interface{ Unwrap() Gateway })
		if !ok {
			break
		}
		g = w.Unwrap()
	}
	var none T
	return none, false
}

// PaymentRef is what every request says of the payment it is for.
type PaymentRef struct {
	// PaymentUID is our reference; the gateway stores it with its object.
	PaymentUID string
	// OrderID is the order; the gateway stores it with its object, as 32 hexadecimal digits.
	OrderID OrderID
	// Account is the gateway's account, where it has several.
	Account string
}

// Source is the way to pay: a token, or a card, or nothing, and then the payer confirms by a client secret.
type Source struct {
	// Token is a one-time token or a lasting payment method.
	Token Token
	// Card is a raw card, only for a [RawCardGateway].
	Card *Card
}

// IsZero reports whether the payer confirms by a client secret.
func (s Source) IsZero() bool { return s.Token.IsZero() && s.Card == nil }

// Payer is what the gateway may be told of the customer. All of it is optional.
type Payer struct {
	// CustomerID is the host's number of the customer.
	CustomerID int64
	// Name and Email are for the receipt.
	Name, Email string
	// GatewayCustomer is the gateway's id of the customer ("cus_..."), where one was saved; the Service fills it in.
	GatewayCustomer string
}

// Saving says what becomes of the way to pay after the payment, and whether the payer is there.
type Saving struct {
	// Save keeps the way to pay with the gateway's customer, for later charges without the payer. It means nothing beside OffSession.
	Save bool
	// OffSession charges a way to pay that was saved, without the payer. Where the bank wants the payer all the same, the
	// payment requires action.
	OffSession bool
}

// AuthorizeRequest asks for the money in one request.
type AuthorizeRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Amount is what to take, in minor units.
	Amount Money
	// Source is the way to pay, never zero.
	Source Source
	// Capture takes the money; otherwise it is reserved.
	Capture bool
	// Description and Payer are told where the gateway is configured to.
	Description string
	Payer       Payer
	// Saving says whether the way to pay is kept, or was.
	Saving
}

// PrepareRequest makes or changes the gateway's object.
type PrepareRequest struct {
	PaymentRef
	// Key is the idempotency key. A gateway that needs several requests derives one key for each from it.
	Key string
	// Reference names the object to change; empty makes one.
	Reference string
	// Amount is what the object shall take, in minor units; the zero value leaves it (an invoice's is not changed).
	Amount Money
	// Source is the way to pay; zero leaves it to the payer.
	Source Source
	// Capture takes the money at once when it is confirmed; otherwise it is reserved.
	Capture bool
	// Description and Payer are told where the gateway is configured to.
	Description string
	Payer       Payer
	// Saving says whether the way to pay is kept, or was.
	Saving
}

// ConfirmRequest asks for the money.
type ConfirmRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the object.
	Reference string
	// OffSession tells that the payer is not there.
	OffSession bool
}

// CaptureRequest takes reserved money.
type CaptureRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the gateway's object.
	Reference string
	// Amount is what to take, at most what was reserved.
	Amount Money
}

// VoidRequest cancels a payment.
type VoidRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the gateway's object.
	Reference string
}

// RefundRequest gives money back.
type RefundRequest struct {
	PaymentRef
	// Key is the idempotency key.
	Key string
	// Reference names the gateway's object.
	Reference string
	// RefundUID is our reference of the refund; the gateway stores it.
	RefundUID string
	// Amount is what to give back, never more than what is left.
	Amount Money
	// Reason is told to the gateway where it takes one.
	Reason string
}

// FetchRequest names one payment.
type FetchRequest struct {
	PaymentRef
	// Reference names the gateway's object; when it is empty, PaymentUID does.
	Reference string
}

// Snapshot is the gateway's full truth about one payment at one moment.
type Snapshot struct {
	// Reference is the gateway's id of the payment.
	Reference string
	// Status is StatusCreated, StatusRequiresAction, StatusProcessing, StatusAuthorized, StatusPaid, StatusDeclined or
	// StatusCanceled; refunds and disputes are told below. Zero, or anything else, is a status that we do not know.
	// StatusDeclined means: the latest attempt was declined and the object waits for another way to pay.
	Status Status
	// Amount is what the object is for, in minor units.
	Amount Money
	// Captured is how much was taken, in minor units.
	Captured int64
	// Refunds lists every refund of the payment, also those made elsewhere.
	Refunds []RefundSnapshot
	// Disputed tells that the payer's bank asks the money back and nothing is decided yet.
	Disputed bool
	// UnderReview tells that the gateway itself holds the payment for a review.
	UnderReview bool
	// OrderID and PaymentUID are what the object carries; a foreign object carries others, or none.
	OrderID    OrderID
	PaymentUID string
	// LiveMode tells that real money moves.
	LiveMode bool
	// Attempt is the gateway's id of its latest try to take money ("ch_..."); it changes with each try.
	Attempt string
	// Method is the card.
	Method PaymentMethod
	// Customer is the gateway's id of the customer, where the payment has one.
	Customer string
	// Subscription is the gateway's id of the subscription whose invoice the object settles, empty for any other object.
	Subscription string
	// AuthCode and ReceiptURL are the bank's approval code and the receipt, where the gateway tells them.
	AuthCode, ReceiptURL string
	// DeclineCode, GatewayCode and Message tell of the latest decline; the message is fit for the payer.
	DeclineCode, GatewayCode, Message string
	// DecidedAt is the moment of the latest decision, zero when the gateway tells none.
	DecidedAt time.Time
	// NextAction is what the payer must still do. Its client secret is told whenever the object has one, also after a
	// decline and after the payment: an answer that is repeated carries it again.
	NextAction *NextAction
}

// RefundSnapshot is the gateway's truth about one refund.
type RefundSnapshot struct {
	// Reference is the gateway's id of the refund.
	Reference string
	// RefundUID is our reference, empty for a refund made elsewhere.
	RefundUID string
	// Amount is in minor units of the payment's currency.
	Amount int64
	// Status is where it stands; RefundUnknown for a status that we do not know.
	Status RefundStatus
	// Reason is the gateway's reason of a failure.
	Reason string
}

// refunded returns what is gone, or on its way, from what was captured.
func (s Snapshot) refunded() int64 {
	var sum int64
	for _, r := range s.Refunds {
		if r.Status.Counts() {
			sum += r.Amount
		}
	}
	return sum
}
