package httpadapter

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
)

// recording is one exchange of the test suite, for the module internal/contract, which holds each to the OpenAPI document.
// Its Path is as the document writes it: routes match in any case and below any base path, which OpenAPI cannot say.
type recording struct {
	Method, Path, Template, Query, Body string
	Header                              http.Header
	Status                              int
	Answer                              string
	AnswerHeader                        http.Header
	// Plain tells that the answer is JSON as the document has it: in PascalCase, not changed by jsconfig.
	Plain bool
}

var recordMutex sync.Mutex

// record appends the exchange to the file that HTTPADAPTER_RECORD names, if it names one.
func (c call) record(h http.Handler, r *http.Request, w *httptest.ResponseRecorder) {
	file := os.Getenv("HTTPADAPTER_RECORD")
	handler, ok := h.(*Handler)
	if file == "" || !ok {
		return
	}
	rt, order, _ := handler.locate(r.URL.Path)
	if rt == nil {
		return // no route, and so nothing that the document describes
	}
	path := strings.Replace(rt.template(), "{OrderID}", order, 1)
	line, err := json.Marshal(recording{Method: r.Method, Path: path, Template: rt.template(), Query: r.URL.RawQuery, Body: c.body,
		Header: r.Header, Status: w.Code, Answer: w.Body.String(), AnswerHeader: w.Header(),
		Plain: !handler.config.camel && !strings.Contains(strings.ToLower(r.URL.RawQuery), "jsconfig")})
	if err != nil {
		panic(err)
	}
	recordMutex.Lock()
	defer recordMutex.Unlock()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
}
