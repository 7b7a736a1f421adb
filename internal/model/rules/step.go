package rules

// find looks at the order's payment and decides what to do (docs/design.md, "POST again"). It reports false where it waits.
func (s *state) find(p int, c card, f Fault) bool {
	me := &s.processes[p]
	i := s.current()
	if i < 0 || !s.rows[i].live {
		me.step = insert
		return true
	}
	r := s.rows[i]
	me.row, me.fresh, me.object, me.tried = uint8(i), true, 0, false //nolint:gosec // a handful
	switch mine := r.owner == uint8(p)+1; {                          //nolint:gosec // a handful
	case r.status == paid:
		me.step = done
	case f == SecondObject && r.status == unknown && r.owner == 0:
		s.write(p, func(r *row) { r.live = false }, f)
		me.step = insert
	case r.owner != 0 && !mine:
		if me.shared {
			return false
		}
		me.shared = true
	case r.status == unknown || r.request != closed || r.void:
		me.step = lease
	case r.status == declined && me.shared:
		me.step = done
	case r.status != declined && r.applied && r.card == c && r.object != 0:
		me.step = fetch
	default:
		me.step = begin
	}
	return true
}

// own does the steps that only the rules decide.
func (s *state) own(p int, c card, f Fault) {
	me := &s.processes[p]
	owner := uint8(p) + 1 //nolint:gosec // a handful
	switch me.step {
	case insert:
		me.step = find
		if i := s.current(); i < 0 || !s.rows[i].live {
			me.row, me.fresh, me.object, me.tried, me.step = s.made, true, 0, false, prepare
			s.rows[s.made] = row{status: created, live: true, request: begun, card: c, owner: owner}
			s.made++
		}
	case begin:
		tries := s.of(s.rows[me.row]).tries
		me.step = find
		if s.write(p, func(r *row) { r.request, r.card, r.owner, r.prior, r.applied = begun, c, owner, tries, false }, f) {
			me.step = prepare
		}
	case prepare:
		s.prepare(p, c, f)
	case store:
		made := me.object
		me.step = find
		if s.write(p, func(r *row) { r.object, r.request, r.status, r.owner = made, sent, unknown, owner }, f) {
			me.step, me.object = confirm, 0
			if f == CallFirst {
				me.step = fold
			}
		}
	case lease, again:
		s.lease(p, owner)
	case giveUp:
		s.giveUp(p, owner, f)
	case cancel:
		o := &s.objects[s.rows[me.row].object-1]
		if o.status != paid {
			o.status = canceled
		}
		me.saw, me.tries, me.direct, me.step = o.status, o.tries, false, fold
	default:
		s.end(p, f)
	}
}

// prepare makes the object, or gives the one that is there the card. It moves no money.
func (s *state) prepare(p int, c card, f Fault) {
	me := &s.processes[p]
	at := s.rows[me.row].object
	if at == 0 || f == ObjectEachTime {
		s.objects[s.things] = object{}
		s.things++
		at = s.things
	}
	if !s.objects[at-1].attach(c) {
		me.step = drop // the gateway refuses: what was begun is closed
		return
	}
	if me.object, me.step = at, store; f == CallFirst {
		s.objects[at-1].confirm()
		me.saw, me.tries, me.direct = s.objects[at-1].status, s.objects[at-1].tries, true
	}
}

// lease takes the row, or renews what is held, and goes on with what is in doubt.
func (s *state) lease(p int, owner uint8) {
	me := &s.processes[p]
	r := s.rows[me.row]
	if r.owner != 0 && r.owner != owner {
		me.step, me.shared = s.back(p), true
		return
	}
	renewed := me.step == again
	if renewed && !me.fresh {
		renewed, me.fresh = false, true // it is not what it was: read it again
	}
	me.fresh = true
	s.write(p, func(r *row) { r.owner = owner }, NoFault)
	switch {
	case r.request == begun:
		me.step = drop
	case renewed && r.request == sent:
		me.step, me.tried = ask, true
	case r.object == 0:
		me.step = free
	default:
		me.step = fetch
	}
}

// back is where a process goes whose row is another's.
func (s *state) back(p int) step {
	if p < clients {
		return find
	}
	s.processes[p] = process{}
	return idle
}

// giveUp asks for the cancellation, before the gateway is asked.
func (s *state) giveUp(p int, owner uint8, f Fault) {
	me := &s.processes[p]
	switch wrote := s.write(p, func(r *row) {
		r.void, r.owner = true, owner
		if f == MarkerEarly {
			r.live = false
		}
		if f == Timer {
			*r = row{status: canceled, object: r.object}
		}
	}, f); {
	case !wrote, f == Timer:
		me.step = s.back(p)
	default:
		me.step = cancel
	}
}

// end writes what a process came to, and goes on to what comes then.
func (s *state) end(p int, f Fault) {
	me := &s.processes[p]
	saw, tries, direct := me.saw, me.tries, me.direct
	switch me.step {
	case fold:
		before := s.rows[me.row]
		if !s.write(p, func(r *row) { *r = r.folded(saw, tries, direct) }, f) {
			me.step = fetch // the row first, and then the object again
			return
		}
		if saw == declined && before.status != declined { // a decline is shared with who asked before it
			for i := range clients {
				s.processes[i].shared = true
			}
		}
		me.step = s.back(p)
		if p < clients && direct {
			me.step = done
		}
	case drop:
		s.write(p, func(r *row) { r.request, r.owner, r.applied = closed, 0, false }, f)
		me.step = s.back(p)
	case free:
		s.write(p, func(r *row) { r.owner = 0 }, f)
		if me.step = s.back(p); p < clients {
			me.step = done // the doubt is answered as one
		}
	default:
		panic("a step that nobody does")
	}
}

// forget clears what no process will look at any more, so that states that differ in nothing else are one.
func (s *state) forget() {
	for p := range s.processes {
		me := &s.processes[p]
		switch me.step {
		case idle, done:
			*me = process{step: me.step}
			continue
		case find, insert:
			*me = process{step: me.step, shared: me.shared}
			continue
		case fetch, lease:
			me.fresh = false // it reads the row then
		default:
		}
		if me.step != fold {
			me.saw, me.tries, me.direct = none, 0, false
		}
		if me.step != store {
			me.object = 0
		}
		if p >= clients {
			me.shared = false
		}
	}
}
