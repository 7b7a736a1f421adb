package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// script writes down what a reader says.
type script struct {
	b    strings.Builder
	stop string
}

var errStop = errors.New("stop")

func (s *script) say(word string, name []byte) error {
	s.b.WriteString(word + string(name) + " ")
	if s.stop != "" && string(name) == s.stop {
		return errStop
	}
	return nil
}

func (s *script) Open(name []byte) (bool, error) { return true, s.say("{", name) }
func (s *script) OpenList(name []byte) error     { return s.say("[", name) }
func (s *script) Close()                         { s.b.WriteString("} ") }
func (s *script) Null(name []byte) error         { return s.say("-", name) }

func (s *script) Text(name, value []byte) error {
	err := s.say("", name)
	s.b.WriteString("=" + string(value) + " ")
	return err
}

func TestReadJSV(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`:                               `{ } `,
		`{A:b}`:                            `{ A =b } `,
		`{A:}`:                             `{ -A } `,
		`{A:b c,D:http://x/y}`:             `{ A =b c D =http://x/y } `,
		`{A:"b, ""c"" {d}"}`:               `{ A =b, "c" {d} } `,
		`{A:""}`:                           `{ A = } `,
		`{"A ""b""":"""c"}`:                `{ A "b" ="c } `,
		`{A:{B:{C:d}},E:[f,{G:h},[],"i"]}`: `{ {A {B C =d } } [E  =f { G =h } [ }  =i } } `,
		`{A:[,]}`:                          `{ [A - - } } `,
	} {
		s := new(script)
		if err := wire.ReadJSV(nil, []byte(text), s); err != nil || s.b.String() != want {
			t.Errorf("%s: %v %q, want %q", text, err, s.b.String(), want)
		}
	}
	for _, text := range []string{``, `x`, `[]`, `{`, `{A`, `{A:`, `{A:b`, `{A:b,`, `{A:b,}`, `{A:b}x`, `{:b}`, `{A:b"}`, `{A:"b}`, `{"A"b}`, `{A:[b}`, `{A:[b`, `{A:[`, `{A:{}`} {
		if err := wire.ReadJSV(nil, []byte(text), new(script)); !errors.Is(err, wire.ErrSyntax) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, name := range []string{"A", "B", "C", "D"} {
		if err := wire.ReadJSV(nil, []byte(`{A:{B:[{C:}],D:e}}`), &script{stop: name}); !errors.Is(err, errStop) {
			t.Errorf("the sink said stop at %s: %v", name, err)
		}
	}
}
