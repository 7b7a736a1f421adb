package stripetest

import (
	"slices"
	"strconv"
	"strings"
)

// kind is what a parameter holds.
type kind int

const (
	kindText   kind = iota // may be empty, which unsets it
	kindID                 // a text that must not be empty
	kindInt                // a whole number
	kindBool               // true or false
	kindMap                // free names with texts; empty unsets all
	kindAny                // taken as it is
	kindEnum               // one of some words; an empty one among them unsets it
	kindRange              // a number, or gt, gte, lt, lte
	kindList               // a list
	kindObject             // an object with a schema of its own
	kindOff                // known to Stripe, not emulated
)

// kindNames are the words of the schemas in schemas.go.
var kindNames = map[string]kind{"str": kindText, "id": kindID, "int": kindInt, "bool": kindBool, "map": kindMap,
	"any": kindAny, "range": kindRange, "off": kindOff}

// field is one parameter of a schema.
type field struct {
	kind     kind
	required bool
	words    []string // of an enum
	element  *field   // of a list
	object   *schema  // of an object
}

// schema is the parameters of an operation.
type schema struct {
	fields map[string]*field
	order  []string
}

// schemaOf compiles a schema: a line is names with commas, and a kind. A kind may be a list ([]str), an enum (enum:a|b), an
// object ({ up to a line with }), or a list of objects ([]{). An exclamation mark makes it required. Every operation takes
// expand.
func schemaOf(text string) *schema {
	lines := strings.Split(text+"\nexpand []str", "\n")
	s, rest := compile(lines)
	if len(rest) > 0 {
		panic("stripetest: a schema has a } too many")
	}
	return s
}

// compile reads the lines of one object and returns what follows it.
func compile(lines []string) (*schema, []string) {
	s := &schema{fields: map[string]*field{}}
	for len(lines) > 0 {
		line := strings.TrimSpace(lines[0])
		lines = lines[1:]
		if line == "" {
			continue
		}
		if line == "}" {
			return s, lines
		}
		names, word, ok := strings.Cut(line, " ")
		if !ok {
			panic("stripetest: a schema's line has no kind: " + line)
		}
		var f *field
		f, lines = compileField(strings.TrimSpace(word), lines)
		for name := range strings.SplitSeq(names, ",") {
			s.fields[name] = f
			s.order = append(s.order, name)
		}
	}
	return s, nil
}

// compileField reads one kind.
func compileField(word string, lines []string) (*field, []string) {
	f := &field{}
	word, f.required = strings.CutSuffix(word, "!")
	switch {
	case strings.HasPrefix(word, "[]"):
		f.kind = kindList
		f.element, lines = compileField(word[2:], lines)
	case word == "{":
		f.kind = kindObject
		f.object, lines = compile(lines)
	case strings.HasPrefix(word, "enum:"):
		f.kind, f.words = kindEnum, strings.Split(word[len("enum:"):], "|")
	default:
		k, ok := kindNames[word]
		if !ok {
			panic("stripetest: a schema has an unknown kind: " + word)
		}
		f.kind = k
	}
	return f, lines
}

// check compares the parameters with the schema, in the order of arrival, and then looks for what is missing.
func (s *schema) check(n *node, path []string) *apiError {
	for _, name := range n.keys {
		at := append(slices.Clone(path), name)
		f, ok := s.fields[name]
		if !ok {
			return unknownParam(paramName(at))
		}
		if err := f.check(n.kids[name], at); err != nil {
			return err
		}
	}
	for _, name := range s.order {
		if s.fields[name].required && n.kids[name] == nil {
			return missingParam(paramName(append(slices.Clone(path), name)))
		}
	}
	return nil
}

