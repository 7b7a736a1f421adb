package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
)

// routes are the shop's own.
func (s *shop) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.Handle("POST /orders", s.listed(s.postOrder))
	mux.Handle("GET /orders/{id}", s.listed(s.getOrder))
	return mux
}

// listed lets any of the shop's users through.
func (s *shop) listed(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		if _, err := s.verify(r.Context(), name, password); err != nil {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			refuse(w, http.StatusUnauthorized, "Unauthorized", "log in as one of the shop's users")
			return
		}
		next(w, r)
	})
}

// newOrder is the body of POST /orders.
type newOrder struct {
	Currency   string `json:"currency"`
	Total      string `json:"total"`
	AgentID    int64  `json:"agentId"`
	CustomerID int64  `json:"customerId"`
	Recurring  bool   `json:"recurring"`
}

func (s *shop) postOrder(w http.ResponseWriter, r *http.Request) {
	var in newOrder
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "SerializationException", "the body is not an order in JSON")
		return
	}
	total, err := payments.ParseMoney(in.Total, in.Currency)
	if err != nil {
		var e *payments.Error
		errors.As(err, &e)
		refuse(w, http.StatusBadRequest, "Invalid", e.Message)
		return
	}
	o := order{Currency: string(total.Currency), Total: total.Amount, AgentID: in.AgentID, CustomerID: in.CustomerID, Recurring: in.Recurring}
	if err := s.create(r.Context(), &o); err != nil {
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "the order could not be stored")
		return
	}
	reply(w, http.StatusCreated, o.shown())
}

func (s *shop) getOrder(w http.ResponseWriter, r *http.Request) {
	id, err := payments.ParseOrderID(r.PathValue("id"))
	if err != nil {
		refuse(w, http.StatusNotFound, "NotFound", "there is no such order")
		return
	}
	var o order
	err = s.db.WithContext(r.Context()).Where("id = ?", id.String()).Take(&o).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		refuse(w, http.StatusNotFound, "NotFound", "there is no such order")
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "the order could not be read")
	default:
		reply(w, http.StatusOK, o.shown())
	}
}

// shownOrder is how an order is answered.
type shownOrder struct {
	OrderID       string `json:"orderId"`
	PublicOrderID string `json:"publicOrderId"`
	OrderHeaderID int64  `json:"orderHeaderId"`
	Status        string `json:"status"`
	Currency      string `json:"currency"`
	Total         string `json:"total"`
	AgentID       int64  `json:"agentId"`
	CustomerID    int64  `json:"customerId,omitempty"`
}

func (o order) shown() shownOrder {
	total := payments.Money{Amount: o.Total, Currency: payments.Currency(o.Currency)}
	return shownOrder{OrderID: o.ID, PublicOrderID: o.publicID(), OrderHeaderID: o.HeaderID, Status: o.Status, Currency: o.Currency,
		Total: total.Text(), AgentID: o.AgentID, CustomerID: o.CustomerID}
}

// reply writes a JSON answer.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// refuse writes an error in the shape that the documented routes use too.
func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, map[string]any{"ResponseStatus": map[string]string{"ErrorCode": code, "Message": message}})
}

// logged is the shop's middleware: one line for each request, without its query or body.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		log.Info("request", "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(begun))
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status and passes it on.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
