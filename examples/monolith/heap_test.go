package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/canary"
)

// TestMain is the shop itself where TestHeapForgetsCards has started it again: on SIGUSR1 it writes its heap to a file.
func TestMain(m *testing.M) {
	file := os.Getenv("PAYMENTS_HEAP_FILE")
	if file == "" {
		os.Exit(m.Run())
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		<-asked
		for range 4 { // pools let go at the second collection, finalizers a little later
			runtime.GC()
			time.Sleep(250 * time.Millisecond)
		}
		f, err := os.Create(file + ".part")
		if err == nil {
			debug.WriteHeapDump(f.Fd())
			_ = f.Close()
			err = os.Rename(file+".part", file)
		}
		if err != nil {
			os.Exit(3)
		}
	}()
	main()
}

// luhn returns an American Express number with these nine digits.
func luhn(nine int64) string {
	for check := range 10 {
		if n := fmt.Sprintf("37148%09d%d", nine, check); payments.NewCardNumber(n).Valid() {
			return n
		}
	}
	return ""
}

// TestHeapForgetsCards is row I6, as far as Go allows it (a string cannot be wiped): a second after a payment with a raw card the
// heap of the shop's process holds neither the number nor the code.
func TestHeapForgetsCards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	addr, file := freeAddress(t), filepath.Join(dir, "heap")
	cmd := exec.Command(self, "-addr", addr, "-db", filepath.Join(dir, "shop.db")) //nolint:noctx // it is killed, not canceled
	cmd.Env = append(os.Environ(), "PAYMENTS_HEAP_FILE="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	waitFor(t, "http://"+addr+"/healthz")
	number := luhn(rand.N(int64(1e9))) // a number that stands nowhere in the program
	body := `{"OrderID":"` + demoOrder + `","PaymentInfo":{"CardNumber":"` + number + `","ExpDate":"12/34","CCV":"` + canary.CVC + `"}}`
	a, err := send(t.Context(), "http://"+addr, "agent", "POST", "/v1/CustomerPayments", body, "Connection", "close")
	if err != nil || a.status != 200 || !bytes.Contains([]byte(a.body), []byte(`"Approved":true`)) {
		t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for {
		if heap, err := os.ReadFile(file); err == nil {
			if len(heap) < 1<<16 {
				t.Fatalf("the heap has %d bytes", len(heap))
			}
			if bytes.Contains(heap, []byte(number)) || bytes.Contains(heap, []byte(`CCV":"`+canary.CVC)) {
				t.Error("the heap holds the card")
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the heap was not written")
		}
		pauseFor(t.Context(), 100*time.Millisecond)
	}
}
