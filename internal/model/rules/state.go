package rules

// The sizes of the model: a path that made more rows or objects would panic.
const (
	maxRows    = 4
	maxObjects = 6
	clients    = 2
	processes  = clients + 2 // and one that reconciles, and one that handles an event
	reconciler = clients
	handler    = clients + 1
)

// status is where a row or an object stands; an object is never unknown.
type status uint8

const (
	none status = iota
	created
	action
	paid
	declined
	canceled
	unknown
)

var names = [...]string{"none", "created", "requires_action", "paid", "declined", "canceled", "unknown"}

func (s status) String() string { return names[s] }

// card is what a client pays with.
type card uint8

const (
	good card = iota + 1
	bad
	secure // the payer must authenticate
)

// request is how far the row's request for the money is.
type request uint8

const (
	closed request = iota
	begun
	sent
)

// row is a payment.
type row struct {
	status  status
	live    bool
	object  uint8 // one more than its place
	request request
	card    card
	prior   uint8 // the object's tries before the request
	void    bool  // a cancellation is asked for
	applied bool  // the latest request was
	owner   uint8 // of the lease, one more than the process, or the dead
}

// object is the gateway's.
type object struct {
	status status
	card   card
	tries  uint8
	late   bool // a request to confirm it is on its way
}

// dead owns what a process that died has leased: whoever comes in its place is another.
const dead = 255

// step is what a process does next.
type step uint8

const (
	idle step = iota
	find
	insert
	begin
	prepare
	store
	confirm
	fold
	lease
	fetch
	again
	ask // once more, after the lease was renewed
	giveUp
	cancel
	free
	drop
	done
)

var steps = [...]string{"begins", "find", "insert", "begin", "prepare", "store", "confirm", "fold", "lease", "fetch", "renew", "confirm again",
	"give up", "cancel", "free", "drop", "done"}

// dies are the names of dying before a step.
var dies = func() (list [len(steps)]string) {
	for i, s := range steps {
		list[i] = "dies before " + s
	}
	return list
}()

// process is one at work.
type process struct {
	step   step
	row    uint8
	object uint8 // that was made, one more than its place
	fresh  bool  // the row is as it was read
	shared bool  // another request worked on the order meanwhile
	direct bool  // what was seen answers the request itself
	tried  bool  // it has asked again
	saw    status
	tries  uint8
}

// state is where everything is.
type state struct {
	rows      [maxRows]row
	objects   [maxObjects]object
	processes [processes]process
	// crashes, events, lost, looks and pauses are what is left of them; made counts rows, and things objects.
	crashes, events, lost, looks, pauses, made, things uint8
}

// of returns the object of a row, or one that is none.
func (s *state) of(r row) object {
	if r.object == 0 {
		return object{}
	}
	return s.objects[r.object-1]
}

// current is the row that holds the order, else the newest; below zero for none.
func (s *state) current() int {
	for i := range int(s.made) {
		if s.rows[i].live {
			return i
		}
	}
	return int(s.made) - 1
}

// write writes a row by compare-and-swap on what the process read, and tells whether it did.
func (s *state) write(p int, change func(r *row), f Fault) bool {
	mine := s.processes[p]
	if !mine.fresh && f != NoFence {
		return false
	}
	change(&s.rows[mine.row])
	for i := range s.processes {
		if i != p && s.processes[i].row == mine.row {
			s.processes[i].fresh = false
		}
	}
	s.processes[p].fresh = true
	return true
}

// evidence reports whether what was seen of the object ends the row's request.
func (r row) evidence(saw status, tries uint8, direct bool) bool {
	switch saw {
	case paid, action, canceled:
		return true
	case declined:
		return direct || tries != r.prior
	default:
		return false
	}
}

// folded returns the row as it is after what was seen of its object, and whether it may be so.
func (r row) folded(saw status, tries uint8, direct bool) row {
	if r.request == sent && r.evidence(saw, tries, direct) {
		r.request, r.applied = closed, saw == paid || saw == action
	}
	if saw == canceled || saw == paid {
		r.void = false
	}
	to := saw
	switch {
	case r.request == sent && r.status == unknown:
		to = unknown
	case saw == created && r.status != unknown, saw == declined && r.status == created && tries == r.prior:
		to = r.status
	}
	if !may(r.status, to) {
		to = r.status // what is known already is not forgotten
	}
	r.status, r.owner = to, 0
	r.live = r.live && to != canceled
	return r
}

// may reports whether a status may follow another.
func may(from, to status) bool {
	switch from {
	case to, none, unknown, declined, created:
		return true
	case action:
		return to != created
	default: // paid and canceled are the end here: nothing is refunded
		return false
	}
}
