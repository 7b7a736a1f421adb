package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/internal/canary"
	"github.com/trendsic/payments/internal/matrix"
)

// TestNothingRests plants card numbers, codes and tokens in every flow and fault, and then looks for them, and for any
// client secret, in the database's files, the gateway's, the log at its lowest level and the answers.
func TestNothingRests(t *testing.T) {
	t.Parallel()
	for _, gateway := range []string{"fake", "stripetest"} {
		for _, d := range databases {
			t.Run(gateway+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				nothingRests(t, gateway, d.open(t))
			})
		}
	}
}

// nothingRests looks at the files in the folder of a SQLite database, and at those of a server where they can be read; its logs of
// changes are looked at by .ci/run.
func nothingRests(t *testing.T, gateway, db string) {
	t.Helper()
	dir := t.TempDir()
	if !strings.Contains(db, "://") {
		dir = filepath.Dir(db)
	}
	s := start(t, db, func(c *config) { c.gateway, c.stateFile = gateway, filepath.Join(dir, "gateway.json") })
	var answers strings.Builder
	approved := map[int]int{} // by the way to pay
	post := func(method, path, body string, headers ...string) wire {
		a := s.do("agent", method, path, body, headers...)
		w := s.decode(a)
		text := a.body
		if w.ClientSecret != "" && a.status == http.StatusOK { // the one place where it belongs
			text = strings.ReplaceAll(text, w.ClientSecret, "")
		}
		answers.WriteString(text + fmt.Sprint(a.header) + "\n")
		return w
	}
	cards := []string{
		`"CardNumber":"` + canary.Number + `","ExpDate":"12/34"`,
		`"CardNumber":"` + canary.Amex + `","ExpDate":"12/34","CCV":"` + canary.CVC + `"`,
		`"CardNumber":"` + canary.Amex + `","ExpDate":"12/20","CCV":"` + canary.CVC + `"`,
		`"StripeToken":"` + canary.Token + `"`,
		`"StripeToken":"` + canary.Reused + `"`,
		`"StripeToken":"tok_threeDSecure2Required"`,
		`"StripeToken":"` + canary.Token + `","CardNumber":"` + canary.Number + `"`,
		`"CCV":"` + canary.CVC + `"`,
		`"PaymentType":"` + canary.Number + `"`,
		`"StripeToken":{"x":"` + canary.Token + `"}`,
	}
	rounds := 0
	round := func() {
		rounds++
		for i, card := range cards {
			id := s.order()
			card = strings.ReplaceAll(card, canary.Token, fmt.Sprintf("%sr%d", canary.Token, rounds)) // a token is good once
			body := `{"OrderID":"` + id + `","PaymentInfo":{` + card + `}}`
			key := fmt.Sprintf("%s-%d-%s", canary.Mark, i, id)
			w := post("POST", "/v1/CustomerPayments", body, "Idempotency-Key", key)
			if w.CustomerPayment.Approved {
				approved[i]++
			}
			if w.ClientSecret != "" {
				result := []string{"success", "fail"}[i%2]
				s.do("", "POST", "/"+gateway+"/authenticate", `{"clientSecret":"`+w.ClientSecret+`","result":"`+result+`"}`)
			}
			post("POST", "/v1/CustomerPayments", body, "Idempotency-Key", key)
			post("PUT", "/v1/CustomerPayments", body)
			post("GET", "/v1/CustomerPayments/"+id, "")
			order, _ := payments.ParseOrderID(id)
			for _, err := range []error{
				errorOf(s.app.payments.Refund(t.Context(), payments.RefundCommand{Target: payments.Target{OrderID: order}, Key: "r" + id})),
				errorOf(s.app.payments.Void(t.Context(), payments.VoidCommand{Target: payments.Target{OrderID: order}})),
			} {
				fmt.Fprintf(&answers, "%v %+v %#v\n", err, err, err)
			}
		}
	}
	round()
	for i, f := range fake.Faults() {
		if !matrix.Full() && i%4 != 0 {
			continue
		}
		if gateway != "fake" {
			break // the emulator's faults are gateway/stripe's tests' to make
		}
		if strings.HasPrefix(string(f.Fault), "slow") {
			continue // each would wait for its time-out; what they answer is what a cut connection answers
		}
		s.do("", "POST", "/fake/faults", `{"operation":"*","fault":"`+string(f.Fault)+`","times":2}`)
		round()
	}
	if _, err := s.app.payments.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What was planted went through to the gateway: money was taken with each of them.
	planted := []int{0, 1, 3}
	if gateway == "stripetest" {
		planted = []int{3, 4} // no raw cards there
	}
	for _, i := range planted {
		if approved[i] == 0 {
			t.Errorf("nothing was paid with %s: to find it nowhere proves nothing", cards[i])
		}
	}
	if hits := canary.FindInText([]byte(answers.String())); len(hits) > 0 {
		t.Errorf("the answers hold %v", hits)
	}
	if hits := canary.FindInText(s.log.Bytes()); len(hits) > 0 {
		t.Errorf("the log holds %v", hits)
	}
	server := serverFiles(t, db)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the files are %v, %v", files, err)
	}
	marked := false
	files = append(files, server...)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		marked = marked || canary.Marked(data)
		if hits := canary.Find(data); len(hits) > 0 {
			t.Errorf("%s holds %v", name, hits)
		}
	}
	if !marked && (len(server) > 0 || !strings.Contains(db, "://")) {
		t.Error("no file holds the mark: the requests never reached the database")
	}
	t.Logf("planted beside %s: %d rounds, approved by way to pay %v", canary.Mark, rounds, approved)
	matrix.Count(t, "I1", len(files)+2) // the answers with the errors, and the log, too
}

func errorOf[T any](_ T, err error) error { return err }
