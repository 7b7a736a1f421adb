package stripetest

import "encoding/json"

// kindCustomer is the kind of customers.
const kindCustomer = "customer"

// customer is a Customer.
type customer struct {
	base
	Email         string            `json:"email,omitempty"`
	Name          string            `json:"name,omitempty"`
	Phone         string            `json:"phone,omitempty"`
	Description   string            `json:"description,omitempty"`
	Address       json.RawMessage   `json:"address,omitempty"`
	Shipping      json.RawMessage   `json:"shipping,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	DefaultMethod string            `json:"default_method,omitempty"`
	Currency      string            `json:"currency,omitempty"`
	Invoices      int               `json:"invoices,omitempty"`
	Delinquent    bool              `json:"delinquent,omitempty"`
}

func (*customer) kind() string { return kindCustomer }

func createCustomer(s *Server, c *call) (obj, *apiError) {
	cus := &customer{base: s.newBase("cus", c.account, c.now)}
	s.put(cus)
	if err := s.changeCustomer(c, cus); err != nil {
		s.drop(cus)
		return nil, err
	}
	s.emit(c.now, "customer.created", cus)
	return s.renderCustomer(cus), nil
}

// changeCustomer takes over the parameters that create and update share.
func (s *Server) changeCustomer(c *call, cus *customer) *apiError {
	p := c.params
	if id := p.str("payment_method"); id != "" {
		m, err := s.methodByID(c, id)
		if err != nil {
			return err
		}
		if err := s.attach(c.now, m, cus); err != nil {
			return err
		}
	}
	if settings := p.sub("invoice_settings"); settings.has("default_payment_method") {
		cus.DefaultMethod = settings.str("default_payment_method")
		// A customer that has just been given a test card by name means the object that was made of it.
		if m, ok := get[*method](s, c.account, cus.DefaultMethod); cus.DefaultMethod != "" && (!ok || m.Customer != cus.ID) {
			return notTheCustomers(cus.DefaultMethod, "invoice_settings[default_payment_method]")
		}
	}
	for name, to := range map[string]*string{"email": &cus.Email, "name": &cus.Name, "phone": &cus.Phone, "description": &cus.Description} {
		if p.has(name) {
			*to = p.str(name)
		}
	}
	if p.has("address") {
		cus.Address = p.raw("address")
	}
	if p.has("shipping") {
		cus.Shipping = p.raw("shipping")
	}
	cus.Metadata = p.merge(cus.Metadata)
	s.put(cus)
	return nil
}

// notTheCustomers is a payment method that the customer does not have.
func notTheCustomers(id, param string) *apiError {
	return refuse(codeMissing, param, "The customer does not have a payment method with the ID "+maskToken(id)+
		". The payment method must be attached to the customer.")
}

func retrieveCustomer(s *Server, c *call) (obj, *apiError) {
	if cus, ok := s.state.byID[c.id].(*customer); ok && cus.Deleted && cus.Account == c.account {
		return deletedObject(cus), nil
	}
	cus, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	return s.renderCustomer(cus), nil
}

// customerOf is the customer of the path.
func (s *Server) customerOf(c *call) (*customer, *apiError) {
	cus, ok := get[*customer](s, c.account, c.id)
	if !ok {
		return nil, noSuch("customer", c.id, "id")
	}
	return cus, nil
}

func updateCustomer(s *Server, c *call) (obj, *apiError) {
	cus, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.changeCustomer(c, cus); err != nil {
		return nil, err
	}
	s.emit(c.now, "customer.updated", cus)
	return s.renderCustomer(cus), nil
}

func deleteCustomer(s *Server, c *call) (obj, *apiError) {
	cus, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	for _, e := range s.state.lists[kindSubscription] {
		if sub := e.(*subscription); sub.Customer == cus.ID && !sub.ended() {
			s.endSubscription(sub, c.now, "cancellation_requested")
		}
	}
	cus.Deleted = true
	s.put(cus)
	s.emit(c.now, "customer.deleted", cus)
	return deletedObject(cus), nil
}

// deletedObject is what is left of an object that was deleted.
func deletedObject(e entity) obj { return obj{"id": e.meta().ID, "object": e.kind(), "deleted": true} }

func listCustomers(s *Server, c *call) (obj, *apiError) {
	return s.list(c, kindCustomer, func(e entity) bool {
		return !c.params.has("email") || e.(*customer).Email == c.params.str("email")
	})
}

func searchCustomers(s *Server, c *call) (obj, *apiError) { return s.search(c, kindCustomer) }

// renderCustomer is a Customer as the API answers it.
func (s *Server) renderCustomer(cus *customer) obj {
	return obj{"id": cus.ID, "object": "customer", "created": cus.created(), "livemode": false, "email": orNull(cus.Email),
		"name": orNull(cus.Name), "phone": orNull(cus.Phone), "description": orNull(cus.Description), "address": rawOrNull(cus.Address),
		"shipping": rawOrNull(cus.Shipping), "metadata": textMap(cus.Metadata), "balance": 0, "currency": orNull(cus.Currency),
		"default_source": nil, "delinquent": cus.Delinquent, "discount": nil, "preferred_locales": []any{}, "tax_exempt": "none",
		"test_clock": nil, "next_invoice_sequence": cus.Invoices + 1, "invoice_prefix": "ST" + s.derive("prefix:"+cus.ID, 6),
		"invoice_settings": obj{"custom_fields": nil, "default_payment_method": orNull(cus.DefaultMethod), "footer": nil,
			"rendering_options": nil}}
}
