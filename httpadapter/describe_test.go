package httpadapter

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files and the table in docs/wire.md")

// golden compares a text with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v, or it differs; -update writes it. Got\n%s", file, err, got)
	}
}

// TestDescriptionsGolden holds the generated DTOs, in both casings, to files that a person has read.
func TestDescriptionsGolden(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{"python": "/types/python", "typescript": "/types/typescript", "csharp": "/types/csharp",
		"metadata": "/metadata"} {
		for casing, change := range map[string]func(*Options){"": nil, ".camel": func(o *Options) { o.Casing = Camel }} {
			w := call{method: "GET", target: target, user: "-"}.do(newHandler(t, &fakeService{}, change))
			if w.Code != 200 {
				t.Errorf("%s: answer %d", target, w.Code)
			}
			golden(t, filepath.Join("testdata", "describe", name+casing+".txt"), w.Body.String())
		}
	}
}

// TestDescriptionsAreOpen shows that they need no credentials, tell nothing of anybody, and can be left out.
func TestDescriptionsAreOpen(t *testing.T) {
	t.Parallel()
	svc := &fakeService{}
	h := newHandler(t, svc, func(o *Options) { o.BasePath = "/pay" })
	closed := newHandler(t, svc, func(o *Options) { o.NoDescriptions = true })
	for _, rt := range descriptions {
		for _, verb := range verbs {
			for _, target := range []string{rt.path, strings.ToUpper(rt.path) + "/"} {
				w := call{method: verb, target: "/pay" + target, user: "-", body: "x", headers: map[string]string{"Sec-Fetch-Site": "cross-site"}}.do(h)
				want := 405
				if slices.Contains(strings.Split(rt.allow, ", "), verb) {
					want = 200
				}
				if w.Code != want || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s: answer %d %v", verb, target, w.Code, w.Header())
				}
			}
		}
		if w := (call{method: "GET", target: rt.path}).do(closed); w.Code != 404 {
			t.Errorf("%s: answer %d where it is left out", rt.path, w.Code)
		}
	}
	if svc.calls() != 0 {
		t.Error("the service was asked")
	}
}

// TestOneSourceOfRoutes compares the route table with the OpenAPI document, /metadata and docs/wire.md: a route that is in
// one of them and not in the others fails here.
func TestOneSourceOfRoutes(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	_, page := metadata(newHandler(t, &fakeService{}, nil))
	var table strings.Builder
	table.WriteString("| path | verbs | what for |\n|---|---|---|\n")
	for _, rt := range routes {
		path := rt.template()
		var listed, allowed []string
		for verb := range doc.Paths[path] {
			listed = append(listed, strings.ToUpper(verb))
		}
		allowed = strings.Split(rt.allow, ", ")
		slices.Sort(listed)
		slices.Sort(allowed)
		if !slices.Equal(listed, allowed) {
			t.Errorf("%s: OpenAPI has %v, the route table %v", path, listed, allowed)
		}
		delete(doc.Paths, path)
		if !strings.Contains(string(page), "<code>"+path+"</code>") || rt.summary == "" {
			t.Errorf("%s: not on /metadata, or without a summary", path)
		}
		table.WriteString("| `" + path + "` | " + rt.allow + " | " + rt.summary + " |\n")
	}
	for path := range doc.Paths {
		t.Errorf("%s: in OpenAPI only", path)
	}
	const file, begin, end = "../docs/wire.md", "<!-- routes -->\n", "<!-- /routes -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table of routes", file)
	}
	golden(t, file, head+begin+table.String()+end+tail)
}

// TestOneSourceOfMembers compares the DTOs' members with those of the OpenAPI document.
func TestOneSourceOfMembers(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes() {
		listed := doc.Components.Schemas[s.name].Properties
		if len(s.members) == 0 || len(listed) != len(s.members) {
			t.Errorf("%s: %d members, %d in OpenAPI", s.name, len(s.members), len(listed))
		}
		for _, m := range s.members {
			if listed[m.pascal] == nil {
				t.Errorf("%s.%s is not in OpenAPI", s.name, m.pascal)
			}
			if camelName(m.pascal) != m.camel {
				t.Errorf("%s: %s and %s", s.name, m.camel, camelName(m.pascal))
			}
		}
	}
	w := call{method: "GET", target: "/openapi.json"}.do(newHandler(t, &fakeService{}, nil))
	if w.Body.String() != string(openAPI) || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("the document is served otherwise: %v", w.Header())
	}
}

func TestSnakeNames(t *testing.T) {
	t.Parallel()
	// The seed's own spellings.
	for pascal, want := range map[string]string{"ID": "id", "CustomerID": "customer_i_d", "OrderHeaderID": "order_header_i_d", "UID": "uid",
		"AgentId": "agent_id", "CCV": "ccv", "PublicOrderID": "public_order_i_d", "TransactionId": "transaction_id", "ExpDate": "exp_date"} {
		if got := snakeName(pascal); got != want {
			t.Errorf("%s: %s, want %s", pascal, got, want)
		}
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	for name, table := range map[string][]route{
		"path": {{name: "a", path: "/v1/x"}, {name: "b", path: "/V1/X"}}, "name": {{name: "a", path: "/a"}, {name: "a", path: "/b"}},
		"orders": {{name: "a", path: "/v1/x", order: true}, {name: "b", path: "/v1/x", order: true}},
	} {
		if err := collision(table); err == nil || !strings.Contains(err.Error(), "collide") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := collision(routes); err != nil {
		t.Error(err)
	}
}