// check compares one parameter with what it should hold.
func (f *field) check(n *node, path []string) *apiError {
	name := paramName(path)
	switch f.kind {
	case kindAny:
		return nil
	case kindOff:
		return notEmulated(name)
	case kindList:
		return f.checkList(n, path)
	case kindObject:
		if n.leaf {
			if n.text == "" {
				return nil // an empty text unsets it
			}
			return badParam(name, "", "Invalid object")
		}
		return f.object.check(n, path)
	case kindMap:
		return checkMap(n, path)
	case kindRange:
		return checkRange(n, path)
	default:
		if !n.leaf {
			return badParam(name, "", "Invalid string: {}")
		}
		return f.checkText(n.text, name)
	}
}

// checkText checks a single value.
func (f *field) checkText(text, name string) *apiError {
	if text == "" && f.kind != kindText && !slices.Contains(f.words, "") {
		return emptyParam(name)
	}
	switch f.kind {
	case kindInt:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return badParam(name, codeInvalidInteger, "Invalid integer: "+text)
		}
	case kindBool:
		if text != "true" && text != "false" {
			return badParam(name, "", "Invalid boolean: "+text)
		}
	case kindEnum:
		if !slices.Contains(f.words, text) {
			return badParam(name, "", "Invalid "+name+": must be "+oneOf(f.words))
		}
	default:
		if len(text) > 5000 {
			return badParam(name, "", "Invalid string: must be at most 5000 characters")
		}
	}
	return nil
}

// checkList checks the elements of a list, whose names are numbers.
func (f *field) checkList(n *node, path []string) *apiError {
	if n.leaf {
		if n.text == "" {
			return nil
		}
		return badParam(paramName(path), "", "Invalid array")
	}
	for _, name := range n.keys {
		if _, err := strconv.ParseUint(name, 10, 31); err != nil {
			return badParam(paramName(path), "", "Invalid array")
		}
		if err := f.element.check(n.kids[name], append(slices.Clone(path), name)); err != nil {
			return err
		}
	}
	return nil
}

// The bounds of metadata, as Stripe documents them.
const (
	maxMetadataKeys  = 50
	maxMetadataName  = 40
	maxMetadataValue = 500
)

// checkMap checks metadata.
func checkMap(n *node, path []string) *apiError {
	name := paramName(path)
	if n.leaf {
		if n.text == "" {
			return nil
		}
		return badParam(name, "", "Invalid object")
	}
	if len(n.keys) > maxMetadataKeys {
		return badParam(name, "", "You can have at most 50 metadata keys on one object.")
	}
	for _, key := range n.keys {
		kid := n.kids[key]
		switch {
		case !kid.leaf:
			return badParam(name+"["+key+"]", "", "Metadata values must be strings, but you passed in a value of type hash.")
		case len(key) > maxMetadataName:
			return badParam(name, "", "Metadata keys can have up to 40 characters, but you passed in a key that is "+
				strconv.Itoa(len(key))+" characters.")
		case len([]rune(kid.text)) > maxMetadataValue:
			return badParam(name+"["+key+"]", "", "Metadata values can have up to 500 characters, but you passed in a value that is "+
				strconv.Itoa(len([]rune(kid.text)))+" characters.")
		}
	}
	return nil
}

// checkRange checks a moment or a range of moments.
func checkRange(n *node, path []string) *apiError {
	if n.leaf {
		return (&field{kind: kindInt}).checkText(n.text, paramName(path))
	}
	for _, name := range n.keys {
		at := append(slices.Clone(path), name)
		if !slices.Contains([]string{"gt", "gte", "lt", "lte"}, name) {
			return unknownParam(paramName(at))
		}
		if err := (&field{kind: kindInt}).check(n.kids[name], at); err != nil {
			return err
		}
	}
	return nil
}

// oneOf lists words as Stripe does in its messages.
func oneOf(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "" })
	switch len(words) {
	case 1:
		return words[0]
	case 2:
		return "one of " + words[0] + " or " + words[1]
	default:
		return "one of " + strings.Join(words[:len(words)-1], ", ") + ", or " + words[len(words)-1]
	}
}
