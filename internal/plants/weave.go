package plants

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// Compiling the module once a plant would take minutes, so the plants are woven: a function that bugs are planted in gets a
// twin for each bug, and calls the one whose number the environment names. One compilation of a finder has all bugs in it then,
// asleep, and each run wakes one. What is not inside one function cannot be woven; it is compiled alone.

// env names the plant that is awake, by its number.
const env = "PAYMENTS_PLANT"

// awake is the source that each package with woven functions gets beside its own.
const awake = `package %s

import (
	plantOS "os"
	plantConv "strconv"
)

var plantAwake, _ = plantConv.Atoi(plantOS.Getenv("` + env + `"))
`

// errAlone tells that a plant changes something that is not one function.
var errAlone = errors.New("plants: the plant cannot be woven")

// source is one parsed Go file.
type source struct {
	text string
	fset *token.FileSet
	file *ast.File
}

func parse(text string) (source, error) {
	s := source{text: text, fset: token.NewFileSet()}
	var err error
	s.file, err = parser.ParseFile(s.fset, "", text, parser.SkipObjectResolution)
	return s, err
}

// cut returns the text of a node.
func (s source) cut(n ast.Node) string {
	return s.text[s.fset.Position(n.Pos()).Offset:s.fset.Position(n.End()).Offset]
}

// twin is a function with a bug in it.
type twin struct {
	plant int
	text  string
}

// weave returns the file with all the changed texts of it woven in, by the plants' numbers.
func weave(original string, changed map[int]string) ([]byte, error) {
	base, err := parse(original)
	if err != nil {
		return nil, err
	}
	twins := map[*ast.FuncDecl][]twin{}
	for n, text := range changed {
		f, t, err := base.differs(text)
		if err != nil {
			return nil, err
		}
		twins[f] = append(twins[f], twin{n, t})
	}
	var b bytes.Buffer
	at := 0
	for _, d := range base.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || twins[f] == nil {
			continue
		}
		name, end := base.fset.Position(f.Name.Pos()).Offset, base.fset.Position(f.End()).Offset
		b.WriteString(original[at:name] + "plantNone_" + original[name:end] + "\n\n" + base.choose(f, twins[f]))
		for _, t := range twins[f] {
			b.WriteString(t.text)
		}
		at = end
	}
	b.WriteString(original[at:])
	return format.Source(b.Bytes())
}

// differs returns the function that is another in a changed text of the file, and that other under a name of its own.
func (s source) differs(text string) (*ast.FuncDecl, string, error) {
	other, err := parse(text)
	if err != nil {
		return nil, "", err
	}
	if len(other.file.Decls) != len(s.file.Decls) {
		return nil, "", errAlone
	}
	var found *ast.FuncDecl
	var twin string
	for i, d := range s.file.Decls {
		if s.cut(d) == other.cut(other.file.Decls[i]) {
			continue
		}
		f, ok := d.(*ast.FuncDecl)
		if !ok || found != nil {
			return nil, "", errAlone
		}
		found, twin = f, other.cut(other.file.Decls[i])
	}
	if found == nil {
		return nil, "", errAlone
	}
	return found, twin, nil
}

// choose returns the function that calls the twin that is awake, or the original.
func (s source) choose(f *ast.FuncDecl, twins []twin) string {
	receiver, on := "", ""
	if f.Recv != nil {
		receiver, on = "(plantOn "+s.cut(f.Recv.List[0].Type)+") ", "plantOn."
	}
	var params, args []string
	for _, p := range f.Type.Params.List {
		for range max(1, len(p.Names)) {
			arg := "plantArg" + strconv.Itoa(len(args))
			params = append(params, arg+" "+s.cut(p.Type))
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	results, answer := "", ""
	if f.Type.Results != nil {
		results, answer = s.cut(f.Type.Results), "return "
	}
	var b strings.Builder
	fmt.Fprintf(&b, "func %s%s(%s) %s {\n\tswitch plantAwake {\n", receiver, f.Name.Name, strings.Join(params, ", "), results)
	call := "(" + strings.Join(args, ", ") + ")\n"
	for i := range twins {
		name := "plant" + strconv.Itoa(twins[i].plant) + "_" + f.Name.Name
		fmt.Fprintf(&b, "\tcase %d:\n\t\t%s%s%s%s", twins[i].plant, answer, on, name, call)
		twins[i].text = strings.Replace(twins[i].text, " "+f.Name.Name+"(", " "+name+"(", 1) + "\n\n"
	}
	fmt.Fprintf(&b, "\tdefault:\n\t\t%s%splantNone_%s%s\t}\n}\n\n", answer, on, f.Name.Name, call)
	return b.String()
}
