package kill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/stripe"
	"github.com/trendsic/payments/gateway/stripe/stripetest"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

// traced is the process that is traced: a host that does one flow with one order.
type traced struct {
	*payments.Service
	clock   *clock
	gateway string
	secret  string // the payer's, once the payer has something to do
}

// tracedFlow is a flow, and the requests to the gateway that it must make, each as often as it stands there: the end of its path.
type tracedFlow struct {
	manual, recurring bool
	run               func(ctx context.Context, w *traced) error
	asks              []string
}

// tracedFlows are the nine flows of the matrix.
var tracedFlows = map[string]tracedFlow{
	"create": {asks: []string{"/payment_intents"}, run: func(ctx context.Context, w *traced) error {
		return w.pay(ctx, "", payments.StatusCreated)
	}},
	"confirm": {asks: []string{"/payment_intents", "/confirm"}, run: func(ctx context.Context, w *traced) error {
		return w.pay(ctx, "tok_visa", payments.StatusPaid)
	}},
	"3-D Secure": {asks: []string{"/payment_intents", "/confirm"}, run: func(ctx context.Context, w *traced) error {
		return errors.Join(w.pay(ctx, "tok_threeDSecure2Required", payments.StatusRequiresAction), w.payer(ctx, ""), w.complete(ctx))
	}},
	"capture": {manual: true, asks: []string{"/payment_intents", "/confirm", "/capture"}, run: func(ctx context.Context, w *traced) error {
		err := w.pay(ctx, "tok_visa", payments.StatusAuthorized)
		_, captureErr := w.Capture(ctx, payments.CaptureCommand{Target: target})
		return errors.Join(err, captureErr)
	}},
	"void": {manual: true, asks: []string{"/payment_intents", "/confirm", "/cancel"}, run: func(ctx context.Context, w *traced) error {
		err := w.pay(ctx, "tok_visa", payments.StatusAuthorized)
		_, voidErr := w.Void(ctx, payments.VoidCommand{Target: target})
		return errors.Join(err, voidErr)
	}},
	"refund": {asks: []string{"/payment_intents", "/confirm", "/refunds"}, run: func(ctx context.Context, w *traced) error {
		err := w.pay(ctx, "tok_visa", payments.StatusPaid)
		_, refundErr := w.Refund(ctx, payments.RefundCommand{Target: target, Key: "r", Amount: payments.Money{Amount: 300, Currency: "USD"}})
		return errors.Join(err, refundErr)
	}},
	"webhook": {asks: []string{"/payment_intents"}, run: func(ctx context.Context, w *traced) error {
		return errors.Join(w.pay(ctx, "", payments.StatusCreated), w.payer(ctx, "pm_card_visa"), w.webhooks(ctx))
	}},
	"reconcile": {asks: []string{"/payment_intents", "/confirm", "/control/heal", "/confirm"}, run: func(ctx context.Context, w *traced) error {
		_, lost := w.control(ctx, "lose", nil)
		err := w.pay(ctx, "tok_visa", payments.StatusUnknown)
		_, up := w.control(ctx, "heal", nil)
		w.clock.advance(time.Minute)
		report, reconcileErr := w.Reconcile(ctx)
		if report.Resolved == 0 {
			err = errors.Join(err, fmt.Errorf("nothing was resolved: %+v", report))
		}
		return errors.Join(lost, err, up, reconcileErr)
	}},
	"subscribe": {recurring: true, asks: []string{"/subscriptions", "/confirm"}, run: func(ctx context.Context, w *traced) error {
		return w.pay(ctx, "tok_visa", payments.StatusPaid)
	}},
}

// target is the order of a traced flow.
var target = payments.Target{OrderID: orderID(1)}

// runTraced does a flow.
func runTraced(j task) error {
	f, c := tracedFlows[j.Flow], &clock{}
	path := filepath.Join(j.Dir, "payments.db")
	var db *gorm.DB
	var err error
	if j.Synchronous == "" {
		db, err = sqlite.Open(path, nil)
	} else {
		db, err = gorm.Open(driver.Open("file:"+path+"?_journal_mode=WAL&_busy_timeout=5000&_txlock=immediate&_synchronous="+j.Synchronous), &gorm.Config{})
	}
	if err != nil {
		return err
	}
	store, err := storage.New(db, &storage.Options{Clock: c.Now, AllowUnsafeSQLite: j.Synchronous != ""})
	if err != nil {
		return err
	}
	gw, err := stripe.New(stripe.Options{SecretKey: stripetest.DefaultSecretKey, BaseURL: j.Gateway, Clock: c.Now,
		WebhookSecrets: []string{stripetest.DefaultWebhookSecret}})
	if err != nil {
		return err
	}
	order := payments.Order{ID: target.OrderID, AgentID: 3, CustomerID: 9, Total: price}
	if f.recurring {
		order.Recurring = &payments.Plan{Interval: "month", Every: 1}
	}
	w := &traced{clock: c, gateway: j.Gateway}
	w.Service, err = payments.New(store, gw, payments.OrdersFunc(func(context.Context, payments.OrderID) (payments.Order, error) { return order, nil }),
		&payments.Options{Clock: c, ManualCapture: f.manual, WaitTimeout: patience})
	if err != nil {
		return err
	}
	return f.run(context.Background(), w)
}

// pay pays the order, and expects how far that comes.
func (w *traced) pay(ctx context.Context, token string, want payments.Status) error {
	req := payments.PayRequest{OrderID: target.OrderID, Idempotency: payments.Idempotency{Key: "k", Principal: "client"}}
	if token != "" {
		req.Source.Token = payments.NewToken(token)
	}
	res, err := w.Pay(ctx, req)
	if res.NextAction != nil {
		w.secret = res.NextAction.ClientSecret.Reveal()
	}
	if want == payments.StatusUnknown && errors.Is(err, payments.ErrUnknown) {
		err = nil
	}
	if res.Payment.Status != want {
		return errors.Join(fmt.Errorf("the payment is %v, not %v", res.Payment.Status, want), err)
	}
	return err
}

// payerForm is what a payer does.
type payerForm struct{ Secret, Method string }

// payer does what is asked of the payer, in another process.
func (w *traced) payer(ctx context.Context, method string) error {
	_, err := w.control(ctx, "payer", payerForm{Secret: w.secret, Method: method})
	return err
}

func (w *traced) complete(ctx context.Context) error {
	res, err := w.Complete(ctx, payments.CompleteRequest{OrderID: target.OrderID})
	if err == nil && res.Payment.Status != payments.StatusPaid {
		err = fmt.Errorf("the payment is %v in the end", res.Payment.Status)
	}
	return err
}

// webhooks takes what the gateway has to tell.
func (w *traced) webhooks(ctx context.Context) error {
	text, err := w.control(ctx, "events", nil)
	if err != nil {
		return err
	}
	var list []stripetest.Delivery
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, d := range list {
		if err := w.Webhook(ctx, http.Header{"Stripe-Signature": {d.Header}}, d.Body); err != nil {
			return err
		}
	}
	p, err := w.PaymentForOrder(ctx, payments.FindRequest{OrderID: target.OrderID})
	if err == nil && p.Status != payments.StatusPaid {
		err = fmt.Errorf("after %d events the payment is %v", len(list), p.Status)
	}
	return err
}

// control asks the other process for what is no request of the module's: its method is PUT, which the gateway has none of.
func (w *traced) control(ctx context.Context, what string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, w.gateway+"/control/"+what, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", what, res.StatusCode, strings.TrimSpace(string(answer)))
	}
	return answer, err
}
