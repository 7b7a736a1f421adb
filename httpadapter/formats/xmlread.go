package formats

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// Read reads a body whose root is CustomerPaymentsRequest. Namespaces and the order of members do not matter, as prefixes
// do not: callers write them in many ways. There are no document types, and so no entities but XML's own five.
func (xmlFormat) Read(body []byte, into wire.Sink) error {
	r := xmlReader{d: xml.NewDecoder(bytes.NewReader(body)), into: into}
	root, err := r.start()
	if err != nil {
		return err
	}
	if !strings.EqualFold(root.Name.Local, "CustomerPaymentsRequest") {
		return wire.ErrSyntax
	}
	if _, err := into.Open(nil); err != nil {
		return err
	}
	if err := r.members(); err != nil {
		return err
	}
	into.Close()
	return r.end()
}

// xmlReader reads elements.
type xmlReader struct {
	d    *xml.Decoder
	into wire.Sink
}

// token returns the next token that says something. Comments and processing instructions do not; a document type is
// refused.
func (r *xmlReader) token() (xml.Token, error) {
	for {
		t, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			return nil, err
		}
		if err != nil {
			return nil, wire.ErrSyntax
		}
		switch t.(type) {
		case xml.Comment, xml.ProcInst:
		case xml.Directive:
			return nil, wire.ErrSyntax
		default:
			return t, nil
		}
	}
}

// members reads the members of an object up to its end.
func (r *xmlReader) members() error {
	for {
		t, err := r.token()
		if err != nil {
			return wire.ErrSyntax
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = r.element(t)
		case xml.EndElement:
			return nil
		case xml.CharData:
			if !blank(t) {
				err = wire.ErrSyntax
			}
		}
		if err != nil {
			return err
		}
	}
}

// element reads one member, whose first tag has been read: a text, an object, or nothing.
func (r *xmlReader) element(start xml.StartElement) error {
	name := []byte(start.Name.Local)
	if isNil(start.Attr) {
		if err := r.skip(1); err != nil {
			return err
		}
		return r.into.Null(name)
	}
	var text []byte
	for {
		t, err := r.token()
		if err != nil {
			return wire.ErrSyntax
		}
		switch t := t.(type) {
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if blank(text) {
				return r.into.Null(name)
			}
			return r.into.Text(name, text)
		case xml.StartElement:
			if !blank(text) {
				return wire.ErrSyntax
			}
			return r.object(name, t)
		}
	}
}

// object reads a member that is an object, whose first member's tag has been read. One that nobody reads may be a list, in
// which names stand again.
func (r *xmlReader) object(name []byte, first xml.StartElement) error {
	known, err := r.into.Open(name)
	if err != nil {
		return err
	}
	if !known {
		if err := r.skip(2); err != nil {
			return err
		}
	} else {
		if err := r.element(first); err != nil {
			return err
		}
		if err := r.members(); err != nil {
			return err
		}
	}
	r.into.Close()
	return nil
}

// skip reads to the end of the elements that are open, which nobody reads.
func (r *xmlReader) skip(open int) error {
	const deepest = 16
	for open > 0 {
		t, err := r.token()
		if err != nil {
			return wire.ErrSyntax
		}
		switch t.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
		if open > deepest {
			return wire.ErrSyntax
		}
	}
	return nil
}

// isNil reports whether an element says that it has no value (i:nil).
func isNil(attrs []xml.Attr) bool {
	for _, a := range attrs {
		if a.Name.Local == "nil" && (a.Value == "true" || a.Value == "1") {
			return true
		}
	}
	return false
}

// start reads up to the first element.
func (r *xmlReader) start() (xml.StartElement, error) {
	for {
		t, err := r.token()
		if err != nil {
			return xml.StartElement{}, wire.ErrSyntax
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t.Copy(), nil
		case xml.CharData:
			if !blank(t) {
				return xml.StartElement{}, wire.ErrSyntax
			}
		default:
			return xml.StartElement{}, wire.ErrSyntax
		}
	}
}

// end refuses what follows the root.
func (r *xmlReader) end() error {
	for {
		t, err := r.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if text, ok := t.(xml.CharData); err != nil || !ok || !blank(text) {
			return wire.ErrSyntax
		}
	}
}

// blank reports whether a text is white space or a byte order mark, which says nothing.
func blank(text []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))) == 0
}
