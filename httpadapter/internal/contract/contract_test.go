package contract_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// exchange is what the suite records; see httpadapter/record_test.go.
type exchange struct {
	Method, Path, Template, Query, Body string
	Header                              http.Header
	Status                              int
	Answer                              string
	AnswerHeader                        http.Header
	Plain                               bool
}

// load reads the document and checks that it is one.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	return doc
}

// record runs the test suites of httpadapter and returns their exchanges.
func record(t *testing.T) []exchange {
	t.Helper()
	file := filepath.Join(t.TempDir(), "exchanges")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", ".")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "HTTPADAPTER_RECORD="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the suite fails: %v\n%s", err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []exchange
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// plain reads bodies that the document only says are text.
func plain(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
	text, err := io.ReadAll(body)
	return string(text), err
}

// route finds the document's operation of an exchange. A wrong verb has none: it is held to what another verb answers.
func route(doc *openapi3.T, e *exchange) *routers.Route {
	item := doc.Paths.Value(e.Template)
	if item == nil {
		return nil
	}
	rt := &routers.Route{Spec: doc, Path: e.Template, PathItem: item, Method: e.Method, Operation: item.GetOperation(strings.ToUpper(e.Method))}
	if e.Status == http.StatusMethodNotAllowed {
		for _, op := range []*openapi3.Operation{item.Post, item.Get} {
			if op != nil {
				rt.Operation = op
				break
			}
		}
	}
	return rt
}

// TestSuiteIsAsDocumented checks every request that the suite sends and the adapter takes, and every answer.
func TestSuiteIsAsDocumented(t *testing.T) {
	doc := load(t)
	for _, kind := range []string{"text/javascript", "text/html", "text/csv", "application/xml", "application/jsv", "text/plain", "text/json",
		"application/x-www-form-urlencoded"} {
		decoder := openapi3filter.BodyDecoder(plain)
		if kind == "text/json" {
			decoder = openapi3filter.RegisteredBodyDecoder("application/json")
		}
		openapi3filter.RegisterBodyDecoder(kind, decoder)
	}
	requests, answers := 0, 0
	seen := map[string]bool{}
	for _, e := range record(t) {
		if e.Method == http.MethodGet && (e.Status == http.StatusConflict || e.Status == http.StatusUnprocessableEntity) {
			continue // what the suite's service is told to say; no real one says that to a GET
		}
		rt := route(doc, &e)
		if rt == nil || rt.Operation == nil {
			if e.Status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: answered %d, but not documented", e.Method, e.Template, e.Status)
			}
			continue
		}
		asked, checkAnswer, err := check(rt, &e)
		if err != nil {
			t.Errorf("%s %s?%s %d: %v\nrequest %s\nanswer %s", e.Method, e.Path, e.Query, e.Status, err, e.Body, e.Answer)
		}
		if asked {
			requests++
		}
		if checkAnswer {
			answers++
		}
		seen[fmt.Sprintf("%s %s", e.Method, e.Template)] = true
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !seen[method+" "+path] {
				t.Errorf("%s %s is documented, but not in the suite", method, path)
			}
		}
	}
	if requests < 500 || answers < 1000 {
		t.Errorf("only %d requests and %d answers", requests, answers)
	}
	t.Logf("%d requests and %d answers are as documented", requests, answers)
}

// check holds one exchange to its operation.
func check(rt *routers.Route, e *exchange) (request, answer bool, err error) {
	ctx := context.Background()
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true,
		IncludeResponseStatus: true}
	r, err := http.NewRequestWithContext(ctx, e.Method, "http://x"+(&escaped{e.Path}).String()+"?"+e.Query, strings.NewReader(e.Body))
	if err != nil {
		return false, false, err
	}
	r.Header = e.Header
	params := map[string]string{}
	if before, _, ok := strings.Cut(e.Template, "{OrderID}"); ok {
		params["OrderID"] = strings.TrimPrefix(e.Path, before)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: rt, Options: options}
	writes := slices.Contains([]string{http.MethodPost, http.MethodPut}, e.Method)
	if e.Status < http.StatusBadRequest {
		// The elements of a batch are judged alone and may be anything, and the validator's JSON has no byte order mark.
		options.ExcludeRequestBody = !writes || e.Body == "" || e.Header.Get("Content-Type") == "" ||
			strings.HasSuffix(e.Template, "[]") || strings.HasPrefix(e.Body, "\ufeff")
		// Where JSONP is off a callback is a parameter like any other that nobody knows.
		options.ExcludeRequestQueryParams = strings.Contains(e.Query, "callback") &&
			!strings.HasPrefix(e.AnswerHeader.Get("Content-Type"), "text/javascript")
		if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
			return false, false, fmt.Errorf("request: %w", err)
		}
		request = true
	}
	kind := e.AnswerHeader.Get("Content-Type")
	if e.Method == http.MethodHead || e.Method == http.MethodOptions || !e.Plain && strings.HasPrefix(kind, "application/json") {
		// The document has the status; a body there is none, or it is spelled as jsconfig asks.
		if rt.Operation.Responses.Status(e.Status) == nil && e.Status != http.StatusMethodNotAllowed {
			return request, false, fmt.Errorf("status %d is not documented", e.Status)
		}
		return request, false, nil
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: e.Status, Header: e.AnswerHeader, Options: options}
	out.SetBodyBytes([]byte(e.Answer))
	if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
		return request, false, fmt.Errorf("answer: %w", err)
	}
	return request, true, nil
}

// escaped is a path as a request line has it.
type escaped struct{ path string }

func (e *escaped) String() string {
	var b strings.Builder
	for _, c := range []byte(e.path) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`%?#[]"\`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
