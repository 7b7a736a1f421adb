package rules

import "fmt"

// broken holds what must be true in every state: I1 and I3.
func (s *state) broken() string {
	charges, live := 0, 0
	for _, o := range s.objects {
		if o.status == paid {
			charges++
		}
	}
	for _, r := range s.rows {
		if r.live {
			live++
		}
		if r.status == paid && s.of(r).status != paid {
			return "I3: a row is paid, and its object is " + s.of(r).status.String()
		}
		if r.status != none && !r.live && s.of(r).status == paid {
			return "I3: a row gave its order up, and its object is paid"
		}
		if r.status == unknown && r.request == closed && !r.void {
			return "I4: a row is in doubt, and nothing of it is open"
		}
	}
	switch {
	case charges > 1:
		return fmt.Sprintf("I1: the order is charged %d times", charges)
	case live > 1:
		return "I1: two rows hold the order"
	}
	return ""
}

// edges are the ways that DESIGN 6 lists, as far as nothing is refunded, disputed or held. It is written apart from may.
var edges = map[status][]status{
	none:     {created},
	created:  {action, paid, declined, canceled, unknown},
	action:   {paid, declined, canceled, unknown},
	declined: {created, action, paid, canceled, unknown},
	unknown:  {created, action, paid, declined, canceled},
	paid:     nil, canceled: nil,
}

// moved holds I5 between a state and the next: a status goes by the listed ways, an order is never taken back.
func moved(before, after state) string {
	for i := range before.rows {
		from, to := before.rows[i], after.rows[i]
		ok := from.status == to.status
		for _, e := range edges[from.status] {
			ok = ok || e == to.status
		}
		if !ok {
			return fmt.Sprintf("I5: row %d went from %v to %v", i, from.status, to.status)
		}
		if from.status != none && !from.live && to.live {
			return fmt.Sprintf("I5: row %d took its order back", i)
		}
	}
	return ""
}

// settled ends all processes and faults, once with what is late arriving now, once never, and lets Reconcile look: nothing may
// stay in doubt (I4), and rows and objects agree (I2, I3).
// It is the same for all states with the same rows and objects: ended remembers it.
func (s *state) settled(cards [clients]card, f Fault, ended map[state]string) string {
	core := state{rows: s.rows, objects: s.objects, made: s.made, things: s.things}
	for i := range core.rows {
		core.rows[i].owner = 0
	}
	broken, known := ended[core]
	if !known {
		broken = core.ends(cards, f)
		ended[core] = broken
	}
	return broken
}

func (s *state) ends(cards [clients]card, f Fault) string {
	for _, arrives := range []bool{false, true} {
		for _, old := range []bool{false, true} {
			if broken := s.reconciled(cards, f, arrives, old); broken != "" {
				return broken
			}
		}
	}
	return ""
}

// maxLooks bounds the steps of one look.
const maxLooks = 40

func (s *state) reconciled(cards [clients]card, f Fault, arrives, old bool) string {
	n := *s
	for i := range n.objects {
		if n.objects[i].late && arrives {
			n.objects[i].confirm()
		}
		n.objects[i].late = false
	}
	for i := range int(n.made) {
		for range 2 { // what is found is folded, and what was refused then is asked again
			n.processes[reconciler] = process{step: lease, row: uint8(i)} //nolint:gosec // a handful
			for k := 0; n.processes[reconciler].step != idle && k < maxLooks; k++ {
				list := n.steps(reconciler, cards, f)
				at := 0
				if old {
					at = len(list) - 1
				}
				n = list[at].state
			}
			n.processes[reconciler] = process{}
		}
	}
	if broken := n.broken(); broken != "" {
		return "in the end, " + broken
	}
	for i := range int(n.made) {
		switch r := n.rows[i]; {
		case r.status == unknown || r.request != closed || r.void:
			return fmt.Sprintf("I4: in the end row %d is %v and its request is open", i, r.status)
		case n.of(r).status == paid && r.status != paid:
			return fmt.Sprintf("I3: in the end row %d is %v, and its object is paid", i, r.status)
		}
	}
	for i := range int(n.things) {
		owned := false
		for _, r := range n.rows {
			owned = owned || int(r.object) == i+1
		}
		if n.objects[i].status == paid && !owned {
			return fmt.Sprintf("I2: in the end object %d is paid and no row has it", i)
		}
	}
	return ""
}
