package httpadapter

import (
	"bytes"
	"errors"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// binder takes what a format other than JSON reads and keeps it as the JSON decoder does: the same members, the same
// values, and the same refusals of what stands twice or is nested too deep.
type binder struct {
	decoder *decoder
	// root are the members of the outermost object, nil where they are only to be well formed.
	root   []member
	levels []level
}

// level is one object or list that is open.
type level struct {
	members []member
	known   uint32
	others  map[string]struct{}
	list    bool
}

// find returns the member of a name, nil for one that nobody reads, and refuses a name that stands twice.
func (b *binder) find(name []byte) (*member, error) {
	top := &b.levels[len(b.levels)-1]
	if top.list {
		return nil, nil
	}
	if !bytes.Equal(bytes.ToValidUTF8(name, nil), name) || bytes.IndexByte(name, 0) >= 0 {
		return nil, malformed
	}
	i := find(top.members, name)
	var twice bool
	if i >= 0 {
		twice = top.known&(1<<i) != 0
		top.known |= 1 << i
	} else {
		top.others, twice = seen(top.others, name)
	}
	switch {
	case twice:
		return nil, duplicate(top.members, i)
	case i < 0:
		return nil, nil
	}
	return &top.members[i], nil
}

// push opens one more level, unless that is one too many.
func (b *binder) push(l level) error {
	if len(b.levels) == maxDepth {
		return malformed
	}
	b.levels = append(b.levels, l)
	return nil
}

// Open begins an object.
func (b *binder) Open(name []byte) (known bool, err error) {
	if len(b.levels) == 0 {
		return true, b.push(level{members: b.root})
	}
	m, err := b.find(name)
	switch {
	case err != nil:
		return false, err
	case m == nil:
		return false, b.push(level{})
	case m.kind != kindObject:
		return false, unfitValue(m, "{…}")
	}
	return true, b.push(level{members: m.members})
}

// OpenList begins a list. No member of the request is one.
func (b *binder) OpenList(name []byte) error {
	if len(b.levels) == 0 {
		return malformed
	}
	m, err := b.find(name)
	switch {
	case err != nil:
		return err
	case m != nil:
		return unfitValue(m, "[…]")
	}
	return b.push(level{list: true})
}

// Close ends the object or list begun last.
func (b *binder) Close() { b.levels = b.levels[:len(b.levels)-1] }

// Text keeps the value of a member.
func (b *binder) Text(name, value []byte) error {
	if len(b.levels) == 0 || bytes.IndexByte(value, 0) >= 0 {
		return malformed
	}
	m, err := b.find(name)
	switch {
	case err != nil:
		return err
	case m == nil:
		return nil
	case m.kind == kindObject:
		return unfitValue(m, "…")
	}
	if err := b.decoder.set(m, value); err != nil {
		return err
	}
	return nil
}

// Null leaves a member at its default.
func (b *binder) Null(name []byte) error {
	if len(b.levels) == 0 {
		return malformed
	}
	_, err := b.find(name)
	return err
}

// read reads a document with a format's own reader.
func (b *binder) read(reader func(wire.Sink) error) *bindError {
	err := reader(b)
	if err == nil {
		return nil
	}
	var bad *bindError
	if errors.As(err, &bad) {
		return bad
	}
	return malformed
}

// unfitValue is the error of a value of a kind that a member does not take.
func unfitValue(m *member, word string) *bindError {
	return &bindError{field: m.path, message: "'" + word + "' is an Invalid value for '" + m.path + "'"}
}
