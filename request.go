package payments

// PayRequest asks to take the payment of an order.
type PayRequest struct {
	// OrderID names the order.
	OrderID OrderID
	// ForAgent, when not nil, answers ErrOrderNotFound unless the order belongs to this agent. Nil asks for nobody.
	ForAgent *int64
	// AgentID, when not 0, is the agent that the caller believes the order to be of; where it is another's, ErrInvalid
	// names "AgentID".
	AgentID int64
	// Type is how the payer pays, where the caller says so.
	Type PaymentType
	// Source is the way to pay; zero makes or reuses the order's intent, and the payer confirms it by the client secret.
	Source Source
	// Saving keeps the way to pay for later charges without the payer, or makes such a charge: see [Service.SavedMethods].
	Saving
	// Payer fills what the order does not know; it never changes whose the order is. Where both name a customer and
	// differ, ErrInvalid names "Payer.CustomerID".
	Payer Payer
	// Idempotency is the caller's key, optional.
	Idempotency Idempotency
}

// CompleteRequest asks how the payment of an order ended, after the payer did what was asked.
type CompleteRequest struct {
	// OrderID names the order.
	OrderID OrderID
	// ForAgent and AgentID are as in PayRequest.
	ForAgent *int64
	AgentID  int64
	// Source, when not zero, is tried on a created or declined payment; it is ignored on any other.
	Source Source
	// Payer is as in PayRequest.
	Payer Payer
	// Idempotency is the caller's key, optional.
	Idempotency Idempotency
}

// FindRequest asks for the payment of an order. It reads only.
type FindRequest struct {
	// OrderID names the order.
	OrderID OrderID
	// ForAgent is as in PayRequest.
	ForAgent *int64
}

// Idempotency is the caller's key for one request (draft-ietf-httpapi-idempotency-key-header): the same key with the same
// request answers the same, with another request ErrIdempotencyKeyReused.
type Idempotency struct {
	// Key is the caller's text, at most 255 printable ASCII characters; empty asks for nothing.
	Key string
	// Principal is who sent it, at most 255 bytes: keys of two principals never meet.
	Principal string
}

// Result is what Pay and Complete answer.
type Result struct {
	// Payment is the payment as stored.
	Payment Payment
	// NextAction is what the payer must still do, nil when nothing.
	NextAction *NextAction
	// Replayed tells that this is the stored answer to an earlier request with the same idempotency key.
	Replayed bool
}
