package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// journalVersion is the form of the state file.
const journalVersion = 1

// record is one line of the state file: what has changed since the line before. The first line is the whole state. A line
// without its end was being written when the process was killed, and was answered to nobody.
type record struct {
	// Version and Seed, a digest that recognises another seed, are on the first line only.
	Version int    `json:"version,omitempty"`
	Seed    string `json:"seed,omitempty"`

	Serial  uint64                  `json:"serial,omitempty"`
	Intents []*intent               `json:"intents,omitempty"`
	Methods map[string]*method      `json:"methods,omitempty"`
	Tokens  map[string]*method      `json:"tokens,omitempty"`
	Spent   map[string]bool         `json:"spent,omitempty"`
	Chained map[string]int          `json:"chained,omitempty"`
	Keys    map[string]*savedAnswer `json:"keys,omitempty"` // nil is forgotten

	Customers map[string]*customer `json:"customers,omitempty"`
	Subs      []*subscription      `json:"subscriptions,omitempty"`
}

func newRecord() *record {
	return &record{Methods: map[string]*method{}, Tokens: map[string]*method{}, Spent: map[string]bool{},
		Chained: map[string]int{}, Keys: map[string]*savedAnswer{}, Customers: map[string]*customer{}}
}

// touch adds an object, once.
func (r *record) touch(in *intent) {
	if !slices.Contains(r.Intents, in) {
		r.Intents = append(r.Intents, in)
	}
}

// touchSub adds a subscription, once.
func (r *record) touchSub(sub *subscription) {
	if !slices.Contains(r.Subs, sub) {
		r.Subs = append(r.Subs, sub)
	}
}

// empty reports whether nothing has changed.
func (r *record) empty() bool {
	return r.Serial == 0 && len(r.Intents)+len(r.Methods)+len(r.Tokens)+len(r.Spent)+len(r.Chained)+len(r.Keys)+len(r.Customers)+len(r.Subs) == 0
}

// journal is what the state file holds, and what it does not hold yet.
type journal struct {
	next *record
	size int64 // of the file
	base int64 // of its first line
	torn bool  // the file must be written anew
}

// rewriteAt is how many bytes of changes the file gathers, at the least, before it is written anew.
const rewriteAt = 1 << 20

// whole returns the whole state as a first line.
func (g *Gateway) whole() *record {
	s := g.state
	return &record{Version: journalVersion, Seed: g.derive("state"), Serial: s.serial, Intents: s.intents, Methods: s.methods,
		Tokens: s.tokens, Spent: s.spent, Chained: s.chained, Keys: s.keys, Customers: s.customers, Subs: s.subs}
}

// apply makes the changes of a line.
func (s *state) apply(r *record) {
	s.serial = max(s.serial, r.Serial)
	for _, in := range r.Intents {
		if known, ok := s.byID[in.ID]; ok {
			*known = *in
			in = known
		} else {
			s.byID[in.ID] = in
			s.intents = append(s.intents, in)
		}
		if in.PaymentUID != "" && !slices.Contains(s.byUID[in.PaymentUID], in) {
			s.byUID[in.PaymentUID] = append(s.byUID[in.PaymentUID], in)
		}
	}
	for id, m := range r.Methods {
		s.methods[id] = m
	}
	maps.Copy(s.customers, r.Customers)
	for _, sub := range r.Subs {
		if known, ok := s.subByID[sub.ID]; ok {
			*known = *sub
			continue
		}
		s.subByID[sub.ID] = sub
		s.subs = append(s.subs, sub)
	}
	for id, m := range r.Tokens {
		s.tokens[id] = m
	}
	for id := range r.Spent {
		s.spent[id] = true
		delete(s.tokens, id)
	}
	for id, at := range r.Chained {
		s.chained[id] = at
	}
	for id, saved := range r.Keys {
		if saved == nil {
			delete(s.keys, id)
		} else {
			s.keys[id] = saved
		}
	}
}

// load reads the state file; a missing one is an empty state. The file is written anew at the next change.
func (g *Gateway) load() error {
	g.journal = journal{next: newRecord(), torn: true}
	if g.opts.StateFile == "" {
		return nil
	}
	text, err := os.ReadFile(g.opts.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fake: cannot read the state file: %w", err)
	}
	first := true
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended {
			break
		}
		text = rest
		var r record
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return fmt.Errorf("fake: the state file %s is not one of the fake gateway's, or it is damaged: %w", g.opts.StateFile, err)
		}
		if first && (r.Version != journalVersion || r.Seed != g.derive("state")) {
			return fmt.Errorf("fake: the state file %s was written by another version or with another seed", g.opts.StateFile)
		}
		first = false
		g.state.apply(&r)
	}
	if first {
		return fmt.Errorf("fake: the state file %s is not one of the fake gateway's, or it is damaged", g.opts.StateFile)
	}
	return nil
}

// timing finds, after a load, when something is due next.
func (g *Gateway) timing() {
	g.schedule()
	g.subsMoved = len(g.state.subs) > 0
	for _, saved := range g.state.keys {
		g.nextKey = earlier(g.nextKey, saved.At.Add(g.opts.KeyLife))
	}
}

// save makes what has changed durable, when there is a state file: it adds a line to the file, or, when that has grown too
// long, replaces the file. A process killed at any moment leaves a file that holds all that was answered.
func (g *Gateway) save() error {
	j := &g.journal
	if j.next.empty() {
		return nil
	}
	if g.opts.StateFile == "" {
		j.next = newRecord()
		return nil
	}
	if !j.torn && j.size-j.base < max(rewriteAt, j.base) {
		n, err := appendLine(g.opts.StateFile, j.next)
		if err == nil {
			j.size += n
			j.next = newRecord()
			return nil
		}
		// The line may be there in part, or the file is gone: the next try writes it anew.
		j.torn = true
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("fake: cannot write the state file: %w", err)
		}
	}
	n, err := replaceFile(g.opts.StateFile, g.whole())
	if err != nil {
		return fmt.Errorf("fake: cannot write the state file: %w", err)
	}
	*j = journal{next: newRecord(), size: n, base: n}
	return nil
}

// line is a record as it stands in the file.
func line(r *record) ([]byte, error) {
	text, err := json.Marshal(r)
	return append(text, '\n'), err
}

// appendLine adds a line to a file that exists, and returns how long it is.
func appendLine(name string, r *record) (int64, error) {
	text, err := line(r)
	if err != nil {
		return 0, err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0) // #nosec G304 -- the state file, which the host has named
	if err != nil {
		return 0, err
	}
	_, err = f.Write(text)
	return int64(len(text)), errors.Join(err, f.Sync(), f.Close())
}

// replaceFile puts a file of one line in the place of a file, by way of a new one beside it.
func replaceFile(name string, r *record) (n int64, err error) {
	text, err := line(r)
	if err != nil {
		return 0, err
	}
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, filepath.Base(name)+".*.tmp") // mode 0600
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return 0, err
	}
	d, err := os.Open(dir) // #nosec G304 -- the folder of the state file, which the host has named
	if err != nil {
		return 0, err
	}
	return int64(len(text)), errors.Join(d.Sync(), d.Close())
}
