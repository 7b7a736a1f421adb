package httpadapter

// kind is what a member of the request holds.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindGUID
	kindObject
)

// field names one member of the request to the code that keeps its value.
type field int

const (
	fieldIgnored field = iota
	fieldOrderID
	fieldCustomerID
	fieldBusinessName
	fieldFirstName
	fieldLastName
	fieldEmail
	fieldCustomerAgent
	fieldPaymentType
	fieldCardNumber
	fieldExpDate
	fieldCCV
	fieldStripeToken
	fieldPaymentAgent
)

// member is one member of the documented request.
type member struct {
	// name is the member's own, and path the name that errors give it.
	name, path string
	kind       kind
	field      field
	// secret members are never repeated in an error.
	secret bool
	// members are those of a nested object.
	members []member
}

// requestMembers is CustomerPaymentsRequest as the seed writes it. Members that are checked but not used are
// fieldIgnored: the order knows better.
var requestMembers = []member{
	{name: "Customer", path: "Customer", kind: kindObject, members: []member{
		{name: "ID", path: "Customer.ID", kind: kindNumber, field: fieldCustomerID},
		{name: "CustomerCode", path: "Customer.CustomerCode"},
		{name: "BusinessName", path: "Customer.BusinessName", field: fieldBusinessName},
		{name: "FirstName", path: "Customer.FirstName", field: fieldFirstName},
		{name: "LastName", path: "Customer.LastName", field: fieldLastName},
		{name: "Email", path: "Customer.Email", field: fieldEmail},
		{name: "UID", path: "Customer.UID", kind: kindGUID},
		{name: "AgentId", path: "Customer.AgentId", kind: kindNumber, field: fieldCustomerAgent},
	}},
	{name: "OrderID", path: "OrderID", kind: kindGUID, field: fieldOrderID},
	{name: "PaymentInfo", path: "PaymentInfo", kind: kindObject, secret: true, members: []member{
		{name: "PaymentType", path: "PaymentInfo.PaymentType", field: fieldPaymentType, secret: true},
		{name: "CardNumber", path: "PaymentInfo.CardNumber", field: fieldCardNumber, secret: true},
		{name: "ExpDate", path: "PaymentInfo.ExpDate", field: fieldExpDate, secret: true},
		{name: "CCV", path: "PaymentInfo.CCV", field: fieldCCV, secret: true},
		{name: "StripeToken", path: "PaymentInfo.StripeToken", field: fieldStripeToken, secret: true},
		{name: "AgentId", path: "PaymentInfo.AgentId", kind: kindNumber, field: fieldPaymentAgent},
	}},
}

// find returns the place of a name among members, in any case, or -1.
func find[T string | []byte](members []member, name T) int {
	for i := range members {
		if equalFold(members[i].name, name) {
			return i
		}
	}
	return -1
}
