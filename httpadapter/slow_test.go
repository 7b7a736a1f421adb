package httpadapter

import (
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// TestSlowClients is what row H9 says of clients that do not come to an end: the time-outs that docs/wire.md asks of the host's server
// end them, wherever they stop, and the Service hears of none.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	svc := &fakeService{result: payments.Result{Payment: paid()}}
	srv := httptest.NewUnstartedServer(newHandler(t, svc, nil))
	srv.Config.ReadHeaderTimeout, srv.Config.ReadTimeout, srv.Config.IdleTimeout = 100*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	const head = "POST " + pathAPI + " HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWdlbnQ6cHc=\r\nContent-Type: application/json\r\n"
	tests := map[string]string{
		"nothing at all":         "",
		"half a request line":    "POST " + pathAPI,
		"half a header":          head[:len(head)-20],
		"no end of the header":   head + "X-A: 1\r\n",
		"no body":                head + "Content-Length: 60\r\n\r\n",
		"half a body":            head + "Content-Length: 60\r\n\r\n{" + orderMember[:20],
		"half a chunk":           head + "Transfer-Encoding: chunked\r\n\r\n40\r\n{" + orderMember[:20],
		"no last chunk":          head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
		"no body after continue": head + "Expect: 100-continue\r\nContent-Length: 60\r\n\r\n",
	}
	for name, text := range tests {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // far beyond the server's
		answer, err := io.ReadAll(conn)
		_ = conn.Close()
		status, _, _ := strings.Cut(strings.TrimPrefix(string(answer), "HTTP/1.1 100 Continue\r\n\r\n"), "\r\n")
		if err != nil || strings.Contains(status, " 200 ") || strings.Contains(status, " 5") {
			t.Errorf("%s: %v, %q", name, err, answer)
		}
	}
	if svc.calls() != 0 {
		t.Errorf("the service was asked %d times", svc.calls())
	}
	matrix.Count(t, "H9", len(tests))
}
