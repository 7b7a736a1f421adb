package stripetest

import "fmt"

// render is an object as the API answers it.
func (s *Server) render(e entity) obj {
	switch e := e.(type) {
	case *intent:
		return s.renderIntent(e)
	case *charge:
		return s.renderCharge(e)
	case *refund:
		return s.renderRefund(e)
	case *method:
		return s.renderMethod(e)
	case *customer:
		if e.Deleted {
			return deletedObject(e)
		}
		return s.renderCustomer(e)
	case *setupIntent:
		return s.renderSetup(e)
	case *product:
		return s.renderProduct(e)
	case *price:
		return s.renderPrice(e)
	case *subscription:
		return s.renderSubscription(e)
	case *invoice:
		return s.renderInvoice(e)
	case *dispute:
		return s.renderDispute(e)
	case *review:
		return s.renderReview(e)
	case *event:
		return s.renderEvent(e)
	default:
		panic(fmt.Sprintf("stripetest: %T has no form of the API", e))
	}
}
