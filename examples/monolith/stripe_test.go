package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestStripeEmulated walks the whole Stripe path in one process: pay, 3-D Secure with its webhook, decline and another card, a
// recurring order.
func TestStripeEmulated(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(t.TempDir(), "shop.db"), func(c *config) { c.gateway = "stripetest" })
	id := s.order()
	if w := s.pay(id, "tok_visa"); w.status != 200 || !w.PaymentSuccess || s.orderStatus(id) != "paid" {
		t.Fatalf("%+v; the order is %s", w, s.orderStatus(id))
	}
	secure := s.order()
	w := s.pay(secure, "pm_card_threeDSecure2Required")
	if w.ClientSecret == "" || w.CustomerPayment.PaymentStatus != 2 {
		t.Fatalf("%+v", w)
	}
	if a := s.do("", "POST", "/stripetest/authenticate", `{"clientSecret":"`+w.ClientSecret+`","result":"success"}`); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := s.orderStatus(secure); got != "paid" {
		t.Errorf("after the webhook the order is %s", got)
	}
	declined := s.order()
	if w := s.pay(declined, "tok_chargeDeclined"); w.status != 200 || w.CustomerPayment.ResponseCode != 2 {
		t.Errorf("%+v", w)
	}
	if w := s.pay(declined, "pm_card_visa"); !w.CustomerPayment.Approved {
		t.Errorf("%+v", w)
	}
	plan := s.order(`{"currency":"USD","total":"9.00","agentId":3,"recurring":true}`)
	if w := s.pay(plan, ""); w.ClientSecret == "" || w.SubscriptionSuccess {
		t.Errorf("%+v", w)
	}
	if w := s.pay(plan, "pm_card_visa"); !w.CustomerPayment.Approved {
		t.Errorf("%+v", w)
	}
	if w := s.decode(s.do("agent", "PUT", "/v1/CustomerPayments", payBody(plan, ""))); !w.SubscriptionSuccess || !w.PaymentSuccess {
		t.Errorf("%+v", w)
	}
	var books map[string]struct{ Charges, Captured int64 }
	if err := json.Unmarshal([]byte(s.do("", "GET", "/stripetest/ledger", "").body), &books); err != nil {
		t.Fatal(err)
	}
	for order, captured := range map[string]int64{id: 1250, secure: 1250, declined: 1250, plan: 900} {
		if b := books[order]; b.Charges != 1 || b.Captured != captured {
			t.Errorf("order %s: %+v", order, b)
		}
	}
}
