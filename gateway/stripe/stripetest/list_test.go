package stripetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/trendsic/payments/gateway/stripe/stripetest"
)

// TestPages lists in pages, both ways, and by time.
func TestPages(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	var ids []string
	for range 25 {
		ids = append(ids, b.create(t, b.params("")).ID)
		b.clock.Advance(time.Second)
	}
	slices.Reverse(ids) // the newest first
	var got []string
	p := &stripe.PaymentIntentListParams{}
	p.Limit = stripe.Int64(10)
	i := b.api.PaymentIntents.List(p)
	for i.Next() {
		got = append(got, i.PaymentIntent().ID)
	}
	if i.Err() != nil || !slices.Equal(got, ids) {
		t.Errorf("forwards came %d: %v", len(got), i.Err())
	}
	back := &stripe.PaymentIntentListParams{}
	back.EndingBefore, back.Limit, back.Single = &ids[10], stripe.Int64(3), true
	got = nil
	for i := b.api.PaymentIntents.List(back); i.Next(); {
		got = append(got, i.PaymentIntent().ID)
	}
	slices.Sort(got)
	want := slices.Clone(ids[7:10])
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("backwards came %v, want %v", got, want)
	}
	since := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: start.Add(5 * time.Second).Unix(),
		LesserThan: start.Add(8 * time.Second).Unix()}}
	n := 0
	for i := b.api.PaymentIntents.List(since); i.Next(); {
		n++
	}
	if n != 3 {
		t.Errorf("in three seconds there were %d", n)
	}
	for _, test := range []struct{ query, code, param string }{
		{"limit=0", "parameter_invalid_integer", "limit"}, {"limit=101", "parameter_invalid_integer", "limit"},
		{"starting_after=pi_nobody", "resource_missing", "starting_after"}, {"limit=x", "parameter_invalid_integer", "limit"},
		{"starting_after=" + ids[0] + "&ending_before=" + ids[1], "", "ending_before"}, {"created[after]=5", "parameter_unknown", "created[after]"},
		{"created=soon", "parameter_invalid_integer", "created"},
	} {
		a := b.send(t, sent{method: "GET", path: intents + "?" + test.query})
		if a.status != 400 || a.err("code") != test.code || a.err("param") != test.param {
			t.Errorf("%s: %s", test.query, a.raw)
		}
	}
}

// TestSearch finds by metadata once the object is old enough, and by other fields.
func TestSearch(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{SearchLag: time.Minute})
	in := b.paid(t, "pm_card_visa")
	find := func(query string) []string {
		t.Helper()
		p := &stripe.PaymentIntentSearchParams{}
		p.Query = query
		var ids []string
		i := b.api.PaymentIntents.Search(p)
		for i.Next() {
			ids = append(ids, i.PaymentIntent().ID)
		}
		if i.Err() != nil {
			t.Errorf("%s: %v", query, i.Err())
		}
		return ids
	}
	byOrder := "metadata['order_id']:'" + orderID + "'"
	if got := find(byOrder); len(got) != 0 {
		t.Errorf("the index does not lag: %v", got)
	}
	b.clock.Advance(time.Minute)
	for query, want := range map[string]bool{
		byOrder: true, `metadata["order_id"]:"` + orderID + `"`: true, "metadata['order_id']:'another'": false, "-" + byOrder: false,
		"status:'succeeded'": true, "status:'canceled'": false, "-status:'canceled' AND amount>1000": true, "amount>=1999": true, "amount<1999": false,
		"amount<=1999 and currency:'USD'": true, "amount:1999": true, "amount:5 OR status:'succeeded'": true, "customer:null": true,
		"-customer:null": false, "metadata['order_id']~'89ab'": true, "metadata['nothing']:null": true, "amount>x": false, "metadata:'x'": false,
		fmt.Sprintf("created>%d", start.Unix()-1): true,
	} {
		if got := find(query); (len(got) == 1 && got[0] == in.ID) != want {
			t.Errorf("%s finds %v", query, got)
		}
	}
	for _, query := range []string{"", "status", "status:", "status:'x", "status:'x' AND", "a:'x' AND b:'y' OR c:'z'", "a:'x' OR b:'y' AND c:'z'",
		"a:'x' b:'y'", "metadata[x]:'y'", "metadata['x':'y'", "status='x'", strings.Repeat("a:'x' AND ", 10) + "a:'x'"} {
		p := &stripe.PaymentIntentSearchParams{}
		p.Query = query
		i := b.api.PaymentIntents.Search(p)
		if i.Next() || i.Err() == nil {
			t.Errorf("%q is a search", query)
		}
	}
	for range 15 {
		b.create(t, b.params(""))
	}
	b.clock.Advance(time.Minute)
	if got := find(byOrder); len(got) != 16 {
		t.Errorf("over the pages came %d", len(got))
	}
	if a := b.send(t, sent{method: "GET", path: intents + "/search?query=amount>1&page=x!"}); a.err("param") != "page" {
		t.Errorf("a wrong page: %s", a.raw)
	}
	charges := &stripe.ChargeSearchParams{}
	charges.Query = "payment_method_details.card.last4:'4242' AND disputed:'false'"
	if i := b.api.Charges.Search(charges); !i.Next() || i.Charge().PaymentIntent.ID != in.ID {
		t.Error("the charge is not found by the card's last four digits")
	}
}

