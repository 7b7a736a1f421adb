// Command stripetest serves the emulator of package stripetest, so that programs in any language can be tested against it.
//
//	go run ./cmd/stripetest -addr 127.0.0.1:12111 -webhook-url http://127.0.0.1:8080/webhooks/stripe
//
// The API is under /v1, as at Stripe: give it to an SDK as its base URL. What happens at Stripe without the merchant, the script
// of faults and webhooks, the clock and the ledger are under /_test; GET /_test lists them. They need no key, so the program
// listens on loopback only, unless -public is given.
//
//	curl -s 127.0.0.1:12111/_test/fault -d '{"operation":"confirm","fault":"drop_after","times":1}'
//	curl -s 127.0.0.1:12111/_test/authenticate -d '{"client_secret":"pi_…_secret_…","result":"pass"}'
//	curl -s 127.0.0.1:12111/_test/ledger
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr   string
	public bool
	stripetest.Options
}

// parse reads the flags.
func parse(args []string, out io.Writer) (config, error) {
	var c config
	var key, page, refuse string
	f := flag.NewFlagSet("stripetest", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&c.addr, "addr", "127.0.0.1:12111", "the address to listen on; a port of 0 takes a free one")
	f.BoolVar(&c.public, "public", false, "allow an address that other machines reach")
	f.StringVar(&key, "key", stripetest.DefaultSecretKey, "the secret key that is accepted")
	f.StringVar(&page, "publishable-key", stripetest.DefaultPublishableKey, "the publishable key that is accepted")
	f.StringVar(&c.StateFile, "state", "", "the file that keeps the state; in memory when it is empty")
	f.Uint64Var(&c.Seed, "seed", 0, "the seed of ids, secrets and random faults")
	f.StringVar(&c.WebhookURL, "webhook-url", "", "where webhooks are posted to")
	f.StringVar(&c.WebhookSecret, "webhook-secret", stripetest.DefaultWebhookSecret, "what webhooks are signed with")
	f.StringVar(&c.WebhookVersion, "webhook-version", stripetest.APIVersion, "the API version that webhooks are rendered at")
	f.DurationVar(&c.SearchLag, "search-lag", 0, "how old an object must be before a search finds it")
	f.BoolVar(&c.NoIdempotency, "no-idempotency", false, "ignore idempotency keys")
	f.BoolVar(&c.AllowRawCards, "raw-cards", false, "take card numbers with the secret key")
	f.BoolVar(&c.OneTimeTokens, "one-time-tokens", false, "let named test tokens be used once only")
	f.BoolVar(&c.AutomaticPaymentMethodsOff, "automatic-payment-methods-off", false, "need no return_url, as before 2023-08-16")
	f.StringVar((*string)(&c.DeclineAs), "decline-as", "", "how a decline is answered: invalid_request or ok; as Stripe does it when it is empty")
	f.StringVar(&refuse, "refuse", "", "parameters that are refused as unknown, with commas between them")
	f.IntVar(&c.LateAfter, "late-after", 0, "let a late request arrive after so many further ones; 0 for POST /_test/late")
	if err := f.Parse(args); err != nil {
		return config{}, err
	}
	if f.NArg() > 0 {
		return config{}, fmt.Errorf("stripetest: %q is no flag; -h lists them", f.Arg(0))
	}
	if refuse != "" {
		c.RefuseParameters = strings.Split(refuse, ",")
	}
	c.SecretKeys, c.PublishableKeys = []string{key}, []string{page}
	return c, nil
}

// run serves until the context ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	c, err := parse(args, out)
	if err != nil {
		return err
	}
	if err := checkAddress(c); err != nil {
		return err
	}
	emulator, err := stripetest.New(c.Options)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return errors.Join(err, emulator.Close())
	}
	_, _ = fmt.Fprintf(out, "stripetest serves API %s on http://%s; what else can be done: http://%[2]s/_test\n", stripetest.APIVersion, listener.Addr())
	server := &http.Server{Handler: handler(emulator), ReadHeaderTimeout: 10 * time.Second}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() }) // requests that hang are cut: they would never end
	defer ended()
	if err = server.Serve(listener); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, emulator.Close())
}

// checkAddress refuses an address that other machines reach, unless that is wanted: whoever reaches it can do everything.
func checkAddress(c config) error {
	host, _, err := net.SplitHostPort(c.addr)
	if err != nil {
		return fmt.Errorf("stripetest: -addr: %w", err)
	}
	ip := net.ParseIP(host)
	if c.public || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("stripetest: -addr %s is reached by other machines; give -public if that is wanted", c.addr)
}
