package httpadapter

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/rs/cors"
)

// What a page of an allowed origin may send, and for how many seconds it need not ask again.
const (
	corsMethods = "GET, POST, PUT, OPTIONS"
	corsHeaders = "Content-Type, Authorization, Idempotency-Key, X-Http-Method-Override"
	corsMaxAge  = 600
)

// allow sets the origins whose pages may send and read: for writes, for CORS and for JSONP. They are compared whole; a
// pattern would let in pages that nobody has named.
func (h *Handler) allow(origins []string, credentials bool) error {
	h.origins = http.NewCrossOriginProtection()
	h.allowed = make(map[string]bool, len(origins))
	for _, origin := range origins {
		if strings.Contains(origin, "*") {
			return fmt.Errorf("httpadapter: AllowedOrigins: %q: origins are named one by one", origin)
		}
		if err := h.origins.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("httpadapter: AllowedOrigins: %w", err)
		}
		h.allowed[strings.ToLower(origin)] = true
	}
	if len(origins) == 0 {
		if credentials {
			return fmt.Errorf("httpadapter: AllowCredentials is of no use without AllowedOrigins")
		}
		return nil
	}
	h.cors = cors.New(cors.Options{
		AllowedOrigins:     origins,
		AllowedMethods:     strings.Split(corsMethods, ", "),
		AllowedHeaders:     strings.Split(corsHeaders, ", "),
		MaxAge:             corsMaxAge,
		AllowCredentials:   credentials,
		OptionsPassthrough: true,
	}).Handler(http.HandlerFunc(h.serveHTTP))
	return nil
}

// preflighted makes the answer to a preflight request that was let through name all that is allowed. The library repeats
// what was asked for, which is as good to a browser but hides the rest from a person.
func preflighted(header http.Header) {
	const methods, headers = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
	if header.Get(methods) != "" {
		header.Set(methods, corsMethods)
		header.Set(headers, corsHeaders)
	}
}
