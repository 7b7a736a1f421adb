package checks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// source is one Go file of the module.
type source struct {
	path string
	file *ast.File
	fset *token.FileSet
	text string
}

// sources parses every Go file of the repository, the nested modules' too.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path, file, fset, string(text)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("only %d files found: the walk is broken", len(all))
	}
	return all
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) lines(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

func (s source) generated() bool { return ast.IsGenerated(s.file) }

func TestFunctionsFitAScreen(t *testing.T) {
	t.Parallel()
	for _, src := range sources(t) {
		for _, d := range src.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && src.lines(f) > 60 && !src.test() {
				t.Errorf("%s: %s has %d lines; 60 are the most", src.path, f.Name.Name, src.lines(f))
			}
		}
	}
}

func TestFilesHaveOneSubject(t *testing.T) {
	t.Parallel()
	for _, src := range sources(t) {
		if n := strings.Count(src.text, "\n"); n > 500 && !src.generated() {
			t.Errorf("%s has %d lines; 500 are the most", src.path, n)
		}
	}
}

func TestExportsAreDocumented(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, src := range sources(t) {
		if src.test() {
			continue
		}
		dir := filepath.Dir(src.path)
		packages[dir] = packages[dir] || src.file.Doc != nil
		for _, d := range src.file.Decls {
			checkDocumented(t, src, d)
		}
	}
	for dir, documented := range packages {
		if !documented {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

func checkDocumented(t *testing.T, src source, d ast.Decl) {
	t.Helper()
	report := func(name string, n ast.Node) {
		t.Errorf("%s: %s has no comment", src.fset.Position(n.Pos()), name)
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			report(d.Name.Name, d)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					report(spec.Name.Name, spec)
				}
				if spec.Name.IsExported() {
					checkMembers(t, src, spec)
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
						report(name.Name, spec)
					}
				}
			}
		}
	}
}

// checkMembers wants a comment on each exported field, or on the group of fields that it stands in, and on each method of
// an interface.
func checkMembers(t *testing.T, src source, spec *ast.TypeSpec) {
	t.Helper()
	var fields *ast.FieldList
	group := false
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		fields, group = typ.Fields, true
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		return
	}
	documented, last := false, 0
	for _, f := range fields.List {
		line := src.fset.Position(f.Pos()).Line
		adjacent := group && line == last+1
		documented = f.Doc != nil || f.Comment != nil || adjacent && documented
		last = src.fset.Position(f.End()).Line
		for _, name := range f.Names {
			if name.IsExported() && !documented {
				t.Errorf("%s: %s.%s has no comment", src.fset.Position(f.Pos()), spec.Name.Name, name.Name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	name, ok := typ.(*ast.Ident)
	return !ok || name.IsExported()
}

func TestExamples(t *testing.T) {
	t.Parallel()
	n := 0
	for _, src := range sources(t) {
		if !src.test() {
			continue
		}
		for _, d := range src.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Example") {
				continue
			}
			body := src.text[f.Pos()-1 : f.End()-1]
			if !strings.Contains(body, "// Output:") && !strings.Contains(body, "// Unordered output:") {
				t.Errorf("%s: %s is not run: it has no output", src.path, f.Name.Name)
				continue
			}
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d runnable examples; 20 are the least", n)
	}
}

func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	var code []string
	for _, src := range sources(t) {
		code = append(code, flat(src.text))
	}
	for _, doc := range append([]string{"README.md"}, docs(t)...) {
		text, err := os.ReadFile(filepath.Join(root, doc))
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range goBlocks(string(text)) {
			found := false
			for _, c := range code {
				found = found || strings.Contains(c, flat(block))
			}
			if !found {
				t.Errorf("%s: Go block %d is in no compiled file:\n%s", doc, i+1, block)
			}
		}
	}
}

func docs(t *testing.T) []string {
	t.Helper()
	all, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// goBlocks returns the fenced Go blocks of a Markdown text.
func goBlocks(text string) []string {
	var blocks []string
	for i, part := range strings.Split(text, "```") {
		if code, ok := strings.CutPrefix(part, "go\n"); ok && i%2 == 1 {
			blocks = append(blocks, code)
		}
	}
	return blocks
}

// flat drops indentation and empty lines, so that a block compares wherever it stands.
func flat(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
