package fake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// maxKeyBytes is the longest idempotency key that is taken, as at Stripe.
const maxKeyBytes = 255

// retryAfter is what a caller is told to wait when its key is in use or it sends too much.
const retryAfter = time.Second

// savedAnswer is what is replayed under a key. It holds no secret: the client secret is derived again.
type savedAnswer struct {
	Print    string            `json:"print"`
	At       time.Time         `json:"at"`
	Snapshot payments.Snapshot `json:"snapshot"`
	Action   bool              `json:"action,omitempty"`

	Subscription *payments.SubscriptionSnapshot `json:"subscription,omitempty"`
	ActionOf     string                         `json:"action_of,omitempty"` // the object whose secret the answer about a subscription tells

	Error *payments.Error `json:"error,omitempty"`
}

// checkKey refuses a request that changes something and carries no proper key.
func (g *Gateway) checkKey(r request) *payments.Error {
	if r.op.reads() {
		return nil
	}
	if r.key == "" || len(r.key) > maxKeyBytes {
		return g.bad(r.op, "Key", "Length", "the idempotency key must have 1 to 255 bytes")
	}
	for _, c := range []byte(r.key) {
		if c < ' ' || c > '~' {
			return g.bad(r.op, "Key", "Characters", "the idempotency key must be printable ASCII")
		}
	}
	return nil
}

// keyID names the key of a request: keys belong to an account.
func keyID(r request) string { return r.ref.Account + "|" + r.key }

// replay answers a request from the key that it carries, where there is something to answer.
func (g *Gateway) replay(r request) (answer, bool) {
	if r.key == "" || g.opts.NoIdempotency {
		return answer{}, false
	}
	id := keyID(r)
	if g.inFlight[id] {
		e := g.doubt(r.op, "idempotency_key_in_use", errLost)
		e.RetryAfter = retryAfter
		return answer{err: e}, true
	}
	saved, ok := g.state.keys[id]
	if !ok {
		return answer{}, false
	}
	if saved.Print != fingerprint(r) {
		// Stripe answers 400, but what the first request under the key did is not told by it.
		return answer{err: payments.NewError(payments.Error{Op: "fake." + string(r.op), Gateway: g.opts.Name,
			Code: payments.ErrGatewayRejected, GatewayCode: "idempotency_error",
			Message: "The payment could not be processed."}, errKeyReused)}, true
	}
	a := answer{snap: saved.Snapshot}
	a.snap.Refunds = slices.Clone(saved.Snapshot.Refunds)
	if saved.Action {
		a.snap.NextAction = g.nextAction(a.snap.Reference)
	}
	if saved.Subscription != nil {
		a.sub = *saved.Subscription
		a.sub.Invoices = slices.Clone(a.sub.Invoices)
		if saved.ActionOf != "" {
			a.sub.NextAction = g.nextAction(saved.ActionOf)
		}
	}
	if saved.Error != nil {
		e := *saved.Error
		e.Replayed = true
		a.err = &e
	}
	return a, true
}

// executed reports whether execution began, as Stripe says: only then an answer is saved under the key. A request that was
// refused for what it says, or for naming nothing, was not executed.
func executed(err *payments.Error) bool {
	if err == nil {
		return true
	}
	switch err.Code {
	case payments.ErrInvalid, payments.ErrUnsupported, payments.ErrPaymentNotFound, payments.ErrRateLimited:
		return false
	default:
		return true
	}
}

// remember saves an answer under the request's key.
func (g *Gateway) remember(r request, a answer, now time.Time) {
	if r.key == "" || g.opts.NoIdempotency {
		return
	}
	saved := &savedAnswer{Print: fingerprint(r), At: now, Snapshot: a.snap, Action: a.snap.NextAction != nil}
	saved.Snapshot.NextAction, saved.Snapshot.Refunds = nil, slices.Clone(a.snap.Refunds)
	if a.sub.Reference != "" {
		s := a.sub
		if s.NextAction != nil {
			saved.ActionOf, _, _ = strings.Cut(s.NextAction.ClientSecret.Reveal(), secretMark)
		}
		s.NextAction, s.Invoices = nil, slices.Clone(a.sub.Invoices)
		saved.Subscription = &s
	}
	if a.err != nil {
		e := *a.err // the caller owns what it was answered
		saved.Error = &e
	}
	g.setKey(keyID(r), saved)
	g.nextKey = earlier(g.nextKey, now.Add(g.opts.KeyLife))
}

// forget drops the keys that are too old. It looks at them only when the oldest is.
func (g *Gateway) forget(now time.Time) {
	if g.nextKey.IsZero() || now.Before(g.nextKey) {
		return
	}
	g.nextKey = time.Time{}
	for id, saved := range g.state.keys {
		end := saved.At.Add(g.opts.KeyLife)
		if now.Before(end) {
			g.nextKey = earlier(g.nextKey, end)
			continue
		}
		g.setKey(id, nil)
	}
}

// earlier returns the earlier of two moments, where zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// fingerprint is a digest of what a request asks. It covers no card number and no verification code.
func fingerprint(r request) string {
	text, err := json.Marshal([]any{r.op, r.ref, r.params})
	if err != nil {
		// Every parameter is a plain value of this module's.
		panic("fake: a request cannot be fingerprinted: " + err.Error())
	}
	return digest(string(text))
}

// sourcePrint is what a fingerprint covers of a way to pay: a digest of the token, or what may be shown of the card.
func sourcePrint(s payments.Source) []string {
	if s.Card != nil {
		return []string{"card", s.Card.Number.Brand(), s.Card.Number.Last4(), s.Card.Expiry.String()}
	}
	return []string{"token", digest(s.Token.Reveal())}
}

// digest is SHA-256 in hexadecimal digits.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
