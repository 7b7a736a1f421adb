package stripetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// record is one line of the state file: what one call has changed. A call is on the disk wholly or not at all, because a line
// that was cut by a killed process cannot be read and was never answered.
type record struct {
	State   *state       `json:"state,omitempty"`
	Objects []keptObject `json:"objects,omitempty"`
}

type keptObject struct {
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
}

// journal is the state file.
type journal struct {
	file *os.File
	size int // what was written since it was opened
	base int // of that, the whole state at the beginning
}

// spare is how much a state file may grow before it is written anew, if that is more than its beginning, too.
const spare = 32 << 20

// openJournal reads the state file and writes it anew without what is no longer true. One process at a time may use it.
func (s *Server) openJournal(path string) error {
	file, err := os.Open(path) //nolint:gosec // the caller names its own file
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("stripetest: the state file cannot be opened: %w", err)
	default:
		err = s.load(file)
		_ = file.Close() // it was only read
		if err != nil {
			return err
		}
		s.resumeEvents()
	}
	return s.compact(path)
}

// load reads the lines of a state file. A last line without its end was never answered and is left out.
func (s *Server) load(r io.Reader) error {
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("stripetest: the state file cannot be read: %w", err)
		}
		if err := s.apply(line); err != nil {
			return fmt.Errorf("stripetest: line %d of the state file cannot be read: %w", n, err)
		}
	}
}

// apply takes over one line.
func (s *Server) apply(line []byte) error {
	var rec record
	if err := json.Unmarshal(line, &rec); err != nil {
		return err
	}
	if rec.State != nil {
		s.state.Counter, s.state.Offset, s.state.Clashes = rec.State.Counter, rec.State.Offset, rec.State.Clashes
	}
	for _, kept := range rec.Objects {
		make, ok := kinds[kept.Kind]
		if !ok {
			return fmt.Errorf("%q is no kind of object", kept.Kind)
		}
		e := make()
		if err := json.Unmarshal(kept.Value, e); err != nil {
			return err
		}
		s.restore(e)
	}
	return nil
}

// restore puts an object of the state file in the place of its older self.
func (s *Server) restore(e entity) {
	id := e.meta().ID
	if old, known := s.state.byID[id]; known {
		list := s.state.lists[e.kind()]
		// What has changed is most often among the newest.
		for i := len(list) - 1; i >= 0; i-- {
			if list[i] == old {
				list[i] = e
				break
			}
		}
		s.state.byID[id] = e
	} else {
		s.state.add(e)
	}
	if at := e.due(); at > 0 {
		s.wakes.push(at, id)
	}
}

// compact writes the whole state into a new file, puts it in the place of the old one, and keeps it open for more.
func (s *Server) compact(path string) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("stripetest: the state file cannot be written: %w", err)
	}
	rec := record{State: &s.state}
	for _, list := range s.state.lists {
		for _, e := range list {
			rec.Objects = append(rec.Objects, keptObject{Kind: e.kind(), Value: mustJSON(e)})
		}
	}
	n, err := temporary.Write(append(mustJSON(rec), '\n'))
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("stripetest: the state file cannot be written: %w", err), temporary.Close())
	}
	s.journal = &journal{file: temporary, size: n, base: n}
	return nil
}

// flush writes what the running call has changed. It happens before the answer, so that an answer is never forgotten.
func (s *Server) flush() error {
	defer func() { s.dirty, s.metaDirty = nil, false }()
	if s.journal == nil || len(s.dirty) == 0 && !s.metaDirty {
		return nil
	}
	rec := record{State: &s.state}
	for _, e := range s.dirty {
		rec.Objects = append(rec.Objects, keptObject{Kind: e.kind(), Value: mustJSON(e)})
	}
	var line bytes.Buffer
	line.Write(mustJSON(rec))
	line.WriteByte('\n')
	n, err := s.journal.file.Write(line.Bytes())
	if err != nil {
		return fmt.Errorf("stripetest: the state file cannot be written: %w", err)
	}
	if s.journal.size += n; s.journal.size-s.journal.base > max(spare, s.journal.base) {
		return s.rewrite()
	}
	return nil
}

// rewrite writes the state file anew, without what is no longer true.
func (s *Server) rewrite() error {
	old := s.journal.file
	return errors.Join(s.compact(s.opts.StateFile), old.Close())
}
