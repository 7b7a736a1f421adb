package httpadapter

import "strings"

// codec writes answers in one format. JSON is built in; the others will be further codecs, chosen by the path's suffix,
// ?format= and Accept, in that order. A format that nobody has added is not known, and what is not known is JSON.
type codec struct {
	// contentType is the answer's Content-Type.
	contentType string
	// appendTo appends the answer to dst.
	appendTo func(dst []byte, r *response, c jsConfig) []byte
}

var jsonCodec = codec{contentType: "application/json; charset=utf-8", appendTo: appendJSON}

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
