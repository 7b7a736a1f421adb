package stripetest

import (
	"slices"
	"strings"
)

// maxExpandDepth is how many levels a property may be expanded.
const maxExpandDepth = 4

// expandable tells, by the kind of object, which fields hold an id that can be expanded, and what it is the id of. A field with ~
// is an object already, in which expandable fields may be found.
var expandable = map[string]map[string]string{
	kindIntent: {"customer": kindCustomer, "invoice": kindInvoice, "latest_charge": kindCharge, "payment_method": kindMethod,
		"review": kindReview},
	kindCharge: {"customer": kindCustomer, "invoice": kindInvoice, "payment_intent": kindIntent, "review": kindReview, "refunds": "refunds"},
	"refunds":  {"data": "~" + kindRefund},
	kindRefund: {"charge": kindCharge, "payment_intent": kindIntent},
	kindMethod: {"customer": kindCustomer},
	kindSetup:  {"customer": kindCustomer, "payment_method": kindMethod},
	kindPrice:  {"product": kindProduct}, kindProduct: {"default_price": kindPrice},
	kindSubscription: {"customer": kindCustomer, "default_payment_method": kindMethod, "latest_invoice": kindInvoice,
		"pending_setup_intent": kindSetup, "items": "~items"},
	kindInvoice: {"charge": kindCharge, "customer": kindCustomer, "default_payment_method": kindMethod, "payment_intent": kindIntent,
		"subscription": kindSubscription, "lines": "~items"},
	"items": {"data": "~item"}, "item": {"price": "~" + kindPrice},
	kindDispute:  {"charge": kindCharge, "payment_intent": kindIntent},
	kindReview:   {"charge": kindCharge, "payment_intent": kindIntent},
	kindCustomer: {"invoice_settings": "~settings"}, "settings": {"default_payment_method": kindMethod},
}

// answersOf is the kind of object that an operation answers, or lists.
func answersOf(op string) string {
	if op == "customers.payment_methods" {
		return kindMethod
	}
	group, _, _ := strings.Cut(op, ".")
	return strings.TrimSuffix(group, "s")
}

// checkExpand refuses what cannot be expanded, before anything is done.
func checkExpand(c *call) *apiError {
	lists := slices.Contains([]string{"list", "search", "payment_methods"}, c.route.op[strings.Index(c.route.op, ".")+1:])
	for _, path := range c.params.strs("expand") {
		steps := strings.Split(path, ".")
		if lists && steps[0] == "data" {
			steps = steps[1:]
		} else if lists {
			steps = nil
		}
		if len(steps) > maxExpandDepth {
			return badParam("expand", "", "You cannot expand more than 4 levels of a property. Property: "+path)
		}
		if !canExpand(answersOf(c.route.op), steps) {
			return badParam("expand", "", "This property cannot be expanded ("+path+").")
		}
	}
	return nil
}

// canExpand tells whether a path ends at an id.
func canExpand(kind string, steps []string) bool {
	inside := true
	for _, step := range steps {
		target, ok := expandable[kind][step]
		if !ok {
			return false
		}
		kind, inside = strings.CutPrefix(target, "~")
	}
	return !inside
}

// expand puts objects in the place of their ids, as expand[] asks.
func (s *Server) expand(c *call, body obj) {
	for _, path := range c.params.strs("expand") {
		s.expandIn(body, strings.Split(path, "."))
	}
}

// expandIn goes one step into a value. What is null has nothing to expand.
func (s *Server) expandIn(value any, steps []string) {
	if len(steps) == 0 {
		return
	}
	switch value := value.(type) {
	case obj:
		name := steps[0]
		if kind, _ := value["object"].(string); kind == kindCharge && name == "refunds" && value[name] == nil {
			value[name] = s.refundsOf(value)
		}
		if id, isID := value[name].(string); isID {
			if e, ok := s.state.byID[id]; ok {
				value[name] = s.render(e)
			}
		}
		s.expandIn(value[name], steps[1:])
	case []any:
		for _, element := range value {
			s.expandIn(element, steps)
		}
	}
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
