package normal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/storage/internal/normal"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"plain", "plain"}, {"a\x00b", "a\uFFFDb"}, {"a\xff\xfeb", "a\uFFFDb"},
		{strings.Repeat("a", normal.MaxText+1), strings.Repeat("a", normal.MaxText)},
		{strings.Repeat("a", normal.MaxText-1) + "é", strings.Repeat("a", normal.MaxText-1)},
	} {
		if got := normal.Text(tt.in); got != tt.want {
			t.Errorf("%.20q of %d bytes became %.20q of %d", tt.in, len(tt.in), got, len(got))
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	if !normal.Time(time.Time{}.Local()).IsZero() {
		t.Error("the zero time did not stay zero")
	}
	got := normal.Time(time.Date(2024, 1, 1, 1, 0, 0, 1999, time.FixedZone("east", 3600)))
	if want := time.Date(2024, 1, 1, 0, 0, 0, 1000, time.UTC); got != want {
		t.Errorf("the time is %v", got)
	}
}

// What no store can keep is refused, with the field that is wrong.
func TestChangeRefuses(t *testing.T) {
	t.Parallel()
	long, p := strings.Repeat("x", 256), payments.Payment{UID: "p"}
	for field, c := range map[string]payments.Change{
		"Payment.UID":            {Transactions: []payments.Transaction{{UID: "t"}}},
		"Payment.Namespace":      {Payment: payments.Payment{UID: "p", Namespace: strings.Repeat("n", 65)}},
		"Payment.Gateway":        {Payment: payments.Payment{UID: "p", Gateway: "a\x00"}},
		"Payment.Reference":      {Payment: payments.Payment{UID: "p", Reference: long}},
		"Payment.Invoice":        {Payment: payments.Payment{UID: "p", Invoice: "\xff"}},
		"Payment":                {Payment: payments.Payment{UID: "p", DueAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"Break":                  {Payment: p, Breaks: []payments.Break{{UID: "b", EndedAt: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)}}},
		"Lease":                  {Payment: p, Lease: -1},
		"LeaseOwner":             {Payment: p, LeaseOwner: long},
		"Transaction.UID":        {Payment: p, Transactions: []payments.Transaction{{}}},
		"Transaction.PaymentUID": {Payment: p, Transactions: []payments.Transaction{{UID: "t", PaymentUID: "q"}}},
		"Refund.Key":             {Payment: p, Refunds: []payments.Refund{{UID: "r", Key: long}}},
		"Refund.PaymentUID":      {Payment: p, Refunds: []payments.Refund{{UID: "r", PaymentUID: "q"}}},
		"Event.UID":              {Payment: p, Events: []payments.Event{{}}},
		"Break.UID":              {Payment: p, Breaks: []payments.Break{{UID: strings.Repeat("u", 37)}}},
		"Key.Key":                {Key: &payments.KeyRecord{KeyID: payments.KeyID{Key: long}}},
		"Key.Version":            {Key: &payments.KeyRecord{Version: -1}},
	} {
		_, err := normal.Change(c)
		var e *payments.Error
		if !errors.As(err, &e) || e.Code != payments.ErrInvalid || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The change that is stored shares nothing with the one that was given.
func TestChangeCopies(t *testing.T) {
	t.Parallel()
	given := payments.Change{Payment: payments.Payment{UID: "p"}, Transactions: []payments.Transaction{{UID: "t", Message: "a\x00"}},
		Key: &payments.KeyRecord{Answer: []byte("x")}}
	got, err := normal.Change(given)
	if err != nil {
		t.Fatal(err)
	}
	got.Transactions[0].Kind, got.Key.Answer[0] = "changed", 'y'
	if given.Transactions[0].Kind != "" || given.Transactions[0].Message != "a\x00" || given.Key.Answer[0] != 'x' {
		t.Errorf("the given change is %+v", given)
	}
	if got.Transactions[0].PaymentUID != "p" {
		t.Error("the transaction did not get its payment")
	}
}
