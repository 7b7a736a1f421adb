// Package gatewaytest checks that a [payments.Gateway] keeps its contract. It has two doors, as testing/slogtest has:
// [Run] makes a subtest of each check, and [Verify] answers one error that names every check that was violated, so that a
// gateway can be checked outside a test, and the suite itself can be proven by gateways broken on purpose.
//
// A gateway's author writes a [Harness], which makes a fresh gateway for each check and says which tokens are approved and
// declined:
//
//	func TestGateway(t *testing.T) {
//		gatewaytest.Run(t, gatewaytest.Harness{New: func(ctx context.Context) (*gatewaytest.Subject, error) {
//			g, err := mygateway.New(...)
//			return &gatewaytest.Subject{Gateway: g, Approve: payments.NewToken("tok_visa"), ...}, err
//		}})
//	}
//
// The optional capabilities (webhooks, subscriptions, lists of charges) are checked where the gateway has them and the
// Subject gives what they need: events to read, a way to move the time on, faults, the payer's part.
//
// What a gateway or its sandbox cannot do is left out of the Subject, and the checks that need it are skipped by
// themselves; anything else is skipped by name and with a reason, and the core checks not at all. Each check has a rule,
// which is printed when it is violated. [Checks] lists them.
//
// The package needs the standard library only and works against a sandbox over a network: nothing that it makes has a name
// used before.
package gatewaytest
