package storage

import (
	"slices"
	"strings"
)

// endsTransaction reports whether a text has a statement that would end, or leave, the transaction it runs in. It keeps a
// host from a mistake; it is not a wall against a host that wants to. DDL ends a transaction on MySQL without saying so.
func endsTransaction(query string, mysql bool) bool {
	for words := range statementWords(query, mysql) {
		if ends(words, mysql) {
			return true
		}
	}
	return false
}

// ends judges one statement by its first words, in upper case.
func ends(words []string, mysql bool) bool {
	second := ""
	if len(words) > 1 {
		second = words[1]
	}
	switch words[0] {
	case "COMMIT", "BEGIN", "END", "ABORT", "START", "XA":
		return true
	case "ROLLBACK":
		// Only "ROLLBACK [WORK|TRANSACTION] TO ..." stays inside.
		return !slices.Contains(words[1:], "TO")
	case "PREPARE":
		return second == "TRANSACTION"
	case "SET":
		return slices.Contains(words, "AUTOCOMMIT")
	case "CREATE", "DROP":
		return mysql && second != "TEMPORARY"
	case "ALTER", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "LOCK", "UNLOCK", "ANALYZE", "OPTIMIZE", "REPAIR", "FLUSH",
		"INSTALL", "UNINSTALL", "CHANGE", "STOP", "RESET", "CACHE", "CHECK":
		return mysql
	default:
		return false
	}
}

// firstWords is how many words of a statement are looked at.
const firstWords = 4

// statementWords yields the first words of each statement of a text. It skips comments and whatever is quoted.
func statementWords(query string, mysql bool) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		s := scanner{text: query, mysql: mysql}
		for s.text != "" {
			if words := s.statement(); len(words) > 0 && !yield(words) {
				return
			}
		}
	}
}

// scanner walks through a text of SQL.
type scanner struct {
	text  string
	mysql bool
}

// statement reads to the next semicolon, or the end, and returns the first words.
func (s *scanner) statement() (words []string) {
	for s.text != "" {
		switch c := s.text[0]; {
		case c == ';':
			s.text = s.text[1:]
			return words
		case s.comment():
		case c == '\'' || c == '"' || c == '`':
			s.quoted(c)
		case c == '$' && s.dollar():
		case isWord(c):
			n := 1
			for n < len(s.text) && isWord(s.text[n]) {
				n++
			}
			if len(words) < firstWords {
				words = append(words, strings.ToUpper(s.text[:n]))
			}
			s.text = s.text[n:]
		default:
			s.text = s.text[1:]
		}
	}
	return words
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// comment skips a comment if there is one. What MySQL executes in its comments ("/*! ... */") is no comment.
func (s *scanner) comment() bool {
	switch {
	case strings.HasPrefix(s.text, "--"), s.mysql && s.text[0] == '#':
		_, s.text, _ = strings.Cut(s.text, "\n")
	case strings.HasPrefix(s.text, "/*!"), strings.HasPrefix(s.text, "/*M!"):
		_, s.text, _ = strings.Cut(s.text, "!")
		s.text = strings.TrimLeft(s.text, "0123456789")
	case strings.HasPrefix(s.text, "/*"):
		_, s.text, _ = strings.Cut(s.text[2:], "*/")
	default:
		return false
	}
	return true
}

// quoted skips a quoted text or name. A doubled quote begins a new one at once, which comes to the same. A backslash escapes
// in MySQL's texts.
func (s *scanner) quoted(quote byte) {
	for i := 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			if s.mysql && quote != '`' {
				i++
			}
		case quote:
			s.text = s.text[i+1:]
			return
		}
	}
	s.text = ""
}

// dollar skips a text between PostgreSQL's dollar quotes if there is one.
func (s *scanner) dollar() bool {
	n := 1
	for n < len(s.text) && isWord(s.text[n]) {
		n++
	}
	if s.mysql || n == len(s.text) || s.text[n] != '$' || n > 1 && s.text[1] >= '0' && s.text[1] <= '9' {
		return false
	}
	tag := s.text[:n+1]
	_, s.text, _ = strings.Cut(s.text[n+1:], tag)
	return true
}
