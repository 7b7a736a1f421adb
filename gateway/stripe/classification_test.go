package stripe_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/internal/matrix"
)

// classification is the table of what Stripe's errors mean.
//
//go:embed testdata/classification.md
var classification string

// said is an error of Stripe's: in answer to a confirmation, or to a refund.
type said struct {
	status     int
	kind, code string
	lost       error // instead of an answer
}

// means is what the module makes of it.
type means struct {
	code      payments.Code // empty: no error
	outcome   payments.Outcome
	status    payments.Status // of the snapshot beside it
	reads     bool            // the intent is read before anything is said
	truth     string          // the intent's status when it is read
	waits     bool            // the error says when to try again
	operation string          // confirm, where it is empty
}

// meaning is one row of the table: each of the errors means each of these, by what the intent turns out to be.
type meaning struct {
	errors []said
	means  []means
}

// declines, doubts and so on are the meanings that several rows share.
var (
	declines = []means{{code: payments.ErrDeclined, outcome: payments.OutcomeNotApplied, status: payments.StatusDeclined, reads: true, truth: "declined"}}
	doubts   = []means{
		{code: payments.ErrUnavailable, outcome: payments.OutcomeUnknown, reads: true, truth: "requires_confirmation"},
		{status: payments.StatusPaid, reads: true, truth: "succeeded"},
		{status: payments.StatusRequiresAction, reads: true, truth: "requires_action"},
		{code: payments.ErrConflict, outcome: payments.OutcomeNotApplied, status: payments.StatusCanceled, reads: true, truth: "canceled"},
	}
	unknowns = []means{{code: payments.ErrUnavailable, outcome: payments.OutcomeUnknown}}
)

func refusals(code payments.Code) []means {
	return []means{{code: code, outcome: payments.OutcomeNotApplied}}
}

func cards(codes ...string) (list []said) {
	for _, code := range codes {
		list = append(list, said{status: 402, kind: "card_error", code: code})
	}
	return list
}

func requests(status int, codes ...string) (list []said) {
	for _, code := range codes {
		list = append(list, said{status: status, kind: "invalid_request_error", code: code})
	}
	return list
}

// meanings are the table's rows, by their first cell. A cell of two meanings has them all.
var meanings = map[string][]meaning{
	"card_error card_declined/expired_card/incorrect_cvc/incorrect_number/incorrect_zip/invalid_expiry_*": {
		{cards("card_declined", "expired_card", "incorrect_cvc", "incorrect_number", "incorrect_zip", "invalid_expiry_month", "invalid_expiry_year"), declines},
		{requests(402, "card_declined"), declines}, {[]said{{status: 400, kind: "card_error", code: "expired_card"}}, declines}},
	"card_error authentication_required": {{cards("authentication_required"),
		[]means{{status: payments.StatusRequiresAction, reads: true, truth: "authentication_required"}}}},
	"payment_intent_authentication_failure, payment_intent_payment_attempt_failed": {
		{cards("payment_intent_authentication_failure", "payment_intent_payment_attempt_failed"), declines},
		{requests(400, "payment_intent_authentication_failure", "payment_intent_payment_attempt_failed"), declines}},
	"amount_too_small / amount_too_large / parameter_*": {
		{requests(400, "amount_too_small", "amount_too_large"), refusals(payments.ErrUnsupported)},
		{requests(400, "parameter_unknown", "parameter_missing", "parameter_invalid_integer"), refusals(payments.ErrGatewayRejected)}},
	"idempotency_error (400, same key other params)": {{[]said{{status: 400, kind: "idempotency_error"}}, doubts}},
	"409 idempotency_key_in_use, 429 lock_timeout/rate_limit": {
		{[]said{{status: 409, kind: "idempotency_error", code: "idempotency_key_in_use"}, {status: 429, kind: "invalid_request_error", code: "lock_timeout"}}, doubts},
		{requests(429, "rate_limit"), []means{{code: payments.ErrRateLimited, outcome: payments.OutcomeNotApplied, waits: true}}}},
	"5xx api_error": {{[]said{{status: 500, kind: "api_error"}, {status: 502, kind: "api_error"}, {status: 503, kind: "api_error"}, {status: 504, kind: "api_error"}}, unknowns}},
	"network error / timeout / ctx canceled": {{[]said{{lost: io.EOF}, {lost: io.ErrUnexpectedEOF}, {lost: context.DeadlineExceeded},
		{lost: context.Canceled}, {lost: errors.New("no route to host")}}, unknowns}},
	"payment_intent_unexpected_state, intent_invalid_state, charge_already_captured, charge_already_refunded": {
		{requests(400, "payment_intent_unexpected_state", "intent_invalid_state", "charge_already_captured", "charge_already_refunded"), doubts}},
	"charge_disputed, refund_disputed_payment": {{requests(400, "charge_disputed", "refund_disputed_payment"),
		[]means{{code: payments.ErrConflict, outcome: payments.OutcomeNotApplied, operation: "refund"}}}},
	"resource_missing": {{requests(404, "resource_missing"), refusals(payments.ErrPaymentNotFound)}},
	"401 / api_key_expired / platform_*": {{append(requests(401, "", "api_key_expired"), requests(403, "platform_account_required", "platform_api_key_expired")...),
		refusals(payments.ErrGatewayConfig)}},
}

