package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/trendsic/payments"
)

// stateVersion is the form of the state file.
const stateVersion = 1

// state is all that the simulated processor remembers. What is secret is kept as a digest, or derived from the seed.
type state struct {
	Version int                     `json:"version"`
	Seed    string                  `json:"seed"` // a digest, to recognise another seed
	Serial  uint64                  `json:"serial"`
	Intents []*intent               `json:"intents"`
	Methods map[string]*method      `json:"methods"`
	Tokens  map[string]*method      `json:"tokens"` // made by Tokenize, by digest
	Spent   map[string]bool         `json:"spent"`  // one-time tokens, by digest
	Chained map[string]int          `json:"chained"`
	Keys    map[string]*savedAnswer `json:"keys"`

	byID  map[string]*intent
	byUID map[string][]*intent // those that carry it now, or did
}

// intent is the object that a payment is at the processor: Stripe's PaymentIntent.
type intent struct {
	ID         string            `json:"id"`
	PaymentUID string            `json:"payment_uid"`
	OrderID    payments.OrderID  `json:"order_id"`
	Account    string            `json:"account,omitempty"`
	Amount     int64             `json:"amount"`
	Currency   payments.Currency `json:"currency"`
	Capture    bool              `json:"capture"`
	Status     intentStatus      `json:"status"`
	MethodID   string            `json:"method,omitempty"`  // what is attached
	Shown      *method           `json:"shown,omitempty"`   // the card of the latest try
	Failure    *failure          `json:"failure,omitempty"` // of the latest try
	Charges    []*charge         `json:"charges,omitempty"` // in the order of the tries
	Refunds    []*refund         `json:"refunds,omitempty"` // in the order in which they were made
	Dispute    *dispute          `json:"dispute,omitempty"`
	Review     bool              `json:"review,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	DecidedAt  time.Time         `json:"decided_at"`
}

// intentStatus is Stripe's name of a status.
type intentStatus string

const (
	needsMethod  intentStatus = "requires_payment_method"
	needsConfirm intentStatus = "requires_confirmation"
	needsAction  intentStatus = "requires_action"
	processing   intentStatus = "processing"
	needsCapture intentStatus = "requires_capture"
	canceled     intentStatus = "canceled"
	succeeded    intentStatus = "succeeded"
)

// failure is why the latest try took no money.
type failure struct {
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code,omitempty"`
	Message     string `json:"message"`
}

// charge is one try to take money.
type charge struct {
	ID       string       `json:"id"`
	Amount   int64        `json:"amount"`
	Captured int64        `json:"captured"`
	Status   ChargeStatus `json:"status"`
	AuthCode string       `json:"auth_code,omitempty"`
	At       time.Time    `json:"at"`
}

// refund is money given back.
type refund struct {
	ID     string                `json:"id"`
	UID    string                `json:"uid,omitempty"`
	Amount int64                 `json:"amount"`
	Status payments.RefundStatus `json:"status"`
	Reason string                `json:"reason,omitempty"`
	Then   payments.RefundStatus `json:"then,omitempty"` // what it becomes when it is due
	At     time.Time             `json:"at"`
}

// dispute is money that the payer's bank asks back.
type dispute struct {
	ID     string `json:"id"`
	Status string `json:"status"` // open, won or lost
}

// newState returns an empty state.
func (g *Gateway) newState() *state {
	return &state{Version: stateVersion, Seed: g.derive("state"), Methods: map[string]*method{}, Tokens: map[string]*method{},
		Spent: map[string]bool{}, Chained: map[string]int{}, Keys: map[string]*savedAnswer{}, byID: map[string]*intent{}, byUID: map[string][]*intent{}}
}

// timing finds, after a load, when something is due next.
func (g *Gateway) timing() {
	g.schedule()
	for _, saved := range g.state.Keys {
		g.nextKey = earlier(g.nextKey, saved.At.Add(g.opts.KeyLife))
	}
}

// load reads the state file; a missing one is an empty state.
func (g *Gateway) load() (*state, error) {
	s := g.newState()
	if g.opts.StateFile == "" {
		return s, nil
	}
	text, err := os.ReadFile(g.opts.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fake: cannot read the state file: %w", err)
	}
	seed := s.Seed
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("fake: the state file %s is not one of the fake gateway's, or it is damaged: %w", g.opts.StateFile, err)
	}
	if s.Version != stateVersion || s.Seed != seed {
		return nil, fmt.Errorf("fake: the state file %s was written by another version or with another seed", g.opts.StateFile)
	}
	for _, in := range s.Intents {
		s.byID[in.ID] = in
		if in.PaymentUID != "" {
			s.byUID[in.PaymentUID] = append(s.byUID[in.PaymentUID], in)
		}
	}
	return s, nil
}

// save writes the state file, when there is one and the state has changed. It is atomic and durable: a process killed at
// any moment leaves the old file or the new one.
func (g *Gateway) save() error {
	if !g.dirty || g.opts.StateFile == "" {
		return nil
	}
	text, err := json.Marshal(g.state)
	if err != nil {
		return fmt.Errorf("fake: cannot write the state: %w", err)
	}
	if err := replaceFile(g.opts.StateFile, text); err != nil {
		return fmt.Errorf("fake: cannot write the state file: %w", err)
	}
	g.dirty = false
	return nil
}

// replaceFile puts text in the place of a file, by way of a new file beside it.
func replaceFile(name string, text []byte) (err error) {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, filepath.Base(name)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return err
	}
	d, err := os.Open(dir) // #nosec G304 -- the folder of the state file, which the host has named
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
