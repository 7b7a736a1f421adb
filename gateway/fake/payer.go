package fake

import (
	"context"
	"fmt"
	"time"

	"github.com/trendsic/payments"
)

// AuthResult is what the payer does when the bank asks who they are.
type AuthResult string

// The results of authentication.
const (
	// AuthPass is a payer who authenticates.
	AuthPass AuthResult = "pass"
	// AuthFail is a payer who does not.
	AuthFail AuthResult = "fail"
	// AuthAbandon is a payer who gives the card and leaves when asked to authenticate.
	AuthAbandon AuthResult = "abandon"
)

// Authenticate is the payer's page: it finishes the payment that a client secret is for.
//
// Where the payer was asked to authenticate, they pass, fail or abandon it, and the token is not read. Where the object waits for a way
// to pay, it is confirmed with the token, or with tok_visa when there is none, and authentication, should the card ask for
// it, ends as result says. By the secret of a subscription's trial nothing is paid: the token's card, or tok_visa's, is set up
// for the charges after the trial.
//
// The error is what the page would show: ErrDeclined when the bank says no or the authentication fails (GatewayCode
// payment_intent_authentication_failure, no new charge), ErrConflict when nothing is left to do, ErrPaymentNotFound for a
// secret that is no object's.
func (g *Gateway) Authenticate(ctx context.Context, clientSecret string, result AuthResult, token string) error {
	const op Operation = "authenticate"
	if result != AuthPass && result != AuthFail && result != AuthAbandon {
		return fmt.Errorf("fake: %.20q is no result of an authentication; there are pass, fail and abandon", string(result))
	}
	return g.step(ctx, op, func(now time.Time) *payments.Error {
		in, ok := g.bySecret(clientSecret)
		if sub, setup := g.bySetupSecret(clientSecret); setup {
			return g.setUp(op, sub, result, token, now)
		}
		if !ok {
			_, err := g.find(op, "")
			return err
		}
		switch in.Status {
		case needsMethod, needsConfirm:
			if err := g.attachPayers(op, in, token, now); err != nil {
				return err
			}
		case needsAction:
			if result == AuthAbandon {
				return nil
			}
		default:
			return g.clash(op, "payment_intent_unexpected_state", "The payment waits for nothing from the payer.")
		}
		if result == AuthFail {
			return g.decline(op, in, authFailure, now)
		}
		// A payer who passes is not asked twice: the try is made as authenticated.
		return g.try(op, in, trying{authenticated: result == AuthPass}, now)
	})
}

// attachPayers attaches the payer's own token. Without one, what is attached stays, and nothing attached means tok_visa.
func (g *Gateway) attachPayers(op Operation, in *intent, token string, now time.Time) *payments.Error {
	if token == "" {
		if in.MethodID != "" {
			return nil
		}
		token = tokenPrefix + approvedName
	}
	m, err := g.exchange(op, payments.Source{Token: payments.NewToken(token)}, now)
	if err != nil {
		return err
	}
	g.touch(in)
	in.attach(m)
	return nil
}
