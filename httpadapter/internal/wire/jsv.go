package wire

import "bytes"

// jsv reads JSV, ServiceStack's format of C# clients for what is nested in a query or form ({ID:5,Name:"a, b"}).
type jsv struct {
	rest []byte
	into Sink
	// text holds the quoted text read last, where it had quotes in it. name and value have one each, for both are in use at
	// the same time.
	name, value []byte
}

// ReadJSV reads one object in JSV, and nothing after it, under a name.
func ReadJSV(name, text []byte, into Sink) error {
	r := jsv{rest: text, into: into}
	if len(text) == 0 || text[0] != '{' {
		return ErrSyntax
	}
	if err := r.object(name); err != nil {
		return err
	}
	if len(r.rest) > 0 {
		return ErrSyntax
	}
	return nil
}

// cut takes a byte off, if it is next.
func (r *jsv) cut(c byte) bool {
	if len(r.rest) == 0 || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// member reads one JSV value: an object, a list, a quoted text or a bare one. An empty bare text is no value.
func (r *jsv) member(name []byte) error {
	if len(r.rest) == 0 {
		return ErrSyntax
	}
	switch r.rest[0] {
	case '{':
		return r.object(name)
	case '[':
		return r.list(name)
	case '"':
		text, ok := r.quoted(&r.value)
		if !ok {
			return ErrSyntax
		}
		return r.into.Text(name, text)
	}
	// A bare text ends where it must; what would have had to be quoted does not stand in it.
	end := bytes.IndexAny(r.rest, `,{}[]"`)
	if end < 0 {
		return ErrSyntax
	}
	text := r.rest[:end]
	r.rest = r.rest[end:]
	if len(text) == 0 {
		return r.into.Null(name)
	}
	return r.into.Text(name, text)
}

// object reads {name:value,...}.
func (r *jsv) object(name []byte) error {
	if _, err := r.into.Open(name); err != nil {
		return err
	}
	defer r.into.Close()
	r.rest = r.rest[1:]
	if r.cut('}') {
		return nil
	}
	for {
		key, ok := r.key()
		if !ok {
			return ErrSyntax
		}
		if err := r.member(key); err != nil {
			return err
		}
		if r.cut('}') {
			return nil
		}
		if !r.cut(',') {
			return ErrSyntax
		}
	}
}

// key reads a name, bare or quoted, and the colon after it.
func (r *jsv) key() (name []byte, ok bool) {
	if len(r.rest) > 0 && r.rest[0] == '"' {
		if name, ok = r.quoted(&r.name); !ok {
			return nil, false
		}
		return name, r.cut(':')
	}
	end := bytes.IndexAny(r.rest, `:,{}[]"`)
	if end < 1 || r.rest[end] != ':' {
		return nil, false
	}
	name = r.rest[:end]
	r.rest = r.rest[end+1:]
	return name, true
}

// list reads [value,...].
func (r *jsv) list(name []byte) error {
	if err := r.into.OpenList(name); err != nil {
		return err
	}
	defer r.into.Close()
	r.rest = r.rest[1:]
	if r.cut(']') {
		return nil
	}
	for {
		if err := r.member(nil); err != nil {
			return err
		}
		if r.cut(']') {
			return nil
		}
		if !r.cut(',') {
			return ErrSyntax
		}
	}
}

// quoted reads a text in quotes, in which a quote is doubled.
func (r *jsv) quoted(buf *[]byte) (text []byte, ok bool) {
	*buf = (*buf)[:0]
	for r.rest = r.rest[1:]; ; {
		end := bytes.IndexByte(r.rest, '"')
		if end < 0 {
			return nil, false
		}
		part := r.rest[:end]
		r.rest = r.rest[end+1:]
		if len(r.rest) == 0 || r.rest[0] != '"' {
			if len(*buf) == 0 {
				return part, true
			}
			return append(*buf, part...), true
		}
		*buf = append(append(*buf, part...), '"')
		r.rest = r.rest[1:]
	}
}
