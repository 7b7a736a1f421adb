package stripetest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// mutated is the body of an answer after a fault has changed it. In a list or a search each element is changed.
func mutated(body []byte, change func(obj)) []byte {
	in := json.NewDecoder(bytes.NewReader(body))
	in.UseNumber()
	var o obj
	if err := in.Decode(&o); err != nil {
		return body // no object, such as an error of a fault before
	}
	if data, isList := o["data"].([]any); isList {
		for _, element := range data {
			if inner, ok := element.(obj); ok {
				change(inner)
			}
		}
	} else {
		change(o)
	}
	return mustJSON(o)
}

// changeMetadata changes the values of the metadata that a filter picks.
func changeMetadata(o obj, picks func(name string) bool) {
	metadata, ok := o["metadata"].(obj)
	if !ok {
		return
	}
	for name, value := range metadata {
		if text, ok := value.(string); ok && picks(name) {
			metadata[name] = flipped(text)
		}
	}
}

// flipped is another text of the same form: its last sign is changed within hexadecimal digits.
func flipped(text string) string {
	if text == "" {
		return "0"
	}
	last := "0"
	if text[len(text)-1] == '0' {
		last = "1"
	}
	return text[:len(text)-1] + last
}

func wrongOrder(o obj) { changeMetadata(o, func(name string) bool { return name == "order_id" }) }

func wrongPayment(o obj) { changeMetadata(o, func(name string) bool { return name != "order_id" }) }

func wrongReference(o obj) {
	id, ok := o["id"].(string)
	if !ok {
		return
	}
	o["id"] = flipped(id)
	secret, _ := o["client_secret"].(string)
	if rest, ok := strings.CutPrefix(secret, id); ok {
		o["client_secret"] = flipped(id) + rest // a secret is made of its object's id
	}
}

// wrongAmount adds one to each amount that is not zero.
func wrongAmount(o obj) {
	for _, name := range []string{"amount", "amount_received", "amount_capturable", "amount_captured", "amount_due", "amount_paid", "total"} {
		if number, ok := o[name].(json.Number); ok {
			if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil && n != 0 {
				o[name] = n + 1
			}
		}
	}
}

func wrongCurrency(o obj) {
	if currency, ok := o["currency"].(string); ok {
		o["currency"] = "eur"
		if currency == "eur" {
			o["currency"] = "usd"
		}
	}
}

func wrongMode(o obj) {
	if mode, ok := o["livemode"].(bool); ok {
		o["livemode"] = !mode
	}
}

func unknownStatus(o obj) {
	if _, ok := o["status"]; ok {
		o["status"] = "requires_patience"
	}
}

func nullFields(o obj) {
	for name := range o {
		if name != "id" {
			o[name] = nil
		}
	}
}
