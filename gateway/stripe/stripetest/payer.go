package stripetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
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

// ErrDeclined is what the payer's page shows when the bank says no, or when the authentication fails.
var ErrDeclined = errors.New("stripetest: the payment was declined")

// errNothingToDo is an intent that waits for nothing from the payer.
var errNothingToDo = errors.New("stripetest: the intent waits for nothing from the payer")

// Authenticate is the payer's page: it finishes the payment or setup intent that a client secret is for.
//
// Where the payer was asked to authenticate, they pass, fail or abandon it, and the method is not read. Where the intent waits for
// a way to pay or to be confirmed, it is confirmed with the method (a PaymentMethod or a token; what is attached, or pm_card_visa
// when it is empty), and 3-D Secure, should the card ask for it, ends as result says.
//
// The error wraps [ErrDeclined] when the bank says no or the authentication fails. With confirmation_method=manual the intent
// waits for the server to confirm it once more afterwards, as at Stripe.
func (s *Server) Authenticate(ctx context.Context, clientSecret string, result AuthResult, paymentMethod string) error {
	if result != AuthPass && result != AuthFail && result != AuthAbandon {
		return fmt.Errorf("stripetest: %.20q is no result of an authentication; there are pass, fail and abandon", string(result))
	}
	return s.step(ctx, func(now time.Time) error {
		id, _, _ := strings.Cut(clientSecret, secretMark)
		if clientSecret != s.clientSecret(id) {
			return errors.New("stripetest: the client secret is no intent's")
		}
		// Errors of the API are told without their texts' embedded objects, which hold the client secret.
		switch e := s.state.byID[id].(type) {
		case *intent:
			return asPage(s.authenticateIntent(e, result, paymentMethod, now))
		case *setupIntent:
			return asPage(s.authenticateSetup(e, result, paymentMethod, now))
		default:
			return errUnknown(id)
		}
	})
}

// asPage is an error of the API as the payer's page shows it.
func asPage(err *apiError) error {
	switch {
	case err == nil:
		return nil
	case err.kind == typeCard:
		return fmt.Errorf("%w: %s (%s)", ErrDeclined, err.message, err.code)
	default:
		return fmt.Errorf("%w: %s", errNothingToDo, err.message)
	}
}

// pageCall is what a payer's page asks, as a call.
func (s *Server) pageCall(e entity, now time.Time) *call {
	return &call{account: e.meta().Account, now: now, page: true, params: params{newNode()}}
}

// methodForPage is the payment method that the payer gives.
func (s *Server) methodForPage(e entity, attached, given string, now time.Time) (string, *apiError) {
	c := s.pageCall(e, now)
	switch {
	case given == "" && attached != "":
		return attached, nil
	case given == "":
		given = methodPrefix + "visa"
	case strings.HasPrefix(given, tokenPrefix):
		f, err := s.exchange(c, given)
		if err != nil {
			return "", err
		}
		return s.newMethod(c, f, c.params).ID, nil
	}
	m, err := s.methodByID(c, given)
	if err != nil {
		return "", err
	}
	return m.ID, nil
}

func (s *Server) authenticateIntent(in *intent, result AuthResult, given string, now time.Time) *apiError {
	if in.Status == needsAction {
		switch result {
		case AuthAbandon:
			return nil
		case AuthFail:
			return s.failAuthentication(in, now)
		case AuthPass:
			return s.passAuthentication(in, now)
		}
	}
	if !in.open() {
		return s.unexpected(in, "The PaymentIntent has a status of "+in.Status+".")
	}
	id, err := s.methodForPage(in, in.Method, given, now)
	if err != nil {
		return err
	}
	in.Method, in.Status, in.SDK = id, needsConfirm, true
	if err := s.attempt(in, try{now: now}); err != nil || in.Status != needsAction {
		return err
	}
	return s.authenticateIntent(in, result, "", now)
}

// passAuthentication takes the money of an intent whose payer has authenticated, or leaves that to the server.
func (s *Server) passAuthentication(in *intent, now time.Time) *apiError {
	if in.ConfirmationMethod == "manual" {
		in.Status, in.Authenticated = needsConfirm, true
		s.put(in)
		return nil
	}
	return s.attempt(in, try{now: now, authenticated: true})
}

// failAuthentication ends a try whose payer did not authenticate. There is no charge.
func (s *Server) failAuthentication(in *intent, now time.Time) *apiError {
	m := own[*method](s, in.Method)
	e := s.failIntent(in, m, lastError{Kind: typeRequest, Method: m.ID, cardError: cardError{Code: "payment_intent_authentication_failure",
		Message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to " +
			"fulfill this PaymentIntent again."}}, now)
	e.kind = typeCard // as the payer's page shows it
	return e
}

// Settle ends an intent that is processing: it succeeds, or it fails as declined.
func (s *Server) Settle(ctx context.Context, id string, success bool) error {
	return s.step(ctx, func(now time.Time) error {
		in, ok := s.state.byID[id].(*intent)
		switch {
		case !ok:
			return errUnknown(id)
		case in.Status != processing:
			return errors.New("stripetest: the intent is not being processed")
		}
		ch := own[*charge](s, in.LatestCharge)
		if success {
			s.approve(in, ch, now)
			return nil
		}
		m, reason := own[*method](s, in.Method), declineOf("generic_decline")
		ch.Status, ch.FailureCode, ch.FailureMessage, ch.DeclineCode = chargeFailed, reason.Code, reason.Message, reason.DeclineCode
		s.put(ch)
		s.emit(now, "charge.failed", ch)
		// That it is declined is what was asked for, and the intent tells it.
		_ = s.failIntent(in, m, lastError{cardError: reason, Kind: typeCard, Charge: ch.ID, Method: m.ID}, now)
		return nil
	})
}
