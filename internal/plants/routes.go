package plants

// routes are bugs of the HTTP adapter.
var routes = []Plant{
	{"a client secret on a page", "httpadapter/call.go",
		`if result.NextAction != nil && x.moves() && x.format != &htmlCodec {`, `if result.NextAction != nil && x.moves() {`,
		tests("./httpadapter", "TestSecretsByRole|TestPage"), "--- FAIL: "},
	{"a foreign page may post", "httpadapter/handler.go",
		`if x.moves() && x.origins.Check(x.r) != nil {`, `if x.moves() && x.origins == nil {`,
		tests("./httpadapter", "TestCrossOrigin|TestForeignPagesHaveNoEffect"), "--- FAIL: "},
	{"a foreign page may read by JSONP", "httpadapter/jsonp.go",
		`if x.format != &jsonpCodec || x.method == http.MethodOptions || x.ownPage() {`, `if x.format != nil {`,
		tests("./httpadapter", "TestJSONPFence"), "--- FAIL: TestJSONPFence"},
	{"any text is a callback", "httpadapter/jsonp.go",
		`		default:
			return false
		}
	}
	return true`, `		default:
		}
	}
	return true`,
		tests("./httpadapter", "Callbacks"), "--- FAIL: TestBadCallbacksAreRefused"},
	{"JSONP may begin with anything", "httpadapter/jsonp.go",
		"	dst = append(dst, \"/**/\"...)\n", "",
		tests("./httpadapter", "TestJSONP|Callbacks"), "--- FAIL: "},
	{"not yours is 403, not there is 404", "httpadapter/call.go",
		`return 0, notFound()`, `return 0, bare(http.StatusForbidden, "Forbidden", "Not yours.")`,
		tests("./httpadapter", "TestNotYours"), "--- FAIL: TestNotYours"},
	{"an agent is not kept to its own orders", "httpadapter/authorize.go",
		`if x.who.unrestricted() {`, `if x.who.ID != "" {`,
		tests("./httpadapter", "TestNotYours|TestRoles|TestRequestReachesService"), "--- FAIL: "},
	{"no role is asked for", "httpadapter/authorize.go",
		`if !x.who.allowed() {`, `if x.who.ID == "" {`,
		tests("./httpadapter", "TestRoles"), "--- FAIL: TestRoles"},
	{"an error of the authenticator lets pass", "httpadapter/authorize.go",
		`if err == nil && who.ID != "" {`, `if err == nil || who.ID != "" {`,
		tests("./httpadapter", "TestRoles|TestEarlyErrors|TestChallengeOfTheAuthenticator"), "--- FAIL: "},
	{"a doubt is answered 200", "httpadapter/call.go",
		`if result.Payment.Status.Answer().Pending {`, `if result.Payment.UID == "" {`,
		tests("./httpadapter", "TestDeclinesAndDoubtsAreAnswers|TestAnswerOfEveryStatus"), "--- FAIL: "},
	{"a doubt is answered as the payment was before", "httpadapter/call.go",
		`payment.Status, payment.Message = payments.StatusUnknown, ""`, `payment.Message = ""`,
		tests("./httpadapter", "TestDeclinesAndDoubtsAreAnswers"), "--- FAIL: TestDeclinesAndDoubtsAreAnswers"},
	{"the idempotency key is not handed on", "httpadapter/call.go",
		`idempotency := payments.Idempotency{Key: x.key, Principal: x.who.ID}`, `idempotency := payments.Idempotency{Principal: x.who.ID}`,
		tests("./httpadapter", "TestRequest|TestIdempotencyKey"), "--- FAIL: "},
	{"two callers share their keys", "httpadapter/call.go",
		`idempotency := payments.Idempotency{Key: x.key, Principal: x.who.ID}`, `idempotency := payments.Idempotency{Key: x.key, Principal: "api"}`,
		tests("./httpadapter", "TestRequest|TestIdempotencyKey"), "--- FAIL: "},
	{"answers may be cached", "httpadapter/handler.go",
		"	h[\"Cache-Control\"] = v[3:4:4]\n", "",
		tests("./httpadapter", "TestHeadersOnEveryAnswer"), "--- FAIL: TestHeadersOnEveryAnswer"},
	{"an event that was not stored is answered 200", "httpadapter/webhook.go",
		"		h.log.ErrorContext(ctx, \"an event was not stored\", \"err\", err)\n		return http.StatusServiceUnavailable",
		"		h.log.ErrorContext(ctx, \"an event was not stored\", \"err\", err)\n		return http.StatusOK",
		tests("./httpadapter", "TestWebhook"), "--- FAIL: TestWebhook"},
	{"a member may stand twice", "httpadapter/decode.go",
		"		if twice {\n			return duplicate(members, i)\n		}\n", "		_ = twice\n",
		tests("./httpadapter", "TestBindingRefuses"), "--- FAIL: TestBindingRefuses"},
}
