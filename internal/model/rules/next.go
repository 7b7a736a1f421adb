package rules

import "strconv"

// Fault is a mistake that is planted into the rules.
type Fault int

// The mistakes.
const (
	// NoFault is none.
	NoFault Fault = iota
	// SecondObject begins anew while the first object is in doubt.
	SecondObject
	// MarkerEarly lets a payment give its order up before the gateway has canceled it.
	MarkerEarly
	// Timer gives a doubt up because it is old, without a cancellation.
	Timer
	// NoFence writes whatever was written meanwhile.
	NoFence
	// ObjectEachTime makes a new object with each request.
	ObjectEachTime
	// CallFirst asks for the money before the row is stored as sent.
	CallFirst
)

// successor is what may follow, and by what: the name is written only where a path is told.
type successor struct {
	state state
	who   int // a process, below zero for none
	what  string
	place int // of a row or object, below zero for none
}

// name tells what happens.
func (n successor) name() string {
	s := n.what
	if n.who >= 0 {
		s = name(n.who) + ": " + s
	}
	if n.place >= 0 {
		s += " " + strconv.Itoa(n.place)
	}
	return s
}

// next returns all states that may follow.
func next(s state, cards [clients]card, f Fault) (list []successor) {
	add := func(who int, what string, place int, change func(n *state)) {
		n := s
		change(&n)
		list = append(list, successor{n, who, what, place})
	}
	for p := range processes {
		list = append(list, s.steps(p, cards, f)...)
		switch at := s.processes[p].step; {
		case at == idle && p < clients:
			add(p, "begins", -1, func(n *state) { n.processes[p] = process{step: find} })
		case at != idle && at != done && s.crashes > 0:
			add(p, dies[at], -1, func(n *state) {
				n.crashes--
				n.processes[p] = process{}
				for i := range n.rows {
					if int(n.rows[i].owner) == p+1 {
						n.rows[i].owner = dead
					}
				}
			})
		}
	}
	for i := range int(s.made) {
		switch owner := s.rows[i].owner; {
		case owner == 0:
		case owner == dead, s.processes[owner-1].step == done, s.processes[owner-1].step == idle:
			add(-1, "the lease ends of row", i, func(n *state) { n.rows[i].owner = 0 })
		case s.pauses > 0:
			add(int(owner)-1, "pauses until its lease ends of row", i, func(n *state) {
				n.pauses--
				n.rows[i].owner = 0
			})
		}
		doubt := s.rows[i].status == unknown || s.rows[i].request != closed || s.rows[i].void
		if r := s.rows[i]; s.looks > 0 && s.processes[reconciler].step == idle && r.owner == 0 && (doubt || r.status == action || r.status == declined) {
			add(reconciler, "looks at row", i, func(n *state) {
				n.looks--
				n.processes[reconciler] = process{step: lease, row: uint8(i)} //nolint:gosec // a handful
			})
		}
		if r := s.rows[i]; s.events > 0 && s.processes[handler].step == idle && r.object != 0 && r.owner == 0 {
			add(-1, "an event comes of row", i, func(n *state) {
				n.events--
				n.processes[handler] = process{step: fetch, row: uint8(i), fresh: true} //nolint:gosec // a handful
			})
		}
	}
	return append(list, s.atTheGateway()...)
}

// atTheGateway returns what happens to the objects without a process of ours.
func (s state) atTheGateway() (list []successor) {
	add := func(what string, place int, change func(o *object)) {
		n := s
		change(&n.objects[place])
		list = append(list, successor{n, -1, what, place})
	}
	for i := range int(s.things) {
		if s.objects[i].late {
			add("the late request arrives for object", i, func(o *object) {
				o.late = false
				o.confirm()
			})
		}
		if s.objects[i].status == action {
			add("the payer authenticates, of object", i, func(o *object) { o.status = paid })
		}
	}
	return list
}

func name(p int) string {
	switch p {
	case reconciler:
		return "reconcile"
	case handler:
		return "the event's handler"
	default:
		return "client " + strconv.Itoa(p)
	}
}

// confirm asks the object for the money, as the gateway does it: once at the most.
func (o *object) confirm() {
	if o.status != created {
		return
	}
	switch o.tries++; o.card {
	case good:
		o.status = paid
	case bad:
		o.status = declined
	case secure:
		o.status = action
	}
}

// attach gives an object that is not paid another card.
func (o *object) attach(c card) bool {
	if o.status == paid || o.status == canceled {
		return false
	}
	o.status, o.card = created, c
	return true
}

// steps returns what one process may do: one step, or several where the network decides.
func (s state) steps(p int, cards [clients]card, f Fault) (list []successor) {
	me := s.processes[p]
	if me.step == idle || me.step == done {
		return nil
	}
	what := steps[me.step]
	n := s
	switch me.step {
	case find:
		if !n.find(p, cards[p%clients], f) {
			return nil // it waits
		}
	case confirm, ask:
		return s.confirming(p, what)
	case fetch:
		r := n.rows[me.row]
		if !me.fresh { // it reads both, the row first
			n.processes[p].fresh = true
		}
		o := n.of(r)
		n.processes[p].saw, n.processes[p].tries, n.processes[p].direct = o.status, o.tries, false
		return append(list, n.judged(p)...)
	default:
		n.own(p, cards[p%clients], f)
	}
	return append(list, successor{n, p, what, -1})
}

// confirming asks for the money: it is answered, or the answer is lost, or the request is late.
func (s state) confirming(p int, what string) (list []successor) {
	me := s.processes[p]
	at := s.rows[me.row].object
	if me.object != 0 {
		at = me.object
	}
	n := s
	n.objects[at-1].confirm()
	o := n.objects[at-1]
	after := fold
	if me.step == ask && !n.rows[me.row].evidence(o.status, o.tries, false) {
		after = free
	}
	n.processes[p].step, n.processes[p].saw, n.processes[p].tries, n.processes[p].direct = after, o.status, o.tries, me.step == confirm
	list = append(list, successor{n, p, what, -1})
	if s.lost == 0 {
		return list
	}
	n.lost--
	n.processes[p].step, n.processes[p].saw, n.processes[p].direct = fetch, none, false
	list = append(list, successor{n, p, "confirm, whose answer is lost", -1})
	n = s
	n.lost--
	n.objects[at-1].late = true
	n.processes[p].step, n.processes[p].direct = fetch, false
	return append(list, successor{n, p, "confirm, which is late", -1})
}

// judged says what follows from what was fetched: it is folded, or the request is made again, or given up.
func (s state) judged(p int) (list []successor) {
	me, r := s.processes[p], s.rows[s.processes[p].row]
	to := func(at step, why string) {
		n := s
		n.processes[p].step = at
		list = append(list, successor{n, p, why, -1})
	}
	seen := r.request == sent && r.evidence(me.saw, me.tries, false) || r.void && (me.saw == paid || me.saw == canceled)
	switch {
	case p == handler, r.request == closed && !r.void, seen:
		to(fold, "fetch, which tells")
	case r.void:
		to(cancel, "fetch, and cancel again")
	case me.tried:
		to(free, "fetch, which still tells nothing")
	case p == reconciler:
		to(again, "fetch, the doubt is young")
		to(giveUp, "fetch, the doubt is old")
	default:
		to(again, "fetch, which tells nothing")
	}
	return list
}
