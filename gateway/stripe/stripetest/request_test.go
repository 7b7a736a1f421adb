package stripetest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// sent is a request that is written by hand.
type sent struct {
	method, path, body string
	key                string // of the API; "-" for none
	header             map[string]string
}

// answered is what comes back.
type answered struct {
	status int
	header http.Header
	object map[string]any
	raw    string
}

// err is the error in an answer.
func (a answered) err(field string) string {
	e, _ := a.object["error"].(map[string]any)
	text, _ := e[field].(string)
	return text
}

// send serves a request without any client.
func (b *bundle) send(t *testing.T, s sent) answered {
	t.Helper()
	r := httptest.NewRequest(s.method, s.path, strings.NewReader(s.body))
	if s.key == "" {
		s.key = stripetest.DefaultSecretKey
	}
	if s.key != "-" {
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
	if s.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range s.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	a := answered{status: w.Code, header: w.Header(), raw: w.Body.String()}
	in := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	in.UseNumber()
	if err := in.Decode(&a.object); err != nil {
		t.Fatalf("%s %s is answered with %q: %v", s.method, s.path, a.raw, err)
	}
	return a
}

const intents = "/v1/payment_intents"

// good is the body of an intent.
const good = "amount=1999&currency=usd&payment_method_types[]=card"

// TestParameters is how parameters are refused, in Stripe's words.
func TestParameters(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, test := range []struct{ path, body, code, param, message string }{
		{intents, "amount=1999", "parameter_missing", "currency", "Missing required param: currency."},
		{intents, good + "&foo=1", "parameter_unknown", "foo", "Received unknown parameter: foo"},
		{intents, good + "&shipping[address][planet]=mars", "parameter_unknown", "shipping[address][planet]",
			"Received unknown parameter: shipping[address][planet]"},
		{intents, "amount=ten&currency=usd", "parameter_invalid_integer", "amount", "Invalid integer: ten"},
		{intents, "amount=19.99&currency=usd", "parameter_invalid_integer", "amount", "Invalid integer: 19.99"},
		{intents, "amount=99999999999999999999&currency=usd", "parameter_invalid_integer", "amount", ""},
		{intents, "amount=&currency=usd", "parameter_invalid_empty", "amount", "You passed an empty string for 'amount'."},
		{intents, "amount[x]=1&currency=usd", "", "amount", "Invalid string"},
		{intents, good + "&confirm=yes", "", "confirm", "Invalid boolean: yes"},
		{intents, good + "&capture_method=later", "", "capture_method",
			"Invalid capture_method: must be one of automatic, automatic_async, or manual"},
		{intents, good + "&setup_future_usage=never", "", "setup_future_usage", "must be one of on_session or off_session"},
		{intents, good + "&shipping=home", "", "shipping", "Invalid object"},
		{intents, good + "&metadata=x", "", "metadata", "Invalid object"},
		{intents, good + "&metadata[a][b]=x", "", "metadata[a]", "Metadata values must be strings"},
		{intents, good + "&metadata[" + strings.Repeat("k", 41) + "]=x", "", "metadata", "up to 40 characters"},
		{intents, good + "&metadata[k]=" + strings.Repeat("v", 501), "", "metadata[k]", "up to 500 characters"},
		{intents, good + "&description=" + strings.Repeat("v", 5001), "", "description", "at most 5000 characters"},
		{intents, "amount=1999&currency=usd&payment_method_types=card", "", "payment_method_types", "Invalid array"},
		{intents, "amount=1999&currency=usd&payment_method_types[a]=card", "", "payment_method_types", "Invalid array"},
		{intents, "amount=1999&currency=usd&payment_method_types[]=gold", "", "payment_method_types", "\"gold\" is invalid"},
		{intents, good + "&automatic_payment_methods[enabled]=true", "", "automatic_payment_methods", "You may only specify one of these parameters"},
		{intents, good + "&automatic_payment_methods[allow_redirects]=never", "parameter_missing", "automatic_payment_methods[enabled]", ""},
		{intents, good + "&transfer_data[destination]=acct_1", "stripetest_not_emulated", "transfer_data", "stripetest does not emulate"},
		{intents, good + "&receipt_email=jo", "email_invalid", "receipt_email", "Invalid email address: jo"},
		{intents, good + "&customer=cus_nobody", "resource_missing", "customer", "No such customer: 'cus_nobody'"},
		{intents, good + "&payment_method=pm_nobody", "resource_missing", "payment_method", "No such PaymentMethod: 'pm_nobody'"},
		{intents, good + "&payment_method_data[card][token]=tok_visa", "parameter_missing", "payment_method_data[type]", ""},
		{intents, good + "&expand[]=customers", "", "expand", "This property cannot be expanded (customers)."},
		{intents, good + "&expand[]=a.b.c.d.e", "", "expand", "more than 4 levels"},
		{intents, good + "&return_url=https://shop.example", "", "return_url", "unless `confirm` is set to true"},
		{intents, "a=1&a[b]=2", "", "", "both a value and an object"},
		{intents, "a%zz=1", "", "", "not properly encoded"},
		{intents, "a[b=1", "", "", "cannot be read"},
		{intents, "%ff=1", "", "", "not properly encoded"},
		{"/v1/payment_methods", "card[token]=tok_visa", "parameter_missing", "type", ""},
		{"/v1/payment_methods", "type=card", "parameter_missing", "card", ""},
		{"/v1/payment_methods", "type=sepa_debit&sepa_debit[iban]=DE", "stripetest_not_emulated", "sepa_debit", ""},
		{"/v1/refunds", "amount=5", "parameter_missing", "payment_intent", ""},
		{"/v1/customers", "invoice_settings[default_payment_method]=pm_nobody", "resource_missing", "invoice_settings[default_payment_method]", ""},
		{"/v1/subscriptions", "items[0][price]=price_x", "parameter_missing", "customer", ""},
		{"/v1/prices", "currency=usd&unit_amount=5", "parameter_missing", "product", ""},
		{"/v1/prices", "currency=usd&product=prod_x&unit_amount=5", "resource_missing", "product", ""},
		{"/v1/prices", "currency=usd&product=prod_x&recurring[interval]=hour", "", "recurring[interval]", ""},
	} {
		a := b.send(t, sent{method: "POST", path: test.path, body: test.body})
		if a.status != http.StatusBadRequest || a.err("type") != "invalid_request_error" || a.err("code") != test.code ||
			a.err("param") != test.param || !strings.Contains(a.err("message"), test.message) {
			t.Errorf("%s %s: %d %s", test.path, test.body[:min(len(test.body), 100)], a.status, a.raw)
		}
		if test.code != "" && !strings.HasPrefix(a.err("doc_url"), "https://stripe.com/docs/error-codes/") {
			t.Errorf("the error has no doc_url: %s", a.raw)
		}
	}
	if len(b.Ledger()) != 0 {
		t.Error("a refused request left an intent behind")
	}
}

// TestKeys is who may do what.
func TestKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	in := b.create(t, b.params("pm_card_visa"))
	basic := httptest.NewRequest("GET", "/", nil)
	basic.SetBasicAuth(stripetest.DefaultSecretKey, "")
	page := stripetest.DefaultPublishableKey
	for _, test := range []struct {
		name    string
		sent    sent
		status  int
		message string
	}{
		{"no key", sent{method: "GET", path: intents, key: "-"}, 401, "You did not provide an API key."},
		{"another key", sent{method: "GET", path: intents, key: "sk_test_of_somebody_else"}, 401, "Invalid API Key provided: sk_test_************else"},
		{"a short key", sent{method: "GET", path: intents, key: "sk"}, 401, "Invalid API Key provided: **"},
		{"basic", sent{method: "GET", path: intents, key: "-", header: map[string]string{"Authorization": basic.Header.Get("Authorization")}}, 200, ""},
		{"digest", sent{method: "GET", path: intents, key: "-", header: map[string]string{"Authorization": "Digest x"}}, 401, ""},
		{"a page lists", sent{method: "GET", path: intents, key: page}, 401, "cannot be made with a publishable API key"},
		{"a page without the secret", sent{method: "GET", path: intents + "/" + in.ID, key: page}, 400, "Missing required param: client_secret."},
		{"a page with another secret", sent{method: "GET", path: intents + "/" + in.ID + "?client_secret=pi_x_secret_y", key: page}, 400, "does not match"},
		{"a page reads", sent{method: "GET", path: intents + "/" + in.ID + "?client_secret=" + in.ClientSecret, key: page}, 200, ""},
		{"a page pays", sent{method: "POST", path: intents + "/" + in.ID + "/confirm", key: "-", body: "key=" + page + "&client_secret=" + in.ClientSecret}, 200, ""},
		{"another address", sent{method: "GET", path: "/v1/nothing"}, 404, "Unrecognized request URL (GET: /v1/nothing)."},
		{"no address", sent{method: "GET", path: "/"}, 404, "Unrecognized request URL"},
		{"another method", sent{method: "DELETE", path: intents}, 404, "Unrecognized request URL"},
		{"another intent", sent{method: "GET", path: intents + "/pi_nobody"}, 404, "No such payment_intent: 'pi_nobody'"},
		{"another version", sent{method: "GET", path: intents, header: map[string]string{"Stripe-Version": "2015-10-16"}}, 400, "2023-10-16 and no other"},
		{"our version", sent{method: "GET", path: intents, header: map[string]string{"Stripe-Version": "2023-10-16"}}, 200, ""},
		{"a key of 256 signs", sent{method: "POST", path: intents, body: good, header: map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}}, 400, "at most 255"},
		{"JSON", sent{method: "POST", path: intents, body: "{}", header: map[string]string{"Content-Type": "application/json"}}, 400, "x-www-form-urlencoded"},
		{"too large", sent{method: "POST", path: intents, body: "a=" + strings.Repeat("x", 1<<20)}, 400, "too large"},
		{"too many", sent{method: "POST", path: intents, body: strings.Repeat("a=1&", 3000)}, 400, "too many"},
	} {
		a := b.send(t, test.sent)
		if a.status != test.status || !strings.Contains(a.err("message"), test.message) {
			t.Errorf("%s: %d %.300s", test.name, a.status, a.raw)
		}
		if !strings.HasPrefix(a.header.Get("Request-Id"), "req_") || a.header.Get("Stripe-Version") != "2023-10-16" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: the header is %v", test.name, a.header)
		}
	}
	if entry := b.Ledger()[orderID]; entry.Captured != 1999 {
		t.Errorf("the ledger says %+v", entry)
	}
	manual := b.params("pm_card_visa")
	manual.ConfirmationMethod = ptr("manual")
	in = b.create(t, manual)
	a := b.send(t, sent{method: "POST", path: intents + "/" + in.ID + "/confirm", key: page, body: "client_secret=" + in.ClientSecret})
	if a.status != 400 || a.err("code") != "payment_intent_unexpected_state" {
		t.Errorf("a page confirms what is the server's to confirm: %s", a.raw)
	}
}

