package stripe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
)

// answering returns a gateway over a server that gives one answer to everything, and how many requests it got.
func answering(t *testing.T, status int, body string) (*stripe.Gateway, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Stripe-Should-Retry", "true")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(web.Close)
	g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", BaseURL: web.URL})
	must(t, err)
	return g, &requests
}

// TestOneRequestACall holds that nobody but the Service repeats a request: it alone knows what may be repeated, and when.
func TestOneRequestACall(t *testing.T) {
	t.Parallel()
	amount := payments.Money{Amount: 1250, Currency: "USD"}
	for name, call := range map[string]func(context.Context, *stripe.Gateway) error{
		"prepare": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Prepare(ctx, payments.PrepareRequest{Key: "k", Amount: amount})
			return err
		},
		"confirm": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Confirm(ctx, payments.ConfirmRequest{Key: "k", Reference: "pi_1"})
			return err
		},
		"capture": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Capture(ctx, payments.CaptureRequest{Key: "k", Reference: "pi_1", Amount: amount})
			return err
		},
		"void": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Void(ctx, payments.VoidRequest{Key: "k", Reference: "pi_1"})
			return err
		},
		"refund": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Refund(ctx, payments.RefundRequest{Key: "k", Reference: "pi_1", Amount: amount})
			return err
		},
		"fetch": func(ctx context.Context, g *stripe.Gateway) error {
			_, err := g.Fetch(ctx, payments.FetchRequest{Reference: "pi_1"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, requests := answering(t, http.StatusServiceUnavailable, `{"error":{"type":"api_error"}}`)
			if err := call(t.Context(), g); payments.OutcomeOf(err) != payments.OutcomeUnknown {
				t.Errorf("the error is %v", err)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestSnapshotIsWhatStripeSays holds that what the Service compares is read from the answer: mode, order, payment, amount. A
// status that nobody knows is none.
func TestSnapshotIsWhatStripeSays(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","status":%q,"livemode":%t,"amount":1250,"currency":"usd",` +
		`"metadata":{"order_id":"0102030405060708090a0b0c0d0e0f10","payment_uid":"u"}}`
	order, err := payments.ParseOrderID("0102030405060708090a0b0c0d0e0f10")
	must(t, err)
	for status, want := range map[string]payments.Status{
		"requires_payment_method": payments.StatusCreated, "requires_confirmation": payments.StatusCreated,
		"requires_action": payments.StatusRequiresAction, "processing": payments.StatusProcessing,
		"requires_capture": payments.StatusAuthorized, "canceled": payments.StatusCanceled, "of_tomorrow": 0, "": 0,
	} {
		for _, live := range []bool{true, false} {
			g, _ := answering(t, http.StatusOK, fmt.Sprintf(intent, status, live))
			snap, err := g.Fetch(t.Context(), payments.FetchRequest{Reference: "pi_1"})
			must(t, err)
			if snap.Status != want || snap.LiveMode != live || snap.OrderID != order || snap.PaymentUID != "u" || snap.Amount != (payments.Money{Amount: 1250, Currency: "USD"}) {
				t.Errorf("%s, live %v: %+v", status, live, snap)
			}
		}
	}
}

// TestReplayedIsAnOldTruth holds that an answer which Stripe repeats from under its key is not taken: the object is read.
func TestReplayedIsAnOldTruth(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","status":%q,"amount":1250,"amount_received":1250,"currency":"usd"}`
	amount := payments.Money{Amount: 1250, Currency: "USD"}
	for _, tt := range []struct {
		name, old, now string
		want           payments.Status
		call           func(context.Context, *stripe.Gateway) (payments.Snapshot, error)
	}{
		{"confirm", "requires_action", "succeeded", payments.StatusPaid, func(ctx context.Context, g *stripe.Gateway) (payments.Snapshot, error) {
			return g.Confirm(ctx, payments.ConfirmRequest{Key: "k", Reference: "pi_1"})
		}},
		{"authorize", "processing", "succeeded", payments.StatusPaid, func(ctx context.Context, g *stripe.Gateway) (payments.Snapshot, error) {
			return g.Authorize(ctx, payments.AuthorizeRequest{Key: "k", Amount: amount, Source: payments.Source{Token: payments.NewToken("pm_1")}})
		}},
		{"capture", "requires_capture", "succeeded", payments.StatusPaid, func(ctx context.Context, g *stripe.Gateway) (payments.Snapshot, error) {
			return g.Capture(ctx, payments.CaptureRequest{Key: "k", Reference: "pi_1", Amount: amount})
		}},
		{"void", "requires_capture", "canceled", payments.StatusCanceled, func(ctx context.Context, g *stripe.Gateway) (payments.Snapshot, error) {
			return g.Void(ctx, payments.VoidRequest{Key: "k", Reference: "pi_1"})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status := tt.old
				switch {
				case r.Method == http.MethodPost:
					w.Header().Set("Idempotent-Replayed", "true")
				case r.URL.Path == "/v1/payment_intents/pi_1":
					status = tt.now
				default:
					_, _ = w.Write([]byte(`{"object":"list","data":[]}`))
					return
				}
				_, _ = fmt.Fprintf(w, intent, status)
			}))
			t.Cleanup(web.Close)
			g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", BaseURL: web.URL})
			must(t, err)
			snap, err := tt.call(t.Context(), g)
			if err != nil || snap.Status != tt.want {
				t.Errorf("%v, %v", snap.Status, err)
			}
		})
	}
}

// paths is a server that answers each path with its text, and 500 where it has none.
type paths map[string]string

func (p paths) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := p[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusInternalServerError)
		body = `{"error":{"type":"api_error"}}`
	}
	_, _ = w.Write([]byte(body))
}

