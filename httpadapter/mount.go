package httpadapter

import (
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
)

// place sets the base path and the routes under it. It refuses what could never be asked for.
func (h *Handler) place(opts *Options) error {
	h.base = strings.TrimSuffix(opts.BasePath, "/")
	if h.base != "" && (h.base[0] != '/' || path.Clean(h.base) != h.base) {
		return fmt.Errorf("httpadapter: BasePath %q is not a clean path that begins with a slash", opts.BasePath)
	}
	for _, c := range []byte(h.base) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`?#%{}*\\"<>`, c) >= 0 {
			return fmt.Errorf("httpadapter: BasePath %q has the character %q: it is compared with paths, which are unescaped "+
				"and have no patterns; mount the handler behind http.StripPrefix there", opts.BasePath, c)
		}
	}
	h.routes = append(h.routes, documentedRoutes...)
	if !opts.NoClientRoutes {
		h.routes = append(h.routes, clientRoutes...)
	}
	if !opts.NoDescriptions {
		h.routes = append(h.routes, descriptions...)
	}
	for _, at := range []string{h.base, h.base + "/x"} {
		if rt, _, _ := match(h.routes, at); rt != nil {
			return fmt.Errorf("httpadapter: BasePath %q collides with the route %s below it: it names where the routes begin, "+
				"without the routes' own path", opts.BasePath, rt.path)
		}
	}
	return collision(h.routes)
}

// Mount registers the handler on a mux, at its base path and all below it. It answers an error, and not a panic, where the
// mux already has a pattern that collides.
func (h *Handler) Mount(mux *http.ServeMux) (err error) {
	pattern := h.base + "/"
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("httpadapter: the routes cannot be mounted at %q: %v", pattern, v)
		}
	}()
	mux.Handle(pattern, h)
	return nil
}

// hint tells in the log, once, of a path that would have been a route but for what stands before it: the handler is then
// mounted at a place that it does not know of. It looks at no more segments than a route has: the path is the caller's.
func (h *Handler) hint(at string) {
	const most = 5
	for i, n := len(at)-1, 0; i > 0 && n < most; i-- {
		if at[i] != '/' {
			continue
		}
		n++
		if rt, _, _ := match(h.routes, at[i:]); rt != nil {
			h.astray.Do(func() {
				h.log.Warn("httpadapter: a path ends like a route, but does not begin with Options.BasePath; "+
					"set it to where the handler is mounted, or strip that prefix",
					slog.String("route", rt.path), slog.String("base", h.base))
			})
			return
		}
	}
}
