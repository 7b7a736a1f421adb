package gatewaytest_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// brokenGateway is a gateway broken on purpose, and the checks that must name it.
type brokenGateway struct {
	wrap func(*fake.Gateway) payments.Gateway
	want []string
}

// brokenGateways are gateways broken on purpose, by what is wrong, with the checks that must name them.
var brokenGateways = map[string]brokenGateway{
	"has no name": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, name: func() string { return "" }}
	}, []string{"name"}},
	"changes its name": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, name: rand.Text}
	}, []string{"name"}},
	"makes a new key for each request":   {asks(freshKey), []string{"key-authorize", "key-refund", "lost-authorize", "one-key-at-once"}},
	"makes a new key for each Authorize": {onlyKey("authorize"), []string{"key-authorize", "decline-replay", "key-reused"}},
	"makes a new key for each Prepare":   {onlyKey("prepare"), []string{"key-prepare"}},
	"makes a new key for each Refund":    {onlyKey("refund"), []string{"key-refund", "lost-refund"}},
	"makes another object at each Prepare": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.PrepareRequest); ok {
			r.Reference = ""
		}
	}), []string{"prepare-updates", "decline-retry", "prepare-unknown"}},
	"always captures": {asks(func(_ string, req any) {
		switch r := req.(type) {
		case *payments.AuthorizeRequest:
			r.Capture = true
		case *payments.PrepareRequest:
			r.Capture = true
		}
	}), []string{"reserves", "confirm-reserves", "void-reserved"}},
	"never captures": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.AuthorizeRequest); ok {
			r.Capture = false
		}
	}), []string{"pays"}},
	"drops the order": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.AuthorizeRequest); ok {
			r.OrderID = payments.OrderID{}
		}
	}), []string{"snapshot-complete"}},
	"drops the refund's id": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.RefundRequest); ok {
			r.RefundUID = ""
		}
	}), []string{"refund-listed", "lost-refund"}},
	"captures everything":                     {capturesEverything, []string{"capture-part"}},
	"refunds what is left when more is asked": {refundsTheRest, []string{"refund-too-much"}},
	"refuses a second capture":                {refusesSecond("capture"), []string{"capture-twice", "key-capture"}},
	"refuses a second void":                   {refusesSecond("void"), []string{"void-twice", "key-void"}},
	"charges at Prepare":                      {chargesAtPrepare, []string{"prepare-moves-nothing", "lost-prepare"}},
	"charges anew at each Confirm":            {chargesAnew, []string{"confirm-once", "confirm-at-once", "key-confirm"}},
	"ignores the context":                     {ignoresContext, []string{"context-ended", "context-ends"}},
	"waits for ever":                          {waitsForEver, []string{"context-ended"}},
	"panics at a decline": {answers(func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrDeclined) {
			panic("declined")
		}
		return s, err
	}), []string{"decline-outcome"}},
	"says unknown of a decline": {fails(func(_ string, e payments.Error) error {
		if e.Code == payments.ErrDeclined {
			e.Outcome = payments.OutcomeUnknown
		}
		return &e
	}), []string{"decline-outcome"}},
	"says a lost answer was not applied": {fails(func(_ string, e payments.Error) error {
		e.Outcome = payments.OutcomeNotApplied
		return &e
	}), []string{"lost-authorize", "lost-confirm", "lost-capture", "lost-void", "lost-refund", "context-ends"}},
	"says unknown of everything": {fails(func(_ string, e payments.Error) error {
		e.Outcome = payments.OutcomeUnknown
		return &e
	}), []string{"decline-outcome", "void-captured", "unknown-token", "limits-hold"}},
	"answers a decline without an error": {answers(func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrDeclined) {
			err = nil
		}
		return s, err
	}), []string{"decline-outcome", "decline-truth"}},
	"makes an action an error": {answers(func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if s.Status == payments.StatusRequiresAction && op == "confirm" {
			return s, &payments.Error{Code: payments.ErrDeclined, Outcome: payments.OutcomeNotApplied, Gateway: "fake"}
		}
		return s, err
	}), []string{"action-asked"}},
	"answers lost reads with not found": {fails(func(op string, e payments.Error) error {
		if op == "fetch" {
			e.Code = payments.ErrPaymentNotFound
		}
		return &e
	}), []string{"lost-fetch"}},
	"answers not found with unknown": {fails(func(_ string, e payments.Error) error {
		if e.Code == payments.ErrPaymentNotFound {
			e.Code = payments.ErrUnknown
		}
		return &e
	}), []string{"fetch-missing"}},
	"wraps its errors": {fails(func(_ string, e payments.Error) error { return fmt.Errorf("gateway: %w", &e) }), []string{"error-shape"}},
	"prints the cause": {fails(func(_ string, e payments.Error) error {
		e.Message = "connection reset by 10.0.0.1"
		return payments.NewError(e, errors.New("connection reset by 10.0.0.1"))
	}), []string{"errors-hide-causes"}},
	"prints the token":       {printsToken, []string{"errors-keep-secrets"}},
	"shows no client secret": {shows(func(_ string, s *payments.Snapshot) { s.NextAction = nil }), []string{"payer-confirms", "action-asked", "action-read-again"}},
	"stores the client secret as the message": {shows(func(_ string, s *payments.Snapshot) {
		if s.NextAction != nil {
			s.Message = "go on with " + s.NextAction.ClientSecret.Reveal()
		}
	}), []string{"action-redacted"}},
	"has one attempt for all tries": {shows(func(_ string, s *payments.Snapshot) { s.Attempt = "ch_1" }), []string{"decline-attempt", "payments-apart"}},
	"shows no card":                 {shows(func(_ string, s *payments.Snapshot) { s.Method = payments.PaymentMethod{} }), []string{"snapshot-complete"}},
	"shows no refunds":              {shows(func(_ string, s *payments.Snapshot) { s.Refunds = nil }), []string{"refund-listed", "refund-several"}},
	"counts yen in hundredths": {shows(func(_ string, s *payments.Snapshot) {
		if s.Amount.Currency == "JPY" {
			s.Amount.Amount *= 100
		}
	}), []string{"currencies"}},
	"reports paid before it is captured": {shows(func(_ string, s *payments.Snapshot) {
		if s.Status == payments.StatusAuthorized {
			s.Status = payments.StatusPaid
		}
	}), []string{"reserves", "confirm-reserves"}},
	"forgets a decline": {shows(func(op string, s *payments.Snapshot) {
		if op == "fetch" && s.Status == payments.StatusDeclined {
			s.Status = payments.StatusCreated
		}
	}), []string{"decline-truth", "action-failed"}},
	"counts its reads":  {countsReads, []string{"fetch-changes-nothing"}},
	"mixes payments up": {mixesUp, []string{"payments-apart", "many-at-once"}},
	"takes every amount": {func(g *fake.Gateway) payments.Gateway {
		return &broken{Gateway: g, limit: func(payments.Money) error { return nil }}
	}, []string{"limits"}},
	"takes no raw card": {takesNoCard, []string{"raw-card"}},
	"lets a one-time token be used twice": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.AuthorizeRequest); ok && strings.HasPrefix(r.Source.Token.Reveal(), "tok_visa__") {
			r.Source.Token = payments.NewToken("tok_visa")
		}
	}), []string{"one-time-token"}},
	"pays with any card when none is given": {paysAnyhow, []string{"confirm-nothing"}},
	"calls every conflict a success": {answers(func(_ string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrConflict) {
			err = nil
		}
		return s, err
	}), []string{"confirm-voided", "confirm-nothing", "capture-voided", "capture-too-much", "refund-uncaptured", "void-captured"}},
	"takes a missing payment for done": {answers(func(op string, s payments.Snapshot, err error) (payments.Snapshot, error) {
		if errors.Is(err, payments.ErrPaymentNotFound) && op != "fetch" {
			err = nil
		}
		return s, err
	}), []string{"missing-payment"}},
	"reads from a cache":        {readsCache, []string{"action-passed", "payer-confirms", "void-reserved"}},
	"voids only reserved money": {voidsReserved, []string{"void-created", "void-declined", "action-voided", "void-twice"}},
	"captures a unit less": {asks(func(_ string, req any) {
		if r, ok := req.(*payments.CaptureRequest); ok {
			r.Amount.Amount--
		}
	}), []string{"capture-full", "key-capture", "lost-capture"}},
	"merges refunds of one amount": {mergesRefunds, []string{"refund-two-keys"}},
	"reads only its caller's payments": {refusesFetch(func(r payments.FetchRequest) bool { return r.PaymentUID == "" },
		payments.ErrPaymentNotFound), []string{"fetch-reference"}},
	"cannot search": {refusesFetch(func(r payments.FetchRequest) bool { return r.Reference == "" },
		payments.ErrUnsupported), []string{"fetch-uid", "fetch-missing"}},
	"voids captured money": {voidsCaptured, []string{"void-captured"}},
	"ignores a failed refund": {shows(func(_ string, s *payments.Snapshot) {
		for i := range s.Refunds {
			s.Refunds[i].Status = payments.RefundSucceeded
		}
	}), []string{"refund-fails-later"}},
}
