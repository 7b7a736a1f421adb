package httpadapter

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/trendsic/payments"
)

// WebhookService is what a WebhookHandler serves; *payments.Service is one.
type WebhookService interface {
	// Webhook checks, stores and handles one event of the gateway's.
	Webhook(ctx context.Context, header http.Header, body []byte) error
}

// WebhookHandler takes a gateway's events. It is a handler of its own, to be mounted apart from the host's middleware: the
// signature is over the raw bytes of the body and is the only credential, so that a session, a CSRF token, a body that was
// read or unzipped before, each would refuse every event.
type WebhookHandler struct {
	service WebhookService
	log     *slog.Logger
}

// maxEvent is how many bytes an event may have.
const maxEvent = 1 << 20

// NewWebhook returns the handler of one gateway's events. A nil logger logs nothing.
//
// It answers 200 once the event is stored, 400 to what the gateway did not sign, 413 to a body over 1 MiB, 405 to anything
// but POST, 404 for a gateway that sends no events, and 503 when the event could not be stored: the gateway sends it again.
func NewWebhook(service WebhookService, log *slog.Logger) (*WebhookHandler, error) {
	if service == nil {
		return nil, errors.New("httpadapter: NewWebhook needs a service")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &WebhookHandler{service: service, log: log}, nil
}

// ServeHTTP takes one event.
func (h *WebhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	status := h.take(r.Context(), w, r)
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "60")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status)+"\n") //nolint:gosec // the text of a status code, nothing of a request
}

// take reads and hands over the event, and returns the status to answer.
func (h *WebhookHandler) take(ctx context.Context, w http.ResponseWriter, r *http.Request) (status int) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	}
	defer func() {
		if p := recover(); p != nil {
			h.log.ErrorContext(ctx, "a panic while an event was taken")
			status = http.StatusServiceUnavailable
		}
	}()
	switch err := h.service.Webhook(ctx, r.Header, body); {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, payments.ErrInvalid):
		h.log.WarnContext(ctx, "an event was refused", "err", err)
		return http.StatusBadRequest
	case errors.Is(err, payments.ErrUnsupported):
		return http.StatusNotFound
	default:
		h.log.ErrorContext(ctx, "an event was not stored", "err", err)
		return http.StatusServiceUnavailable
	}
}
