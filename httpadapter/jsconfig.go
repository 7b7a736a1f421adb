package httpadapter

import "strings"

// jsConfig is how one answer's JSON is written: the adapter's casing, changed by the request's jsconfig parameter.
type jsConfig struct {
	// camel spells members in camelCase (eccn, EmitCamelCaseNames).
	camel bool
	// nulls writes members that have no value (inv, IncludeNullValues).
	nulls bool
	// noDefaults leaves out false, 0 and the minimum date (edv, ExcludeDefaultValues).
	noDefaults bool
	// wcfDates writes dates as /Date(milliseconds)/ (dh:DCJSCompatible).
	wcfDates bool
}

// with returns the configuration changed by a jsconfig parameter: names, each with an optional value after a colon, joined
// by commas. What it does not know it ignores.
func (c jsConfig) with(param string) jsConfig {
	for param != "" {
		var item string
		item, param, _ = strings.Cut(param, ",")
		name, value, _ := strings.Cut(strings.TrimSpace(item), ":")
		on := value == "" || value == "1" || equalFold(value, "true")
		if !on && value != "0" && !equalFold(value, "false") {
			c.dates(name, value)
			continue
		}
		switch {
		case equalFold(name, "eccn") || equalFold(name, "EmitCamelCaseNames"):
			c.camel = on
		case equalFold(name, "inv") || equalFold(name, "IncludeNullValues"):
			c.nulls = on
		case equalFold(name, "edv") || equalFold(name, "ExcludeDefaultValues"):
			c.noDefaults = on
		}
	}
	return c
}

// dates sets the form of dates, where name and value say so.
func (c *jsConfig) dates(name, value string) {
	if !equalFold(name, "dh") && !equalFold(name, "DateHandler") {
		return
	}
	switch {
	case equalFold(value, "ISO8601"):
		c.wcfDates = false
	case equalFold(value, "DCJSCompatible"):
		c.wcfDates = true
	}
}
