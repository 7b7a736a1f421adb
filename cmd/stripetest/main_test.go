package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// program is one that runs.
type program struct {
	url  string
	stop func() error
}

// begin runs the program on a free port.
func begin(t *testing.T, args ...string) program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), in) }()
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(line[:n]))
	if address == "" {
		t.Fatalf("the program says %q", line[:n])
	}
	return program{url: address, stop: func() error { cancel(); return <-ended }}
}

// object is an answer of the API.
type object struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	ClientSecret string `json:"client_secret"`
}

// api calls the API with a form, or reads when there is none.
func (p program) api(path string, form url.Values) (object, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, p.url+"/v1/"+path, body)
	if err != nil {
		return object{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(stripetest.DefaultSecretKey, "")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return object{}, err
	}
	defer a.Body.Close() //nolint:errcheck // nothing is lost
	var o object
	if err := json.NewDecoder(a.Body).Decode(&o); err != nil || a.StatusCode != http.StatusOK {
		return object{}, fmt.Errorf("%s: %d %w", path, a.StatusCode, err)
	}
	return o, nil
}

// intent is the form of an intent with a card.
func intent(card string, confirm bool) url.Values {
	return url.Values{"amount": {"1999"}, "currency": {"usd"}, "payment_method": {card}, "payment_method_types[]": {"card"},
		"confirm": {fmt.Sprint(confirm)}, "metadata[order_id]": {"o1"}}
}

// call calls a control route.
func call(t *testing.T, method, address, body string, want int) map[string]any {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close() //nolint:errcheck // nothing is lost
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != want {
		t.Fatalf("%s %s %s: %d %s, want %d", method, address, body, a.StatusCode, text, want)
	}
	var o map[string]any
	_ = json.Unmarshal(text, &o) // a list is none
	return o
}

// TestRun pays over the network with a fault and 3-D Secure, and finds it again after a restart.
func TestRun(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	p := begin(t, "-state", state, "-refuse", "description,receipt_email")
	in, err := p.api("payment_intents", intent("pm_card_authenticationRequired", false))
	if err != nil {
		t.Fatal(err)
	}
	call(t, "POST", p.url+"/_test/fault", `{"operation":"confirm","fault":"drop_after","times":1}`, 200)
	if _, err := p.api("payment_intents/"+in.ID+"/confirm", url.Values{}); err == nil {
		t.Error("the fault did not happen")
	}
	call(t, "POST", p.url+"/_test/authenticate", fmt.Sprintf(`{"client_secret":%q,"result":"pass"}`, in.ClientSecret), 200)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = begin(t, "-state", state)
	in, err = p.api("payment_intents/"+in.ID, nil)
	if err != nil || in.Status != "succeeded" {
		t.Errorf("after a restart: %v", err)
	}
	if o := call(t, "GET", p.url+"/_test/summary", "", 200); len(o["double_charged_orders"].([]any)) != 0 {
		t.Errorf("the summary says %v", o)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// TestControl calls each control route.
func TestControl(t *testing.T) {
	t.Parallel()
	s, err := stripetest.New(stripetest.Options{Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler(s))
	t.Cleanup(server.Close)
	p := program{url: server.URL}
	pay := func(card string) object {
		in, err := p.api("payment_intents", intent(card, true))
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	processing, reviewed, paid := pay("pm_card_stripetest_processing"), pay("pm_card_riskLevelElevated"), pay("pm_card_pendingRefund")
	asked := pay("pm_card_authenticationRequired")
	refund, err := p.api("refunds", url.Values{"payment_intent": {paid.ID}, "amount": {"500"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "", "", 200}, {"GET", "/ledger", "", 200}, {"GET", "/charges", "", 200}, {"GET", "/requests", "", 200}, {"GET", "/cards", "", 200},
		{"GET", "/faults", "", 200}, {"GET", "/operations", "", 200}, {"GET", "/clock", "", 200}, {"GET", "/nothing", "", 401}, // falls through to the API, which asks for a key

		{"POST", "/authenticate", `{"client_secret":"` + asked.ClientSecret + `","result":"fail"}`, 402},
		{"POST", "/authenticate", `{"client_secret":"pi_x_secret_y","result":"pass"}`, 400},
		{"POST", "/settle", `{"id":"` + processing.ID + `","success":true}`, 200},
		{"POST", "/settle_refund", `{"id":"` + refund.ID + `","success":true}`, 200},
		{"POST", "/review/close", `{"id":"` + reviewed.ID + `","approve":true}`, 200},
		{"POST", "/refund", `{"id":"` + paid.ID + `","amount":1}`, 200},
		{"POST", "/dispute/close", `{"id":"dp_x","won":true}`, 400},
		{"POST", "/advance", `{"duration":"24h"}`, 200}, {"POST", "/advance", `{"duration":"tomorrow"}`, 400},
		{"POST", "/random", `{"operation":"*","percent":50}`, 200}, {"DELETE", "/faults", "", 200}, {"POST", "/late", "", 200},
		{"POST", "/fault", `{"operation":"refunds.*","fault":"429","every":3}`, 200}, {"POST", "/fault", `{"operation":"*","fault":"flood","times":1}`, 400},
		{"POST", "/fault", `{"op":"*"}`, 400}, {"POST", "/webhooks", `{"mode":"lost","times":1}`, 200}, {"DELETE", "/webhooks", "", 200},
		{"POST", "/webhooks/release", "", 200}, {"POST", "/webhooks/redeliver", `{"event":"evt_x"}`, 400}, {"POST", "/forget_keys", "", 200},
	} {
		call(t, test.method, p.url+"/_test"+test.path, test.body, test.want)
	}
	o := call(t, "POST", p.url+"/_test/dispute", `{"id":"`+reviewed.ID+`"}`, 200)
	call(t, "POST", p.url+"/_test/dispute/close", `{"id":"`+o["id"].(string)+`","won":false}`, 200)
}

// TestFlags refuses what cannot be meant.
func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-addr", "0.0.0.0:0"}, {"-addr", ":0"}, {"-addr", "nothing"}, {"-what"}, {"more"}, {"-key", "sk_live_x"}, {"-decline-as", "teapot"},
		{"-addr", "127.0.0.1:0", "-state", "/nowhere/at/all"}} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := run(ctx, args, io.Discard); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
