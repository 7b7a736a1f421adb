// Command monolith is a small shop as it exists before payments: it has users and orders on its own database, its own
// routes and its own middleware. The module is embedded in it, on the same database and the same mux.
//
//	go run ./examples/monolith
//
// starts it on an embedded SQLite file with the fake gateway, whose state is in a file beside it, and prints the commands
// that pay a demo order. The users are agent, other, boss, admin and nobody; the password of all is p@ss.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/trendsic/payments/httpadapter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "monolith:", err)
		stop()
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr, db, gateway, origins string
	reconcileEvery             time.Duration
	casing                     httpadapter.Casing
	stateFile                  string // where the fake gateway keeps its state
}

// parse reads the flags.
func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	var casing string
	fs := flag.NewFlagSet("monolith", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&c.addr, "addr", "127.0.0.1:8080", "the address to listen on")
	fs.StringVar(&c.db, "db", "monolith.db", "the database: a file for SQLite, postgres://... or mysql://...")
	fs.StringVar(&c.gateway, "gateway", "fake", "the gateway: fake; stripetest, an emulator in this process; or stripe, by STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and STRIPE_API_BASE")
	fs.DurationVar(&c.reconcileEvery, "reconcile-every", 10*time.Second, "how often doubts are looked at")
	fs.StringVar(&casing, "casing", "pascal", "the casing of the answers' members: pascal or camel")
	fs.StringVar(&c.origins, "origins", "", "origins whose pages may send payments, separated by commas")
	if err := fs.Parse(args); err != nil {
		return c, err
	}
	c.stateFile = "monolith." + c.gateway + ".json"
	if !strings.Contains(c.db, "://") {
		c.stateFile = c.db + "." + c.gateway + ".json"
	}
	switch casing {
	case "pascal":
		c.casing = httpadapter.Pascal
	case "camel":
		c.casing = httpadapter.Camel
	default:
		return c, fmt.Errorf("-casing is pascal or camel, not %q", casing)
	}
	if c.reconcileEvery <= 0 {
		return c, errors.New("-reconcile-every must be positive")
	}
	return c, nil
}

// run serves the shop until ctx ends, and then lets the requests under way finish.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	app, err := newApp(ctx, c, log)
	if err != nil {
		return err
	}
	defer app.close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work.Go(func() { _ = app.payments.Run(ctx) }) // until ctx ends

	welcome(stdout, "http://"+listener.Addr().String(), app.lines)
	return serve(ctx, listener, app.handler, log)
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// A payment may end a doubt and make a new attempt, 30 seconds each (RequestTimeout), after a wait of 10 (WaitTimeout).
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 75*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}

// welcome prints the commands that pay the demo order.
func welcome(w io.Writer, base string, further func(string) []string) {
	lines := []string{
		"The shop listens on " + base + ". Pay the demo order, read the payment and the order back, and see what was charged:",
		"",
		"curl -s -u agent:p@ss -H 'Content-Type: application/json' -d '{\"OrderID\":\"" + demoOrder + "\",\"PaymentInfo\":{\"StripeToken\":\"tok_visa\"}}' " + base + "/v1/CustomerPayments",
		"curl -s -u agent:p@ss " + base + "/v1/CustomerPayments/" + demoOrder,
		"curl -s -u agent:p@ss " + base + "/orders/" + demoOrder,
	}
	if further != nil {
		lines = append(lines, further(base)...)
	}
	lines = append(lines, "")
	_, _ = fmt.Fprintln(w, strings.Join(lines, "\n"))
}