// TestExpand puts objects in the place of their ids, also within lists.
func TestExpand(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	cus := b.customer(t, "pm_card_visa")
	p := b.params(cus.InvoiceSettings.DefaultPaymentMethod.ID)
	p.Customer, p.Confirm = &cus.ID, stripe.Bool(true)
	for _, path := range []string{"customer.invoice_settings.default_payment_method", "latest_charge", "latest_charge.refunds", "payment_method", "invoice", "review"} {
		p.AddExpand(path)
	}
	in := b.create(t, p)
	if in.Customer.Email != "jo@example.com" || in.Customer.InvoiceSettings.DefaultPaymentMethod.Card.Last4 != "4242" || !in.LatestCharge.Paid ||
		in.LatestCharge.Refunds == nil || in.PaymentMethod.Card.Brand != "visa" {
		t.Errorf("the intent is %+v", in)
	}
	if _, err := b.refund(in.ID, 500); err != nil {
		t.Fatal(err)
	}
	list := &stripe.PaymentIntentListParams{Customer: &cus.ID}
	list.AddExpand("data.latest_charge.refunds")
	i := b.api.PaymentIntents.List(list)
	if !i.Next() || len(i.PaymentIntent().LatestCharge.Refunds.Data) != 1 {
		t.Errorf("within a list: %v", i.Err())
	}
	for _, path := range []string{"amount", "latest_charge.amount", "data.latest_charge", "nothing", "latest_charge.nothing", "metadata"} {
		a := b.send(t, sent{method: "GET", path: intents + "/" + in.ID + "?expand[]=" + path})
		if a.status != 400 || a.err("param") != "expand" {
			t.Errorf("%s can be expanded: %d", path, a.status)
		}
	}
}

// TestEventList lists by type, by a pattern and by time.
func TestEventList(t *testing.T) {
	t.Parallel()
	b := setup(t, stripetest.Options{})
	b.paid(t, "pm_card_visa")
	count := func(p *stripe.EventListParams) int {
		n := 0
		for i := b.api.Events.List(p); i.Next(); {
			n++
		}
		return n
	}
	for name, test := range map[string]struct {
		p    *stripe.EventListParams
		want int
	}{
		"all": {&stripe.EventListParams{}, 3}, "a type": {&stripe.EventListParams{Type: stripe.String("charge.succeeded")}, 1},
		"a pattern": {&stripe.EventListParams{Type: stripe.String("payment_intent.*")}, 2},
		"types":     {&stripe.EventListParams{Types: stripe.StringSlice([]string{"payment_intent.created", "charge.failed"})}, 1},
		"time":      {&stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThan: start.Unix()}}, 0},
		"failed":    {&stripe.EventListParams{DeliverySuccess: stripe.Bool(false)}, 0},
	} {
		if got := count(test.p); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
	b.clock.Advance(31 * day)
	if got := count(&stripe.EventListParams{}); got != 0 {
		t.Errorf("after 31 days there are %d", got)
	}
}
