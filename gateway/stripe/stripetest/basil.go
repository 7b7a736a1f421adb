package stripetest

import (
	"bytes"
	"encoding/json"
)

// basilVersion is the version from which on an invoice no longer names its payment intent. Versions compare as texts.
const basilVersion = "2025-03-31"

// basil turns an event's data into the shape of 2025-03-31.basil: what an endpoint of that version is sent.
func basil(data json.RawMessage) json.RawMessage {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var d struct {
		Object obj `json:"object"`
	}
	if err := in.Decode(&d); err != nil {
		return data // never: this package wrote it
	}
	o := d.Object
	switch o["object"] {
	case kindInvoice:
		details, _ := o["subscription_details"].(obj)
		parent := obj{"type": "subscription_details", "quote_details": nil,
			"subscription_details": obj{"subscription": o["subscription"], "metadata": details["metadata"]}}
		if o["subscription"] == nil {
			parent = nil
		}
		o["parent"], o["confirmation_secret"] = parent, nil
		without(o, "payment_intent", "charge", "paid", "paid_out_of_band", "subscription", "subscription_details", "tax", "quote")
	case kindSubscription:
		items, _ := o["items"].(obj)
		list, _ := items["data"].([]any)
		for _, item := range list {
			if item, ok := item.(obj); ok {
				item["current_period_start"], item["current_period_end"] = o["current_period_start"], o["current_period_end"]
			}
		}
		without(o, "current_period_start", "current_period_end")
	case kindIntent, kindCharge:
		without(o, "invoice")
	}
	return mustJSON(d)
}

// without takes fields away.
func without(o obj, names ...string) {
	for _, name := range names {
		delete(o, name)
	}
}
