package stripetest

import "encoding/json"

// networks are the networks that are not named as their brand.
var networks = map[string]string{"diners": "discover"}

// renderMethod is a PaymentMethod as the API answers it.
func (s *Server) renderMethod(m *method) obj {
	network := m.Brand
	if n, ok := networks[m.Brand]; ok {
		network = n
	}
	return obj{"id": m.ID, "object": "payment_method", "type": "card", "created": m.created(), "livemode": false,
		"customer": orNull(m.Customer), "metadata": textMap(m.Metadata), "billing_details": billing(m.Billing),
		"card": obj{"brand": m.Brand, "display_brand": m.Brand, "country": "US", "exp_month": m.ExpMonth, "exp_year": m.ExpYear,
			"fingerprint": m.Fingerprint, "funding": m.Funding, "last4": m.Last4, "generated_from": nil, "wallet": nil,
			"checks":               m.checks(),
			"networks":             obj{"available": []any{network}, "preferred": nil},
			"three_d_secure_usage": obj{"supported": true}}}
}

// checks are what the bank has checked.
func (f cardFacts) checks() obj {
	o := obj{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": nil}
	if f.CVC {
		o["cvc_check"] = "pass"
		if f.row().decline == "incorrect_cvc" {
			o["cvc_check"] = "fail"
		}
	}
	return o
}

// billing fills billing details with the fields that were not given.
func billing(raw json.RawMessage) obj {
	o := obj{"address": nil, "email": nil, "name": nil, "phone": nil}
	if len(raw) > 0 {
		// It was written by this package, so it can be read.
		_ = json.Unmarshal(raw, &o)
	}
	address := obj{"city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}
	if given, ok := o["address"].(obj); ok {
		for name, value := range given {
			address[name] = value
		}
	}
	o["address"] = address
	return o
}

// renderReceipt is a charge's payment_method_details.
func (ch *charge) renderReceipt(m *method) obj {
	secure := any(nil)
	if ch.Secure {
		secure = obj{"authentication_flow": "challenge", "result": "authenticated", "result_reason": nil, "version": "2.2.0"}
	}
	return obj{"type": "card", "card": obj{"brand": m.Brand, "country": "US", "exp_month": m.ExpMonth, "exp_year": m.ExpYear,
		"fingerprint": m.Fingerprint, "funding": m.Funding, "last4": m.Last4, "network": m.Brand, "checks": m.checks(),
		"amount_authorized": ch.Amount, "installments": nil, "mandate": nil, "three_d_secure": secure, "wallet": nil,
		"extended_authorization": obj{"status": "disabled"}, "incremental_authorization": obj{"status": "unavailable"},
		"multicapture": obj{"status": "unavailable"}, "network_token": obj{"used": false},
		"overcapture": obj{"maximum_amount_capturable": ch.Amount, "status": "unavailable"}}}
}
