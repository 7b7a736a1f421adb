package httpadapter

import (
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the tokens of one JSON text (RFC 8259) and nothing that is only nearly JSON. The text must be valid UTF-8;
// what a string's escapes spell is checked here. encoding/json is not used because it takes the last of two equal members,
// turns what is not UTF-8 into U+FFFD, so that two different ids become one, and reads past the end of the first value.
type scanner struct {
	data []byte
	pos  int
	// text holds the string read last, where it had escapes.
	text []byte
}

// next skips white space and returns the byte that follows, or 0 at the end (a NUL stands nowhere in a JSON text, so that
// the two need not be told apart: either is refused).
func (s *scanner) next() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// end reports whether nothing but white space is left.
func (s *scanner) end() bool {
	s.next()
	return s.pos == len(s.data)
}

// literal reads true, false or null.
func (s *scanner) literal(word string) bool {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return false
	}
	s.pos += len(word)
	return true
}

// str reads a string, whose first quote is the next byte, and returns what it spells. The bytes are good until the next
// call. NUL is refused: PostgreSQL cannot store it, and no value that is meant has one.
func (s *scanner) str() ([]byte, bool) {
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], true
		case c == '\\':
			s.text = append(s.text[:0], s.data[start:s.pos]...)
			return s.escaped()
		case c < ' ':
			return nil, false
		default:
			s.pos++
		}
	}
	return nil, false
}

// escaped reads the rest of a string from its first backslash on.
func (s *scanner) escaped() ([]byte, bool) {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.text, true
		case c < ' ':
			return nil, false
		case c != '\\':
			s.text = append(s.text, c)
			s.pos++
		case !s.escape():
			return nil, false
		}
	}
	return nil, false
}

// escape reads one escape, from its backslash on, into text.
func (s *scanner) escape() bool {
	if s.pos+1 >= len(s.data) {
		return false
	}
	c := s.data[s.pos+1]
	if c == 'u' {
		return s.unicode()
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(from) {
		if from[i] == c {
			s.text = append(s.text, to[i])
			s.pos += 2
			return true
		}
	}
	return false
}

// unicode reads \uXXXX, or two of them that are one character. Half of such a pair alone spells no character.
func (s *scanner) unicode() bool {
	r, ok := s.hex()
	if ok && utf16.IsSurrogate(r) {
		low, isLow := s.hex()
		r = utf16.DecodeRune(r, low)
		ok = isLow && r != utf8.RuneError
	}
	if !ok || r == 0 {
		return false
	}
	s.text = utf8.AppendRune(s.text, r)
	return true
}

// hex reads one \uXXXX.
func (s *scanner) hex() (rune, bool) {
	if len(s.data)-s.pos < 6 || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.data[s.pos+2 : s.pos+6] {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= lower(c) && lower(c) <= 'f':
			r |= rune(lower(c) - 'a' + 10)
		default:
			return 0, false
		}
	}
	s.pos += 6
	return r, true
}

// number reads a number and returns its own spelling, so that no digit of a long one is lost.
func (s *scanner) number() ([]byte, bool) {
	start := s.pos
	s.accept("-")
	switch {
	case s.accept("0"):
	case s.digits() == 0:
		return nil, false
	}
	if s.accept(".") && s.digits() == 0 {
		return nil, false
	}
	if s.accept("eE") {
		s.accept("+-")
		if s.digits() == 0 {
			return nil, false
		}
	}
	return s.data[start:s.pos], true
}

// accept reads one byte of the set, if it is next.
func (s *scanner) accept(set string) bool {
	if s.pos < len(s.data) {
		for i := range len(set) {
			if s.data[s.pos] == set[i] {
				s.pos++
				return true
			}
		}
	}
	return false
}

// digits reads decimal digits and returns how many there were.
func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}