func ptr[T any](v T) *T { return &v }

// TestMessagesHideNumbers shows that what may be a card number is not told back.
func TestMessagesHideNumbers(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, number := range []string{"4242424242424242", "4242-4242-4242-4242"} {
		a := b.send(t, sent{method: "POST", path: intents, body: "amount=" + number + "x&currency=usd"})
		if strings.Contains(a.raw, number) || !strings.Contains(a.err("message"), "****4242") {
			t.Errorf("the message says %s", a.err("message"))
		}
	}
}

// TestOperations shows that each operation has an address that answers something of its own.
func TestOperations(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	for _, op := range stripetest.Operations() {
		if err := b.Fault(op, stripetest.Fault429, 1); err != nil {
			t.Error(err)
		}
	}
	if n := b.PendingFaults(); n != len(stripetest.Operations()) {
		t.Errorf("%d faults are pending", n)
	}
	a := b.send(t, sent{method: "GET", path: "/v1/balance"})
	if a.status != 429 || a.err("code") != "rate_limit" {
		t.Errorf("the fault did not happen: %s", a.raw)
	}
	b.ClearFaults()
	b.paid(t, "pm_card_visa")
	if a := b.send(t, sent{method: "GET", path: "/v1/balance"}); !strings.Contains(a.raw, `"amount":1999`) {
		t.Errorf("the balance is %s", a.raw)
	}
	log := b.Requests()
	if last := log[len(log)-1]; last.Op != "balance.retrieve" || last.Status != 200 || last.Fault != "" {
		t.Errorf("the log ends with %+v", last)
	}
	if first := log[0]; first.Fault != stripetest.Fault429 || first.Status != 429 {
		t.Errorf("the log begins with %+v", first)
	}
}

// TestReadBody refuses a body that cannot be read.
func TestReadBody(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	r := httptest.NewRequest("POST", intents, io.NopCloser(io.MultiReader(strings.NewReader("amount="), &broken{})))
	r.Header.Set("Authorization", "Bearer "+stripetest.DefaultSecretKey)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("a broken body is answered with %d", w.Code)
	}
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
