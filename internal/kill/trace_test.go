package kill

import (
	"fmt"
	"regexp"
	"strings"
)

// systemCall is one system call of a trace: what it was called with, on which file, and at which lines it began and ended.
type systemCall struct {
	name, file, text string
	begin, end       int
	failed           bool
}

var (
	lineOf    = regexp.MustCompile(`^(\d+) +(.*)$`)
	begunCall = regexp.MustCompile(`^(\w+)\(\d+<(.*?)>[,) ]`)
	resumed   = regexp.MustCompile(`^<\.\.\. \w+ resumed>`)
	keyOf     = regexp.MustCompile(`Idempotency-Key: ([0-9a-f-]{36}):`)
	requestOf = regexp.MustCompile(`"(?:POST|PUT) (/\S*) HTTP/1\.1`)
)

// parseTrace reads what "strace -f -yy -o" wrote of calls on open files. A call that was interrupted by another thread's stands
// in two lines; strace writes them in the order in which it saw them.
func parseTrace(text string) []systemCall {
	var calls []systemCall
	running := map[string]int{} // by thread
	for n, line := range strings.Split(text, "\n") {
		parts := lineOf.FindStringSubmatch(line)
		if parts == nil {
			continue
		}
		thread, rest := parts[1], parts[2]
		if resumed.MatchString(rest) {
			if i, ok := running[thread]; ok {
				calls[i].end, calls[i].failed = n, strings.Contains(rest, ") = -1")
				calls[i].text += rest
				delete(running, thread)
			}
			continue
		}
		begun := begunCall.FindStringSubmatch(rest)
		if begun == nil {
			continue
		}
		c := systemCall{name: begun[1], file: begun[2], text: rest, begin: n, end: n, failed: strings.Contains(rest, ") = -1")}
		if strings.HasSuffix(rest, "<unfinished ...>") {
			c.end = 1 << 30 // it may never end
			running[thread] = len(calls)
		}
		calls = append(calls, c)
	}
	return calls
}

// writes reports whether the call writes to the file, and syncs whether it syncs one.
func (c systemCall) writes() bool { return strings.Contains(c.name, "write") && !c.failed }
func (c systemCall) syncs() bool  { return (c.name == "fsync" || c.name == "fdatasync") && !c.failed }

// request is a request of a trace to the gateway.
type request struct {
	path, key string
	at        int
}

// toGateway reports whether the request is the module's own.
func (r request) toGateway() bool { return strings.HasPrefix(r.path, "/v1/") }

// requests returns what a trace posts to the gateway, and what it tells the test, in their order.
func requests(calls []systemCall) []request {
	var list []request
	for _, c := range calls {
		path := requestOf.FindStringSubmatch(c.text)
		if path == nil || !strings.HasPrefix(c.file, "TCP") {
			continue
		}
		r := request{path: path[1], at: c.begin}
		if key := keyOf.FindStringSubmatch(c.text); key != nil {
			r.key = key[1]
		}
		list = append(list, r)
	}
	return list
}

// early lists what reached, or could have reached, the gateway before the database had it on its disk. For each request,
// whatever was written to the database before its first byte must have been synced by then, and where the request can move money,
// what was synced must hold the transaction whose key it carries.
func early(calls []systemCall, database string) []string {
	var found []string
	for _, r := range requests(calls) {
		if !r.toGateway() {
			continue
		}
		stored := false
		for _, file := range []string{database, database + "-wal", database + "-journal"} {
			unsynced, at := false, 0
			for _, c := range calls {
				if c.file != file || !c.writes() || c.begin > r.at {
					continue
				}
				done := synced(calls, c, r.at)
				if stored = stored || done && r.key != "" && strings.Contains(c.text, r.key); !done {
					unsynced, at = true, c.begin
				}
			}
			if unsynced {
				found = append(found, fmt.Sprintf("POST %s began at line %d before %s, written at line %d, was synced", r.path, r.at, file, at))
			}
		}
		if movesMoney("POST", r.path) && !stored {
			found = append(found, fmt.Sprintf("POST %s began at line %d, and its transaction %q was not on the disk", r.path, r.at, r.key))
		}
	}
	return found
}

// synced reports whether what the call wrote was synced before a line.
func synced(calls []systemCall, w systemCall, before int) bool {
	for _, c := range calls {
		if c.syncs() && c.file == w.file && c.begin > w.end && c.end < before {
			return true
		}
	}
	return false
}
