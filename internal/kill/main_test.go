package kill

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"

	"go.uber.org/goleak"
)

var (
	full = flag.Bool("kill", false, "make the test matrix's whole figures, not a fortieth of them")
	seed = flag.Uint64("kill.seed", 1, "the seed of what is done and when it is killed")
)

// figure is how often something is done: the matrix's gate, or a fortieth of it.
func figure(gate int) int {
	if *full {
		return gate
	}
	return max(1, gate/40)
}

// childEnv carries a task to a child.
const childEnv = "PAYMENTS_KILL_TASK"

// task is what a child does.
type task struct {
	// Role names it.
	Role string
	// Dir holds the database of a host, or the socket and the state of a gateway.
	Dir string
	// Gateway is the URL of the host's gateway.
	Gateway string
	// Life counts the lives of a host, and Seed seeds what its clients do.
	Life int
	Seed uint64
	// Later is how far its clock is ahead.
	Later time.Duration
	// Flow is the one flow of a host that is traced, and Synchronous is SQLite's setting, the module's own when it is empty.
	Flow, Synchronous string
}

// roles are what a child can be.
var roles = map[string]func(task) error{"host": runHost, "gateway": runGateway, "traced": runTraced}

func TestMain(m *testing.M) {
	text := os.Getenv(childEnv)
	if text == "" {
		goleak.VerifyTestMain(m)
	}
	var j task
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		err = roles[j.Role](j)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// command is this binary again, as a child with a task. The race detector sleeps before a process ends.
func command(j task, prefix ...string) *exec.Cmd {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // plain values only
	}
	args := append(prefix, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// victim is a child that lives until it is killed.
type victim struct {
	cmd    *exec.Cmd
	stderr strings.Builder
}

// spawn starts a child and waits until it says that it is ready, which it may follow with a text.
func spawn(t *testing.T, j task) (*victim, string) {
	t.Helper()
	v := &victim{cmd: command(j)}
	v.cmd.Stderr = &v.stderr
	_, pipeErr := v.cmd.StdinPipe() // which ends with this process
	out, err := v.cmd.StdoutPipe()
	if err = errors.Join(pipeErr, err); err == nil {
		err = v.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.cmd.Process.Kill() }) // a test that failed leaves none behind
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	text, ready := strings.CutPrefix(strings.TrimSpace(line), readyLine)
	if err != nil || !ready {
		_ = v.cmd.Wait()
		t.Fatalf("the %s does not begin: %q, %v, %s", j.Role, line, err, v.stderr.String())
	}
	return v, strings.TrimSpace(text)
}

// readyLine is what a child says once it works.
const readyLine = "ready"

// sayReady tells the parent. Should the parent die without having killed, this process ends too.
func sayReady(text any) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(4)
	}()
	fmt.Println(readyLine, text)
}

// kill kills with SIGKILL, and fails where the child had ended by itself: that would be no kill.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	_ = v.cmd.Process.Signal(syscall.SIGKILL)
	_ = v.cmd.Wait()
	status, ok := v.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed, it ended: %v, %s", v.cmd.ProcessState, v.stderr.String())
	}
}

// memoryDir is a directory in memory where there is one: kill -9 loses nothing that the kernel has.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "kill")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// openStore opens the SQLite file of a directory.
func openStore(dir string, c *clock) (*storage.Store, io.Closer, error) {
	db, err := sqlite.Open(filepath.Join(dir, "payments.db"), nil)
	if err != nil {
		return nil, nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, nil, err
	}
	store, err := storage.New(db, &storage.Options{Clock: c.Now})
	return store, pool, err
}

// migrate makes the tables in the SQLite file of a directory.
func migrate(t *testing.T, dir string) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "payments.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Migrate(t.Context(), db, nil); err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err == nil {
		err = pool.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// missing skips the test because a program is not here; where CI runs, it has to be.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: CI has to have it", what)
	}
	t.Skipf("%s is missing", what)
}
