package stripetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Transport is an [http.RoundTripper] that reaches the server without any network: every host is the emulator. A cut
// connection is the error [io.EOF], or [io.ErrUnexpectedEOF] within a body. With it, an http.Client and synctest, time-outs
// need no real time.
func (s *Server) Transport() http.RoundTripper { return &transport{handler: s} }

type transport struct{ handler http.Handler }

// RoundTrip serves one request.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	// The handler's context ends with the request's, and when the caller closes the body.
	ctx, cancel := context.WithCancel(r.Context())
	body, pipe := io.Pipe()
	in := r.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	w := &pipeWriter{header: http.Header{}, pipe: pipe, ready: make(chan struct{})}
	go w.serve(t.handler, in)
	select {
	case <-w.ready:
	case <-r.Context().Done():
		cancel()
		_ = pipe.CloseWithError(r.Context().Err()) // nobody will read: what the handler writes from now on must not wait
		return nil, r.Context().Err()
	}
	if w.failed != nil {
		cancel()
		return nil, w.failed
	}
	stop := context.AfterFunc(r.Context(), func() { _ = pipe.CloseWithError(r.Context().Err()) })
	return &http.Response{Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, ContentLength: -1, Request: r,
		Body: &pipeBody{PipeReader: body, done: func() { stop(); cancel() }}}, nil
}

// pipeBody is an answer's body.
type pipeBody struct {
	*io.PipeReader
	done func()
}

// Close lets the handler end.
func (b *pipeBody) Close() error {
	err := b.PipeReader.Close()
	b.done()
	return err
}

// pipeWriter is a handler's end of the pipe.
type pipeWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	ready  chan struct{} // closed when the fields below are set
	status int
	sent   http.Header
	failed error
}

// serve runs the handler and turns a connection that it cuts into an error.
func (w *pipeWriter) serve(handler http.Handler, r *http.Request) {
	defer func() {
		p := recover()
		switch err, isError := p.(error); {
		case p == nil:
			w.WriteHeader(http.StatusOK)
			_ = w.pipe.Close() // it never fails
		case isError && errors.Is(err, http.ErrAbortHandler):
			w.once.Do(func() { w.failed = io.EOF; close(w.ready) })
			_ = w.pipe.CloseWithError(io.ErrUnexpectedEOF)
		default:
			panic(p)
		}
	}()
	handler.ServeHTTP(w, r)
}

// Header is the answer's.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader sends the header.
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() { w.status, w.sent = status, w.header.Clone(); close(w.ready) })
}

// Write sends a part of the body.
func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// Flush does nothing: what is written is sent.
func (w *pipeWriter) Flush() {}
