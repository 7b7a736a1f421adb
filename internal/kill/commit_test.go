package kill

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/storage"
)

// commits is a proxy before PostgreSQL that cuts the connection at one COMMIT.
type commits struct {
	database string
	mu       sync.Mutex
	seen     int  // since it was set
	at       int  // the COMMIT that is cut; 0 is none
	done     bool // it is carried out, and only its answer is lost
	cut      bool // it happened
}

// newCommits starts a proxy, and returns the directory of its socket.
func newCommits(t *testing.T, database string) (*commits, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pp")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	p := &commits{database: filepath.Join(database, ".s.PGSQL.5432")}
	t.Cleanup(func() { _ = l.Close(); _ = os.RemoveAll(dir) })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p, dir
}

// set lets the nth COMMIT from now on be cut, after it is done or before.
func (p *commits) set(n int, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.at, p.done, p.cut = 0, n, done, false
}

// counted returns how many COMMITs there were since set, and whether one was cut.
func (p *commits) counted() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen, p.cut
}

// serve forwards one connection.
func (p *commits) serve(client net.Conn) {
	defer client.Close() //nolint:errcheck // it is cut
	server, err := net.Dial("unix", p.database)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // it is cut
	var lost atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer client.Close() //nolint:errcheck // so that the client hears of it
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || lost.Load() {
				return // what came is the answer to COMMIT
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	for begin := true; ; begin = false {
		message, err := readMessage(client, begin)
		if err != nil {
			return
		}
		cut, done := p.meets(message)
		if cut && !done {
			return
		}
		lost.Store(cut) // before it is sent: nothing else can be answered from here on
		if _, err := server.Write(message); err != nil {
			return
		}
		if cut {
			<-ended
			return
		}
	}
}

// readMessage reads one message of the client's: a length and what follows, after a letter but for the first of a connection.
func readMessage(r io.Reader, first bool) ([]byte, error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[len(head)-4:])
	if length < 4 || length > 16<<20 {
		return nil, errors.New("no message")
	}
	message := append(head, make([]byte, length-4)...)
	_, err := io.ReadFull(r, message[len(head):])
	return message, err
}

// meets reports whether the message is the COMMIT that is cut, and whether that is carried out.
func (p *commits) meets(message []byte) (cut, done bool) {
	if message[0] != 'Q' || !strings.EqualFold(strings.TrimRight(string(message[5:]), "\x00"), "commit") {
		return false, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	if p.seen != p.at {
		return false, false
	}
	p.cut = true
	return true, p.done
}

// errands are what a host does while a COMMIT is cut.
var errands = map[string]func(t *testing.T, s *shop, order int) (payments.Status, error){
	"pay": func(t *testing.T, s *shop, order int) (payments.Status, error) {
		res, err := s.direct.Pay(t.Context(), payments.PayRequest{OrderID: orderID(order), Source: payments.Source{Token: payments.NewToken("tok_visa")},
			Idempotency: payments.Idempotency{Key: "k", Principal: "client " + orderID(order).String()}})
		return res.Payment.Status, err
	},
	"capture": func(t *testing.T, s *shop, order int) (payments.Status, error) {
		p, err := s.later.Capture(t.Context(), payments.CaptureCommand{Target: payments.Target{OrderID: orderID(order)}})
		return p.Status, err
	},
	"refund": func(t *testing.T, s *shop, order int) (payments.Status, error) {
		res, err := s.direct.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: orderID(order)}, Key: "r " + orderID(order).String(),
			Amount: payments.Money{Amount: 300, Currency: price.Currency}})
		return res.Payment.Status, err
	},
}

// first makes ready what an errand needs.
func first(t *testing.T, s *shop, name string, order int) {
	t.Helper()
	svc := s.direct
	switch name {
	case "pay":
		return
	case "capture":
		svc = s.later
	}
	if _, err := svc.Pay(t.Context(), payments.PayRequest{OrderID: orderID(order), Source: payments.Source{Token: payments.NewToken("tok_visa")}}); err != nil {
		t.Fatal(err)
	}
}

// TestCommitAnswerLost cuts the connection at each COMMIT of a payment, a capture and a refund, once before PostgreSQL carries it
// out and once after. Nobody can tell the two apart but by reading again: no answer is a decline, a repeat under the same key ends
// well, and the money moved once.
func TestCommitAnswerLost(t *testing.T) {
	t.Parallel()
	if !*full {
		t.Skip("-kill is not given: it starts a PostgreSQL of its own")
	}
	pg := newCluster(t)
	if err := storage.Migrate(t.Context(), open(t, pg.dir), nil); err != nil {
		t.Fatal(err)
	}
	proxy, dir := newCommits(t, pg.dir)
	c, asked := &clock{}, &sent{}
	gw, err := fake.New(fake.Options{AllowFake: true, Clock: c.Now, Seed: *seed})
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, open(t, dir), gw, c, asked, payments.Options{WaitTimeout: patience})
	order, cells, endedWell := 0, 0, map[bool]int{}
	for name, errand := range errands {
		last := map[bool]error{} // of the errand whose nth COMMIT was cut
		for n, more := 1, true; more; n++ {
			for _, done := range []bool{false, true} {
				order++
				proxy.set(0, false)
				first(t, s, name, order)
				proxy.set(n, done)
				status, err := errand(t, s, order)
				seen, cut := proxy.counted()
				if more = cut; !cut {
					if err != nil || seen == 0 || seen >= n {
						t.Fatalf("%s without a cut: %d commits, %v, %v", name, seen, status, err)
					}
					for done, err := range last {
						if err == nil {
							endedWell[done]++
						}
					}
					break
				}
				last[done] = err
				if a := (answer{status: status, err: err}); a.declined() {
					t.Errorf("%s, COMMIT %d cut (done: %v): answered as declined: %v", name, n, done, err)
				}
				cells++
				c.advance(time.Minute) // what was leased is free
				if status, err := errand(t, s, order); err != nil {
					t.Errorf("%s, COMMIT %d cut (done: %v), asked again: %v, %v", name, n, done, status, err)
				}
			}
		}
	}
	// The last COMMIT keeps what the gateway answered: it is written again, or read where it is there already, while the caller
	// waits. (Not all need to be: the Service tries for five seconds, and a machine may be slow.)
	if endedWell[false] == 0 || endedWell[true] == 0 {
		t.Errorf("no errand ended well whose last COMMIT was cut, before or after it was done: %v", endedWell)
	}
	f := settle(t, s, c, 0, gw, asked)
	for id, e := range gw.Ledger() {
		if e.Charges != 1 || e.Refunded != 0 && e.Refunded != 300 {
			t.Errorf("order %s: %+v", id, e)
		}
	}
	// These are not counted for the matrix: its figure of A5 is that of stops.
	t.Logf("%d commits cut, of the last ones %d and %d ended well at once; %v", cells, endedWell[false], endedWell[true], f)
}
