package stripetest

import (
	"slices"
	"strings"
)

// maxExpandDepth is how many levels a property may be expanded.
const maxExpandDepth = 4

// expandable are the fields that hold an id and may be expanded, by the kind of object.
var expandable = map[string][]string{
	kindIntent:       {"customer", "invoice", "latest_charge", "payment_method", "review"},
	kindCharge:       {"customer", "invoice", "payment_intent", "review", "refunds"},
	kindRefund:       {"charge", "payment_intent"},
	kindMethod:       {"customer"},
	kindSetup:        {"customer", "payment_method"},
	kindPrice:        {"product"},
	kindProduct:      {"default_price"},
	kindSubscription: {"customer", "default_payment_method", "latest_invoice", "pending_setup_intent"},
	kindInvoice:      {"charge", "customer", "default_payment_method", "payment_intent", "subscription"},
	kindDispute:      {"charge", "payment_intent"},
	kindReview:       {"charge", "payment_intent"},
	"":               {"default_payment_method"}, // of a customer's invoice_settings
}

// expand puts objects in the place of their ids, as expand[] asks.
func (s *Server) expand(c *call, body obj) *apiError {
	for _, path := range c.params.strs("expand") {
		steps := strings.Split(path, ".")
		depth := len(steps)
		if steps[0] == "data" {
			depth--
		}
		if depth > maxExpandDepth {
			return badParam("expand", "", "You cannot expand more than 4 levels of a property. Property: "+path)
		}
		if !s.expandIn(body, steps) {
			return badParam("expand", "", "This property cannot be expanded ("+path+"). You may want to try expanding 'data."+path+
				"' in case of a list.")
		}
	}
	return nil
}

// expandIn goes one step into a value.
func (s *Server) expandIn(value any, steps []string) bool {
	if len(steps) == 0 {
		return true
	}
	switch value := value.(type) {
	case obj:
		return s.expandField(value, steps)
	case []any:
		for _, element := range value {
			if !s.expandIn(element, steps) {
				return false
			}
		}
		return true
	default:
		return value == nil // what is null has nothing to expand
	}
}

// expandField expands one field of an object, or goes through one that is an object already.
func (s *Server) expandField(o obj, steps []string) bool {
	name := steps[0]
	kind, _ := o["object"].(string)
	id, isID := o[name].(string)
	switch {
	case kind == kindCharge && name == "refunds":
		if _, done := o[name].(obj); !done {
			o[name] = s.refundsOf(o)
		}
	case isID:
		if !slices.Contains(expandable[kind], name) {
			return false
		}
		if e, ok := s.state.byID[id]; ok {
			o[name] = s.render(e)
		}
	case o[name] == nil:
		return slices.Contains(expandable[kind], name)
	case len(steps) == 1 && name != "data":
		_, done := o[name].(obj)
		return done && slices.Contains(expandable[kind], name) // expanded by another path
	}
	return s.expandIn(o[name], steps[1:])
}

// refundsOf lists the refunds of a charge, the newest first.
func (s *Server) refundsOf(o obj) obj {
	id, _ := o["id"].(string)
	ch := own[*charge](s, id)
	data := []any{}
	for _, r := range slices.Backward(ch.Refunds) {
		if len(data) < defaultLimit {
			data = append(data, s.renderRefund(own[*refund](s, r)))
		}
	}
	return obj{"object": "list", "data": data, "has_more": len(ch.Refunds) > len(data), "url": "/v1/charges/" + id + "/refunds"}
}