// over returns a gateway to a server.
func over(t *testing.T, h http.Handler) *stripe.Gateway {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", BaseURL: web.URL})
	must(t, err)
	return g
}

// TestFetchReadsTheReview holds that a review is read where the intent names one, which it goes on to do when the review is closed,
// and that nothing is told where that fails.
func TestFetchReadsTheReview(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","status":"requires_capture","amount":1250,"currency":"usd","review":"prv_1"}`
	for name, tt := range map[string]struct {
		review  string
		held    bool
		unknown bool
	}{
		"open":   {review: `{"id":"prv_1","object":"review","open":true}`, held: true},
		"closed": {review: `{"id":"prv_1","object":"review","open":false}`},
		"down":   {unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := paths{"/v1/payment_intents/pi_1": intent}
			if tt.review != "" {
				server["/v1/reviews/prv_1"] = tt.review
			}
			snap, err := over(t, server).Fetch(t.Context(), payments.FetchRequest{Reference: "pi_1"})
			switch {
			case tt.unknown:
				if err == nil || payments.OutcomeOf(err) != payments.OutcomeUnknown || snap.Status != 0 {
					t.Errorf("the snapshot is %+v, the error %v", snap, err)
				}
			case err != nil || snap.Status != payments.StatusAuthorized || snap.UnderReview != tt.held:
				t.Errorf("the snapshot is %+v, the error %v", snap, err)
			}
		})
	}
}

// TestReleasedIsNoRefund holds that what was reserved and not captured, which Stripe counts as refunded, is none of what a charge
// gave back, and that a charge whose server does not say what it captured has released nothing.
func TestReleasedIsNoRefund(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		amounts string
		want    int64
	}{
		"all captured":       {`"captured":true,"amount_captured":1000,"amount_refunded":300`, 300},
		"captured in part":   {`"captured":true,"amount_captured":600,"amount_refunded":400`, 0},
		"and then refunded":  {`"captured":true,"amount_captured":600,"amount_refunded":500`, 100},
		"not captured":       {`"captured":false,"amount_captured":0,"amount_refunded":0`, 0},
		"captured, not told": {`"captured":true,"amount_refunded":300`, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := over(t, paths{"/v1/charges": `{"object":"list","data":[{"id":"ch_1","object":"charge","paid":true,"amount":1000,"currency":"usd",` + tt.amounts + `}]}`})
			list, _, err := g.ListCharges(t.Context(), payments.ListChargesRequest{Limit: 1})
			must(t, err)
			if len(list) != 1 || list[0].Refunded != tt.want {
				t.Errorf("the charges are %+v", list)
			}
		})
	}
}

