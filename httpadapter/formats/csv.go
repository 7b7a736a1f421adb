package formats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// csvFormat is a header row and one row an answer; what is nested is JSV in a field.
type csvFormat struct{}

// CSV returns the format CSV.
func CSV() httpadapter.Format { return csvFormat{} }

// Name is the suffix and the value of ?format=.
func (csvFormat) Name() string { return "csv" }

// ContentType is that of answers.
func (csvFormat) ContentType() string { return "text/csv; charset=utf-8" }

// MediaTypes are what Accept and Content-Type call it.
func (csvFormat) MediaTypes() []string { return []string{"text/csv"} }

// Disposition makes a browser save the answer.
func (csvFormat) Disposition() string { return `attachment; filename="CustomerPaymentsRequest.csv"` }

// Append appends the header and a row an answer. The columns are those of the answer with the most.
func (csvFormat) Append(dst []byte, answer *wire.Node) []byte {
	rows := []wire.Node{*answer}
	if answer.Kind == wire.List {
		rows = answer.Members
	}
	var columns []wire.Node
	for i := range rows {
		if len(rows[i].Members) > len(columns) {
			columns = rows[i].Members
		}
	}
	if len(columns) == 0 {
		return dst
	}
	for i := range columns {
		dst = append(separate(dst, i), columns[i].Name...)
	}
	dst = append(dst, "\r\n"...)
	for i := range rows {
		for j := range columns {
			dst = separate(dst, j)
			// An error from before the DTO existed has the first column only.
			if j < len(rows[i].Members) {
				dst = appendField(dst, &rows[i].Members[j])
			}
		}
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// separate appends a comma before every field but the first.
func separate(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// appendField appends one field.
func appendField(dst []byte, n *wire.Node) []byte {
	switch n.Kind {
	case wire.Null:
		return dst
	case wire.Bool:
		return appendBool(dst, n.Bool)
	case wire.Int:
		return strconv.AppendInt(dst, n.Int, 10)
	case wire.Date:
		return appendDate(dst, n.Time)
	case wire.Text:
		text := strings.ToValidUTF8(n.Text, "\ufffd")
		if strings.ContainsAny(text, ",\"\r\n") {
			return appendQuoted(dst, text)
		}
		return append(dst, text...)
	case wire.Object, wire.List:
		return appendQuoted(dst, string(appendJSV(nil, n)))
	}
	return dst
}

// Read reads a header row and one row. A field that begins like an object is one, in JSV; an empty one is no value.
func (csvFormat) Read(body []byte, into wire.Sink) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	names, err := r.Read()
	if err != nil {
		return wire.ErrSyntax
	}
	values, err := r.Read() // as many as there are names, or an error
	if err != nil {
		return wire.ErrSyntax
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return wire.ErrSyntax
	}
	if _, err := into.Open(nil); err != nil {
		return err
	}
	defer into.Close()
	for i, name := range names {
		if err := readField([]byte(name), []byte(values[i]), into); err != nil {
			return err
		}
	}
	return nil
}

// readField reads one field.
func readField(name, value []byte, into wire.Sink) error {
	switch {
	case len(value) == 0:
		return into.Null(name)
	case value[0] == '{':
		return wire.ReadJSV(name, value, into)
	}
	return into.Text(name, value)
}
