package stripetest

import "fmt"

// The kinds of a product and of its prices.
const (
	kindProduct = "product"
	kindPrice   = "price"
)

// product is a Product.
type product struct {
	base
	Name         string            `json:"name"`
	Description  string            `json:"description,omitempty"`
	Active       bool              `json:"active"`
	DefaultPrice string            `json:"default_price,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

func (*product) kind() string { return kindProduct }

// price is a Price. One without an interval is for a single payment.
type price struct {
	base
	Product   string            `json:"product"`
	Currency  string            `json:"currency"`
	Amount    int64             `json:"amount"`
	Interval  string            `json:"interval,omitempty"`
	Count     int64             `json:"count,omitempty"`
	Active    bool              `json:"active"`
	Nickname  string            `json:"nickname,omitempty"`
	LookupKey string            `json:"lookup_key,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
}

func (*price) kind() string { return kindPrice }

func createProduct(s *Server, c *call) (obj, *apiError) {
	p := c.params
	if p.str("name") == "" {
		return nil, emptyParam("name")
	}
	pr := &product{Name: p.str("name"), Description: p.str("description"), Active: !p.has("active") || p.bool("active"), Metadata: p.merge(nil)}
	if id := p.str("id"); id != "" {
		if _, taken := s.state.byID[id]; taken {
			return nil, refuse("resource_already_exists", "id", "Product already exists.")
		}
		pr.base = base{ID: id, Account: c.account, Born: c.now.UnixNano()}
	} else {
		pr.base = s.newBase("prod", c.account, c.now)
	}
	s.put(pr)
	if p.has("default_price_data") {
		pc, err := s.newPrice(c, p.sub("default_price_data"), pr.ID, "default_price_data")
		if err != nil {
			s.drop(pr)
			return nil, err
		}
		pr.DefaultPrice = pc.ID
	}
	s.emit(c.now, "product.created", pr)
	return s.renderProduct(pr), nil
}

func retrieveProduct(s *Server, c *call) (obj, *apiError) {
	pr, ok := get[*product](s, c.account, c.id)
	if !ok {
		return nil, noSuch("product", c.id, "id")
	}
	return s.renderProduct(pr), nil
}

func updateProduct(s *Server, c *call) (obj, *apiError) {
	pr, ok := get[*product](s, c.account, c.id)
	if !ok {
		return nil, noSuch("product", c.id, "id")
	}
	p := c.params
	if p.has("default_price") {
		if _, ok := get[*price](s, c.account, p.str("default_price")); !ok {
			return nil, noSuchParam("price", p.str("default_price"), "default_price")
		}
		pr.DefaultPrice = p.str("default_price")
	}
	if p.has("active") {
		pr.Active = p.bool("active")
	}
	pr.Name, pr.Metadata = p.strOr("name", pr.Name), p.merge(pr.Metadata)
	if p.has("description") {
		pr.Description = p.str("description")
	}
	s.put(pr)
	s.emit(c.now, "product.updated", pr)
	return s.renderProduct(pr), nil
}

func listProducts(s *Server, c *call) (obj, *apiError) {
	return s.list(c, kindProduct, func(e entity) bool {
		return !c.params.has("active") || e.(*product).Active == c.params.bool("active")
	})
}

func createPrice(s *Server, c *call) (obj, *apiError) {
	p := c.params
	id := p.str("product")
	switch {
	case p.has("product") && p.has("product_data"):
		return nil, onlyOne("product", "product_data")
	case p.has("product_data"):
		pr := &product{base: s.newBase("prod", c.account, c.now), Name: p.sub("product_data").str("name"), Active: true,
			Metadata: p.sub("product_data").merge(nil)}
		s.put(pr)
		s.emit(c.now, "product.created", pr)
		id = pr.ID
	case id == "":
		return nil, missingParam("product")
	}
	pc, err := s.newPrice(c, p, id, "")
	if err != nil {
		return nil, err
	}
	pc.Nickname, pc.LookupKey, pc.Metadata = p.str("nickname"), p.str("lookup_key"), p.merge(nil)
	pc.Active = !p.has("active") || p.bool("active")
	return s.renderPrice(pc), nil
}