// TestDeclineNamesItsCharge holds that a decline is told with the charge that it left, where the server names it in the error alone.
func TestDeclineNamesItsCharge(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","status":"requires_payment_method","amount":1250,"currency":"usd",%s
		"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"expired_card","charge":"ch_error"}}`
	for latest, want := range map[string]string{"": "ch_error", `"latest_charge":"ch_latest",`: "ch_latest"} {
		snap, err := over(t, paths{"/v1/payment_intents/pi_1": fmt.Sprintf(intent, latest)}).Fetch(t.Context(), payments.FetchRequest{Reference: "pi_1"})
		must(t, err)
		if snap.Status != payments.StatusDeclined || snap.Attempt != want || snap.DeclineCode != "expired_card" {
			t.Errorf("%s: the snapshot is %+v", want, snap)
		}
	}
}

// TestCardOfAnAnswer holds that card and time are read from the charge, or from the decline, and that what was not told stays empty.
func TestCardOfAnAnswer(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","amount":1250,"currency":"usd",%s}`
	visa := payments.PaymentMethod{ID: "pm_1", Brand: "visa", Last4: "4242", Expiry: payments.Expiry{Month: 8, Year: 2030}}
	for name, tt := range map[string]struct {
		members string
		method  payments.PaymentMethod
		decided time.Time
	}{
		"a charge": {`"status":"requires_capture","latest_charge":{"id":"ch_1","created":1714564800,"payment_method":"pm_1",
			"payment_method_details":{"type":"card","card":{"brand":"Visa","last4":"4242","exp_month":8,"exp_year":2030}}}`, visa, time.Unix(1714564800, 0).UTC()},
		"a charge without a time": {`"status":"requires_capture","latest_charge":{"id":"ch_1","created":0}`, payments.PaymentMethod{}, time.Time{}},
		"a charge by its id":      {`"status":"requires_capture","latest_charge":"ch_1"`, payments.PaymentMethod{}, time.Time{}},
		"a decline": {`"status":"requires_payment_method","last_payment_error":{"type":"card_error","code":"card_declined",
			"payment_method":{"id":"pm_1","type":"card","card":{"brand":"visa","last4":"4242","exp_month":8,"exp_year":2030}}}`, visa, time.Time{}},
		"a decline of no card": {`"status":"requires_payment_method","last_payment_error":{"type":"card_error","code":"card_declined",
			"payment_method":{"id":"pm_1","type":"link"}}`, payments.PaymentMethod{ID: "pm_1"}, time.Time{}},
	} {
		snap, err := over(t, paths{"/v1/payment_intents/pi_1": fmt.Sprintf(intent, tt.members)}).Fetch(t.Context(), payments.FetchRequest{Reference: "pi_1"})
		must(t, err)
		if snap.Method != tt.method || !snap.DecidedAt.Equal(tt.decided) {
			t.Errorf("%s: the card is %+v, the time %v", name, snap.Method, snap.DecidedAt)
		}
	}
}

// TestRefundSaysWhy holds that the merchant's reason, which is free text, stands in the refund's metadata, and in none that has no reason.
func TestRefundSaysWhy(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"", "returned by the customer"} {
		var form url.Values
		g := over(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				_ = r.ParseForm()
				form = r.PostForm
			}
			_, _ = w.Write([]byte(`{"id":"pi_1","object":"payment_intent","status":"requires_capture","amount":1250,"currency":"usd"}`))
		}))
		_, err := g.Refund(t.Context(), payments.RefundRequest{Key: "k", Reference: "pi_1", RefundUID: "u", Reason: reason, Amount: payments.Money{Amount: 1, Currency: "USD"}})
		must(t, err)
		if form.Get("metadata[reason]") != reason || form.Has("metadata[reason]") != (reason != "") || form.Get("metadata[refund_uid]") != "u" {
			t.Errorf("%q: the form is %v", reason, form)
		}
	}
}

