package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

// fakeRoutes are what stands in for the world outside while the fake gateway is used: the payer's page, the gateway's
// books, and bad luck.
func fakeRoutes(mux *http.ServeMux, gateway *fake.Gateway) {
	mux.HandleFunc("POST /fake/authenticate", func(w http.ResponseWriter, r *http.Request) {
		authenticate(w, r, func(ctx context.Context, secret string, pass bool, token string) error {
			result := fake.AuthFail
			if pass {
				result = fake.AuthPass
			}
			return gateway.Authenticate(ctx, secret, result, token)
		})
	})
	mux.HandleFunc("GET /fake/ledger", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, gateway.Ledger()) })
	mux.HandleFunc("POST /fake/faults", func(w http.ResponseWriter, r *http.Request) { addFault(w, r, gateway) })
}

// authenticate does what the payer does on the gateway's page: pass or fail 3-D Secure, or give a card and confirm.
func authenticate(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, secret string, pass bool, token string) error) {
	var in struct {
		ClientSecret string `json:"clientSecret"`
		Result       string `json:"result"`
		Token        string `json:"token"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Result != "success" && in.Result != "fail" {
		refuse(w, http.StatusBadRequest, "Invalid", "result is success or fail")
		return
	}
	switch err := do(r.Context(), in.ClientSecret, in.Result == "success", in.Token); {
	case err == nil:
		reply(w, http.StatusOK, map[string]string{"status": "done"})
	case errors.Is(err, payments.ErrDeclined):
		reply(w, http.StatusOK, map[string]string{"status": "declined"})
	case errors.Is(err, payments.ErrPaymentNotFound):
		refuse(w, http.StatusNotFound, "NotFound", "no payment has this client secret")
	default:
		refuse(w, http.StatusConflict, "Conflict", "nothing is left for the payer to do")
	}
}

// addFault makes the next calls to the gateway go wrong.
func addFault(w http.ResponseWriter, r *http.Request, gateway *fake.Gateway) {
	var in struct {
		Operation string `json:"operation"`
		Fault     string `json:"fault"`
		Times     int    `json:"times"`
	}
	if !read(w, r, &in) {
		return
	}
	op, opErr := fake.ParseOperation(in.Operation)
	fault, faultErr := fake.ParseFault(in.Fault)
	if err := errors.Join(opErr, faultErr); err != nil {
		refuse(w, http.StatusBadRequest, "Invalid", err.Error())
		return
	}
	if err := gateway.Fault(op, fault, max(1, in.Times)); err != nil {
		refuse(w, http.StatusBadRequest, "Invalid", err.Error())
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "set"})
}

// read decodes a JSON body.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "SerializationException", "the body is not the JSON that this route reads")
		return false
	}
	return true
}
