package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// asProgram is set for a test binary that is to be the program itself.
const asProgram = "STRIPETEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// victim is the program as a process of its own.
type victim struct {
	cmd  *exec.Cmd
	addr string
	args []string
}

// start starts it, on the port that it had before.
func (v *victim) start(t *testing.T) {
	t.Helper()
	v.cmd = exec.Command(os.Args[0], append([]string{"-addr", v.addr}, v.args...)...)
	v.cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	v.addr = strings.TrimPrefix(regexp.MustCompile(`http://[0-9.:]+`).FindString(line), "http://")
}

// kill kills it with SIGKILL.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = v.cmd.Wait() // it says that it was killed
}

// post posts a form under a key until it is answered with 200.
func post(t *testing.T, client *http.Client, address, key string, form url.Values) (object, bool) {
	for range 10_000 {
		r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Error(err)
			return object{}, false
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", key)
		r.SetBasicAuth(stripetest.DefaultSecretKey, "")
		a, err := client.Do(r)
		if err != nil {
			continue // it is being killed, or not there yet
		}
		text, err := io.ReadAll(a.Body)
		_ = a.Body.Close() // it was read
		var o object
		if err == nil && a.StatusCode == http.StatusOK && json.Unmarshal(text, &o) == nil {
			return o, true
		}
	}
	t.Error("there is no answer")
	return object{}, false
}

// TestKilled kills the program again and again while orders are paid: what was answered is never forgotten, and the same key never
// takes money twice.
func TestKilled(t *testing.T) {
	t.Parallel()
	const kills, clients, orders = 5, 4, 25
	v := &victim{addr: "127.0.0.1:0", args: []string{"-state", filepath.Join(t.TempDir(), "state")}}
	v.start(t)
	intents := "http://" + v.addr + "/v1/payment_intents"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answered, due := atomic.Int64{}, make(chan struct{}, kills)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := range orders {
				order := fmt.Sprintf("o-%d-%d", c, n)
				form := intent("pm_card_visa", true)
				form.Set("metadata[order_id]", order)
				first, ok := post(t, client, intents, order, form)
				if again, _ := post(t, client, intents, order, form); ok && again != first {
					t.Errorf("%s is answered with %v and then %v", order, first, again)
				}
				if answered.Add(1)%(clients*orders/(kills+1)) == 0 {
					select {
					case due <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	for range kills {
		<-due
		v.kill(t)
		v.start(t)
	}
	wg.Wait()
	o := call(t, "GET", "http://"+v.addr+"/_test/summary", "", http.StatusOK)
	paid, _ := o["orders"].(map[string]any)
	if doubled, _ := o["double_charged_orders"].([]any); len(doubled) != 0 || len(paid) != clients*orders {
		t.Errorf("%d orders are paid, %v twice", len(paid), doubled)
	}
	v.kill(t)
}