// TestAccountOfARequest holds that a request is made on the payment's account, or on that of the options, or on the platform's own.
func TestAccountOfARequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ options, request, want string }{
		{"", "", ""}, {"acct_options", "", "acct_options"}, {"", "acct_payment", "acct_payment"}, {"acct_options", "acct_payment", "acct_payment"},
	} {
		var header http.Header
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header = r.Header
			_, _ = w.Write([]byte(`{"id":"pi_1","object":"payment_intent","status":"requires_capture"}`))
		}))
		g, err := stripe.New(stripe.Options{SecretKey: "sk_test_1", BaseURL: web.URL, Account: tt.options})
		must(t, err)
		_, err = g.Fetch(t.Context(), payments.FetchRequest{Reference: "pi_1", PaymentRef: payments.PaymentRef{Account: tt.request}})
		web.Close()
		must(t, err)
		if got, sent := header.Get("Stripe-Account"), header.Values("Stripe-Account"); got != tt.want || len(sent) > 0 != (tt.want != "") {
			t.Errorf("%+v: the header is %q", tt, sent)
		}
	}
}

// TestPeriodOfASubscription holds that the period ends when Stripe says, and that one that has none is not told as that of 1970.
func TestPeriodOfASubscription(t *testing.T) {
	t.Parallel()
	for end, want := range map[int64]time.Time{0: {}, 1: time.Unix(1, 0).UTC()} {
		g := over(t, paths{"/v1/subscriptions/sub_1": fmt.Sprintf(`{"id":"sub_1","object":"subscription","status":"active","current_period_end":%d}`, end),
			"/v1/invoices": `{"object":"list","data":[]}`})
		snap, err := g.FetchSubscription(t.Context(), payments.FetchSubscriptionRequest{Reference: "sub_1"})
		must(t, err)
		if !snap.PeriodEnd.Equal(want) {
			t.Errorf("%d is %v", end, snap.PeriodEnd)
		}
	}
}

// TestRefundedElsewhere holds that a refund which Stripe refuses because nothing is left is looked for among the refunds: it is there, or
// it was not made.
func TestRefundedElsewhere(t *testing.T) {
	t.Parallel()
	const intent = `{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1250,"amount_received":1250,"currency":"usd"}`
	const refunds = `{"object":"list","data":[{"id":"re_1","object":"refund","amount":%d,"currency":"usd","status":"succeeded","metadata":{"refund_uid":%q}}]}`
	for name, tt := range map[string]struct {
		paths paths
		err   error
	}{
		"it is there":       {paths{"/v1/payment_intents/pi_1": intent, "/v1/refunds": fmt.Sprintf(refunds, 1250, "ours")}, nil},
		"somebody else's":   {paths{"/v1/payment_intents/pi_1": intent, "/v1/refunds": fmt.Sprintf(refunds, 1250, "")}, payments.ErrConflict},
		"too little left":   {paths{"/v1/payment_intents/pi_1": intent, "/v1/refunds": fmt.Sprintf(refunds, 251, "")}, payments.ErrConflict},
		"enough is left":    {paths{"/v1/payment_intents/pi_1": intent, "/v1/refunds": fmt.Sprintf(refunds, 250, "")}, payments.ErrUnavailable},
		"it cannot be read": {paths{}, payments.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := over(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					tt.paths.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`))
			}))
			_, err := g.Refund(t.Context(), payments.RefundRequest{Key: "k", Reference: "pi_1", RefundUID: "ours", Amount: payments.Money{Amount: 1000, Currency: "USD"}})
			if !errors.Is(err, tt.err) {
				t.Errorf("the error is %v, not %v", err, tt.err)
			}
			if unknown := errors.Is(tt.err, payments.ErrUnavailable); err != nil && (payments.OutcomeOf(err) == payments.OutcomeUnknown) != unknown {
				t.Errorf("the outcome is %v", payments.OutcomeOf(err))
			}
		})
	}
}
