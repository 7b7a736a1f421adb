package kill

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/internal/matrix"
)

// tracedGateway is the emulator, and what a traced process asks of the world outside.
type tracedGateway struct {
	*stripetest.Server
	mu     sync.Mutex
	events []stripetest.Delivery
}

func newTracedGateway(t *testing.T) (*tracedGateway, string) {
	t.Helper()
	g := &tracedGateway{}
	var err error
	g.Server, err = stripetest.New(stripetest.Options{Deliver: func(_ context.Context, d stripetest.Delivery) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.events = append(g.events, d)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", g.Server)
	mux.HandleFunc("PUT /control/{what}", g.control)
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return g, web.URL
}

// control loses requests to confirm, heals that, tells the events, or is the payer.
func (g *tracedGateway) control(w http.ResponseWriter, r *http.Request) {
	var err error
	switch r.PathValue("what") {
	case "lose":
		err = g.Fault("confirm", stripetest.FaultDropBefore, 100)
	case "heal":
		g.ClearFaults()
	case "payer":
		var form payerForm
		if err = json.NewDecoder(r.Body).Decode(&form); err == nil {
			err = g.Authenticate(r.Context(), form.Secret, stripetest.AuthPass, form.Method)
		}
	case "events":
		g.mu.Lock()
		defer g.mu.Unlock()
		err = json.NewEncoder(w).Encode(g.events)
	default:
		http.NotFound(w, r)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// tmpfs is the magic number of a filesystem without a disk.
const tmpfs = 0x01021994

// diskDir is a directory on a disk.
func diskDir(t *testing.T) string {
	t.Helper()
	for _, parent := range []string{os.TempDir(), "/var/tmp", "."} {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(parent, &fs); err != nil || fs.Type == tmpfs {
			continue
		}
		if dir, err := os.MkdirTemp(parent, "traced"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			if dir, err = filepath.Abs(dir); err == nil {
				return dir
			}
		}
	}
	t.Fatal("no directory is on a disk")
	return ""
}

// needStrace skips the test where nothing can be traced.
func needStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		missing(t, "strace")
	}
	if text, err := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		missing(t, "the right to trace (strace says: "+strings.TrimSpace(string(text))+")")
	}
}

// trace runs a flow under strace, and returns its system calls and the path of its database.
func trace(t *testing.T, flow, synchronous string) ([]systemCall, string) {
	t.Helper()
	dir := diskDir(t)
	migrate(t, dir)
	_, url := newTracedGateway(t)
	out := filepath.Join(dir, "trace")
	cmd := command(task{Role: "traced", Dir: dir, Gateway: url, Flow: flow, Synchronous: synchronous}, "strace", "-f", "-qq", "-yy", "-s", "8192", "-o", out,
		"-e", "trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg", "--")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", flow, err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return parseTrace(string(text)), filepath.Join(dir, "payments.db")
}

// TestSyncedBeforeSent traces each flow: before the first byte of a request goes to the gateway, fsync has returned for all that was
// written to the database, and the request's own row is among it (I9).
func TestSyncedBeforeSent(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for name, flow := range tracedFlows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, database := trace(t, name, "")
			asked := requests(calls)
			for _, e := range early(calls, database) {
				t.Error(e)
			}
			next, posts := 0, 0
			for _, r := range asked {
				if r.toGateway() {
					posts++
				}
				if next < len(flow.asks) && strings.HasSuffix(r.path, flow.asks[next]) {
					next++
				}
			}
			if next < len(flow.asks) {
				t.Errorf("the flow asked for %v, and not for %v in this order", asked, flow.asks)
			}
			t.Logf("%d calls on files, %d requests before which all was synced", len(calls), posts)
		})
	}
	matrix.Count(t, "A6", len(tracedFlows))
}

// TestUnsyncedIsSeen shows that the check bites: with less than synchronous=FULL every request for money comes too early.
func TestUnsyncedIsSeen(t *testing.T) {
	t.Parallel()
	needStrace(t)
	for _, synchronous := range []string{"NORMAL", "OFF"} {
		for _, flow := range []string{"confirm", "capture", "refund"} {
			t.Run(synchronous+" "+flow, func(t *testing.T) {
				t.Parallel()
				calls, database := trace(t, flow, synchronous)
				missed := map[string]bool{}
				for _, e := range early(calls, database) {
					path, _, _ := strings.Cut(e, " began")
					missed[path] = true
				}
				for _, r := range requests(calls) {
					if movesMoney("POST", r.path) && !missed["POST "+r.path] {
						t.Errorf("POST %s is not seen to be early", r.path)
					}
				}
				if len(missed) == 0 {
					t.Error("nothing is seen")
				}
			})
		}
	}
}

// TestEarly reads traces as strace writes them where threads come between each other.
func TestEarly(t *testing.T) {
	t.Parallel()
	const (
		row   = `7 pwrite64(5</d/payments.db-wal>, "..01a20f88-0302-7619-b7fb-a32cce188142..", 4096, 56) = 4096` + "\n"
		begin = `7 fdatasync(5</d/payments.db-wal> <unfinished ...>` + "\n"
		done  = `7 <... fdatasync resumed>) = 0` + "\n"
		fails = `7 <... fdatasync resumed>) = -1 EIO (Input/output error)` + "\n"
		send  = `8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /v1/payment_intents/pi_1/confirm HTTP/1.1\r\nHost: h\r\n` +
			`Idempotency-Key: 01a20f88-0302-7619-b7fb-a32cce188142:confirm\r\n\r\n", 99) = 99` + "\n"
		other = `7 pwrite64(5</d/payments.db-wal>, "..another row..", 4096, 4152) = 4096` + "\n"
	)
	for name, test := range map[string]struct {
		trace string
		early int
	}{
		"synced":                   {row + begin + done + send, 0},
		"synced too late":          {row + begin + send + done, 2},
		"not synced":               {row + send, 2},
		"the disk failed":          {row + begin + fails + send, 2},
		"written after the sync":   {row + begin + done + other + send, 1},
		"written during the sync":  {row + begin + other + done + send, 1},
		"another row":              {other + begin + done + send, 1},
		"another row, then synced": {row + begin + done + other + begin + done + send, 0},
		"nothing written":          {send, 1},
	} {
		if found := early(parseTrace(test.trace), "/d/payments.db"); len(found) != test.early {
			t.Errorf("%s: %d of %d are found: %v", name, len(found), test.early, found)
		}
	}
}
