package resilience_test

import (
	"fmt"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/gateway/fake"
	"github.com/trendsic/payments/integrations/resilience"
)

func Example() {
	gateway, err := fake.New(fake.Options{AllowFake: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	guarded, err := resilience.New(gateway, &resilience.Options{Concurrent: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	// It is given to payments.New in the place of the gateway, and can do what that can.
	_, hooks := payments.CapabilityOf[payments.WebhookGateway](guarded)
	fmt.Println(guarded.Name(), hooks)
	// Output: fake true
}
