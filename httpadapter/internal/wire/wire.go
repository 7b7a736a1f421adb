// Package wire is what httpadapter and its formats say to each other: an answer as a tree of members, and a request as a
// sequence of calls. It is internal so that a client secret, which an answer may hold, meets no code but the two packages'.
package wire

import (
	"errors"
	"time"
)

// Kind is what a member of an answer holds.
type Kind int

// The kinds. Null is the zero value: a member that nothing was said about has no value.
const (
	Null Kind = iota
	Text
	Bool
	Int
	Date
	Object
	List
)

// Node is one member of an answer, or the answer itself.
type Node struct {
	// Name is the member's name in PascalCase. The elements of a list have the name of their type.
	Name string
	// Kind tells which of the fields below holds the value.
	Kind Kind
	// Text is the value of a text.
	Text string
	// Bool is the value of a truth value.
	Bool bool
	// Int is the value of a number.
	Int int64
	// Time is the value of a date; the zero time is .NET's minimum date.
	Time time.Time
	// Members are those of an object, or the elements of a list.
	Members []Node
}

// Codec writes answers and reads requests in one format.
type Codec interface {
	// Name is the format's name: the suffix of a path and the value of ?format=, in lower case.
	Name() string
	// ContentType is the Content-Type of answers.
	ContentType() string
	// MediaTypes are the types without parameters by which Accept asks for the format and a body says that it is in it.
	MediaTypes() []string
	// Disposition is the Content-Disposition of answers, empty for none.
	Disposition() string
	// Append appends an answer: an Object named CustomerPaymentsResponse or ErrorResponse, or a List of those.
	Append(dst []byte, answer *Node) []byte
	// Read reads a body in valid UTF-8 and says what it finds there to the sink, whose errors it returns as they are. A body
	// that is not of the format is ErrSyntax.
	Read(body []byte, into Sink) error
}

// Sink takes what a request says, member by member. The bytes are good until the call returns. A name is nil for the
// request itself and for the elements of a list. The sink refuses names that stand twice and what is nested too deep.
type Sink interface {
	// Open begins an object; members follow until Close. known is false for one that nobody reads.
	Open(name []byte) (known bool, err error)
	// OpenList begins a list; elements follow until Close.
	OpenList(name []byte) error
	// Close ends the object or list begun last.
	Close()
	// Text is a member with a text, a number or a truth value.
	Text(name, value []byte) error
	// Null is a member without a value.
	Null(name []byte) error
}

// ErrSyntax is a text that is not of its format.
var ErrSyntax = errors.New("wire: not of the format")
