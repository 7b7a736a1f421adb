package httpadapter_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
	"github.com/trendsic/payments/internal/matrix"
)

// TestMain is a server of the routes where TestFloods has started it again: how much memory requests cost can be told only of a
// process that does nothing else.
func TestMain(m *testing.M) {
	if os.Getenv("HTTPADAPTER_FLOOD") == "" {
		goleak.VerifyTestMain(m)
	}
	if err := flooded(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// flooded serves the routes, tells its address, and to each line on in how much memory it has: "base" now, and "peak" the most since.
func flooded(in io.Reader, out io.Writer) error {
	h, err := httpadapter.New(shop{}, httpadapter.Options{Authenticate: httpadapter.Basic("payments", verify), Formats: formats.All()})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		field := "VmHWM:"
		if lines.Text() == "base" {
			debug.FreeOSMemory()
			field = "VmRSS:"
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak begins anew
				return err
			}
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(string(status), field)
		if _, err := fmt.Fprintln(out, strings.Fields(rest)[0]); err != nil {
			return err
		}
	}
	return lines.Err()
}

// flood is a body that a server must not take.
type flood struct {
	name, head string
	body       func() io.Reader
	status     int
}

// spaces is white space without an end, in chunks.
type spaces struct{ left int64 }

func (s *spaces) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, strings.Repeat(" ", 4096))
	n = int(min(int64(n), s.left))
	s.left -= int64(n)
	return n, nil
}

// chunked is white space in chunks that do not end.
type chunked struct{}

func (chunked) Read(p []byte) (int, error) {
	return copy(p, "1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n"), nil
}

// bomb is 64 MiB of white space, packed to less than the limit of a body.
func bomb() []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = io.Copy(w, &spaces{48 << 20})
	_ = w.Close()
	return b.Bytes()
}

// floods are those of row H2, for each format that is read.
func floods(packed []byte) []flood {
	var list []flood
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "application/xml", "application/jsv", "text/csv"} {
		add := func(name, head string, status int, body func() io.Reader) {
			list = append(list, flood{kind + ", " + name, "Content-Type: " + kind + "\r\n" + head, body, status})
		}
		sized := func(n int64) (string, int, func() io.Reader) {
			return fmt.Sprintf("Content-Length: %d\r\n", n), http.StatusRequestEntityTooLarge, func() io.Reader { return &spaces{n} }
		}
		head, status, body := sized(httpadapter.DefaultMaxBody + 1)
		add("one byte too many", head, status, body)
		head, status, body = sized(1 << 30)
		add("1 GiB", head, status, body)
		add("chunks without an end", "Transfer-Encoding: chunked\r\n", http.StatusRequestEntityTooLarge, func() io.Reader { return chunked{} })
		// What is packed is refused by what it says of itself, and never unpacked.
		add("a gzip bomb", fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", len(packed)), http.StatusUnsupportedMediaType,
			func() io.Reader { return bytes.NewReader(packed) })
	}
	return list
}

// TestFloods is row H2: bodies that are too large, in a process of its own. Each is answered within a second and costs that process less
// than a mebibyte while it lasts.
func TestFloods(t *testing.T) { // not in parallel: it measures
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc, which only Linux has")
	}
	if httpadapter.RaceEnabled {
		t.Skip("the race detector keeps several times the memory: .ci/run runs this once more without it")
	}
	child := startFlooded(t)
	packed := bomb()
	if len(packed) >= httpadapter.DefaultMaxBody || len(packed) < 1<<10 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	const atOnce = 16
	cases := floods(packed)
	for _, f := range cases {
		child.send(t, f, atOnce) // what is made once and kept is not a request's
		base := child.ask(t, "base")
		took := child.send(t, f, atOnce)
		each := (child.ask(t, "peak") - base) / atOnce
		slices.Sort(took)
		t.Logf("%s: %d KiB a request, half of them answered within %v", f.name, each, took[atOnce/2])
		if each >= 1024 {
			t.Errorf("%s: %d KiB a request", f.name, each)
		}
		if took[atOnce/2] > time.Second {
			t.Errorf("%s: half of the answers took %v or more", f.name, took[atOnce/2])
		}
	}
	matrix.Count(t, "H2", len(cases))
}

// floodedChild is the server's process.
type floodedChild struct {
	addr string
	in   io.Writer
	out  *bufio.Scanner
}

func startFlooded(t *testing.T) *floodedChild {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env, cmd.Stderr = append(os.Environ(), "HTTPADAPTER_FLOOD=1"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	child := &floodedChild{in: in, out: bufio.NewScanner(out)}
	if !child.out.Scan() {
		t.Fatal("the server does not start")
	}
	child.addr = child.out.Text()
	return child
}

// ask returns the KiB that the process tells.
func (c *floodedChild) ask(t *testing.T, what string) int {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, what); err != nil || !c.out.Scan() {
		t.Fatalf("the server does not answer: %v", err)
	}
	n, err := strconv.Atoi(c.out.Text())
	if err != nil || n < 1024 {
		t.Fatalf("the memory is %q", c.out.Text())
	}
	return n
}

// send sends the flood n times at once, and returns how long each answer took.
func (c *floodedChild) send(t *testing.T, f flood, n int) []time.Duration {
	t.Helper()
	took, errs := make([]time.Duration, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			begin := time.Now()
			status, err := pour(t.Context(), c.addr, f)
			took[i] = time.Since(begin)
			if errs[i] = err; err == nil && status != f.status {
				errs[i] = fmt.Errorf("answer %d, want %d", status, f.status)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
	}
	return took
}

// pour sends as much of the flood as the server takes, and returns the answer's status.
func pour(ctx context.Context, addr string, f flood) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	head := "POST /api/CustomerPaymentsRequest HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWdlbnQ6cEBzcw==\r\n" + f.head + "\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		return 0, err
	}
	poured := make(chan struct{})
	go func() {
		defer close(poured)
		_, _ = io.Copy(conn, f.body()) // ends when the server has had enough
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		err = resp.Body.Close()
	}
	_ = conn.Close()
	<-poured
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}
