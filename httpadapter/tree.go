package httpadapter

import (
	"time"

	"github.com/trendsic/payments/httpadapter/internal/wire"
)

// treeWriter makes an answer's tree, from which every format but JSON is written.
type treeWriter struct {
	// open are the objects and lists that are not ended, the innermost last.
	open []*wire.Node
}

// tree returns the answer as a tree: an object, or the list of a batch.
func (x *exchange) tree() *wire.Node {
	if x.list == nil {
		return x.out.tree()
	}
	list := &wire.Node{Name: "CustomerPaymentsResponse", Kind: wire.List}
	for i := range x.list {
		answer := *x.list[i].tree()
		answer.Name = list.Name // the elements of a list are of one type
		list.Members = append(list.Members, answer)
	}
	return list
}

// tree returns one answer as a tree.
func (r *response) tree() *wire.Node {
	root := &wire.Node{Name: "CustomerPaymentsResponse", Kind: wire.Object}
	if r.bare {
		root.Name = "ErrorResponse"
	}
	r.members(&treeWriter{open: []*wire.Node{root}})
	return root
}

// add adds a member to the innermost object or list.
func (w *treeWriter) add(n wire.Node) *wire.Node {
	top := w.open[len(w.open)-1]
	top.Members = append(top.Members, n)
	return &top.Members[len(top.Members)-1]
}

// push adds an object or a list and opens it. Nothing is added beside it while it is open, so that its place stays.
func (w *treeWriter) push(n wire.Node) { w.open = append(w.open, w.add(n)) }

func (w *treeWriter) begin(n name)       { w.push(wire.Node{Name: n.plain, Kind: wire.Object}) }
func (w *treeWriter) end()               { w.open = w.open[:len(w.open)-1] }
func (w *treeWriter) beginList(n name)   { w.push(wire.Node{Name: n.plain, Kind: wire.List}) }
func (w *treeWriter) element(typ string) { w.push(wire.Node{Name: typ, Kind: wire.Object}) }
func (w *treeWriter) endList()           { w.end() }
func (w *treeWriter) null(n name)        { w.add(wire.Node{Name: n.plain}) }

func (w *treeWriter) boolean(n name, v bool) {
	w.add(wire.Node{Name: n.plain, Kind: wire.Bool, Bool: v})
}

func (w *treeWriter) integer(n name, v int64) {
	w.add(wire.Node{Name: n.plain, Kind: wire.Int, Int: v})
}

func (w *treeWriter) date(n name, t time.Time) {
	w.add(wire.Node{Name: n.plain, Kind: wire.Date, Time: t})
}

func (w *treeWriter) text(n name, s string) {
	if s == "" {
		w.null(n)
		return
	}
	w.add(wire.Node{Name: n.plain, Kind: wire.Text, Text: s})
}
