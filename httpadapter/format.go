package httpadapter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// Format is one more format of answers and bodies, besides JSON, JSONP and HTML. Package formats has them.
type Format interface {
	wire.Codec
}

// codec writes answers in one format and reads bodies in it.
type codec struct {
	// name is what suffixes and ?format= call it.
	name string
	// contentType is the answer's Content-Type, and disposition its Content-Disposition, empty for none.
	contentType, disposition string
	// types are the media types by which Accept asks for it.
	types []string
	// appendTo appends the answer to dst.
	appendTo func(x *exchange, dst []byte) []byte
	// read reads a body of one of types; nil where bodies in the format are not taken.
	read func(body []byte, into wire.Sink) error
}

// The formats that are built in. A format that nobody has added is not known, and what is not known is JSON.
var (
	jsonCodec = codec{name: "json", contentType: "application/json; charset=utf-8",
		types: []string{"application/json", "text/json"}, appendTo: (*exchange).appendJSON}
	jsonpCodec = codec{name: "jsonp", contentType: "text/javascript; charset=utf-8", appendTo: (*exchange).appendJSONP}
	htmlCodec  = codec{name: "html", contentType: "text/html; charset=utf-8", types: []string{"text/html"},
		appendTo: (*exchange).appendHTML}
)

// suffixes are the format suffixes that a path may carry. They are part of the documented routes, so that each is
// recognised even where its format is not there.
var suffixes = []string{".json", ".xml", ".csv", ".jsv", ".html"}

// cutFormat cuts a format's suffix off a path and returns its name.
func cutFormat(path string) (rest, format string) {
	for _, suffix := range suffixes {
		if n := len(path) - len(suffix); n > 0 && path[n-1] != '/' && equalFold(path[n:], suffix) {
			return path[:n], suffix[1:]
		}
	}
	return path, ""
}

// mediaType returns a Content-Type without its parameters, in lower case.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// codecs returns the built-in formats and the added ones.
func codecs(added []Format) ([]*codec, error) {
	all := []*codec{&jsonCodec, &htmlCodec}
	for _, f := range added {
		if f == nil {
			return nil, errors.New("httpadapter: Formats has a nil")
		}
		for _, other := range all {
			if other.name == f.Name() {
				return nil, fmt.Errorf("httpadapter: Formats has %q more than once", f.Name())
			}
		}
		all = append(all, &codec{name: f.Name(), contentType: f.ContentType(), disposition: f.Disposition(),
			types: f.MediaTypes(), read: f.Read,
			appendTo: func(x *exchange, dst []byte) []byte { return f.Append(dst, x.tree()) }})
	}
	return all, nil
}

// negotiate chooses the answer's format: by the path's suffix, by callback, by format, by Accept. The routes of the
// official clients answer JSON whatever Accept says: their clients name types that they do not read.
func (x *exchange) negotiate(suffix string) {
	client := x.route != nil && x.route.client
	if client {
		suffix = ""
	}
	switch {
	case suffix != "" && suffix != jsonCodec.name:
		x.callback = ""
		x.format = x.named(suffix)
	case x.callback != "" && !validCallback(x.callback):
		x.format = &jsonCodec // what is no name is never told back as a script, whatever else is wrong with the request
	case x.callback != "":
		x.format = &jsonpCodec
	case suffix != "":
		x.format = &jsonCodec
	case x.formatName != "":
		x.format = x.named(x.formatName)
	case client:
		x.format = &jsonCodec
	default:
		x.format = x.accepted(x.r.Header["Accept"])
	}
}

// named returns the format of a name, JSON for one that is not known.
func (h *Handler) named(name string) *codec {
	for _, c := range h.formats {
		if equalFold(c.name, name) {
			return c
		}
	}
	return &jsonCodec
}

// maxAccept is how long an Accept header is read. Browsers send a hundred bytes or two; a megabyte of ranges is work that
// nobody has asked for.
const maxAccept = 4 << 10

// accepted returns the format that an Accept header likes best, JSON for none, for what is not known and for a tie.
func (h *Handler) accepted(accept []string) *codec {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "" || accept[0] == "*/*" || accept[0] == "application/json") {
		return &jsonCodec
	}
	if size := len(accept) + len(strings.Join(accept, "")); size > maxAccept {
		return &jsonCodec
	}
	best, most, tie := &jsonCodec, 0, false
	for _, c := range h.formats {
		switch q := c.quality(accept); {
		case q > most:
			best, most, tie = c, q, false
		case q == most:
			tie = true
		}
	}
	if tie {
		return &jsonCodec
	}
	return best
}

// quality returns how well Accept likes the format, in thousandths: by the range that names it most exactly.
func (c *codec) quality(accept []string) int {
	best := 0
	for _, t := range c.types {
		q, exact := 0, 0
		for _, line := range accept {
			for part := range strings.SplitSeq(line, ",") {
				value, weight := acceptRange(part)
				if how := covers(value, t); how > exact || how > 0 && how == exact && weight > q {
					q, exact = weight, how
				}
			}
		}
		best = max(best, q)
	}
	return best
}

// covers reports how exactly a media range names a media type: 0 not at all, 1 as anything, 2 by its first half, 3 wholly.
func covers(value, mediaType string) int {
	switch {
	case equalFold(value, mediaType):
		return 3
	case value == "*/*":
		return 1
	case strings.HasSuffix(value, "/*") && len(mediaType) > len(value)-1 &&
		equalFold(value[:len(value)-1], mediaType[:len(value)-1]):
		return 2
	}
	return 0
}

// acceptRange reads one range of an Accept header and its weight in thousandths. A weight that is none is 0: what is not
// understood is not preferred.
func acceptRange(part string) (value string, weight int) {
	value, params, _ := strings.Cut(part, ";")
	weight = 1000
	for params != "" {
		var param string
		param, params, _ = strings.Cut(params, ";")
		name, text, ok := strings.Cut(strings.TrimSpace(param), "=")
		if ok && equalFold(strings.TrimSpace(name), "q") {
			weight = quality(strings.TrimSpace(text))
		}
	}
	return strings.TrimSpace(value), weight
}

// quality reads a qvalue (RFC 9110, 12.4.2), in thousandths.
func quality(text string) int {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 3 || whole != "0" && whole != "1" {
		return 0
	}
	q := 0
	for i := range 3 {
		q *= 10
		if i < len(fraction) {
			if fraction[i] < '0' || fraction[i] > '9' {
				return 0
			}
			q += int(fraction[i] - '0')
		}
	}
	if whole == "1" {
		return 1000
	}
	return q
}
