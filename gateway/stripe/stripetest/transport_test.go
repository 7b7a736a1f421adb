package stripetest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestAnswerToNobody holds that a handler which answers when its caller has just gone does not wait for ever: the bubble does not end
// while one does.
func TestAnswerToNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := &transport{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			_, _ = io.WriteString(w, "too late")
		})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://emulator.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := late.RoundTrip(req)
		if err == nil {
			err = errors.Join(errors.New("it was answered"), res.Body.Close())
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
