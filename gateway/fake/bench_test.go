package fake_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
)

func BenchmarkAuthorize(b *testing.B) {
	for name, file := range map[string]string{"memory": "", "file": filepath.Join(b.TempDir(), "fake.json")} {
		b.Run(name, func(b *testing.B) {
			g, err := fake.New(fake.Options{AllowFake: true, StateFile: file})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				n++
				_, err := g.Authorize(background, payments.AuthorizeRequest{PaymentRef: ref(n), Key: "k" + strconv.Itoa(n),
					Amount: usd(100), Source: token("tok_visa"), Capture: true})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