// TestClassification is row B10: each error of each row of the table, over the wire, means exactly what the table says, and every code
// that the table names is tried.
func TestClassification(t *testing.T) {
	t.Parallel()
	var rows []string
	for line := range strings.SplitSeq(strings.TrimSpace(classification), "\n") {
		if cells := strings.Split(line, "|"); !strings.HasPrefix(cells[1], "--") && strings.TrimSpace(cells[1]) != "Stripe" {
			rows = append(rows, strings.TrimSpace(cells[1]))
		}
	}
	if len(rows) != len(meanings) {
		t.Fatalf("the table has %d rows, the test %d", len(rows), len(meanings))
	}
	for _, row := range rows {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			var tried []string
			for _, m := range meanings[row] {
				for _, e := range m.errors {
					tried = append(tried, e.kind, e.code, fmt.Sprint(e.status))
					for _, want := range m.means {
						classified(t, e, want)
					}
				}
			}
			for _, code := range regexp.MustCompile(`[a-z]+_[a-z_]+\*?|[45]\d\d`).FindAllString(row, -1) {
				prefix, any := strings.CutSuffix(code, "*")
				if !slices.ContainsFunc(tried, func(s string) bool { return s == code || any && strings.HasPrefix(s, prefix) }) {
					t.Errorf("%s is not tried", code)
				}
			}
			matrix.Count(t, "B10", 1)
		})
	}
}

// classified answers one operation with an error, and compares what the gateway makes of it.
func classified(t *testing.T, e said, want means) {
	t.Helper()
	server := &erring{said: e, truth: want.truth}
	g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", HTTPClient: &http.Client{Transport: server}})
	must(t, err)
	ref := payments.PaymentRef{PaymentUID: "uid", OrderID: payments.OrderID{1}}
	var snap payments.Snapshot
	if want.operation == "refund" {
		snap, err = g.Refund(t.Context(), payments.RefundRequest{PaymentRef: ref, Key: "k", Reference: "pi_1", RefundUID: "r", Amount: payments.Money{Amount: 1, Currency: "USD"}})
	} else {
		snap, err = g.Confirm(t.Context(), payments.ConfirmRequest{PaymentRef: ref, Key: "k", Reference: "pi_1"})
	}
	var ours *payments.Error
	switch {
	case want.code == "" && err != nil, want.code != "" && !errors.As(err, &ours):
		t.Fatalf("%+v, found %s: the error is %v", e, want.truth, err)
	case ours != nil && (ours.Code != want.code || ours.Outcome != want.outcome || want.waits && ours.RetryAfter < time.Second):
		t.Errorf("%+v, found %s: %v, %v, again after %v", e, want.truth, ours.Code, ours.Outcome, ours.RetryAfter)
	case ours != nil && strings.Contains(fmt.Sprintf("%+v", err), "canary"):
		t.Errorf("%+v: the error prints Stripe's words: %v", e, err)
	}
	if snap.Status != want.status || want.status != 0 && snap.Reference != "pi_1" {
		t.Errorf("%+v, found %s: the snapshot is %v of %q", e, want.truth, snap.Status, snap.Reference)
	}
	if snap.Status == payments.StatusRequiresAction && (snap.NextAction == nil || snap.NextAction.ClientSecret.Reveal() != "pi_1_secret_canary") {
		t.Errorf("%+v: the payer is given no secret", e)
	}
	if snap.Status == payments.StatusDeclined && (snap.DeclineCode == "" || snap.Message == "") {
		t.Errorf("%+v: the payer is told %q, %q", e, snap.DeclineCode, snap.Message)
	}
	if server.posts != 1 || (server.gets > 0) != want.reads {
		t.Errorf("%+v, found %s: %d requests and %d reads", e, want.truth, server.posts, server.gets)
	}
}

// erring is a Stripe that answers each POST with one error, and each GET with the truth.
type erring struct {
	said
	truth       string
	mu          sync.Mutex
	posts, gets int
}

// RoundTrip answers.
func (s *erring) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const intent = `{"id":"pi_1","object":"payment_intent","client_secret":"pi_1_secret_canary","amount":1250,"amount_received":1250,"currency":"usd","status":%q,` +
		`"metadata":{"order_id":"01000000000000000000000000000000","payment_uid":"uid"}%s}`
	status, body := http.StatusOK, fmt.Sprintf(intent, s.truth, "")
	if s.truth == "declined" || s.truth == "authentication_required" {
		body = fmt.Sprintf(intent, "requires_payment_method", fmt.Sprintf(`,"last_payment_error":{"code":%q,"type":"card_error","message":"canary"}`, s.code))
	}
	switch {
	case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/payment_intents/"):
		s.gets++
	case r.Method == http.MethodGet:
		body = `{"object":"list","data":[],"has_more":false}`
	case s.lost != nil:
		s.posts++
		return nil, s.lost
	default:
		s.posts++
		status, body = s.status, fmt.Sprintf(`{"error":{"type":%q,"code":%q,"message":"canary","payment_intent":%s}}`, s.kind, s.code, body)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}
