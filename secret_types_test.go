package payments_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	source "go/token"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// exported are all exported types of the package that are no interfaces and no functions. TestEveryTypeIsListed fails when one is missing.
var exported = []any{
	payments.AcceptCommand{}, payments.BeginRequest{}, payments.CaptureCommand{}, payments.Card{}, payments.Expiry{}, payments.Code(""), payments.Outcome(0),
	payments.FieldError{}, payments.Error{}, payments.Event{}, payments.Break{}, payments.BreakKind(""), payments.InboxEvent{}, payments.PaymentRef{}, payments.Source{},
	payments.Payer{}, payments.Saving{}, payments.AuthorizeRequest{}, payments.PrepareRequest{}, payments.ConfirmRequest{}, payments.CaptureRequest{}, payments.VoidRequest{},
	payments.RefundRequest{}, payments.FetchRequest{}, payments.Snapshot{}, payments.RefundSnapshot{}, payments.SubscriptionStatus(""), payments.SubscribeRequest{},
	payments.FetchSubscriptionRequest{}, payments.CancelSubscriptionRequest{}, payments.UncancelSubscriptionRequest{}, payments.SubscriptionSnapshot{}, payments.InvoiceSnapshot{}, payments.ListChargesRequest{},
	payments.ListedCharge{}, payments.WebhookEvent{}, payments.Currency(""), payments.Money{}, payments.Target{}, payments.OrderID{}, payments.Order{}, payments.Plan{},
	payments.Status(0), payments.Answer{}, payments.PaymentType(0), payments.PaymentMethod{}, payments.NextAction{}, payments.Payment{}, payments.Service{}, payments.Options{},
	payments.Page{}, payments.Report{}, payments.AuditReport{}, payments.RefundCommand{}, payments.RefundResult{}, payments.PayRequest{}, payments.CompleteRequest{}, payments.FindRequest{},
	payments.Idempotency{}, payments.Result{}, payments.SavedMethod{}, payments.Token{}, payments.ClientSecret{}, payments.CVC{}, payments.CardNumber{}, payments.Change{},
	payments.Query{}, payments.Record{}, payments.Filter{}, payments.LeaseRequest{}, payments.PruneRequest{}, payments.KeyID{}, payments.KeyRecord{}, payments.CancelSubscriptionCommand{},
	payments.Kind(""), payments.Transaction{}, payments.RefundStatus(""), payments.Refund{}, payments.VoidCommand{},
}

// TestEveryTypeIsListed compares the list with the source.
func TestEveryTypeIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, v := range exported {
		listed[reflect.TypeOf(v).Name()] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(source.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			switch spec.Type.(type) {
			case *ast.InterfaceType, *ast.FuncType:
			default:
				if !listed[spec.Name.Name] {
					t.Errorf("%s: %s is not in the list of types that are tried", name, spec.Name.Name)
				}
			}
			return true
		})
	}
}

const hidden = "4000001234567899"

// fill puts a secret wherever one can stand below v, and returns how many places there are.
func fill(v reflect.Value) (places int) {
	switch secret := v.Addr().Interface().(type) {
	case *payments.CardNumber:
		*secret = payments.NewCardNumber(hidden)
		return 1
	case *payments.CVC:
		*secret = payments.NewCVC(hidden)
		return 1
	case *payments.Token:
		*secret = payments.NewToken(hidden)
		return 1
	case *payments.ClientSecret:
		*secret = payments.NewClientSecret(hidden)
		return 1
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				places += fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		places = fill(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			places = fill(v.Index(0))
		}
	default: // no place for a secret
	}
	return places
}

// shown returns all that printing, logging and encoding make of a value.
func shown(v any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%p", "%w", "%-30v"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	out.WriteString(fmt.Sprint(v) + fmt.Sprintln(v) + fmt.Errorf("%w %v", fmt.Errorf("%+v", v), v).Error())
	_ = json.NewEncoder(&out).Encode(v)
	_ = xml.NewEncoder(&out).Encode(v)
	_ = gob.NewEncoder(&out).Encode(v)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).With("w", v).WithGroup("g").Info("m", "v", v, slog.Group("h", "v", v))
	}
	return out.String()
}

// TestSecretsInEveryType is row I2: a secret that stands anywhere in any exported type prints masked, however it is printed, also where
// the type stands in a host's own struct, by value, by pointer, in a field that nobody outside can reach, in a map and in a list.
func TestSecretsInEveryType(t *testing.T) {
	t.Parallel()
	types := 0
	for _, v := range exported {
		value := reflect.New(reflect.TypeOf(v)).Elem()
		if fill(value) == 0 {
			continue
		}
		types++
		filled := value.Interface()
		for where, form := range map[string]any{
			"itself": filled, "pointer": value.Addr().Interface(), "exported": struct{ V any }{filled}, "hidden": struct{ v any }{filled},
			"map": map[string]any{"v": filled}, "list": []any{filled}, "pointer in a struct": struct{ v any }{value.Addr().Interface()},
		} {
			text := shown(form)
			for _, part := range []string{hidden, hidden[:6], hidden[4:12], hex.EncodeToString([]byte(hidden)), strings.ToUpper(hex.EncodeToString([]byte(hidden)))} {
				if strings.Contains(text, part) {
					t.Errorf("%T as %s shows %s:\n%s", v, where, part, text)
				}
			}
		}
	}
	matrix.Count(t, "I2", types)
}