// newPrice makes a price from parameters, such as those of price_data, which stand inside the parameter that within names.
func (s *Server) newPrice(c *call, p params, productID, within string) (*price, *apiError) {
	name := func(param string) string {
		if within == "" {
			return param
		}
		return within + "[" + param + "]"
	}
	if _, ok := get[*product](s, c.account, productID); !ok {
		return nil, noSuchParam("product", productID, name("product"))
	}
	currency, err := checkCurrency(p.str("currency"))
	if err != nil {
		err.param = name("currency")
		return nil, err
	}
	amount := p.int("unit_amount")
	switch {
	case !p.has("unit_amount"):
		return nil, missingParam(name("unit_amount"))
	case amount < 0:
		return nil, badParam(name("unit_amount"), codeInvalidInteger, "This value must be greater than or equal to 0.")
	}
	if err := checkWhole(amount, currency, name("unit_amount")); err != nil {
		return nil, err
	}
	pc := &price{base: s.newBase("price", c.account, c.now), Product: productID, Currency: currency, Amount: amount, Active: true}
	if recurring := p.sub("recurring"); p.has("recurring") {
		pc.Interval, pc.Count = recurring.str("interval"), max(recurring.int("interval_count"), 1)
	}
	s.put(pc)
	s.emit(c.now, "price.created", pc)
	return pc, nil
}

func retrievePrice(s *Server, c *call) (obj, *apiError) {
	pc, ok := get[*price](s, c.account, c.id)
	if !ok {
		return nil, noSuch("price", c.id, "price")
	}
	return s.renderPrice(pc), nil
}

func updatePrice(s *Server, c *call) (obj, *apiError) {
	pc, ok := get[*price](s, c.account, c.id)
	if !ok {
		return nil, noSuch("price", c.id, "price")
	}
	p := c.params
	if p.has("active") {
		pc.Active = p.bool("active")
	}
	pc.Nickname, pc.LookupKey, pc.Metadata = p.strOr("nickname", pc.Nickname), p.strOr("lookup_key", pc.LookupKey), p.merge(pc.Metadata)
	s.put(pc)
	s.emit(c.now, "price.updated", pc)
	return s.renderPrice(pc), nil
}

func listPrices(s *Server, c *call) (obj, *apiError) {
	p := c.params
	return s.list(c, kindPrice, func(e entity) bool {
		pc := e.(*price)
		return (!p.has("product") || pc.Product == p.str("product")) && (!p.has("active") || pc.Active == p.bool("active")) &&
			(!p.has("currency") || pc.Currency == p.str("currency"))
	})
}

// renderProduct is a Product as the API answers it.
func (s *Server) renderProduct(pr *product) obj {
	return obj{"id": pr.ID, "object": "product", "created": pr.created(), "updated": pr.created(), "livemode": false, "name": pr.Name,
		"description": orNull(pr.Description), "active": pr.Active, "default_price": orNull(pr.DefaultPrice),
		"metadata": textMap(pr.Metadata), "features": []any{}, "images": []any{}, "package_dimensions": nil, "shippable": nil,
		"statement_descriptor": nil, "tax_code": nil, "unit_label": nil, "url": nil}
}

// renderPrice is a Price as the API answers it.
func (s *Server) renderPrice(pc *price) obj {
	o := obj{"id": pc.ID, "object": "price", "created": pc.created(), "livemode": false, "product": pc.Product, "currency": pc.Currency,
		"unit_amount": pc.Amount, "unit_amount_decimal": fmt.Sprint(pc.Amount), "active": pc.Active, "billing_scheme": "per_unit",
		"nickname": orNull(pc.Nickname), "lookup_key": orNull(pc.LookupKey), "metadata": textMap(pc.Metadata), "type": "one_time",
		"recurring": nil, "custom_unit_amount": nil, "tax_behavior": "unspecified", "tiers_mode": nil, "transform_quantity": nil}
	if pc.Interval != "" {
		o["type"] = "recurring"
		o["recurring"] = obj{"interval": pc.Interval, "interval_count": pc.Count, "usage_type": "licensed", "aggregate_usage": nil}
	}
	return o
}
