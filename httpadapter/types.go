package httpadapter

import (
	"fmt"
	"strings"
)

// typesOptions is the head of the generated DTOs, by which ServiceStack's tools know them.
const typesOptions = `Options:
Version: 8.50
Tip: To override a DTO option, remove "%s" prefix before updating
BaseUrl: /

%sAddImplicitVersion: 
%sIncludeTypes: 
%sExcludeTypes: 
`

// routeAttributes returns the custom routes and their verbs, as attributes name them.
func (h *Handler) routeAttributes() [][2]string {
	var all [][2]string
	for _, rt := range h.routes {
		if rt.client || rt.page != nil {
			continue
		}
		verbs := strings.ReplaceAll(rt.allow, ", ", ",")
		if rt.order {
			verbs = "GET" // as the seed has it
		}
		all = append(all, [2]string{rt.template(), verbs})
	}
	return all
}

// member spells a member as answers do.
func (h *Handler) member(m shapeMember) string {
	if h.config.camel {
		return m.camel
	}
	return m.pascal
}

// typescript writes the DTOs for @servicestack/client.
func typescript(h *Handler) (contentType string, body []byte) {
	var b strings.Builder
	b.WriteString("/* " + fmt.Sprintf(typesOptions, "//", "//", "//", "//") + "*/\n\n" +
		"export interface IReturn<T>\n{\n    createResponse(): T;\n}\n")
	kinds := map[shapeKind]string{shapeText: "string", shapeNumber: "number", shapeTruth: "boolean", shapeDate: "string",
		shapeGUID: "string", shapeMap: "{ [index: string]: string; }"}
	for _, s := range shapes() {
		b.WriteByte('\n')
		implements := ""
		if s.name == "CustomerPaymentsRequest" {
			for _, r := range h.routeAttributes() {
				fmt.Fprintf(&b, "// @Route(%q, %q)\n", r[0], r[1])
			}
			implements = " implements IReturn<CustomerPaymentsResponse>"
		}
		fmt.Fprintf(&b, "export class %s%s\n{\n", s.name, implements)
		for _, m := range s.members {
			kind := kinds[m.kind]
			switch m.kind {
			case shapeObject:
				kind = m.of
			case shapeList:
				kind = m.of + "[]"
			default:
			}
			fmt.Fprintf(&b, "    public %s: %s;\n", h.member(m), kind)
		}
		fmt.Fprintf(&b, "\n    public constructor(init?: Partial<%s>) { (Object as any).assign(this, init); }\n", s.name)
		if implements != "" {
			b.WriteString("    public getTypeName() { return 'CustomerPaymentsRequest'; }\n" +
				"    public getMethod() { return 'POST'; }\n" +
				"    public createResponse() { return new CustomerPaymentsResponse(); }\n")
		}
		b.WriteString("}\n")
	}
	return "text/plain; charset=utf-8", []byte(b.String())
}

// python writes the DTOs for the Python package servicestack, as the seed's page has them.
func python(h *Handler) (contentType string, body []byte) {
	var b strings.Builder
	b.WriteString(`""" ` + fmt.Sprintf(typesOptions, "#", "#", "#", "#") + `"""

import datetime
import decimal
from marshmallow.fields import *
from servicestack import *
from typing import *
from dataclasses import dataclass, field
from dataclasses_json import dataclass_json, LetterCase, Undefined, config
from enum import Enum, IntEnum
`)
	kinds := map[shapeKind]string{shapeNumber: "int = 0", shapeTruth: "bool = False", shapeText: "Optional[str] = None",
		shapeGUID: "Optional[str] = None", shapeDate: "datetime.datetime = datetime.datetime(1, 1, 1)"}
	for _, s := range shapes() {
		if !s.own {
			continue // from servicestack import *
		}
		b.WriteString("\n\n")
		base := ""
		if s.name == "CustomerPaymentsRequest" {
			for _, r := range h.routeAttributes() {
				fmt.Fprintf(&b, "# @Route(%q, %q)\n", r[0], r[1])
			}
			base = "(IReturn[CustomerPaymentsResponse])"
		}
		fmt.Fprintf(&b, "@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)\n@dataclass\nclass %s%s:\n", s.name, base)
		for _, m := range s.members {
			kind := kinds[m.kind]
			if m.kind == shapeObject {
				kind = "Optional[" + m.of + "] = None"
			}
			fmt.Fprintf(&b, "    %s: %s\n", snakeName(m.pascal), kind)
		}
	}
	return "text/plain; charset=utf-8", []byte(b.String())
}

// csharp writes the DTOs for ServiceStack's C# clients.
func csharp(h *Handler) (contentType string, body []byte) {
	var b strings.Builder
	b.WriteString("/* " + fmt.Sprintf(typesOptions, "//", "//", "//", "//") + `*/

using System;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.Serialization;
using ServiceStack;
using ServiceStack.DataAnnotations;

namespace CRM.AgencyPlatform.API.Internal
{`)
	kinds := map[shapeKind]string{shapeText: "string", shapeNumber: "int", shapeTruth: "bool", shapeDate: "DateTime", shapeGUID: "Guid"}
	for _, s := range shapes() {
		if !s.own {
			continue // using ServiceStack
		}
		b.WriteByte('\n')
		base := ""
		if s.name == "CustomerPaymentsRequest" {
			for _, r := range h.routeAttributes() {
				fmt.Fprintf(&b, "    [Route(%q, %q)]\n", r[0], r[1])
			}
			base = "\n        : IReturn<CustomerPaymentsResponse>"
		}
		fmt.Fprintf(&b, "    public partial class %s%s\n    {\n", s.name, base)
		for _, m := range s.members {
			kind := kinds[m.kind]
			if m.kind == shapeObject {
				kind = m.of
			}
			fmt.Fprintf(&b, "        public virtual %s %s { get; set; }\n", kind, m.pascal)
		}
		b.WriteString("    }\n")
	}
	b.WriteString("}\n")
	return "text/plain; charset=utf-8", []byte(b.String())
}
