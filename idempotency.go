package payments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// digest returns a SHA-256 over the parts, each with its length before it, so that no two lists of parts meet.
func digest(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)) + ":" + p)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// attemptFingerprint is sourceFingerprint, and tells apart whether the way to pay is to be saved, or was and is charged without the payer: the
// gateway's object is another then.
func attemptFingerprint(order OrderID, src Source, saving Saving) string {
	print := sourceFingerprint(order, src)
	switch {
	case saving.OffSession:
		return digest("off session", print)
	case saving.Save:
		return digest("saving", print) + savingMark
	default:
		return print
	}
}

// savingMark ends the fingerprint of an attempt whose way to pay is to be saved.
const savingMark = "+save"

// saves reports whether the attempt was to save its way to pay.
func (t Transaction) saves() bool { return strings.HasSuffix(t.Fingerprint, savingMark) }

// sourceFingerprint tells two ways to pay one order apart, without keeping either: a card is known by its last four and its
// expiry, never by its number. It is empty for no way to pay.
func sourceFingerprint(order OrderID, src Source) string {
	switch {
	case src.IsZero():
		return ""
	case src.Card != nil:
		return digest("card", order.String(), src.Card.Number.Last4(), src.Card.Expiry.String())
	default:
		return digest("token", order.String(), src.Token.Reveal())
	}
}

// validKey reports whether an idempotency key is absent or at most 255 printable ASCII characters.
func validKey(key string) bool {
	if len(key) > 255 {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
}

// keyID names the caller's record, if the caller gave a key.
func (c *charge) keyID() KeyID {
	return KeyID{Namespace: c.opts.Namespace, Principal: c.req.Idempotency.Principal, Verb: c.op, Key: c.req.Idempotency.Key}
}

// requestFingerprint is a digest of the whole request, to tell whether a key comes with another one.
func requestFingerprint(req PayRequest) string {
	p := req.Payer
	return digest(req.OrderID.String(), strconv.Itoa(int(req.Type)), sourceFingerprint(req.OrderID, req.Source), strconv.FormatInt(p.CustomerID, 10),
		p.Name, p.Email, strconv.FormatInt(req.AgentID, 10), strconv.FormatBool(req.Save), strconv.FormatBool(req.OffSession))
}

// storedAnswer is the final answer to a key. It holds no secret: what the payer needs is read again from the gateway.
type storedAnswer struct {
	Payment Payment
}

// replay looks the caller's key up. It is done when the key was answered before, or came with another request. A key that
// was used and not answered resumes the work: whatever came of it is this request's answer too.
func (c *charge) replay(ctx context.Context) (res Result, done bool, err error) {
	if c.req.Idempotency.Key == "" || c.key != nil && c.key.PaymentUID != "" {
		return Result{}, false, nil
	}
	rec, err := c.store.FindKey(ctx, c.keyID())
	now := c.now()
	switch {
	case errors.Is(err, ErrPaymentNotFound):
		c.key = &KeyRecord{KeyID: c.keyID(), Fingerprint: c.request, CreatedAt: now, ExpiresAt: now.Add(c.opts.KeyTTL)}
		return Result{}, false, nil
	case err != nil:
		return Result{}, true, err
	case !rec.ExpiresAt.After(now):
		c.key = &KeyRecord{KeyID: rec.KeyID, Fingerprint: c.request, Version: rec.Version, CreatedAt: now, ExpiresAt: now.Add(c.opts.KeyTTL)}
		return Result{}, false, nil
	case rec.Fingerprint != c.request:
		return Result{}, true, &Error{Code: ErrIdempotencyKeyReused, Outcome: OutcomeNotApplied,
			Message: "the idempotency key was used with another request"}
	case len(rec.Answer) == 0:
		c.key, c.share = &rec, rec.PaymentUID != ""
		return Result{}, false, nil
	}
	res, err = c.repeat(ctx, rec)
	return res, true, err
}

// repeat answers what was answered before. The client secret is not stored: it is read from the gateway again.
func (c *charge) repeat(ctx context.Context, rec KeyRecord) (Result, error) {
	var stored storedAnswer
	if err := json.Unmarshal(rec.Answer, &stored); err != nil {
		return Result{}, NewError(Error{Code: ErrInternal, Outcome: OutcomeNotApplied, Message: "the stored answer cannot be read"}, err)
	}
	var snap Snapshot
	var err error
	switch p := stored.Payment; {
	case !p.Status.Answer().PaymentIntentSuccess:
	case p.trial():
		var sub SubscriptionSnapshot
		sub, err = c.fetchSubscription(ctx, p)
		snap.NextAction = sub.NextAction
	case p.Reference != "":
		snap, err = c.fetch(ctx, p)
	}
	if err != nil {
		return c.unreadable(stored.Payment, err)
	}
	res, err := c.answer(stored.Payment, snap)
	res.Replayed = true
	return res, err
}

// claim returns the record that holds the key for this payment, to be written with the change that begins it; nil when
// there is no key.
func (c *charge) claim(p Payment) *KeyRecord {
	if c.key == nil || c.key.PaymentUID != "" {
		return nil
	}
	claimed := *c.key
	claimed.PaymentUID = p.UID
	return &claimed
}

// claimed notes that the claim was written.
func (c *charge) claimed() {
	if c.key != nil && c.key.PaymentUID == "" {
		c.key.Version++
		c.key.PaymentUID = "claimed"
	}
}

// finish stores a final answer under the caller's key and returns it: what was not stored is not told, so that one key never
// has two answers. Answers that are not final (a doubt, a review, a conflict, an error) are not stored: the same key resumes the
// work then. It answers ErrStale when another request with the key works on its answer, for another look.
func (c *charge) finish(ctx context.Context, res Result, err error) (Result, error) {
	final := err == nil || errors.Is(err, ErrDeclined)
	if c.key == nil || res.Payment.UID == "" || !final || res.Payment.Status.Answer().Pending {
		return res, err
	}
	ctx, cancel := c.detach(ctx)
	defer cancel()
	answer, jsonErr := json.Marshal(storedAnswer{res.Payment})
	if jsonErr != nil {
		return Result{}, jsonErr
	}
	rec := *c.key
	rec.PaymentUID, rec.Answer = res.Payment.UID, answer
	_, storeErr := c.persist(ctx, res.Payment, Change{Key: &rec})
	if errors.Is(storeErr, ErrStale) {
		c.key = nil
		if repeated, done, err := c.replay(ctx); done {
			return repeated, err
		}
		return Result{}, ErrStale
	}
	if storeErr != nil {
		c.opts.Logger.ErrorContext(ctx, "the answer to an idempotency key could not be stored", "payment", res.Payment.UID, "err", storeErr)
		return doubted(res.Payment, unknown(res.Payment))
	}
	return res, err
}
