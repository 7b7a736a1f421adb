package httpadapter

import "time"

// name is a member's name: plain in PascalCase, and with its quotes and colon in both casings.
type name struct{ plain, pascal, camel string }

// cased makes a name of its two spellings. They are written out and not computed: "CCV" is "ccv" but "AgentId" is "agentId".
func cased(pascal, camel string) name { return name{pascal, `"` + pascal + `":`, `"` + camel + `":`} }

// same makes a name that has one spelling.
func same(s string) name { return cased(s, s) }

// The members of an answer.
var (
	nameResponseStatus      = cased("ResponseStatus", "responseStatus")
	nameErrorCode           = cased("ErrorCode", "errorCode")
	nameMessage             = cased("Message", "message")
	nameStackTrace          = cased("StackTrace", "stackTrace")
	nameErrors              = cased("Errors", "errors")
	nameFieldName           = cased("FieldName", "fieldName")
	nameMeta                = cased("Meta", "meta")
	nameIntentSuccess       = cased("PaymentIntentSuccess", "paymentIntentSuccess")
	namePaymentSuccess      = cased("PaymentSuccess", "paymentSuccess")
	nameSubscriptionSuccess = cased("SubscriptionSuccess", "subscriptionSuccess")
	nameReceiptURL          = cased("ReceiptUrl", "receiptUrl")
	nameAgentNumber         = cased("AgentNumber", "agentNumber")
	nameClientSecret        = cased("ClientSecret", "clientSecret")
	nameCustomerPayment     = cased("CustomerPayment", "customerPayment")
	namePublicOrderID       = cased("PublicOrderID", "publicOrderID")
	nameID                  = cased("ID", "id")
	nameCustomerID          = cased("CustomerID", "customerID")
	nameOrderHeaderID       = cased("OrderHeaderID", "orderHeaderID")
	nameAmount              = cased("Amount", "amount")
	nameApproved            = cased("Approved", "approved")
	nameAuthCode            = cased("AuthCode", "authCode")
	nameCardNumber          = cased("CardNumber", "cardNumber")
	nameResponseCode        = cased("ResponseCode", "responseCode")
	nameTransactionID       = cased("TransactionId", "transactionId")
	nameTransactionDate     = cased("TransactionDate", "transactionDate")
	nameFullResponse        = cased("FullResponse", "fullResponse")
	namePaymentStatus       = cased("PaymentStatus", "paymentStatus")
	namePaymentType         = cased("PaymentType", "paymentType")
)

// memberWriter is what an answer is written to, member by member: JSON, or the tree that the other formats are made of.
type memberWriter interface {
	// begin and end enclose a nested object.
	begin(n name)
	end()
	// beginList and endList enclose a list, and element and end one object in it, which is of the named type.
	beginList(n name)
	element(typ string)
	endList()
	null(n name)
	boolean(n name, v bool)
	integer(n name, v int64)
	date(n name, t time.Time)
	text(n name, s string)
}

// members writes the members of an answer in the seed's order.
func (r *response) members(w memberWriter) {
	r.status.members(w)
	if r.bare {
		return
	}
	w.boolean(nameIntentSuccess, r.intentSuccess)
	w.boolean(namePaymentSuccess, r.paymentSuccess)
	w.boolean(nameSubscriptionSuccess, r.subscriptionSuccess)
	w.text(nameMessage, r.message)
	w.text(nameReceiptURL, r.receiptURL)
	w.text(nameAgentNumber, r.agentNumber)
	w.text(nameClientSecret, r.clientSecret)
	r.payment.members(w)
	w.text(namePublicOrderID, r.publicOrderID)
}

// members writes ResponseStatus.
func (s *responseStatus) members(w memberWriter) {
	if s == nil {
		w.null(nameResponseStatus)
		return
	}
	w.begin(nameResponseStatus)
	w.text(nameErrorCode, s.code)
	w.text(nameMessage, s.message)
	w.null(nameStackTrace)
	w.beginList(nameErrors)
	for _, e := range s.errors {
		w.element("ResponseError")
		w.text(nameErrorCode, e.code)
		w.text(nameFieldName, e.field)
		w.text(nameMessage, e.message)
		w.null(nameMeta)
		w.end()
	}
	w.endList()
	w.null(nameMeta)
	w.end()
}

// members writes CustomerPayment.
func (p *customerPayment) members(w memberWriter) {
	if p == nil {
		w.null(nameCustomerPayment)
		return
	}
	w.begin(nameCustomerPayment)
	w.integer(nameID, p.id)
	w.integer(nameCustomerID, p.customerID)
	w.integer(nameOrderHeaderID, p.orderHeaderID)
	w.text(nameAmount, p.amount)
	w.boolean(nameApproved, p.approved)
	w.text(nameAuthCode, p.authCode)
	w.text(nameCardNumber, p.cardNumber)
	w.text(nameMessage, p.message)
	w.integer(nameResponseCode, int64(p.responseCode))
	w.text(nameTransactionID, p.transactionID)
	w.date(nameTransactionDate, p.transactionDate)
	w.text(nameFullResponse, p.fullResponse)
	w.integer(namePaymentStatus, int64(p.paymentStatus))
	w.integer(namePaymentType, int64(p.paymentType))
	w.end()
}
